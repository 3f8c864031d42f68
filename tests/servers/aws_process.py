"""The server of aws_server.py in a process of its own, for tests whose Python has no moto.

    with AwsProcess(seed=7, parameters=40) as server:
        run("scan", env=server.environment)
        assert server.operations()["GetParameters"] == 4
"""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tools"))

import toolchains  # noqa: E402

Json = Any

# Their versions are in the name of the virtual environment: another version is another environment.
PACKAGES = ["moto[server,ssm]==5.2.5", "boto3==1.44.5"]
SECONDS = 60


def python() -> Path:
    """A Python with moto and boto3; installed on first use."""
    return toolchains.python_with(*PACKAGES)


class AwsProcess:
    """`stores`: `account/region` each; the first account's keys are the caller's. More: Aws of aws_server.py, by `set`."""

    def __init__(self, seed: int = 1, parameters: int = 40, stores: list[str] | None = None, latency: float = 0.0, keep_answers: bool = False,
                 **switches: Json) -> None:
        command: list[str | Path] = [python(), HERE / "aws_server.py", "--seed", str(seed), "--parameters", str(parameters),
                                     "--latency", str(latency)]
        if keep_answers:
            command.append("--keep-answers")
        for store in stores or []:
            command += ["--store", store]
        self.switches = switches
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> "AwsProcess":
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            self.__exit__()
            raise RuntimeError("moto's server did not start; its stderr says why")
        told = json.loads(line)
        self.url, self.keys, self.stores = told["url"], told["keys"], told["stores"]
        if self.switches:
            self.set(**self.switches)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    @property
    def environment(self) -> dict[str, str]:
        """What a client of AWS' needs to find it and to sign."""
        return {"AWS_ACCESS_KEY_ID": self.keys["aws_access_key_id"], "AWS_SECRET_ACCESS_KEY": self.keys["aws_secret_access_key"],
                "AWS_ENDPOINT_URL": self.url, "AWS_REGION": self.stores[0].split("/")[1], "AWS_EC2_METADATA_DISABLED": "true"}

    def control(self, method: str, what: str, body: Json = None) -> Json:
        data = json.dumps(body or {}).encode() if method == "POST" else None
        # No proxy of the environment: it is this machine.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(urllib.request.Request(f"{self.url}/_control/{what}", data=data, method=method), timeout=SECONDS) as reply:
            return json.load(reply)

    def set(self, **switches: Json) -> None:
        self.control("POST", "set", switches)

    def fail(self, name: str, **arguments: Json) -> None:
        self.control("POST", "fail", {"name": name, **arguments})

    def heal(self) -> None:
        self.control("POST", "heal")

    def forget(self) -> None:
        self.control("POST", "forget")

    def put(self, store: str, name: str, value: str, **more: Json) -> None:
        self.control("POST", "put", {"store": store, "name": name, "value": value, **more})

    def delete(self, store: str, name: str) -> None:
        self.control("POST", "delete", {"store": store, "name": name})

    def set_policy(self, policy: Json, **account: str) -> None:
        self.control("POST", "policy", {"policy": policy, **account})

    def operations(self) -> dict[str, int]:
        return self.control("GET", "operations")

    def summary(self) -> Json:
        return self.control("GET", "summary")

    def truth(self) -> Json:
        return self.control("GET", "truth")
