"""The files in examples/, and the commands of the README, as a user would run them."""

import csv
import os
import subprocess
import unittest
from pathlib import Path

from support import BINARY, ROOT, Home, ProgramTest, hexadecimal, npm, require

EXAMPLES = ROOT / "examples"


class Examples(ProgramTest):
    def run_script(self, home: Home, *command: str | Path, **environment: str) -> subprocess.CompletedProcess:
        path = f"{BINARY.parent}:{os.environ['PATH']}"
        return subprocess.run([*map(str, command)], env=home.environment(PATH=path, **environment), cwd=home.path,
                              capture_output=True, text=True, timeout=60)

    def test_every_example_is_tested(self):
        self.assertEqual({"audit.sql", "nightly.sh", "rules.toml"}, {path.name for path in EXAMPLES.iterdir()})

    def test_audit(self):
        require("sqlite3")
        home = Home(self)
        for folder in ["a", "b"]:
            home.write(f"{folder}/.npmrc", f"//r.example.test/:_authToken={npm('same')}\n")
        self.assert_run(home.scan(), 0)
        run = subprocess.run(["sqlite3", "-bail", home.db], input=(EXAMPLES / "audit.sql").read_text(),
                             capture_output=True, text=True)
        self.assertEqual(("", 0), (run.stderr, run.returncode))
        self.assertIn("complete", run.stdout)
        self.assertIn("a/.npmrc:1", run.stdout)

    def test_nightly(self):
        home = Home(self)
        home.write("tree/.npmrc", "# nothing\n")
        home.at("state").mkdir(mode=0o700)
        inventory = home.at("state/inventory.db")
        clean = self.run_script(home, EXAMPLES / "nightly.sh", home.at("tree"), INVENTORY=str(inventory))
        self.assertEqual((0, ""), (clean.returncode, clean.stderr))
        home.write("tree/site/package.json", '{"name": "@acme/site"}')
        home.write("tree/site/.npmrc", f"//r.example.test/:_authToken={npm('publisher')}\n")
        found = self.run_script(home, EXAMPLES / "nightly.sh", home.at("tree"), INVENTORY=str(inventory))
        self.assertEqual((1, ""), (found.returncode, found.stderr))
        rows = list(csv.DictReader(Path(f"{inventory}.csv").read_text().splitlines()))
        self.assertEqual(["B"], [row["class"] for row in rows])

    def test_rules(self):
        home = Home(self)
        value = "corp_" + hexadecimal(32, "corp")
        home.write("notes.txt", f"token: {value}\n")
        run = self.assert_run(home.run("rules", "test", "notes.txt", "--rules", EXAMPLES / "rules.toml"), 0)
        self.assertIn("corp-registry-token", run.text)
        self.assert_silent_about(run, value)


if __name__ == "__main__":
    unittest.main()
