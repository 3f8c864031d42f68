"""Sweeps of AWS' Parameter Store with the real program, against moto in tests/servers, which verifies signatures and policies:
what is found is what is there, and what cannot be read is said, and calls nothing gone."""

import calendar
import json
import re
import signal
import sys
import time
import unittest
from pathlib import Path
from typing import Any

from support import ROOT, Home, ProgramTest, npm, preview_of

sys.path.insert(0, str(ROOT / "tests/servers"))
from aws_process import AwsProcess  # noqa: E402
from parameters import EXPIRY  # noqa: E402

STORE = "123456789012/eu-west-1"
# Each other account has a role.
OTHERS = ["210987654321/us-east-1", "321098765432/eu-west-1"]
POLICIES = {name: json.loads((ROOT / f"examples/aws-{name}.json").read_text()) for name in ("read-values", "read-names", "assume-role")}
CONFIG = """
[[source]]
name = "acme"
type = "ssm"
rate = 10000
"""


class Parameters(ProgramTest):
    def setUp(self) -> None:
        self.home = Home(self)

    def aws(self, seed: int = 7, **options: Any) -> AwsProcess:
        server = AwsProcess(seed, **options).__enter__()
        self.addCleanup(server.__exit__)
        return server

    def run_it(self, server: AwsProcess, *command: str, more: str = "", code: int = 0, **environment: str) -> Any:
        config = self.home.write("tokensweep.toml", CONFIG + more)
        run = self.home.run(*command, "--config", config, env=self.home.environment(**{**server.environment, **environment}))
        self.assertEqual(code, run.code, run.error)
        self.assert_silent_about(run, server.keys["aws_secret_access_key"], *held(server))
        return run

    def sweep(self, server: AwsProcess, *arguments: str, **more: Any) -> Any:
        return self.run_it(server, "scan", "--format", "table", *arguments, **more)

    def found(self, state: str = "present") -> set[tuple[str, str]]:
        """Store and name of each parameter in which a token was found."""
        return {(hit["store"], hit["locator"].split(":")[0]) for hit in self.home.export("--state", "all")
                if hit["kind"] != "named-secret" and hit["state"] == state}

    def assert_nothing_gone(self) -> None:
        self.assertEqual([], self.home.export("--state", "gone"))


def held(server: AwsProcess) -> list[str]:
    """Every token that is there."""
    return [one["holds"] for store in server.truth().values() for one in store.values() if one["holds"]]


def planted(server: AwsProcess) -> set[tuple[str, str]]:
    return {(store, name) for store, there in server.truth().items() for name, one in there.items() if one["holds"]}


class Sweep(Parameters):
    def test_every_token_is_found_with_how_it_is_kept(self) -> None:
        server = self.aws(parameters=180, stores=[STORE])
        server.set_policy(POLICIES["read-values"])
        self.sweep(server)
        self.assertEqual(planted(server), self.found())
        self.assertEqual({"DescribeParameters": 4, "GetParameters": 18, "GetCallerIdentity": 1}, server.operations())
        files = [file for file in self.home.at(".local").rglob("*") if file.is_file()]
        self.assertTrue(files)
        for value in held(server):
            self.assertEqual([], [file for file in files if value.encode() in file.read_bytes()])
        truth = server.truth()[STORE]
        hits = {hit["locator"].split(":")[0]: hit for hit in self.home.export()}
        for name, hit in hits.items():
            with self.subTest(name=name):
                one = truth[name]
                self.assertEqual("ssm", hit["source"])
                self.assertEqual(one["type"] != "SecureString", "unencrypted" in hit["scope"])
                self.assertEqual(("updated_at", one["modified_at"]), (hit["age_basis"], epoch(hit["updated_at"])))
                self.assertEqual(preview_of(one["holds"]) or f"…{one['holds'][-4:]}", hit["preview"])
                self.assertEqual(one["tier"] == "Advanced", f"deleted by its policy on {EXPIRY[:10]}" in hit["reason"])
                self.assertEqual(one["key"] == "alias/tokens", "its key is alias/tokens" in hit["reason"])

    def test_the_next_night_fetches_what_was_written_and_nothing_else(self) -> None:
        server = self.aws(parameters=130, stores=[STORE])
        self.sweep(server)
        before = self.found()
        first = {hit["id"]: hit["token"] for hit in self.home.export()}
        server.forget()
        self.sweep(server)
        self.assertEqual({"DescribeParameters": 3, "GetCallerIdentity": 1}, server.operations())
        self.assertEqual((before, first), (self.found(), {hit["id"]: hit["token"] for hit in self.home.export()}))

        # A name such as NPM_TOKEN would vouch for whatever stands there.
        cleaned = next(name for _, name in before if name.endswith("/keys"))
        rotated, removed = sorted(name for _, name in before if name.endswith("/NPM_TOKEN"))[:2]
        server.put(STORE, rotated, npm("rotated"), holds=npm("rotated"))
        server.put(STORE, cleaned, "none")
        server.put(STORE, "/new/NPM_TOKEN", npm("new"), holds=npm("new"))
        server.delete(STORE, removed)
        server.forget()
        self.sweep(server)
        self.assertEqual(1, server.operations()["GetParameters"])
        self.assertEqual(planted(server), self.found())
        self.assertEqual({(STORE, removed), (STORE, cleaned)}, self.found("gone") - self.found())

    def test_accounts_are_read_by_their_roles_in_all_their_regions(self) -> None:
        server = self.aws(parameters=30, stores=[STORE, *OTHERS])
        server.set_policy(POLICIES["assume-role"])
        for store in OTHERS:
            server.set_policy(POLICIES["read-values"], account=store.split("/")[0])
        roles = [f"arn:aws:iam::{store.split('/')[0]}:role/tokensweep" for store in OTHERS]
        more = f'regions = ["*"]\nroles = {json.dumps(roles)}\n'
        self.sweep(server, more=more)
        self.assertEqual({place for place in planted(server) if place[0] != STORE}, self.found())
        check = self.run_it(server, "sources", "check", more=more)
        self.assertIn("user/scanner", check.text)
        self.assertNotIn("missing", check.text)

    def test_names_only_asks_for_no_value(self) -> None:
        server = self.aws(parameters=60, stores=[STORE])
        self.sweep(server)
        before = self.found()
        server.set_policy(POLICIES["read-names"])
        server.forget()
        self.sweep(server, more="names_only = true\n")
        self.assertEqual({"DescribeParameters": 2, "GetCallerIdentity": 1}, server.operations())
        self.assert_nothing_gone()
        named = {hit["locator"] for hit in self.home.export() if hit["kind"] == "named-secret"}
        self.assertEqual({name for name in server.truth()[STORE] if re.search("NPM_TOKEN|npm-token|npmrc", name)}, named)
        # Then values again: all of them, since names are all that was looked at.
        server.set_policy(POLICIES["read-values"])
        self.sweep(server)
        self.assertEqual(before, self.found())
        self.assertEqual([], [hit for hit in self.home.export("--state", "all")
                              if hit["kind"] == "named-secret" and hit["state"] == "present"])

    def test_a_sweep_that_is_stopped_goes_on_with_the_regions_that_are_left(self) -> None:
        regions = ["eu-central-1", "eu-west-1", "us-east-1"]
        server = self.aws(parameters=200, stores=[f"123456789012/{region}" for region in regions], latency=0.25)  # a scope that took its time is on disk at its end
        server.fail("hang", path="GetParameters", skip=58)  # of 60: the last of one region or another never come
        config = self.home.write("tokensweep.toml", CONFIG + f"regions = {json.dumps(regions)}\n")
        process = self.home.start("scan", "--config", config, "--format", "none", env=self.home.environment(**server.environment))
        deadline = time.monotonic() + 60
        while (server.operations().get("GetParameters", 0) < 60 or not self.complete()) and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
        self.assertEqual(130, process.returncode)
        done = self.complete()
        self.assertIn(len(done), (1, 2))
        self.assert_nothing_gone()
        server.heal()
        server.forget()
        self.sweep(server, "--resume", more=f"regions = {json.dumps(regions)}\n")
        self.assertEqual(planted(server), self.found())
        self.assertEqual(20 * (3 - len(done)), server.operations()["GetParameters"])

    def complete(self) -> set[str]:
        if not self.home.sweeps():
            return set()
        return {store for (store,) in self.home.sql(
            "SELECT scope.store FROM visit JOIN scope ON scope.id = visit.scope WHERE visit.state = 'complete'")}

    def test_limits_are_kept_to(self) -> None:
        server = self.aws(parameters=600, stores=[STORE], limits={"all": 40})
        config = self.home.write("tokensweep.toml", CONFIG.replace("10000", "40"))
        run = self.home.run("scan", "--config", config, "--format", "none", env=self.home.environment(**server.environment))
        self.assertEqual(0, run.code, run.error)
        self.assertEqual(planted(server), self.found())
        self.assertLessEqual(server.summary()["statuses"].get("400", 0), 1)

    def test_refusals_for_the_limits_sake_lose_nothing(self) -> None:
        server = self.aws(parameters=300, stores=[STORE])
        server.fail("throttled", path="DescribeParameters", skip=2, times=2)
        server.fail("throttled", path="GetParameters", skip=3, times=2)
        self.sweep(server)
        self.assertEqual(planted(server), self.found())
        self.assertEqual({"DescribeParameters": 8, "GetParameters": 32, "GetCallerIdentity": 1}, server.operations())


class Refused(Parameters):
    """What cannot be read: one clear line, exit code 3, and nothing gone."""

    def swept_once(self, **options: Any) -> AwsProcess:
        server = self.aws(parameters=130, stores=[STORE], **options)
        self.sweep(server)
        self.before = self.found()
        server.forget()
        return server

    def gaps(self) -> dict[str, str]:
        return {place.partition(":parameter")[2]: reason for place, reason in self.home.sql(
            "SELECT place, reason FROM gap WHERE sweep = (SELECT max(id) FROM sweep)")}

    def states(self) -> dict[str, str]:
        return {hit["locator"].split(":")[0]: hit["state"] for hit in self.home.export("--state", "all") if hit["kind"] != "named-secret"}

    def test_one_name_that_is_denied_costs_the_others_nothing(self) -> None:
        server = self.aws(parameters=130, stores=[STORE])
        name = sorted(name for _, name in planted(server) if name.endswith("NPM_TOKEN"))[0]
        server.set(denied_names=[name])
        run = self.sweep(server, code=3)
        self.assertIn("Incomplete: ", run.text)
        self.assertEqual(planted(server) - {(STORE, name)}, self.found())
        self.assertEqual({name: "GetParameters: HTTP 400 AccessDeniedException: not allowed"}, self.gaps())
        self.assertIn(name, {hit["locator"] for hit in self.home.export() if hit["kind"] == "named-secret"})
        # Only what is not known is asked for the next night, and what is refused then was refused before.
        server.forget()
        server.set(denied_names=[])
        self.sweep(server)
        self.assertEqual(1, server.operations()["GetParameters"])
        self.assertEqual(planted(server), self.found())

    def test_a_key_that_is_denied_is_said_to_be_the_reason(self) -> None:
        server = self.swept_once()
        server.set(denied_keys=["alias/tokens"])
        name = next(name for name, one in server.truth()[STORE].items() if one["key"] == "alias/tokens")
        server.put(STORE, name, npm("rotated"), holds=npm("rotated"))
        self.sweep(server, code=3)
        self.assertEqual({name: "GetParameters: HTTP 400 AccessDeniedException: its key may not be used"}, self.gaps())
        self.assert_nothing_gone()
        self.assertEqual("unknown", self.states()[name])
        self.assertEqual(self.before - {(STORE, name)}, self.found())

    def test_a_policy_that_is_too_small_is_told_before_and_in_a_sweep(self) -> None:
        server = self.aws(parameters=600, stores=[STORE])
        server.set_policy(POLICIES["read-names"])
        check = self.run_it(server, "sources", "check", code=3)
        self.assertIn("GetParameters: HTTP 400 AccessDeniedException: not allowed", check.text)
        server.forget()
        self.sweep(server, code=3)
        self.assertLess(server.operations()["GetParameters"], 300)
        self.assertEqual(set(), self.found())
        self.assertTrue([hit for hit in self.home.export() if hit["kind"] == "named-secret"], "names are looked at")

    def test_the_list_that_is_refused_calls_nothing_gone(self) -> None:
        faults = [("denied", {}, "AccessDeniedException: not allowed"), ("stale", {}, "InvalidNextToken: a page's token is not taken"),
                  ("xml", {}, "AccessDenied: not allowed"), ("html", {}, "a web page in place of JSON"), ("malformed", {}, "no JSON"),
                  ("status", {"code": 503}, "answers HTTP 503")]
        server = self.swept_once()
        for fault, arguments, reason in faults:
            with self.subTest(fault=fault):
                server.heal()
                server.fail(fault, path="DescribeParameters", skip=1, **arguments)
                run = self.sweep(server, code=3)
                self.assertEqual(1, len([line for line in run.text.splitlines() if reason in line]), run.text)
                self.assertIn("Incomplete: ", run.text)
                self.assert_nothing_gone()
                self.assertEqual(self.before, {(STORE, name) for name in self.states()})
        server.heal()
        self.sweep(server)
        self.assertEqual(self.before, self.found())

    def test_a_token_that_is_forgotten_once_costs_nothing(self) -> None:
        server = self.aws(parameters=130, stores=[STORE])
        server.fail("stale", path="DescribeParameters", skip=2, times=1)
        self.sweep(server)
        self.assertEqual(planted(server), self.found())

    def test_empty_pages_with_a_token_are_no_end(self) -> None:
        server = self.aws(parameters=220, stores=[STORE], empty_every=2)
        self.sweep(server)
        self.assertEqual(planted(server), self.found())

    def test_a_region_that_is_off_costs_the_others_nothing(self) -> None:
        server = self.swept_once()
        server.set(regions_off=["ap-east-1"])
        run = self.sweep(server, more='regions = ["eu-west-1", "ap-east-1"]\n', code=3)
        self.assertRegex(run.text, "ap-east-1: .*is it enabled for the account")
        self.assertEqual(self.before, self.found())
        self.assert_nothing_gone()

    def test_keys_that_nobody_knows_end_the_source(self) -> None:
        server = self.swept_once()
        run = self.sweep(server, code=3, AWS_SECRET_ACCESS_KEY="wrong" * 8)
        self.assertIn("acme", run.error)
        self.assertNotIn("DescribeParameters", server.operations())
        self.assert_nothing_gone()

    def test_a_role_that_is_not_ours_costs_the_others_nothing(self) -> None:
        server = self.aws(parameters=30, stores=[STORE, OTHERS[0]])
        roles = ["arn:aws:iam::210987654321:role/tokensweep", "arn:aws:iam::999999999999:role/tokensweep"]
        server.set_policy({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": roles[0]}]})
        run = self.sweep(server, more=f'regions = ["us-east-1"]\nroles = {json.dumps(roles)}\n', code=3)
        self.assertEqual(1, len([line for line in run.text.splitlines() if "999999999999" in line]), run.text)
        self.assertEqual({place for place in planted(server) if place[0] == OTHERS[0]}, self.found())

    def test_a_clock_that_is_wrong_is_corrected(self) -> None:
        for offset in (900, -900):
            with self.subTest(offset=offset):
                self.home = Home(self)
                server = self.aws(parameters=30, stores=[STORE], clock_offset=offset)
                self.sweep(server)
                self.assertEqual(planted(server), self.found())


class Example(Parameters):
    def test_the_example_and_its_policies_do_what_they_say(self) -> None:
        server = self.aws(parameters=30, stores=[STORE, *OTHERS])
        server.set_policy(POLICIES["assume-role"])
        for store in OTHERS:
            server.set_policy(POLICIES["read-values"], account=store.split("/")[0])
        config = self.home.write("tokensweep.toml", (ROOT / "examples/parameters.toml").read_text())
        env = self.home.environment(**server.environment)
        check = self.home.run("sources", "check", "--config", config, env=env)
        self.assertEqual(0, check.code, check.text + check.error)
        run = self.home.run("scan", "--config", config, "--format", "json", env=env)
        self.assertEqual(0, run.code, run.error)
        there = {place for place in planted(server) if place[0] != STORE}
        self.assertEqual(there, {(hit["store"], hit["locator"].split(":")[0]) for hit in run.json()["hits"]})
        self.assert_silent_about(run, *held(server))


def epoch(text: str) -> int:
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


if __name__ == "__main__":
    unittest.main()
