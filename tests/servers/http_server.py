"""The HTTP/1.1 server under the fake stores: fast, faulty on demand, and with a memory of every request.

    class Store(Server):
        def answer(self, request): return json_answer({"hello": "world"})

    with Store(latency=0.05) as server:     # 127.0.0.1, a free port, a thread of its own
        server.fail("cut", path="/secrets", times=1)
        ...
        server.requests("/secrets"), server.most_in_flight, server.repeats()

A server in a process of its own is steered over HTTP, below /_control/: see `control()`. Its requests are not recorded.
It parses requests by hand on asyncio's transports, because a benchmark needs thousands of them in a second of one core.
"""

import asyncio
import gc
import hashlib
import json
import re
import shutil
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time
import traceback
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Callable, Iterable
from urllib.parse import parse_qsl, urlsplit

import faults

MOST_HEADER_BYTES = 64 * 1024
MOST_UNSENT_BYTES = 4 << 20
REASONS = {status.value: status.phrase for status in HTTPStatus}

Json = Any


@dataclass(slots=True, eq=False)
class Request:
    """One request and, once it has ended, what became of it. Times are of time.monotonic()."""
    number: int
    connection: int
    method: str
    base: str  # the server's address, without a slash at its end
    target: str
    headers: dict[str, str]  # by lower-case name
    body: bytes
    began: float
    in_flight: int  # with this one
    ended: float | None = None  # when the last byte, or the last so far, was sent
    status: int | None = None  # None: nothing was sent
    fault: str | None = None  # the name of what was done to it
    counted: bool = False  # against a limit of the store

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def authorization(self) -> str | None:
        """A digest that tells credentials apart, and nothing else."""
        value = self.headers.get("authorization") or self.headers.get("circle-token")
        return hashlib.sha256(value.encode()).hexdigest()[:16] if value else None

    def as_json(self) -> Json:
        return {"number": self.number, "connection": self.connection, "method": self.method, "target": self.target,
                "authorization": self.authorization, "began": self.began, "ended": self.ended, "status": self.status,
                "in_flight": self.in_flight, "fault": self.fault, "counted": self.counted}


@dataclass(slots=True)
class Answer:
    """What is sent back. A fault changes any of it."""
    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""
    # The Content-Length to send, where it is not the body's; -1 sends none.
    length: int | None = None
    # The rest is for faults: pieces of the wire's bytes with a pause before each, and how it ends.
    deliver: Callable[[bytes, bytes], Iterable[tuple[float, bytes]]] | None = None
    end: str = "keep"  # keep, close, reset, or hang

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def without(self, *names: str) -> "Answer":
        lowered = {name.lower() for name in names}
        self.headers = [(key, value) for key, value in self.headers if key.lower() not in lowered]
        return self

    def head(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Unknown')}"]
        lines += [f"{key}: {value}" for key, value in self.headers]
        if self.length != -1 and self.status not in (204, 304):
            lines.append(f"Content-Length: {len(self.body) if self.length is None else self.length}")
        # A fault's address may have any characters.
        return ("\r\n".join(lines) + "\r\n\r\n").encode(errors="surrogateescape")


def json_answer(value: Json, status: int = 200, headers: Iterable[tuple[str, str]] = ()) -> Answer:
    body = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    return Answer(status, [("Content-Type", "application/json; charset=utf-8"), *headers], body)


@dataclass(slots=True)
class PlannedFault:
    """A fault, and which answers it befalls: after `skip` that fit, the next `times` (None: all)."""
    name: str
    act: faults.Act
    path: re.Pattern[str]
    method: str | None
    times: int | None
    skip: int

    def befalls(self, request: Request) -> bool:
        if self.times == 0 or (self.method and self.method != request.method) or not self.path.search(request.target):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True


class SlidingSum:
    """What was spent within the last `seconds`: how the services' limits per minute are best modelled."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.spent: list[tuple[float, float]] = []
        self.first = 0
        self.sum = 0.0

    def at(self, now: float) -> float:
        while self.first < len(self.spent) and self.spent[self.first][0] <= now - self.seconds:
            self.sum -= self.spent[self.first][1]
            self.first += 1
        return self.sum

    def spend(self, now: float, amount: float) -> None:
        self.spent.append((now, amount))
        self.sum += amount


class Connection(asyncio.Protocol):
    """One client's connection: requests one after the other, each answered after the server's latency."""

    def __init__(self, server: "Server") -> None:
        self.server = server
        self.buffer = b""
        self.request: Request | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]
        self.server.connections += 1
        self.server.last_connection += 1
        self.number = self.server.last_connection
        self.is_control = False
        self.server.open_connections.add(self)
        if sock := transport.get_extra_info("socket"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def connection_lost(self, error: Exception | None) -> None:
        self.server.open_connections.discard(self)
        if self.request:
            self.server.in_flight -= 1
            self.request = None

    def data_received(self, data: bytes) -> None:
        self.server.received_bytes += len(data)
        self.buffer = self.buffer + data if self.buffer else data
        if self.request is None:
            self.next_request()

    def next_request(self) -> None:
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self.buffer) > MOST_HEADER_BYTES:
                self.transport.abort()
            return
        first, *lines = self.buffer[:end].decode("latin-1").split("\r\n")
        parts = first.split(" ")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        length = headers.get("content-length", "0")
        if len(parts) != 3 or not length.isdigit() or "transfer-encoding" in headers:
            self.transport.write(Answer(400, [("Connection", "close")]).head())
            self.transport.close()
            return
        rest = end + 4 + int(length)
        if len(self.buffer) < rest:
            return
        body, self.buffer = self.buffer[end + 4:rest], self.buffer[rest:]
        self.server.take(self, parts[0], parts[1], headers, body)

    # What the server does with the answer.

    def send(self, request: Request, wire: bytes, status: int) -> None:
        """The whole answer at once: the way of all but faults."""
        if self.request is not request:
            return  # the client went away
        # First the books: whoever has read the answer may ask them.
        self.close_books(request, status)
        self.transport.write(wire)
        self.go_on(request, "keep")

    async def send_slowly(self, request: Request, answer: Answer) -> None:
        for pause, piece in (answer.deliver or faults.at_once)(answer.head(), answer.body):
            if pause:
                await asyncio.sleep(pause)
            while self.request is request and self.transport.get_write_buffer_size() > MOST_UNSENT_BYTES:
                await asyncio.sleep(0.01)  # a flood must not fill our own memory
            if self.request is not request:
                return
            request.status, request.ended = answer.status, time.monotonic()
            self.transport.write(piece)
        if self.request is request and answer.end != "hang":  # which is in flight until the client gives up
            self.close_books(request, request.status)
            self.go_on(request, answer.end)

    def close_books(self, request: Request, status: int | None) -> None:
        request.status, request.ended = status, time.monotonic()
        self.request = None
        self.server.in_flight -= 1
        self.server.ended(request)

    def go_on(self, request: Request, end: str) -> None:
        if end == "reset":
            if sock := self.transport.get_extra_info("socket"):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()
        elif end == "close" or request.headers.get("connection", "").lower() == "close":
            self.transport.close()
        elif self.buffer:
            self.next_request()


@dataclass(frozen=True)
class Certificate:
    """Files that openssl made: an authority for the client, a certificate and its key for the server."""
    authority: Path
    chain: Path
    key: Path


def make_certificate(folder: Path, names: str = "DNS:localhost,IP:127.0.0.1", days: int = 2) -> Certificate:
    """A new authority and a certificate of it. Negative `days` make one that has expired."""
    files = {name: folder / f"{name}.pem" for name in ("ca", "ca-key", "server", "server-key", "request")}
    extensions = folder / "extensions"
    extensions.write_text(f"subjectAltName={names}\nbasicConstraints=CA:false\n")
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    commands: list[list[str | Path]] = [
        ["req", "-x509", *new_key, "-keyout", files["ca-key"], "-out", files["ca"], "-days", "2", "-subj", "/CN=Test authority",
         "-addext", "keyUsage=critical,keyCertSign", "-addext", "basicConstraints=critical,CA:true"],
        ["req", *new_key, "-keyout", files["server-key"], "-out", files["request"], "-subj", "/CN=Test server"],
        ["x509", "-req", "-in", files["request"], "-CA", files["ca"], "-CAkey", files["ca-key"], "-CAcreateserial",
         "-out", files["server"], "-days", str(days), "-extfile", extensions],
    ]
    for command in commands:
        subprocess.run(["openssl", *command], check=True, capture_output=True)
    return Certificate(files["ca"], files["server"], files["server-key"])


class Server:
    """Answers on 127.0.0.1. As a context it runs in a thread; `serve_until_killed` is for a process of its own.

    `latency`: seconds before each answer. `host`: the name that addresses in answers carry (the socket is 127.0.0.1).
    """

    def __init__(self, *, latency: float = 0.0, tls: bool = False, certificate_names: str = "DNS:localhost,IP:127.0.0.1",
                 certificate_days: int = 2, host: str = "127.0.0.1", port: int = 0) -> None:
        self.latency = latency
        self.folder: Path | None = None
        self.authority: Path | None = None  # the file that a client has to trust
        self.planned: list[PlannedFault] = []
        self.seen: list[Request] = []
        self.most_in_flight = 0
        self.connections = 0  # accepted, but for those that only steered it
        self.last_connection = 0
        self.received_bytes = 0  # of requests, out of TLS where there is any
        self.on_request: Callable[[Request], None] | None = None  # called when one has come, before it is answered
        self.in_flight = 0
        self.open_connections: set[Connection] = set()
        self.tls_context: ssl.SSLContext | None = None
        if tls:
            self.folder = Path(tempfile.mkdtemp(prefix="tokensweep-server-"))
            made = make_certificate(self.folder, certificate_names, certificate_days)
            self.authority = made.authority
            self.tls_context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self.tls_context.load_cert_chain(made.chain, made.key)
        # Bound here, so that the address is known before the loop runs.
        self.socket = socket.create_server(("127.0.0.1", port), backlog=1024)
        self.port: int = self.socket.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://{host}:{self.port}"
        self.loop = asyncio.new_event_loop()
        self.thread: threading.Thread | None = None

    # What a store overrides.

    def answer(self, request: Request) -> Answer:
        raise NotImplementedError

    def wire(self, request: Request) -> tuple[bytes, int]:
        """The bytes of an answer that no fault befalls, and its status: for stores that keep them ready."""
        answer = self.answer(request)
        return answer.head() + (answer.body if request.method != "HEAD" else b""), answer.status

    def ended(self, request: Request) -> None:
        """Called when the last byte of an answer was sent."""

    def refusal(self, kind: str, **arguments: Json) -> Answer:
        """The store's own wording for a fault that it refuses a request with, such as "denied"."""
        raise ValueError(f"no such fault: {kind}")

    # What a client should have seen. A store says for whom.
    truth: Callable[..., Json]

    # Its life.

    def __enter__(self) -> "Server":
        self.loop.run_until_complete(self.loop.create_server(lambda: Connection(self), sock=self.socket, ssl=self.tls_context))
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        assert self.thread
        self.thread.join()
        for connection in list(self.open_connections):
            connection.transport.abort()
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()
        self.socket.close()
        if self.folder:
            shutil.rmtree(self.folder)

    def serve_until_killed(self, more: dict[str, Json]) -> None:
        """Prints one line of JSON once it can be used: its address, the authority's file and `more`. Then serves."""
        gc.freeze()  # the data stays as it is: no pauses to look through it
        with self:
            authority = str(self.authority) if self.authority else None
            print(json.dumps({"url": self.url, "authority": authority, **more}), flush=True)
            assert self.thread
            self.thread.join()

    # Requests.

    def take(self, connection: Connection, method: str, target: str, headers: dict[str, str], body: bytes) -> None:
        now = time.monotonic()
        if target.startswith("/_control/"):
            self.connections -= not connection.is_control
            connection.is_control = True
            answer = self.controlled(method, target, body)
            connection.transport.write(answer.head() + answer.body)
            return
        self.in_flight += 1
        request = Request(len(self.seen) + 1, connection.number, method, self.url, target, headers, body, now, self.in_flight)
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        self.seen.append(request)
        connection.request = request
        if self.on_request:
            self.on_request(request)
        fault = next((one for one in self.planned if one.befalls(request)), None) if self.planned else None
        try:
            if fault:
                request.fault = fault.name
                answer = fault.act(request, self.answer(request))
                self.loop.call_later(self.latency, lambda: self.loop.create_task(connection.send_slowly(request, answer)))
                return
            wire, status = self.wire(request)
        except Exception:  # a bug of the fake: the test that met it has to see it
            traceback.print_exc()
            wire, status = Answer(500, [("X-Fake", "has a bug, see its stderr")]).head(), 500
        if self.latency:
            self.loop.call_later(self.latency, connection.send, request, wire, status)
        else:
            connection.send(request, wire, status)

    def fail(self, name: str, *, path: str = "", method: str | None = None, times: int | None = None, skip: int = 0,
             **arguments: Json) -> None:
        """Plans a fault of faults.py, or one in the store's own words (see `refusal`), for targets that `path` finds (a
        regular expression). The first planned fault that befalls a request is the only one."""
        make = faults.FAULTS.get(name)
        if make:
            act = make(**arguments)
        else:
            self.refusal(name, **arguments)  # fails here and not in the loop
            act = lambda request, answer: self.refusal(name, **arguments)  # noqa: E731
        self.planned.append(PlannedFault(name, act, re.compile(path), method, times, skip))

    def heal(self) -> None:
        """No more faults."""
        self.planned = []

    # What was seen.

    def forget(self) -> None:
        self.seen = []
        self.most_in_flight = 0

    def requests(self, path: str = "") -> list[Request]:
        """Those whose target the regular expression finds, in the order of their arrival."""
        pattern = re.compile(path)
        return [request for request in list(self.seen) if pattern.search(request.target)]

    def repeats(self) -> list[str]:
        """What was asked again although it had been answered, by the same credential."""
        answered: set[tuple[str, str, bytes, str | None]] = set()
        again = []
        for request in list(self.seen):
            key = (request.method, request.target, request.body, request.authorization)
            if key in answered:
                again.append(f"{request.method} {request.target}")
            if request.status in (200, 201, 304) and request.fault is None:
                answered.add(key)
        return again

    def summary(self) -> Json:
        """Counts by status ("none" where nothing was sent), and how busy it was. `cpu_seconds` is the process's, since it began."""
        seen = list(self.seen)
        statuses: dict[str, int] = {}
        for request in seen:
            statuses[str(request.status or "none")] = statuses.get(str(request.status or "none"), 0) + 1
        finished = [request.ended for request in seen if request.ended]
        span = max(finished) - seen[0].began if finished else 0.0
        return {"requests": len(seen), "statuses": statuses, "connections": self.connections, "seconds": span,
                "cpu_seconds": time.process_time(),
                "most_in_flight": self.most_in_flight, "repeats": len(self.repeats()),
                "counted": sum(request.counted for request in seen), **self.refusals()}

    def refusals(self, statuses: tuple[int, ...] = (403, 429)) -> dict[str, int]:
        """How a client took a limit: answers that refused, and requests in flight when the first one was sent. A client that
        stops at once gets no more refusals than that."""
        refused = [request for request in list(self.seen) if request.status in statuses and request.ended]
        if not refused:
            return {"refused": 0, "in_flight_at_first_refusal": 0}
        first = min(request.ended for request in refused if request.ended)
        at_once = sum(1 for request in list(self.seen) if request.began <= first and (not request.ended or request.ended >= first))
        return {"refused": len(refused), "in_flight_at_first_refusal": at_once}

    # From another process.

    def controlled(self, method: str, target: str, body: bytes) -> Answer:
        try:
            url = urlsplit(target)
            return json_answer(self.control(method, url.path.removeprefix("/_control/"), dict(parse_qsl(url.query)),
                                            json.loads(body) if body else {}))
        except Exception as error:  # whoever steers it has to see what was wrong
            return json_answer({"error": f"{type(error).__name__}: {error}"}, 400)

    def control(self, method: str, what: str, query: dict[str, str], body: dict[str, Json]) -> Json:
        """GET summary, GET requests?path=, GET truth, POST fail {name, path, …}, POST heal, POST forget,
        POST set {attribute: value}."""
        if (method, what) == ("GET", "summary"):
            return self.summary()
        if (method, what) == ("GET", "requests"):
            return [request.as_json() for request in self.requests(query.get("path", ""))]
        if (method, what) == ("GET", "truth"):
            return self.truth(**query)
        if (method, what) == ("POST", "fail"):
            self.fail(**body)
        elif (method, what) == ("POST", "heal"):
            self.heal()
        elif (method, what) == ("POST", "forget"):
            self.forget()
        elif (method, what) == ("POST", "set"):
            for name, value in body.items():
                self.set(name, value)
        else:
            raise ValueError(f"no such control: {method} {what}")
        return {}

    def set(self, name: str, value: Json) -> None:
        if name != "latency":
            raise ValueError(f"no such setting: {name}")
        self.latency = value
