#!/usr/bin/env python3
"""A fake CircleCI: contexts with their variables and restrictions, projects with theirs, of one organisation.

    with CircleCI(seed=1, latency=0.05) as server:
        run(..., "--host", server.url, token=server.token)
        assert server.truth() == seen

v2 pages by `next_page_token`, v3 by cursor, v1.1 not at all. Values never come, only masks with the last four characters. Nothing
but apis.md, section 4, and the real client of test_fakes.py says what is right: CircleCI's description is not in a registry.
"""

import argparse
import base64
import math
import random
import string
import sys
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import unquote

sys.path.insert(0, str(Path(__file__).resolve().parent))

from http_server import Answer, Request, Server, SlidingSum, json_answer

Json = Any

EPOCH = datetime(2022, 2, 3, 4, 5, 6, 789000, tzinfo=timezone.utc)
NAMES = ["NPM_TOKEN", "NODE_AUTH_TOKEN", "AWS_SECRET", "SLACK_HOOK", "SONAR_TOKEN", "NPM_READ_TOKEN", "REGISTRY_AUTH"]
BASE62 = string.digits + string.ascii_letters


@dataclass
class Variable:
    name: str
    value: str  # never sent; the last four characters are
    created_at: str | None
    updated_at: str | None = None

    @property
    def last(self) -> str:
        """What is shown of it; of a short one, less."""
        return self.value[-4:] if len(self.value) > 8 else self.value[-1:]

    @property
    def mask(self) -> str:
        return "xxxx" + self.last


@dataclass
class Restriction:
    id: str
    kind: str  # project, expression, group
    value: str
    name: str


@dataclass
class Context:
    id: str
    name: str
    created_at: str
    variables: list[Variable] = field(default_factory=list)
    restrictions: list[Restriction] = field(default_factory=list)


@dataclass
class Project:
    id: str
    slug: str
    name: str
    followed: bool
    variables: list[Variable] = field(default_factory=list)


class Refusal(Exception):
    def __init__(self, status: int, message: str, headers: list[tuple[str, str]] | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers or []


class CircleCI(Server):
    """`embedded`: whether one context brings its variables and restrictions along, as newer servers do, and how many of them at the
    most (None: all). `hyphens`: project variables spell `created-at`, as older servers do. `per_second`: the limit behind 429."""

    def __init__(self, seed: int = 1, *, contexts: int = 23, projects: int = 12, variables: int = 3, login: str = "acme",
                 page_size: int = 20, embedded: bool = True, most_embedded: int | None = None, hyphens: bool = False,
                 per_second: float | None = None, retry_after: bool = True, **server: Any) -> None:
        super().__init__(**server)
        self.chance = random.Random(f"circleci {seed}")
        self.login, self.page_size = login, page_size
        self.embedded, self.most_embedded, self.hyphens = embedded, most_embedded, hyphens
        self.per_second, self.retry_after = per_second, retry_after
        self.token = "CCIPAT_" + "".join(self.chance.choices(BASE62, k=40))
        self.spent = SlidingSum(1.0)
        self.organisation_id = self.new_id()
        self.slug = f"gh/{login}"
        self.projects = [self.make_project(number, variables) for number in range(projects)]
        self.contexts = [self.make_context(number, variables) for number in range(contexts)]

    # The data.

    def new_id(self) -> str:
        return str(uuid.UUID(int=self.chance.getrandbits(128), version=4))

    def moment(self) -> datetime:
        return EPOCH + timedelta(seconds=self.chance.randrange(3 * 365 * 86_400))

    def spelled(self, at: datetime) -> str:
        return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"

    def make_variables(self, count: int, nullable: bool) -> list[Variable]:
        names = [name if turn == 0 else f"{name}_{turn}" for turn in range(count // len(NAMES) + 1) for name in NAMES]
        made = []
        for number, name in enumerate(sorted(names[:count])):
            created = self.moment()
            value = "".join(self.chance.choices(BASE62, k=3 if number % 5 == 4 else 40))
            updated = created + timedelta(days=self.chance.choice([0, 0, 90]))
            made.append(Variable(name, value, None if nullable and number % 4 == 3 else self.spelled(created), self.spelled(updated)))
        return made

    def make_project(self, number: int, variables: int) -> Project:
        """Every fourth has an opaque slug, as organisations that are not tied to GitHub have."""
        name = f"service-{number:04}"
        opaque = f"circleci/{self.chance.getrandbits(64):016x}/{self.chance.getrandbits(64):016x}"
        slug = opaque if number % 4 == 3 else f"{self.slug}/{name}"
        return Project(self.new_id(), slug, name, number % 3 != 2, self.make_variables(45 if number == 1 else variables, True))

    def make_context(self, number: int, variables: int) -> Context:
        one = Context(self.new_id(), f"context-{number:03}", self.spelled(self.moment()),
                      self.make_variables(45 if number == 2 else variables * (number % 3), False))
        choices = [("project", self.projects[number % len(self.projects)].id if self.projects else self.new_id(), "service"),
                   ("expression", 'pipeline.git.branch == "main"', ""), ("group", self.new_id(), "All members")]
        one.restrictions = [Restriction(self.new_id(), *choice) for choice in choices[:number % 4]]
        return one

    # Requests.

    def answer(self, request: Request) -> Answer:
        try:
            self.check(request)
            return json_answer(self.value(request), headers=self.limit_headers(request.began))
        except Refusal as refusal:
            if request.path.startswith("/api/v3/"):
                body: Json = {"error": {"id": "e1", "title": refusal.message, "detail": refusal.message, "source": {}}}
            else:
                body = {"message": refusal.message}
            return json_answer(body, refusal.status, refusal.headers)

    def check(self, request: Request) -> None:
        headers = request.headers
        scheme, _, rest = headers.get("authorization", "").partition(" ")
        given = headers.get("circle-token") or rest
        if scheme.lower() == "basic":
            given = base64.b64decode(rest).decode().rstrip(":")
        if given != self.token:
            raise Refusal(401, "You must log in first.")
        if self.per_second is not None:
            if self.spent.at(request.began) >= self.per_second:
                wait = [("Retry-After", "1")] if self.retry_after else []
                raise Refusal(429, "Rate limit exceeded", [*wait, *self.limit_headers(request.began)])
            self.spent.spend(request.began, 1)
            request.counted = True

    def limit_headers(self, now: float) -> list[tuple[str, str]]:
        if self.per_second is None:
            return []
        left = str(max(0, math.floor(self.per_second - self.spent.at(now))))
        return [("RateLimit-Limit", str(math.floor(self.per_second))), ("RateLimit-Remaining", left), ("RateLimit-Reset", "1"),
                ("X-RateLimit-Limit-Second", str(math.floor(self.per_second))), ("X-RateLimit-Remaining-Second", left)]

    def value(self, request: Request) -> Json:
        query = request.query
        match [unquote(part) for part in request.path.split("/")[1:]]:
            case ["api", "v2", "me"] | ["api", "v1.1", "me"]:
                return {"id": self.organisation_id, "login": "ann", "name": "Ann"}
            case ["api", "v2", "me", "collaborations"]:
                return [{"id": self.organisation_id, "name": self.login, "slug": self.slug, "vcs_type": "github",
                         "avatar_url": f"{self.url}/avatar"}]
            case ["api", "v1.1", "projects"]:
                return [{"vcs_type": "github", "username": self.login, "reponame": one.name, "slug": one.slug, "default_branch": "main",
                         "vcs_url": f"https://github.com/{self.login}/{one.name}", "branches": {}}
                        for one in self.projects if one.followed]
            case ["api", "v2", "context"]:
                owners = (query.get("owner-slug"), query.get("owner-id"))
                if owners == (None, None):
                    raise Refusal(400, "Either owner-slug or owner-id has to be given")
                if owners[0] not in (None, self.slug, f"github/{self.login}") or owners[1] not in (None, self.organisation_id):
                    raise Refusal(404, "Organization not found.")
                return self.page([{"id": one.id, "name": one.name, "created_at": one.created_at} for one in self.contexts], query)
            case ["api", "v2", "context", number]:
                return self.one_context(self.context(number))
            case ["api", "v2", "context", number, "environment-variable"]:
                one = self.context(number)
                return self.page([self.context_variable(inner, one) for inner in one.variables], query)
            case ["api", "v2", "context", number, "restrictions"]:
                one = self.context(number)
                return self.page([self.restriction(inner, one) for inner in one.restrictions], query)
            case ["api", "v2", "project", *slug, "envvar"]:
                return self.page([self.project_variable(inner) for inner in self.project("/".join(slug)).variables], query)
            case ["api", "v1.1", "project", *slug, "envvar"]:
                return [{"name": inner.name, "value": inner.mask} for inner in self.project("/".join(slug)).variables]
            case ["api", "v2", "project", *slug]:
                project = self.project("/".join(slug))
                return {"id": project.id, "slug": project.slug, "name": project.name, "organization_id": self.organisation_id,
                        "organization_slug": self.slug, "organization_name": self.login}
            case ["api", "v3", "projects"]:
                return self.projects_v3(query)
        raise Refusal(404, "Not found.")

    def page(self, rows: list[Json], query: dict[str, str]) -> Json:
        """The token is the next page's number, made opaque."""
        token, number = query.get("page-token"), 0
        if token:
            try:
                number = int(base64.urlsafe_b64decode(token).decode().removeprefix("page "))
            except ValueError:
                raise Refusal(400, "Invalid page token") from None
        end = (number + 1) * self.page_size
        following = base64.urlsafe_b64encode(f"page {number + 1}".encode()).decode() if end < len(rows) else None
        return {"items": rows[number * self.page_size:end], "next_page_token": following}

    def context(self, number: str) -> Context:
        found = next((one for one in self.contexts if one.id == number), None)
        if not found:
            raise Refusal(404, "Context not found.")
        return found

    def project(self, slug: str) -> Project:
        long = slug.replace("github/", "gh/", 1) if slug.startswith("github/") else slug
        found = next((one for one in self.projects if one.slug == long), None)
        if not found:
            raise Refusal(404, "Project not found")
        return found

    def one_context(self, one: Context) -> Json:
        row: Json = {"id": one.id, "name": one.name, "created_at": one.created_at}
        if self.embedded:
            row |= {"org_id": self.organisation_id,
                    "environment_variables": [self.context_variable(inner, one) for inner in one.variables[:self.most_embedded]],
                    "restrictions": [self.restriction(inner, one) for inner in one.restrictions]}
        return row

    def context_variable(self, one: Variable, context: Context) -> Json:
        return {"variable": one.name, "truncated_value": one.last, "created_at": one.created_at, "updated_at": one.updated_at,
                "context_id": context.id}

    def restriction(self, one: Restriction, context: Context) -> Json:
        return {"id": one.id, "context_id": context.id, "project_id": one.value if one.kind == "project" else None, "name": one.name,
                "restriction_type": one.kind, "restriction_value": one.value}

    def project_variable(self, one: Variable) -> Json:
        return {"name": one.name, "value": one.mask, "created-at" if self.hyphens else "created_at": one.created_at}

    def projects_v3(self, query: dict[str, str]) -> Json:
        chosen = [one for one in self.projects
                  if query.get("filter[slug]") in (None, one.slug) and query.get("filter[name]") in (None, one.name)
                  and query.get("filter[org_id]") in (None, self.organisation_id)]
        if not any(name.startswith("filter[") for name in query):
            raise Refusal(400, "A filter is required")
        size, start = int(query.get("page[limit]", self.page_size)), int(query.get("page[cursor]", 0))
        end = start + size
        return {"data": [{"id": one.id, "type": "project", "attributes": {"name": one.name, "slug": one.slug},
                          "references": {"org": {"id": self.organisation_id}}} for one in chosen[start:end]],
                "page": {"next": str(end) if end < len(chosen) else None, "prev": str(max(0, start - size)) if start else None}}

    # For tests.

    def refusal(self, kind: str, **arguments: Json) -> Answer:
        refusals = {
            "denied": Refusal(403, "Permission denied"), "not_found": Refusal(404, "Not found."),
            "bad_credentials": Refusal(401, "You must log in first."),
            "too_many_requests": Refusal(429, "Rate limit exceeded", [("Retry-After", str(arguments.get("seconds", 1)))]),
        }
        if kind not in refusals:
            return super().refusal(kind, **arguments)
        return json_answer({"message": refusals[kind].message}, refusals[kind].status, refusals[kind].headers)

    def set(self, name: str, value: Json) -> None:
        """`latency`, or any of the constructor's switches."""
        if name in ("page_size", "embedded", "most_embedded", "hyphens", "per_second", "retry_after"):
            setattr(self, name, value)
        else:
            super().set(name, value)

    def truth(self) -> Json:
        """contexts: name, created_at, variables (name, last, created_at, updated_at), restrictions (kind, value);
        projects: slug, name, id, followed, variables (name, mask, created_at)."""
        return {
            "organisation": {"id": self.organisation_id, "slug": self.slug},
            "contexts": [{"id": one.id, "name": one.name, "created_at": one.created_at, "variables": [
                {"name": inner.name, "last": inner.last, "created_at": inner.created_at, "updated_at": inner.updated_at}
                for inner in one.variables], "restrictions": [{"kind": inner.kind, "value": inner.value}
                                                              for inner in one.restrictions]} for one in self.contexts],
            "projects": [{"id": one.id, "slug": one.slug, "name": one.name, "followed": one.followed, "variables": [
                {"name": inner.name, "mask": inner.mask, "created_at": inner.created_at} for inner in one.variables]}
                for one in self.projects]}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--contexts", type=int, default=23)
    parser.add_argument("--projects", type=int, default=12)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    server = CircleCI(options.seed, contexts=options.contexts, projects=options.projects, latency=options.latency, port=options.port)
    server.serve_until_killed({"token": server.token, "organisation": server.slug})
    return 0


if __name__ == "__main__":
    sys.exit(main())
