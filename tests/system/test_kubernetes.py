"""Sweeps of Kubernetes with the real program, against the real kube-apiserver and etcd: what is found is what the cluster
holds, what has not changed is not fetched again, and what cannot be read is said, and calls nothing gone."""

import base64
import contextlib
import json
import re
import signal
import subprocess
import sys
import threading
import time
import unittest
from pathlib import Path
from typing import Any, Iterator

from support import ROOT, Home, ProgramTest, Run, alnum, hexadecimal, npm, uuid

sys.path.insert(0, str(ROOT / "tests/servers"))
sys.path.insert(0, str(ROOT / "tools"))
import toolchains  # noqa: E402
from kubernetes_server import Kubernetes, secret  # noqa: E402

TOKEN = re.compile(rb"npm_[A-Za-z0-9]{36}")
YAML = "PyYAML==6.0.3"
MANIFEST = ROOT / "examples/kubernetes.yaml"


class Cluster(ProgramTest):
    """One cluster for a class's tests, each with namespaces of its own and users who see only these."""
    USERS = ["reader", "narrow", "nobody", "lister"]
    FLAGS: list[str] = []

    @classmethod
    def setUpClass(cls) -> None:
        cls.cluster = Kubernetes(*cls.FLAGS)
        for user in cls.USERS:
            cls.cluster.token(user)
        cls.cluster.__enter__()
        cls.addClassCleanup(cls.cluster.__exit__)

    def setUp(self) -> None:
        self.home = Home(self)
        self.addCleanup(self.empty)

    def empty(self) -> None:
        """Nothing of a test stays for the next one. Without controllers a namespace never goes, so they are reused."""
        for one in list(self.cluster.secrets()):
            self.cluster.delete(one["metadata"]["namespace"], one["metadata"]["name"])

    def configuration(self, user: str = "admin", **keys: Any) -> Path:
        kubeconfig = self.cluster.kubeconfig({user: self.cluster.tokens[user]}, namespace=keys.pop("context_namespace", None))
        return self.write_configuration(kubeconfig=str(kubeconfig), **keys)

    def write_configuration(self, **keys: Any) -> Path:
        lines = ["[[source]]", 'name = "fleet"', 'type = "kubernetes"']
        lines += [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
        return self.home.write("tokensweep.toml", "\n".join(lines) + "\n")

    def sweep(self, config: Path, *arguments: str, code: int = 0) -> Run:
        run = self.home.run("scan", "--config", config, "--format", "none", *arguments)
        self.assert_run(run, code)
        self.assert_silent_about(run, *self.cluster.tokens.values())
        return run

    def found(self, *arguments: str) -> set[tuple[str, str, str]]:
        """(namespace, secret, key) of each hit."""
        places = set()
        for hit in self.home.export(*arguments):
            name, key = hit["locator"].split(":")[0].split("!")[0].split("#")
            places.add((hit["store"].split("/", 1)[1], name, key))
        return places

    def truth(self) -> set[tuple[str, str, str]]:
        return {place for place, value in self.cluster.truth().items() if TOKEN.search(value)}

    @contextlib.contextmanager
    def counted(self, most: int) -> Iterator[None]:
        before = self.cluster.requests()
        yield
        self.assertLessEqual(self.cluster.requests() - before, most)


def npmrc(name: str) -> bytes:
    return f"//registry.corp.example/:_authToken={npm(name)}\nfund=false\n".encode()


def crowd(count: int, namespaces: int = 3, every: int = 7) -> dict[str, dict[str, dict[str, bytes]]]:
    """Many secrets, one in `every` of which holds a token."""
    all_of_them: dict[str, dict[str, dict[str, bytes]]] = {f"crowd-{i}": {} for i in range(namespaces)}
    for i in range(count):
        value = npm(f"crowd {i}") if i % every == 0 else alnum(40, f"crowd {i}")
        all_of_them[f"crowd-{i % namespaces}"][f"s{i:04}"] = {"password": hexadecimal(12, f"p{i}").encode(), "token": value.encode()}
    return all_of_them


class Sweep(Cluster):
    def test_what_is_found_is_what_the_cluster_holds(self) -> None:
        big = alnum(700_000, "big").encode() + b"\nNPM_TOKEN=" + npm("big").encode() + b"\n" + alnum(300_000, "big 2").encode()
        binary = bytes(range(256)) * 40
        self.cluster.seed({
            "shop": {"npm-publish": {"NPM_TOKEN": npm("a").encode(), ".npmrc": npmrc("b")},
                     "plain": {"user": b"ann", "password": alnum(20, "pw").encode()},
                     "empty": {}},
            "shop-a": {"odd": {"2024_x.y-z": npm("c").encode(), "a" * 253: npm("d").encode(), "-": b"", "_": npm("e").encode()},
                       "binary": {"blob": binary + b" " + npm("f").encode() + b" " + binary, "none": binary},
                       "big": {"file": big}},
            "docker": {"pull": {"config.json": json.dumps({"auths": {"registry.corp.example": {
                "auth": base64.b64encode(f"ci:{npm('g')}".encode()).decode()}}}).encode()}},
        })
        self.cluster.add_secrets([
            ("shop", secret("sealed", {"TOKEN": npm("h").encode()}, immutable=True)),
            ("shop", secret("release", {"release": npm("helm").encode()}, type="helm.sh/release.v1")),
            ("shop", secret("old", {"NPM_TOKEN": uuid("old").encode()})),
        ])
        self.sweep(self.configuration())
        expected = {place for place in self.truth() if place[1] != "release"}
        expected |= {("shop", "old", "NPM_TOKEN"), ("docker", "pull", "config.json")}
        self.assertEqual(expected, self.found())
        self.assertEqual({"kubernetes"}, {hit["source"] for hit in self.home.export()})
        for hit in self.home.export():
            self.assertIn("namespace", hit["scope"])
            self.assertEqual("bounds", hit["age_basis"])

    def test_a_value_that_kubectl_applied_and_that_was_rotated_since_is_still_there(self) -> None:
        before, after = npm("applied"), npm("rotated")
        applied = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "npm"}, "stringData": {"NPM_TOKEN": before}}
        self.cluster.add_namespaces(["shop"])
        self.cluster.add_secrets([("shop", secret("npm", {"NPM_TOKEN": after.encode()}, annotations={
            "kubectl.kubernetes.io/last-applied-configuration": json.dumps(applied)}))])
        run = self.sweep(self.configuration())
        self.assertEqual({("shop", "npm", "NPM_TOKEN"), ("shop", "npm", "@last-applied")}, self.found())
        previews = {hit["preview"] for hit in self.home.export()}
        self.assertEqual({f"{value[:8]}…{value[-4:]}" for value in (before, after)}, previews)
        self.assert_silent_about(run, before, after)
        text = "\n".join(str(row) for row in self.home.sql("SELECT * FROM hit"))
        self.assertNotIn(before, text)

    def test_a_second_sweep_fetches_only_what_has_changed(self) -> None:
        self.cluster.seed(crowd(240))
        config = self.configuration()
        self.sweep(config)
        first = self.truth()
        self.assertEqual(first, self.found())
        with self.counted(most=3):
            self.sweep(config)
        self.assertEqual(first, self.found())
        self.assertEqual([], self.home.export("--state", "gone"))

        self.cluster.patch("crowd-0", "s0003", {"token": npm("new").encode()})
        self.cluster.patch("crowd-0", "s0000", {"token": b"nothing any more"})
        self.cluster.delete("crowd-1", "s0007")
        self.cluster.add_secrets([("crowd-2", secret("fresh", {"t": npm("fresh").encode()}))])
        with self.counted(most=7):
            self.sweep(config)
        self.assertEqual(self.truth(), self.found())
        self.assertEqual({("crowd-0", "s0000", "token"), ("crowd-1", "s0007", "token")}, self.found("--state", "gone"))

    def test_a_namespace_that_has_lost_everything_is_gone_with_it(self) -> None:
        self.cluster.seed({"shop": {"npm": {"t": npm("x").encode()}}, "left": {"npm": {"t": npm("y").encode()}}})
        config = self.configuration()
        self.sweep(config)
        self.cluster.delete("left", "npm")
        self.sweep(config)
        self.assertEqual({("left", "npm", "t")}, self.found("--state", "gone"))
        self.assertEqual(self.truth(), self.found())

    def test_lists_side_by_side_find_the_same(self) -> None:
        self.cluster.seed(crowd(1200, namespaces=4))
        self.sweep(self.configuration(concurrency=4))
        self.assertEqual(self.truth(), self.found())

    def test_two_contexts_of_one_cluster_are_one(self) -> None:
        self.cluster.seed({"shop": {"npm": {"t": npm("x").encode()}}})
        self.cluster.let("lister", ["list"], ["secrets"])
        users = {user: self.cluster.tokens[user] for user in ("admin", "lister")}
        self.sweep(self.write_configuration(kubeconfig=str(self.cluster.kubeconfig(users)), contexts=["*"]), code=0)
        self.assertEqual(1, len(self.home.export()))

    def test_names_only_asks_for_no_value(self) -> None:
        self.cluster.seed({"shop": {"deploy": {"NPM_TOKEN": npm("x").encode(), "password": npm("y").encode()}}})
        self.sweep(self.configuration(names_only=True))
        hits = self.home.export()
        self.assertEqual({("shop", "deploy", "NPM_TOKEN")}, self.found())
        self.assertEqual([("named-secret", None, None)], [(hit["kind"], hit["token"], hit["preview"]) for hit in hits])

    def test_check_tells_what_may_be_read(self) -> None:
        self.cluster.seed(crowd(30))
        run = self.assert_run(self.home.run("sources", "check", "--config", self.configuration()), 0)
        self.assertIn("30 secrets of admin", run.text)


class Rights(Cluster):
    def test_what_roles_refuse_is_told_and_calls_nothing_gone(self) -> None:
        self.cluster.seed({"shop": {"npm": {"t": npm("x").encode()}}, "hidden": {"npm": {"t": npm("y").encode()}}})
        self.cluster.let("narrow", ["list"], ["secrets"], namespace="shop")
        self.cluster.let("narrow", ["list", "get"], ["namespaces"])
        self.sweep(self.configuration())
        self.assertEqual(2, len(self.home.export()))
        # The same contexts' name: what is refused is a place of the same inventory.
        self.sweep(self.configuration("narrow"), code=3)
        denied = self.home.sql("SELECT scope.store FROM visit JOIN scope ON scope.id = visit.scope WHERE visit.state = 'denied'")
        self.assertIn("hidden", {store.split("/")[-1] for (store,) in denied})
        states = {place: hit["state"] for hit in self.home.export("--state", "all") for place in [hit["store"].split("/")[1]]}
        self.assertEqual({"shop": "present", "hidden": "unknown"}, states)

    def test_without_a_list_of_namespaces_the_context_names_one(self) -> None:
        self.cluster.seed({"shop": {"npm": {"t": npm("x").encode()}}, "hidden": {"npm": {"t": npm("y").encode()}}})
        self.cluster.let("reader", ["list"], ["secrets"], namespace="shop")
        self.sweep(self.configuration("reader", context_namespace="shop"), code=3)
        self.assertEqual({("shop", "npm", "t")}, self.found())
        self.sweep(self.configuration("reader", namespaces=["shop"]), code=0)

    def test_a_token_that_is_refused_ends_the_source_and_calls_nothing_gone(self) -> None:
        self.cluster.seed({"shop": {"npm": {"t": npm("x").encode()}}})
        self.sweep(self.configuration())
        kubeconfig = self.cluster.kubeconfig({"admin": "wrong"})
        run = self.sweep(self.write_configuration(kubeconfig=str(kubeconfig)), code=3)
        self.assertIn("fleet", run.error)
        self.assertEqual({"unknown"}, {hit["state"] for hit in self.home.export("--state", "all")})

    def test_the_roles_of_the_example_are_enough_and_its_job_is_taken(self) -> None:
        python = toolchains.python_with(YAML)
        turn = "import sys, json, yaml; print(json.dumps(list(yaml.safe_load_all(sys.stdin))))"
        done = subprocess.run([python, "-c", turn], input=MANIFEST.read_text(), capture_output=True, text=True, check=True)
        objects = json.loads(done.stdout)
        self.cluster.apply(objects)
        account = next(one for one in objects if one["kind"] == "ServiceAccount")["metadata"]
        path = f"/api/v1/namespaces/{account['namespace']}/serviceaccounts/{account['name']}/token"
        issued = self.cluster.request("POST", path, {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}})
        self.cluster.seed({"shop": {"npm": {"t": npm("x").encode()}}})
        kubeconfig = self.cluster.kubeconfig({"pod": issued["status"]["token"]})
        self.sweep(self.write_configuration(kubeconfig=str(kubeconfig)))
        self.assertEqual(self.truth(), self.found())
        # What runs there in a pod, without the part that needs one.
        settings = next(one for one in objects if one["kind"] == "ConfigMap")["data"]["tokensweep.toml"]
        settings = settings.replace("in_cluster = true", f'kubeconfig = "{kubeconfig}"').replace("/inventory/", f"{self.home.path}/")
        self.assert_run(self.home.run("scan", "--config", self.home.write("pod.toml", settings), "--format", "none"), 0)

    def test_the_example_configuration_does_what_it_says(self) -> None:
        self.cluster.seed({"shop": {"npm": {"t": npm("x").encode()}}})
        (self.home.path / ".kube").mkdir(mode=0o700)
        kubeconfig = self.cluster.kubeconfig({"admin": self.cluster.tokens["admin"]})
        self.home.write(".kube/config", kubeconfig.read_bytes())
        config = self.home.write("kubernetes.toml", (ROOT / "examples/kubernetes.toml").read_text())
        self.assert_run(self.home.run("sources", "check", "--config", config), 0)
        self.assert_run(self.home.run("scan", "--config", config, "--format", "none"), 0)
        hits = self.home.run("export", "--config", config, "--format", "jsonl").jsonl()
        self.assertEqual(["npm#t"], [hit["locator"] for hit in hits])


class Trouble(Cluster):
    FLAGS = ["--request-timeout=3s"]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.cluster.seed(crowd(1500))
        cls.whole = {place for place, value in cls.cluster.truth().items() if TOKEN.search(value)}

    def empty(self) -> None:
        pass

    def slow(self, **keys: Any) -> Path:
        """Several pages, each of them its second: the tests' turn."""
        return self.configuration(rate=1.5, **keys)

    def answers(self, code: int) -> int:
        text = self.cluster.request("GET", "/metrics")
        return sum(int(float(line.rsplit(" ", 1)[1])) for line in text.splitlines()
                   if line.startswith("apiserver_request_total{") and f'code="{code}"' in line and 'resource="secrets"' in line)

    def test_a_snapshot_that_is_forgotten_on_the_way_costs_nothing(self) -> None:
        before = self.answers(410)
        process = self.home.start("scan", "--config", self.slow(), "--format", "none")
        beat = 0
        while process.poll() is None:
            # History has to move on: what is compacted is everything before now.
            beat += 1
            self.cluster.request("POST", "/api/v1/namespaces/default/configmaps", {"metadata": {"name": f"beat-{self.id()[-9:].lower().replace('_', '-')}-{beat}"}})
            with contextlib.suppress(subprocess.CalledProcessError):
                self.cluster.compact()
            time.sleep(0.05)
        out, err = process.communicate()
        self.assertEqual(0, process.returncode, err)
        self.assertGreater(self.answers(410), before)
        self.assertEqual(self.whole, self.found())
        gaps = self.home.sql("SELECT reason FROM gap")
        self.assertIn("longer than the cluster remembers", str(gaps))

    def test_a_database_that_stands_still_is_a_failure_and_calls_nothing_gone(self) -> None:
        self.sweep(self.configuration())
        with self.cluster.stalled():
            run = self.sweep(self.configuration(), code=3)
        self.assertIn("fleet", run.error)
        self.assertEqual([], self.home.export("--state", "gone"))
        self.assertEqual(len(self.whole), len(self.home.export("--state", "all")))
        self.cluster.restart()
        self.sweep(self.configuration())
        self.assertEqual(self.whole, self.found())

    def test_a_server_that_restarts_costs_nothing_that_is_not_told(self) -> None:
        process = self.home.start("scan", "--config", self.slow(), "--format", "none")
        self.home.wait_for_sweep(process, [])
        self.cluster.restart()
        _, err = process.communicate(timeout=60)
        self.assertIn(process.returncode, (0, 3), err)
        self.assertEqual([], self.home.export("--state", "gone"))
        if process.returncode == 0:
            self.assertEqual(self.whole, self.found())
        self.sweep(self.configuration())
        self.assertEqual(self.whole, self.found())

    def test_a_sweep_that_is_killed_goes_on(self) -> None:
        process = self.home.start("scan", "--config", self.slow(), "--format", "none")
        self.home.wait_for_sweep(process, [], more_seconds=1)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        self.assert_intact(self.home.db)
        self.sweep(self.slow(), "--resume")
        self.assertEqual(self.whole, self.found())

    def test_what_vanishes_on_the_way_is_no_failure(self) -> None:
        stop = threading.Event()

        def churn() -> None:
            number = 0
            with self.cluster.connection() as connection:
                while not stop.is_set():
                    name = f"churn-{number % 5}"
                    number += 1
                    connection.request("POST", "/api/v1/namespaces/crowd-1/secrets", secret(name, {"t": b"nothing"}))
                    connection.request("DELETE", f"/api/v1/namespaces/crowd-1/secrets/{name}")

        thread = threading.Thread(target=churn)
        thread.start()
        try:
            for _ in range(2):
                self.sweep(self.configuration())
                self.assertEqual(self.whole, self.found())
        finally:
            stop.set()
            thread.join()


if __name__ == "__main__":
    unittest.main()
