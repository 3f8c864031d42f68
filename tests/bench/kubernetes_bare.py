#!/usr/bin/env python3
"""The floor of kubernetes_bench.py: takes the pages of a list one after the other, and does nothing with what is in them.

    kubernetes_bare.py PORT CA TOKEN LIMIT

One keep-alive connection, no compression. Prints {"pages": …, "bytes": …}.
"""

import http.client
import json
import re
import ssl
import sys
from urllib.parse import quote

FIELDS = "type!=helm.sh/release.v1,type!=kubernetes.io/service-account-token"
HEAD_BYTES = 4096  # the list's metadata is in front of its items


def main() -> None:
    port, authority, token, limit = sys.argv[1:]
    tls = ssl.create_default_context(cafile=authority)
    connection = http.client.HTTPSConnection("127.0.0.1", int(port), context=tls)
    path = f"/api/v1/secrets?limit={limit}&fieldSelector={quote(FIELDS)}"
    pages, size, following = 0, 0, ""
    buffer = bytearray(1 << 20)
    while True:
        connection.request("GET", path + (f"&continue={quote(following)}" if following else ""),
                           headers={"Authorization": f"Bearer {token}", "Accept": "application/json"})
        response = connection.getresponse()
        head = b""
        while count := response.readinto(buffer):
            if len(head) < HEAD_BYTES:
                head += bytes(buffer[:HEAD_BYTES])
            size += count
        pages += 1
        found = re.search(rb'"continue":"([^"]+)"', head[:HEAD_BYTES])
        if not found:
            break
        following = found[1].decode()
    print(json.dumps({"pages": pages, "bytes": size}))


if __name__ == "__main__":
    main()
