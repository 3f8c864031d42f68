"""What tests of services share: configurations and sweeps against the fakes of tests/servers, and what should be found."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from support import ROOT, Home, ProgramTest, Run

sys.path.insert(0, str(ROOT / "tests/servers"))
from github_server import GitHub  # noqa: E402

# What the rule for names takes of the names that the fakes use; the rule's own table is in tests/rules.
NAMED = re.compile(r"(^|[^A-Za-z])(NPM|PNPM|NPMRC|npm)([^A-Za-z]|$)|NODE_AUTH_TOKEN|YARN_NPM_AUTH_TOKEN")
SETTING = re.compile(r"(EMAIL|REGISTRY|VERSION|USERNAME|USER|URL)$")


def is_named(name: str) -> bool:
    return bool(NAMED.search(name)) and not SETTING.search(name)


def write_configuration(home: Home, **sources: dict[str, Any]) -> Path:
    """A configuration with these sources: their names, and their keys as Python has the values."""
    lines = []
    for name, keys in sources.items():
        lines += ["[[source]]", f'name = "{name}"']
        for key, value in keys.items():
            text = str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else repr(value).replace("'", '"')
            lines.append(f"{key} = {text}")
    return home.write("tokensweep.toml", "\n".join(lines) + "\n")


def github_source(server: Any, **more: Any) -> dict[str, Any]:
    return {"type": "github", "api_url": f"{server.url}/api/v3", "token_env": "ACME",
            **({} if "orgs" in more else {"org": "acme"}), **more}


class Services(ProgramTest):
    def setUp(self) -> None:
        self.home = Home(self)

    def configuration(self, **sources: dict[str, Any]) -> Path:
        return write_configuration(self.home, **sources)

    def github(self, server: GitHub, **more: Any) -> dict[str, Any]:
        return github_source(server, **more)

    def sweep(self, config: Path, token: str, *arguments: str, code: int = 0) -> Any:
        run = self.home.run("scan", "--config", config, "--format", "none", *arguments,
                            env=self.home.environment(ACME=token, CIRCLE=token))
        self.assertEqual(code, run.code, run.error)
        self.assert_silent_about(run, token)
        return run

    def places(self, *arguments: str) -> set[tuple[str, str]]:
        return {(hit["store"], hit["locator"]) for hit in self.home.export(*arguments)}


class Sweeper:
    """A home with a configuration and credentials of its own, and the program in it: many of them can run at once."""

    def __init__(self, test: ProgramTest, credentials: dict[str, str], **sources: dict[str, Any]) -> None:
        self.test, self.home, self.credentials = test, Home(test), credentials
        self.config = write_configuration(self.home, **sources)

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen:
        return self.home.start("scan", "--config", self.config, "--format", "none", *arguments,
                               env={**self.credentials, **environment})

    def sweep(self, *arguments: str, code: int = 0, **environment: str) -> Run:
        """A sweep that ends so, and says nothing of its credentials and nothing in more than a line."""
        run = self.home.run("scan", "--config", self.config, "--format", "none", *arguments,
                            env={**self.credentials, **environment})
        self.test.assertEqual(code, run.code, run.error)
        self.test.assert_silent_about(run, *self.credentials.values())
        self.test.assert_printable(run.err)
        for line in run.error_lines:
            self.test.assertTrue(line.startswith("tokensweep: "), run.error)
        return run

    def coverage(self) -> dict[str, tuple[str, str]]:
        """Of the last sweep: store -> state and reason."""
        rows = self.home.sql("SELECT store, state, coalesce(reason, '') FROM coverage "
                             "WHERE sweep = (SELECT max(id) FROM sweep)")
        return {store: (state, reason) for store, state, reason in rows}

    def complete(self) -> set[str]:
        return {store for store, (state, _) in self.coverage().items() if state == "complete"}

    def places(self, *states: str) -> set[tuple[str, str]]:
        """Of all hits, or of those in one of these states."""
        return {(hit["store"], hit["locator"]) for hit in self.home.export("--state", "all") if not states or hit["state"] in states}

    def forget_answers(self) -> None:
        """Answers that were kept are not asked for again: a 304 has no body that a fault could spoil."""
        self.home.db.with_name(self.home.db.name + ".answers").unlink()


def github_truth(server: GitHub, token: str) -> set[tuple[str, str]]:
    """Store and locator of each Actions secret that is named as npm's are, and of each private npm registry."""
    places, truth = set(), server.truth(token)
    own = truth["organisation"]
    for secret in truth["secrets"]:
        if secret["store"] != "actions" or not is_named(secret["name"]):
            continue
        where = f"environments/{secret['environment']}/" if secret["environment"] else ""
        places.add((secret["repository"] or own, where + secret["name"]))
    # What OIDC stands for holds no long-lived credential.
    places |= {(own, f"registries/{registry['name']}") for registry in truth["registries"]
               if registry["registry_type"] == "npm_registry" and not registry["auth_type"].startswith("oidc_")}
    return places
