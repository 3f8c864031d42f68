"""Laptops that hand their inventories over to one collector: real sweeps of planted trees on virtual dates, against a truth that
is computed here; files that were changed on the way; and a kill in the middle of an import."""

import base64
import hashlib
import json
import os
import random
import re
import shutil
import sqlite3
import unittest
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Callable

from support import Home, ProgramTest, Run, alnum, basic, npm, require
from test_canary import leaks

FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
START = datetime(2026, 3, 1, 6, 0, 0, tzinfo=timezone.utc)
LARGEST = 64 << 20
FILES = {".npmrc": "//registry.corp.example/:_authToken={}\n", "Dockerfile": "FROM node\nENV NPM_TOKEN={}\nRUN npm ci\n"}
WEAK = "summer2024"


class Machine(Home):
    """A home with a clock and an inventory of its own. Its tree is `holds`: place -> value."""

    def __init__(self, test: ProgramTest, name: str) -> None:
        super().__init__(test)
        if FAKETIME is None:
            test.fail("libfaketime is missing: apt-get install faketime")
        self.test, self.name, self.hour = test, name, 0
        self.holds: dict[str, str] = {}

    def environment(self, **more: str) -> dict[str, str]:
        at = (START + timedelta(hours=self.hour)).strftime("@%Y-%m-%d %H:%M:%S")
        return super().environment(LD_PRELOAD=str(FAKETIME), FAKETIME=at, NO_FAKE_STAT="1", FAKETIME_DONT_FAKE_MONOTONIC="1", **more)

    def plant(self) -> None:
        """Makes the tree what `holds` says."""
        tree = self.at("tree")
        tree.mkdir(exist_ok=True)
        for file in [path for path in tree.rglob("*") if path.is_file()]:
            if str(file.relative_to(tree)) not in self.holds:
                file.unlink()
        for place, value in self.holds.items():
            if value == WEAK:
                self.write(f"tree/{place}", f"//weak.corp.example/:_auth={basic('ci', WEAK)}\n")
            else:
                self.write(f"tree/{place}", FILES[place.split("/")[-1]].format(value))

    def good(self, *arguments: Any, **options: Any) -> Run:
        return self.test.assert_run(self.run(*arguments, **options), 0)

    def sweep(self, *arguments: Any) -> None:
        self.plant()
        self.good("scan", "--path", "tree", "--format", "none", "--quiet", *arguments)

    def hand_over(self, name: str = "out.sealed") -> Path:
        run = self.good("export", "--seal", "--output", name)
        self.sender = re.search(r"as sender ([0-9a-f]{32})", run.error).group(1)
        return self.at(name)

    def dump(self, db: Path | None = None) -> list[str]:
        connection = sqlite3.connect(f"file:{db or self.db}?mode=ro", uri=True)
        try:
            return list(connection.iterdump())
        finally:
            connection.close()


def inner(value: str, salt: bytes | None = None) -> bytes:
    """What a fingerprint is made of (docs/merge.md): whoever has it can test guesses."""
    digest = hashlib.sha256(b"tokensweep.v1\0" + value.encode()).digest()
    return hashlib.scrypt(digest, salt=salt, n=2**13, r=8, p=1, dklen=32) if salt else digest


def shapes(data: bytes) -> list[bytes]:
    """Bytes in the forms in which a program may write them."""
    texts = [base64.b64encode(b"\0" * shift + data).rstrip(b"=")[(shift * 8 + 5) // 6:-1] for shift in range(3)]
    return [data, data.hex().encode(), data.hex().upper().encode(), *texts, *[text.replace(b"+", b"-").replace(b"/", b"_") for text in texts]]


class Fleet(ProgramTest):
    """Some laptops and a collector, which is a machine that is swept like the others."""
    LAPTOPS = 3

    def setUp(self) -> None:
        self.collector = Machine(self, "collector")
        self.line = self.collector.good("collector", "init").text.strip()
        self.laptops = [Machine(self, f"laptop{number}") for number in range(self.LAPTOPS)]
        self.machines = [self.collector, *self.laptops]
        for laptop in self.laptops:
            laptop.write("collector.pub", self.line + "\n")

    def plant(self, seed: int) -> None:
        chance = random.Random(seed)
        values = [npm(f"merge {seed} {number}") for number in range(8)]
        for machine in self.machines:
            for number, value in enumerate(chance.sample(values, 4)):
                machine.holds[f"p{number}/{chance.choice(sorted(FILES))}"] = value
            machine.holds["weak/.npmrc"] = WEAK

    def pass_hours(self, hours: int = 1) -> None:
        for machine in self.machines:
            machine.hour += hours

    def sweep_all(self) -> list[Path]:
        """Every machine sweeps itself, and the laptops hand over."""
        self.pass_hours()
        for machine in self.machines:
            machine.sweep(*([] if machine is self.collector else ["--seal-to", "collector.pub"]))
        self.pass_hours()
        return [laptop.hand_over() for laptop in self.laptops]

    def merge_all(self) -> int:
        """Sweeps, hands over and merges; the number of the last sweep before the merges."""
        files = self.sweep_all()
        before = self.collector.sweeps()[-1][0]
        self.collector.good("import", "inventory", *files)
        return before

    def truth(self) -> dict[str, set[tuple[str, str]]]:
        """Where each value is held: (machine, place)."""
        held: dict[str, set[tuple[str, str]]] = {}
        for machine in self.machines:
            for place, value in machine.holds.items():
                held.setdefault(value, set()).add((machine.name, place))
        return held

    def machine_of(self, store: str) -> Machine:
        return next(machine for machine in self.machines if store.endswith(f":{machine.at('tree')}"))

    def told(self) -> dict[str, set[tuple[str, str]]]:
        """The same as the collector knows it, by token."""
        held: dict[str, set[tuple[str, str]]] = {}
        for hit in self.collector.export():
            place = (self.machine_of(hit["store"]).name, hit["locator"].rsplit(":", 1)[0])
            held.setdefault(hit["token"], set()).add(place)
        return held

    def assert_true(self) -> None:
        self.assertEqual(sorted(map(sorted, self.truth().values())), sorted(map(sorted, self.told().values())))


class Merges(Fleet):
    def test_a_token_has_one_id_wherever_it_is_held(self):
        for seed in [1, 2]:
            self.plant(seed)
            self.merge_all()
            self.assert_true()
        own_ids = {machine.name: {hit["token"] for hit in machine.export()} for machine in self.machines}
        for laptop in self.laptops:
            self.assertEqual(set(), own_ids[laptop.name] & own_ids["collector"], "an id of a laptop says nothing elsewhere")

    def test_blast_radius(self):
        self.plant(3)
        shared = npm("merge shared")
        for machine in self.machines:
            machine.holds["shared/.npmrc"] = shared
        self.merge_all()
        token = next(hit["token"] for hit in self.collector.export() if hit["preview"] and hit["preview"].startswith(shared[:8]))
        shown = self.collector.good("show", token).text
        for machine in self.machines:
            self.assertIn(str(machine.at("tree")), shown)
        self.assertEqual(len(self.machines), shown.count("shared/.npmrc:1"))
        self.assertEqual([(len(self.machines),)], self.collector.sql("SELECT places FROM tokens WHERE token = ?", token))

    def test_a_class_is_the_strictest_of_all_machines(self):
        for machine in self.machines:
            machine.holds["a/.npmrc"] = npm("merge strictest")
        self.merge_all()
        self.assertEqual({"D"}, {hit["class"] for hit in self.collector.export()})
        self.laptops[0].holds["b/Dockerfile"] = npm("merge strictest")
        self.merge_all()
        self.assertEqual({"C"}, {hit["class"] for hit in self.collector.export()})
        del self.laptops[0].holds["b/Dockerfile"]
        self.merge_all()
        self.assertEqual({"D"}, {hit["class"] for hit in self.collector.export()})

    def test_changes_of_a_laptop_are_events(self):
        first, second, third = self.laptops
        for laptop in self.laptops:
            laptop.holds = {"stay/.npmrc": npm(f"stay {laptop.name}"), "x/.npmrc": npm(f"x {laptop.name}")}
        self.merge_all()
        del first.holds["x/.npmrc"]
        second.holds["elsewhere/.npmrc"] = second.holds.pop("x/.npmrc")
        third.holds["x/.npmrc"] = npm("another value")
        third.holds["new/.npmrc"] = npm("a new one")
        before = self.merge_all()
        self.assert_true()
        told = self.collector.good("diff", "--since", str(before), "--format", "json").json()["events"]
        self.assertEqual(
            sorted([("gone", first.name, "x/.npmrc:1"), ("moved", second.name, "elsewhere/.npmrc:1"),
                    ("value_changed", third.name, "x/.npmrc:1"), ("came", third.name, "new/.npmrc:1")]),
            sorted((event["event"], self.machine_of(event["store"]).name, event["locator"]) for event in told))
        # And nothing changes where nothing changed.
        before = self.merge_all()
        self.assertEqual([], self.collector.good("diff", "--since", str(before), "--format", "json").json()["events"])

    def test_an_unchanged_sweep_seals_nothing_anew(self):
        self.plant(4)
        self.sweep_all()
        boxes = self.laptops[0].sql("SELECT fingerprint, sealed FROM token ORDER BY 1")
        self.assertNotIn(None, [box for _, box in boxes])
        self.sweep_all()
        self.assertEqual(boxes, self.laptops[0].sql("SELECT fingerprint, sealed FROM token ORDER BY 1"))

    def test_what_a_sweep_could_not_read_is_not_gone(self):
        laptop = self.laptops[0]
        laptop.holds = {"a/.npmrc": npm("merge a"), "b/.npmrc": npm("merge b")}
        self.merge_all()
        self.pass_hours()
        laptop.at("tree").rename(laptop.at("away"))
        laptop.write("tokensweep.toml", f'[inventory]\ncollector_key = "{self.line}"\n[[source]]\nname = "filesystem"\ntype = "filesystem"\npath = "tree"\n')
        self.assert_run(laptop.run("scan", "--config", "tokensweep.toml", "--format", "none"), 3)
        self.pass_hours()
        self.collector.good("import", "inventory", laptop.hand_over())
        self.assertEqual({"unknown"}, {hit["state"] for hit in self.collector.export("--state", "all")})
        laptop.at("away").rename(laptop.at("tree"))
        del laptop.holds["b/.npmrc"]
        self.merge_all()
        self.assertEqual({"a/.npmrc:1": "present", "b/.npmrc:1": "gone"},
                         {hit["locator"]: hit["state"] for hit in self.collector.export("--state", "all")})

    def test_a_new_collectors_key(self):
        laptop = self.laptops[0]
        laptop.holds = {"a/.npmrc": npm("merge a")}
        old_file = self.sweep_all()[0]
        secret = Path(f"{self.collector.db}.collector")
        old = secret.rename(self.collector.at("old.collector"))
        line = self.collector.good("collector", "init").text
        self.assertNotEqual(self.line, line.strip())
        self.assert_one_clear_line(self.assert_run(self.collector.run("import", "inventory", old_file), 2), "another collector")
        self.collector.good("import", "inventory", old_file, "--collector-key", old)
        token, = {hit["token"] for hit in self.collector.export()}

        laptop.write("collector.pub", line)
        self.pass_hours()
        laptop.write("tokensweep.toml", f'[inventory]\ncollector_key = "{line.strip()}"\n')
        early = laptop.good("export", "--seal", "--config", "tokensweep.toml", "--output", "early.sealed")
        self.assertIn("1 hit without", early.error)
        self.pass_hours()
        laptop.sweep("--seal-to", "collector.pub")
        self.collector.good("import", "inventory", laptop.hand_over())
        self.assertEqual({token}, {hit["token"] for hit in self.collector.export()})

    def test_a_collector_hands_over_its_own_alone(self):
        self.plant(5)
        self.merge_all()
        above = Machine(self, "above")
        above.hour = self.collector.hour
        self.collector.write("above.pub", above.good("collector", "init").text)
        self.collector.sweep("--seal-to", "above.pub")
        above.hour += 1
        above.good("import", "inventory", self.collector.hand_over())
        self.assertEqual({str(self.collector.at("tree"))}, {hit["store"].split(":", 1)[1] for hit in above.export()})
        self.assertEqual(len(self.collector.holds), len(above.export()))


class Refusals(Fleet):
    LAPTOPS = 2

    def setUp(self) -> None:
        super().setUp()
        self.plant(6)
        self.files = self.sweep_all()
        self.collector.good("import", "inventory", self.files[0])
        self.pass_hours()
        self.old = self.collector.write("old.sealed", self.files[0].read_bytes())
        self.good = self.laptops[0].hand_over("new.sealed").read_bytes()
        self.before = self.collector.dump()

    def refuse(self, file: Path, *words: str, arguments: tuple = ()) -> None:
        run = self.assert_run(self.collector.run("import", "inventory", file, *arguments), 2)
        self.assert_one_clear_line(run, file.name, *words)
        self.assertEqual(b"", run.out)
        self.assertEqual(self.before, self.collector.dump())

    def changed(self, change: Callable[[list[bytes]], list[bytes]]) -> bytes:
        return b"".join(change(self.good.splitlines(keepends=True)))

    def test_what_was_changed_on_the_way(self):
        lines = self.good.splitlines(keepends=True)
        self.assertGreater(len(lines), 6)
        cases = {
            "nothing in it": b"", "no sealed file": b"{}\n", "zeroes": bytes(4096), "a csv": b"id,class\n",
            "two lines swapped": self.changed(lambda lines: [*lines[:2], lines[3], lines[2], *lines[4:]]),
            "a line lost": self.changed(lambda lines: [*lines[:2], *lines[3:]]),
            "a line twice": self.changed(lambda lines: [*lines[:3], lines[2], *lines[3:]]),
            "the end lost": self.changed(lambda lines: lines[:-1]),
            "something behind it": self.good + b"\n", "twice the same": self.good * 2,
            "another place": self.good.replace(b"p0/", b"q0/"), "another time": self.good.replace(b"2026-03", b"2026-02"),
            "a terminal's escape": self.good.replace(b"registry.corp", b"registry\x1b[2J"),
        }
        chance = random.Random(7)
        for number in range(24):
            at = chance.randrange(len(self.good))
            cases[f"bit {number}"] = self.good[:at] + bytes([self.good[at] ^ (1 << chance.randrange(8))]) + self.good[at + 1:]
            cases[f"cut {number}"] = self.good[:chance.randrange(1, len(self.good))]
        for what, content in cases.items():
            with self.subTest(what=what):
                self.refuse(self.collector.write("bad.sealed", content))

    def test_older_ones(self):
        self.refuse(self.old, "was imported from the same laptop")
        self.collector.good("import", "inventory", self.collector.write("good.sealed", self.good))
        self.before = self.collector.dump()
        self.refuse(self.old, "was imported from the same laptop")
        self.refuse(self.collector.at("good.sealed"), "was imported from the same laptop")

    def test_what_is_no_ordinary_file(self):
        good = self.collector.write("good.sealed", self.good)
        self.refuse(self.collector.link("link.sealed", good), "symbolic link")
        os.mkfifo(self.collector.at("fifo.sealed"))
        self.refuse(self.collector.at("fifo.sealed"), "no ordinary file")
        self.collector.at("folder.sealed").mkdir()
        self.refuse(self.collector.at("folder.sealed"), "no ordinary file")
        self.refuse(self.collector.at("nowhere.sealed"), "no such file")
        with open(self.collector.write("large.sealed", self.good), "r+b") as file:
            file.truncate(LARGEST + 1)
        self.refuse(self.collector.at("large.sealed"), "64 MiB")

    def test_who_may_send(self):
        good = self.collector.write("good.sealed", self.good)
        config = self.collector.write("senders.toml", f'[collector]\nsenders = ["{self.laptops[1].sender}"]\n')
        self.refuse(good, "sender", self.laptops[0].sender, arguments=("--config", config))
        self.collector.write("senders.toml", f'[collector]\nsenders = ["{self.laptops[0].sender}"]\n')
        self.collector.good("import", "inventory", good, "--config", config)

    def test_another_collectors(self):
        other = Machine(self, "other")
        other.hour = self.collector.hour
        self.laptops[0].write("other.pub", other.good("collector", "init").text)
        self.laptops[0].sweep("--seal-to", "other.pub")
        file = self.laptops[0].hand_over("other.sealed")
        self.refuse(file, "another collector")
        other.good("import", "inventory", file)
        # With the other's secret, but this inventory's key, it is no more this one's.
        stolen = shutil.copy(f"{other.db}.collector", self.collector.at("stolen"))
        self.refuse(file, "another collector", arguments=("--collector-key", stolen))

    def test_one_refused_file_does_not_keep_the_others_out(self):
        bad = self.collector.write("bad.sealed", self.good[:-9])
        run = self.assert_run(self.collector.run("import", "inventory", bad, self.files[1], self.old, "--quiet"), 2)
        self.assertEqual(["bad.sealed", "old.sealed"], [re.search(r"(\w+\.sealed):", line).group(1) for line in run.error_lines])
        self.assert_true()

    def test_a_file_twice_on_one_command_line_counts_once(self):
        self.assert_run(self.collector.run("import", "inventory", self.files[1], self.files[1], "--quiet"), 2)
        self.assert_true()

    def test_what_is_missing(self):
        """Each mistake of the user gets its line, and makes nothing."""
        stranger = Machine(self, "stranger")
        self.assert_one_clear_line(self.assert_run(stranger.run("import", "inventory", self.files[0]), 2), "collector init")
        self.assert_one_clear_line(self.assert_run(stranger.run("export", "--seal"), 4), "no inventory there")
        self.assertFalse(stranger.at(".local").exists())
        stranger.sweep()
        self.assert_one_clear_line(self.assert_run(stranger.run("export", "--seal"), 2), "--seal-to")
        stranger.write("cut.pub", self.line[:60])
        run = self.assert_run(stranger.run("scan", "--path", "tree", "--seal-to", "cut.pub"), 2)
        self.assert_one_clear_line(run, "cut.pub", "not a collector's public key")
        self.assert_silent_about(run, self.line[30:50])
        Path(f"{self.collector.db}.collector").chmod(0o644)
        self.assert_one_clear_line(self.assert_run(self.collector.run("import", "inventory", self.files[1]), 2), ".collector")


class Silence(Fleet):
    LAPTOPS = 2

    def test_no_value_and_nothing_that_tests_a_guess(self):
        """Of the same values on two laptops: what they hand over shows neither them nor what a guess could be compared with."""
        self.plant(8)
        self.laptops[1].holds = dict(self.laptops[0].holds)
        files = self.sweep_all()
        runs = [self.collector.run("import", "inventory", *files), self.collector.run("--log-format", "json", "import", "inventory", *files),
                self.laptops[0].run("export", "--seal")]
        stored = [path.read_bytes() for machine in self.machines for path in machine.at(".local").rglob("*")
                  if path.is_file() and not path.name.endswith((".key", ".collector"))]
        said = [*(run.out for run in runs), *(run.err for run in runs), *(file.read_bytes() for file in files), *stored]
        values = list({value for machine in self.machines for value in machine.holds.values()})
        self.assertEqual([], leaks(said, [value for value in values if value != WEAK]))
        salt = base64.urlsafe_b64decode(self.line.split(":")[1] + "==")[32:64]
        for value in values:
            digests = [inner(value), inner(value, salt), hashlib.sha256(value.encode()).digest()]
            for shape in [shape for digest in digests for shape in shapes(digest)]:
                self.assertFalse(any(shape in text for text in said), value)
        for text in said:
            self.assertNotIn(WEAK.encode(), text)

        hits = [[json.loads(line) for line in file.read_bytes().splitlines() if line.startswith(b'{"line":"hit"')] for file in files]
        boxes = [{hit["sealed"] for hit in some} for some in hits]
        ids = [{hit["id"] for hit in some} for some in hits]
        self.assertEqual([len(set(self.laptops[0].holds.values()))] * 2, [len(some) for some in boxes])
        self.assertEqual(set(), boxes[0] & boxes[1], "a box that repeats tells who holds the same")
        self.assertEqual(set(), ids[0] & ids[1])
        self.assert_true()

    def test_what_is_made_is_for_its_owner_alone(self):
        self.plant(9)
        for file in [*self.sweep_all(), Path(f"{self.collector.db}.collector")]:
            self.assertEqual(0o600, file.stat().st_mode & 0o777, file)


class Killed(Fleet):
    LAPTOPS = 1

    def state(self, db: Path) -> list[tuple]:
        return self.collector.sql("SELECT id, class, reason, token, state, gone_at, locator, first_seen, last_seen, scope FROM hits ORDER BY id", db=db)

    def test_a_kill_leaves_the_old_or_the_new_and_the_import_can_be_repeated(self):
        require("strace")
        self.plant(10)
        self.merge_all()
        laptop = self.laptops[0]
        laptop.holds.pop(sorted(laptop.holds)[0])
        laptop.holds["new/.npmrc"] = npm("merge new")
        file = self.sweep_all()[0]
        folder = self.collector.db.parent

        def copy(name: str) -> Path:
            shutil.copytree(folder, self.collector.at(name))
            return self.collector.at(f"{name}/inventory.db")

        def take(db: Path, *before: str) -> Run:
            return self.collector.run("import", "inventory", file, "--db", db, "--quiet", before=list(before))

        old = self.state(self.collector.db)
        undisturbed = copy("undisturbed")
        self.assert_run(take(undisturbed), 0)
        new = self.state(undisturbed)
        self.assertNotEqual(old, new)
        seen, ended = set(), False
        for call in ["pwrite64", "fdatasync"]:
            ended = False
            for number in range(1, 200):
                db = copy(f"{call}{number}")
                run = take(db, "strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={number}")
                if run.code == 0:
                    ended = True
                    break
                self.assert_intact(db)
                state = self.state(db)
                self.assertIn(state, [old, new], f"{call} {number}")
                seen.add(state == new)
                again = take(db)
                if again.code != 0:  # it had been merged to its end
                    self.assert_one_clear_line(self.assert_run(again, 2), "was imported from the same laptop")
                self.assertEqual(new, self.state(db), f"{call} {number}")
                shutil.rmtree(db.parent)
            self.assertTrue(ended, f"no run got through without its {call}")
        self.assertEqual({False, True}, seen)


if __name__ == "__main__":
    unittest.main()
