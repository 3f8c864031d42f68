"""How the program proves itself to a real kube-apiserver: each kind of credential that a kubeconfig can hold, those that are
renewed in the middle, and those that are refused before anything is sent."""

import base64
import json
import sys
import unittest
from pathlib import Path
from typing import Any

from support import ROOT, Home, ProgramTest, Run, npm

sys.path.insert(0, str(ROOT / "tests/servers"))
from kubernetes_server import Kubernetes  # noqa: E402

V1 = "client.authentication.k8s.io/v1"
# Its first token is refused, as one is that was revoked; the next one is good. It counts its runs.
TOKEN_PLUGIN = f"""#!/bin/sh
echo run >> "$0.runs"
if [ "$(wc -l < "$0.runs")" -eq 1 ]; then token=stale; else token=$(cat "$0.token"); fi
printf '{{"kind":"ExecCredential","apiVersion":"{V1}","status":{{"token":"%s"}}}}' "$token"
"""
CERTIFICATE_PLUGIN = """#!/bin/sh
cat "$0.json"
"""


class Access(ProgramTest):
    @classmethod
    def setUpClass(cls) -> None:
        cls.cluster = Kubernetes()
        cls.cluster.token("reader")
        cls.cluster.__enter__()
        cls.addClassCleanup(cls.cluster.__exit__)
        cls.cluster.seed({"shop": {"npm": {"NPM_TOKEN": npm("access").encode()}}})
        cls.cluster.let("reader", ["get", "list"], ["secrets", "namespaces"])

    def setUp(self) -> None:
        self.home = Home(self)

    def kubeconfig(self, users: dict[str, dict[str, Any]], **cluster: Any) -> Path:
        """A file with a context for each user, called after it."""
        where = {"server": self.cluster.url, "certificate-authority": str(self.cluster.folder / "ca.pem"), **cluster}
        return self.home.write("kube/config", json.dumps({
            "clusters": [{"name": "c", "cluster": where}],
            "users": [{"name": name, "user": user} for name, user in users.items()],
            "contexts": [{"name": name, "context": {"cluster": "c", "user": name}} for name in users]}))

    def plugin(self, name: str, text: str) -> dict[str, Any]:
        self.home.write(f"kube/{name}", text, 0o700)
        return {"exec": {"apiVersion": V1, "command": f"./{name}", "interactiveMode": "IfAvailable", "provideClusterInfo": True}}

    def users(self) -> dict[str, dict[str, Any]]:
        admin = self.cluster.tokens["admin"]
        chain, key = self.cluster.certificate("operator", "system:masters")
        self.home.write("kube/token", admin + "\n")
        self.home.write("kube/token-plugin.token", admin)
        self.home.write("kube/certificate-plugin.json", json.dumps({"kind": "ExecCredential", "apiVersion": V1, "status": {
            "clientCertificateData": chain.read_text(), "clientKeyData": key.read_text()}}))
        return {
            "token": {"token": admin},
            "token-file": {"tokenFile": "token"},
            "certificate": {"client-certificate": str(chain), "client-key": str(self.home.write("kube/key", key.read_bytes()))},
            "certificate-data": {"client-certificate-data": base64.b64encode(chain.read_bytes()).decode(),
                                 "client-key-data": base64.b64encode(key.read_bytes()).decode()},
            "token-plugin": self.plugin("token-plugin", TOKEN_PLUGIN),
            "certificate-plugin": self.plugin("certificate-plugin", CERTIFICATE_PLUGIN),
            "impersonating": {"token": admin, "as": "reader"},
        }

    def sweep(self, kubeconfig: Path, *contexts: str, **keys: Any) -> Run:
        lines = ["[[source]]", 'name = "clusters"', 'type = "kubernetes"', f"kubeconfig = {json.dumps(str(kubeconfig))}",
                 f"contexts = {json.dumps(contexts)}", *(f"{key} = {json.dumps(value)}" for key, value in keys.items())]
        run = self.home.run("scan", "--config", self.home.write("tokensweep.toml", "\n".join(lines) + "\n"), "--format", "none")
        self.assert_silent_about(run, *self.cluster.tokens.values(), "stale")
        return run

    def allowed(self) -> list[str]:
        return [str(self.home.at(f"kube/{name}")) for name in ("token-plugin", "certificate-plugin")]

    def found(self) -> list[str]:
        return [hit["locator"] for hit in self.home.export()]

    def test_each_kind_of_credential_reads_the_cluster(self) -> None:
        for context in self.users():
            with self.subTest(context):
                self.home = Home(self)
                self.assert_run(self.sweep(self.kubeconfig(self.users()), context, allow_exec=self.allowed()), 0)
                self.assertEqual(["npm#NPM_TOKEN"], self.found())
                if context == "token-plugin":
                    self.assertEqual("run\nrun\n", self.home.at("kube/token-plugin.runs").read_text())

    def test_contexts_of_many_credentials_are_one_cluster(self) -> None:
        self.assert_run(self.sweep(self.kubeconfig(self.users()), "*", allow_exec=self.allowed()), 0)
        self.assertEqual(["npm#NPM_TOKEN"], self.found())

    def test_what_the_cluster_refuses_is_said(self) -> None:
        cases = {
            "a token": ({"token": "stale"}, "does not accept the credential (HTTP 401)"),
            "a plugin that may not run": (self.plugin("token-plugin", TOKEN_PLUGIN), "list its name or path in allow_exec"),
            "a file that is no token": ({"tokenFile": "config"}, "tokenFile: holds no token"),
        }
        for what, (user, says) in cases.items():
            with self.subTest(what):
                run = self.sweep(self.kubeconfig({"ann": user}), "ann")
                self.assertIn(run.code, (2, 3))
                self.assertIn(says, run.error)
                self.assertFalse(self.home.at("kube/token-plugin.runs").exists())

    def test_a_server_that_is_not_verified_gets_no_credential(self) -> None:
        user = {"ann": {"token": self.cluster.tokens["admin"]}}
        before = self.cluster.requests()
        unverified = self.sweep(self.kubeconfig(user, **{"certificate-authority": "", "insecure-skip-tls-verify": True}), "ann")
        self.assertIn("insecure-skip-tls-verify: a credential never goes to a server that is not verified", unverified.error)
        other_name = self.sweep(self.kubeconfig(user, **{"tls-server-name": "other.test"}), "ann")
        self.assertIn("its certificate is for another host", other_name.error)
        for run in (unverified, other_name):
            self.assertIn(run.code, (2, 3))
        self.assertEqual(before, self.cluster.requests())


if __name__ == "__main__":
    unittest.main()
