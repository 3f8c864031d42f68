"""The files in examples/, and the commands of the README, as a user would run them."""

import csv
import os
import re
import shutil
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
        # tests/scanner/examples_test.cpp has these, too.
        configurations = {"collected.toml", "collector.toml", "fleet.toml", "incident.toml", "laptop.toml", "nightly.toml",
                          # by test_kubernetes.py, test_ssm.py and test_services.py
                          "kubernetes.toml", "parameters.toml", "services.toml"}
        policies = {"aws-assume-role.json", "aws-read-names.json", "aws-read-values.json"}  # by test_ssm.py
        schedules = {"crontab", "tokensweep.service", "tokensweep.timer"}
        self.assertEqual({"audit.sql", "kubernetes.yaml", "nightly.sh", "rules.toml"} | configurations | policies | schedules,
                         {path.name for path in EXAMPLES.iterdir()})

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

    def test_configurations(self):
        """Each one is swept as it is, but below a root of its own: a test has no business in this machine's directories."""
        for name in ["fleet.toml", "incident.toml", "laptop.toml", "nightly.toml"]:
            with self.subTest(name=name):
                home = Home(self)
                home.write("rules.toml", (EXAMPLES / "rules.toml").read_text())
                text = (EXAMPLES / name).read_text()
                for path in re.findall(r'"(/[^"*]*)"', text):
                    home.at(f"root{Path(path).parent if path.endswith('.db') else path}").mkdir(parents=True, exist_ok=True, mode=0o700)
                home.write(name, re.sub(r'"(/[^"*]*)"', rf'"{home.path}/root\1"', text))
                for place in ("root/home/ann", "root/exports/berlin"):
                    home.write(f"{place}/.npmrc", f"//r.example.test/:_authToken={npm('example')}\n")
                run = home.run("scan", "--config", name, "--db", home.db, "--format", "none")
                self.assertEqual((0, ""), (run.code, run.error))
                self.assertEqual([(name != "laptop.toml",)], [(count > 0,) for count, in home.sql("SELECT count(*) FROM policy")])
                self.assertEqual([(1,)], home.sql("SELECT count(DISTINCT token) FROM hits"))
                self.assertEqual([("complete",)], home.sql("SELECT DISTINCT state FROM coverage"))
                self.assertGreater(home.sql("SELECT count(*) FROM figures")[0][0], 10)

    def test_collected_and_collector(self):
        """The commands of both files' comments, in their order."""
        office, laptop = Home(self), Home(self)
        for place in ["/var/lib/tokensweep", "/srv"]:
            office.at(f"root{place}").mkdir(parents=True, mode=0o700)
        text = re.sub(r'"(/[^"*]*)"', rf'"{office.path}/root\1"', (EXAMPLES / "collector.toml").read_text())
        office.write("collector.toml", text)
        line = self.assert_run(office.run("collector", "init", "--config", "collector.toml"), 0).text.strip()
        laptop.write("collected.toml", re.sub("tokensweep-collector-1:[A-Za-z0-9_-]+", line, (EXAMPLES / "collected.toml").read_text()))
        for path in [office.at("root/srv"), laptop.path]:
            (path / ".npmrc").write_text(f"//r.example.test/:_authToken={npm('example')}\n")
        self.assert_run(laptop.run("scan", "--config", "collected.toml", "--format", "none"), 0)
        sealed = self.assert_run(laptop.run("export", "--seal", "--config", "collected.toml", "--output", "host.sealed"), 0)
        self.assert_run(office.run("scan", "--config", "collector.toml", "--format", "none"), 0)
        file = shutil.copy(laptop.at("host.sealed"), office.path)
        take = ["import", "inventory", file, "--config", "collector.toml"]
        self.assert_run(office.run(*take), 2)  # nobody expects this sender yet
        sender = re.search("[0-9a-f]{32}", sealed.error).group()
        office.write("collector.toml", text.replace("0123456789abcdef" * 2, sender))
        self.assert_run(office.run(*take), 0)
        db = office.at("root/var/lib/tokensweep/fleet.db")
        self.assertEqual([(2,)], office.sql("SELECT places FROM tokens", db=db))

    def test_systemd(self):
        """systemd's own check of both units: no key that it does not know, no program that is not there."""
        if shutil.which("systemd-analyze") is None:
            self.fail("systemd-analyze is missing: apt-get install systemd")
        units = Home(self).path
        for name in ["tokensweep.service", "tokensweep.timer"]:
            text = (EXAMPLES / name).read_text()
            (units / name).write_text(text.replace("/usr/local/bin/tokensweep", str(BINARY)))
        run = subprocess.run(["systemd-analyze", "verify", units / "tokensweep.service", units / "tokensweep.timer"],
                             capture_output=True, text=True, timeout=60)
        self.assertEqual(("", 0), (run.stderr, run.returncode))
        # 0 is all that systemd can forbid a service, 10 nothing; 2 and less it calls fine.
        exposure = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=15",
                                   units / "tokensweep.service"], capture_output=True, text=True, timeout=60)
        self.assertEqual(0, exposure.returncode, exposure.stdout + exposure.stderr)

    def test_crontab(self):
        fields = r"(\*|\d+)( (\*|\d+)){4} tokensweep (scan|export) .*"
        lines = [line for line in (EXAMPLES / "crontab").read_text().splitlines() if line and not line.startswith("#")]
        jobs = [line for line in lines if not re.match(r"[A-Z]+=", line)]
        self.assertEqual(2, len(jobs))
        for job in jobs:
            self.assertRegex(job, f"^{fields}$")
            self.assertNotIn("%", job)  # cron would take it for the end of the line

    def test_rules(self):
        home = Home(self)
        value = "corp_" + hexadecimal(32, "corp")
        home.write("notes.txt", f"token: {value}\n")
        run = self.assert_run(home.run("rules", "test", "notes.txt", "--rules", EXAMPLES / "rules.toml"), 0)
        self.assertIn("corp-registry-token", run.text)
        self.assert_silent_about(run, value)


if __name__ == "__main__":
    unittest.main()
