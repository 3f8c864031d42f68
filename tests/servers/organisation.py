"""A GitHub organisation made from a seed: repositories, environments, and what is stored where. Plain data, no HTTP.

Names and values come from the seed alone, so a test can make the same organisation as a server in another process. No value
is a secret's: GitHub never shows one. Variables do have values, and some of them hold an npm token, as in real life; tokens
are put together at run time.
"""

import random
import string
import zlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

STORES = ["actions", "dependabot", "codespaces", "agents"]
VARIABLE_STORES = ["actions", "agents"]
EPOCH = datetime(2021, 3, 4, 5, 6, 7, tzinfo=timezone.utc)
BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase

SECRET_WORDS = ["NPM_TOKEN", "NODE_AUTH_TOKEN", "NPM_PUBLISH_TOKEN", "NPM_READ_TOKEN", "DEPLOY_KEY", "SLACK_WEBHOOK", "SONAR_TOKEN",
                "AWS_ROLE", "CODECOV_TOKEN", "SIGNING_KEY", "REGISTRY_PASSWORD", "ARTIFACTORY_NPM_AUTH"]
VARIABLE_WORDS = ["REGISTRY_URL", "NODE_VERSION", "REGION", "NPM_CONFIG_TOKEN", "LOG_LEVEL", "OWNER"]
# The second of them has what has to be percent-encoded in a path, and a slash in it.
ENVIRONMENT_NAMES = ["production", "preview/eu west", "staging", "qa", "github-pages"]


def npm_token(chance: random.Random) -> str:
    """A token of the right form, with the right checksum."""
    body = "".join(chance.choices(BASE62, k=30))
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = BASE62[digit] + digits
    return "npm" + "_" + body + digits


@dataclass
class Stored:
    """A secret or, with a value, a variable. `visibility` is the organisation's level's alone."""
    name: str
    created_at: str
    updated_at: str
    value: str | None = None
    visibility: str | None = None  # all, private, selected
    selected: list[int] = field(default_factory=list)  # repository ids


@dataclass
class Environment:
    id: int
    name: str
    created_at: str
    updated_at: str
    wait_minutes: int = 0
    reviewers: int = 0
    prevent_self_review: bool = False
    branches: str | None = None  # protected, custom
    secrets: list[Stored] = field(default_factory=list)
    variables: list[Stored] = field(default_factory=list)


@dataclass
class Repository:
    id: int
    name: str
    visibility: str  # public, private, internal
    created_at: str
    updated_at: str
    pushed_at: str | None
    archived: bool = False
    disabled: bool = False
    fork: bool = False
    permission: str = "admin"  # of the user whose token asks: admin, maintain, write, triage, read
    former_names: list[str] = field(default_factory=list)
    environments: list[Environment] = field(default_factory=list)
    secrets: dict[str, list[Stored]] = field(default_factory=dict)
    variables: dict[str, list[Stored]] = field(default_factory=dict)
    workflows: dict[str, str | bytes] = field(default_factory=dict)  # file name -> text; bytes are no text
    package: str | None = None  # the name in its package.json


@dataclass
class Registry:
    name: str
    registry_type: str
    auth_type: str
    url: str
    username: str | None
    replaces_base: bool
    visibility: str
    created_at: str
    updated_at: str


@dataclass(frozen=True)
class Shape:
    """How large an organisation is. `environments` None: a mix of none, some and more than GraphQL's first ten. The other
    None-able sizes are mixes, too: most repositories have few, one has a hundred."""
    repositories: int = 24
    environments: int | None = None
    repository_secrets: int | None = None
    environment_secrets: int | None = None
    organisation_secrets: int = 13  # in each store
    all_admin: bool = True  # False: the user may only read every sixth repository


class Organisation:
    def __init__(self, seed: int = 1, shape: Shape = Shape(), login: str = "acme") -> None:
        self.login = login
        self.shape = shape
        self.chance = random.Random(f"{seed} {login}")
        self.id = 4_000_000 + zlib.crc32(login.encode()) % 1_000_000
        self.last_id = 10_000
        self.repositories = [self.make_repository(number) for number in range(shape.repositories)]
        self.index()
        self.secrets = {store: self.organisation_level(SECRET_WORDS, shape.organisation_secrets, False) for store in STORES}
        self.variables = {store: self.organisation_level(VARIABLE_WORDS, max(shape.organisation_secrets // 2, 2), True)
                          for store in VARIABLE_STORES}
        self.user_secrets = self.organisation_level(SECRET_WORDS, 3, False)  # of Codespaces, the user's own
        self.registries = self.make_registries()

    def index(self) -> None:
        """By number and by name; a name of today stands before a former one."""
        self.by_id = {one.id: one for one in self.repositories}
        self.by_name = {name.lower(): (one, False) for one in self.repositories for name in one.former_names}
        self.by_name |= {one.name.lower(): (one, True) for one in self.repositories}

    def next_id(self) -> int:
        self.last_id += self.chance.randint(1, 9)
        return self.last_id

    def times(self) -> tuple[str, str]:
        created = EPOCH + timedelta(seconds=self.chance.randrange(4 * 365 * 86_400))
        updated = created + timedelta(seconds=self.chance.choice([0, self.chance.randrange(365 * 86_400)]))
        return created.strftime("%Y-%m-%dT%H:%M:%SZ"), updated.strftime("%Y-%m-%dT%H:%M:%SZ")

    def stored(self, words: list[str], count: int, with_value: bool) -> list[Stored]:
        """In the order of their names, as GitHub lists them."""
        names = [word if turn == 0 else f"{word}_{turn}" for turn in range(count // len(words) + 1) for word in words]
        made = []
        for name in sorted(self.chance.sample(names, count)):
            value = None
            if with_value:
                value = npm_token(self.chance) if name.startswith("NPM") else f"value of {name}"
            made.append(Stored(name, *self.times(), value))
        return made

    def organisation_level(self, words: list[str], count: int, with_value: bool) -> list[Stored]:
        made = self.stored(words, count, with_value)
        ids = [repository.id for repository in self.repositories]
        for number, one in enumerate(made):
            one.visibility = ["selected", "all", "private"][number % 3]
            if one.visibility == "selected":  # the first of them needs a second page in a large organisation
                one.selected = sorted(self.chance.sample(ids, min(len(ids), 130 if number == 0 else 1 + number % 5)))
        return made

    def few(self, number: int, given: int | None, most: int) -> int:
        if given is not None:
            return given
        return most if number == 7 else self.chance.choice([0, 1, 1, 2, 5])

    def make_environments(self, number: int) -> list[Environment]:
        count = self.shape.environments if self.shape.environments is not None else [2, 0, 3, 1, 0, 12][number % 6]
        names = [name if turn == 0 else f"{name} {turn}" for turn in range(count // len(ENVIRONMENT_NAMES) + 1)
                 for name in ENVIRONMENT_NAMES][:count]
        made = []
        for position, name in enumerate(sorted(names)):
            one = Environment(self.next_id(), name, *self.times())
            if name.startswith("production"):
                one.wait_minutes, one.reviewers, one.branches = 30, 2, "protected"
                one.prevent_self_review = number % 2 == 0
            elif name.startswith("staging"):
                one.branches = "custom"
            secrets = self.shape.environment_secrets
            one.secrets = self.stored(SECRET_WORDS, self.few(number * 13 + position, secrets, 100), False)
            one.variables = self.stored(VARIABLE_WORDS, 1 + position % 2, True)
            made.append(one)
        return made

    def make_repository(self, number: int) -> Repository:
        created, updated = self.times()
        one = Repository(self.next_id(), f"service-{number:04}", ["private", "public", "internal", "private"][number % 4], created,
                         updated, None if number == 3 else updated)
        one.archived, one.disabled, one.fork = number % 11 == 5, number % 23 == 9, number % 7 == 4
        if number % 10 == 6:
            one.former_names = [f"old-{number:04}"]
        if not self.shape.all_admin:
            one.permission = ["admin", "maintain", "write", "write", "triage", "read"][number % 6]
        one.environments = self.make_environments(number)
        for store in STORES:
            count = self.few(number, self.shape.repository_secrets, 100 if store == "actions" else 31)
            one.secrets[store] = self.stored(SECRET_WORDS, count, False)
        for store in VARIABLE_STORES:
            one.variables[store] = self.stored(VARIABLE_WORDS, 35 if number == 7 and store == "actions" else number % 3, True)
        if number % 3 == 0:
            one.workflows["release.yml"] = ("on: push\njobs:\n  publish:\n    steps:\n      - run: npm publish\n        env:\n"
                                            "          NODE_AUTH_TOKEN: ${{ secrets.NPM_TOKEN }}\n")
            one.package = f"@acme/{one.name}"
        if number % 2 == 0:
            one.workflows["ci.yml"] = ("on: [push, pull_request]\njobs:\n  test:\n    steps:\n      - run: npm ci\n        env:\n"
                                       "          NODE_AUTH_TOKEN: ${{ secrets.NPM_READ_TOKEN }}\n      - run: npm test\n")
        return one

    def make_registries(self) -> list[Registry]:
        rows = [("MAVEN_CORP", "maven_repository", "username_password", "https://maven.corp.example", "build"),
                ("NPM_CORP", "npm_registry", "token", "https://registry.corp.example", None),
                ("NPM_OIDC", "npm_registry", "oidc_azure", "https://azure.corp.example", None),
                ("NPM_USER", "npm_registry", "username_password", "https://npm.example.test", "ci")]
        return [Registry(*row, number % 2 == 0, ["all", "private", "selected", "all"][number], *self.times())
                for number, row in enumerate(rows)]

    def repository(self, name: str) -> tuple[Repository | None, bool]:
        """By its name, in any case, or a former one: (it, whether that is its name of today)."""
        return self.by_name.get(name.lower(), (None, False))

    def add(self, repository: Repository) -> None:
        self.repositories.append(repository)
        self.index()

    def remove(self, repository: Repository) -> None:
        self.repositories.remove(repository)
        for stored in [*self.secrets.values(), *self.variables.values(), self.user_secrets]:
            for one in stored:
                one.selected = [number for number in one.selected if number != repository.id]
        self.index()

    def rename(self, repository: Repository, name: str) -> None:
        repository.former_names.append(repository.name)
        repository.name = name
        self.index()

    def reaches(self, one: Stored, repository: Repository) -> bool:
        """Whether a repository sees something of the organisation's level."""
        return (one.visibility == "all" or (one.visibility == "private" and repository.visibility != "public")
                or repository.id in one.selected)
