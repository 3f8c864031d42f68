"""Sweeps of GitHub and CircleCI with the real program, against the fakes of tests/servers: what is found is what the fake
says is there, and what cannot be read is said, and calls nothing gone."""

import re
import signal
import time
import unittest

from services import Services, github_truth, is_named
from support import ROOT, Home

from circleci_server import CircleCI
from github_server import GitHub
from organisation import Organisation, Shape


class GitHubSweep(Services):
    def test_everything_that_is_there_is_found_by_as_many_requests_as_planned(self) -> None:
        with GitHub(organisation=Organisation(7, Shape(repositories=40))) as server:
            token = server.classic().token
            config = self.configuration(acme=self.github(server))
            check = self.home.run("sources", "check", "--config", config, env=self.home.environment(ACME=token))
            self.assertEqual(0, check.code, check.error)
            planned = int(re.search(r"costs +([\d,]+) requests", check.text)[1].replace(",", ""))
            server.forget()
            self.sweep(config, token)
            self.assertEqual(github_truth(server, token), self.places())
            self.assertEqual([], server.repeats())
            rest = [request for request in server.requests("") if request.method == "GET"]
            self.assertEqual(planned, len(rest))

    def test_a_second_sweep_of_what_has_not_changed_is_answered_304(self) -> None:
        with GitHub(organisation=Organisation(8, Shape(repositories=60))) as server:
            token = server.classic().token
            config = self.configuration(acme=self.github(server))
            self.sweep(config, token)
            before = self.places()
            server.forget()
            self.sweep(config, token)
            asked = [request for request in server.requests("") if request.method == "GET"]
            unchanged = [request for request in asked if request.status == 304]
            self.assertGreaterEqual(len(unchanged), 0.9 * len(asked))
            self.assertEqual(before, self.places())
            self.assertEqual([], self.home.export("--state", "gone"))

    def test_etags_of_another_making_are_told_once_and_work_for_the_same_credential(self) -> None:
        with GitHub(organisation=Organisation(16, Shape(repositories=30))) as server:
            token = server.classic().token
            config = self.configuration(acme=self.github(server))
            for usual, remarks in [(False, 1), (False, 1), (True, 0)]:
                server.usual_etags = usual
                server.changed()
                self.sweep(config, token)
                told = self.home.sql("SELECT incomplete FROM gap WHERE reason LIKE '%ETags%' AND sweep = (SELECT max(id) FROM sweep)")
                self.assertEqual([(0,)] * remarks, told)
            self.assertEqual(github_truth(server, token), self.places())

    def test_what_is_removed_is_gone_and_what_is_refused_is_not(self) -> None:
        organisation = Organisation(9, Shape(repositories=30))
        with GitHub(organisation=organisation) as server:
            token = server.classic().token
            config = self.configuration(acme=self.github(server))
            self.sweep(config, token)
            before = self.places()
            victim = sorted(store for store, locator in before if "/" in store and "/" not in locator)[0]
            server.fail("denied", path=f"/repos/{victim}/actions/secrets")
            run = self.sweep(config, token, code=3)
            self.assertIn("incomplete", run.error)
            self.assertEqual(set(), self.places("--state", "gone"))
            lost = {place for place in before if place[0] == victim}
            self.assertEqual("unknown", {hit["state"] for hit in self.home.export("--state", "all")
                                         if hit["store"] == victim and "/" not in hit["locator"]}.pop())
            self.assertTrue(lost)
            server.heal()
            self.sweep(config, token)
            self.assertEqual(before, self.places())

    def test_a_credential_that_is_refused_ends_the_source_and_calls_nothing_gone(self) -> None:
        with GitHub(organisation=Organisation(10, Shape(repositories=20))) as server:
            token = server.classic().token
            config = self.configuration(acme=self.github(server))
            self.sweep(config, token)
            count = len(self.places())
            wrong = "ghp_" + "x" * 36
            server.forget()
            run = self.sweep(config, wrong, code=3)
            self.assertIn("acme", run.error)
            self.assertLessEqual(len(server.requests("")), 3)
            self.assertEqual(count, len(self.home.export("--state", "all")))
            self.assertEqual([], self.home.export("--state", "gone"))
            self.assertEqual({"unknown"}, {hit["state"] for hit in self.home.export("--state", "all")})

    def test_faults_on_the_way_lose_nothing_or_are_told(self) -> None:
        for fault in ["status", "reset", "cut", "malformed", "html", "broken_gzip", "too_many_requests"]:
            with self.subTest(fault=fault), GitHub(organisation=Organisation(11, Shape(repositories=20))) as server:
                home = self.home = Home(self)
                token = server.classic().token
                config = self.configuration(acme=self.github(server))
                server.fail(fault, path="/actions/secrets", times=1, skip=2)
                self.sweep(config, token)
                self.assertEqual(github_truth(server, token), self.places())
                self.assert_intact(home.db)

    def test_a_users_own_codespaces_secrets_are_read_where_codespaces_are_asked_for(self) -> None:
        with GitHub(organisation=Organisation(15, Shape(repositories=4))) as server:
            for owner, scopes, code in [("ann", ("admin:org", "codespace:secrets", "repo"), 0), ("bob", ("admin:org", "repo"), 3)]:
                with self.subTest(owner):
                    token = server.classic(scopes=scopes, owner=owner).token
                    config = self.configuration(acme=self.github(server, stores=["codespaces"]))
                    check = self.home.run("sources", "check", "--config", config, env=self.home.environment(ACME=token))
                    self.assertEqual(code == 3, "Codespaces secrets of the user: HTTP 4" in check.text, check.text)
                    self.sweep(config, token, code=code)
                    expected = {(owner, "codespaces/" + secret["name"]) for secret in server.truth(token)["secrets"]
                                if secret["level"] == "user" and is_named(secret["name"])}
                    self.assertEqual(expected, {place for place in self.places() if place[0] == owner})
                    self.assertEqual(code == 0, bool(expected))

    def test_links_to_other_hosts_are_not_followed(self) -> None:
        with GitHub(organisation=Organisation(12, Shape(repositories=130))) as server, CircleCI() as stranger:
            token = server.classic().token
            config = self.configuration(acme=self.github(server))
            server.fail("foreign_host", host=stranger.url.removeprefix("http://"))
            self.sweep(config, token, code=3)
            self.assertEqual(0, stranger.connections)

    def test_a_sweep_that_is_killed_goes_on_where_it_was(self) -> None:
        with GitHub(latency=0.02, organisation=Organisation(13, Shape(repositories=150))) as server:
            token = server.classic().token
            config = self.configuration(acme=self.github(server, concurrency=4, rate=1000))
            process = self.home.start("scan", "--config", config, "--format", "none",
                                      env=self.home.environment(ACME=token))
            deadline = time.monotonic() + 60
            while len(server.requests("/actions/secrets")) < 120 and time.monotonic() < deadline:
                time.sleep(0.02)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)
            self.assertEqual(130, process.returncode)
            done = {store for (store,) in self.home.sql(
                "SELECT scope.store FROM visit JOIN scope ON scope.id = visit.scope WHERE visit.state = 'complete'")}
            self.assertGreater(len(done), 10)
            server.forget()
            self.sweep(config, token, "--resume")
            again = {match[1] for request in server.requests("")
                     if (match := re.search(r"/repos/(acme/[^/]+)/(actions|environments)", request.target))}
            self.assertEqual(set(), again & done)
            self.assertEqual(github_truth(server, token), self.places())


class CircleSweep(Services):
    def test_contexts_and_projects_are_found_with_who_may_use_them(self) -> None:
        with CircleCI() as server:
            config = self.configuration(circle={"type": "circleci", "org": "gh/acme", "host": server.url,
                                                "token_env": "CIRCLE", "rate": 1000})
            self.sweep(config, server.token)
            truth = server.truth()
            expected = {name["name"] for context in truth["contexts"] for name in context["variables"] if is_named(name["name"])}
            expected |= {name["name"] for project in truth["projects"] if project["followed"]
                         for name in project["variables"] if is_named(name["name"])}
            hits = self.home.export()
            self.assertEqual(expected, {hit["locator"].rsplit("/", 1)[-1] for hit in hits})
            number = sum(is_named(v["name"]) for c in truth["contexts"] for v in c["variables"])
            self.assertEqual(number, sum("context" in hit["scope"] for hit in hits))


class Example(Services):
    def test_the_example_of_services_does_what_it_says(self) -> None:
        with GitHub(organisation=Organisation(14, Shape(repositories=12))) as github, CircleCI() as circle:
            text = (ROOT / "examples/services.toml").read_text()
            text = re.sub(r'# api_url = "[^"]+"', f'api_url = "{github.url}/api/v3"', text)
            text = re.sub(r'# host = "[^"]+"', f'host = "{circle.url}"', text)
            config = self.home.write("tokensweep.toml", text)
            tokens = {"ACME_GITHUB_TOKEN": github.classic().token, "ACME_CIRCLECI_TOKEN": circle.token}
            env = self.home.environment(**tokens)
            check = self.home.run("sources", "check", "--config", config, env=env)
            self.assertEqual(0, check.code, check.text + check.error)
            self.assertEqual([], [line for line in check.text.splitlines() if "missing" in line])
            run = self.home.run("scan", "--config", config, "--format", "json", env=env)
            self.assertEqual(0, run.code, run.error)
            hits = run.json()["hits"]
            self.assertEqual({"github", "circleci"}, {hit["source"] for hit in hits})
            self.assertTrue([hit for hit in hits if "variable" in hit["scope"] and hit["token"]],
                            "variables show their values")
            self.assert_silent_about(check, *tokens.values())
            self.assert_silent_about(run, *tokens.values())


if __name__ == "__main__":
    unittest.main()
