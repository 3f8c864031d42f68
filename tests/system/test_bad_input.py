"""What the world does to the program: each gives one clear line and the right exit code, and nothing is lost."""

import fcntl
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import threading
import time
import unittest
from pathlib import Path

from support import (BINARY, Home, ProgramTest, as_nobody, b64, give_to_nobody, limit_file_size, npm, Run, require)

NEWEST = 0x7FFFFFFF


def npmrc(name: str) -> str:
    return f"//{name}.example.test/:_authToken={npm(name)}\n"


class Paths(ProgramTest):
    def test_missing_path(self):
        home = Home(self)
        home.write(".npmrc", npmrc("a"))
        for arguments in [["--path", "nowhere"], ["--path", home.path, "--path", "nowhere"], ["--path", ""]]:
            with self.subTest(arguments=arguments):
                run = self.assert_run(home.run("scan", *arguments), 2)
                self.assertEqual(b"", run.out)
                self.assertFalse(home.at(".local").exists(), "nothing is written")
        self.assert_one_clear_line(home.run("scan", "--path", "nowhere"), "nowhere", "no such file")

    def test_a_path_through_a_file(self):
        home = Home(self)
        home.write("file", "x")
        self.assert_one_clear_line(self.assert_run(home.run("scan", "--path", "file/below"), 2), "not a directory")

    def test_root_is_a_file(self):
        home = Home(self)
        home.write("work/.npmrc", npmrc("a"))
        home.write("notes.txt", f"{npm('notes')}\n")
        for path, locator in [("work/.npmrc", ".npmrc:1"), ("notes.txt", "notes.txt:1")]:
            hit, = self.assert_run(home.run("scan", "--path", path, "--format", "jsonl"), 0).jsonl()
            self.assertEqual(locator, hit["locator"])
        self.assertEqual(2, len(home.export()), "one does not retire the other")

    def test_roots_that_hold_no_files(self):
        home = Home(self)
        os.mkfifo(home.at("fifo"))
        for path in ["/proc", "/proc/self", "/sys", "/dev/null", home.at("fifo")]:
            with self.subTest(path=path):
                self.assert_one_clear_line(self.assert_run(home.run("scan", "--path", path), 2), str(path))
                self.assertFalse(home.db.exists())

    def test_loops_of_links(self):
        home = Home(self)
        home.write("a/.npmrc", npmrc("a"))
        home.link("a/up", "..")
        home.link("a/self", ".")
        home.link("first", "second")
        home.link("second", "first")
        home.link("loop/.npmrc", ".npmrc")
        home.link("b/.npmrc", "../c/.npmrc")
        home.link("c/.npmrc", "../b/.npmrc")
        home.link("dangling/.npmrc", "nothing")
        for deep in [[], ["--deep"]]:
            hit, = self.assert_run(home.scan(*deep, timeout=10), 0).jsonl()
            self.assertEqual("a/.npmrc:1", hit["locator"])

    def test_irregular_files_under_names_that_are_read(self):
        require("strace")
        home = Home(self)
        home.write("there/.npmrc", npmrc("a"))
        for folder in ["fifo", "socket", "device"]:
            home.at(folder).mkdir()
        os.mkfifo(home.at("fifo/.npmrc"))
        os.mkfifo(home.at("fifo/any"))
        home.write("folder/.npmrc/.npmrc", npmrc("inside"))
        here = os.getcwd()
        os.chdir(home.at("socket"))  # the path of a socket has to be short
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(".npmrc")
            os.chdir(here)
            for deep in [[], ["--deep"]]:
                trace = home.at("trace")
                run = self.assert_run(home.scan(*deep, timeout=20, before=["strace", "-f", "-qq", "-e", "trace=open,openat,openat2", "-o", trace]), 0)
                self.assertEqual(["folder/.npmrc/.npmrc:1", "there/.npmrc:1"], sorted(hit["locator"] for hit in run.jsonl()))
                opened = [line for line in trace.read_text().splitlines() if '.npmrc"' in line]
                files = [line for line in opened if "O_DIRECTORY" not in line and "= -1" not in line]
                self.assertEqual(2, len(files), f"the FIFO and the socket are never opened: {opened}")
                trace.unlink()

    def test_names_that_act(self):
        home = Home(self)
        names = [b"new\nline", b"escape\x1b[2J\x1b]0;title\x07", b"invalid\xff\xfe\xc3(", b"carriage\rreturn", b"tab\tand\x08back",
                 "turned\u202egnp.exe".encode(), "line\u2028separator".encode(), b"c1\xc2\x9b31m", b"del\x7f", b'quote"and\'',
                 b"comma,and;", b"=cmd", b"back\\slash\\n", b"%s%n", b"`$(x)`"]
        for number, name in enumerate(names):
            folder = os.path.join(os.fsencode(home.path), b"tree", name)
            os.makedirs(folder)
            with open(os.path.join(folder, b".npmrc"), "w") as file:
                file.write(npmrc(f"name{number}"))
            os.mkfifo(os.path.join(folder, b".npmrc.fifo"))
        table = self.assert_run(home.run("scan", "--path", home.at("tree"), "--list-unread"), 0)
        self.assert_printable(table.out + table.err)
        for arguments in [["export", "--format", "json"], ["export", "--format", "jsonl"], ["export", "--format", "csv"],
                          ["scan", "--path", home.at("tree"), "--format", "json"], ["scan", "--path", home.at("tree"), "--format", "csv"]]:
            run = self.assert_run(home.run(*arguments), 0)
            self.assert_printable(run.out.replace(b"\r\n", b"\n"))
        hits = home.export()
        self.assertEqual(len(names), len({hit["locator"] for hit in hits}))
        self.assertEqual(len(names) + 1, len(home.run("export", "--format", "csv").out.splitlines()))
        for hit in hits:
            self.assert_printable(self.assert_run(home.run("show", hit["token"]), 0).out)
        for name in names[:8]:
            root = os.path.join(os.fsencode(home.path), b"tree", name)
            for command in [["scan", "--path", root], ["scan", "--path", root + b"/missing"], ["rules", "test", root + b"/.npmrc"],
                            ["rules", "test", root + b"/x"], ["rules", "list", "--rules", root + b"/x"],
                            ["export", "--format", "csv", "--db", root + b"/x"], ["export", "--format", "csv", "--output", root + b"/x/y"]]:
                for log in [[], ["--log-format", "json"]]:
                    run = home.run(*log, *command)
                    self.assertIn(run.code, (0, 2, 4))
                    self.assert_printable(run.out.replace(b"\r\n", b"\n") + run.err)
                    if log:
                        [json.loads(line) for line in run.error_lines]

    def test_tree_deeper_than_a_path_can_be(self):
        home, levels = Home(self), 3000
        folder = os.open(home.path, os.O_RDONLY)
        for _ in range(levels):
            os.mkdir("dd", dir_fd=folder)
            below = os.open("dd", os.O_RDONLY | os.O_DIRECTORY, dir_fd=folder)
            os.close(folder)
            folder = below
        for name, content in [(".npmrc", npmrc("bottom")), ("x.txt", npm("deep bottom"))]:
            file = os.open(name, os.O_WRONLY | os.O_CREAT, 0o600, dir_fd=folder)
            os.write(file, content.encode())
            os.close(file)
        os.close(folder)
        for deep, expected in [([], 1), (["--deep"], 2)]:
            began = time.monotonic()
            hits = self.assert_run(home.scan(*deep), 0).jsonl()
            self.assertLess(time.monotonic() - began, 5)
            self.assertEqual(expected, len(hits))
        run = self.assert_run(home.run("show", hits[0]["token"]), 0)
        self.assert_printable(run.out)


class ChangingFiles(ProgramTest):
    """What changes while it is read costs nothing else, and never a hang."""

    def while_changing(self, change, rounds: int = 12) -> None:
        home = Home(self)
        home.write("steady/.npmrc", npmrc("steady"))
        home.at("moving").mkdir()
        stop = threading.Event()

        def keep_changing() -> None:
            number = 0
            while not stop.is_set():
                change(home.at("moving"), number)
                number += 1

        thread = threading.Thread(target=keep_changing)
        thread.start()
        try:
            for number in range(rounds):
                run = self.assert_run(home.scan(*["--deep"][:number % 2], timeout=20), 0)
                self.assertIn("steady/.npmrc:1", [hit["locator"] for hit in run.jsonl()])
                self.assertEqual("", run.error)
        finally:
            stop.set()
            thread.join()
        self.assert_intact(home.db)

    def test_file_that_grows_and_shrinks(self):
        big = (npmrc("moving") + "# filler\n" * 10).encode() * 4000

        def change(folder: Path, number: int) -> None:
            with open(folder / ".npmrc", "r+b" if (folder / ".npmrc").exists() else "wb") as file:
                file.truncate(0)
                for start in range(0, len(big), 64 << 10):
                    file.write(big[start:start + (64 << 10)])
                file.truncate(number * 7919 % len(big))

        self.while_changing(change)

    def test_file_that_always_grows(self):
        def change(folder: Path, number: int) -> None:
            with open(folder / ".bash_history", "ab" if number % 200 else "wb") as file:
                file.write(b"npm install something\n" * 8000)

        self.while_changing(change)

    def test_files_and_folders_that_vanish(self):
        def change(folder: Path, number: int) -> None:
            below = folder / f"d{number % 7}" / "e"
            below.mkdir(parents=True, exist_ok=True)
            for name in (".npmrc", ".env", "f.txt"):
                (below / name).write_text(npmrc("moving"))
            if number % 3 == 0:
                shutil.rmtree(folder / f"d{(number + 3) % 7}", ignore_errors=True)

        self.while_changing(change)

    def test_folder_that_becomes_a_link_out_of_the_root(self):
        outside = Home(self)
        outside.write("sub/.npmrc", npmrc("outside"))
        seen = []

        def change(folder: Path, number: int) -> None:
            sub = folder / "sub"
            if number % 2:
                os.rename(sub, folder / "gone") if sub.is_symlink() else shutil.rmtree(sub, ignore_errors=True)
                (folder / "gone").unlink(missing_ok=True)
                sub.mkdir(exist_ok=True)
            else:
                shutil.rmtree(sub, ignore_errors=True)
                sub.symlink_to(outside.at("sub"))

        home = Home(self)
        home.write("steady/.npmrc", npmrc("steady"))
        stop = threading.Event()

        def keep_changing() -> None:
            number = 0
            while not stop.is_set():
                change(home.path, number)
                number += 1

        thread = threading.Thread(target=keep_changing)
        thread.start()
        try:
            for _ in range(15):
                seen += [hit["locator"] for hit in self.assert_run(home.scan("--deep", timeout=20), 0).jsonl()]
        finally:
            stop.set()
            thread.join()
        self.assertEqual({"steady/.npmrc:1"}, set(seen))


class HostileContents(ProgramTest):
    """Files that are made to break a reader: none of them stops it, slows it down or hides what is beside it."""

    def test_nesting_and_repetition(self):
        home, token = Home(self), npm("hostile")
        aliases = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(12))
        files = {
            "json_open/terraform.tfstate": "[" * 200000 + f'"{token}"', "json_closed/terraform.tfstate": '{"a":' * 100000 + f'"{token}"' + "}" * 100000,
            "json_escapes/terraform.tfstate": '["' + "\\u006e" * 100000 + " " + token + '"]',
            "yaml_open/.yarnrc.yml": "[" * 100000 + token, "yaml_aliases/.yarnrc.yml": aliases + f"npmAuthToken: {token}\n",
            "yaml_list/.yarnrc.yml": "- " * 50000 + token, "yaml_deep/.yarnrc.yml": "".join(" " * i + "a:\n" for i in range(1000)) + f"npmAuthToken: {token}\n",
            "toml_open/bunfig.toml": "a=" + "[" * 100000 + token, "toml_tables/bunfig.toml": "a = " + "{a=" * 50000 + f'"{token}"',
            "toml_dots/bunfig.toml": "[" + ".".join(["a"] * 100000) + f']\ntoken="{token}"\n',
            "ini_long/.npmrc": "a" * 3000000 + f"\n//a.example.test/:_authToken={token}\n",
            "ini_references/.npmrc": "${" * 300000 + f"\n//a.example.test/:_authToken={token}\n",
            "ini_lists/.npmrc": "a[]=b\n" * 100000 + f"//a.example.test/:_authToken={token}\n",
            "ini_key/.npmrc": "//h/" + "a/" * 100000 + f":_authToken={token}\n",
            "package/package.json": "[" * 500000, "package/.npmrc": f"//a.example.test/:_authToken={token}\n",
            "empty/.npmrc": "", "newlines/.npmrc": "\n" * 100000, "nul/.npmrc": b"\0" * 100000,
            "literals/.env": "npm_" * 100000 + "_auth=" * 30000 + "NPM_TOKEN=" * 10000 + f"\n{token}\n",
            "base64/.env": b64("_auth=" * 30000), "utf16/.env": ("npm_" * 100000).encode("utf-16"),
        }
        for path, content in files.items():
            home.write(path, content)
        expected = {path.split("/")[0] for path, content in files.items() if token.encode() in (content if isinstance(content, bytes) else content.encode())}
        for deep in [[], ["--deep"]]:
            run = self.assert_run(home.scan(*deep, timeout=30), 0)
            self.assertEqual(b"", run.err)
            self.assertEqual(expected, {hit["locator"].split("/")[0] for hit in run.jsonl()})
            self.assertEqual({token[:8]}, {hit["preview"][:8] for hit in run.jsonl()})


class WithoutPrivileges(ProgramTest):
    """As somebody who may not read everything."""

    def setUp(self) -> None:
        self.home = Home(self)
        # The build folder may be out of that user's reach.
        self.folder = Home(self, 0o755)
        self.binary = shutil.copy(BINARY, self.folder.at("tokensweep"))
        os.chmod(self.binary, 0o755)

    def as_nobody(self, *arguments, **options):
        options.setdefault("cwd", "/")
        process = subprocess.Popen([self.binary, *arguments], env=self.home.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, preexec_fn=as_nobody(), **options)
        out, err = process.communicate(timeout=60)
        return Run(process.returncode, out, err)

    def plant(self) -> None:
        self.home.write("open/.npmrc", npmrc("open"))
        self.home.write("closed/.npmrc", npmrc("closed"))
        self.home.write("closed/deeper/.npmrc", npmrc("deeper"))
        self.home.write("unreadable/.npmrc", npmrc("unreadable"))
        self.home.write("photos/1.jpg", "x")
        give_to_nobody(self.home.path)

    def scan(self, *arguments):
        return self.as_nobody("scan", "--path", self.home.path, *arguments)

    def states(self) -> dict[str, str]:
        rows = self.as_nobody("export", "--format", "jsonl", "--state", "all").jsonl()
        return {row["locator"].split("/.npmrc")[0]: row["state"] for row in rows}

    def test_what_was_not_read_is_unknown_and_not_gone(self):
        self.plant()
        self.assert_run(self.scan("--quiet"), 0)
        self.home.at("closed").chmod(0)
        self.home.at("unreadable/.npmrc").chmod(0)
        run = self.assert_run(self.scan(), 3)
        self.assertIn("closed", run.text)
        self.assertIn("unreadable/.npmrc", run.text)
        self.assertIn("ncomplete", run.text)
        self.assertEqual({"open": "present", "closed": "unknown", "closed/deeper": "unknown", "unreadable": "unknown"}, self.states())
        self.assertEqual([("incomplete", 2)], self.home.sql("SELECT state, missed FROM coverage ORDER BY sweep DESC LIMIT 1"))
        # And known again once it can be read.
        self.home.at("closed").chmod(0o700)
        self.home.at("unreadable/.npmrc").unlink()
        self.assert_run(self.scan("--quiet"), 0)
        self.assertEqual({"open": "present", "closed": "present", "closed/deeper": "present", "unreadable": "gone"}, self.states())

    def test_what_would_not_have_been_looked_at_is_not_missed(self):
        self.plant()
        self.home.at("photos/1.jpg").chmod(0)
        self.assert_run(self.scan(), 0)
        run = self.assert_run(self.scan("--deep"), 3)
        self.assertIn("photos/1.jpg", run.text)

    def test_every_unread_place_is_listed_on_request(self):
        self.plant()
        for number in range(40):
            self.home.write(f"many/{number}/.npmrc", npmrc(f"many{number}"))
            self.home.at(f"many/{number}").chmod(0)
        give_to_nobody(self.home.path)
        self.assertLess(len([line for line in self.assert_run(self.scan(), 3).text.splitlines() if "many/" in line]), 40)
        listed = self.assert_run(self.scan("--list-unread"), 3).text
        for number in range(40):
            self.assertIn(f"many/{number}", listed)
        for format in ["json", "jsonl", "csv", "none"]:
            run = self.assert_run(self.scan("--format", format), 3)
            self.assertIn("incomplete", run.error.lower(), f"--format {format}: a quiet half-result")

    def test_root_that_cannot_be_read(self):
        self.plant()
        self.assert_run(self.scan("--quiet"), 0)
        other = Home(self)  # of root
        if os.geteuid() == 0:
            run = self.as_nobody("scan", "--path", other.path)
            self.assertIn(run.code, (2, 3))
            self.assert_one_clear_line(run, "permission denied")
        self.assertEqual({"present"}, set(self.states().values()))

    def test_inventory_in_a_read_only_place(self):
        self.plant()
        db = self.home.at("data/inventory.db")
        os.mkdir(db.parent, 0o700)
        give_to_nobody(self.home.path)
        self.assert_run(self.scan("--db", db), 0)
        db.parent.chmod(0o500)
        before = db.read_bytes()
        run = self.scan("--db", db)
        self.assert_run(run, 4)
        self.assert_one_clear_line(run, str(db.parent))
        self.assertEqual(before, db.read_bytes())
        # Reading it needs nothing written.
        hits = self.assert_run(self.as_nobody("export", "--format", "jsonl", "--db", db), 0).jsonl()
        self.assertEqual(4, len(hits))
        self.assert_run(self.as_nobody("show", hits[0]["token"], "--db", db), 0)

    def test_new_inventory_in_a_read_only_place(self):
        self.plant()
        self.home.at("data").mkdir()
        give_to_nobody(self.home.path)
        self.home.at("data").chmod(0o500)
        for db in ["data/inventory.db", "data/new/inventory.db"]:
            run = self.assert_run(self.scan("--db", self.home.at(db)), 4)
            self.assert_one_clear_line(run, "data", "permission denied")
            self.assertEqual([], os.listdir(self.home.at("data")))

    def test_inventory_that_others_could_have_written(self):
        self.plant()
        self.assert_run(self.scan("--quiet"), 0)
        key = self.home.db.with_name("inventory.db.key")
        for path, mode in [(self.home.db, 0o666), (self.home.db.parent, 0o777), (key, 0o644)]:
            usual = path.stat().st_mode
            path.chmod(mode)
            self.assert_one_clear_line(self.assert_run(self.scan("--quiet"), 4), path.name)
            path.chmod(usual)
        self.assert_run(self.scan("--quiet"), 0)


class Rules(ProgramTest):
    RULE = "[[rules]]\nid = \"{}\"\ndescription = \"d\"\nregex = '''{}'''\nkeywords = [\"tok\"]\n"

    def refuse(self, content: str | bytes, *words: str) -> None:
        home = Home(self)
        home.write(".npmrc", npmrc("a"))
        home.write("ours.toml", content)
        for command in [["scan", "--path", home.path], ["rules", "list"], ["rules", "test", ".npmrc"]]:
            run = self.assert_run(home.run(*command, "--rules", "ours.toml"), 2)
            self.assert_one_clear_line(run, *words)
            self.assertEqual(b"", run.out)
        self.assertFalse(home.at(".local").exists(), "nothing is written")

    def test_expressions_that_re2_cannot_take(self):
        for expression in ["tok(?=en)", "tok(?!en)", "(?<=tok)en", r"(tok)\1", "tok(", "tok[z-a]", "tok{2000}"]:
            with self.subTest(expression=expression):
                self.refuse(self.RULE.format("good-rule", "token") + self.RULE.format("bad-rule", expression), "bad-rule", "RE2 cannot")

    def test_lookahead_is_explained(self):
        self.refuse(self.RULE.format("bad-rule", "tok(?=en)"), "bad-rule", "look")

    def test_files_that_are_no_rules(self):
        self.refuse("[[rules]\nid=", "ours.toml", "line 1")
        self.refuse(b"\xff\xfe\x00[", "ours.toml")
        self.refuse("[[rules]]\nregex = 'a'\n", "id")
        self.refuse(self.RULE.format("twice", "tok") * 2, "twice")
        self.refuse(self.RULE.format("r", "tok") + "[[rules.required]]\nid = \"x\"\n", "required")
        self.refuse("[extend]\nurl = \"https://rules.example.test/x.toml\"\n", "url")

    def test_rules_file_that_is_not_there(self):
        home = Home(self)
        self.assert_one_clear_line(self.assert_run(home.run("rules", "list", "--rules", "nowhere.toml"), 2), "nowhere.toml")
        home.at("folder").mkdir()
        self.assert_one_clear_line(self.assert_run(home.run("rules", "list", "--rules", "folder"), 2), "folder")

    def test_message_repeats_no_value(self):
        home = Home(self)
        secret = npm("in a rules file")
        home.write("ours.toml", self.RULE.format("bad-rule", f"{secret}(?=x)") + f"[broken {secret}\n")
        home.write("good.toml", self.RULE.format("bad-rule", f"{secret}(?=x)"))
        for file in ["ours.toml", "good.toml"]:
            for arguments in [[], ["--log-format", "json"]]:
                self.assert_silent_about(home.run(*arguments, "rules", "list", "--rules", file), secret, secret[12:24])


class Inventories(ProgramTest):
    def setUp(self) -> None:
        self.home = Home(self)
        for number in range(50):
            self.home.write(f"{number}/.npmrc", npmrc(f"inventory{number}"))
        self.assert_run(self.home.scan(), 0)
        self.db = self.home.db

    def assert_refused(self, *words: str, timeout: float = 60) -> None:
        """A scan and an export say what is wrong, and change nothing."""
        before = self.db.read_bytes()
        self.assert_one_clear_line(self.assert_run(self.home.run("scan", "--path", self.home.path, timeout=timeout), 4), *words)
        self.assertEqual(before, self.db.read_bytes())

    def test_from_a_newer_version(self):
        connection = sqlite3.connect(self.db)
        connection.execute(f"PRAGMA user_version = {NEWEST}")
        connection.close()
        self.assert_refused("newer")
        for command in [["export", "--format", "csv"], ["show", "t0"]]:
            self.assert_one_clear_line(self.assert_run(self.home.run(*command), 4), "newer")

    def test_of_another_program(self):
        for content in [b"not a database, but a text that is long enough to be looked at as one" * 100, b"\0" * 5000]:
            self.db.write_bytes(content)
            self.assert_refused(str(self.db))
            self.assert_one_clear_line(self.assert_run(self.home.run("export", "--format", "csv"), 4), str(self.db))

    def test_a_database_that_is_no_inventory(self):
        other = self.home.at("other.db")
        connection = sqlite3.connect(other)
        connection.execute("CREATE TABLE t (x)")
        connection.commit()
        connection.close()
        other.chmod(0o600)
        before = other.read_bytes()
        self.assert_one_clear_line(self.assert_run(self.home.run("scan", "--path", self.home.path, "--db", other), 4), "other.db")
        self.assertEqual(before, other.read_bytes())

    def test_damaged(self):
        whole = self.db.read_bytes()
        pages = len(whole) // 4096
        for page in range(1, pages, max(pages // 8, 1)):
            with self.subTest(page=page):
                self.db.write_bytes(whole[:page * 4096] + b"\xa5" * 4096 + whole[(page + 1) * 4096:])
                run = self.home.run("scan", "--path", self.home.path)
                self.assertIn(run.code, (0, 4))
                if run.code == 4:
                    self.assert_one_clear_line(run, str(self.db))
                for command in [["export", "--format", "jsonl"], ["show", "t"]]:
                    self.assertIn(self.home.run(*command).code, (0, 2, 4))

    def test_damage_is_noticed_and_kept_as_it_is(self):
        whole = self.db.read_bytes()
        self.db.write_bytes(whole[:len(whole) // 2])
        self.assert_refused("damaged")

    def test_cut_to_nothing(self):
        # An empty file is what a crash of the file system leaves; nothing can be lost any more.
        self.db.write_bytes(b"")
        run = self.home.scan()
        self.assertIn(run.code, (0, 4))
        self.assertEqual(50 if run.code == 0 else 0, len(run.jsonl()))

    def test_key_is_missing(self):
        key = self.db.with_name("inventory.db.key")
        kept = key.read_bytes()
        key.unlink()
        self.assert_refused("key")
        self.assertFalse(key.exists(), "no other key takes its place")
        self.assertEqual(50, len(self.home.export()), "reading needs no key")
        key.write_bytes(kept[::-1])
        key.chmod(0o600)
        self.assert_refused("key")
        key.write_bytes(kept[:7])
        self.assert_refused("key")

    def test_held_by_others(self):
        """By another tokensweep, and by an SQLite shell in a transaction: both are waited for, at once here, and then named."""
        other = self.home.at("other.db")
        self.assert_run(self.home.scan("--db", other), 0)
        connection = sqlite3.connect(other, isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        before = self.db.read_bytes()
        with open(self.db.with_name("inventory.db.lock"), "r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            began = time.monotonic()
            runs = {db: self.home.start("scan", "--path", self.home.path, "--db", db) for db in [self.db, other]}
            self.assertEqual(50, len(self.home.export()), "reading is possible meanwhile")
            for db, process in runs.items():
                out, err = process.communicate(timeout=60)
                self.assert_one_clear_line(self.assert_run(Run(process.returncode, out, err), 4), str(db), "process" if db == self.db else "")
            self.assertLess(time.monotonic() - began, 30)
            self.assertEqual(before, self.db.read_bytes())
        connection.close()
        for db in [self.db, other]:
            self.assert_intact(db)
            self.assert_run(self.home.scan("--db", db), 0)

    def test_directory_instead_of_the_inventory(self):
        self.home.at("folder.db").mkdir()
        self.assert_one_clear_line(self.assert_run(self.home.run("scan", "--path", self.home.path, "--db", "folder.db"), 4), "folder.db")

    def test_nothing_to_export_yet(self):
        for command in [["export", "--format", "csv"], ["show", "t1"]]:
            run = self.assert_run(self.home.run("--db", "none.db", *command), 4)
            self.assert_one_clear_line(run, "none.db", "scan")
            self.assertFalse(self.home.at("none.db").exists())

    def test_link_instead_of_the_inventory(self):
        self.home.write("victim", "x")
        self.home.link("link.db", "victim")
        self.assert_one_clear_line(self.assert_run(self.home.run("scan", "--path", self.home.path, "--db", "link.db"), 4), "link.db")
        self.assertEqual("x", self.home.at("victim").read_text())


class FullDisk(ProgramTest):
    def assert_no_room(self, run) -> None:
        self.assert_one_clear_line(run)
        self.assertRegex(run.error.lower(), "full|no space left|file too large")

    def grow(self, home: Home, number: int) -> None:
        for i in range(number):
            home.write(f"grow/{i}/.npmrc", npmrc(f"grow{i}"))

    def test_no_room_for_a_first_inventory(self):
        home = Home(self)
        self.grow(home, 20)
        for size in [0, 20, 4096, 40000]:
            with self.subTest(size=size):
                run = self.assert_run(home.run("scan", "--path", home.path, preexec_fn=limit_file_size(size)), 4)
                self.assert_no_room(run)
        self.assert_run(home.scan(), 0)
        self.assertEqual(20, len(home.export()))

    def test_previous_sweeps_survive(self):
        home = Home(self)
        self.grow(home, 20)
        self.assert_run(home.scan(), 0)
        self.grow(home, 700)
        for size in [home.db.stat().st_size, home.db.stat().st_size + (100 << 10)]:
            with self.subTest(size=size):
                run = self.assert_run(home.run("scan", "--path", home.path, preexec_fn=limit_file_size(size)), 4)
                self.assert_no_room(run)
                self.assert_intact(home.db)
                hits = home.export("--state", "all")
                self.assertGreaterEqual(len(hits), 20)
                self.assertNotIn("gone", {hit["state"] for hit in hits})
        self.assert_run(home.scan(), 0)
        self.assertEqual(700, len(home.export()))
        self.assert_intact(home.db)

    def test_output_that_has_no_room(self):
        home = Home(self)
        self.grow(home, 300)
        self.assert_run(home.scan(), 0)
        with open("/dev/full", "w") as full:
            for command in [["export", "--format", "csv"], ["scan", "--path", home.path], ["scan", "--path", home.path, "--format", "json"], ["rules", "list"]]:
                run = self.assert_run(home.run(*command, stdout=full), 4)
                self.assert_no_room(run)
                self.assertIn("output", run.error)
        run = home.run("export", "--format", "csv", "--output", "hits.csv", preexec_fn=limit_file_size(40000))
        self.assert_no_room(self.assert_run(run, 4))
        self.assertIn("hits.csv", run.error)
        self.assertEqual([], [name for name in os.listdir(home.path) if "hits" in name], "no half of an export is left")

    def test_export_keeps_the_old_file_until_the_new_one_is_whole(self):
        home = Home(self)
        self.grow(home, 300)
        self.assert_run(home.scan(), 0)
        home.write("hits.csv", "the old one")
        home.run("export", "--format", "csv", "--output", "hits.csv", preexec_fn=limit_file_size(40000))
        self.assertEqual("the old one", home.at("hits.csv").read_text())

    def test_reader_that_goes_away(self):
        home = Home(self)
        self.grow(home, 300)
        self.assert_run(home.scan(), 0)
        read_end, write_end = os.pipe()
        os.close(read_end)
        run = home.run("export", "--format", "csv", stdout=write_end)
        os.close(write_end)
        self.assertGreaterEqual(run.code, 0, "not killed by a signal")


if __name__ == "__main__":
    unittest.main()
