#!/usr/bin/env python3
"""Cuts out of GitHub's API descriptions what the tests' fake server is held to: cut_github_schema.py [OUTPUT]

GitHub publishes its REST API as OpenAPI and its GraphQL schema; npm carries both as packages of Octokit (MIT). Together
they are 18 MB. Kept are the operations below, with the schemas of their answers as plain JSON Schema, and the GraphQL
types below. The result is tests/servers/github_schema.json.gz, the same bytes for the same versions.
"""

import gzip
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "tests/servers/github_schema.json.gz"

CLOUD_FILE = "package/generated/ghec.json"
REST_PACKAGE, REST_FILE = "@octokit/openapi@23.0.2", "package/generated/api.github.com.json"
GRAPHQL_PACKAGE, GRAPHQL_FILE = "@octokit/graphql-schema@15.26.1", "package/schema.json"

STORES = ["actions", "dependabot", "codespaces", "agents"]
OPERATIONS = [
    "GET /rate_limit", "GET /user", "GET /user/orgs", "GET /orgs/{org}", "GET /orgs/{org}/repos", "GET /repos/{owner}/{repo}",
    "GET /repos/{owner}/{repo}/environments",
    *[f"GET /orgs/{{org}}/{store}/secrets" for store in STORES],
    *[f"GET /orgs/{{org}}/{store}/secrets/{{secret_name}}/repositories" for store in STORES],
    *[f"GET /repos/{{owner}}/{{repo}}/{store}/secrets" for store in STORES],
    *[f"GET /repos/{{owner}}/{{repo}}/{store}/organization-{what}" for store in ["actions", "agents"]
      for what in ["secrets", "variables"]],
    "GET /repos/{owner}/{repo}/environments/{environment_name}/secrets",
    "GET /user/codespaces/secrets", "GET /user/codespaces/secrets/{secret_name}/repositories",
    *[f"GET /orgs/{{org}}/{store}/variables" for store in ["actions", "agents"]],
    *[f"GET /orgs/{{org}}/{store}/variables/{{name}}/repositories" for store in ["actions", "agents"]],
    *[f"GET /repos/{{owner}}/{{repo}}/{store}/variables" for store in ["actions", "agents"]],
    "GET /repos/{owner}/{repo}/environments/{environment_name}/variables",
    "GET /orgs/{org}/private-registries",
    "GET /app", "GET /app/installations", "GET /orgs/{org}/installation", "GET /installation/repositories",
    "POST /app/installations/{installation_id}/access_tokens",
]
# Of Enterprise Cloud alone.
CLOUD_OPERATIONS = ["GET /orgs/{org}/audit-log"]
GRAPHQL_TYPES = [
    "Query", "Organization", "User", "RateLimit", "PageInfo", "Repository", "RepositoryConnection", "RepositoryOrder",
    "Environment", "EnvironmentConnection", "DeploymentProtectionRule", "DeploymentProtectionRuleConnection", "Tree", "TreeEntry",
    "Blob", "GitObject", "RepositoryVisibility", "RepositoryPermission", "DeploymentProtectionRuleType", "RepositoryOrderField",
    "OrderDirection",
]
# What says something to a reader and nothing to a validator. Formats are left to the tests.
COMMENTARY = {"description", "example", "examples", "title", "deprecated", "externalDocs", "format", "default", "readOnly"}

Json = Any


def fetch(package: str, file: str) -> tuple[Json, str]:
    """A JSON file of an npm package, and the package's licence."""
    with tempfile.TemporaryDirectory() as folder:
        packed = subprocess.run(["npm", "pack", "--silent", package], cwd=folder, check=True, capture_output=True, text=True)
        with tarfile.open(Path(folder) / packed.stdout.split()[-1]) as archive:
            license = next(name for name in archive.getnames() if name.startswith("package/LICENSE"))
            texts = [archive.extractfile(name).read().decode() for name in (file, license)]  # type: ignore[union-attr]
    return json.loads(texts[0]), texts[1]


def either(node: Json) -> Json:
    """An installation's account is a user or an enterprise: GitHub's own description says anyOf, Octokit's edition says allOf."""
    return {"anyOf" if key == "allOf" else key: value for key, value in node.items()}


class RestCut:
    """Turns OpenAPI 3.0's dialect into JSON Schema, and gathers the schemas that are referred to."""

    def __init__(self, description: Json) -> None:
        self.description = description
        self.schemas: dict[str, Json] = {}

    def resolve(self, node: Json) -> Json:
        while "$ref" in node:
            kind, name = node["$ref"].split("/")[-2:]
            node = self.description["components"][kind][name]
        return node

    def schema(self, node: Json) -> Json:
        if "$ref" in node:
            name = node["$ref"].split("/")[-1]
            if name not in self.schemas:
                self.schemas[name] = True  # ends recursion; replaced on the next line
                self.schemas[name] = self.schema(self.resolve(node))
            return {"$ref": f"#/schemas/{name}"}
        cut: Json = {}
        for key, value in node.items():
            if key in COMMENTARY or key.startswith("x-") or key == "nullable":
                continue
            if key == "properties":
                cut[key] = {name: self.schema(either(inner) if name == "account" else inner) for name, inner in value.items()}
            elif key in ("allOf", "anyOf", "oneOf"):
                cut[key] = [self.schema(inner) for inner in value]
            elif key in ("items", "additionalProperties", "not") and isinstance(value, dict):
                cut[key] = self.schema(value)
            else:
                cut[key] = value
        return {"anyOf": [{"type": "null"}, cut]} if node.get("nullable") else cut

    def operation(self, name: str) -> Json:
        method, path = name.split(" ")
        operation = self.description["paths"][path][method.lower()]
        parameters = map(self.resolve, operation.get("parameters", []))
        answers = {}
        for status, answer in operation["responses"].items():
            content = self.resolve(answer).get("content", {})
            if status.startswith("2") and "application/json" in content:
                answers[status] = self.schema(content["application/json"]["schema"])
        return {"query": sorted(one["name"] for one in parameters if one["in"] == "query"), "answers": answers}


def spelled(kind: Json) -> str:
    """A GraphQL type as it is written: `[Repository!]!`."""
    if kind["kind"] == "NON_NULL":
        return spelled(kind["ofType"]) + "!"
    return f"[{spelled(kind['ofType'])}]" if kind["kind"] == "LIST" else kind["name"]


def graphql_type(described: Json) -> Json:
    if described["kind"] == "ENUM":
        return {"values": [value["name"] for value in described["enumValues"]]}
    fields = described["fields"] or described["inputFields"]
    cut = {"fields": {field["name"]: {"type": spelled(field["type"]), "arguments": {
        argument["name"]: spelled(argument["type"]) for argument in field.get("args", [])}} for field in fields}}
    return cut | {"implements": [one["name"] for one in described.get("interfaces") or []]}


def main() -> int:
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else OUTPUT
    description, rest_license = fetch(REST_PACKAGE, REST_FILE)
    schema, graphql_license = fetch(GRAPHQL_PACKAGE, GRAPHQL_FILE)
    cloud_description, _ = fetch(REST_PACKAGE, CLOUD_FILE)
    rest, cloud = RestCut(description), RestCut(cloud_description)
    types = {one["name"]: one for one in schema["__schema"]["types"]}
    cut = {
        "source": f"Cut by tools/cut_github_schema.py out of {REST_PACKAGE} and {GRAPHQL_PACKAGE}",
        "licenses": [rest_license, graphql_license],
        "operations": {name: rest.operation(name) for name in OPERATIONS} | {name: cloud.operation(name) for name in CLOUD_OPERATIONS},
        "schemas": cloud.schemas | rest.schemas,
        "graphql": {name: graphql_type(types[name]) for name in GRAPHQL_TYPES},
    }
    output.write_bytes(gzip.compress(json.dumps(cut, sort_keys=True, separators=(",", ":")).encode(), mtime=0))
    print(f"{output}: {len(cut['operations'])} operations, {len(cut['schemas'])} schemas, {len(GRAPHQL_TYPES)} GraphQL types, "
          f"{output.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
