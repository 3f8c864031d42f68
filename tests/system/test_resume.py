"""A deep sweep of one large root that is stopped anywhere, by Ctrl-C or a kill, goes on inside that root: it reads nothing again that
it had read whole, and ends with what one sweep would have said."""

import os
import re
import signal
import subprocess
import time
import unittest

from support import Home, ProgramTest, npm

DIRECTORIES = 160
FILES = 50
TIMES = {"first_seen", "last_seen"}


class ResumeInsideARoot(ProgramTest):
    def setUp(self) -> None:
        self.home = Home(self)
        self.store = Home(self)
        for d in range(DIRECTORIES):
            for f in range(FILES):
                self.home.write(f"tree/d{d:03}/f{f:02}.txt", f"token = {npm(f'resume {d}')}\n" if f == 7 else "nothing\n")
        # What depends on more than its own directory: a user's file that a project's file is laid over, a link that is followed
        # after the walk, git's index, and what could not be looked at.
        self.home.write(".npmrc", f"//registry.corp.example/:_authToken={npm('resume user')}\n")
        self.home.write("tree/d005/.npmrc", f"//registry.corp.example/:_authToken={npm('resume project')}\n")
        self.home.write("tree/d008/settings", f"//registry.corp.example/:_authToken={npm('resume link')}\n")
        self.home.link("tree/d007/.npmrc", "../d008/settings")
        subprocess.run(["git", "init", "-q", self.home.at("tree/d009")], check=True)
        subprocess.run(["git", "-C", self.home.at("tree/d009"), "add", "f07.txt"], check=True)
        os.mkfifo(self.home.at("tree/d011/.npmrc"))

    def scan(self, db: str, *arguments: str) -> list:
        return ["scan", "--path", self.home.path, "--deep", "--threads", "1", "--db", self.store.at(db), *arguments]

    def stopped(self, how: signal.Signals, directories: int, *arguments: str) -> int:
        """Stops a sweep, slowed down, when the inventory knows of so many directories that were read. How many it knows then.
        It takes eight seconds, and tells the inventory each second."""
        slowly = ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=openat", "-e", "inject=openat:delay_enter=1000"]
        process = self.home.start(*self.scan("part.db", "--quiet", "--format", "none", *arguments), before=slowly,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.kill)
        known = "SELECT coalesce(sum(directories), 0) FROM tree_read"
        deadline = time.monotonic() + 60
        while not self.store.at("part.db").exists() or self.store.sql(known, db=self.store.at("part.db"))[0][0] < directories:
            self.assertIsNone(process.poll(), "it ended before it was stopped")
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        process.send_signal(how)
        process.wait(60)
        self.assertEqual(130 if how == signal.SIGINT else -signal.SIGKILL, process.returncode)
        self.assert_intact(self.store.at("part.db"))
        return self.store.sql(known, db=self.store.at("part.db"))[0][0]

    def said(self, db: str) -> tuple:
        """All that an inventory says, but for the times of its sweeps."""
        rows = self.home.export("--state", "all", "--db", str(self.store.at(db)))
        hits = sorted(str(sorted((key, value) for key, value in row.items() if key not in TIMES)) for row in rows)
        ask = lambda sql: self.store.sql(sql, db=self.store.at(db))
        return (hits, sorted(ask("SELECT place, reason, incomplete FROM gap")),
                ask("SELECT sweep_state, state, reason, files_seen, files_read, missed FROM coverage"),
                ask("SELECT count(*) FROM tree_read"))

    def test_a_sweep_that_is_stopped_goes_on_where_it_was(self) -> None:
        self.assert_run(self.home.run(*self.scan("whole.db", "--quiet", "--format", "none")), 0)
        whole = self.said("whole.db")
        self.assertEqual(DIRECTORIES + 3, len(whole[0]))
        self.assertEqual(1, sum("'shadowed'" in row for row in whole[0]))
        self.assertEqual(1, sum("'git-tracked'" in row for row in whole[0]))
        for stops in ([signal.SIGINT], [signal.SIGKILL], [signal.SIGKILL, signal.SIGINT]):
            with self.subTest(stops=stops):
                for file in self.store.path.glob("part.db*"):
                    file.unlink()
                self.store.write("part.db.key", self.store.at("whole.db.key").read_bytes())
                known = 0
                for how in stops:
                    known = self.stopped(how, known + 1, *(["--resume"] if known else []))
                log = self.store.at("opened")
                run = self.home.run(*self.scan("part.db", "--resume"),
                                    before=["strace", "-f", "-qq", "-o", log, "-e", "trace=openat"])
                self.assert_run(run, 0)
                self.assertEqual(whole, self.said("part.db"))
                before = int(re.search(r"\(resumed: (\d+) director(?:y|ies) read before\)", run.text).group(1))
                self.assertEqual(known, before)
                opened = re.findall(r'"f\d\d\.txt"', log.read_text())
                # The inventory has the directories of the tree alone, each with its files; the others are read again.
                spared = DIRECTORIES * FILES - len(opened)
                self.assertEqual(before * FILES, spared)

    def test_a_sweep_of_something_else_reads_all(self) -> None:
        self.stopped(signal.SIGINT, 1)
        run = self.home.run(*self.scan("part.db", "--resume", "--exclude", "d139"))
        self.assertIn("nothing to resume", run.error)
        self.assertNotIn("resumed:", run.text)
        self.assertEqual([(0,)], self.store.sql("SELECT count(*) FROM tree_read", db=self.store.at("part.db")))


if __name__ == "__main__":
    unittest.main()
