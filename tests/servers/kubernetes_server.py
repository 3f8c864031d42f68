"""A real Kubernetes API: etcd and the stock kube-apiserver on 127.0.0.1, without any controller or node.

    with Kubernetes() as cluster:                # 4 to 6 s; share one among the tests of a class
        cluster.seed({"shop": {"npm": {"NPM_TOKEN": b"..."}}})
        cluster.apply("examples/kubernetes/rbac.json")      # objects as they are sent to the API
        config = cluster.kubeconfig(cluster.token("admin"))
        cluster.truth()                          # what is there now, read with the admin's rights
        cluster.compact()                        # every list under way meets a 410
        with cluster.stalled(): ...              # etcd does not answer

It makes what it needs with openssl: an authority, certificates and the key of service accounts. Its users have fixed
tokens; `admin` is in system:masters, all others have what RBAC gives them. Processes are ended by their ids.
"""

import base64
import concurrent.futures
import contextlib
import http.client
import json
import os
import random
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Iterable, Iterator
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import toolchains  # noqa: E402
from http_server import make_certificate  # noqa: E402

READY_SECONDS = 60
CONNECTIONS = 4

Json = Any


class Refused(Exception):
    """An answer with another status than 2xx."""

    def __init__(self, status: int, answer: Json) -> None:
        super().__init__(f"{status}: {answer}")
        self.status, self.answer = status, answer


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def secret(name: str, data: dict[str, bytes], **more: Json) -> Json:
    """An object of the API. `more`: `type`, `immutable`, and `metadata`'s further fields."""
    top = {key: more.pop(key) for key in ("type", "immutable") if key in more}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, **more}, **top,
            "data": {key: base64.b64encode(value).decode() for key, value in data.items()}}


def config_map(name: str, data: dict[str, str], binary: dict[str, bytes] | None = None, **metadata: Json) -> Json:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}, "data": data,
            "binaryData": {key: base64.b64encode(value).decode() for key, value in (binary or {}).items()}}


class Connection:
    """A keep-alive connection with one user's token; not for several threads. To be closed, or used as a context."""

    def __init__(self, cluster: "Kubernetes", token: str) -> None:
        self.cluster, self.token = cluster, token
        self.http: http.client.HTTPSConnection | None = None

    def request(self, method: str, path: str, body: Json = None, content_type: str = "application/json") -> Json:
        for again in (False, True):
            if self.http is None:
                self.http = http.client.HTTPSConnection("127.0.0.1", self.cluster.port, context=self.cluster.client_tls(), timeout=60)
            try:
                self.http.request(method, path, None if body is None else json.dumps(body),
                                  {"Authorization": f"Bearer {self.token}", "Content-Type": content_type})
                response = self.http.getresponse()
                text = response.read()
                break
            except (http.client.HTTPException, OSError):
                self.close()
                if again:
                    raise
        answer = json.loads(text) if text[:1] == b"{" else text.decode(errors="replace")
        if not 200 <= response.status < 300:
            raise Refused(response.status, answer)
        return answer

    def close(self) -> None:
        if self.http is not None:
            self.http.close()
        self.http = None

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Kubernetes:
    """One cluster. `flags`: further ones of the API server."""

    def __init__(self, *flags: str, name: str = "test") -> None:
        self.name, self.flags = name, flags
        self.folder = Path(tempfile.mkdtemp(prefix="tokensweep-kubernetes-"))
        self.etcd: subprocess.Popen[bytes] | None = None
        self.apiserver: subprocess.Popen[bytes] | None = None
        self.port, self.etcd_port = free_port(), free_port()
        self.tokens: dict[str, str] = {}
        self.token("admin", groups=["system:masters"])

    def __enter__(self) -> "Kubernetes":
        try:
            self._make_keys()
            self._start_etcd()
            self._start_apiserver()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in (self.apiserver, self.etcd):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    # Who may ask.

    def token(self, user: str, groups: Iterable[str] = ()) -> str:
        """A user's token. New users have to be named before the server starts: it reads its file once."""
        if user not in self.tokens:
            self.tokens[user] = f"{random.Random('token ' + user).getrandbits(128):032x}"
            with (self.folder / "tokens.csv").open("a") as file:
                file.write(f'{self.tokens[user]},{user},{user},"{",".join(groups)}"\n')
        return self.tokens[user]

    def certificate(self, user: str, group: str = "") -> tuple[Path, Path]:
        """A client certificate and its key."""
        key, request, chain = (self.folder / f"{user}.{end}" for end in ("key", "csr", "crt"))
        subject = f"/CN={user}" + (f"/O={group}" if group else "")
        for command in (["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", request,
                         "-subj", subject],
                        ["x509", "-req", "-in", request, "-CA", self.folder / "ca.pem", "-CAkey", self.folder / "ca-key.pem",
                         "-CAcreateserial", "-out", chain, "-days", "2"]):
            subprocess.run(["openssl", *command], check=True, capture_output=True)
        return chain, key

    def kubeconfig(self, users: dict[str, str], current: str | None = None, namespace: str | None = None) -> Path:
        """A file with a context for each user, called after it: name -> token."""
        file = self.folder / f"kubeconfig-{'-'.join(users)}"
        authority = base64.b64encode((self.folder / "ca.pem").read_bytes()).decode()
        context = {"namespace": namespace} if namespace else {}
        file.write_text(json.dumps({  # JSON is YAML
            "apiVersion": "v1", "kind": "Config", "current-context": current or next(iter(users)),
            "clusters": [{"name": self.name, "cluster": {"server": self.url, "certificate-authority-data": authority}}],
            "users": [{"name": user, "user": {"token": token}} for user, token in users.items()],
            "contexts": [{"name": user, "context": {"cluster": self.name, "user": user, **context}} for user in users],
        }))
        file.chmod(0o600)
        return file

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def client_tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.folder / "ca.pem"))

    # What is there.

    def connection(self, user: str = "admin") -> Connection:
        return Connection(self, self.tokens[user])

    def request(self, method: str, path: str, body: Json = None, user: str = "admin", **more: str) -> Json:
        with self.connection(user) as connection:
            return connection.request(method, path, body, **more)

    def add_namespaces(self, names: Iterable[str]) -> None:
        with self.connection() as connection:
            for name in names:
                with contextlib.suppress(Refused):  # it is there
                    connection.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}})

    def add_objects(self, resource: str, objects: Iterable[tuple[str, Json]], connections: int = CONNECTIONS) -> None:
        """Creates (namespace, object) pairs over so many connections."""
        def work(part: list[tuple[str, Json]]) -> None:
            with self.connection() as connection:
                for namespace, thing in part:
                    connection.request("POST", f"/api/v1/namespaces/{namespace}/{resource}?fieldManager=seed", thing)

        everything = list(objects)
        with concurrent.futures.ThreadPoolExecutor(connections) as pool:
            for done in [pool.submit(work, everything[i::connections]) for i in range(connections)]:
                done.result()

    def add_secrets(self, objects: Iterable[tuple[str, Json]], connections: int = CONNECTIONS) -> None:
        self.add_objects("secrets", objects, connections)

    def add_config_maps(self, objects: Iterable[tuple[str, Json]]) -> None:
        self.add_objects("configmaps", objects)

    def seed(self, namespaces: dict[str, dict[str, dict[str, bytes]]]) -> None:
        """Namespace -> secret -> key -> value."""
        self.add_namespaces(namespaces)
        self.add_secrets((namespace, secret(name, data)) for namespace, secrets in namespaces.items()
                         for name, data in secrets.items())

    def patch(self, namespace: str, name: str, data: dict[str, bytes], manager: str = "rotator") -> None:
        self.patch_object("secrets", namespace, name, {"data": {key: base64.b64encode(value).decode() for key, value in data.items()}},
                          manager)

    def patch_object(self, resource: str, namespace: str, name: str, body: Json, manager: str = "rotator") -> None:
        self.request("PATCH", f"/api/v1/namespaces/{namespace}/{resource}/{name}?fieldManager={manager}", body,
                     content_type="application/merge-patch+json")

    def delete(self, namespace: str, name: str, resource: str = "secrets") -> None:
        self.request("DELETE", f"/api/v1/namespaces/{namespace}/{resource}/{name}")

    def apply(self, objects: Iterable[Json]) -> None:
        """Creates objects of any kind that the server knows."""
        for thing in objects:
            group = thing["apiVersion"]
            base = f"/api/{group}" if "/" not in group else f"/apis/{group}"
            plural = thing["kind"].lower() + "s"
            namespace = thing["metadata"].get("namespace")
            self.request("POST", base + (f"/namespaces/{namespace}" if namespace else "") + f"/{plural}", thing)

    def let(self, user: str, verbs: list[str], resources: list[str], namespace: str | None = None) -> None:
        """A role of its own, and its binding: in one namespace, or in the cluster."""
        kind, where = ("Role", {"namespace": namespace}) if namespace else ("ClusterRole", {})
        name = f"{user}-{'-'.join(resources)}-{namespace or 'cluster'}"
        self.apply([
            {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": {"name": name, **where},
             "rules": [{"apiGroups": [""], "resources": resources, "verbs": verbs}]},
            {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind + "Binding", "metadata": {"name": name, **where},
             "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name},
             "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}]}])

    def secrets(self, limit: int = 500) -> Iterator[Json]:
        return self.objects("secrets", limit)

    def config_maps(self) -> Iterator[Json]:
        return self.objects("configmaps")

    def objects(self, resource: str, limit: int = 500) -> Iterator[Json]:
        token = ""
        with self.connection() as connection:
            while True:
                query = {"limit": str(limit), **({"continue": token} if token else {})}
                page = connection.request("GET", f"/api/v1/{resource}?" + urlencode(query))
                yield from page["items"]
                token = page["metadata"].get("continue", "")
                if not token:
                    return

    def truth(self) -> dict[tuple[str, str, str], bytes]:
        """(namespace, secret, key) -> value, of everything that is there now."""
        return {(one["metadata"]["namespace"], one["metadata"]["name"], key): base64.b64decode(value)
                for one in self.secrets() for key, value in (one.get("data") or {}).items()}

    def uid(self) -> str:
        return self.request("GET", "/api/v1/namespaces/kube-system")["metadata"]["uid"]

    def requests(self, resource: str = "secrets") -> int:
        """How many lists and reads of a resource the server has answered: its own count."""
        text = self.request("GET", "/metrics")
        return sum(int(float(line.rsplit(" ", 1)[1])) for line in text.splitlines()
                   if line.startswith("apiserver_request_total{") and f'resource="{resource}"' in line
                   and ('verb="LIST"' in line or 'verb="GET"' in line))

    # What befalls it.

    def compact(self) -> None:
        """Forgets all history but the newest: what a list under way shows is gone."""
        status = json.loads(self._etcdctl("endpoint", "status", "--write-out=json"))
        self._etcdctl("compact", "--physical", str(status[0]["Status"]["header"]["revision"]))

    @contextlib.contextmanager
    def stalled(self) -> Iterator[None]:
        """etcd stands still."""
        assert self.etcd is not None
        self.etcd.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.etcd.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """Ends the API server; etcd and what it holds stay."""
        assert self.apiserver is not None
        self.apiserver.kill()
        self.apiserver.wait()

    def restart(self) -> None:
        """The API server once more, on the same port."""
        self.stop()
        self._start_apiserver()

    # How it starts.

    def _make_keys(self) -> None:
        make_certificate(self.folder)
        subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.folder / "accounts.pem"],
                       check=True, capture_output=True)

    def _run(self, name: str, command: list[str | Path]) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder)

    def _start_etcd(self) -> None:
        client, peer = f"http://127.0.0.1:{self.etcd_port}", f"http://127.0.0.1:{free_port()}"
        self.etcd = self._run("etcd", [
            toolchains.etcd(), "--data-dir", self.folder / "etcd", "--listen-client-urls", client, "--advertise-client-urls", client,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}",
            "--unsafe-no-fsync", "--quota-backend-bytes", str(4 << 30)])

    def _start_apiserver(self) -> None:
        pem = {name: self.folder / f"{name}.pem" for name in ("ca", "server", "server-key", "accounts")}
        self.apiserver = self._run("apiserver", [
            toolchains.kube_apiserver(), f"--etcd-servers=http://127.0.0.1:{self.etcd_port}", "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1", f"--secure-port={self.port}", "--service-cluster-ip-range=10.0.0.0/24",
            f"--tls-cert-file={pem['server']}", f"--tls-private-key-file={pem['server-key']}", f"--client-ca-file={pem['ca']}",
            f"--token-auth-file={self.folder / 'tokens.csv'}", "--authorization-mode=RBAC", "--service-account-issuer=https://test.invalid",
            f"--service-account-key-file={pem['accounts']}", f"--service-account-signing-key-file={pem['accounts']}",
            "--endpoint-reconciler-type=none", *self.flags])
        until = time.monotonic() + READY_SECONDS
        while True:
            if self.apiserver.poll() is not None or time.monotonic() > until:
                raise RuntimeError("kube-apiserver does not come up:\n" + self.log("apiserver") + self.log("etcd"))
            with contextlib.suppress(OSError, Refused, http.client.HTTPException):
                self.request("GET", "/readyz")
                self.request("GET", "/api/v1/namespaces/kube-system")
                return
            time.sleep(0.1)

    def log(self, name: str, lines: int = 15) -> str:
        return "\n".join((self.folder / f"{name}.log").read_text(errors="replace").splitlines()[-lines:]) + "\n"

    def _etcdctl(self, *arguments: str) -> str:
        return subprocess.run([toolchains.etcdctl(), "--endpoints", f"http://127.0.0.1:{self.etcd_port}", *arguments], check=True,
                              capture_output=True, text=True, env={**os.environ, "ETCDCTL_API": "3"}).stdout
