"""CircleCI shows the last four characters of a value: a hint which token it is, that decides nothing."""

import unittest
from typing import Any

from services import Services
from support import alnum, npm

from circleci_server import CircleCI, Variable


class Endings(Services):
    def variable(self, name: str, value: str) -> Variable:
        return Variable(name, value, "2025-01-02T03:04:05.000Z", "2026-01-02T03:04:05.000Z")

    def swept(self, server: CircleCI, *variables: Variable) -> None:
        for context in server.contexts:
            context.variables.clear()
        for project in server.projects:
            project.variables.clear()
        server.contexts[0].variables.extend(variables)
        config = self.configuration(circle={"type": "circleci", "org": "gh/acme", "host": server.url, "token_env": "CIRCLE", "rate": 1000},
                                    files={"type": "filesystem", "path": str(self.home.path / "work")})
        self.sweep(config, server.token)

    def hit(self, name: str) -> dict[str, Any]:
        return next(hit for hit in self.home.export("--source", "circleci") if hit["locator"] == name)

    def explained(self, name: str) -> str:
        run = self.home.run("classify", "--explain", self.hit(name)["id"])
        self.assertEqual(0, run.code, run.error)
        return run.text

    def test_one_token_that_ends_so_is_told_and_decides_nothing(self) -> None:
        value = npm("the same in CircleCI")
        for folder in ("a", "b"):
            self.home.write(f"work/{folder}/.npmrc", f"//npm.example.test/:_authToken={value}\n")
        with CircleCI() as server:
            self.swept(server, self.variable("NPM_TOKEN", value), self.variable("NPM_OTHER_TOKEN", alnum(36, "another") + "zzz0"))
            token = next(hit["token"] for hit in self.home.export("--source", "filesystem"))
            hit = self.hit("NPM_TOKEN")
            self.assertIn(f"    ending    ends like token {token}, found at 2 places: weak, four characters are all that is known of it\n",
                          self.explained("NPM_TOKEN"))
            self.assertNotIn("ending", self.explained("NPM_OTHER_TOKEN"))
            self.assertEqual(("B", "assumed", None), (hit["class"], hit["confidence"], hit["token"]))
            self.assertNotIn("ends like", hit["reason"])
            # What it is compared by tells nobody the characters.
            texts = [text for (text,) in self.home.sql("SELECT evidence FROM hit WHERE evidence LIKE '%ending%'")]
            self.assertEqual(2, len(texts))
            self.assertFalse([text for text in texts if value[-4:] in text or "zzz0" in text])

    def test_several_tokens_that_end_so_are_told_as_several(self) -> None:
        first, second = alnum(32, "first") + "Qx7z", alnum(32, "second") + "Qx7z"
        self.home.write("work/.npmrc", f"//a.corp.example/:_authToken=npm_{first}\n//b.corp.example/:_authToken=npm_{second}\n")
        with CircleCI() as server:
            self.swept(server, self.variable("NPM_TOKEN", alnum(32, "third") + "Qx7z"))
            self.assertIn("ends like 2 known tokens: it may be any of them, or none", self.explained("NPM_TOKEN"))

    def test_without_the_key_nothing_is_compared(self) -> None:
        value = npm("a lost key")
        self.home.write("work/.npmrc", f"//npm.example.test/:_authToken={value}\n")
        with CircleCI() as server:
            self.swept(server, self.variable("NPM_TOKEN", value))
            key = self.home.db.with_name(self.home.db.name + ".key")
            key.rename(key.with_suffix(".lost"))
            self.assertIn("its last characters cannot be compared without the key", self.explained("NPM_TOKEN"))


if __name__ == "__main__":
    unittest.main()
