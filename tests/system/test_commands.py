"""The commands, as users and scripts rely on them: outputs, filters, exit codes, and what the inventory remembers."""

import csv
import io
import json
import os
import pty
import re
import signal
import sqlite3
import subprocess
import time
import unittest
from datetime import datetime
from pathlib import Path

from support import (COLUMNS, ROOT, Home, ProgramTest, alnum, b64, basic, npm, npm_bad, preview_of, public_registry, require, uuid)

DAY = 86400
# Slows the walk of directories down, so that a sweep can be met in the middle.
SLOWLY = ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=getdents64", "-e", "inject=getdents64:delay_exit=20000"]


def npmrc(name: str, registry: str | None = None) -> str:
    return f"//{registry or name + '.example.test'}/:_authToken={npm(name)}\n"


def age(path: Path, days: float) -> Path:
    then = time.time() - days * DAY
    os.utime(path, (then, then))
    return path


class Exports(ProgramTest):
    def setUp(self) -> None:
        self.home = Home(self)
        write = self.home.write
        age(write("pkg/top/.npmrc", npmrc("top")), 45)
        write("pkg/top/package.json", '{"name": "semver"}')
        age(write("pkg/ours/.npmrc", npmrc("ours"), 0o644), 10)
        write("pkg/ours/package.json", '{"name": "@acme/ours"}')
        age(write("ci/.github/workflows/ci.yml", f"jobs:\n  x:\n    steps:\n      - run: npm ci\n        env: {{ NPM_TOKEN: {npm('ci')} }}\n"), 100)
        age(write(".npmrc", f"//{public_registry()}/:_authToken={uuid('classic')}\n"), 400)
        age(write("bad/.npmrc", f"//bad.example.test/:_authToken={npm_bad('bad')}\n"), 1)
        age(write("auth/.npmrc", f"//auth.example.test/:_auth={basic('ci', alnum(24, 'auth'))}\n"), 200)
        age(write("reference/.npmrc", "//ref.example.test/:_authToken=${NPM_TOKEN}\n"), 500)
        age(write("gone/.npmrc", npmrc("gone")), 3)
        for number, name in enumerate(["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "plain, with \"quotes\""]):
            write(f"formula/{name}/.npmrc", npmrc(f"formula{number}"))
        self.assert_run(self.home.scan(), 0)
        self.home.at("gone/.npmrc").unlink()
        self.assert_run(self.home.scan(), 0)

    def locators(self, *arguments: str) -> list[str]:
        return sorted(hit["locator"] for hit in self.home.export(*arguments) if not hit["locator"].startswith("formula/"))

    def test_json_is_one_object_and_json_lines_are_its_hits(self):
        for arguments in [[], ["--state", "all"], ["--class", "A"]]:
            run = self.assert_run(self.home.run("export", "--format", "json", *arguments), 0)
            self.assertEqual("", run.error)
            whole = run.json()
            self.assertEqual(["schema_version", "generated_at", "sweeps", "hits"], list(whole))
            self.assertEqual(1, whole["schema_version"])
            datetime.strptime(whole["generated_at"], "%Y-%m-%dT%H:%M:%SZ")
            self.assertEqual(["complete", "complete"], [sweep["state"] for sweep in whole["sweeps"]])
            self.assertEqual(whole["hits"], self.home.export(*arguments))
            for hit in whole["hits"]:
                self.assertEqual(COLUMNS, list(hit)[:len(COLUMNS)])

    def test_values_are_of_the_types_of_the_contract(self):
        for hit in self.home.export("--state", "all"):
            self.assertIn(hit["class"], "ABCD")
            self.assertIn(hit["confidence"], ["confirmed", "inferred", "assumed"])
            self.assertIn(hit["checksum"], ["valid", "invalid", "none"])
            self.assertIn(hit["state"], ["present", "gone", "unknown"])
            self.assertIsInstance(hit["scope"], list)
            self.assertIsInstance(hit["overdue"], bool)
            for key in ["id", "reason", "rule", "kind", "source", "store", "locator", "age_basis"]:
                self.assertIsInstance(hit[key], str)
                self.assertNotEqual("", hit[key], key)
            for key in ["created_at", "updated_at", "first_seen", "last_seen", "gone_at"]:
                if hit[key] is not None:
                    datetime.strptime(hit[key], "%Y-%m-%dT%H:%M:%SZ")
            for key in ["age_days", "age_days_max"]:
                self.assertIsInstance(hit[key], (int, type(None)))
            self.assertEqual(hit["state"] == "gone", hit["gone_at"] is not None)
            if hit["preview"] and hit["kind"] == "npm-token":
                self.assertRegex(hit["preview"], "^npm_[A-Za-z0-9]{4}…[A-Za-z0-9]{4}$")

    def test_csv_round_trip(self):
        run = self.assert_run(self.home.run("export", "--format", "csv", "--state", "all"), 0)
        self.assertTrue(run.out.endswith(b"\r\n"), "RFC 4180")
        rows = list(csv.reader(io.StringIO(run.out.decode("utf-8"), newline=""), strict=True))
        self.assertEqual(COLUMNS, rows[0][:len(COLUMNS)])
        hits = {hit["id"]: hit for hit in self.home.export("--state", "all")}
        self.assertEqual(len(hits), len(rows) - 1)

        def cell(value) -> str:
            if value is None:
                return ""
            if isinstance(value, bool):
                return str(value).lower()
            if isinstance(value, list):
                return " ".join(value)
            return str(value)

        for row in rows[1:]:
            self.assertEqual(len(rows[0]), len(row))
            for name, got in zip(rows[0], row):
                self.assertEqual(cell(hits[row[0]][name]), got.removeprefix("'") if got[:2] in ("'=", "'+", "'-", "'@") else got)

    def test_no_cell_is_a_formula(self):
        scan = self.assert_run(self.home.run("scan", "--path", self.home.at("formula"), "--format", "csv"), 0)
        for run in [scan, self.home.run("export", "--format", "csv")]:
            rows = list(csv.reader(io.StringIO(run.out.decode("utf-8"), newline=""), strict=True))
            for row in rows:
                for value in row:
                    self.assertNotRegex(value, r"^[\s]*[=+\-@\t\r＝＋－＠]")
        locators = [row[COLUMNS.index("locator")] for row in csv.reader(io.StringIO(scan.text, newline=""))][1:]
        self.assertEqual(5, len(locators))
        self.assertEqual(4, len([locator for locator in locators if locator.startswith("'")]))

    def test_output_into_a_file(self):
        for format in ["csv", "json", "jsonl"]:
            printed = self.home.run("export", "--format", format).out
            run = self.assert_run(self.home.run("export", "--format", format, "--output", "out"), 0)
            self.assertEqual(b"", run.out)
            written = self.home.at("out").read_bytes()
            self.assertEqual(re.sub(b'"generated_at":"[^"]*"', b"", printed), re.sub(b'"generated_at":"[^"]*"', b"", written))
            self.assertEqual(0o600, self.home.at("out").stat().st_mode & 0o777)
        self.assertEqual(self.home.run("export", "--format", "csv").out, self.home.run("export", "--format", "csv", "--output", "-").out)

    def test_output_is_no_ones_else(self):
        self.home.write("victim", "x")
        self.home.link("link.csv", "victim")
        self.home.at("folder").mkdir()
        os.mkfifo(self.home.at("fifo"))
        for target in ["link.csv", "folder", "fifo", "nowhere/x.csv"]:
            run = self.assert_run(self.home.run("export", "--format", "csv", "--output", target), 2)
            self.assert_one_clear_line(run, target.split("/")[0])
        self.assertEqual("x", self.home.at("victim").read_text())

    def test_filters(self):
        all_present = [".npmrc:1", "auth/.npmrc:1", "bad/.npmrc:1", "ci/.github/workflows/ci.yml:5", "pkg/ours/.npmrc:1", "pkg/top/.npmrc:1", "reference/.npmrc:1"]
        cases = {
            "": all_present,
            "--class A": ["pkg/top/.npmrc:1"],
            "--class A,B": ["pkg/ours/.npmrc:1", "pkg/top/.npmrc:1"],
            "--class A --class C": ["ci/.github/workflows/ci.yml:5", "pkg/top/.npmrc:1"],
            "--state gone": ["gone/.npmrc:1"],
            "--state all": sorted([*all_present, "gone/.npmrc:1"]),
            "--older-than 90d": [".npmrc:1", "auth/.npmrc:1", "ci/.github/workflows/ci.yml:5"],
            "--older-than 30d": [".npmrc:1", "auth/.npmrc:1", "ci/.github/workflows/ci.yml:5", "pkg/top/.npmrc:1"],
            "--overdue": [".npmrc:1", "ci/.github/workflows/ci.yml:5", "pkg/top/.npmrc:1"],
            "--overdue --class A": ["pkg/top/.npmrc:1"],
            "--scope classic": [".npmrc:1"],
            "--scope publish": ["pkg/ours/.npmrc:1", "pkg/top/.npmrc:1"],
            "--scope world-readable": ["pkg/ours/.npmrc:1"],
            "--scope reference": ["reference/.npmrc:1"],
            "--source filesystem": all_present,
            "--source github": [],
        }
        for arguments, expected in cases.items():
            with self.subTest(arguments=arguments):
                self.assertEqual(expected, self.locators(*arguments.split()))

    def test_ages_and_dates(self):
        hits = {hit["locator"]: hit for hit in self.home.export()}
        for locator, days, rotate_in, overdue in [("pkg/top/.npmrc:1", 45, -38, True), ("pkg/ours/.npmrc:1", 10, 80, False), (".npmrc:1", 400, -35, True),
                                                  ("ci/.github/workflows/ci.yml:5", 100, -10, True), ("auth/.npmrc:1", 200, 165, False)]:
            hit = hits[locator]
            self.assertEqual((days, days, "file_mtime", overdue), (hit["age_days"], hit["age_days_max"], hit["age_basis"], hit["overdue"]), locator)
            due = datetime.strptime(hit["rotate_by"], "%Y-%m-%d").timestamp()
            self.assertLessEqual(abs(due - time.time() - rotate_in * DAY), 1.01 * DAY, locator)
        self.assertEqual((None, None, False), tuple(hits["reference/.npmrc:1"][key] for key in ["age_days", "rotate_by", "overdue"]))

    def test_wrong_filters(self):
        for arguments in ["--class E", "--class", "--state here", "--older-than soon", "--older-than -1d", "--scope nonsense", "--source A!", "--format xml", "--nonsense", "extra"]:
            with self.subTest(arguments=arguments):
                format = [] if "--format" in arguments else ["--format", "csv"]
                run = self.assert_run(self.home.run("export", *format, *arguments.split()), 2)
                self.assertEqual(b"", run.out)
                self.assertIn("--help", run.error + "Did you mean --help")
                self.assertLessEqual(len(run.error_lines), 2)

    def test_show(self):
        hit = next(hit for hit in self.home.export() if hit["locator"] == "pkg/top/.npmrc:1")
        for identifier in [hit["token"], hit["token"][:9], hit["token"].upper().replace("T", "t", 1)][:2]:
            run = self.assert_run(self.home.run("show", identifier), 0)
            self.assertIn("pkg/top/.npmrc:1", run.text)
            self.assertIn(hit["preview"], run.text)
            self.assertNotIn("pkg/ours", run.text)
        for identifier in ["t0000000000000000", "x", npm("top"), ""]:
            run = self.assert_run(self.home.run("show", identifier), 2)
            self.assert_silent_about(run, npm("top"))
        self.assert_one_clear_line(self.home.run("show", "t0000000000000000"))

    def test_beginning_that_fits_several_tokens(self):
        for number in range(17):  # two of these begin with the same digit
            self.home.write(f"many/{number}/.npmrc", npmrc(f"many{number}"))
        tokens = {hit["token"] for hit in self.assert_run(self.home.scan(), 0).jsonl() if hit["token"]}
        beginning = next(token[:2] for token in tokens if len([other for other in tokens if other[:2] == token[:2]]) > 1)
        run = self.assert_run(self.home.run("show", beginning), 2)
        self.assertTrue(any(token in run.error for token in tokens if token.startswith(beginning)), run.error)

    def test_gone_token_can_be_shown(self):
        hit, = self.home.export("--state", "gone")
        self.assertIn("gone", self.assert_run(self.home.run("show", hit["token"]), 0).text)

    def test_table_has_the_worst_and_oldest_first(self):
        text = self.assert_run(self.home.run("scan", "--path", self.home.path), 0).text
        order = [text.index(locator) for locator in ["pkg/top/.npmrc:1", "pkg/ours/.npmrc:1", "ci/.github/workflows/ci.yml:5"]]
        self.assertEqual(sorted(order), order)
        self.assertLess(text.index("  .npmrc:1"), text.index("auth/.npmrc:1"))
        for words in ["A 1", "B 1", "C 1", "classic", "world-readable|everybody|others", "Complete"]:
            self.assertRegex(text, words)
        self.assertNotIn("gone/", text)
        for value in [npm("top"), npm("ours"), uuid("classic")]:
            self.assertNotIn(value, text)


class History(ProgramTest):
    def hits(self, home: Home, *arguments: str) -> dict[str, dict]:
        return {hit["locator"]: hit for hit in home.export("--state", "all", *arguments)}

    def test_first_seen_stays_and_last_seen_moves(self):
        home = Home(self)
        home.write("a/.npmrc", npmrc("a"))
        self.assert_run(home.scan(), 0)
        first = self.hits(home)["a/.npmrc:1"]
        time.sleep(1.1)
        home.write("a/.npmrc", "\n" + npmrc("a"))
        self.assert_run(home.scan(), 0)
        second = self.hits(home)["a/.npmrc:2"]
        self.assertEqual((first["id"], first["token"], first["first_seen"]), (second["id"], second["token"], second["first_seen"]))
        self.assertLess(first["last_seen"], second["last_seen"])
        self.assertEqual(1, len(home.export("--state", "all")), "a line that moves is no other hit")

    def test_gone_and_back_again(self):
        home = Home(self)
        home.write("a/.npmrc", npmrc("a"))
        home.write("b/.npmrc", npmrc("b"))
        self.assert_run(home.scan(), 0)
        first = self.hits(home)["a/.npmrc:1"]
        home.at("a/.npmrc").unlink()
        self.assertEqual(["b/.npmrc:1"], [hit["locator"] for hit in self.assert_run(home.scan(), 0).jsonl()])
        gone = self.hits(home)["a/.npmrc:1"]
        self.assertEqual("gone", gone["state"])
        self.assertIsNotNone(gone["gone_at"])
        self.assertFalse(gone["overdue"])
        self.assert_run(home.scan(), 0)
        self.assertEqual(gone["gone_at"], self.hits(home)["a/.npmrc:1"]["gone_at"], "since the first sweep that missed it")
        home.write("a/.npmrc", npmrc("a"))
        self.assert_run(home.scan(), 0)
        back = self.hits(home)["a/.npmrc:1"]
        self.assertEqual(("present", None, first["id"], first["first_seen"]), (back["state"], back["gone_at"], back["id"], back["first_seen"]))

    def test_new_value_in_the_same_place(self):
        home = Home(self)
        home.write("a/.npmrc", npmrc("old", "a.example.test"))
        self.assert_run(home.scan(), 0)
        home.write("a/.npmrc", npmrc("new", "a.example.test"))
        self.assert_run(home.scan(), 0)
        self.assertEqual({preview_of(npm("old")): "gone", preview_of(npm("new")): "present"},
                         {hit["preview"]: hit["state"] for hit in home.export("--state", "all")})

    def test_default_sweep_does_not_retire_what_only_a_deep_one_sees(self):
        home = Home(self)
        home.write("a/.npmrc", npmrc("a"))
        home.write("notes.txt", npm("notes"))
        states = lambda: {locator: hit["state"] for locator, hit in self.hits(home).items()}
        self.assert_run(home.scan("--deep"), 0)
        self.assert_run(home.scan(), 0)
        self.assertNotEqual("gone", states()["notes.txt:1"])
        self.assertEqual("present", states()["a/.npmrc:1"])
        home.at("notes.txt").unlink()
        self.assert_run(home.scan(), 0)
        self.assertNotEqual("gone", states()["notes.txt:1"])
        self.assert_run(home.scan("--deep"), 0)
        self.assertEqual("gone", states()["notes.txt:1"])

    def test_excluded_places_are_not_gone(self):
        home = Home(self)
        home.write("a/.npmrc", npmrc("a"))
        home.write("b/.npmrc", npmrc("b"))
        self.assert_run(home.scan(), 0)
        self.assertEqual(["a/.npmrc:1"], [hit["locator"] for hit in self.assert_run(home.scan("--exclude", "b"), 0).jsonl()])
        self.assertEqual("unknown", self.hits(home)["b/.npmrc:1"]["state"])

    def test_rules_that_are_not_in_force_retire_nothing(self):
        home = Home(self)
        home.write("a/.npmrc", npmrc("a"))
        home.write(".env", "OUR=corp" + alnum(30, "ours") + "\n")
        home.write("ours.toml", "[[rules]]\nid = \"ours\"\ndescription = \"d\"\nregex = '''corp[A-Za-z0-9]{30}'''\nkeywords = [\"corp\"]\n")
        self.assertEqual(2, len(self.assert_run(home.scan("--rules", "ours.toml"), 0).jsonl()))
        self.assert_run(home.scan(), 0)
        self.assertEqual("unknown", self.hits(home)[".env:1"]["state"])

    def test_part_of_the_tree(self):
        home = Home(self)
        for name in ["a", "work/b", "work/c", "working/d"]:
            home.write(f"{name}/.npmrc", npmrc(name.replace("/", "")))
        self.assert_run(home.scan(), 0)
        before = {hit["preview"]: hit["id"] for hit in home.export()}
        self.assert_run(home.run("scan", "--path", home.at("work"), "--quiet"), 0)
        self.assertEqual(before, {hit["preview"]: hit["id"] for hit in home.export()}, "no hit is there twice")
        home.at("a/.npmrc").unlink()
        home.at("work/b/.npmrc").unlink()
        home.at("working/d/.npmrc").unlink()
        self.assert_run(home.run("scan", "--path", home.at("work"), "--quiet"), 0)
        states = {hit["preview"]: hit["state"] for hit in home.export("--state", "all")}
        self.assertEqual({"a": "present", "workb": "gone", "workc": "present", "workingd": "present"}, {name: states[preview_of(npm(name))] for name in ["a", "workb", "workc", "workingd"]})
        self.assert_run(home.scan(), 0)
        self.assertEqual(["workc"], [name for name in ["a", "workb", "workc", "workingd"] if preview_of(npm(name)) in {hit["preview"] for hit in home.export()}])

    def test_the_same_value_in_two_places_is_one_token(self):
        home = Home(self)
        home.write("a/.npmrc", npmrc("same", "a.example.test"))
        home.write("b/.env", f"NPM_TOKEN={npm('same')}\n")
        home.write("c/.npmrc", f"//c.example.test/:_auth={basic('ci', npm('same'))}\n")
        home.write("d.txt", b64("xx " + npm("same")))
        hits = self.assert_run(home.scan("--deep"), 0).jsonl()
        self.assertEqual(4, len({hit["id"] for hit in hits}))
        token, = {hit["token"] for hit in hits}
        text = self.assert_run(home.run("show", token), 0).text
        for locator in ["a/.npmrc:1", "b/.env:1", "c/.npmrc:1", "d.txt:1"]:
            self.assertIn(locator, text)
        self.assertEqual([(token, 4)], home.sql("SELECT token, places FROM tokens"))

    def test_another_inventory_has_other_ids(self):
        home = Home(self)
        home.write("a/.npmrc", npmrc("a"))
        ids = []
        for db in ["one.db", "two.db"]:
            hit, = self.assert_run(home.scan("--db", db), 0).jsonl()
            ids.append((hit["token"], hit["id"]))
        self.assertNotEqual(ids[0][0], ids[1][0])


class Interrupted(ProgramTest):
    SIZE = 50

    def setUp(self) -> None:
        require("strace")
        self.home = Home(self)
        for number in range(self.SIZE):
            self.home.write(f"{number}/.npmrc", npmrc(f"interrupted{number}"))

    def start_slowly(self, *more: str) -> subprocess.Popen:
        """Starts a sweep that takes some seconds, and returns when it is under way."""
        before = self.home.sweeps()
        process = self.home.start("scan", "--path", self.home.path, "--threads", "1", *more, before=SLOWLY)
        self.home.wait_for_sweep(process, before)
        return process

    def interrupt(self, number: int, *more: str) -> subprocess.CompletedProcess:
        process = self.start_slowly(*more)
        began = time.monotonic()
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
        self.assertLess(time.monotonic() - began, 3)
        self.assertEqual(130, process.returncode, (out, err))
        return subprocess.CompletedProcess([], process.returncode, out, err)

    def test_first_sweep_keeps_what_it_found(self):
        for number in [signal.SIGINT, signal.SIGTERM]:
            with self.subTest(signal=number):
                done = self.interrupt(number)
                self.assertRegex((done.stdout + done.stderr).decode(), "(?i)interrupted")
                self.assert_intact(self.home.db)
                self.assertEqual("interrupted", self.home.sql("SELECT state FROM sweep ORDER BY id DESC LIMIT 1")[0][0])
                hits = self.home.export("--state", "all")
                self.assertGreater(len(hits), 0)
                self.assertLess(len(hits), self.SIZE)

    def test_second_sweep_retires_nothing(self):
        self.assert_run(self.home.scan(), 0)
        for number in range(0, self.SIZE, 2):
            self.home.at(f"{number}/.npmrc").unlink()
        self.interrupt(signal.SIGINT)
        hits = self.home.export("--state", "all")
        self.assertEqual(self.SIZE, len(hits))
        self.assertNotIn("gone", {hit["state"] for hit in hits})
        self.assertEqual("interrupted", self.home.run("export", "--format", "json").json()["sweeps"][-1]["state"])
        self.assert_run(self.home.scan(), 0)
        self.assertEqual(self.SIZE // 2, len(self.home.export("--state", "gone")))

    def test_machine_formats_say_so(self):
        done = self.interrupt(signal.SIGINT, "--format", "jsonl")
        self.assertRegex(done.stderr.decode(), "(?i)interrupted")

    def test_killed_sweep_is_marked_by_the_next(self):
        process = self.start_slowly()
        process.kill()
        process.communicate()
        self.assert_intact(self.home.db)
        self.assert_run(self.home.scan(), 0)
        self.assertEqual([("interrupted",), ("complete",)], self.home.sql("SELECT state FROM sweep ORDER BY id"))
        self.assertEqual(self.SIZE, len(self.home.export()))

    def test_two_sweeps_at_once(self):
        first = self.start_slowly("--quiet")
        second = self.home.run("scan", "--path", self.home.path, "--quiet", "--format", "none")
        if second.code != 0:
            self.assert_run(second, 4)
            self.assert_one_clear_line(second, f"process {first.pid}")
        first.communicate(timeout=60)
        self.assertEqual(0, first.returncode)
        self.assert_intact(self.home.db)
        self.assertEqual(self.SIZE, len(self.home.export("--state", "all")))

    def test_a_reader_does_not_hold_a_sweep_up(self):
        self.assert_run(self.home.scan(), 0)
        reader = sqlite3.connect(self.home.db)
        self.addCleanup(reader.close)
        reader.execute("BEGIN").execute("SELECT count(*) FROM hits").fetchall()
        began = time.monotonic()
        self.assert_run(self.home.scan(), 0)
        self.assertLess(time.monotonic() - began, 3)

    def test_reading_while_a_sweep_runs(self):
        self.assert_run(self.home.scan(), 0)
        first = self.start_slowly("--quiet")
        self.assertEqual(self.SIZE, len(self.home.export()))
        self.assertIn(self.home.sql("SELECT count(*) FROM hits")[0][0], [self.SIZE])
        first.communicate(timeout=60)
        self.assertEqual(0, first.returncode)


class Scans(ProgramTest):
    def test_exit_codes_of_fail_on(self):
        home = Home(self)
        age(home.write("a/.npmrc", npmrc("a")), 400)
        home.write("b/.npmrc", "//b.example.test/:_authToken=${NPM_TOKEN}\n")
        for filters, code in {"class=D": 1, "class=A,B": 0, "overdue": 1, "older-than=500d": 0, "any": 1, "class=D overdue": 1, "class=A overdue": 0,
                              "scope=classic": 0, "scope=reference": 1}.items():
            with self.subTest(filters=filters):
                self.assert_run(home.scan("--fail-on", filters), code)
        self.assert_run(home.scan("--fail-on", "class=A", "--fail-on", "overdue"), 1)
        home.at("a/.npmrc").unlink()
        self.assert_run(home.scan("--fail-on", "any"), 0)
        self.assert_run(home.scan(), 0)

    def test_wrong_usage_writes_nothing(self):
        home = Home(self)
        home.write("a/.npmrc", npmrc("a"))
        for arguments in [[], ["scan"], ["scan", "--path"], ["scan", "--path", ".", "--format", "xml"], ["scan", "--path", ".", "--fail-on", "class=Z"],
                          ["scan", "--path", ".", "--threads", "0"], ["scan", "--path", ".", "--depp"], ["scna"], ["scan", "--path", ".", "--no-default-rules"],
                          ["scan", "--path", ".", "--deep=yes"], ["export"], ["rules"], ["--db"], ["show"], ["scan", "--path", ".", "--exclude", ""]]:
            with self.subTest(arguments=arguments):
                run = self.assert_run(home.run(*arguments), 2)
                self.assertEqual(b"", run.out)
                self.assertLessEqual(len(run.error_lines), 2)
                self.assertFalse(home.at(".local").exists())
        self.assertIn("--deep", home.run("scan", "--path", ".", "--depp").error)
        self.assertIn("scan", home.run("scna").error)

    def test_paths_inside_one_another_are_read_once(self):
        home = Home(self)
        home.write("a/.npmrc", npmrc("a"))
        home.write("a/b/.npmrc", npmrc("b"))
        run = self.assert_run(home.run("scan", "--path", home.at("a"), "--path", home.at("a/b"), "--path", "a/../a/", "--path", home.at("a/b/.npmrc"),
                                       "--format", "jsonl"), 0)
        self.assertEqual(["a/.npmrc".replace("a/", "") + ":1", "b/.npmrc:1"], sorted(hit["locator"] for hit in run.jsonl()))
        self.assertEqual([(2,)], home.sql("SELECT files_read FROM coverage"))

    def test_several_paths(self):
        home = Home(self)
        home.write("a/.npmrc", npmrc("a"))
        home.write("b/.npmrc", npmrc("b"))
        home.write("c/.npmrc", npmrc("c"))
        run = self.assert_run(home.run("scan", "--path", "a", "--path", "b", "--format", "json"), 0)
        self.assertEqual(2, len(run.json()["hits"]))
        self.assertEqual(["complete"], [sweep["state"] for sweep in run.json()["sweeps"]])
        self.assertEqual(2, len({hit["store"] for hit in run.json()["hits"]}))

    def test_exclude(self):
        home = Home(self)
        for name in ["keep", "node_modules/x", "deep/node_modules/y", "old/one", "old/two"]:
            home.write(f"{name}/.npmrc", npmrc(name.replace("/", "")))
        left = lambda *patterns: sorted(hit["locator"] for hit in self.assert_run(home.scan(*[word for pattern in patterns for word in ("--exclude", pattern)]), 0).jsonl())
        self.assertEqual(["keep/.npmrc:1", "old/one/.npmrc:1", "old/two/.npmrc:1"], left("node_modules"))
        self.assertEqual(["keep/.npmrc:1"], left("node_modules", "old/*"))
        self.assertEqual(4, len(left("old/one")))

    def test_empty_directory(self):
        home = Home(self)
        home.at("empty").mkdir()
        run = self.assert_run(home.run("scan", "--path", "empty"), 0)
        self.assertRegex(run.text, "No npm token")
        self.assertEqual([], self.assert_run(home.run("scan", "--path", "empty", "--format", "jsonl"), 0).jsonl())

    def test_where_the_inventory_lies(self):
        home = Home(self)
        home.write("a/.npmrc", npmrc("a"))
        self.assert_run(home.scan(), 0)
        self.assertTrue(home.db.exists())
        self.assert_run(home.scan(env={"XDG_DATA_HOME": str(home.at("data"))}), 0)
        self.assertTrue(home.at("data/tokensweep/inventory.db").exists())
        self.assert_run(home.scan("--db", "own/place.db"), 0)
        self.assertTrue(home.at("own/place.db").exists())
        run = self.assert_run(home.run("scan", "--path", "a", env={"HOME": ""}), 2)
        self.assertIn("--db", run.error)

    def test_access_times_stay(self):
        home = Home(self)
        paths = [home.write("a/.npmrc", npmrc("a")), home.write("a/.env", "X=1\n"), home.write("a/b/notes.txt", npm("notes")),
                 home.write("a/package.json", '{"name": "x"}'), home.write("a/.git/index", b"DIRC\0\0\0\2\0\0\0\0" + b"\0" * 20),
                 home.write("a/big.bin", b"\0" * (2 << 20)), home.at("a"), home.at("a/b")]
        for path in paths:
            os.utime(path, ns=(10**18, 2 * 10**18))  # read before it was written: reading it would move its access time
        for arguments in [[], ["--deep"]]:
            self.assert_run(home.run("scan", "--path", home.at("a"), *arguments, "--db", home.at("i.db")), 0)
            self.assertEqual({path: 10**18 for path in paths}, {path: path.stat().st_atime_ns for path in paths})
        self.assertEqual([2 * 10**18] * len(paths), [path.stat().st_mtime_ns for path in paths])

    def test_quiet_and_json_messages(self):
        home = Home(self)
        home.write("a/.npmrc", npmrc("a"))
        self.assertEqual(b"", self.assert_run(home.run("scan", "--path", "a", "--quiet"), 0).err)
        run = self.assert_run(home.run("--log-format", "json", "scan", "--path", "nowhere"), 2)
        message, = [json.loads(line) for line in run.error_lines]
        self.assertEqual("error", message["level"])
        self.assertIn("nowhere", message["message"])

    def test_git_tracked(self):
        require("git")
        home = Home(self)
        home.write("repo/.npmrc", npmrc("tracked"))
        home.write("repo/sub/.npmrc", npmrc("untracked"))
        git = ["git", "-C", str(home.at("repo")), "-c", "user.name=a", "-c", "user.email=a@example.test"]
        subprocess.run([*git, "init", "-q"], check=True, env=home.environment())
        subprocess.run([*git, "add", ".npmrc"], check=True, env=home.environment())
        scopes = {hit["locator"]: hit["scope"] for hit in self.assert_run(home.scan(), 0).jsonl()}
        self.assertEqual({"repo/.npmrc:1": ["git-tracked"], "repo/sub/.npmrc:1": []}, scopes)


class Terminal(ProgramTest):
    def on_terminal(self, home: Home, *arguments, **env: str) -> bytes:
        control, terminal = pty.openpty()
        process = home.start(*arguments, stdout=terminal, stderr=terminal, env={"TERM": "xterm-256color", **env})
        os.close(terminal)
        output = b""
        while True:
            try:
                piece = os.read(control, 65536)
            except OSError:
                break
            if not piece:
                break
            output += piece
        os.close(control)
        process.communicate()
        self.assertEqual(0, process.returncode)
        return output

    def test_colours(self):
        home = Home(self)
        home.write("a/.npmrc", npmrc("a"))
        colour = re.compile(rb"\x1b\[[0-9;]*m")
        self.assertRegex(self.on_terminal(home, "scan", "--path", "a"), colour)
        for env in [{"NO_COLOR": "1"}, {"TERM": "dumb"}]:
            self.assertNotRegex(self.on_terminal(home, "scan", "--path", "a", "--quiet", **env), rb"\x1b")
        self.assertNotRegex(self.on_terminal(home, "scan", "--path", "a", NO_COLOR="1"), colour)
        piped = self.assert_run(home.run("scan", "--path", "a"), 0)
        self.assertNotIn(b"\x1b", piped.out + piped.err)
        self.assert_printable(piped.out + piped.err)


class Documents(ProgramTest):
    def test_version_and_help(self):
        home = Home(self)
        self.assertRegex(self.assert_run(home.run("--version"), 0).text, r"^tokensweep \d+\.\d+\.\d+\S*\n$")
        for command in [[], ["scan"], ["export"], ["show"], ["import"], ["collector"], ["collector", "init"], ["rules"], ["rules", "list"], ["rules", "test"]]:
            run = self.assert_run(home.run(*command, "--help"), 0)
            self.assertEqual(b"", run.err)
            self.assertIn("tokensweep " + " ".join(command), run.text)
            self.assertLessEqual(max(map(len, run.text.splitlines())), 100)
        self.assertFalse(home.at(".local").exists())

    def test_it_starts_without_a_home(self):
        home = Home(self)
        for arguments in [["--version"], ["--help"], ["rules", "list"]]:
            self.assert_run(home.run(*arguments, env={"HOME": ""}), 0)

    def test_rules_list(self):
        run = self.assert_run(Home(self).run("rules", "list"), 0)
        for rule in ["npm-access-token", "npm-legacy-token", "npm-basic-auth", "registry-token", "npm-token-reference"]:
            self.assertRegex(run.text, f"(?m)^{rule} ")

    def test_rules_test(self):
        home = Home(self)
        home.write("x.txt", f"a\n{npm('a')} {npm_bad('b')}\n")
        run = self.assert_run(home.run("rules", "test", "x.txt"), 0)
        self.assertEqual(3, len(run.text.splitlines()))
        self.assertRegex(run.text, r"x\.txt:2  npm-access-token  npm-token  checksum valid")
        self.assertRegex(run.text, r"x\.txt:2  npm-access-token  npm-token  checksum invalid")
        self.assertIn("2 hits", run.text)
        self.assert_silent_about(run, npm("a"), npm_bad("b"))
        self.assertFalse(home.at(".local").exists(), "nothing is kept")
        self.assert_one_clear_line(self.assert_run(home.run("rules", "test", "nowhere"), 2), "nowhere")
        self.assert_one_clear_line(self.assert_run(home.run("rules", "test", "."), 2))

    def test_own_rules(self):
        home = Home(self)
        home.write("ours.toml", "[[rules]]\nid = \"ours\"\ndescription = \"d\"\nregex = '''corp[A-Za-z0-9]{30}'''\nkeywords = [\"corp\"]\n")
        home.write("x.txt", f"corp{alnum(30, 'x')} {npm('a')}\n")
        self.assertIn("2 hits", self.assert_run(home.run("rules", "test", "x.txt", "--rules", "ours.toml"), 0).text)
        alone = self.assert_run(home.run("rules", "test", "x.txt", "--rules", "ours.toml", "--no-default-rules"), 0).text
        self.assertIn("1 hit ", alone)
        self.assertRegex(self.assert_run(home.run("rules", "list", "--rules", "ours.toml"), 0).text, "(?m)^ours ")

    def test_plain_sqlite_reads_the_inventory(self):
        home = Home(self)
        home.write("a/.npmrc", npmrc("a"))
        home.write("b/.npmrc", npmrc("a", "b.example.test") + "//c.example.test/:_authToken=${NPM_TOKEN}\n")
        self.assert_run(home.scan(), 0)
        self.assertEqual([(3,)], home.sql("SELECT count(*) FROM hits"))
        self.assertEqual([("a/.npmrc:1", "D", "npm-token", "present"), ("b/.npmrc:1", "D", "npm-token", "present"), ("b/.npmrc:2", "D", "reference", "present")],
                         home.sql("SELECT locator, class, kind, state FROM hits ORDER BY locator"))
        exported = {hit["id"]: hit for hit in home.export()}
        for identifier, token, scope in home.sql("SELECT id, token, scope FROM hits"):
            # That it is held twice follows from the other hits: an export says it, the row does not.
            told = [flag for flag in exported[identifier]["scope"] if flag != "repeated"]
            self.assertEqual((exported[identifier]["token"], told), (token, scope.split()))
        self.assertEqual([(preview_of(npm("a")), "D", 2)], home.sql("SELECT preview, class, places FROM tokens"))
        self.assertEqual([("complete", "filesystem", 0, 2)], home.sql("SELECT state, source, missed, files_read FROM coverage"))
        self.assertEqual([(5,)], home.sql("PRAGMA user_version"))
        # Everything that the manual asks it.
        questions = re.findall("```sql\n(.*?)```", (ROOT / "docs/schema.md").read_text(), re.DOTALL)
        self.assertGreater(len(questions), 5)
        for question in questions:
            home.sql(question)

    def test_completions(self):
        home = Home(self)
        for shell in ["bash", "zsh", "fish"]:
            text = self.assert_run(home.run("generate", shell), 0).text
            for word in ["scan", "export", "show", "rules"]:
                self.assertIn(word, text)
        home.write("completion", home.run("generate", "bash").out)
        complete = r'source completion; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}; ' \
                   r'f=$(complete -p tokensweep | sed "s/.*-F \([^ ]*\).*/\1/"); "$f" tokensweep "${!#}" "${COMP_WORDS[COMP_CWORD-1]}"; echo "${COMPREPLY[@]}"'
        for words, expected in {"tokensweep sc": "scan", "tokensweep scan --de": "--deep", "tokensweep export --format j": "json", "tokensweep rules l": "list", "tokensweep collector i": "init",
                                "tokensweep export --se": "--seal"}.items():
            done = subprocess.run(["bash", "-c", complete, "bash", *words.split(" ")], cwd=home.path, env=home.environment(), capture_output=True, text=True)
            self.assertIn(expected, done.stdout.split(), (words, done.stderr))
            self.assertEqual("", done.stderr)

    def test_manual_page(self):
        text = self.assert_run(Home(self).run("generate", "man"), 0).text
        self.assertRegex(text, r'(?m)^\.TH "?(?i:tokensweep)"? "?1"?')
        for section in ["NAME", "SYNOPSIS", "EXIT STATUS", "FILES", "EXAMPLES"]:
            self.assertRegex(text, rf'(?m)^\.SH "?{section}')
        for word in [r"\-\-deep", r"\-\-fail\-on", r"\-\-older\-than"]:
            self.assertIn(word, text)


if __name__ == "__main__":
    unittest.main()
