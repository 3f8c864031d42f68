"""Parameters of Parameter Store from a seed: what a company keeps there, npm tokens among it.

    for one in parameters(7, "123456789012/eu-west-1", 40): one.name, one.value, one.holds
"""

import json
import random
import uuid
from dataclasses import dataclass
from typing import Iterator

from organisation import npm_token

TEAMS = ["checkout", "search", "platform", "mobile", "data"]
STAGES = ["prod", "staging", "ci"]
# What is kept beside tokens, by the last part of its name.
OTHERS = ["DB_PASSWORD", "LOG_LEVEL", "SENTRY_DSN", "FEATURE_FLAGS", "SIGNING_KEY", "REGISTRY_URL", "QUEUE_ARN", "API_KEY"]
EXPIRY = "2031-05-06T07:08:09Z"


@dataclass
class Seeded:
    """A parameter to put. `holds` is the npm token in its value, in whatever form; None: there is none."""
    name: str
    type: str
    value: str
    holds: str | None
    tier: str = "Standard"
    policies: str | None = None
    key: str | None = None


def parameters(seed: int, store: str, count: int) -> Iterator[Seeded]:
    """The same for the same seed and store. Of a hundred, about ten hold a token; some are no paths, some of the advanced tier."""
    chance = random.Random(f"{seed} {store}")
    for number in range(count):
        folder = f"/{chance.choice(TEAMS)}/{chance.choice(STAGES)}/{number}"
        one = _token(chance, folder, number) if number % 10 == 3 else _other(chance, folder, number)
        if number % 17 == 5:
            one.tier = "Advanced"
            one.policies = json.dumps([{"Type": "Expiration", "Version": "1.0", "Attributes": {"Timestamp": EXPIRY}}])
        yield one


def _token(chance: random.Random, folder: str, number: int) -> Seeded:
    token = npm_token(chance)
    match number // 10 % 6:
        case 0:
            return Seeded(f"{folder}/NPM_TOKEN", "SecureString", token, token, key="alias/tokens" if number % 120 == 3 else None)
        case 1:
            return Seeded(f"{folder}/NPM_TOKEN", "String", token, token)
        case 2:
            return Seeded(f"{folder}/npmrc", "SecureString", f"registry=https://npm.example.test/\n//npm.example.test/:_authToken={token}\n", token)
        case 3:
            return Seeded(f"{folder}/keys", "StringList", f"first,{token},last", token)
        case 4:
            legacy = str(uuid.UUID(int=chance.getrandbits(128), version=4))
            return Seeded(f"{folder}/NPM_TOKEN", "SecureString", legacy, legacy)
        case _:
            return Seeded(f"npm-token-{number}", "SecureString", token, token)


def _other(chance: random.Random, folder: str, number: int) -> Seeded:
    name = chance.choice(OTHERS)
    value = "".join(chance.choices("abcdefghijkmnpqrstuvwxyz23456789", k=chance.choice([8, 24, 60, 300])))
    path = f"{name}.{number}" if number % 11 == 0 else f"{folder}/{name}"
    return Seeded(path, chance.choice(["String", "SecureString", "SecureString"]), f"{name.lower()}={value}", None)
