"""Sweeps of Kubernetes that list workloads, against the real kube-apiserver: what runs with a secret is evidence for its class, a
night that changes nothing fetches nothing, and what could not be listed is said and costs the secrets nothing."""

import contextlib
import json
import re
import subprocess
import sys
import unittest
from typing import Any, Iterator

from support import Run, npm
from test_kubernetes import MANIFEST, YAML, Cluster

import toolchains
from kubernetes_server import Refused, secret

Json = dict[str, Any]
APPS = ["deployments", "statefulsets", "daemonsets", "replicasets"]
BATCH = ["cronjobs", "jobs"]
PATHS = {**{name: "/apis/apps/v1" for name in APPS}, **{name: "/apis/batch/v1" for name in BATCH}, "pods": "/api/v1"}


def container(*command: str, name: str = "main", image: str = "node:22", **more: Any) -> Json:
    return {"name": name, "image": image, **({"command": list(command)} if command else {}), **more}


def variable(secret_name: str, key: str = "t", name: str = "NPM_TOKEN") -> Json:
    return {"env": [{"name": name, "valueFrom": {"secretKeyRef": {"name": secret_name, "key": key}}}]}


def workload(kind: str, namespace: str, name: str, *containers: Json, **spec: Any) -> Json:
    """An object of any kind that makes pods of these containers."""
    pod: Json = {"containers": list(containers), **spec}
    labels = {"app": name}
    template: Json = {"metadata": {"labels": labels}, "spec": pod}
    metadata: Json = {"name": name, "namespace": namespace}
    if kind == "Pod":
        return {"apiVersion": "v1", "kind": kind, "metadata": metadata, "spec": pod}
    if kind in ("Job", "CronJob"):
        pod["restartPolicy"] = "Never"
        job: Json = {"template": {"spec": pod}}
        whole = job if kind == "Job" else {"schedule": "17 3 * * *", "suspend": True, "jobTemplate": {"spec": job}}
        return {"apiVersion": "batch/v1", "kind": kind, "metadata": metadata, "spec": whole}
    selected: Json = {"selector": {"matchLabels": labels}, "template": template}
    if kind == "StatefulSet":
        selected["serviceName"] = name
    if kind != "DaemonSet":
        selected["replicas"] = 0
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": metadata, "spec": selected}


def names_of(thing: Any) -> Iterator[str]:
    """The secrets that an object names anywhere, by all that a pod can name them with: the test's own way to the truth."""
    if isinstance(thing, list):
        for one in thing:
            yield from names_of(one)
    elif isinstance(thing, dict):
        for key, value in thing.items():
            if key in ("secretKeyRef", "secretRef", "secret") and isinstance(value, dict):
                yield value.get("name") or value["secretName"]
            elif key == "imagePullSecrets":
                yield from (one["name"] for one in value)
            else:
                yield from names_of(value)


class Workloads(Cluster):
    def empty(self) -> None:
        super().empty()
        for namespace in ("shop", "ci"):
            for resource, path in PATHS.items():
                with contextlib.suppress(Refused):
                    self.cluster.request("DELETE", f"{path}/namespaces/{namespace}/{resource}?propagationPolicy=Background")

    def plant(self, *objects: Json) -> None:
        self.cluster.add_namespaces(["shop", "ci"])
        for namespace in ("shop", "ci"):
            account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": namespace}}
            with contextlib.suppress(Refused):  # it is there
                self.cluster.apply([account])
        self.cluster.apply(objects)

    def allow(self, user: str, groups: dict[str, list[str]], namespace: str | None = None) -> None:
        """Lets a user list these resources, by their groups."""
        kind, where = ("Role", {"namespace": namespace}) if namespace else ("ClusterRole", {})
        name = f"{user}-lists-{'-'.join(sum(groups.values(), []))}-{namespace or 'cluster'}"
        self.cluster.apply([
            {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": {"name": name, **where},
             "rules": [{"apiGroups": [group], "resources": resources, "verbs": ["list"]} for group, resources in groups.items()]},
            {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind + "Binding", "metadata": {"name": name, **where},
             "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name},
             "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}]}])
        group, resources = next(iter(groups.items()))
        base = f"/apis/{group}/v1" if group else "/api/v1"
        self.wait_for_right(user, base + (f"/namespaces/{namespace}" if namespace else "") + f"/{resources[0]}?limit=1", True)

    def forbid(self, user: str, path: str) -> None:
        """Takes the right to list all workloads from a user."""
        rights = f"/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/{user}-lists-{'-'.join(['pods', *APPS, *BATCH])}-cluster"
        self.cluster.request("DELETE", rights)
        self.wait_for_right(user, path, False)

    def wait_for_right(self, user: str, path: str, granted: bool) -> None:
        """The server takes note of new rules aside."""
        for _ in range(10_000):
            try:
                self.cluster.request("GET", path, user=user)
            except Refused:
                if not granted:
                    return
            else:
                if granted:
                    return
        self.fail(f"{user} and {path}: {granted} never came true")

    def swept(self, user: str = "admin", code: int = 0, **keys: Any) -> Run:
        return self.sweep(self.configuration(user, workloads=True, **keys), code=code)

    def hits(self) -> dict[tuple[str, str], Json]:
        """(namespace, locator) -> hit."""
        return {(hit["store"].split("/", 1)[1], hit["locator"]): hit for hit in self.home.export()}

    def said(self, hit: Json, command: str = "explain") -> str:
        arguments = ["classify", "--explain", hit["id"]] if command == "explain" else ["show", hit["token"]]
        return self.assert_run(self.home.run(*arguments), 0).text

    def classes(self) -> dict[tuple[str, str], tuple[str, str]]:
        return {place: (hit["class"], hit["confidence"]) for place, hit in self.hits().items()}

    def why_incomplete(self) -> list[str]:
        return [reason for (reason,) in self.home.sql(
            "SELECT reason FROM visit WHERE reason <> '' AND sweep = (SELECT max(id) FROM sweep) ORDER BY reason")]

    def test_what_workloads_do_with_secrets_decides_their_classes(self) -> None:
        literal, argument = npm("a literal of a variable"), npm("an argument")
        names = ["published", "installed", "both", "served", "idle", "mounted", "pulled", "imported", "projected", "bare", "orphaned"]
        self.cluster.seed({"shop": {name: {"t": npm(name).encode(), "u": npm(name + " u").encode()} for name in names}, "ci": {}})
        mounted = {"volumeMounts": [{"name": "rc", "mountPath": "/root"}]}
        objects = [
            workload("CronJob", "shop", "nightly", container("npm", "publish", "--otp", argument, **variable("published"))),
            workload("Job", "shop", "tests", container("sh", "-c", f"npm ci && T={argument} npm test", **variable("installed"))),
            workload("Job", "shop", "tests-2", container("sh", "-c", "npm ci", **variable("both"))),
            workload("StatefulSet", "shop", "out", container("npx", "semantic-release", **variable("both", name="TOKEN"))),
            workload("Deployment", "shop", "web", container(**variable("served")),
                     container("npm", "ci", name="side", env=[{"name": "PLAIN", "value": literal}])),
            workload("DaemonSet", "shop", "agents", container("./agent", name="agent"),
                     initContainers=[container("npm", "install", name="prepare", **mounted)],
                     volumes=[{"name": "rc", "secret": {"secretName": "mounted", "items": [{"key": "t", "path": ".npmrc"}]}}],
                     imagePullSecrets=[{"name": "pulled"}]),
            workload("ReplicaSet", "shop", "orphan", container(envFrom=[{"prefix": "X_", "secretRef": {"name": "orphaned"}}])),
            workload("Pod", "shop", "alone", container(envFrom=[{"secretRef": {"name": "imported"}}], volumeMounts=[
                {"name": "all", "mountPath": "/all"}]), volumes=[
                {"name": "all", "projected": {"sources": [{"secret": {"name": "projected"}}, {"secret": {"name": "bare"}}]}}]),
            # Another namespace's secrets have the same names.
            workload("CronJob", "ci", "elsewhere", container("npm", "publish", **variable("idle"))),
        ]
        self.plant(*objects)
        run = self.swept()
        hits = self.hits()

        # Who uses what is what the objects say.
        truth = {(one["metadata"]["namespace"], name, f"{one['kind']} {one['metadata']['namespace']}/{one['metadata']['name']}")
                 for one in objects for name in names_of(one) if one["metadata"]["namespace"] == "shop"}
        told = {(namespace, locator.split("#")[0], who) for (namespace, locator), hit in hits.items()
                for who in re.findall(r"(\w+ shop/[\w-]+) \(", hit["reason"].partition("used by ")[2])}
        self.assertEqual(truth, told)

        reasons = {place: hit["reason"] for place, hit in hits.items()}
        classes = self.classes()
        for name, key, klass, words in [
                ("published", "t", ("B", "inferred"), "used by CronJob shop/nightly (env NPM_TOKEN): npm publish"),
                ("published", "u", ("B", "assumed"), "no workload uses it"),
                ("installed", "t", ("C", "inferred"), "used by Job shop/tests (env NPM_TOKEN): npm ci"),
                ("both", "t", ("B", "inferred"), "used by StatefulSet shop/out (env TOKEN): semantic-release, Job shop/tests-2"),
                ("served", "t", ("B", "assumed"), "used by Deployment shop/web (env NPM_TOKEN)"),
                ("idle", "t", ("B", "assumed"), "no workload uses it"),
                ("mounted", "t", ("C", "inferred"), "used by DaemonSet shop/agents (volume rc, as .npmrc): npm install"),
                ("mounted", "u", ("B", "assumed"), "no workload uses it"),
                ("pulled", "t", ("B", "assumed"), "used by DaemonSet shop/agents (to pull images)"),
                ("imported", "u", ("B", "assumed"), "used by Pod shop/alone (all of it as env *)"),
                ("orphaned", "t", ("B", "assumed"), "used by ReplicaSet shop/orphan (all of it as env X_*)"),
        ]:
            with self.subTest(name=name, key=key):
                self.assertEqual(klass, classes["shop", f"{name}#{key}"])
                self.assertIn(words, reasons["shop", f"{name}#{key}"])

        published, installed = hits["shop", "published#t"], hits["shop", "installed#t"]
        self.assertRegex(self.said(published), r"\* use +the workload that uses it publishes \(CronJob shop/nightly "
                                               r"\(env NPM_TOKEN\): npm publish\)")
        self.assertRegex(self.said(installed), r"\* use +the workload that uses it installs packages \(Job shop/tests")
        self.assertIn("used by CronJob shop/nightly", re.sub(r"\s+", " ", self.said(published, "show")))
        self.assertIn("publish", published["scope"])

        # Neither a literal value nor a command is kept, whatever it holds.
        self.assert_silent_about(run, literal, argument)
        kept = b"".join(path.read_bytes() for path in self.home.path.rglob("*") if path.is_file())
        for text in (literal, argument, "--otp", "npm test", "./agent"):
            self.assertNotIn(text.encode(), kept)

    def test_another_night_fetches_what_is_used_in_another_way_and_nothing_else(self) -> None:
        self.cluster.seed({"shop": {f"s{i}": {"t": npm(f"night {i}").encode()} for i in range(30)}, "ci": {}})
        self.plant(workload("Job", "shop", "tests", container("npm", "ci", **variable("s1"))),
                   *(workload("Deployment", "shop", f"web-{i}", container(**variable(f"s{i}"))) for i in range(10, 20)))
        self.swept()
        place = ("shop", "s1#t")
        self.assertEqual(("C", "inferred"), self.classes()[place])

        with self.counted(most=1):  # one page of names
            self.swept()
        self.assertEqual(("C", "inferred"), self.classes()[place])
        self.assertEqual(30, len(self.hits()))
        self.assertEqual([], self.home.export("--state", "gone"))

        self.plant(workload("CronJob", "shop", "out", container("npm", "publish", **variable("s1"))))
        with self.counted(most=2):  # and that secret
            self.swept()
        self.assertEqual(("B", "inferred"), self.classes()[place])
        self.assertIn("CronJob shop/out (env NPM_TOKEN): npm publish, Job shop/tests", self.hits()[place]["reason"])
        self.assertIn("class", self.assert_run(self.home.run("diff"), 0).text)
        with self.counted(most=1):
            self.swept()
        self.assertEqual(("B", "inferred"), self.classes()[place])

        self.cluster.request("DELETE", "/apis/batch/v1/namespaces/shop/cronjobs/out")
        self.swept()
        self.assertEqual(("C", "inferred"), self.classes()[place])

        # Whoever no longer asks has the class that the place alone shows; a rotated value is read with its uses.
        self.sweep(self.configuration())
        self.assertEqual(("B", "assumed"), self.classes()[place])
        self.cluster.patch("shop", "s1", {"t": npm("rotated").encode()})
        self.swept()
        self.assertEqual(("C", "inferred"), self.classes()[place])

    def test_pods_that_come_and_go_by_a_generator_are_one_use(self) -> None:
        self.cluster.seed({"ci": {"npm": {"t": npm("runner").encode()}}, "shop": {}})
        for night in range(2):
            pods = [workload("Pod", "ci", "", container("npm", "ci", **variable("npm"))) for _ in range(3)]
            for pod in pods:
                del pod["metadata"]["name"]
                pod["metadata"]["generateName"] = "runner-"
            self.plant(*pods)
            with self.counted(most=1 if night else 3):
                self.swept()
            self.assertIn("used by Pod ci/runner-* (env NPM_TOKEN): npm ci", self.hits()["ci", "npm#t"]["reason"])
            self.cluster.request("DELETE", "/api/v1/namespaces/ci/pods")

    def test_of_many_uses_the_first_are_kept_and_the_rest_is_counted(self) -> None:
        self.cluster.seed({"ci": {"npm": {"t": npm("crowd").encode()}}, "shop": {}})
        self.plant(*(workload("Deployment", "ci", f"web-{i:04}", container("./serve", **variable("npm"))) for i in range(612)),
                   workload("Job", "ci", "zoo", container("npm", "publish", **variable("npm"))))
        self.swept()
        hit = self.hits()["ci", "npm#t"]
        self.assertIn("used by Job ci/zoo (env NPM_TOKEN): npm publish, Deployment ci/web-0000 (env NPM_TOKEN), ", hit["reason"])
        self.assertIn("Deployment ci/web-0018 (env NPM_TOKEN), and 593 more; ", hit["reason"])

    def test_what_may_not_be_listed_is_said_once_and_costs_the_secrets_nothing(self) -> None:
        self.cluster.seed({"shop": {"npm": {"t": npm("x").encode()}, "old": {"t": npm("y").encode()}}, "ci": {}})
        self.plant(workload("Job", "shop", "tests", container("npm", "ci", **variable("npm"))))
        self.allow("lister", {"": ["secrets", "namespaces"]})
        self.allow("lister", {"": ["pods"], "apps": APPS, "batch": BATCH})
        self.swept("lister")
        self.assertEqual(("C", "inferred"), self.classes()["shop", "npm#t"])
        self.forbid("lister", "/apis/batch/v1/cronjobs")
        self.cluster.delete("shop", "old")
        run = self.home.run("scan", "--config", self.configuration("lister", workloads=True))
        self.assert_run(run, 3)
        [reason] = self.why_incomplete()
        self.assertIn("which workloads use its secrets is not known in full: the list of cronjobs, jobs, deployments", reason)
        self.assertIn("HTTP 403", reason)
        self.assertEqual(1, run.text.count("which workloads use its secrets"), run.text)
        # Less is known of what it is for than there was; what is gone is gone all the same.
        self.assertEqual({("shop", "npm#t"): ("B", "assumed")}, self.classes())
        self.assertIn("not all workloads of its namespace could be listed", self.hits()["shop", "npm#t"]["reason"])
        self.assertEqual({("shop", "old", "t")}, self.found("--state", "gone"))
        check = self.home.run("sources", "check", "--config", self.configuration("lister", workloads=True))
        self.assertIn("which workloads use its secrets: HTTP 403", check.text)
        self.assertIn("it takes the verb list on cronjobs, jobs, deployments", check.text)
        check = self.home.run("sources", "check", "--config", self.configuration("admin", workloads=True))
        self.assert_run(check, 0)
        self.assertIn("1 workload of admin", check.text)

    def test_where_only_some_namespaces_may_be_listed_these_are(self) -> None:
        self.cluster.seed({name: {"npm": {"t": npm(name).encode()}} for name in ("shop", "ci")})
        self.plant(*(workload("Job", name, "tests", container("npm", "ci", **variable("npm"))) for name in ("shop", "ci")))
        everything = {"": ["pods"], "apps": APPS, "batch": BATCH}
        self.allow("narrow", {"": ["secrets", "namespaces"]})
        self.allow("narrow", everything, namespace="shop")
        self.swept("narrow", code=3)
        classes = self.classes()
        self.assertEqual({("shop", "npm#t"): ("C", "inferred"), ("ci", "npm#t"): ("B", "assumed")}, classes)
        [reason] = self.why_incomplete()
        self.assertIn(" in ci, ", reason)
        self.swept("narrow", namespaces=["shop"])
        self.assertEqual(("C", "inferred"), self.classes()["shop", "npm#t"])

    def test_the_rule_of_the_example_is_enough(self) -> None:
        text = re.sub(r"(?m)^  # (- apiGroups|  resources|  verbs)", r"  \1", MANIFEST.read_text())
        python = toolchains.python_with(YAML)
        turn = "import sys, json, yaml; print(json.dumps(list(yaml.safe_load_all(sys.stdin))))"
        done = subprocess.run([python, "-c", turn], input=text, capture_output=True, text=True, check=True)
        role = next(one for one in json.loads(done.stdout) if one["kind"] == "ClusterRole")
        role["metadata"]["name"] = "example"
        self.cluster.apply([role, {
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "example"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "example"},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "reader"}]}])
        self.wait_for_right("reader", "/apis/batch/v1/jobs", True)
        self.cluster.seed({"shop": {"npm": {"t": npm("x").encode()}}, "ci": {}})
        self.plant(workload("Job", "shop", "tests", container("npm", "ci", **variable("npm"))))
        self.swept("reader")
        self.assertEqual({("shop", "npm#t"): ("C", "inferred")}, self.classes())


if __name__ == "__main__":
    unittest.main()
