"""What tests of services share: configurations and sweeps against the fakes of tests/servers, and what should be found."""

import re
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


class Services(ProgramTest):
    def setUp(self) -> None:
        self.home = Home(self)

    def configuration(self, **sources: dict[str, Any]) -> Path:
        lines = []
        for name, keys in sources.items():
            lines += ["[[source]]", f'name = "{name}"']
            for key, value in keys.items():
                text = str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else repr(value).replace("'", '"')
                lines.append(f"{key} = {text}")
        return self.home.write("tokensweep.toml", "\n".join(lines) + "\n")

    def github(self, server: GitHub, **more: Any) -> dict[str, Any]:
        return {"type": "github", "org": "acme", "api_url": f"{server.url}/api/v3", "token_env": "ACME", **more}

    def sweep(self, config: Path, token: str, *arguments: str, code: int = 0) -> Any:
        run = self.home.run("scan", "--config", config, "--format", "none", *arguments,
                            env=self.home.environment(ACME=token, CIRCLE=token))
        self.assertEqual(code, run.code, run.error)
        self.assert_silent_about(run, token)
        return run

    def places(self, *arguments: str) -> set[tuple[str, str]]:
        return {(hit["store"], hit["locator"]) for hit in self.home.export(*arguments)}


def github_truth(server: GitHub, token: str) -> set[tuple[str, str]]:
    """Store and locator of each Actions secret that is named as npm's are, and of each private npm registry."""
    places = set()
    for secret in server.truth(token)["secrets"]:
        if secret["store"] != "actions" or not is_named(secret["name"]):
            continue
        where = f"environments/{secret['environment']}/" if secret["environment"] else ""
        places.add((secret["repository"] or "acme", where + secret["name"]))
    # What OIDC stands for holds no long-lived credential.
    places |= {("acme", f"registries/{registry['name']}") for registry in server.truth(token)["registries"]
               if registry["registry_type"] == "npm_registry" and not registry["auth_type"].startswith("oidc_")}
    return places
