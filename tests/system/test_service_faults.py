"""What services, networks and accidents do to a sweep, with the real program against the fakes of tests/servers: it ends
3, says in one line each what could not be read and why, calls nothing gone, and the next sweep finds everything again.

Cases mostly wait for the program's own pauses, so that many run at once; nothing here depends on how long they take.
"""

import concurrent.futures
import contextlib
import os
import queue
import random
import re
import signal
import socket
import threading
import time
import unittest
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Iterable, TypeVar

from services import Sweeper, github_source, github_truth, is_named
from support import ProgramTest, Run
from test_canary import leaks

from github_server import Fleet, GitHub, Limits
from http_server import Request
from organisation import Organisation, Shape

AT_ONCE = 24
# Words of the fakes' answers: nothing of an answer is quoted.
QUOTED = ["Unicorn", "<html", "{", "authorization_request", "Although you appear", "not accessible by", "Bad credentials",
          "Please wait", "was removed", "message", "xxxxxxxx"]

Case = TypeVar("Case")


class FaultTest(ProgramTest):
    def each(self, cases: Iterable[Case], run: Callable[[Case], None]) -> None:
        """Runs all cases, many at once; each is a test of its own."""
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            running = [(case, pool.submit(run, case)) for case in cases]
        for case, result in running:
            with self.subTest(getattr(case, "what", case)):
                result.result()

    def assert_quotes_nothing(self, sweeper: Sweeper, run: Any) -> None:
        reasons = [reason for _, reason in sweeper.coverage().values()]
        for text in [run.error, *reasons]:
            for words in QUOTED:
                self.assertNotIn(words, text)
            self.assertLessEqual(len(max(text.splitlines(), key=len, default="")), 600)


    def assert_one_line_of_failure(self, run: Run, says: str) -> None:
        """That of the source, which begins with its name; and the one that the sweep is incomplete."""
        self.assertEqual(2, len(run.error_lines), run.error)
        self.assertTrue(run.error_lines[0].startswith("tokensweep: acme: "), run.error)
        self.assertIn(says, run.error_lines[0])
        self.assertIn("the sweep is incomplete", run.error_lines[1])


@dataclass
class OnePlace:
    """What befalls the secrets of one repository, and what the inventory says of it then. Without `says`, it is overcome."""
    what: str
    fault: str
    says: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    times: int | None = None
    timeout: int = 30

    def run(self, test: "Faults") -> None:
        test.one_place(self)


def always(what: str, fault: str, says: str, timeout: int = 30, **arguments: Any) -> OnePlace:
    return OnePlace(what, fault, says, arguments, None, timeout)


def now_and_then(what: str, fault: str, times: int = 1, timeout: int = 30, **arguments: Any) -> OnePlace:
    return OnePlace(what, fault, "", arguments, times, timeout)


REFUSED = [
    always("a permission is missing", "denied", "HTTP 403: needs secrets=read"),
    always("a refusal without a reason", "status", "HTTP 403", code=403),
    always("single sign-on", "sso", "HTTP 403: the token is not authorised for the organisation's single sign-on"),
    always("an IP allow list", "ip_allow_list", "HTTP 403: this machine's address is not on the organisation's IP allow list"),
    always("hidden", "not_found", "HTTP 404: gone, or hidden from this credential"),
    always("switched off", "gone", "HTTP 410"),
    always("blocked for legal reasons", "blocked", "HTTP 451"),
    always("a status that nobody knows", "status", "HTTP 418", code=418),
]
BROKEN = [
    *[always(f"always {code}", "status", f"answers HTTP {code}", code=code) for code in (500, 502, 503, 504)],
    always("the connection is reset", "reset", "the connection broke before it answered"),
    always("the connection is closed", "close", "it closed the connection without an answer"),
    always("no answer begins", "hang", "does not begin to answer", timeout=2),
    always("no answer ends", "cut", "stopped in the middle of its answer", timeout=2, end="hang"),
    always("the body byte by byte", "slow", "sends its answer too slowly", timeout=2, bytes_each=1),
    always("the head byte by byte", "slow", "sends its answer too slowly", timeout=2, bytes_each=1, head_too=True),
    always("a body that is cut", "cut", "the connection broke in the middle of its answer"),
    always("a body that is reset", "cut", "the connection broke in the middle of its answer", end="reset"),
    always("a body without its last chunk", "chunked", "the connection broke in the middle of its answer", cut_after=1, bytes_each=10),
    always("malformed JSON", "malformed", "JSON"),
    always("a page of HTML", "html", "JSON"),
    always("nothing at all", "status", "JSON", code=200, body=""),
    always("another kind of JSON", "status", "the answer is no object", code=200, body="[1, 2, 3]"),
    always("a Content-Length that is too long", "length_lie", "stopped in the middle of its answer", timeout=2, by=7),
    always("a Content-Length that is too short", "length_lie", "its answer's gzip ends too early", by=-20),
    always("a gzip bomb", "gzip_bomb", "its answer is larger than 33,554,432 bytes", mebibytes=128),
    always("no gzip", "broken_gzip", "gzip"),
    always("a flood of headers", "header_flood", "its answer's headers are larger than 64 KiB", count=20_000),
    always("a body without end", "body_flood", "its answer is larger than 33,554,432 bytes", mebibytes=64),
    always("a page that is its own next one", "page_repeats", "does not say which page that is"),
    always("pages that go round", "next_page", "its pages go round", address="/x?page=2"),
    always("a page that shrinks", "page_shrinks", "it says that it has"),
    always("a next page that is no number", "next_page", "the next page has no number", address="/x?page=two"),
]
OVERCOME = [
    *[now_and_then(f"once {code}", "status", code=code) for code in (500, 502, 503, 504)],
    now_and_then("429 with Retry-After", "too_many_requests", times=2),
    now_and_then("a secondary limit with Retry-After", "secondary_limit", seconds=1),
    now_and_then("a reset", "reset", times=2),
    now_and_then("a silence", "hang", timeout=2),
    now_and_then("a cut body", "cut", times=2),
    now_and_then("malformed JSON", "malformed"),
    now_and_then("HTML", "html"),
]


@dataclass
class Whole:
    """What befalls everything after so many requests, and what the one line says."""
    what: str
    fault: str
    says: str
    skip: int = 0
    arguments: dict[str, Any] = field(default_factory=dict)
    timeout: int = 30

    def run(self, test: "Faults") -> None:
        test.whole(self)


WHOLE = [
    Whole("a credential that is revoked in the middle", "bad_credentials", "does not accept the credential (HTTP 401)", 20),
    Whole("a limit beyond all patience in the middle", "secondary_limit", "wants no more requests for", 20, {"seconds": 90_000}),
    Whole("429 beyond all patience", "too_many_requests", "wants no more requests for", 0, {"seconds": 90_000}),
    Whole("refusals for the limits' sake without end", "too_many_requests", "refuses again and again", 0, {"seconds": 0}),
    Whole("a failure of everything in the middle", "status", "answers HTTP 503", 20, {"code": 503}),
    Whole("a failure of everything", "status", "answers HTTP 500", 0, {"code": 500}),
    Whole("resets of everything", "reset", "the connection broke", 0),
    Whole("silence of everything", "hang", "does not begin to answer", 0, {}, 2),
    Whole("HTML of everything", "html", "JSON", 0),
]


class Faults(FaultTest):
    """Of one list: it costs its scope, and nothing else. Of the whole service: the source ends, soon, and nothing that was not
    read is taken for read."""

    def test_what_befalls_one_place_or_the_whole_service(self) -> None:
        self.each([*REFUSED, *BROKEN, *OVERCOME, *WHOLE], lambda case: case.run(self))

    def one_place(self, case: OnePlace) -> None:
        with GitHub(organisation=Organisation(21, Shape(repositories=9))) as server:
            token = server.classic().token
            sweeper = Sweeper(self, {"ACME": token}, acme=github_source(server, rate=1000, timeout=case.timeout))
            sweeper.sweep()
            before = sweeper.places()
            self.assertEqual(github_truth(server, token), before)
            victim = self.victim(before)
            sweeper.forget_answers()
            server.forget()
            server.fail(case.fault, path=f"/repos/{victim}/actions/secrets", times=case.times, **case.arguments)
            run = sweeper.sweep(code=3 if case.says else 0)
            self.assertLessEqual(len(server.requests(f"/repos/{victim}/actions/secrets")), 8)
            self.assertEqual(set(), sweeper.places("gone"))
            coverage = sweeper.coverage()
            state, reason = coverage.pop(victim)
            self.assertEqual({"complete"}, {other for other, _ in coverage.values()})
            self.assert_quotes_nothing(sweeper, run)
            if case.says:
                self.assertIn(case.says, reason)
                self.assertIn("Actions secrets", reason)
                self.assertEqual("incomplete", state)  # its environments were read
                self.assertEqual(before, sweeper.places())
                lost = {place for place in before if place[0] == victim and "/" not in place[1]}
                came = case.fault == "next_page" and sweeper.places("unknown") < lost  # the first page's rows are as good as any
                self.assertEqual(set() if came else lost, sweeper.places("unknown"))
            else:
                self.assertEqual(("complete", ""), (state, reason))
                self.assertEqual(before, sweeper.places("present"))
            server.heal()
            sweeper.sweep()
            self.assertEqual(before, sweeper.places("present"))
            self.assert_intact(sweeper.home.db)

    def victim(self, places: set[tuple[str, str]]) -> str:
        """A repository with secrets of its own and of its environments."""
        own = {store for store, locator in places if "/" in store and "/" not in locator}
        return min(own & {store for store, locator in places if locator.startswith("environments/")})

    def whole(self, case: Whole) -> None:
        with GitHub(organisation=Organisation(22, Shape(repositories=40))) as server:
            token = server.classic().token
            sweeper = Sweeper(self, {"ACME": token}, acme=github_source(server, rate=1000, concurrency=4, timeout=case.timeout))
            sweeper.sweep()
            before = sweeper.places()
            all_requests = len(server.requests())
            sweeper.forget_answers()
            server.forget()
            server.fail(case.fault, skip=case.skip, **case.arguments)
            run = sweeper.sweep(code=3)
            self.assertTrue(any(case.says in line for line in run.error_lines), run.error)
            self.assert_quotes_nothing(sweeper, run)
            self.assertEqual(set(), sweeper.places("gone"))
            self.assertEqual(before, sweeper.places())
            # Complete is only what was answered as a whole.
            failed = {match[1] for request in server.requests() if request.fault
                      and (match := re.search("/repos/(acme/[^/]+)/", request.target))}
            self.assertEqual(set(), failed & sweeper.complete())
            self.assertFalse(case.skip == 0 and sweeper.complete())
            server.heal()
            sweeper.sweep()
            self.assertEqual(before, sweeper.places("present"))


# Servers beside each other.


class Neighbours(FaultTest):
    def test_a_service_that_hangs_slows_no_other(self) -> None:
        with GitHub(organisation=Organisation(23, Shape(repositories=4))) as stuck, \
                GitHub(organisation=Organisation(24, Shape(repositories=40)), latency=0.02) as quick:
            tokens = {"ACME": quick.classic().token, "STUCK": stuck.classic().token}
            stuck.fail("hang")
            sweeper = Sweeper(self, tokens, stuck=github_source(stuck, token_env="STUCK", rate=1000, timeout=600),
                              quick=github_source(quick, rate=1000, concurrency=4))
            process = sweeper.start()
            try:
                # The organisation's own scope is the last one that ends, and commits as the rest does.
                deadline = time.monotonic() + 60
                while not self.is_complete(sweeper, f"{quick.port}") and time.monotonic() < deadline:
                    time.sleep(0.05)
                self.assertTrue(self.is_complete(sweeper, f"{quick.port}"), "the quick one is complete")
                # The stuck one has not even given up its first requests.
                self.assertEqual({None}, {request.status for request in stuck.requests()})
                self.assertLessEqual(len(stuck.requests()), 2)
                # As busy as it is alone.
                self.assertEqual(4, quick.most_in_flight)
                self.assertEqual([], quick.repeats())
            finally:
                process.send_signal(signal.SIGTERM)
                out, error = process.communicate(timeout=30)
            self.assertEqual(130, process.returncode, error)
            self.assertEqual(github_truth(quick, tokens["ACME"]), sweeper.places("present"))

    def is_complete(self, sweeper: Sweeper, port: str) -> bool:
        if not sweeper.home.sweeps():
            return False
        return bool(sweeper.home.sql("SELECT 1 FROM coverage WHERE store = 'acme' AND state = 'complete' AND realm LIKE ?", f"%:{port}"))

    def test_two_services_and_several_organisations_in_one_sweep(self) -> None:
        shape = Shape(repositories=6)
        cloud = Fleet([Organisation(25, shape), Organisation(26, shape, login="umbrella")])
        old = GitHub(Organisation(27, shape, login="forge"), product="ghes", seed=2, limits=Limits(primary=None, graphql=None))
        with cloud, old:
            tokens = {"ACME": cloud.github("acme").classic().token, "FORGE": old.classic().token}
            stores = ["actions", "registries", "dependabot", "codespaces", "agents"]
            sweeper = Sweeper(self, tokens, cloud=github_source(cloud, orgs=["acme", "umbrella"], rate=1000),
                              forge=github_source(old, org="forge", token_env="FORGE", rate=1000, stores=stores))
            sweeper.sweep()
            self.assertEqual({"complete"}, {state for state, _ in sweeper.coverage().values()})
            cloudy = github_truth(cloud.github("acme"), tokens["ACME"]) | github_truth(cloud.github("umbrella"), tokens["ACME"])
            actions = {place for place in sweeper.places() if not place[1].startswith(("dependabot/", "codespaces/"))}
            self.assertEqual(cloudy | github_truth(old, tokens["FORGE"]), actions)
            owners = {"user": "ann", "organisation": "forge"}
            extra = {(secret["repository"] or owners[secret["level"]], f"{secret['store']}/{secret['name']}")
                     for secret in old.truth(tokens["FORGE"])["secrets"]
                     if secret["store"] in ("dependabot", "codespaces") and is_named(secret["name"])}
            self.assertEqual(extra, sweeper.places() - actions)
            # What a server is too old for is asked of its organisation, and of no repository again and again.
            self.assertEqual({404}, {request.status for request in old.requests("agents")} | {404})
            self.assertEqual([], cloud.repeats() + old.repeats())
            digests = [{request.authorization for request in one.requests()} for one in (cloud, old)]
            self.assertEqual([1, 1], [len(one) for one in digests])
            self.assertNotEqual(*digests)

    def test_an_organisation_that_is_not_there_costs_the_others_nothing(self) -> None:
        with Fleet([Organisation(25, Shape(repositories=6))]) as server:
            token = server.github("acme").classic().token
            sweeper = Sweeper(self, {"ACME": token}, cloud=github_source(server, orgs=["nobody", "acme"], rate=1000))
            run = sweeper.sweep(code=3)
            self.assertIn("incomplete", run.error)
            coverage = sweeper.coverage()
            state, reason = coverage.pop("nobody")
            self.assertEqual("denied", state)
            self.assertIn("HTTP 404", reason)
            self.assertEqual({"complete"}, {state for state, _ in coverage.values()})
            self.assertEqual(github_truth(server.github("acme"), token), sweeper.places())


# A GitHub App.


class Apps(FaultTest):
    def source(self, server: GitHub, key_file: Path, number: int) -> dict[str, Any]:
        source = github_source(server, rate=1000, concurrency=4, **{"app.id": str(number), "app.key_file": str(key_file)})
        del source["token_env"]
        return source

    def test_a_token_that_ends_in_the_middle_is_renewed_once(self) -> None:
        with GitHub(organisation=Organisation(28, Shape(repositories=30))) as server:
            app = server.app()
            server.install(app)
            given: list[str] = []

            def expire(request: Request) -> None:
                if len(server.seen) == 40:
                    for one in list(server.credentials.values()):
                        if one.kind == "installation":
                            one.expires_at = server.clock()
                            given.append(one.token)

            server.on_request = expire
            sweeper = Sweeper(self, {}, acme=self.source(server, app.key_file, app.id))
            run = sweeper.sweep()
            self.assertEqual(2, len(server.requests("/access_tokens")))
            refused = [request for request in server.requests() if request.status == 401]
            self.assertTrue(1 <= len(refused) <= 4, "so many were in flight")
            tokens = [one.token for one in server.credentials.values() if one.kind == "installation"]
            self.assertEqual(2, len(tokens))
            self.assertEqual(given, tokens[:1])
            self.assert_silent_about(run, *tokens)
            self.assertEqual({"complete"}, {state for state, _ in sweeper.coverage().values()})
            self.assertEqual(github_truth(server, tokens[1]), sweeper.places("present"))

    def test_another_key_is_refused_in_one_line(self) -> None:
        with GitHub(organisation=Organisation(28, Shape(repositories=3))) as server:
            app, other = server.app(), server.app()
            server.install(app)
            sweeper = Sweeper(self, {}, acme=self.source(server, other.key_file, app.id))
            run = sweeper.sweep(code=3)
            self.assertIn("does not accept the credential (HTTP 401)", run.error)
            self.assertEqual(1, len(server.requests()))
            self.assertEqual(set(), sweeper.places())

    def test_an_installation_for_selected_repositories_is_a_partial_view(self) -> None:
        organisation = Organisation(29, Shape(repositories=12))
        with GitHub(organisation=organisation) as server:
            app = server.app()
            installation = server.install(app)
            sweeper = Sweeper(self, {}, acme=self.source(server, app.key_file, app.id))
            sweeper.sweep()
            before = sweeper.places()
            some = organisation.repositories[:4]
            installation.repositories = {one.id for one in some}
            server.changed()
            check = sweeper.home.run("sources", "check", "--config", sweeper.config)
            self.assertIn("the App is installed for selected repositories only", check.text)
            sweeper.sweep()
            remarks = sweeper.home.sql("SELECT DISTINCT reason FROM gap WHERE NOT incomplete AND sweep = (SELECT max(id) FROM sweep)")
            self.assertIn(("the App sees selected repositories only",), remarks)
            self.assertEqual(set(), sweeper.places("gone"))
            self.assertEqual(before, sweeper.places())
            hidden = {f"acme/{one.name}" for one in organisation.repositories[4:] if one.visibility != "public"}
            self.assertEqual({place for place in before if place[0] in hidden}, sweeper.places("unknown"))


# Limits.


class GitHubLimits(FaultTest):
    def sweep_within(self, limits: Limits, **keys: Any) -> GitHub:
        with GitHub(organisation=Organisation(30, Shape(repositories=24)), limits=limits, latency=0.02) as server:
            token = server.classic().token
            sweeper = Sweeper(self, {"ACME": token}, acme=github_source(server, **{"rate": 1000, "concurrency": 8, **keys}))
            sweeper.sweep()
            self.assertEqual(github_truth(server, token), sweeper.places("present"))
            return server

    def test_one_refusal_by_a_secondary_limit_pauses_the_whole_credential(self) -> None:
        self.each([403, 429], self.pauses)

    def pauses(self, status: int) -> None:
        server = self.sweep_within(Limits(points=60, points_seconds=1, secondary_status=status))
        refused = [request for request in server.requests() if request.status == status]
        # Those that had left when the first refusal came, and no other.
        self.assertTrue(0 < len(refused) <= 8, len(refused))
        first, last = min(request.ended for request in refused), max(request.ended for request in refused)
        behind = [request for request in server.requests() if request.began > last]
        # Its Retry-After holds for all, and then one goes ahead and tries.
        self.assertGreaterEqual(min(request.began for request in behind) - first, 1)
        self.assertEqual(1, behind[0].in_flight)
        self.assertLess(behind[0].ended, behind[1].began)

    def test_the_primary_limit_is_not_run_into(self) -> None:
        server = self.sweep_within(Limits(primary=60, window_seconds=3))
        self.assertLessEqual(server.refusals()["refused"], 7, "those beside the one that used up the rest")


# Kills.


class Kills(FaultTest):
    NUMBER = 12
    LEFT_OUT = {"first_seen", "last_seen", "age_days", "age_days_max"}

    def test_a_killed_sweep_is_resumed_without_asking_twice_or_missing_anything(self) -> None:
        with self.server() as server:
            total = len(self.undisturbed(server)[1])
        chance = random.Random(31)
        moments = [1, 2, total, *chance.sample(range(3, total), self.NUMBER - 3)]
        skipped: list[int] = []
        self.each(moments, lambda moment: skipped.append(self.kill_at(moment)))
        self.assertGreater(sum(count > 0 for count in skipped), self.NUMBER // 3, "some had something to skip")

    def server(self) -> GitHub:
        return GitHub(organisation=Organisation(31, Shape(repositories=36)), latency=0.04)

    def sweeper(self, server: GitHub) -> Sweeper:
        source = github_source(server, rate=1000, concurrency=2, variables=True)
        return Sweeper(self, {"ACME": server.classic().token}, acme=source)

    def undisturbed(self, server: GitHub) -> tuple[Sweeper, set[tuple[str, bytes]]]:
        """A sweep that nobody disturbs, and what it asked."""
        sweeper = self.sweeper(server)
        server.latency, latency = 0, server.latency
        sweeper.sweep()
        server.latency = latency
        asked = {(request.target, request.body) for request in server.requests()}
        server.forget()
        return sweeper, asked

    def rows(self, sweeper: Sweeper) -> list[dict[str, Any]]:
        rows = [{key: value for key, value in hit.items() if key not in self.LEFT_OUT} for hit in sweeper.home.export("--state", "all")]
        return sorted(rows, key=lambda row: (row["store"], row["locator"], row["id"]))

    def kill_at(self, moment: int) -> int:
        """Kills a sweep at its so-many-th request, and resumes it. How many scopes were not asked again."""
        with self.server() as server:
            whole, expected = self.undisturbed(server)
            sweeper = self.sweeper(server)
            # With the same key, ids are the same.
            sweeper.home.write(".local/share/tokensweep/inventory.db.key", whole.home.db.with_name("inventory.db.key").read_bytes())
            sweeper.home.db.parent.chmod(0o700)
            started: queue.Queue[int] = queue.Queue()

            def kill(request: Request) -> None:
                if len(server.seen) == moment:
                    os.kill(started.get(timeout=30), signal.SIGKILL)

            server.on_request = kill
            process = sweeper.start()
            started.put(process.pid)
            process.communicate(timeout=60)
            self.assertEqual(-signal.SIGKILL, process.returncode)
            server.on_request = None
            self.assert_intact(sweeper.home.db)
            complete = sweeper.complete()
            asked = {(request.target, request.body) for request in server.requests() if request.status}
            server.forget()
            sweeper.sweep("--resume")
            again = {(request.target, request.body) for request in server.requests()}
            for store in complete:
                own = re.compile(f"/(repos|orgs)/{store}/")
                self.assertEqual([], [target for target, _ in again if own.search(target)])
            self.assertEqual(set(), expected - asked - again, "all was asked for")
            self.assertEqual([], server.repeats())
            self.assertEqual(self.rows(whole), self.rows(sweeper))
            self.assertEqual(whole.coverage(), sweeper.coverage())
            self.assertEqual(1, len(sweeper.home.sweeps()), "it is the same sweep")
            return len(complete)


# Where credentials go.


class Recorder:
    """A stranger on 127.0.0.1: takes down every byte that it gets. As a proxy it answers CONNECT by what it is told, and with 200
    goes between the client and `target`."""

    def __init__(self, target: int | None = None, status: int = 200) -> None:
        self.target, self.status = target, status
        self.heard: list[bytearray] = []  # of each connection
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.threads: list[threading.Thread] = []
        self.open: list[socket.socket] = [self.socket]

    def __enter__(self) -> "Recorder":
        self.begin(self.accept)
        return self

    def __exit__(self, *_: object) -> None:
        for one in self.open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self.threads:
            thread.join(timeout=10)

    def begin(self, run: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=run, args=arguments, daemon=True)
        self.threads.append(thread)
        thread.start()

    def accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.socket.accept()
                self.open.append(client)
                self.heard.append(bytearray())
                self.begin(self.serve, client, self.heard[-1])

    def serve(self, client: socket.socket, heard: bytearray) -> None:
        with contextlib.suppress(OSError):
            while b"\r\n\r\n" not in heard:
                data = client.recv(65536)
                if not data:
                    return
                heard += data
            client.sendall(f"HTTP/1.1 {self.status} Whatever\r\nContent-Length: 0\r\n\r\n".encode() if self.status != 200
                           else b"HTTP/1.1 200 Connected\r\n\r\n")
            if self.status != 200 or not self.target:
                client.close()
                return
            server = socket.create_connection(("127.0.0.1", self.target))
            self.open.append(server)
            self.begin(self.pump, server, client, None)
            self.pump(client, server, heard)

    def pump(self, source: socket.socket, sink: socket.socket, heard: bytearray | None) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if heard is not None:
                    heard += data
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


class CredentialsStay(FaultTest):
    """No credential leaves its origin: not a packet of it, in any form."""

    def assert_no_credential(self, heard: bytes, token: str) -> None:
        self.assertEqual([], leaks([heard], [token]))
        self.assertNotIn(b"authorization", heard.lower())
        self.assertNotIn(b"bearer", heard.lower())

    def test_no_address_in_an_answer_leads_a_request_elsewhere(self) -> None:
        def cases(stranger: Recorder) -> Iterable[tuple[str, dict[str, Any]]]:
            there = f"127.0.0.1:{stranger.port}"
            for address in [f"http://{there}/x", f"//{there}/x", f"http://api:key@{there}/x", f"HTTP://{there}", f"http://localhost:{stranger.port}/"]:
                for code in (301, 302, 307, 308):
                    yield "redirect", {"location": address, "code": code}
                yield "next_page", {"address": address + "?page=2"}
            yield "foreign_host", {"host": there}

        with Recorder() as stranger, GitHub(organisation=Organisation(32, Shape(repositories=4))) as server:
            token = server.classic().token
            sweeper = Sweeper(self, {"ACME": token}, acme=github_source(server, rate=1000))
            for name, arguments in cases(stranger):
                with self.subTest(name, **arguments):
                    server.heal()
                    server.fail(name, method="GET", **arguments)
                    # Of what only tells of another host nothing is asked, and nothing is missed.
                    sweeper.sweep(code=0 if name == "foreign_host" else 3)
            self.assertEqual([], stranger.heard)
            self.assert_no_credential(b"".join(map(bytes, stranger.heard)), token)

    def through_proxy(self, recorder: Recorder, code: int = 0, by_option: bool = False) -> Any:
        with GitHub(organisation=Organisation(33, Shape(repositories=4)), tls=True, host="git.corp.example",
                    certificate_names="DNS:git.corp.example") as server:
            recorder.target = server.port
            token = server.classic().token
            more = {"proxy": recorder.url} if by_option else {}
            sweeper = Sweeper(self, {"ACME": token}, acme=github_source(server, rate=1000, ca_file=str(server.authority), timeout=5, **more))
            run = sweeper.sweep(code=code, **({} if by_option else {"HTTPS_PROXY": recorder.url}))
            if code == 0:
                self.assertEqual(github_truth(server, token), sweeper.places("present"))
            self.assertTrue(recorder.heard)
            for heard in map(bytes, recorder.heard):
                head, _, rest = heard.partition(b"\r\n\r\n")
                first, *headers = head.decode().split("\r\n")
                self.assertEqual(f"CONNECT git.corp.example:{server.port} HTTP/1.1", first)
                self.assertEqual(["host", "user-agent"], [line.partition(":")[0].lower() for line in headers])
                if code == 0:
                    self.assertEqual(b"\x16\x03", rest[:2], "TLS, and nothing else")
                else:
                    self.assertEqual(b"", rest)
                self.assert_no_credential(heard, token)
            return run, server

    def test_a_proxy_sees_where_to_and_no_more(self) -> None:
        for by_option in (False, True):
            with self.subTest(by_option=by_option), Recorder() as recorder:
                self.through_proxy(recorder, by_option=by_option)

    def test_a_proxy_that_refuses_learns_nothing(self) -> None:
        for status, says in [(407, "the proxy wants a user"), (403, "the proxy refuses to connect"), (502, "the proxy cannot reach it")]:
            with self.subTest(status), Recorder(status=status) as recorder:
                run, server = self.through_proxy(recorder, code=3)
                self.assert_one_line_of_failure(run, says)
                self.assertEqual(0, server.received_bytes)


class Certificates(FaultTest):
    def test_a_certificate_that_is_not_right_gets_not_a_byte_of_a_request(self) -> None:
        cases = [
            ("expired", {"certificate_days": -1}, True, "its certificate has expired"),
            ("of another host", {"certificate_names": "DNS:other.example.test"}, True, "its certificate is for another host"),
            ("of another address", {"certificate_names": "IP:127.0.0.2,DNS:localhost"}, True, "its certificate is for another host"),
            ("of an authority that is not trusted", {}, False, "from an authority that is not trusted here"),
            ("signed by itself", {}, False, "signed by itself"),
        ]
        for what, options, trusted, says in cases:
            with self.subTest(what):
                server = GitHub(organisation=Organisation(34, Shape(repositories=2)), tls=True, **options)
                if what == "signed by itself":
                    server.tls_context.load_cert_chain(server.authority, server.authority.with_name("ca-key.pem"))
                with server:
                    more = {"ca_file": str(server.authority)} if trusted else {}
                    sweeper = Sweeper(self, {"ACME": server.classic().token}, acme=github_source(server, **more))
                    run = sweeper.sweep(code=3)
                    self.assert_one_line_of_failure(run, says)
                    self.assertEqual([], server.requests())
                    self.assertEqual(0, server.received_bytes)
                    self.assertLessEqual(server.connections, 2, "it is not tried again and again")

    def test_a_certificate_that_is_right_is_taken(self) -> None:
        with GitHub(organisation=Organisation(34, Shape(repositories=2)), tls=True) as server:
            sweeper = Sweeper(self, {"ACME": server.classic().token}, acme=github_source(server, rate=1000, ca_file=str(server.authority)))
            sweeper.sweep()
            self.assertEqual(github_truth(server, server.classic().token), sweeper.places())


if __name__ == "__main__":
    unittest.main()
