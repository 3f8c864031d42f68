"""A month of sweeps on virtual dates, against a truth that is computed here, by other means: every event, class, due date
and figure. And a sweep that is interrupted and goes on."""

import json
import os
import random
import signal
import subprocess
import time
import unittest
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

from support import BINARY, Home, ProgramTest, npm

FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
START = datetime(2026, 3, 1, 6, 0, 0, tzinfo=timezone.utc)
DAYS = 30
CADENCE = {"A": 30, "B": 90, "C": 30, "D": 200}  # C and D as the test's policy has them
POLICY = """[policy.rotate_days]
a = 30
b = 30
c = 30
d = 200
"""

# What a place of each kind holds around its token, and what it says of it by itself: class, publishes.
PLACES = {
    "npmrc": ("//registry.corp.example/:_authToken={}\n", "D", False),
    "publish": ("FROM node\nENV NPM_TOKEN={}\nRUN npm publish\n", "B", True),
    "install": ("FROM node\nENV NPM_TOKEN={}\nRUN npm ci\n", "C", False),
}
FILES = {"npmrc": ".npmrc", "publish": "Dockerfile", "install": "Dockerfile"}


class Fleet:
    """The world that is swept: which token lies where, since when, readable for whom. `step` lets a day pass."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)
        self.places: dict[str, dict] = {}
        self.made = 0

    def add(self, day: int, token: str | None = None) -> None:
        self.made += 1
        kind = self.random.choice(sorted(PLACES))
        age = self.random.choice([0, 0, 3, 40, 250])
        self.places[f"p{self.made:03}/{FILES[kind]}"] = {
            "token": token or f"month {self.made}", "kind": kind, "written": day - age, "mode": 0o600}

    def step(self, day: int) -> None:
        for _ in range(self.random.randint(0, 4) if day else 12):
            paths = sorted(self.places)
            path = self.random.choice(paths) if paths else None
            action = self.random.choice(["add", "copy", "remove", "change", "move", "open", "use"]) if path else "add"
            place = self.places.get(path)
            if action == "add":
                self.add(day)
            elif action == "copy":
                self.add(day, place["token"])
            elif action == "remove":
                del self.places[path]
            elif action == "change":
                self.made += 1
                place.update(token=f"month {self.made}", written=day)
            elif action == "move":
                self.made += 1
                self.places[f"p{self.made:03}/{path.split('/')[1]}"] = self.places.pop(path)
            elif action == "open":
                place["mode"] ^= 0o044
            elif action == "use" and place["kind"] != "npmrc":
                place.update(kind="install" if place["kind"] == "publish" else "publish", written=day)

    def write(self, root: Path) -> None:
        """Makes the tree what the places say."""
        for path in [path for path in root.rglob("*") if path.is_file()]:
            if str(path.relative_to(root)) not in self.places:
                path.unlink()
        for path, place in self.places.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(PLACES[place["kind"]][0].format(npm(place["token"])))
            file.chmod(place["mode"])
            written = (START + timedelta(days=place["written"])).timestamp()
            os.utime(file, (written, written))


class Truth:
    """What an inventory has to say, from the states that it saw, day by day."""

    def __init__(self) -> None:
        self.first_seen: dict[str, int] = {}  # of a token, anywhere
        self.known: set[tuple[str, str]] = set()
        self.before: dict[tuple[str, str], dict] = {}

    @staticmethod
    def own_flags(place: dict) -> set[str]:
        flags = {"world-readable", "group-readable"} if place["mode"] & 0o044 else set()
        return flags | ({"publish"} if PLACES[place["kind"]][2] else set())

    def rows(self, day: int, places: dict[str, dict]) -> dict[tuple[str, str], dict]:
        rows = {}
        by_token: dict[str, list[dict]] = {}
        for place in places.values():
            by_token.setdefault(place["token"], []).append(place)
            self.first_seen.setdefault(place["token"], day)
        for path, place in places.items():
            peers = by_token[place["token"]]
            classes = {PLACES[peer["kind"]][1] for peer in peers}
            klass = min(classes)
            publishes = len(classes) > 1 and PLACES[min(peers, key=lambda p: PLACES[p["kind"]][1])["kind"]][2]
            since = min(place["written"], self.first_seen[place["token"]])
            due = (START + timedelta(days=since)).date() + timedelta(days=30 if klass in "ABC" else CADENCE["D"])
            rows[(path, place["token"])] = {
                "class": klass, "flags": self.own_flags(place) | ({"publish"} if publishes else set()),
                "age": day - since, "due": due, "overdue": due < (START + timedelta(days=day)).date(),
                "repeated": len(peers) > 1}
        return rows

    def events(self, rows: dict) -> list[tuple]:
        """The day's changes; `rows` becomes the day before."""
        came = sorted(key for key in rows if key not in self.known)
        returned = [key for key in rows if key in self.known and key not in self.before]
        gone = sorted(key for key in self.before if key not in rows)
        events = [("returned", *key) for key in returned]
        for key in list(gone):
            if other := next((new for new in came if new[0] == key[0]), None):
                events.append(("value_changed", *other))
                came.remove(other), gone.remove(key)
        for key in list(gone):
            if other := next((new for new in came if new[1] == key[1]), None):
                events.append(("moved", *other))
                came.remove(other), gone.remove(key)
        events += [("came", *key) for key in came] + [("gone", *key) for key in gone]
        for key in rows.keys() & self.before.keys():
            if rows[key]["class"] != self.before[key]["class"]:
                events.append(("class_changed", *key))
            if rows[key]["flags"] != self.before[key]["flags"]:
                events.append(("flags_changed", *key))
        self.known |= rows.keys()
        self.before = rows
        return sorted(events)

    @staticmethod
    def figures(rows: dict) -> dict[str, int]:
        tokens: dict[str, list[dict]] = {}
        for (_, token), row in rows.items():
            tokens.setdefault(token, []).append(row)
        ages = sorted(max(row["age"] for row in places) for places in tokens.values())
        middle = len(ages) // 2
        figures = {"tokens": len(tokens), "places": len(rows),
                   "repeated": sum(len(places) > 1 for places in tokens.values())}
        if ages:
            figures["median_age_days"] = ages[middle] if len(ages) % 2 else (ages[middle - 1] + ages[middle]) // 2
        for letter in "ABCD":
            mine = [places for places in tokens.values() if min(row["class"] for row in places) == letter]
            figures[f"tokens_{letter.lower()}"] = len(mine)
            figures[f"overdue_{letter.lower()}"] = sum(any(row["overdue"] for row in places) for places in mine)
        return figures


class Month(ProgramTest):
    def setUp(self):
        if FAKETIME is None:
            self.fail("libfaketime is missing: apt-get install faketime")
        self.home = Home(self)
        self.tree = Path(self.home.at("tree"))
        self.tree.mkdir()
        self.home.write("tokensweep.toml", f"""[inventory]
file = "{self.home.db}"
{POLICY}
[[source]]
name = "fleet"
type = "filesystem"
path = "tree"
""")
        self.home.at("tokensweep.toml").chmod(0o600)

    def run_at(self, day: int, *arguments: str) -> str:
        at = (START + timedelta(days=day)).strftime("@%Y-%m-%d %H:%M:%S")
        environment = self.home.environment(LD_PRELOAD=str(FAKETIME), FAKETIME=at, NO_FAKE_STAT="1", TZ="UTC",
                                            FAKETIME_DONT_FAKE_MONOTONIC="1")
        run = subprocess.run([BINARY, *arguments], env=environment, cwd=self.home.path, capture_output=True, text=True)
        self.assertEqual((0, ""), (run.returncode, run.stderr), arguments)
        return run.stdout

    def exported(self, day: int) -> dict[tuple[str, str], dict]:
        previews = {npm(f"month {number}")[:8]: f"month {number}" for number in range(1, 1000)}
        rows = {}
        for line in self.run_at(day, "export", "--format", "jsonl", "--db", self.home.db).splitlines():
            hit = json.loads(line)
            rows[(hit["locator"].rsplit(":", 1)[0], previews[hit["preview"][:8]])] = {
                "class": hit["class"], "flags": set(hit["scope"]) - {"repeated"}, "age": hit["age_days"],
                "due": date.fromisoformat(hit["rotate_by"]), "overdue": hit["overdue"],
                "repeated": "repeated" in hit["scope"]}
        return rows

    def events(self, day: int) -> list[tuple]:
        previews = {npm(f"month {number}")[:8]: f"month {number}" for number in range(1, 1000)}
        told = json.loads(self.run_at(day, "diff", "--format", "json", "--db", self.home.db))
        return sorted((event["event"], event["locator"].rsplit(":", 1)[0], previews[event["preview"][:8]])
                      for event in told["events"])

    def test_a_month_of_sweeps(self):
        for seed in (1, 2):
            fleet, truth = Fleet(seed), Truth()
            for file in Path(self.home.path).glob("**/inventory.db*"):
                file.unlink()
            for day in range(DAYS):
                fleet.step(day)
                fleet.write(self.tree)
                self.run_at(day, "scan", "--config", "tokensweep.toml", "--format", "none")
                rows = truth.rows(day, fleet.places)
                with self.subTest(seed=seed, day=day):
                    self.assertEqual(rows, self.exported(day))
                    self.assertEqual(truth.events(rows), self.events(day))
                    figures = dict(self.home.sql("SELECT name, value FROM figures WHERE sweep = (SELECT max(id) FROM sweep)"))
                    expected = truth.figures(rows)
                    self.assertEqual(expected, {name: figures.get(name) for name in expected})
            self.assertEqual([(DAYS,)], self.home.sql("SELECT count(DISTINCT sweep) FROM figures"))

    def test_what_the_registry_says_from_day_to_day(self):
        token = npm("listed")
        self.home.write("tree/.npmrc", f"//registry.corp.example/:_authToken={token}\n", )
        def listed(*tokens: dict) -> None:
            self.home.write("ann.json", json.dumps(list(tokens)))
        entry = {"key": "f0000000-0000-4000-8000-000000000001", "token": f"{token[:8]}...{token[-4:]}", "name": "ci",
                 "bypass_2fa": True, "cidr": [], "created": "2026-02-20T00:00:00.000Z", "accessed": None,
                 "expiry": "2026-03-20T00:00:00.000Z", "readonly": False,
                 "permissions": [{"name": "package", "action": "write"}], "scopes": [{"type": "package", "name": "acme-cli"}]}
        self.run_at(0, "scan", "--config", "tokensweep.toml", "--format", "none")
        listed(entry)
        self.run_at(1, "import", "npm-tokens", "ann.json", "--quiet", "--db", self.home.db)
        hit = json.loads(self.run_at(1, "export", "--format", "jsonl", "--db", self.home.db))
        self.assertEqual(("B", "confirmed", "registry", 10, "2026-03-20", "2026-03-20"),
                         tuple(hit[key] for key in ["class", "confidence", "age_basis", "age_days", "expires_at", "rotate_by"]))
        self.assertLessEqual({"publish", "bypass-2fa", "no-ip-limit"}, set(hit["scope"]))
        self.assertNotIn("dead", hit["scope"])
        # A sweep in which nothing changed leaves it so: what changed since the one before it is the import's.
        self.run_at(2, "scan", "--config", "tokensweep.toml", "--format", "none")
        events = json.loads(self.run_at(2, "diff", "--format", "json", "--db", self.home.db))["events"]
        self.assertEqual([("class_changed", 0), ("flags_changed", 0)], [(event["event"], event["sweep"]) for event in events])
        expired = json.loads(self.run_at(25, "export", "--format", "jsonl", "--scope", "dead", "--db", self.home.db))
        self.assertEqual(hit["id"], expired["id"])
        listed()
        self.run_at(3, "import", "npm-tokens", "ann.json", "--quiet", "--db", self.home.db)
        self.assertIn("dead", json.loads(self.run_at(3, "export", "--format", "jsonl", "--db", self.home.db))["scope"])
        explained = self.run_at(3, "classify", "--explain", hit["token"], "--db", self.home.db)
        self.assertIn("* registry", explained)
        self.assertIn("the tokens of ann", explained)
        self.assertEqual(self.run_at(3, "classify", "--explain", hit["id"], "--db", self.home.db), explained)


class Imports(ProgramTest):
    def test_what_is_no_list_is_refused_in_one_line_and_changes_nothing(self):
        home = Home(self)
        home.write("tree/.npmrc", f"//registry.corp.example/:_authToken={npm('import')}\n")
        self.assert_run(home.scan(), 0)
        before = home.sql("SELECT (SELECT count(*) FROM list), (SELECT count(*) FROM listed_token)")
        good = home.write("good.json", "[]")
        cases = [
            ("npm-tokens", "", "no list in it"),
            ("npm-tokens", "<!DOCTYPE html><html><body>Log in</body></html>", "web page"),
            ("npm-tokens", '[{"key": "x", "token": "npm_abcd...wxyz", "created"', "JSON"),
            ("npm-tokens", '{"error": {"code": "E401", "summary": "log in"}}', "E401"),
            ("npm-tokens", "┌────┬─────┐\n│ id │ token │\n└────┴─────┘\n", "--json"),
            ("npm-packages", "<html></html>", "web page"),
            ("ranks", "1\tleft-pad\n", "date"),
            ("ranks", "# date: 2999-01-01\n1\tleft-pad\n", "yet to come"),
        ]
        for kind, text, words in cases:
            with self.subTest(kind=kind, text=text):
                bad = home.write("bad.json", text)
                files = [good, bad] if kind == "npm-tokens" else [bad]
                run = home.run("import", kind, *files, "--db", home.db)
                self.assertEqual((2, b""), (run.code, run.out))
                self.assertEqual(1, len(run.error_lines), run.error)
                self.assertIn(words, run.error)
                self.assertEqual(before, home.sql("SELECT (SELECT count(*) FROM list), (SELECT count(*) FROM listed_token)"))
        for words, arguments in [("there is no sweep", ["diff", "--since", "99"]), ("--since expects", ["diff", "--since", "soon"]),
                                 ("no hit and no token", ["classify", "--explain", "t0"]), ("such source", ["scan", "--config", "c.toml", "--source", "x"])]:
            home.write("c.toml", '[[source]]\nname = "here"\ntype = "filesystem"\npath = "tree"\n')
            run = home.run(*arguments, "--db", home.db)
            self.assertEqual(2, run.code, arguments)
            self.assertIn(words, run.error)


class Resume(ProgramTest):
    def test_an_interrupted_sweep_goes_on_with_what_it_had_not_finished(self):
        """The second source is this machine's /usr, which takes seconds; the sweep is interrupted in it."""
        home = Home(self)
        home.write("first/.npmrc", f"//registry.corp.example/:_authToken={npm('resume 1')}\n")
        home.write("tokensweep.toml", f"""[inventory]
file = "{home.db}"
[[source]]
name = "first"
type = "filesystem"
path = "first"
[[source]]
name = "second"
type = "filesystem"
path = "/usr"
deep = true
threads = 1
""")
        home.at("tokensweep.toml").chmod(0o600)

        def interrupted(*arguments: str) -> int:
            process = subprocess.Popen([BINARY, "scan", "--config", "tokensweep.toml", "--format", "none", *arguments],
                                       env=home.environment(), cwd=home.path, stderr=subprocess.DEVNULL)
            self.addCleanup(process.kill)
            deadline = time.monotonic() + 30
            while time.monotonic() < deadline and process.poll() is None:
                if Path(home.db).exists() and home.sql("SELECT 1 FROM coverage WHERE source_name = 'first' AND state = 'complete' "
                                                       "AND sweep_state = 'running'"):
                    break
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            return process.wait(30)

        self.assertEqual(130, interrupted())
        home.write("first/later/.npmrc", f"//registry.corp.example/:_authToken={npm('resume 2')}\n")
        self.assertEqual(130, interrupted("--resume"))
        self.assertEqual([(1, "interrupted")], home.sql("SELECT id, state FROM sweep"))
        self.assertEqual(1, len(home.export("--source", "first")))
        run = home.run("scan", "--config", "tokensweep.toml", "--source", "first", "--format", "none")
        self.assertEqual(0, run.code)
        self.assertEqual(2, len(home.export("--source", "first")))


if __name__ == "__main__":
    unittest.main()
