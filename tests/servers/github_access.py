"""Who may see what on the fake GitHub: tokens of each kind, GitHub Apps with their signed requests, and what each place needs.

The needs are apis.md's table of list endpoints, after GitHub's documentation of fine-grained permissions. A classic token without
the scope gets 404 for what it may not know of, and 403 for the organisation's; the others get 403 with the permission's name.
"""

import base64
import hashlib
import json
import random
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Json = Any

RANKS = ["none", "read", "write", "admin"]
ROLES = ["read", "triage", "write", "maintain", "admin"]


@dataclass(frozen=True)
class Need:
    """What a place asks for: any of the classic scopes; a permission and its least level. `installations`: whether an App may
    look there at all."""
    scopes: tuple[str, ...] = ()
    permission: str = "metadata"
    level: str = "read"
    installations: bool = True
    role: str = "read"  # of a user, on the repository


ORGANISATION_NEEDS = {
    ("actions", "secrets"): Need(("admin:org",), "organization_secrets"),
    ("dependabot", "secrets"): Need(("admin:org",), "organization_dependabot_secrets"),
    ("codespaces", "secrets"): Need(("admin:org",), "organization_codespaces_secrets", installations=False),
    ("agents", "secrets"): Need(("admin:org",), "organization_agent_secrets"),
    ("actions", "variables"): Need(("admin:org",), "organization_actions_variables"),
    ("agents", "variables"): Need(("admin:org",), "organization_agent_variables"),
    ("private-registries", ""): Need(("admin:org",), "organization_private_registries"),
}
# Which role listing needs is not documented; the fake asks for the one that may also write secrets.
REPOSITORY_NEEDS = {
    ("actions", "secrets"): Need(("repo",), "secrets", role="write"),
    ("dependabot", "secrets"): Need(("repo",), "dependabot_secrets", role="write"),
    ("codespaces", "secrets"): Need(("repo",), "codespaces_secrets", "write", role="write"),
    ("agents", "secrets"): Need(("repo",), "agent_secrets", role="write"),
    ("actions", "variables"): Need(("repo",), "actions_variables", role="write"),
    ("agents", "variables"): Need(("repo",), "agent_variables", role="write"),
    ("environments", ""): Need((), "actions"),
    ("environments", "secrets"): Need(("repo",), "environments", role="write"),
    ("environments", "variables"): Need(("repo",), "environments", role="write"),
}
AUDIT_NEED = Need(("read:audit_log",), "organization_administration")
USER_NEED = Need(("codespace", "codespace:secrets"), "codespaces_user_secrets", installations=False)

EVERY_PERMISSION = {need.permission: need.level for need in
                    [Need(), USER_NEED, AUDIT_NEED, *ORGANISATION_NEEDS.values(), *REPOSITORY_NEEDS.values()]} | {"contents": "read"}
EVERY_SCOPE = ("admin:org", "codespace:secrets", "read:audit_log", "repo")


@dataclass
class Credential:
    """A token and what it may do. `repositories` None: all of the organisation's."""
    kind: str  # classic, fine-grained, installation, app
    token: str
    owner: str  # whose rate limit it draws on
    scopes: tuple[str, ...] = ()
    permissions: dict[str, str] = field(default_factory=dict)
    repositories: set[int] | None = None
    expires_at: float | None = None  # seconds since 1970
    sso_missing: bool = False  # a classic token that nobody has authorised for the organisation
    number: int = 0

    def covers(self, repository_id: int) -> bool:
        return self.repositories is None or repository_id in self.repositories

    def sees_private(self) -> bool:
        return self.kind in ("fine-grained", "installation") or "repo" in self.scopes

    def lacks(self, need: Need) -> bool:
        if self.kind == "classic":
            return bool(need.scopes) and not set(need.scopes) & set(self.scopes)
        if self.kind == "installation" and not need.installations:
            return True
        held = {"metadata": "read", **self.permissions}.get(need.permission, "none")
        return RANKS.index(held) < RANKS.index(need.level)


ANYBODY = Credential("classic", "", "anybody")


def token_text(chance: random.Random, prefix: str) -> str:
    """Opaque text of GitHub's form; put together at run time, so that no file looks like a leak."""
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    return prefix + "_" + "".join(chance.choices(alphabet, k=36))


# GitHub Apps.


class BadToken(Exception):
    """What GitHub answers to a JSON web token that it does not accept."""


def unbase64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


SHA256_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")  # RFC 8017, 9.2, note 1


class App:
    """A GitHub App: its key, made by openssl, and its installations by number: their permissions and repositories (None: all)."""

    def __init__(self, app_id: int, folder: Path) -> None:
        self.id = app_id
        self.client_id = f"Iv23fake{app_id:06}"
        self.slug = "inventory-app"
        self.token_seconds = 3600.0
        self.key_file = folder / f"app-{app_id}.pem"
        subprocess.run(["openssl", "genrsa", "-out", self.key_file, "2048"], check=True, capture_output=True)
        printed = subprocess.run(["openssl", "rsa", "-in", self.key_file, "-noout", "-modulus"], check=True,
                                 capture_output=True, text=True).stdout
        self.modulus = int(printed.strip().partition("=")[2], 16)
        self.installations: dict[int, Installation] = {}

    def signed(self, text: bytes, signature: bytes) -> bool:
        """RSASSA-PKCS1-v1_5 with SHA-256 and openssl's exponent 65537."""
        size = (self.modulus.bit_length() + 7) // 8
        digest = SHA256_PREFIX + hashlib.sha256(text).digest()
        wanted = b"\0\1" + b"\xff" * (size - len(digest) - 3) + b"\0" + digest
        return len(signature) == size and pow(int.from_bytes(signature, "big"), 65537, self.modulus).to_bytes(size, "big") == wanted

    def check(self, token: str, now: float) -> None:
        """Raises BadToken unless this is a JSON web token of this App that is valid now."""
        try:
            header, claims, signature = token.split(".")
            read_header, read = json.loads(unbase64(header)), json.loads(unbase64(claims))
            raw = unbase64(signature)
        except ValueError:
            raise BadToken("A JSON web token could not be decoded") from None
        if read_header.get("alg") != "RS256" or not self.signed(f"{header}.{claims}".encode(), raw):
            raise BadToken("A JSON web token could not be decoded")
        if str(read.get("iss")) not in (str(self.id), self.client_id):
            raise BadToken("Integration not found")
        issued, expires = read.get("iat"), read.get("exp")
        if not isinstance(issued, int) or issued > now:
            raise BadToken("'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued")
        if not isinstance(expires, int) or expires <= now:
            raise BadToken("'Expiration time' claim ('exp') must be a numeric value representing the future time at which the "
                           "assertion expires")
        if expires > now + 600:
            raise BadToken("'Expiration time' claim ('exp') is too far in the future")


@dataclass
class Installation:
    id: int
    permissions: dict[str, str]
    repositories: set[int] | None = None
    suspended: bool = False
