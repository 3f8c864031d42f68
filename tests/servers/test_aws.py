#!/usr/bin/env python3
"""Holds the AWS of aws_server.py to AWS' own client for Python: boto3 crawls it, and takes its errors for what they are.

    tests/servers/test_aws.py [-k NAME]

Ends with `N passed, N failed`.
"""

import datetime
import json
import os
import sys
import time
import unittest
from pathlib import Path
from typing import Any, Iterator

import aws_process

PYTHON = aws_process.python()
if Path(sys.prefix).resolve() != PYTHON.parents[1].resolve():
    os.execv(PYTHON, [str(PYTHON), __file__, *sys.argv[1:]])

import boto3  # noqa: E402
import botocore.config  # noqa: E402
import botocore.exceptions  # noqa: E402
from aws_server import BASE_ACCOUNT, Aws  # noqa: E402
from parameters import EXPIRY, parameters  # noqa: E402

STORE = f"{BASE_ACCOUNT}/eu-west-1"
OTHER = "210987654321/us-east-1"
ONE_TRY = botocore.config.Config(retries={"total_max_attempts": 1})


def client(server: Aws, service: str = "ssm", region: str = "eu-west-1", keys: dict[str, str] | None = None) -> Any:
    return boto3.client(service, endpoint_url=server.url, region_name=region, config=ONE_TRY, **(keys or server.keys))


def described(ssm: Any, **arguments: Any) -> Iterator[dict[str, Any]]:
    for page in ssm.get_paginator("describe_parameters").paginate(PaginationConfig={"PageSize": 50}, **arguments):
        yield from page["Parameters"]


class Crawled(unittest.TestCase):
    def test_boto3_finds_what_is_there(self) -> None:
        with Aws(7, 130, [STORE]) as server:
            ssm, truth = client(server), server.truth()[STORE]
            rows = {row["Name"]: row for row in described(ssm)}
            self.assertEqual({name: (one["type"], one["tier"], one["version"], one["modified_at"]) for name, one in truth.items()},
                             {name: (row["Type"], row["Tier"], row["Version"], int(row["LastModifiedDate"].timestamp()))
                              for name, row in rows.items()})
            self.assertEqual(3, server.operations()["DescribeParameters"])
            values = {}
            names = list(rows)
            for start in range(0, len(names), 10):
                got = ssm.get_parameters(Names=names[start:start + 10], WithDecryption=True)
                values |= {row["Name"]: row["Value"] for row in got["Parameters"]}
                self.assertEqual([], got["InvalidParameters"])
            self.assertEqual({one.name: one.value for one in parameters(7, STORE, 130)}, values)

    def test_policies_and_arns_are_told(self) -> None:
        with Aws(7, 40, [STORE]) as server:
            row = next(row for row in described(client(server)) if row["Tier"] == "Advanced")
            self.assertTrue(row["ARN"].endswith(f":parameter{row['Name']}"), row["ARN"])
            self.assertEqual(("Expiration", EXPIRY), (row["Policies"][0]["PolicyType"],
                                                      json.loads(row["Policies"][0]["PolicyText"])["Attributes"]["Timestamp"]))

    def test_empty_pages_have_a_token_and_cost_nothing(self) -> None:
        with Aws(7, 220, [STORE]) as server:
            server.empty_every = 2
            self.assertEqual(220, len({row["Name"] for row in described(client(server))}))
            self.assertGreater(server.operations()["DescribeParameters"], 5)

    def test_an_account_is_read_by_its_role(self) -> None:
        with Aws(7, 12, [STORE, OTHER]) as server:
            role = f"arn:aws:iam::{OTHER.split('/')[0]}:role/tokensweep"
            got = client(server, "sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
            keys = {"aws_access_key_id": got["AccessKeyId"], "aws_secret_access_key": got["SecretAccessKey"],
                    "aws_session_token": got["SessionToken"]}
            self.assertEqual(OTHER.split("/")[0], client(server, "sts", keys=keys).get_caller_identity()["Account"])
            self.assertEqual(set(server.truth()[OTHER]), {row["Name"] for row in described(client(server, region="us-east-1", keys=keys))})

    def test_what_is_written_has_a_new_version(self) -> None:
        with Aws(7, 12, [STORE]) as server:
            name, before = next(iter(server.truth()[STORE].items()))
            client(server).put_parameter(Name=name, Value="x", Type="String", Overwrite=True)
            after = server.truth()[STORE][name]
            self.assertEqual(before["version"] + 1, after["version"])
            self.assertGreaterEqual(after["modified_at"], int(time.time()) - 5)
            server.delete(STORE, name)
            self.assertEqual([name], client(server).get_parameters(Names=[name])["InvalidParameters"])


class Refused(unittest.TestCase):
    def test_errors_are_as_aws_has_them(self) -> None:
        with Aws(7, 12, [STORE]) as server:
            names = list(server.truth()[STORE])
            server.denied_names = names[3:4]
            wrong = {**server.keys, "aws_secret_access_key": "wrong"}
            unknown = {**server.keys, "aws_access_key_id": "AKIAIOSFODNN7NOBODY1"}
            many = client(server)
            cases = [
                ("a page that is too large", "ValidationException", lambda: many.describe_parameters(MaxResults=51)),
                ("a token that is none", "InvalidNextToken", lambda: many.describe_parameters(NextToken="no")),
                ("one name of several", "AccessDeniedException", lambda: many.get_parameters(Names=names[:5])),
                ("a wrong secret", "InvalidSignatureException", lambda: client(server, keys=wrong).describe_parameters()),
                ("a key that nobody has", "UnrecognizedClientException", lambda: client(server, keys=unknown).describe_parameters()),
                ("a wrong secret at STS", "SignatureDoesNotMatch", lambda: client(server, "sts", keys=wrong).get_caller_identity()),
                ("a key that nobody has at STS", "InvalidClientTokenId", lambda: client(server, "sts", keys=unknown).get_caller_identity()),
                ("another account's role", "AccessDenied", lambda: client(server, "sts").assume_role(
                    RoleArn="arn:aws:iam::210987654321:role/nobody", RoleSessionName="test")),
            ]
            server.set_policy({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ssm:*", "Resource": "*"}]})
            for what, code, ask in cases:
                with self.subTest(what=what), self.assertRaises(botocore.exceptions.ClientError) as caught:
                    ask()
                self.assertEqual(code, caught.exception.response["Error"]["Code"], what)

    def test_a_region_that_is_off_does_not_know_the_keys(self) -> None:
        with Aws(7, 12, [STORE]) as server:
            server.regions_off = ["ap-east-1"]
            with self.assertRaises(botocore.exceptions.ClientError) as caught:
                client(server, region="ap-east-1").describe_parameters()
            self.assertEqual("UnrecognizedClientException", caught.exception.response["Error"]["Code"])
            self.assertEqual([], client(server, region="ap-south-1").describe_parameters()["Parameters"])

    def test_policies_count_for_each_parameter_and_each_key(self) -> None:
        with Aws(7, 60, [STORE]) as server:
            truth = server.truth()[STORE]
            keyed = next(name for name, one in truth.items() if one["key"] == "alias/tokens")
            allowed = next(name for name in truth if name.startswith("/checkout/"))
            refused = next(name for name in truth if name.startswith("/search/"))
            server.set_policy({"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": "ssm:DescribeParameters", "Resource": "*"},
                {"Effect": "Allow", "Action": "ssm:GetParameters", "Resource": ["arn:aws:ssm:eu-west-1:123456789012:parameter/checkout/*",
                                                                                f"arn:aws:ssm:eu-west-1:123456789012:parameter{keyed}"]}]})
            ssm = client(server)
            self.assertEqual(60, len(list(described(ssm))))
            self.assertEqual(1, len(ssm.get_parameters(Names=[allowed], WithDecryption=True)["Parameters"]))
            self.assertEqual(1, len(ssm.get_parameters(Names=[keyed])["Parameters"]))
            for name, action in ((refused, "ssm:GetParameters"), (keyed, "kms:Decrypt")):
                with self.assertRaises(botocore.exceptions.ClientError) as caught:
                    ssm.get_parameters(Names=[name], WithDecryption=True)
                self.assertIn(action, caught.exception.response["Error"]["Message"])

    def test_clocks_may_differ_by_five_minutes(self) -> None:
        for offset, fits in ((0, True), (200, True), (-200, True), (400, False), (-400, False)):
            with self.subTest(offset=offset), Aws(7, 12, [STORE]) as server:
                server.clock_offset = offset
                sts = client(server, "sts")
                if fits:
                    self.assertEqual(BASE_ACCOUNT, sts.get_caller_identity()["Account"])
                else:
                    with self.assertRaises(botocore.exceptions.ClientError):
                        sts.get_caller_identity()

    def test_limits_hold_for_a_region_and_refuse_as_aws_does(self) -> None:
        with Aws(7, 12, [STORE]) as server:
            server.limits = {"values": 5}
            names = list(server.truth()[STORE])[:10]
            codes = []
            began = datetime.datetime.now()
            for _ in range(12):
                try:
                    client(server).get_parameters(Names=names)
                    codes.append("")
                except botocore.exceptions.ClientError as error:
                    codes.append(error.response["Error"]["Code"])
            allowed = 5 + 5 * (datetime.datetime.now() - began).total_seconds()
            self.assertEqual([""] * 5, codes[:5])
            self.assertLessEqual(codes.count(""), allowed + 1)
            self.assertEqual({"", "ThrottlingException"} if allowed < 11 else {""}, set(codes) | {""})
            self.assertEqual(10, len(client(server, region="us-east-1").get_parameters(Names=names)["InvalidParameters"]))


def main() -> int:
    # No proxy of the environment: it is this machine.
    os.environ["no_proxy"] = "127.0.0.1,localhost"
    program = unittest.main(exit=False)
    result = program.result
    # Several rows of one table may have failed; a skipped test proved nothing.
    failed = len({getattr(test, "test_case", test).id() for test, _ in [*result.failures, *result.errors, *result.skipped]})
    print(f"{result.testsRun - failed} passed, {failed} failed", flush=True)
    return 1 if failed or not result.testsRun else 0


if __name__ == "__main__":
    sys.exit(main())
