#!/usr/bin/env python3
"""Our signatures and AWS' own ways to have keys, against a server that verifies them: moto asks botocore (aws_server.py).

    tests/servers/test_aws_keys.py build/tests/connectors/aws_keys_dump [-k NAME]

Each test is a machine: variables and files of a home, and what aws_keys_dump says of who it is there. Ends with
`N passed, N failed`.
"""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from aws_process import AwsProcess

PROGRAM = Path(sys.argv.pop(1)).resolve() if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else None
HOME_STORE, OTHER_STORE = "123456789012/eu-west-1", "210987654321/eu-west-1"
ROLE = "arn:aws:iam::210987654321:role/tokensweep"
SCANNER = "arn:aws:iam::123456789012:user/scanner | HTTP 200"
AS_ROLE = "arn:aws:sts::210987654321:assumed-role/tokensweep/"
SECONDS = 60


class Keys(unittest.TestCase):
    server: AwsProcess

    @classmethod
    def setUpClass(cls) -> None:
        cls.server = AwsProcess(seed=7, parameters=4, stores=[HOME_STORE, OTHER_STORE]).__enter__()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.server.__exit__()

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = Path(folder.name)
        self.id, self.secret = self.server.keys["aws_access_key_id"], self.server.keys["aws_secret_access_key"]
        self.variables = {"HOME": str(self.home), "AWS_ENDPOINT_URL": self.server.url, "AWS_REGION": "eu-west-1",
                          "AWS_EC2_METADATA_DISABLED": "true"}

    def file(self, name: str, text: str) -> None:
        path = self.home / ".aws" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o600)

    def told(self, *arguments: str) -> list[str]:
        done = subprocess.run([PROGRAM, *arguments], env=self.variables, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=SECONDS)
        self.assertEqual("", done.stderr)
        self.assertNotIn(self.secret, done.stdout)
        return done.stdout.splitlines()

    def use_variables(self) -> None:
        self.variables |= {"AWS_ACCESS_KEY_ID": self.id, "AWS_SECRET_ACCESS_KEY": self.secret}

    def test_keys_of_variables_sign(self) -> None:
        self.use_variables()
        self.assertEqual([SCANNER], self.told())

    def test_a_wrong_secret_is_refused(self) -> None:
        self.variables |= {"AWS_ACCESS_KEY_ID": self.id, "AWS_SECRET_ACCESS_KEY": "x" + self.secret[1:]}
        self.assertEqual([f"sts: {self.server.url} does not accept the credential (HTTP 403)"], self.told())

    def test_keys_that_nobody_has_are_refused(self) -> None:
        self.variables |= {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": self.secret}
        self.assertEqual(["sts: refuses: InvalidClientTokenId"], self.told())

    def test_a_role_is_taken_on_and_its_session_token_signed(self) -> None:
        self.use_variables()
        told = self.told(ROLE)
        self.assertEqual(SCANNER, told[0])
        self.assertEqual(f"{AS_ROLE}tokensweep | HTTP 200", told[1])

    def test_a_profile_takes_a_role_on(self) -> None:
        self.file("credentials", f"[base]\naws_access_key_id = {self.id}\naws_secret_access_key = {self.secret}\n")
        self.file("config", f"[profile audit]\nrole_arn = {ROLE}\nsource_profile = base\nrole_session_name = night\n")
        self.variables["AWS_PROFILE"] = "audit"
        self.assertEqual([f"{AS_ROLE}night | HTTP 200"], self.told())

    def test_a_program_prints_keys(self) -> None:
        keys = {"Version": 1, "AccessKeyId": self.id, "SecretAccessKey": self.secret}
        self.file("printed keys", json.dumps(keys, indent=2))
        self.file("config", f"[default]\ncredential_process = /bin/cat '{self.home}/.aws/printed keys'\n")
        self.assertEqual([SCANNER], self.told())

    def test_a_program_that_fails_is_named_by_its_profile(self) -> None:
        self.file("config", "[default]\ncredential_process = /bin/false\n")
        told = self.told()
        self.assertTrue(told[0].startswith("sts: profile default, credential_process: ended with status 1"), told)

    def test_a_clock_that_is_wrong_is_corrected(self) -> None:
        self.use_variables()
        self.server.set(clock_offset=3600)
        self.addCleanup(self.server.set, clock_offset=0)
        self.assertEqual([SCANNER], self.told())


if __name__ == "__main__":
    ran = unittest.main(exit=False).result
    failed = len(ran.failures) + len(ran.errors) + len(ran.skipped)
    print(f"{ran.testsRun - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
