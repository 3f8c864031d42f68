"""What can go wrong with an answer, by name: `server.fail("cut", path="/secrets", at=0.3, times=1)`.

Each entry of FAULTS makes, from its arguments, a function of (request, the right answer) that gives the answer to send.
Refusals in a store's own words (limits, rights) are the store's: see `refusal` of github_server.py and circleci_server.py.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from typing import TYPE_CHECKING, Any, Callable, Iterable, Iterator

if TYPE_CHECKING:
    from http_server import Answer, Request

Act = Callable[["Request", "Answer"], "Answer"]

HTML = b"<!DOCTYPE html>\n<html><head><title>Unicorn!</title></head><body>This page is taking too long to load.</body></html>\n"


def at_once(head: bytes, body: bytes) -> Iterable[tuple[float, bytes]]:
    yield 0.0, head + body


def nothing(head: bytes, body: bytes) -> Iterable[tuple[float, bytes]]:
    return []


def decoded(answer: Answer) -> Any:
    """The JSON of an answer, taken out of its coding; ends its ETag, which would be wrong for what comes of it."""
    if answer.header("Content-Encoding") == "gzip":
        answer.body = gzip.decompress(answer.body)
    answer.without("Content-Encoding", "ETag")
    return json.loads(answer.body) if answer.body else None


def of_bodies(act: Act) -> Act:
    """A 304 has no body that could be wrong, and goes out as it is."""
    return lambda request, answer: act(request, answer) if answer.body else answer


def replaced(answer: Answer, body: bytes, content_type: str) -> Answer:
    answer.without("Content-Encoding", "ETag", "Content-Type", "Link")
    answer.headers.append(("Content-Type", content_type))
    answer.body = body
    return answer


# Errors of the server.


def status(code: int = 502, body: str | None = None, headers: dict[str, str] | None = None) -> Act:
    """Any status, with HTML unless a body is given."""
    def act(request: Request, answer: Answer) -> Answer:
        answer = replaced(answer, HTML if body is None else body.encode(), "text/html" if body is None else "application/json")
        answer.status = code
        answer.headers += list((headers or {}).items())
        return answer
    return act


def html() -> Act:
    """A page in place of JSON, with status 200, as captive portals and proxies send."""
    def act(request: Request, answer: Answer) -> Answer:
        answer.status = 200
        return replaced(answer, HTML, "text/html; charset=utf-8")
    return act


def malformed() -> Act:
    """JSON that breaks off in the middle, whole as far as HTTP can tell."""
    def act(request: Request, answer: Answer) -> Answer:
        decoded(answer)
        answer.body = answer.body[:max(1, len(answer.body) // 2)]
        return answer
    return of_bodies(act)


def redirect(location: str, code: int = 302) -> Act:
    """To any address, spelled in any way."""
    def act(request: Request, answer: Answer) -> Answer:
        answer = replaced(answer, b"{}", "application/json")
        answer.status = code
        answer.headers.append(("Location", location))
        return answer
    return act


# Errors of the wire.


def ended_by(end: str) -> Callable[[], Act]:
    def make() -> Act:
        def act(request: Request, answer: Answer) -> Answer:
            answer.deliver, answer.end = nothing, end
            return answer
        return act
    return make


def cut(at: float = 0.5, end: str = "close") -> Act:
    """The head and a part of the body, then `end`: close, reset or hang."""
    def act(request: Request, answer: Answer) -> Answer:
        answer.deliver = lambda head, body: [(0.0, head + body[:int(len(body) * at)])]
        answer.end = end
        return answer
    return act


def slow(bytes_each: int = 16, seconds_each: float = 0.05, head_too: bool = False) -> Act:
    """The body drop by drop, the head as well if asked for."""
    def act(request: Request, answer: Answer) -> Answer:
        def deliver(head: bytes, body: bytes) -> Iterable[tuple[float, bytes]]:
            if not head_too:
                yield 0.0, head
            wire = head + body if head_too else body
            for start in range(0, len(wire), bytes_each):
                yield seconds_each, wire[start:start + bytes_each]
        answer.deliver = deliver
        return answer
    return act


def length_lie(by: int, end: str = "hang") -> Act:
    """A Content-Length that is too long (positive) or too short: what is left over comes where the next answer should."""
    def act(request: Request, answer: Answer) -> Answer:
        answer.length = max(0, len(answer.body) + by)
        answer.end = end if by > 0 else "keep"
        return answer
    return act


def chunked(bytes_each: int = 100, cut_after: int | None = None) -> Act:
    """Chunked coding, which is right; or, with `cut_after` chunks, a connection that closes before the last one."""
    def act(request: Request, answer: Answer) -> Answer:
        answer.length = -1
        answer.headers.append(("Transfer-Encoding", "chunked"))
        pieces = [answer.body[start:start + bytes_each] for start in range(0, len(answer.body), bytes_each)]
        wire = [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces]
        answer.body = b"".join(wire) + b"0\r\n\r\n" if cut_after is None else b"".join(wire[:cut_after])
        answer.end = "keep" if cut_after is None else "close"
        return answer
    return act


# Floods.


def gzip_bomb(mebibytes: int = 1024) -> Act:
    """Spaces, a thousandth of their size on the wire: JSON that never comes to its point."""
    squeezer = zlib.compressobj(9, zlib.DEFLATED, 31)
    body = b"".join([*(squeezer.compress(b" " * (1 << 20)) for _ in range(mebibytes)), squeezer.flush()])

    def act(request: Request, answer: Answer) -> Answer:
        answer = replaced(answer, body, "application/json")
        answer.headers.append(("Content-Encoding", "gzip"))
        return answer
    return act


def broken_gzip() -> Act:
    """A body that says it is gzip, and is not."""
    def act(request: Request, answer: Answer) -> Answer:
        decoded(answer)
        answer.headers.append(("Content-Encoding", "gzip"))
        return answer
    return of_bodies(act)


def header_flood(count: int = 100_000, value_bytes: int = 100) -> Act:
    def act(request: Request, answer: Answer) -> Answer:
        answer.headers += [(f"X-Flood-{number}", "x" * value_bytes) for number in range(count)]
        return answer
    return act


def body_flood(mebibytes: int = 256) -> Act:
    """A body without end as far as the client can tell: chunks of spaces."""
    chunk = b"100000\r\n" + b" " * (1 << 20) + b"\r\n"

    def act(request: Request, answer: Answer) -> Answer:
        answer = replaced(answer, b"", "application/json")
        answer.length = -1
        answer.headers.append(("Transfer-Encoding", "chunked"))
        answer.deliver = lambda head, body: [(0.0, head), *((0.001, chunk) for _ in range(mebibytes))]
        answer.end = "close"
        return answer
    return act


# Pages.


def page_infos(value: Any) -> Iterator[dict[str, Any]]:
    """GraphQL's `pageInfo` objects that have a cursor, outermost first."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if key == "pageInfo" and "endCursor" in inner:
            yield inner
        yield from page_infos(inner)


def next_page(address: str) -> Act:
    """The next page lies at `address`, wherever the store names it: Link, CircleCI's v2 (a token) or v3, GraphQL (a cursor)."""
    def act(request: Request, answer: Answer) -> Answer:
        body = decoded(answer)
        keyed = body if isinstance(body, dict) else {}
        if "next_page_token" in keyed:
            keyed["next_page_token"] = address
        elif "next" in keyed.get("page", {}):
            keyed["page"]["next"] = address
        elif "data" in keyed:
            next(page_infos(keyed)).update(hasNextPage=True, endCursor=address)
        else:
            answer.without("Link").headers.append(("Link", f'<{address}>; rel="next"'))
        answer.body = json.dumps(body).encode()
        return answer
    return of_bodies(act)


def page_repeats() -> Act:
    """The next page is this one, for ever. The first one has no token: CircleCI's is made up, GraphQL's is empty."""
    def act(request: Request, answer: Answer) -> Answer:
        if request.path.endswith("/graphql"):
            return next_page(json.loads(request.body).get("variables", {}).get("after") or "")(request, answer)
        if request.path.startswith("/api/v2/"):
            return next_page(request.query.get("page-token") or "again")(request, answer)
        return next_page(request.base + request.target)(request, answer)
    return act


def page_shrinks(rows: int = 0) -> Act:
    """Fewer rows than there are, while total_count and Link stay: the list changed between two pages."""
    def act(request: Request, answer: Answer) -> Answer:
        body = decoded(answer)
        if isinstance(body, list):
            body = body[:rows]
        else:
            body |= {key: value[:rows] for key, value in body.items() if isinstance(value, list)}
        answer.body = json.dumps(body).encode()
        return answer
    return of_bodies(act)


def foreign_host(host: str) -> Act:
    """Every address in the answer, headers and body, is at another host and port: `other.example:8443`."""
    def act(request: Request, answer: Answer) -> Answer:
        decoded(answer)
        answer.body = re.sub(rb"(https?://)[^/\"]+", rb"\g<1>" + host.encode(), answer.body)
        answer.headers = [(key, re.sub(r"(https?://)[^/>]+", rf"\g<1>{host}", value)) for key, value in answer.headers]
        return answer
    return act


FAULTS: dict[str, Callable[..., Act]] = {
    "status": status, "html": html, "malformed": malformed, "redirect": redirect,
    "hang": ended_by("hang"), "reset": ended_by("reset"), "close": ended_by("close"), "cut": cut, "slow": slow,
    "length_lie": length_lie, "chunked": chunked,
    "gzip_bomb": gzip_bomb, "broken_gzip": broken_gzip, "header_flood": header_flood, "body_flood": body_flood,
    "next_page": next_page, "page_repeats": page_repeats, "page_shrinks": page_shrinks, "foreign_host": foreign_host,
}
