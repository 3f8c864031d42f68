#!/usr/bin/env python3
"""AWS for tests: moto's STS, IAM and Parameter Store in one process, with what moto lacks. It needs moto; whoever has it not
starts it by aws_process.py.

    with Aws(seed=7, parameters=40, stores=["123456789012/eu-west-1"]) as server:
        boto3.client("ssm", endpoint_url=server.url, **server.keys)

What moto does not do, or does otherwise than AWS: DescribeParameters pages by MaxResults, at most 50, and tells ARNs and policies;
a bad token is `InvalidNextToken`; refusals of JSON services are JSON with 400, and name their resource; IAM policies are held
against each parameter and each key; clocks may differ by five minutes; requests are counted, and throttled by token buckets.
Each operation's target is its name (`/DescribeParameters`), for `requests`, `fail` and `operations`.
"""

import argparse
import datetime
import email.utils
import io
import json
import os
import sys
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

os.environ.setdefault("MOTO_DISABLE_GLOBAL_CORS", "true")

from moto.backends import get_backend  # noqa: E402
from moto.iam import access_control  # noqa: E402
from moto.iam.models import get_account_id_from  # noqa: E402
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app  # noqa: E402
from moto.ssm.responses import SimpleSystemManagerResponse  # noqa: E402

from http_server import Answer, Connection, Request, Server, json_answer  # noqa: E402
from parameters import Seeded, parameters as seeded_parameters  # noqa: E402

Json = Any

BASE_ACCOUNT = "123456789012"
ROLE = "tokensweep"
MOST_LISTED = 50
CLOCKS_DIFFER = 300  # seconds at most
FIRST_WRITTEN = datetime.datetime(2024, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
ALLOW_ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
VALUE_OPERATIONS = {"GetParameter", "GetParameters", "GetParametersByPath"}


class Refusal(Exception):
    """An error of AWS's: status 400 and JSON, or XML from STS."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


@dataclass
class Bucket:
    """A token bucket that holds a second's worth."""
    per_second: float
    tokens: float = 0
    last: float | None = None

    def take(self, now: float) -> bool:
        refill = (now - self.last) * self.per_second if self.last is not None else self.per_second
        self.tokens, self.last = min(self.tokens + refill, self.per_second), now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


@dataclass
class Caller:
    """Who signed a request."""
    account: str
    region: str
    service: str
    key: str
    arn: str = ""
    policies: list[Any] = field(default_factory=list)


def describe_parameters(response: SimpleSystemManagerResponse) -> Json:
    """In moto's place: pages by MaxResults, and looks at no parameter of other pages."""
    from moto.core.responses import ActionResult

    backend = response.ssm_backend
    size, token = response._get_param("MaxResults") or 10, response._get_param("NextToken")
    filters = response._get_param("ParameterFilters")
    if response._get_param("Shared"):
        names = []
    elif filters or response._get_param("Filters"):
        names = [one.name for one in backend.describe_parameters(response._get_param("Filters"), filters)]
    else:
        names = [name for name, versions in backend._parameters.items() if versions]
    start = int(token) if token else 0
    rows = []
    for name in names[start:start + size]:
        parameter = backend._parameters[name][-1]
        row = parameter.describe_response_object(False)
        del row["Value"]
        row["ARN"] = arn_of(response.current_account, response.region, name)
        row.pop("Policies", None)
        if parameter.policies:
            row["Policies"] = [{"PolicyText": json.dumps(one), "PolicyType": one["Type"], "PolicyStatus": "Pending"}
                               for one in json.loads(parameter.policies)]
        rows.append(row)
    result: Json = {"Parameters": rows}
    if start + size < len(names):
        result["NextToken"] = str(start + size)
    return ActionResult(result)


SimpleSystemManagerResponse.describe_parameters = describe_parameters


def arn_of(account: str, region: str, name: str) -> str:
    return f"arn:aws:ssm:{region}:{account}:parameter{'' if name.startswith('/') else '/'}{name}"


def operation_of(headers: dict[str, str], body: bytes) -> str:
    """`GetParameters`, `AssumeRole`; empty where it says none."""
    if target := headers.get("x-amz-target"):
        return target.rpartition(".")[2]
    if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return parse_qs(body.decode()).get("Action", [""])[0]
    return ""


class Aws(Server):
    """`stores`: `account/region` each. Accounts other than BASE_ACCOUNT have a role to assume, `arn:aws:iam::ACCOUNT:role/tokensweep`.

    `verify`: whether signatures and policies count. `limits`: calls a second for each account and region: `all`, `values` (Get…),
    `lists` (DescribeParameters). `empty_every`: each so many-th page of a list is empty, and has a token. `clock_offset`: seconds
    that the server's clock is ahead. `regions_off`, `denied_names`, `denied_keys`: what is refused. `keep_answers`: lists and values
    are made once; only where nothing is written.
    """

    def __init__(self, seed: int = 1, parameters: int = 40, stores: list[str] | None = None, *, verify: bool = True,
                 limits: dict[str, float] | None = None, keep_answers: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.stores = stores or [f"{BASE_ACCOUNT}/eu-west-1"]
        self.verify = verify
        self.limits = limits or {}
        self.empty_every = 0
        self.clock_offset = 0.0
        self.regions_off: list[str] = []
        self.denied_names: list[str] = []
        self.denied_keys: list[str] = []
        self.buckets: dict[tuple[str, ...], Bucket] = {}
        self.pages_listed = 0
        self.kept: dict[str, Answer] | None = {} if keep_answers else None
        self.moto = DomainDispatcherApplication(create_backend_app)
        for service in ("iam", "sts", "ssm"):
            get_backend(service).reset()  # moto keeps all in the process: one of these at a time
        self.holds: dict[tuple[str, str], str | None] = {}
        self.keys = self._seed_callers()
        for store in self.stores:
            account, region = store.split("/")
            for number, one in enumerate(seeded_parameters(seed, store, parameters)):
                self._put(account, region, one)
                self._ssm(account, region)._parameters[one.name][-1].last_modified_date = (
                    FIRST_WRITTEN + datetime.timedelta(days=number % 600)).timestamp()

    # What is there.

    def _ssm(self, account: str, region: str) -> Any:
        return get_backend("ssm")[account][region]

    def _iam(self, account: str) -> Any:
        return get_backend("iam")[account]["aws"]

    def _seed_callers(self) -> dict[str, str]:
        self._iam(BASE_ACCOUNT).create_user("us-east-1", "scanner")
        self._iam(BASE_ACCOUNT).put_user_policy("scanner", "given", json.dumps(ALLOW_ALL))
        key = self._iam(BASE_ACCOUNT).create_access_key("scanner")
        trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                                                         "Principal": {"AWS": f"arn:aws:iam::{BASE_ACCOUNT}:user/scanner"}}]}
        for account in sorted({store.split("/")[0] for store in self.stores} - {BASE_ACCOUNT}):
            self._iam(account).create_role(ROLE, json.dumps(trust), "/", None, "", [], "3600")
            self._iam(account).put_role_policy(ROLE, "given", json.dumps(ALLOW_ALL))
        return {"aws_access_key_id": key.access_key_id, "aws_secret_access_key": key.secret_access_key}

    def _put(self, account: str, region: str, one: Seeded, overwrite: bool = False) -> None:
        self._ssm(account, region).put_parameter(one.name, "", one.value, one.type, "", one.key, overwrite, [], "text",
                                                 tier=one.tier, policies=one.policies)
        self.holds[f"{account}/{region}", one.name] = one.holds

    def put(self, store: str, name: str, value: str, type: str = "SecureString", holds: str | None = None) -> None:
        account, region = store.split("/")
        self._put(account, region, Seeded(name, type, value, holds), overwrite=True)

    def delete(self, store: str, name: str) -> None:
        account, region = store.split("/")
        self._ssm(account, region).delete_parameter(name)
        del self.holds[store, name]

    def set_policy(self, policy: Json, account: str = BASE_ACCOUNT) -> None:
        """In place of "everything": of the user, or of another account's role."""
        if account == BASE_ACCOUNT:
            self._iam(account).put_user_policy("scanner", "given", json.dumps(policy))
        else:
            self._iam(account).put_role_policy(ROLE, "given", json.dumps(policy))

    def truth(self) -> Json:
        """Store -> name -> type, tier, key, version, modified_at (seconds), holds (a token, or null)."""
        return {store: {name: {
            "type": one.parameter_type, "tier": one.tier, "key": one.keyid, "version": one.version,
            "modified_at": int(float(one.last_modified_date.timestamp() if hasattr(one.last_modified_date, "timestamp") else
                                     one.last_modified_date)),
            "holds": self.holds.get((store, name))}
            for name, versions in self._ssm(*store.split("/"))._parameters.items() if versions for one in [versions[-1]]}
            for store in self.stores}

    # What is answered.

    def take(self, connection: Connection, method: str, target: str, headers: dict[str, str], body: bytes) -> None:
        operation = operation_of(headers, body)
        super().take(connection, method, f"/{operation}" if target == "/" and operation else target, headers, body)

    def answer(self, request: Request) -> Answer:
        try:
            answer = self._answer(request)
        except Refusal as refusal:
            answer = self.refused(request, refusal)
        date = email.utils.formatdate(time.time() + self.clock_offset, usegmt=True)
        answer.headers.append(("Date", date))
        return answer

    def refused(self, request: Request, refusal: Refusal) -> Answer:
        if "x-amz-target" in request.headers or request.path == "/listRegions":
            return json_answer({"__type": refusal.code, "message": refusal.message}, refusal.status,
                               [("x-amzn-ErrorType", refusal.code)] if request.path == "/listRegions" else [])
        xml = (f'<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>{refusal.code}</Code>'
               f"<Message>{refusal.message}</Message></Error><RequestId>0</RequestId></ErrorResponse>")
        return Answer(403, [("Content-Type", "text/xml")], xml.encode())

    def _answer(self, request: Request) -> Answer:
        operation = request.path[1:]
        caller = self._caller(request)
        if caller:
            if caller.region in self.regions_off and caller.service == "ssm":
                raise Refusal("UnrecognizedClientException", "The security token included in the request is invalid.")
            self._throttle(caller, operation)
            if self.verify:
                self._authenticate(request, caller, operation)
                self._authorize(request, caller, operation)
        if operation == "listRegions":
            regions = sorted({store.split("/")[1] for store in self.stores} | {"us-east-1"})
            return json_answer({"Regions": [{"RegionName": one, "RegionOptStatus": "ENABLED_BY_DEFAULT"} for one in regions]})
        if operation == "DescribeParameters":
            self._check_list(json.loads(request.body))
            self.pages_listed += 1
            if self.empty_every and self.pages_listed % self.empty_every == 0:
                token = json.loads(request.body).get("NextToken") or "0"
                return json_answer({"Parameters": [], "NextToken": f"{int(token):07}" if token.startswith("0") else f"0{token}"})
        if self.kept is None or not caller or operation not in ("DescribeParameters", "GetParameters"):
            return self._ask_moto(request)
        key = json.dumps([caller.account, caller.region, operation, json.loads(request.body)], sort_keys=True)
        if key not in self.kept:
            self.kept[key] = self._ask_moto(request)
        return Answer(200, list(self.kept[key].headers), self.kept[key].body)

    def _caller(self, request: Request) -> Caller | None:
        """By the credential's scope: `Credential=KEY/DATE/REGION/SERVICE/aws4_request`."""
        authorization = request.headers.get("authorization", "")
        parts = authorization.partition("Credential=")[2].partition(",")[0].split("/")
        if len(parts) != 5:
            return None
        return Caller(get_account_id_from(parts[0]), parts[2], parts[3], parts[0])

    def _throttle(self, caller: Caller, operation: str) -> None:
        if caller.service != "ssm":
            return
        families = ["all", "values" if operation in VALUE_OPERATIONS else "lists"]
        for family in families:
            if family in self.limits:
                bucket = self.buckets.setdefault((caller.account, caller.region, family), Bucket(self.limits[family]))
                if not bucket.take(time.monotonic()):
                    raise Refusal("ThrottlingException", "Rate exceeded")

    def _authenticate(self, request: Request, caller: Caller, operation: str) -> None:
        """By moto's own code, which asks botocore for the signature."""
        headers = {name.title(): value for name, value in request.headers.items()}
        unknown = "UnrecognizedClientException" if caller.service == "ssm" else "InvalidClientTokenId"
        wrong = "InvalidSignatureException" if caller.service == "ssm" else "SignatureDoesNotMatch"
        sent = datetime.datetime.strptime(request.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
        if abs(sent.timestamp() - (time.time() + self.clock_offset)) > CLOCKS_DIFFER:
            raise Refusal(wrong, "Signature expired: it is not within 5 minutes of the server's time")
        path = "/listRegions" if operation == "listRegions" else "/"
        try:
            made = access_control.IAMRequest(account_id=caller.account, method=request.method, path=f"{self.url}{path}", data={},
                                             body=request.body, headers=headers, action=operation)
            made.check_signature()
        except Exception as error:
            is_wrong = "SignatureDoesNotMatch" in type(error).__name__
            raise Refusal(wrong if is_wrong else unknown, "The signature does not match" if is_wrong else
                          "The security token included in the request is invalid.") from None
        caller.arn = made._access_key.arn
        caller.policies = made._access_key.collect_policies()

    def _is_allowed(self, caller: Caller, action: str, resource: str) -> bool:
        results = [access_control.IAMPolicy(policy).is_action_permitted(action, resource) for policy in caller.policies]
        return (access_control.PermissionResult.DENIED not in results and
                access_control.PermissionResult.PERMITTED in results)

    def _authorize(self, request: Request, caller: Caller, operation: str) -> None:
        if operation == "GetCallerIdentity":
            return
        action, resources = f"{caller.service}:{operation[0].upper()}{operation[1:]}", ["*"]
        if operation == "AssumeRole":
            resources = parse_qs(request.body.decode()).get("RoleArn", ["*"])
        if operation == "GetParameters":
            self._authorize_values(json.loads(request.body), caller, action)
            return
        for resource in resources:
            if not self._is_allowed(caller, action, resource):
                self._deny(caller, action, resource)

    def _authorize_values(self, body: Json, caller: Caller, action: str) -> None:
        """A single name, or a single key, that is refused costs all of them their answer."""
        kept = self._ssm(caller.account, caller.region)._parameters
        for name in body["Names"]:
            resource = arn_of(caller.account, caller.region, name)
            if name in self.denied_names or not self._is_allowed(caller, action, resource):
                self._deny(caller, action, resource)
            versions = kept.get(name)
            key = versions[-1].keyid if versions else None
            # The service's own key is open to whoever may read the parameter.
            if not key or key == "alias/aws/ssm" or not body.get("WithDecryption"):
                continue
            key_arn = f"arn:aws:kms:{caller.region}:{caller.account}:key/{key.removeprefix('alias/')}"
            if key in self.denied_keys or not self._is_allowed(caller, "kms:Decrypt", key_arn):
                self._deny(caller, "kms:Decrypt", key_arn)

    @staticmethod
    def _deny(caller: Caller, action: str, resource: str) -> None:
        raise Refusal("AccessDeniedException" if caller.service != "sts" else "AccessDenied",
                      f"User: {caller.arn} is not authorized to perform: {action} on resource: {resource}")

    @staticmethod
    def _check_list(body: Json) -> None:
        size, token = body.get("MaxResults"), body.get("NextToken")
        if size is not None and not 1 <= size <= MOST_LISTED:
            raise Refusal("ValidationException", f"1 validation error detected: Value '{size}' at 'maxResults' failed to satisfy "
                          f"constraint: Member must have value less than or equal to {MOST_LISTED}")
        if token is not None and not token.isdigit():
            raise Refusal("InvalidNextToken", "The specified token is not valid.")

    def _ask_moto(self, request: Request) -> Answer:
        path = "/" if not request.path[1:].startswith(("latest", "moto-api")) and "-target" not in request.path else request.path
        environ = {"REQUEST_METHOD": request.method, "PATH_INFO": path, "QUERY_STRING": "", "SERVER_NAME": "127.0.0.1",
                   "SERVER_PORT": str(self.port), "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.version": (1, 0), "wsgi.url_scheme": "http",
                   "wsgi.input": io.BytesIO(request.body), "wsgi.errors": sys.stderr, "wsgi.multithread": False,
                   "wsgi.multiprocess": False, "wsgi.run_once": False, "CONTENT_LENGTH": str(len(request.body)),
                   "CONTENT_TYPE": request.headers.get("content-type", "")}
        environ |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.headers.items()}
        told: list[Any] = []
        application = self.moto.get_application(environ)
        body = b"".join(application(environ, lambda status, headers, error=None: told.extend([status, headers])))
        status = int(told[0].split()[0])
        headers = [(name, value) for name, value in told[1] if name.lower() in ("content-type", "x-amzn-errortype")]
        return Answer(status, headers, body)

    # For tests.

    def operations(self) -> dict[str, int]:
        """How often each was asked for, refusals too."""
        counts: dict[str, int] = {}
        for request in list(self.seen):
            counts[request.path[1:]] = counts.get(request.path[1:], 0) + 1
        return counts

    def refusal(self, kind: str, **arguments: Json) -> Answer:
        refusals = {"throttled": ("ThrottlingException", "Rate exceeded"), "denied": ("AccessDeniedException", "not authorized"),
                    "stale": ("InvalidNextToken", "The specified token is not valid."),
                    "expired": ("ExpiredTokenException", "The security token included in the request is expired"),
                    "unrecognized": ("UnrecognizedClientException", "The security token included in the request is invalid.")}
        if kind == "xml":
            return Answer(403, [("Content-Type", "text/xml")], b"<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>")
        if kind not in refusals:
            return super().refusal(kind, **arguments)
        code, message = refusals[kind]
        return json_answer({"__type": f"com.amazonaws.ssm#{code}", "message": message}, 400)

    def set(self, name: str, value: Json) -> None:
        if name in ("verify", "limits", "empty_every", "clock_offset", "regions_off", "denied_names", "denied_keys"):
            setattr(self, name, value)
            self.buckets = {}
        else:
            super().set(name, value)

    def control(self, method: str, what: str, query: dict[str, str], body: dict[str, Json]) -> Json:
        """Beside http_server's: GET operations; POST put {store, name, value, type, holds}, delete {store, name},
        policy {policy, account}."""
        if (method, what) == ("GET", "operations"):
            return self.operations()
        if (method, what) == ("POST", "put"):
            self.put(**body)
        elif (method, what) == ("POST", "delete"):
            self.delete(**body)
        elif (method, what) == ("POST", "policy"):
            self.set_policy(**body)
        else:
            return super().control(method, what, query, body)
        return {}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--parameters", type=int, default=40, help="in each store")
    parser.add_argument("--store", action="append", help="account/region, repeatable")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--no-verify", action="store_true", help="take any signature")
    parser.add_argument("--keep-answers", action="store_true", help="make each once; only where nothing is written")
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    server = Aws(options.seed, options.parameters, options.store, verify=not options.no_verify,
                 keep_answers=options.keep_answers, latency=options.latency, port=options.port)
    server.serve_until_killed({"keys": server.keys, "stores": server.stores})
    return 0


if __name__ == "__main__":
    sys.exit(main())
