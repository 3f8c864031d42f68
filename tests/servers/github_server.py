#!/usr/bin/env python3
"""A fake GitHub: one organisation's secrets, variables, environments and private registries, over REST and GraphQL.

    with GitHub(Organisation(seed=1, shape=Shape(repositories=24)), latency=0.05) as server:
        run(..., "--base-url", server.url, token=server.classic().token)
        assert server.truth(server.classic()) == seen

or, in a process of its own, steered over /_control/ (see http_server.py):

    tests/servers/github_server.py --repositories 2000 --environments 3 --latency 0.05      # prints {"url": …, "token": …}

It pages by Link with /organizations/ID and /repositories/ID addresses, sends ETags that depend on Accept and Authorization,
does not count a 304, redirects renamed repositories, and refuses what GitHub refuses. What it serves is held to GitHub's own
description of its API, and real clients drive it: test_fakes.py. Where nothing is documented, a comment says what was assumed.
"""

import argparse
import gzip
import hashlib
import json
import math
import random
import re
import sys
import tempfile
import time
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from email.utils import formatdate
from pathlib import Path
from typing import Any, Callable
from urllib.parse import quote, unquote

sys.path.insert(0, str(Path(__file__).resolve().parent))

from github_access import (ANYBODY, AUDIT_NEED, EVERY_PERMISSION, EVERY_SCOPE, ORGANISATION_NEEDS, REPOSITORY_NEEDS, ROLES, USER_NEED, App,
                           BadToken, Credential, Installation, Need, token_text)
from github_audit import AuditLog, Changes
from github_graphql import Graph
from github_rows import Rows
from graphql import Executor, GraphqlError
from http_server import REASONS, Answer, Request, Server, SlidingSum, json_answer
from organisation import STORES, VARIABLE_STORES, Organisation, Repository, Shape, Stored

Json = Any

SCHEMA_FILE = Path(__file__).with_name("github_schema.json.gz")
VERSIONS = ("2022-11-28", "2026-03-10")
DOCS = "https://docs.github.com/rest"
LEAST_GZIPPED = 100  # bytes


def load_schema() -> Json:
    """GitHub's description of the operations and types in use: see tools/cut_github_schema.py."""
    return json.loads(gzip.decompress(SCHEMA_FILE.read_bytes()))


@dataclass
class Limits:
    """GitHub's limits; None switches one off. The lengths of their windows can be shortened for tests."""
    primary: int | None = 5000  # REST requests of one owner in a window; 304s are free
    graphql: int | None = 5000  # points
    audit_log: int | None = 1750
    graphql_nodes: int | None = None  # a query that may ask for more takes too long: 502, as after GitHub's ten seconds
    window_seconds: float = 3600.0
    graphql_files: int | None = None  # the same for one that reads more files
    # The secondary limits, off unless a test wants them. They hold for REST and GraphQL together.
    points: int | None = None  # a request is one
    points_seconds: float = 60.0
    busy_seconds: float | None = None  # sum of response times ("CPU time") within busy_window_seconds
    busy_window_seconds: float = 60.0
    concurrent: int | None = None
    secondary_status: int = 403  # or 429; GitHub sends both
    retry_after: bool = True  # whether a secondary refusal says how long


@dataclass
class Window:
    """The primary limit of one owner and resource: it starts with a request, and is full again when it ends."""
    limit: int
    used: int = 0
    reset: float = 0.0


@dataclass
class Resource:
    """What an address stands for. A list has `items`, anything else an `object`."""
    need: Need
    address: str  # as Link spells it
    repository: Repository | None = None
    key: str | None = None  # the name of the rows; None: a bare array
    items: list[Any] = field(default_factory=list)
    row: Callable[[Any], Json] = lambda item: item  # made for the items of a page alone
    object: Callable[[], Json] | None = None
    pager: Callable[[dict[str, str]], tuple[Json, str]] | None = None  # of the asked page: the answer and its Link header
    most: int = 100
    usual: int = 30
    extra: dict[str, Json] = field(default_factory=dict)  # beside the rows


@dataclass(slots=True)
class Ready:
    """An answer to one credential, as bytes but for the limits' headers."""
    status: int
    headers: list[tuple[str, str]]
    head: bytes
    body: bytes
    etag: str
    cost: int = 1


class Refusal(Exception):
    """An answer other than what was asked for."""

    def __init__(self, status: int, message: str, headers: list[tuple[str, str]] | None = None, **fields: Json) -> None:
        super().__init__(message)
        self.status, self.message, self.headers, self.fields = status, message, headers or [], fields

    def answer(self) -> Answer:
        body = {"message": self.message, "documentation_url": DOCS, "status": str(self.status), **self.fields}
        return json_answer(body, self.status, self.headers)


class GitHub(Server):
    """`product`: dotcom or ghes, which has neither agents nor an organisation's Codespaces, and its API below /api/v3 (the fake
    always understands both addresses). `clock`: seconds since 1970, for expiry and resets."""

    def __init__(self, organisation: Organisation | None = None, *, limits: Limits | None = None, product: str = "dotcom",
                 clock: Callable[[], float] = time.time, seed: int = 1, **server: Any) -> None:
        super().__init__(**server)
        self.organisation = organisation or Organisation(seed)
        self.limits = limits or Limits()
        self.product = product
        self.usual_etags = True  # False: made as nobody has seen it, as a server may
        self.clock = clock
        self.chance = random.Random(f"tokens {seed}")
        self.credentials: dict[str, Credential] = {}
        self.apps: dict[int, App] = {}
        self.app_folder: tempfile.TemporaryDirectory[str] | None = None
        self.types = load_schema()["graphql"]
        self.cache: dict[tuple[str, ...], Ready] = {}
        self.windows: dict[tuple[str, str], Window] = {}
        self.points: dict[str, SlidingSum] = {}
        self.busy: dict[str, SlidingSum] = {}
        self.first_classic: Credential | None = None
        self.audit = AuditLog(self.organisation, lambda: self.clock())
        self.changes = Changes(self)

    def __exit__(self, *details: object) -> None:
        super().__exit__(*details)
        if self.app_folder:
            self.app_folder.cleanup()

    # Credentials.

    def add(self, kind: str, prefix: str, owner: str, **fields: Any) -> Credential:
        one = Credential(kind, token_text(self.chance, prefix), owner, **fields)
        self.credentials[one.token] = one
        return one

    def classic(self, scopes: tuple[str, ...] = EVERY_SCOPE, owner: str = "ann", **fields: Any) -> Credential:
        """A new classic personal access token; without arguments, the same one each time."""
        if scopes == EVERY_SCOPE and owner == "ann" and not fields:
            self.first_classic = self.first_classic or self.add("classic", "ghp", owner, scopes=scopes)
            return self.first_classic
        return self.add("classic", "ghp", owner, scopes=scopes, **fields)

    def fine_grained(self, permissions: dict[str, str] | None = None, repositories: set[int] | None = None, owner: str = "ann",
                     **fields: Any) -> Credential:
        """A new fine-grained token: with all permissions that there are, unless some are named."""
        held = dict(EVERY_PERMISSION if permissions is None else permissions)
        return self.add("fine-grained", "github_pat", owner, permissions=held, repositories=repositories, **fields)

    def app(self) -> App:
        """A new GitHub App. Its private key lies in `key_file`; `install` it before use."""
        self.app_folder = self.app_folder or tempfile.TemporaryDirectory(prefix="tokensweep-app-")
        made = App(2000 + len(self.apps), Path(self.app_folder.name))
        self.apps[made.id] = made
        return made

    def install(self, app: App, permissions: dict[str, str] | None = None, repositories: set[int] | None = None) -> Installation:
        held = dict(EVERY_PERMISSION if permissions is None else permissions)
        made = Installation(app.id * 100 + len(app.installations) + 1, held, repositories)
        app.installations[made.id] = made
        return made

    def authenticate(self, authorization: str | None) -> tuple[Credential, App | None]:
        """Whose request it is. Raises 401 for what is no good."""
        if authorization is None:
            return ANYBODY, None
        scheme, _, token = authorization.partition(" ")
        found = self.credentials.get(token) if scheme.lower() in ("bearer", "token") else None
        if found and (found.expires_at is None or self.clock() < found.expires_at):
            return found, None
        if token.count(".") == 2 and self.apps:
            failure = ""
            for app in self.apps.values():
                try:
                    app.check(token, self.clock())
                    return Credential("app", token, f"app {app.id}"), app
                except BadToken as error:
                    failure = str(error)
            raise Refusal(401, failure)
        raise Refusal(401, "Bad credentials")

    # Limits.

    def window(self, owner: str, resource: str) -> Window | None:
        limits = {"graphql": self.limits.graphql, "audit_log": self.limits.audit_log}
        limit = limits.get(resource, self.limits.primary)
        if limit is None:
            return None
        if owner == ANYBODY.owner:
            limit = min(limit, 60)
        one = self.windows.get((owner, resource))
        now = self.clock()
        if one is None or now >= one.reset or one.limit != limit:
            one = self.windows[owner, resource] = Window(limit, 0, now + self.limits.window_seconds)
        return one

    def limit_headers(self, owner: str, resource: str) -> list[tuple[str, str]]:
        one = self.window(owner, resource)
        if one is None:
            return []  # GitHub Enterprise Server, where limits are off by default
        return [("X-RateLimit-Limit", str(one.limit)), ("X-RateLimit-Remaining", str(max(0, one.limit - one.used))),
                ("X-RateLimit-Used", str(one.used)), ("X-RateLimit-Reset", str(math.ceil(one.reset))),
                ("X-RateLimit-Resource", resource)]

    def dynamic_headers(self, owner: str, resource: str) -> list[tuple[str, str]]:
        """What no kept answer has."""
        return [("Date", formatdate(self.clock(), usegmt=True)), *self.limit_headers(owner, resource)]

    def rate(self, owner: str, resource: str) -> dict[str, int]:
        one = self.window(owner, resource) or Window(0, 0, self.clock())
        return {"limit": one.limit, "used": one.used, "remaining": max(0, one.limit - one.used), "reset": math.ceil(one.reset)}

    def secondary_refusal(self, wait: float) -> Refusal:
        headers = [("Retry-After", str(math.ceil(wait)))] if self.limits.retry_after else []
        return Refusal(self.limits.secondary_status, "You have exceeded a secondary rate limit. Please wait a few minutes before you "
                       "try again. If you reach out to GitHub Support for help, please include the request ID.", headers)

    def check_limits(self, request: Request, owner: str, resource: str) -> None:
        """Raises when a limit is reached; else spends a point of the secondary ones."""
        limits, now = self.limits, request.began
        if limits.concurrent is not None and request.in_flight > limits.concurrent:
            raise self.secondary_refusal(limits.points_seconds)
        if limits.busy_seconds is not None:
            if self.busy.setdefault(owner, SlidingSum(limits.busy_window_seconds)).at(now) >= limits.busy_seconds:
                raise self.secondary_refusal(limits.busy_window_seconds)
        if limits.points is not None:
            spent = self.points.setdefault(owner, SlidingSum(limits.points_seconds))
            if spent.at(now) >= limits.points:
                raise self.secondary_refusal(limits.points_seconds)
            spent.spend(now, 1)
        one = self.window(owner, resource)
        if one and one.used >= one.limit and not request.path.endswith("/rate_limit"):
            if resource == "graphql":
                raise Refusal(200, "", errors=[{"type": "RATE_LIMITED", "message": f"API rate limit exceeded for user {owner}."}])
            raise Refusal(403, f"API rate limit exceeded for {owner}. (But here's the good news: waiting helps.)")

    def spend(self, request: Request, owner: str, resource: str, cost: int) -> None:
        one = self.window(owner, resource)
        if one:
            one.used += cost
        request.counted = True

    def ended(self, request: Request) -> None:
        if self.limits.busy_seconds is not None and request.ended and request.status not in (401, 403, 429):
            credential = self.credentials.get(request.headers.get("authorization", "").partition(" ")[2])
            owner = credential.owner if credential else ANYBODY.owner
            self.busy.setdefault(owner, SlidingSum(self.limits.busy_window_seconds)).spend(request.ended,
                                                                                            request.ended - request.began)

    # Answers.

    def wire(self, request: Request) -> tuple[bytes, int]:
        result, owner, resource = self.result(request)
        if isinstance(result, Answer):
            result.headers += self.dynamic_headers(owner, resource)
            return result.head() + (result.body if request.method != "HEAD" else b""), result.status
        if self.unchanged(request, result):
            head = f"HTTP/1.1 304 Not Modified\r\nETag: {result.etag}\r\n".encode()
            return head + self.limit_lines(owner, resource) + b"\r\n", 304
        self.count(request, result, owner, resource)
        return b"".join([result.head, self.limit_lines(owner, resource), b"Content-Length: %d\r\n\r\n" % len(result.body),
                         result.body if request.method != "HEAD" else b""]), result.status

    def answer(self, request: Request) -> Answer:
        result, owner, resource = self.result(request)
        if isinstance(result, Answer):
            result.headers += self.dynamic_headers(owner, resource)
            return result
        if self.unchanged(request, result):
            return Answer(304, [("ETag", result.etag), *self.dynamic_headers(owner, resource)])
        self.count(request, result, owner, resource)
        return Answer(result.status, [*result.headers, *self.dynamic_headers(owner, resource)], result.body)

    def limit_lines(self, owner: str, resource: str) -> bytes:
        return "".join(f"{name}: {value}\r\n" for name, value in self.dynamic_headers(owner, resource)).encode()

    def unchanged(self, request: Request, ready: Ready) -> bool:
        asked = request.headers.get("if-none-match")
        if not asked or not ready.etag:
            return False
        return ready.etag.removeprefix("W/") in [tag.strip().removeprefix("W/") for tag in asked.split(",")] or asked == "*"

    def count(self, request: Request, ready: Ready, owner: str, resource: str) -> None:
        if request.path.endswith("/rate_limit"):
            return
        self.spend(request, owner, resource, ready.cost)

    def result(self, request: Request) -> tuple[Ready | Answer, str, str]:
        """What to answer, whose limit it counts against, and which of them."""
        resource = next((name for ending, name in (("/graphql", "graphql"), ("/audit-log", "audit_log")) if request.path.endswith(ending)),
                        "core")
        owner = ANYBODY.owner
        try:
            if "user-agent" not in request.headers:
                raise Refusal(403, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.")
            version = request.headers.get("x-github-api-version", VERSIONS[0])
            if version not in VERSIONS:
                raise Refusal(400, f"The version {version} of the API is not supported.")
            credential, app = self.authenticate(request.headers.get("authorization"))
            owner = credential.owner
            self.check_limits(request, owner, resource)
            return self.ready(request, credential, app), owner, resource
        except Refusal as refusal:
            if refusal.status in (301, 404, 422):
                self.spend(request, owner, resource, 1)
            if refusal.status == 200:
                return json_answer(refusal.fields), owner, resource
            return refusal.answer(), owner, resource

    def ready(self, request: Request, credential: Credential, app: App | None) -> Ready:
        headers = request.headers
        accept, authorization = headers.get("accept", ""), headers.get("authorization", "")
        squeeze = "gzip" in headers.get("accept-encoding", "")
        key = (request.method, request.target, accept, authorization, "gzip" if squeeze else "", request.body.decode(errors="replace"))
        found = self.cache.get(key)
        if found is None:
            found = self.make(request, credential, app, squeeze)
            if found.etag:  # others change from one time to the next
                self.cache[key] = found
        return found

    def make(self, request: Request, credential: Credential, app: App | None, squeeze: bool) -> Ready:
        path, prefix = request.path, ""
        for one in ("/api/v3", "/api"):
            if path.startswith(f"{one}/"):
                path, prefix = path.removeprefix(one), "/api/v3"
                break
        rows = Rows(self.organisation, self.url + prefix, self.url)
        extra: list[tuple[str, str]] = []
        cost, status, constant = 1, 200, True
        if path == "/graphql" and request.method == "POST":
            value, cost = self.graphql(request, credential)
            constant = False
        elif request.method == "POST":
            value, status, constant = self.create_token(path, request, app, rows), 201, False
        elif request.method not in ("GET", "HEAD"):
            raise Refusal(404, "Not Found")
        elif path == "/rate_limit":
            value, constant = self.rate_overview(credential.owner), False
        else:
            resource = self.resolve(path, request, credential, app, rows)
            self.check_access(resource, credential)
            extra += self.access_headers(resource.need, credential)
            constant = resource.pager is None
            value, links = self.page(resource, request, prefix)
            if links:
                extra.append(("Link", links))
        if credential.kind == "classic" and credential is not ANYBODY:
            extra.append(("X-OAuth-Scopes", ", ".join(sorted(credential.scopes))))
        if credential.sso_missing and path == "/user/orgs":
            extra.append(("X-GitHub-SSO", f"partial-results; organizations={self.organisation.id}"))
        if credential.expires_at is not None and credential.kind != "installation":
            expiry = datetime.fromtimestamp(credential.expires_at, timezone.utc)
            extra.append(("github-authentication-token-expiration", expiry.strftime("%Y-%m-%d %H:%M:%S UTC")))
        return self.encoded(value, status, extra, cost, request, constant, squeeze)

    def encoded(self, value: Json, status: int, extra: list[tuple[str, str]], cost: int, request: Request, constant: bool,
                squeeze: bool) -> Ready:
        body = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
        headers = [("Server", "github.com"), ("Content-Type", "application/json; charset=utf-8"),
                   ("X-GitHub-Media-Type", "github.v3; format=json"), ("X-GitHub-Api-Version-Selected", VERSIONS[0]),
                   ("Vary", "Accept, Authorization, Cookie, X-GitHub-OTP,Accept-Encoding, Accept, X-Requested-With"), *extra]
        etag = ""
        squeeze = squeeze and len(body) >= LEAST_GZIPPED
        if constant:
            # Seen at github.com, and not documented: the headers that are there, each with a colon behind, then the body.
            prefix = "".join(f"{request.headers[name]}:" for name in ("accept", "authorization", "cookie") if name in request.headers)
            made = hashlib.sha256 if self.usual_etags else hashlib.sha1
            etag = f'"{made(prefix.encode("latin-1") + body).hexdigest()}"'
            etag = "W/" + etag if squeeze else etag
            headers += [("ETag", etag), ("Cache-Control", "private, max-age=60, s-maxage=60")]
        if squeeze:
            body = gzip.compress(body, 1, mtime=0)
            headers.append(("Content-Encoding", "gzip"))
        lines = [f"HTTP/1.1 {status} {REASONS[status]}", *(f"{name}: {text}" for name, text in headers), ""]
        head = "\r\n".join(lines).encode("latin-1")
        return Ready(status, headers, head, body, etag, cost)

    def page(self, resource: Resource, request: Request, prefix: str) -> tuple[Json, str]:
        """The object, or the asked page of the rows and its Link header."""
        if resource.object:
            return resource.object(), ""
        if resource.pager:
            return resource.pager(request.query)
        items, query = resource.items, request.query

        def number(name: str, usual: int, most: int) -> int:
            text = query.get(name, "")
            return min(int(text), most) if text.isdigit() and int(text) > 0 else usual

        size, page = number("per_page", resource.usual, resource.most), number("page", 1, 10 ** 9)
        last = max(1, math.ceil(len(items) / size))
        others = {name: value for name, value in query.items() if name not in ("page",)}

        def link(target: int, relation: str) -> str:
            asked = "&".join(f"{quote(name)}={quote(value)}" for name, value in {**others, "page": str(target)}.items())
            return f'<{self.url}{prefix}{resource.address}?{asked}>; rel="{relation}"'

        links = [link(page - 1, "prev")] if 1 < page <= last + 1 else []
        links += [link(page + 1, "next"), link(last, "last")] if page < last else []
        links += [link(1, "first")] if page > 1 and last > 1 else []
        shown = [resource.row(item) for item in items[(page - 1) * size:page * size]]
        value = shown if resource.key is None else {"total_count": len(items), **resource.extra, resource.key: shown}
        return value, ", ".join(links)

    # Rights.

    def access_headers(self, need: Need, credential: Credential) -> list[tuple[str, str]]:
        if credential.kind == "classic":
            return [("X-Accepted-OAuth-Scopes", ", ".join(need.scopes))]
        return [("X-Accepted-GitHub-Permissions", f"{need.permission}={need.level}")]

    def check_access(self, resource: Resource, credential: Credential) -> None:
        need, headers = resource.need, self.access_headers(resource.need, credential)
        if credential.kind == "classic" and credential is not ANYBODY:
            headers.append(("X-OAuth-Scopes", ", ".join(sorted(credential.scopes))))
        if credential.sso_missing and not resource.address.startswith("/user"):
            headers.append(("X-GitHub-SSO", f"required; url={self.url}/orgs/{self.organisation.login}/sso?authorization_request=A1"))
            raise Refusal(403, "Resource protected by organization SAML enforcement. You must grant your Personal Access token access "
                               "to this organization.", headers)
        if resource.repository and not self.sees(credential, resource.repository):
            raise Refusal(404, "Not Found", headers)
        if credential.lacks(need):
            if credential.kind == "classic":
                # A repository that is hidden and one whose secrets are look the same.
                status, message = (404, "Not Found") if resource.repository else (403, "Must have admin rights to the organization.")
                raise Refusal(status, message, headers)
            actor = "personal access token" if credential.kind == "fine-grained" else "integration"
            raise Refusal(403, f"Resource not accessible by {actor}", headers)
        role = resource.repository.permission if resource.repository else "admin"
        if credential.kind != "installation" and ROLES.index(role) < ROLES.index(need.role):
            raise Refusal(403, "Must have admin rights to Repository.", headers)

    def sees(self, credential: Credential, repository: Repository) -> bool:
        if repository.visibility == "public":
            return True
        return credential.sees_private() and credential.covers(repository.id)

    def visible(self, credential: Credential) -> list[Repository]:
        return [one for one in self.organisation.repositories if self.sees(credential, one)]

    # Addresses.

    def resolve(self, path: str, request: Request, credential: Credential, app: App | None, rows: Rows) -> Resource:
        # Split before decoding: a slash in a name is percent-encoded.
        parts = [unquote(part) for part in path.split("/")[1:]]
        org = self.organisation
        match parts:
            case ["user"] if credential.kind in ("classic", "fine-grained") and credential is not ANYBODY:
                return Resource(Need(), path, object=lambda: rows.user(credential.owner))
            case ["user"]:
                raise Refusal(401 if credential is ANYBODY else 403, "Requires authentication" if credential is ANYBODY else
                              "Resource not accessible by integration")
            case ["user", "orgs"]:
                hidden = credential is ANYBODY or credential.sso_missing
                return Resource(Need(), path, items=[] if hidden else [rows.organisation_simple()])
            case ["user", "codespaces", "secrets"]:
                address = f"{rows.base}/user/codespaces/secrets"
                return Resource(USER_NEED, path, key="secrets", items=org.user_secrets, row=lambda one: rows.stored(
                    one, f"{address}/{one.name}/repositories") | {"selected_repositories_url": f"{address}/{one.name}/repositories"})
            case ["user", "codespaces", "secrets", name, "repositories"]:
                return self.selected(USER_NEED, org.user_secrets, name, path, credential, rows)
            case ["orgs", login, *rest] if login.lower() == org.login.lower():
                return self.resolve_organisation(rest, request, credential, app, rows)
            case ["organizations", number, *rest] if number == str(org.id):
                return self.resolve_organisation(rest, request, credential, app, rows)
            case ["repos", login, name, *rest] if login.lower() == org.login.lower():
                found, of_today = org.repository(name)
                if found and not of_today and self.sees(credential, found):
                    query = request.target.partition("?")[2]
                    tail = "".join(f"/{quote(part, safe='')}" for part in rest)
                    location = f"{rows.base}/repositories/{found.id}{tail}" + (f"?{query}" if query else "")
                    raise Refusal(301, "Moved Permanently", [("Location", location)], url=location)
                if found and of_today:
                    return self.resolve_repository(found, rest, credential, rows)
            case ["repositories", number, *rest] if number.isdigit() and int(number) in org.by_id:
                return self.resolve_repository(org.by_id[int(number)], rest, credential, rows)
            case ["app"] if app:
                return Resource(Need(), path, object=lambda: rows.app(app))
            case ["app", "installations"] if app:
                return Resource(Need(), path, items=list(app.installations.values()), row=lambda one: rows.installation(app, one))
            case ["app", *_]:
                raise Refusal(401, "A JSON web token could not be decoded")
            case ["installation", "repositories"] if credential.kind == "installation":
                shown = [one for one in self.visible(credential) if credential.covers(one.id)]
                selection = "all" if credential.repositories is None else "selected"
                return Resource(Need(), path, key="repositories", extra={"repository_selection": selection},
                                items=shown, row=lambda one: rows.repository(one, False))
        raise Refusal(404, "Not Found")

    def resolve_organisation(self, rest: list[str], request: Request, credential: Credential, app: App | None,
                             rows: Rows) -> Resource:
        org = self.organisation
        address = f"/organizations/{org.id}" + "".join(f"/{quote(part, safe='')}" for part in rest)
        match rest:
            case []:
                return Resource(Need(), address, object=rows.organisation_full)
            case ["repos"]:
                return Resource(Need(), address, items=self.listed_repositories(credential, request.query),
                                row=lambda one: rows.repository(one, self.tells_role(credential)))
            case ["installation"] if app and app.installations:
                return Resource(Need(), address, object=lambda: rows.installation(app, next(iter(app.installations.values()))))
            case ["audit-log"] if self.audit.denied != 404:
                if self.audit.denied:
                    raise Refusal(self.audit.denied, "Must be an organization owner.")
                return Resource(AUDIT_NEED, address, pager=lambda query: self.audit.page(query, rows.base + address))
            case ["private-registries"]:
                return Resource(ORGANISATION_NEEDS["private-registries", ""], address, key="configurations",
                                items=org.registries, row=rows.registry)
            case [store, ("secrets" | "variables") as what, *tail] if self.serves(store, what, "organisation"):
                need, stored = ORGANISATION_NEEDS[store, what], getattr(org, what)[store]
                if not tail:
                    listed = f"{rows.base}/orgs/{org.login}/{store}/{what}"
                    return self.stored_list(need, address, what, stored,
                                            lambda one: rows.stored(one, f"{listed}/{quote(one.name)}/repositories"))
                if len(tail) == 2 and tail[1] == "repositories":
                    return self.selected(need, stored, tail[0], address, credential, rows)
        raise Refusal(404, "Not Found")

    def serves(self, store: str, what: str, level: str) -> bool:
        if self.product == "ghes" and (store == "agents" or (store == "codespaces" and level == "organisation")):
            return False
        return store in (STORES if what == "secrets" else VARIABLE_STORES)

    def resolve_repository(self, one: Repository, rest: list[str], credential: Credential, rows: Rows) -> Resource:
        org = self.organisation
        address = f"/repositories/{one.id}" + "".join(f"/{quote(part, safe='')}" for part in rest)
        match rest:
            case []:
                return Resource(Need(), address, one, object=lambda: rows.full_repository(one, self.tells_role(credential)))
            case ["environments"]:
                return Resource(REPOSITORY_NEEDS["environments", ""], address, one, "environments", one.environments,
                                lambda inner: rows.environment(inner, one))
            case ["environments", name, ("secrets" | "variables") as what]:
                inner = next((inner for inner in one.environments if inner.name.lower() == name.lower()), None)
                if inner:
                    need, stored = REPOSITORY_NEEDS["environments", what], getattr(inner, what)
                    return self.stored_list(need, address, what, stored, rows.stored, one)
            case [store, ("secrets" | "variables") as what] if self.serves(store, what, "repository"):
                need, stored = REPOSITORY_NEEDS[store, what], getattr(one, what)[store]
                return self.stored_list(need, address, what, stored, rows.stored, one)
            case [("actions" | "agents") as store, ("organization-secrets" | "organization-variables") as asked]:
                listed = asked.partition("-")[2]
                if self.serves(store, listed, "repository"):
                    reaching = [inner for inner in getattr(org, listed)[store] if org.reaches(inner, one)]
                    return self.stored_list(REPOSITORY_NEEDS[store, listed], address, listed, reaching, rows.stored, one)
        raise Refusal(404, "Not Found")

    def stored_list(self, need: Need, address: str, what: str, stored: list[Stored], row: Callable[[Stored], Json],
                    repository: Repository | None = None) -> Resource:
        """Lists of variables have smaller pages than those of secrets."""
        most, usual = (100, 30) if what == "secrets" else (30, 10)
        return Resource(need, address, repository, what, stored, row, most=most, usual=usual)

    def selected(self, need: Need, stored: list[Stored], name: str, address: str, credential: Credential, rows: Rows) -> Resource:
        found = next((one for one in stored if one.name.lower() == name.lower() and one.visibility == "selected"), None)
        if not found:
            raise Refusal(404, "Not Found")
        reached = [one for one in map(self.organisation.by_id.get, found.selected) if one and self.sees(credential, one)]
        return Resource(need, address, key="repositories", items=reached,
                        row=lambda one: rows.repository(one, self.tells_role(credential)))

    def tells_role(self, credential: Credential) -> bool:
        """Whether a repository says what the asking user may do with it."""
        return credential.kind != "installation" and credential is not ANYBODY

    def listed_repositories(self, credential: Credential, query: dict[str, str]) -> list[Repository]:
        kinds: dict[str, Callable[[Repository], bool]] = {
            "all": lambda one: True, "public": lambda one: one.visibility == "public", "private": lambda one: one.visibility != "public",
            "forks": lambda one: one.fork, "sources": lambda one: not one.fork, "member": lambda one: True}
        wanted = kinds.get(query.get("type", "all"), kinds["all"])
        return [one for one in self.visible(credential) if wanted(one)]

    def rate_overview(self, owner: str) -> Json:
        if self.limits.primary is None:
            raise Refusal(404, "Rate limiting is not enabled.")
        core, graphql = self.rate(owner, "core"), self.rate(owner, "graphql")
        return {"resources": {"core": core, "search": self.rate(owner, "search"), "graphql": graphql}, "rate": core}

    def graphql(self, request: Request, credential: Credential) -> tuple[Json, int]:
        if credential is ANYBODY:
            raise Refusal(401, "This endpoint requires you to be authenticated.")
        try:
            asked = json.loads(request.body)
            query, variables = asked["query"], asked.get("variables") or {}
        except (ValueError, KeyError, AttributeError):
            raise Refusal(400, "Problems parsing JSON") from None
        try:
            executor = Executor(self.types, query, variables)
            if self.limits.graphql_nodes is not None and executor.nodes > self.limits.graphql_nodes:
                raise Refusal(502, "We couldn't respond to your request in time.")
            graph = Graph(self.organisation, credential, self.visible(credential), self.url, self.rate(credential.owner, "graphql"))
            data = executor.run(graph.root(executor.cost, executor.nodes))
            if self.limits.graphql_files is not None and graph.files > self.limits.graphql_files:
                raise Refusal(502, "We couldn't respond to your request in time.")
        except GraphqlError as error:
            return {"errors": [{"type": error.kind, "message": str(error)}]}, 1
        return ({"data": data, "errors": executor.errors} if executor.errors else {"data": data}), executor.cost

    def create_token(self, path: str, request: Request, app: App | None, rows: Rows) -> Json:
        parts = path.split("/")[1:]
        if parts[:2] != ["app", "installations"] or parts[3:] != ["access_tokens"]:
            raise Refusal(404, "Not Found")
        if not app:
            raise Refusal(401, "A JSON web token could not be decoded")
        found = app.installations.get(int(parts[2])) if parts[2].isdigit() else None
        if not found:
            raise Refusal(404, "Not Found")
        if found.suspended:
            raise Refusal(403, "This installation has been suspended")
        try:
            asked = json.loads(request.body) if request.body else {}
        except ValueError:
            raise Refusal(400, "Problems parsing JSON") from None
        permissions = asked.get("permissions") or found.permissions
        if any(found.permissions.get(name) not in (level, "write") for name, level in permissions.items() if name != "metadata"):
            raise Refusal(422, "The permissions requested are not granted to this installation.")
        repositories = found.repositories
        if ids := asked.get("repository_ids"):
            repositories = set(ids) if found.repositories is None else set(ids) & found.repositories
        made = self.add("installation", "ghs", f"installation {found.id}", permissions=permissions, repositories=repositories,
                        expires_at=self.clock() + app.token_seconds)
        expiry = datetime.fromtimestamp(made.expires_at or 0, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        answer: Json = {"token": made.token, "expires_at": expiry, "permissions": {"metadata": "read", **permissions},
                  "repository_selection": "all" if repositories is None else "selected"}
        if ids:
            answer["repositories"] = [rows.repository(self.organisation.by_id[one], False) for one in sorted(repositories or ())]
        return answer

    # What a test switches.

    def refusal(self, kind: str, **arguments: Json) -> Answer:
        """For `fail(kind, path=…)`: an answer in GitHub's words. `denied` takes the permission that is missing."""
        reset = str(math.ceil(self.clock() + arguments.get("seconds", 60)))
        spent = [("X-RateLimit-Limit", "5000"), ("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", reset),
                 ("X-RateLimit-Resource", "core")]
        refusals = {
            "denied": Refusal(403, "Resource not accessible by personal access token",
                              [("X-Accepted-GitHub-Permissions", arguments.get("permission", "secrets=read"))]),
            "not_found": Refusal(404, "Not Found"),
            "bad_credentials": Refusal(401, "Bad credentials"),
            "too_many_logins": Refusal(403, "Maximum number of login attempts exceeded. Please try again later."),
            "ip_allow_list": Refusal(403, f"Although you appear to have the correct authorization credentials, the "
                                          f"`{self.organisation.login}` organization has an IP allow list enabled, and your IP "
                                          "address is not permitted to access this resource."),
            "sso": Refusal(403, "Resource protected by organization SAML enforcement.",
                           [("X-GitHub-SSO", f"required; url={self.url}/orgs/{self.organisation.login}/sso?authorization_request=A1")]),
            "blocked": Refusal(451, "Repository access blocked"),
            "gone": Refusal(410, "This API was removed."),
            "primary_limit": Refusal(403, "API rate limit exceeded for user ID 77.", spent),
            "secondary_limit": Refusal(arguments.get("status", 403), "You have exceeded a secondary rate limit. Please wait a few "
                                       "minutes before you try again.",
                                       [("Retry-After", str(arguments["seconds"]))] if "seconds" in arguments else []),
            "too_many_requests": Refusal(429, "Too many requests", [("Retry-After", str(arguments.get("seconds", 1)))]),
        }
        if kind not in refusals:
            return super().refusal(kind, **arguments)
        return refusals[kind].answer()

    def set(self, name: str, value: Json) -> None:
        """`latency`, any of the limits (`limits.points`), or `expire` with a token."""
        if name.startswith("limits."):
            self.limits = replace(self.limits, **{name.partition(".")[2]: value})
        elif name == "expire":
            self.credentials[value].expires_at = self.clock()
        else:
            super().set(name, value)

    def changed(self) -> None:
        """To be called after the organisation was changed: answers are kept."""
        self.cache.clear()

    def truth(self, credential: Credential | str | None = None) -> Json:
        """What a client with this credential (or its token) should learn. See Truth."""
        if credential is None or isinstance(credential, str):
            credential = self.credentials[credential] if credential else self.classic()
        return Truth(self, credential).tell()


class Fleet(Server):
    """Several organisations at one address, with the same credentials: `github("acme")` is what serves one of them."""

    def __init__(self, organisations: list[Organisation], *, product: str = "dotcom", **server: Any) -> None:
        super().__init__(**server)
        self.parts = {one.login: GitHub(one, product=product) for one in organisations}
        first = next(iter(self.parts.values()))
        for part in self.parts.values():
            part.socket.close()  # it is only asked from here
            part.loop.close()
            part.url, part.credentials, part.windows = self.url, first.credentials, first.windows

    def github(self, login: str) -> GitHub:
        return self.parts[login]

    def part_of(self, request: Request) -> GitHub:
        """By the organisation that a path or a query names; that of what names none is the first."""
        names = re.findall(r"/(?:orgs|repos)/([^/?]+)", request.path) or re.findall(r'"(?:login|org\w*)": ?"([^"]+)"', request.body.decode())
        return self.parts.get(names[0] if names else "", next(iter(self.parts.values())))

    def answer(self, request: Request) -> Answer:
        return self.part_of(request).answer(request)


class Truth:
    """What a credential can see of the organisation, told by the rights alone, without paging, faults or HTTP.

    repositories: those it sees, with the names of their environments (null: it may not list them);
    secrets, variables: a row each: store, level (organisation, repository, environment, user), repository, environment, name,
    created_at, updated_at, visibility, repositories (full names, of "selected" alone), value (of variables alone);
    registries: as GitHub lists them; denied: the paths that are refused, with the status.
    """

    def __init__(self, server: GitHub, credential: Credential) -> None:
        self.server = server
        self.organisation = server.organisation
        self.credential = credential
        self.rows: dict[str, list[Json]] = {"secrets": [], "variables": []}
        self.denied: list[Json] = []

    def may(self, path: str, need: Need, repository: Repository | None = None) -> bool:
        try:
            self.server.check_access(Resource(need, path, repository), self.credential)
        except Refusal as refusal:
            self.denied.append({"path": path, "status": refusal.status})
            return False
        return True

    def tell(self) -> Json:
        org, login = self.organisation, self.organisation.login
        for what in ("secrets", "variables"):
            for store in STORES:
                if self.server.serves(store, what, "organisation") and self.may(f"/orgs/{login}/{store}/{what}",
                                                                               ORGANISATION_NEEDS[store, what]):
                    self.tell_all(what, store, "organisation", getattr(org, what)[store])
        if self.may("/user/codespaces/secrets", USER_NEED):
            self.tell_all("secrets", "codespaces", "user", org.user_secrets)
        registries = []
        if self.may(f"/orgs/{login}/private-registries", ORGANISATION_NEEDS["private-registries", ""]):
            registries = [vars(one) for one in org.registries]
        repositories = [self.tell_repository(one) for one in self.server.visible(self.credential)]
        return {"organisation": login, "repositories": repositories, **self.rows, "registries": registries, "denied": self.denied}

    def tell_repository(self, one: Repository) -> Json:
        base = f"/repos/{self.organisation.login}/{one.name}"
        for what in ("secrets", "variables"):
            for store in STORES:
                if self.server.serves(store, what, "repository") and self.may(f"{base}/{store}/{what}",
                                                                             REPOSITORY_NEEDS[store, what], one):
                    self.tell_all(what, store, "repository", getattr(one, what)[store], one)
        listed = self.may(f"{base}/environments", REPOSITORY_NEEDS["environments", ""], one)
        for inner in one.environments if listed else []:
            for what in ("secrets", "variables"):
                path = f"{base}/environments/{quote(inner.name, safe='')}/{what}"
                if self.may(path, REPOSITORY_NEEDS["environments", what], one):
                    self.tell_all(what, "actions", "environment", getattr(inner, what), one, inner.name)
        return {"id": one.id, "full_name": f"{self.organisation.login}/{one.name}", "visibility": one.visibility,
                "archived": one.archived, "disabled": one.disabled, "fork": one.fork,
                "environments": [inner.name for inner in one.environments] if listed else None}

    def tell_all(self, what: str, store: str, level: str, stored: list[Stored], repository: Repository | None = None,
                 environment: str | None = None) -> None:
        login, by_id = self.organisation.login, self.organisation.by_id
        for one in stored:
            row: Json = {"store": store, "level": level, "repository": f"{login}/{repository.name}" if repository else None,
                   "environment": environment, "name": one.name, "created_at": one.created_at, "updated_at": one.updated_at,
                   "visibility": one.visibility, "repositories": None}
            if one.visibility == "selected":
                row["repositories"] = [f"{login}/{by_id[number].name}" for number in one.selected
                                       if self.server.sees(self.credential, by_id[number])]
            if what == "variables":
                row["value"] = one.value
            self.rows[what].append(row)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--repositories", type=int, default=24)
    parser.add_argument("--environments", type=int, help="of each repository; without it, a mix")
    parser.add_argument("--secrets", type=int, help="of each repository and environment; without it, a mix")
    parser.add_argument("--organisation-secrets", type=int, default=13)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--host", default="127.0.0.1", help="the name in addresses that are sent")
    options = parser.parse_args()
    shape = Shape(options.repositories, options.environments, options.secrets, options.secrets, options.organisation_secrets)
    server = GitHub(Organisation(options.seed, shape), limits=Limits(primary=None, graphql=None), latency=options.latency,
                    port=options.port, tls=options.tls, host=options.host)
    server.serve_until_killed({"token": server.classic().token, "organisation": server.organisation.login})
    return 0


if __name__ == "__main__":
    sys.exit(main())
