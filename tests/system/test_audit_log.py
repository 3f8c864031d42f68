"""Nightly sweeps of GitHub with `audit_log = true`: what the log shows unchanged is not asked for, and what is found is the truth
all the same, whatever happens to the organisation, the log and the clocks."""

import re
import signal
import time
import unittest
from dataclasses import dataclass
from typing import Any, Callable

from services import Sweeper, github_source, github_truth, is_named
from support import ProgramTest

from github_access import EVERY_PERMISSION
from github_server import GitHub, Limits
from organisation import Organisation, Repository, Shape

DAY = 86_400.0
LISTS = re.compile(r"/repos/[^/]+/[^/]+/.*secrets")


class Nights:
    """A fake, a home, and the service's clock, which has nothing to do with ours."""

    def __init__(self, test: ProgramTest, seed: int, shape: Shape = Shape(repositories=12), started: float = time.time(),
                 **source: Any) -> None:
        self.test, self.now = test, started
        self.server = test.enterContext(GitHub(Organisation(seed, shape), clock=lambda: self.now,
                                               limits=Limits(primary=None, graphql=None)))
        self.organisation = self.server.organisation
        self.token = self.server.classic().token
        self.sweeper = Sweeper(test, {"ACME": self.token}, acme=github_source(self.server, rate=1000, audit_log=True, **source))

    def night(self, days: float = 1, code: int = 0) -> list[str]:
        """A sweep some days after the last one: what was asked of repositories."""
        self.now += days * DAY
        # Somebody joins now and then: an organisation's log is never empty.
        self.server.audit.write("org.add_member", user="bob")
        self.server.forget()
        self.sweeper.sweep(code=code)
        return self.asked()

    def asked(self) -> list[str]:
        return [request.target for request in self.server.requests("") if LISTS.search(request.target)]

    def remark(self) -> str:
        rows = self.sweeper.home.sql("SELECT reason FROM gap WHERE reason LIKE 'the audit log%' AND sweep = (SELECT max(id) FROM sweep)")
        return "; ".join(reason for (reason,) in rows)

    def repository(self, number: int) -> Repository:
        return self.organisation.repositories[number]

    def check_truth(self, hidden: set[tuple[str, str]] = frozenset(), stale: set[tuple[str, str]] = frozenset()) -> None:
        """What is present is what the service has, but for what it hides yet and what it shows no more."""
        truth = github_truth(self.server, self.token)
        self.test.assertEqual(truth - hidden | stale, self.sweeper.places("present"))
        self.test.assertEqual({"complete"}, {state for state, _ in self.sweeper.coverage().values()})


@dataclass
class Change:
    what: str
    act: Callable[[Nights], Any]
    lists: int | None = None  # how many lists are asked for the next night; None: it does not matter


def set_environment_secret(nights: Nights) -> None:
    repository = nights.repository(0)
    nights.server.changes.set_secret(repository, "NPM_DEPLOY_TOKEN", environment=repository.environments[0])


def replace_repository(nights: Nights) -> None:
    """One is deleted, and another one gets its name."""
    gone, other = nights.repository(1), nights.repository(4)
    name = gone.name
    nights.server.changes.destroy_repository(gone)
    nights.server.changes.rename_repository(other, name)


def replace_environment(nights: Nights) -> None:
    repository = nights.repository(0)
    environment = repository.environments[0]
    nights.server.changes.remove_environment(repository, environment)
    nights.server.changes.add_environment(repository, environment.name)


def add_crowded(nights: Nights) -> None:
    """To one with more environments than GraphQL gives."""
    made = nights.server.changes.add_environment(nights.repository(5), "zz")
    nights.server.changes.set_secret(nights.repository(5), "NPM_TOKEN", environment=made)


def new_repository(nights: Nights) -> None:
    made = nights.server.changes.create_repository("fresh")
    nights.server.changes.set_secret(made, "NPM_TOKEN")


def own_and_visible(nights: Nights) -> None:
    nights.server.changes.set_secret(None, "NPM_NEW_TOKEN")
    nights.server.changes.remove_secret(None, next(one.name for one in nights.organisation.secrets["actions"]))


def emptied(action: str, **fields: Any) -> Callable[[Nights], None]:
    """A repository loses its secrets, and the log calls that so."""
    def act(nights: Nights) -> None:
        before = github_truth(nights.server, nights.token)
        repository = next(one for one in nights.organisation.repositories if any(is_named(kept.name) for kept in one.secrets["actions"]))
        repository.secrets["actions"] = []
        nights.server.audit.write(action, None if fields.get("repo", "") is None else repository, **fields)
        nights.server.changed()
        nights.test.assertNotEqual(before, github_truth(nights.server, nights.token))
    return act


CHANGES = [
    Change("nothing", lambda nights: None, 0),
    Change("a secret is made", lambda nights: nights.server.changes.set_secret(nights.repository(3), "NPM_LATE_TOKEN")),
    Change("a secret is removed", lambda nights: [nights.server.changes.remove_secret(nights.repository(7), one.name)
                                                  for one in list(nights.repository(7).secrets["actions"])]),
    Change("an environment's secret is made", set_environment_secret),
    Change("an environment is removed", lambda nights: nights.server.changes.remove_environment(
        nights.repository(0), nights.repository(0).environments[0])),
    Change("an environment is removed, and made again without secrets", replace_environment),
    Change("an environment is added where there are many", add_crowded),
    Change("a repository is made", new_repository),
    Change("a repository is deleted", lambda nights: nights.server.changes.destroy_repository(nights.repository(1))),
    Change("a repository is renamed", lambda nights: nights.server.changes.rename_repository(nights.repository(1), "other")),
    Change("a repository gets the name of a deleted one", replace_repository),
    Change("a repository is archived", lambda nights: nights.server.changes.archive_repository(nights.repository(0))),
    Change("the organisation's own secrets change", own_and_visible, 0),
    Change("an action that nobody knows", emptied("repo.vaulted")),
    Change("a category that nobody knows", emptied("secret_store.emptied")),
    Change("an event without the repository's number", emptied("repo.vaulted", repo_id=None)),
    Change("an event that names no repository", emptied("repo.vaulted", repo=None)),
    Change("topics, runners, pull requests", lambda nights: [nights.server.audit.write(action, nights.repository(2)) for action in
           ("repo.add_topic", "repo.self_hosted_runner_online", "pull_request.create", "workflows.completed_workflow_run")], 0),
]


class AuditLog(ProgramTest):
    def test_each_change_is_seen_the_next_night_and_what_did_not_change_is_not_asked_for(self) -> None:
        for change in CHANGES:
            with self.subTest(change.what):
                nights = Nights(self, 41)
                everything = len(nights.night())
                nights.check_truth()
                self.assertGreater(everything, 20)
                nights.now += DAY / 2
                change.act(nights)
                asked = nights.night(0.5)
                nights.check_truth()
                self.assertEqual("", nights.remark())
                if change.lists is not None:
                    self.assertEqual(change.lists, len(asked))
                elif change.what != "an event that names no repository":
                    self.assertLess(len(asked), everything / 2)
                nights.night()
                nights.check_truth()

    def test_an_unchanged_night_takes_a_handful_of_requests_whatever_the_size(self) -> None:
        nights = Nights(self, 42, Shape(repositories=90, environments=2))
        everything = nights.night()
        self.assertGreater(len(everything), 150)
        for _ in range(6):
            self.assertEqual([], nights.night())
            self.assertLess(len(nights.server.requests("")), 15)
            seen = {hit["last_seen"] for hit in nights.sweeper.home.export()}
            self.assertEqual(1, len({text[:10] for text in seen}))
            nights.check_truth()
        # No answer is believed for longer than a week.
        self.assertEqual(sorted(everything), sorted(nights.night(1.1)))
        self.assertEqual([], nights.night())

    def test_every_opted_in_store_whose_changes_the_log_has(self) -> None:
        stores = ["actions", "registries", "dependabot", "codespaces", "agents"]
        nights = Nights(self, 43, stores=stores, variables=True)
        everything = nights.night()
        self.assertEqual({"actions", "dependabot", "codespaces", "agents"},
                         {match[1] for one in everything if (match := re.search(r"/repos/[^/]+/[^/]+/(\w+)/secrets", one))} - {"environments"})
        # The log's documentation does not speak of agents.
        self.assertEqual({"agents"}, {re.search(r"/repos/[^/]+/[^/]+/(\w+)/", one)[1] for one in nights.night()})
        for store in stores[2:]:
            nights.server.changes.set_secret(nights.repository(3), "NPM_EXTRA_TOKEN", store)
        nights.night()
        extra = {(place, locator) for place, locator in nights.sweeper.places("present") if locator.endswith("NPM_EXTRA_TOKEN")}
        self.assertEqual({("acme/service-0003", f"{store}/NPM_EXTRA_TOKEN") for store in stores[2:]}, extra)

    def test_an_event_that_is_shown_late_is_seen_when_it_is_shown(self) -> None:
        nights = Nights(self, 44)
        nights.night()
        nights.server.audit.delay = 2.5 * DAY
        nights.server.changes.set_secret(nights.repository(3), "NPM_LATE_TOKEN")
        late = {("acme/service-0003", "NPM_LATE_TOKEN")}
        for hidden in (late, late, set()):
            nights.night()
            nights.check_truth(hidden=hidden)

    def test_a_change_right_around_a_sweep_is_looked_at_again(self) -> None:
        nights = Nights(self, 45)
        nights.night()
        nights.server.changes.set_secret(nights.repository(3), "NPM_LATE_TOKEN")
        for _ in range(2):
            nights.night(0.01)  # less than the margin after the event
            self.assertIn("/service-0003/", "".join(nights.asked()))
            nights.check_truth()

    def test_a_log_that_proves_nothing_leaves_an_ordinary_sweep(self) -> None:
        def deny(status: int) -> Callable[[Nights], Any]:
            return lambda nights: setattr(nights.server.audit, "denied", status)

        def spend(nights: Nights) -> None:
            nights.server.set("limits.audit_log", 0)

        def empty(nights: Nights) -> None:
            nights.server.audit.events.clear()
            nights.server.audit.delay = 9 * DAY

        def flood(nights: Nights) -> None:
            for _ in range(10_001):
                nights.server.audit.write("org.update_member", user="bob")

        cases: list[tuple[str, Callable[[Nights], Any], str]] = [
            ("no Enterprise Cloud", deny(404), "HTTP 404"),
            ("no owner", deny(403), "HTTP 403"),
            ("its limit is used up", spend, "HTTP 403"),
            ("it is empty", empty, "it has no event"),
            ("it is too long", flood, "more than 10,000 events"),
            ("it is no JSON", lambda nights: nights.server.fail("malformed", path="/audit-log"), "JSON"),
            ("it does not come", lambda nights: nights.server.fail("status", path="/audit-log", code=500), "HTTP 500"),
            ("its pages go round", lambda nights: nights.server.fail("next_page", path="/audit-log", address="/x?after=YQ=="), "it goes round"),
        ]
        for what, break_log, says in cases:
            with self.subTest(what):
                nights = Nights(self, 46)
                everything = nights.night()
                break_log(nights)
                # The log cannot tell of it.
                nights.repository(3).secrets["actions"] = []
                nights.server.changed()
                self.assertEqual(sorted(everything), sorted(nights.night()))
                self.assertIn(says, nights.remark())
                self.assertIn("; everything was asked for", nights.remark())
                nights.check_truth()

    def test_a_credential_without_the_scope_sweeps_as_before(self) -> None:
        nights = Nights(self, 47)
        everything = nights.night()
        token = nights.server.classic(scopes=("admin:org", "repo")).token
        nights.token = nights.sweeper.credentials["ACME"] = token
        self.assertEqual(sorted(everything), sorted(nights.night()))
        self.assertIn("needs the scope read:audit_log", nights.remark())
        nights.check_truth()
        check = nights.sweeper.home.run("sources", "check", "--config", nights.sweeper.config, env={"ACME": token})
        self.assertIn("the audit log, without which everything is asked for: HTTP 403", check.text)
        self.assertEqual(3, check.code)

    def test_an_app_reads_it_where_it_may_whatever_token_it_has_got(self) -> None:
        for may in (True, False):
            with self.subTest(may=may):
                nights = Nights(self, 53)
                app = nights.server.app()
                nights.server.install(app, {name: level for name, level in EVERY_PERMISSION.items()
                                            if may or name != "organization_administration"})
                source = github_source(nights.server, rate=1000, audit_log=True, **{"app.id": str(app.id), "app.key_file": str(app.key_file)})
                del source["token_env"]
                nights.sweeper = Sweeper(self, {}, acme=source)
                everything = nights.night(0)  # its proofs are by this machine's clock
                self.assertEqual([] if may else sorted(everything), sorted(nights.night(0)))
                self.assertEqual("" if may else "the audit log: HTTP 403: needs organization_administration=read; everything was asked for",
                                 nights.remark())
                nights.check_truth()

    def test_sources_check_says_what_the_log_takes_and_saves(self) -> None:
        nights = Nights(self, 47)
        everything = nights.night()
        check = nights.sweeper.home.run("sources", "check", "--config", nights.sweeper.config, env=nights.sweeper.credentials)
        self.assertEqual(0, check.code, check.error)
        self.assertIn("the audit log of eight days: 1 request\n", check.text)
        self.assertIn(f"it saves up to {len(everything)} of these requests", check.text.replace("\n", " "))

    def test_another_configuration_asks_for_what_it_has_not_kept(self) -> None:
        nights = Nights(self, 48)
        first = nights.night()
        more = github_source(nights.server, rate=1000, audit_log=True, stores=["actions", "dependabot"])
        nights.sweeper = self.again(nights, acme=more)
        self.assertEqual({"dependabot"}, {re.search(r"/repos/[^/]+/[^/]+/(\w+)/", one)[1] for one in nights.night()})
        # Another name is another credential.
        nights.sweeper = self.again(nights, other=github_source(nights.server, rate=1000, audit_log=True))
        self.assertEqual(sorted(first), sorted(nights.night()))

    def again(self, nights: Nights, **sources: Any) -> Sweeper:
        sweeper = nights.sweeper
        lines = Sweeper(self, sweeper.credentials, **sources).config.read_text()
        sweeper.config.write_text(lines)
        return sweeper

    def test_an_answer_from_before_the_log_was_asked_is_confirmed_first(self) -> None:
        nights = Nights(self, 49)
        nights.sweeper = self.again(nights, acme=github_source(nights.server, rate=1000))
        everything = nights.night()
        nights.sweeper = self.again(nights, acme=github_source(nights.server, rate=1000, audit_log=True))
        self.assertEqual(sorted(everything), sorted(nights.night(8)))
        self.assertEqual([], nights.night())
        nights.check_truth()

    def test_an_inventory_that_is_lost_is_made_anew_from_what_is_kept(self) -> None:
        nights = Nights(self, 50)
        nights.night()
        for file in nights.sweeper.home.db.parent.glob(nights.sweeper.home.db.name + "*"):
            if not file.name.endswith(".answers"):
                file.unlink()
        self.assertEqual([], nights.night())
        nights.check_truth()
        nights.sweeper.forget_answers()
        self.assertGreater(len(nights.night()), 20)
        nights.check_truth()

    def test_clocks_that_differ_by_years_change_nothing(self) -> None:
        for years in (-3, 3):
            with self.subTest(years=years):
                nights = Nights(self, 51, started=time.time() + years * 365 * DAY)
                everything = nights.night()
                self.assertEqual([], nights.night())
                nights.server.changes.set_secret(nights.repository(3), "NPM_LATE_TOKEN")
                self.assertLess(0, len(nights.night()))
                nights.check_truth()
                self.assertEqual(sorted(everything), sorted(nights.night(8)))

    def test_a_sweep_that_is_killed_and_resumed_knows_what_it_had_read(self) -> None:
        nights = Nights(self, 52, Shape(repositories=60), concurrency=2)
        nights.night()
        nights.now += 8 * DAY  # all of it is asked for again
        nights.server.audit.write("org.add_member", user="bob")
        nights.server.forget()
        nights.server.latency = 0.02
        process = nights.sweeper.start()
        deadline = time.monotonic() + 60
        while len(nights.asked()) < 40 and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)
        nights.server.latency = 0
        nights.server.changes.set_secret(nights.repository(1), "NPM_LATE_TOKEN")
        nights.now += 2 * 3600
        nights.sweeper.sweep("--resume")
        nights.night()
        nights.check_truth()
        self.assert_intact(nights.sweeper.home.db)


if __name__ == "__main__":
    unittest.main()
