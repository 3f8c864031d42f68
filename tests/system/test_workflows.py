"""Sweeps of GitHub that read workflow files: what a workflow does with a secret is evidence for its class, a token that stands in one
is found, and what could not be read is said."""

import re
import unittest
from typing import Any

from services import Services
from support import npm

from github_access import EVERY_PERMISSION
from github_server import GitHub
from organisation import Organisation, Shape, Stored

PUBLISH = """on: push
permissions: {id-token: write}
jobs:
  out:
    environment: production
    steps:
      - run: npm publish
        env: {NODE_AUTH_TOKEN: "${{ secrets.NPM_TOKEN }}"}
"""
INSTALL = """on: push
jobs:
  test:
    steps:
      - uses: actions/checkout@v4
      - run: npm ci
        env: {NODE_AUTH_TOKEN: "${{ secrets.NPM_TOKEN }}"}
"""


def stored(name: str, visibility: str | None = None) -> Stored:
    return Stored(name, "2025-01-02T03:04:05Z", "2026-01-02T03:04:05Z", visibility=visibility)


def small(repositories: int = 3) -> Organisation:
    """Repositories with one secret each, `NPM_TOKEN`, and none of the organisation's."""
    organisation = Organisation(21, Shape(repositories=repositories, environments=0, repository_secrets=0, organisation_secrets=0))
    for one in organisation.repositories:
        one.workflows, one.package, one.visibility = {}, None, "private"
        one.secrets["actions"] = [stored("NPM_TOKEN")]
    organisation.registries.clear()
    return organisation


class Workflows(Services):
    def hits(self, *arguments: str) -> dict[tuple[str, str], dict[str, Any]]:
        return {(hit["store"], hit["locator"]): hit for hit in self.home.export(*arguments)}

    def explain(self, hit: dict[str, Any]) -> str:
        run = self.home.run("classify", "--explain", hit["id"])
        self.assertEqual(0, run.code, run.error)
        return run.text

    def swept(self, server: GitHub, token: str = "", code: int = 0, **more: Any) -> Any:
        token = token or server.classic().token
        return self.sweep(self.configuration(acme=self.github(server, workflows=True, **more)), token, code=code)

    def unread(self) -> str:
        """Why scopes are not complete."""
        return "\n".join(reason for (reason,) in self.home.sql("SELECT reason FROM visit WHERE reason <> ''"))

    def test_what_a_workflow_does_with_a_secret_decides_its_class(self) -> None:
        organisation = small()
        publisher, reader, idle = organisation.repositories
        publisher.workflows, publisher.package = {"release.yml": PUBLISH}, "left-pad"
        reader.workflows = {"ci.yml": INSTALL}
        with GitHub(organisation) as server:
            self.swept(server)
            hits = self.hits("--class", "A,B,C,D")
            first, second, third = (hits[f"acme/{one.name}", "NPM_TOKEN"] for one in (publisher, reader, idle))
            self.assertIn("the build that uses it publishes", first["reason"])
            self.assertIn("trusted publishing could take its place", first["reason"])
            self.assertEqual(("C", "inferred"), (second["class"], second["confidence"]))
            self.assertEqual(("B", "assumed"), (third["class"], third["confidence"]))
            self.assertIn("no workflow of the default branch uses it", third["reason"])
            text = self.explain(first)
            self.assertIn("(.github/workflows/release.yml, job out, environment production)", text)
            self.assertIn("the package there is left-pad", text)
            self.assertIn("could publish without it, by trusted publishing", text)
            self.assertRegex(self.explain(second), r"\* use +the build that uses it installs packages \(.github/workflows/ci.yml")

    def test_the_organisations_secret_gets_the_strictest_use_of_its_repositories(self) -> None:
        organisation = small(5)
        for one in organisation.repositories:
            one.secrets["actions"] = []
            one.workflows = {"ci.yml": INSTALL}
        organisation.repositories[4].workflows["release.yml"] = PUBLISH
        organisation.secrets["actions"] = [stored("NPM_TOKEN", "all")]
        with GitHub(organisation) as server:
            self.swept(server)
            hit = self.hits()["acme", "NPM_TOKEN"]
            self.assertEqual(("B", "inferred"), (hit["class"], hit["confidence"]))
            self.assertIn(f"(acme/{organisation.repositories[4].name}/.github/workflows/release.yml", self.explain(hit))
            del organisation.repositories[4].workflows["release.yml"]
            server.changed()
            self.swept(server)
            hit = self.hits()["acme", "NPM_TOKEN"]
            self.assertEqual(("C", "inferred"), (hit["class"], hit["confidence"]))
            self.assertEqual(3, self.explain(hit).count("the build that uses it installs packages (acme/"))

    def test_a_token_that_stands_in_a_workflow_is_found_and_gone_when_it_is_removed(self) -> None:
        organisation = small(2)
        value = npm("a token in a workflow")
        one = organisation.repositories[1]
        one.workflows = {"deploy.yml": f"on: push\njobs:\n  j:\n    steps:\n      - run: npm publish\n        env: {{NPM_TOKEN: {value}}}\n"}
        with GitHub(organisation) as server:
            run = self.swept(server)
            self.assert_silent_about(run, value)
            place = (f"acme/{one.name}", ".github/workflows/deploy.yml:6")
            hit = self.hits()[place]
            self.assertEqual("npm-token", hit["kind"])
            self.assertIn("the build file that holds it publishes", hit["reason"])
            for path in self.home.path.rglob("*"):
                if path.is_file():
                    self.assertNotIn(value.encode(), path.read_bytes(), path)
                    self.assertNotIn(b"steps:", path.read_bytes(), "a workflow's text is kept")
            one.workflows = {}
            server.changed()
            self.swept(server)
            self.assertEqual("gone", self.hits("--state", "all")[place]["state"])

    def test_a_token_in_place_of_a_name_is_not_kept(self) -> None:
        organisation = small(1)
        names = [npm("a job's name"), npm("an environment's name"), npm("a directory's name"), npm("a package's name")]
        one = organisation.repositories[0]
        one.package = names[3]
        one.workflows = {"release.yml": f"""on: push
jobs:
  {names[0]}:
    environment: {names[1]}
    steps:
      - run: npm publish
        working-directory: {names[2]}
        env: {{NODE_AUTH_TOKEN: "${{{{ secrets.NPM_TOKEN }}}}"}}
      - run: npm publish
        env: {{NODE_AUTH_TOKEN: "${{{{ secrets.NPM_TOKEN }}}}"}}
"""}
        with GitHub(organisation) as server:
            run = self.swept(server)
            self.assert_silent_about(run, *names)
            self.assertIn("the build that uses it publishes", self.hits()[f"acme/{one.name}", "NPM_TOKEN"]["reason"])
            kept = b"".join(path.read_bytes() for path in self.home.path.rglob("*") if path.is_file())
            self.assertEqual([], [name for name in names if name.encode() in kept or name.lower().encode() in kept])

    def test_without_the_permission_the_names_are_there_and_nothing_is_called_gone(self) -> None:
        organisation = small()
        value = npm("a token behind a permission")
        organisation.repositories[0].workflows = {"a.yml": f"on: push\nenv: {{T: {value}}}\n"}
        with GitHub(organisation) as server:
            self.swept(server)
            before = self.hits()
            self.assertEqual(4, len(before))
            held = {name: level for name, level in EVERY_PERMISSION.items() if name != "contents"}
            token = server.fine_grained(held).token
            self.swept(server, token, code=3)
            self.assertIn("contents=read", self.unread())
            self.assertEqual([], self.home.export("--state", "gone"))
            check = self.home.run("sources", "check", "--config", self.home.at("tokensweep.toml"), env=self.home.environment(ACME=token))
            self.assertIn("workflow files: GraphQL refuses it; it needs contents=read", check.text)

    def test_slow_queries_binary_files_and_bombs_lose_nothing_silently(self) -> None:
        organisation = small(30)
        for one in organisation.repositories:
            one.workflows = {"ci.yml": INSTALL}
        odd = organisation.repositories[7]
        odd.workflows = {"ci.yml": INSTALL, "logo.yml": b"\x89PNG\0"}
        bomb = organisation.repositories[8]
        bomb.workflows = {"ci.yml": INSTALL, "bomb.yml": "on: push\nx: &a [" + "z," * 30_000 + "]\n"}
        with GitHub(organisation) as server:
            server.limits.graphql_files = 8
            self.swept(server, code=3)
            self.assertIn("logo.yml is no text", self.unread())
            hits = self.hits()
            classes = {one.name: hits[f"acme/{one.name}", "NPM_TOKEN"]["class"] for one in organisation.repositories}
            self.assertEqual({odd.name, bomb.name}, {name for name, kind in classes.items() if kind != "C"})
            sizes = [len(request.body) for request in server.requests("/graphql") if b"HEAD:.github" in request.body]
            self.assertGreater(len(sizes), 4)

    def test_an_app_asks_for_contents_only_where_workflows_are_read(self) -> None:
        organisation = small()
        organisation.repositories[0].workflows = {"ci.yml": INSTALL}
        with GitHub(organisation) as server:
            app = server.app()
            server.install(app)
            for workflows, kind in [(True, "C"), (False, "B")]:
                with self.subTest(workflows=workflows):
                    server.forget()
                    config = self.home.write("app.toml", f"""[[source]]
name = "acme"
type = "github"
org = "acme"
api_url = "{server.url}/api/v3"
workflows = {str(workflows).lower()}
[source.app]
id = "{app.id}"
key_file = "{app.key_file}"
""")
                    run = self.home.run("scan", "--config", config, "--format", "none")
                    self.assertEqual(0, run.code, run.error)
                    asked = [request.body for request in server.requests("/access_tokens")]
                    self.assertEqual([workflows], [b'"contents":"read"' in body for body in asked])
                    self.assertEqual(kind, self.hits()[f"acme/{organisation.repositories[0].name}", "NPM_TOKEN"]["class"])

    def test_the_plan_counts_what_workflows_cost(self) -> None:
        with GitHub(organisation=Organisation(22, Shape(repositories=60))) as server:
            token = server.classic().token
            points = []
            for workflows in (False, True):
                config = self.configuration(acme=self.github(server, workflows=workflows))
                check = self.home.run("sources", "check", "--config", config, env=self.home.environment(ACME=token))
                self.assertEqual(0, check.code, check.error)
                points.append(int(re.search(r"(\d+) points", check.text)[1]))
            self.assertEqual(points[0] + 3, points[1])
            server.forget()
            self.sweep(config, token)
            asked = [request for request in server.requests("/graphql") if b"HEAD:.github" in request.body]
            self.assertEqual(3, len(asked))


if __name__ == "__main__":
    unittest.main()
