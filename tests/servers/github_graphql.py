"""The GraphQL objects of the fake GitHub: repositories with their environments and workflow files, never a secret."""

import json
from datetime import datetime, timezone
from typing import Any

from github_access import Credential
from github_rows import node_id
from graphql import GraphqlError, Object, Refused, connection
from organisation import Environment, Organisation, Repository

Json = Any

MOST_TEXT = 512_000  # characters


class Graph:
    """What one credential sees of an organisation. `rate`: the RateLimit object's limit, remaining, used and reset."""

    def __init__(self, organisation: Organisation, credential: Credential, visible: list[Repository], site: str,
                 rate: dict[str, int]) -> None:
        self.organisation = organisation
        self.credential = credential
        self.visible = visible
        self.site = site
        self.rate = rate
        self.files = 0  # whose text was read

    def root(self, cost: int, nodes: int) -> Object:
        reset = datetime.fromtimestamp(self.rate["reset"], timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        # The cost of this query is already off what remains.
        limits = Object("RateLimit", {"cost": cost, "nodeCount": nodes, "limit": self.rate["limit"], "resetAt": reset,
                                      "remaining": max(0, self.rate["remaining"] - cost), "used": self.rate["used"] + cost})
        return Object("Query", {"organization": self.find_organisation, "repository": self.find_repository, "nodes": self.find_nodes, "rateLimit": limits,
                                "viewer": Object("User", {"login": self.credential.owner})})

    def find_organisation(self, arguments: dict[str, Json]) -> Object | None:
        org = self.organisation
        if arguments["login"].lower() != org.login.lower():
            raise Refused("NOT_FOUND", f"Could not resolve to an Organization with the login of '{arguments['login']}'.")
        return Object("Organization", {"login": org.login, "databaseId": org.id, "id": node_id("Organization", org.id),
                                       "name": org.login.title(), "url": f"{self.site}/{org.login}", "repositories": self.repositories})

    def find_repository(self, arguments: dict[str, Json]) -> Object | None:
        found, _ = self.organisation.repository(arguments["name"])
        if arguments["owner"].lower() != self.organisation.login.lower() or found not in self.visible:
            raise Refused("NOT_FOUND", f"Could not resolve to a Repository with the name '{arguments['owner']}/{arguments['name']}'.")
        return self.repository(found)

    def find_nodes(self, arguments: dict[str, Json]) -> list[Object | Refused]:
        if len(arguments["ids"]) > 100:
            raise GraphqlError("ARGUMENT_LIMIT", f"You may not provide more than 100 node ids; you provided {len(arguments['ids'])}.")
        known = {node_id("Repository", one.id): one for one in self.visible}
        return [self.repository(known[one]) if one in known else
                Refused("NOT_FOUND", f"Could not resolve to a node with the global id of '{one}'") for one in arguments["ids"]]

    def repositories(self, arguments: dict[str, Json]) -> Object:
        chosen = [one for one in self.visible
                  if arguments.get("isArchived") in (None, one.archived) and arguments.get("isFork") in (None, one.fork)
                  and arguments.get("visibility") in (None, one.visibility.upper())]
        order = arguments.get("orderBy") or {}
        key = {"NAME": lambda one: one.name, "PUSHED_AT": lambda one: one.pushed_at or "", "UPDATED_AT": lambda one: one.updated_at}
        chosen.sort(key=key.get(order.get("field"), lambda one: one.created_at), reverse=order.get("direction") == "DESC")
        return connection("RepositoryConnection", chosen, self.repository, arguments)

    def repository(self, one: Repository) -> Object:
        name = f"{self.organisation.login}/{one.name}"
        role = one.permission.upper() if self.credential.kind in ("classic", "fine-grained") else None
        return Object("Repository", {
            "databaseId": one.id, "id": node_id("Repository", one.id), "name": one.name, "nameWithOwner": name,
            "url": f"{self.site}/{name}", "visibility": one.visibility.upper(), "isPrivate": one.visibility != "public",
            "isArchived": one.archived, "isDisabled": one.disabled, "isFork": one.fork, "pushedAt": one.pushed_at,
            "createdAt": one.created_at, "updatedAt": one.updated_at, "viewerPermission": role,
            "environments": lambda arguments: self.environments(one, arguments),
            "object": lambda arguments: self.git_object(one, arguments.get("expression") or "")})

    def environments(self, one: Repository, arguments: dict[str, Json]) -> Object:
        # Which permission this takes is not documented: REST's "Actions" or "Environments" are taken for enough.
        if self.credential.kind != "classic" and not {"actions", "environments"} & set(self.credential.permissions):
            actor = "integration" if self.credential.kind == "installation" else "personal access token"
            raise Refused("FORBIDDEN", f"Resource not accessible by {actor}")
        return connection("EnvironmentConnection", one.environments, self.environment, arguments)

    def environment(self, one: Environment) -> Object:
        rules = []
        if one.wait_minutes:
            rules.append(self.rule("WAIT_TIMER", one.wait_minutes, None))
        if one.reviewers:
            rules.append(self.rule("REQUIRED_REVIEWERS", 0, one.prevent_self_review))
        if one.branches:
            rules.append(self.rule("BRANCH_POLICY", 0, None))
        return Object("Environment", {
            "databaseId": one.id, "id": node_id("Environment", one.id), "name": one.name,
            "protectionRules": lambda arguments: connection("DeploymentProtectionRuleConnection", rules, lambda rule: rule, arguments)})

    def rule(self, kind: str, timeout: int, prevent_self_review: bool | None) -> Object:
        return Object("DeploymentProtectionRule", {"databaseId": None, "type": kind, "timeout": timeout,
                                                   "preventSelfReview": prevent_self_review})

    def git_object(self, one: Repository, expression: str) -> Object | None:
        """Only the folder of the workflows, the files in it, and the package.json, at HEAD."""
        # Which permission this takes is not documented: that of REST's contents is taken for it.
        if self.credential.kind != "classic" and one.visibility != "public" and "contents" not in self.credential.permissions:
            actor = "integration" if self.credential.kind == "installation" else "personal access token"
            raise Refused("FORBIDDEN", f"Resource not accessible by {actor}")
        path = expression.removeprefix("HEAD:").strip("/")
        if path == ".github/workflows" and one.workflows:
            entries = [Object("TreeEntry", {"name": name, "path": f"{path}/{name}", "type": "blob", "mode": 33188,
                                            "object": self.blob(text)}) for name, text in sorted(one.workflows.items())]
            return Object("Tree", {"entries": entries})
        if path == "package.json" and one.package:
            return self.blob(json.dumps({"name": one.package, "version": "1.0.0"}))
        text = one.workflows.get(path.removeprefix(".github/workflows/"))
        return self.blob(text) if text is not None else None

    def blob(self, text: str | bytes) -> Object:
        """Bytes are no text. How much of a long text GitHub sends is not documented: half a megabyte is taken for it."""
        self.files += 1
        is_binary = isinstance(text, bytes)
        size = len(text if isinstance(text, bytes) else text.encode())
        return Object("Blob", {"text": None if is_binary else text[:MOST_TEXT], "byteSize": size, "isBinary": is_binary,
                               "isTruncated": size > MOST_TEXT})
