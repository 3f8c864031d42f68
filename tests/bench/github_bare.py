#!/usr/bin/env python3
"""The floor of github_bench.py: asks what a crawl of Actions secrets has to ask, and does nothing with the answers.

    github_bare.py URL TOKEN IN_FLIGHT

Keep-alive connections, each with one request at a time, and no barrier between the stages: what a page reveals is asked at once.
Prints {"requests": …, "statuses": {…}}.
"""

import asyncio
import json
import re
import sys
from collections import Counter, deque
from urllib.parse import quote, urlsplit


class Crawl:
    def __init__(self, url: str, token: str, in_flight: int) -> None:
        self.address = urlsplit(url)
        self.url = url
        self.head = f"Host: x\r\nUser-Agent: bare\r\nAccept: application/vnd.github+json\r\nAuthorization: Bearer {token}\r\n\r\n"
        self.in_flight = in_flight
        self.waiting: deque[str] = deque()
        self.idle: list[asyncio.Future[None]] = []
        self.busy = 0
        self.statuses: Counter[int] = Counter()

    def want(self, target: str, at_once: bool = False) -> None:
        if at_once:
            self.waiting.appendleft(target)
        else:
            self.waiting.append(target)
        if self.idle:
            self.idle.pop().set_result(None)

    async def worker(self) -> None:
        reader, writer = await asyncio.open_connection(self.address.hostname, self.address.port)
        while True:
            while not self.waiting:
                if not self.busy:  # the last one: wake the others, so that they end, too
                    while self.idle:
                        self.idle.pop().set_result(None)
                    writer.close()
                    return
                sleeping = asyncio.get_running_loop().create_future()
                self.idle.append(sleeping)
                await sleeping
            target = self.waiting.popleft()
            self.busy += 1
            writer.write(f"GET {target} HTTP/1.1\r\n{self.head}".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            size = int(re.search(rb"Content-Length: (\d+)", head)[1])
            body = await reader.readexactly(size)
            self.statuses[int(head[9:12])] += 1
            self.follow(target, head, body)
            self.busy -= 1

    def follow(self, target: str, head: bytes, body: bytes) -> None:
        if b'rel="next"' in head:
            following = re.search(rb'<([^>]*)>; rel="next"', head)
            # Ahead of the rest: there must always be something left to ask.
            self.want(following[1].decode().removeprefix(self.url), at_once=True)
        path = target.partition("?")[0]
        if path.endswith("/repos"):
            for one in json.loads(body):
                self.want(f"/repos/{one['full_name']}/actions/secrets?per_page=100")
                self.want(f"/repos/{one['full_name']}/environments?per_page=100")
        elif path.endswith("/environments"):
            for one in json.loads(body)["environments"]:
                self.want(f"{path}/{quote(one['name'], safe='')}/secrets?per_page=100")
        elif re.fullmatch(r"/org(anization)?s/[^/]*/actions/secrets", path):
            for one in json.loads(body)["secrets"]:
                if one["visibility"] == "selected":
                    self.want(one["selected_repositories_url"].removeprefix(self.url) + "?per_page=100")

    async def run(self, organisation: str) -> None:
        self.want(f"/orgs/{organisation}/repos?type=all&per_page=100")
        self.want(f"/orgs/{organisation}/actions/secrets?per_page=100")
        await asyncio.gather(*(self.worker() for _ in range(self.in_flight)))


def main() -> int:
    url, token, in_flight = sys.argv[1:4]
    crawl = Crawl(url, token, int(in_flight))
    asyncio.run(crawl.run("acme"))
    print(json.dumps({"requests": sum(crawl.statuses.values()), "statuses": crawl.statuses}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
