"""A browser for tests: Debian's Chromium, driven by its own chromedriver over HTTP (https://www.w3.org/TR/webdriver2/).

It runs with a profile of its own, without a network service of its own, and ends with its session.
"""

import base64
import http.client
import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

SECONDS = 120
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key of an element's id, fixed by the standard
KEYS = {"Tab": "\ue004", "Enter": "\ue007", "Escape": "\ue00c", "Shift": "\ue008", " ": " "}

ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
             "--disable-sync", "--disable-extensions", "--no-first-run", "--disable-dev-shm-usage", "--force-color-profile=srgb"]


class Browser:
    """One session of a browser, in a window of its own. Closed with `close`."""

    def __init__(self) -> None:
        for program, package in [("chromedriver", "chromium-driver"), ("chromium", "chromium")]:
            if shutil.which(program) is None:
                raise AssertionError(f"{program} is missing: apt-get install {package}")
        self.profile = tempfile.mkdtemp(prefix="tokensweep-browser-")
        # Port 0: the system chooses, and the driver's first lines tell which.
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.STDOUT, text=True)
        self.session = ""
        try:
            self.port = self._read_port()
            options = {"args": [*ARGUMENTS, f"--user-data-dir={self.profile}"], "binary": shutil.which("chromium")}
            capabilities = {"browserName": "chrome", "goog:chromeOptions": options,
                            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
            answer = self._request("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})
            self.session = f"/session/{answer['sessionId']}"
        except BaseException:
            self.close()
            raise

    def _read_port(self) -> int:
        assert self.driver.stdout
        for line in self.driver.stdout:
            if found := re.search(r"started successfully on port (\d+)", line):
                return int(found[1])
        raise AssertionError("chromedriver did not start")

    def _request(self, method: str, path: str, body: Any = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), {"Content-Type": "application/json"})
            answer = json.loads(connection.getresponse().read())["value"]
        finally:
            connection.close()
        if isinstance(answer, dict) and "error" in answer:
            raise AssertionError(f"{path}: {answer['error']}: {answer.get('message')}")
        return answer

    def close(self) -> None:
        try:
            if self.session:
                self._request("DELETE", self.session)
        finally:
            self.driver.terminate()
            self.driver.wait(timeout=SECONDS)
            if self.driver.stdout:
                self.driver.stdout.close()
            shutil.rmtree(self.profile, ignore_errors=True)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        return self._request(method, self.session + path, body)

    def cdp(self, command: str, **parameters: Any) -> Any:
        """A command of the DevTools protocol."""
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def open(self, url: str) -> None:
        # Only a fragment differs: a browser would stay on the page.
        self.call("POST", "/url", {"url": "about:blank"})
        self.call("POST", "/url", {"url": url})

    def run(self, script: str, *arguments: Any) -> Any:
        """What a script in the page returns; it may await."""
        return self.call("POST", "/execute/async", {"script": "const done = arguments[arguments.length - 1];"
                         "(async (...args) => {" + script + "})(...[...arguments].slice(0, -1)).then(done, (error) => done({failed: String(error)}));",
                         "args": list(arguments)})

    def find(self, selector: str) -> str:
        return self.call("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def click(self, selector: str) -> None:
        self.call("POST", f"/element/{self.find(selector)}/click", {})

    def type(self, selector: str, text: str) -> None:
        self.call("POST", f"/element/{self.find(selector)}/value", {"text": text})

    def press(self, *keys: str) -> None:
        """Keys for what has the focus, one after the other; `Shift+Tab` holds the first."""
        actions: list[dict[str, str]] = []
        for key in keys:
            parts = [KEYS.get(part, part) for part in key.split("+")] if key != "+" else [key]
            actions += [{"type": "keyDown", "value": part} for part in parts]
            actions += [{"type": "keyUp", "value": part} for part in reversed(parts)]
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def log(self, kind: str) -> list[dict[str, Any]]:
        """What has been logged since the last call: `browser` (the console) or `performance` (DevTools events)."""
        return self.call("POST", "/se/log", {"type": kind})

    def size(self, width: int, height: int) -> None:
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def scheme(self, name: str) -> None:
        self.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def screenshot(self, file: Path, whole_page: bool = True) -> None:
        answer = self.cdp("Page.captureScreenshot", format="png", captureBeyondViewport=whole_page)
        file.write_bytes(base64.b64decode(answer["data"]))

    def pdf(self) -> bytes:
        return base64.b64decode(self.cdp("Page.printToPDF", printBackground=True, preferCSSPageSize=True)["data"])
