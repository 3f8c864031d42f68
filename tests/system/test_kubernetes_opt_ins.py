"""What a Kubernetes source reads only where it is told to, ConfigMaps and releases of Helm, with the real program against the
real kube-apiserver: what is found is what is there, what is refused is said, and what is no longer read is neither gone nor there."""

import gzip
import json
import unittest
from typing import Any

from support import b64, npm
from test_kubernetes import Cluster
from kubernetes_server import config_map, secret

APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def preview(token: str) -> str:
    return f"{token[:8]}…{token[-4:]}"


class OptIns(Cluster):
    def setUp(self) -> None:
        super().setUp()
        self.theirs = {self.key(one) for one in self.cluster.config_maps()}

    @staticmethod
    def key(one: Any) -> tuple[str, str]:
        return one["metadata"]["namespace"], one["metadata"]["name"]

    def empty(self) -> None:
        super().empty()
        for one in list(self.cluster.config_maps()):
            if self.key(one) not in self.theirs:
                self.cluster.delete(*self.key(one), resource="configmaps")

    def places(self, *arguments: str) -> set[tuple[str, str, str]]:
        """(namespace, locator without line and layers, preview) of each hit."""
        return {(hit["store"].split("/", 1)[1], hit["locator"].split(":")[0].split("!")[0], hit["preview"])
                for hit in self.home.export(*arguments)}

    def states(self) -> dict[str, str]:
        return {hit["locator"]: hit["state"] for hit in self.home.export("--state", "all")}


class ConfigMaps(OptIns):
    def plant(self) -> set[tuple[str, str, str]]:
        tokens = {name: npm(f"map {name}") for name in ("plain", "file", "binary", "applied", "alone", "secret")}
        applied = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "old"}, "data": {"T": tokens["applied"]}}
        self.cluster.seed({"shop": {"creds": {"t": tokens["secret"].encode()}}, "maps": {}})
        self.cluster.add_config_maps([
            ("shop", config_map("npm", {"NPM_TOKEN": tokens["plain"], "note": "nothing\n" * 1000})),
            ("shop", config_map("build", {".npmrc": f"fund=false\n//registry.corp.example/:_authToken={tokens['file']}\n"},
                                {"blob": b"\x00\xff " + tokens["binary"].encode() + b" \x00"})),
            ("shop", config_map("old", {"T": "nothing"}, annotations={APPLIED: json.dumps(applied)})),
            ("maps", config_map("alone", {"a.b-c_d": "x " + tokens["alone"]}))])
        shown = {name: preview(token) for name, token in tokens.items()}
        return {("shop", "creds#t", shown["secret"]), ("shop", "configmap/npm#NPM_TOKEN", shown["plain"]),
                ("shop", "configmap/build#.npmrc", shown["file"]), ("shop", "configmap/build#blob", shown["binary"]),
                ("shop", "configmap/old#@last-applied", shown["applied"]), ("maps", "configmap/alone#a.b-c_d", shown["alone"])}

    def test_they_are_found_where_that_is_wanted_and_there_alone(self) -> None:
        truth = self.plant()
        self.sweep(self.configuration())
        secrets = {place for place in truth if not place[1].startswith("configmap/")}
        self.assertEqual(secrets, self.places())
        self.sweep(self.configuration(configmaps=True))
        self.assertEqual(truth, self.places())
        for hit in self.home.export():
            flags = hit["scope"]
            self.assertIn("namespace", flags)
            self.assertEqual(hit["locator"].startswith("configmap/"), "unencrypted" in flags)

    def test_a_second_sweep_fetches_only_what_has_changed(self) -> None:
        truth = self.plant()
        config = self.configuration(configmaps=True)
        self.sweep(config)
        before = self.cluster.requests("configmaps")
        self.sweep(config)
        self.assertEqual(1, self.cluster.requests("configmaps") - before)
        self.assertEqual(truth, self.places())

        new = npm("map new")
        self.cluster.patch_object("configmaps", "shop", "npm", {"data": {"NPM_TOKEN": new}})
        self.cluster.delete("maps", "alone", resource="configmaps")
        self.cluster.delete("shop", "old", resource="configmaps")
        self.sweep(config)
        went = {place for place in truth if place[1] not in ("creds#t", "configmap/build#.npmrc", "configmap/build#blob")}
        self.assertEqual(truth - went | {("shop", "configmap/npm#NPM_TOKEN", preview(new))}, self.places())
        self.assertEqual(went, self.places("--state", "gone"))

    def test_where_they_are_no_longer_read_nobody_knows(self) -> None:
        for keys in ({}, {"namespaces": ["shop", "maps"]}, {"concurrency": 3}):
            with self.subTest(keys):
                self.empty()
                truth = self.plant()
                self.sweep(self.configuration(configmaps=True, **keys))
                self.assertEqual({"present"}, set(self.states().values()) - {"gone"})
                self.sweep(self.configuration(**keys))
                for locator, state in self.states().items():
                    if state != "gone":
                        self.assertEqual("unknown" if locator.startswith("configmap/") else "present", state, locator)
                before = self.cluster.requests("configmaps")
                self.sweep(self.configuration(configmaps=True, **keys))
                self.assertEqual(truth, self.places())
                self.assertLessEqual(self.cluster.requests("configmaps") - before, 5)

    def test_roles_that_refuse_them_are_told_and_cost_the_secrets_nothing(self) -> None:
        truth = self.plant()
        self.sweep(self.configuration(configmaps=True))
        self.cluster.let("reader", ["list"], ["secrets"])
        self.cluster.let("reader", ["list", "get"], ["namespaces"])
        self.cluster.patch("shop", "creds", {"t": b"nothing"})
        self.sweep(self.configuration("reader", configmaps=True), code=3)
        denied = self.home.sql("SELECT visit.reason FROM visit WHERE visit.state = 'denied'")
        self.assertIn("the list of its ConfigMaps: HTTP 403: the cluster's roles do not allow it", {reason for (reason,) in denied})
        self.assertEqual({"ConfigMaps"}, {"ConfigMaps" if "ConfigMaps" in reason else reason for (reason,) in denied})
        states = self.states()
        self.assertEqual("gone", states.pop("creds#t"))
        self.assertEqual({"unknown"}, set(states.values()))
        self.assertEqual(len(truth), len(states) + 1)
        run = self.assert_run(self.home.run("sources", "check", "--config", self.configuration("reader", configmaps=True)), 3)
        self.assertIn("it takes the verb list on configmaps", run.text + run.error)

    def test_check_tells_how_many_there_are(self) -> None:
        self.plant()
        run = self.assert_run(self.home.run("sources", "check", "--config", self.configuration(configmaps=True)), 0)
        count = sum(1 for _ in self.cluster.config_maps())
        self.assertIn(f"{count} ConfigMaps of admin", run.text)


def release_text(name: str, revision: int, status: str, **more: Any) -> str:
    """A release as Helm keeps it: gzip of JSON, in base64."""
    release = {"name": name, "info": {"status": status, "description": "Install complete"}, "chart": {"metadata": {"name": name}},
               "config": {}, "manifest": "", "hooks": [], "version": revision, "namespace": "shop"} | more
    return b64(gzip.compress(json.dumps(release, separators=(",", ":")).encode()))


def release(name: str, revision: int, status: str = "deployed", **more: Any) -> Any:
    """That, as the secret in which it lies."""
    return secret(f"sh.helm.release.v1.{name}.v{revision}", {"release": release_text(name, revision, status, **more).encode()},
                  type="helm.sh/release.v1", labels={"owner": "helm", "name": name, "version": str(revision), "status": status})


class Helm(OptIns):
    def plant(self) -> set[tuple[str, str, str]]:
        tokens = {name: npm(f"helm {name}") for name in ("old", "value", "key", "default", "rendered", "file", "env", "hook", "notes")}
        manifest = "\n".join([
            "---", "# Source: web/templates/secret.yaml", "apiVersion: v1", "kind: Secret", "metadata:", "  name: npm", "data:",
            f"  NPM_TOKEN: {b64(tokens['rendered'])}", "  .npmrc: " + b64(f"//registry.corp.example/:_authToken={tokens['file']}\n"),
            "---", "kind: Deployment", "metadata:", "  name: web", "spec:", "  x: [" + "pad, " * 5000 + "end]",
            f"  env: [{{name: NPM_TOKEN, value: {tokens['env']}}}]", ""])
        hook = {"name": "job", "manifest": f"kind: Secret\nmetadata:\n  name: hook\nstringData:\n  t: {tokens['hook']}\n"}
        self.cluster.seed({"shop": {"plain": {"password": b"nothing"}}, "empty": {}})
        self.cluster.add_secrets([
            ("shop", release("web", 1, "superseded", config={"registry": {"token": tokens["old"]}})),
            ("shop", release("web", 2, config={"registry": {"token": tokens["value"], "others": ["x", 1, True], tokens["key"]: "ann"}},
                             chart={"metadata": {"name": "web"}, "values": {"registry": {"token": tokens["default"]}}},
                             manifest=manifest, hooks=[hook], info={"status": "deployed", "notes": f"use {tokens['notes']}"})),
            ("empty", release("nothing", 1, manifest="kind: Service\nmetadata:\n  name: x\n" * 1000))])
        shown = {name: preview(token) for name, token in tokens.items()}
        first, second = "sh.helm.release.v1.web.v1#release/", "sh.helm.release.v1.web.v2#release/"
        return {("shop", first + "config/registry/token", shown["old"]),
                ("shop", second + "config/registry/token", shown["value"]), ("shop", second + "config/registry/npm_…", shown["key"]),
                ("shop", second + "values/registry/token", shown["default"]),
                ("shop", second + "manifest/Secret/npm/data/NPM_TOKEN", shown["rendered"]),
                ("shop", second + "manifest/Secret/npm/data/.npmrc", shown["file"]),
                ("shop", second + "manifest/Deployment/web", shown["env"]),
                ("shop", second + "hooks/Secret/hook/stringData/t", shown["hook"]), ("shop", second + "info/notes", shown["notes"])}

    def test_what_is_found_is_what_the_releases_hold(self) -> None:
        truth = self.plant()
        self.sweep(self.configuration())
        self.assertEqual(set(), self.places())
        self.sweep(self.configuration(helm=True))
        self.assertEqual(truth, self.places())
        kept = b"".join(file.read_bytes() for file in self.home.db.parent.iterdir())
        for name in ("value", "key", "rendered", "file"):
            self.assertNotIn(npm(f"helm {name}").encode(), kept)
        old = next(hit for hit in self.home.export() if ".v1.web.v1#" in hit["locator"])
        run = self.home.run("classify", "--explain", old["id"])
        self.assertIn("revision 1 (superseded) of the Helm release web", run.text)

    def test_a_second_sweep_fetches_nothing_and_what_helm_drops_is_gone(self) -> None:
        truth = self.plant()
        config = self.configuration(helm=True)
        self.sweep(config)
        with self.counted(most=1):
            self.sweep(config)
        self.assertEqual(truth, self.places())
        self.cluster.delete("shop", "sh.helm.release.v1.web.v1")
        self.sweep(config)
        went = {place for place in truth if ".web.v1#" in place[1]}
        self.assertEqual(truth - went, self.places())
        self.assertEqual(went, self.places("--state", "gone"))

    def test_where_they_are_no_longer_decoded_nobody_knows(self) -> None:
        truth = self.plant()
        self.sweep(self.configuration(helm=True))
        self.sweep(self.configuration())
        self.assertEqual({"unknown"}, set(self.states().values()))
        self.sweep(self.configuration(helm=True))
        self.assertEqual({"present"}, set(self.states().values()))
        self.assertEqual(truth, self.places())

    def test_what_cannot_be_decoded_is_told_and_costs_the_rest_nothing(self) -> None:
        truth = self.plant()
        bomb = b64(gzip.compress(b"[" + b" " * (64 << 20)))
        broken = {"cut": release_text("cut", 1, "deployed", config={"t": npm("cut")})[:-40].encode(), "bomb": bomb.encode(),
                  "other": b64("canary").encode(), "none": b"canary!"}
        for name, value in broken.items():
            self.cluster.add_secrets([("shop", secret(f"sh.helm.release.v1.{name}.v1", {"release": value}, type="helm.sh/release.v1"))])
        run = self.sweep(self.configuration(helm=True), code=3)
        self.assert_silent_about(run, "canary")
        begun = ("shop", "sh.helm.release.v1.cut.v1#release/config/t", preview(npm("cut")))
        self.assertEqual(truth | {begun}, self.places())
        gaps = dict(self.home.sql("SELECT substr(reason, 20, instr(reason, ': ') - 20), reason FROM gap"))
        self.assertEqual({f"{name}.v1" for name in broken}, set(gaps))
        self.assertIn("its gzip is cut off", gaps["cut.v1"])
        self.assertIn("it decodes to more than 32 MiB", gaps["bomb.v1"])
        self.assertEqual([], self.home.export("--state", "gone"))

    def test_releases_in_config_maps_are_decoded_where_both_are_read(self) -> None:
        token = npm("helm map")
        self.cluster.add_namespaces(["shop"])
        self.cluster.add_config_maps([("shop", config_map("sh.helm.release.v1.web.v7", {
            "release": release_text("web", 7, "deployed", config={"t": token})}, labels={"owner": "helm"}))])
        truth = {("shop", "configmap/sh.helm.release.v1.web.v7#release/config/t", preview(token))}
        for keys, found in (({"configmaps": True}, set()), ({"helm": True}, set()), ({"configmaps": True, "helm": True}, truth)):
            with self.subTest(keys):
                self.sweep(self.configuration(**keys))
                self.assertEqual(found, self.places())
        self.sweep(self.configuration(configmaps=True))
        self.assertEqual({"unknown"}, set(self.states().values()))

    def test_names_only_and_helm_exclude_each_other(self) -> None:
        run = self.home.run("scan", "--config", self.configuration(helm=True, names_only=True))
        self.assert_run(run, 2)
        self.assert_one_clear_line(run, "helm", "names_only")


if __name__ == "__main__":
    unittest.main()
