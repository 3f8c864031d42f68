"""A registry's lists of tokens and packages, on 127.0.0.1, made from a seed: what registries of each time answered.

`make_tokens` gives pairs: an element of the list as it is served, and what our reader has to make of it, decided here from
the kind of the token and not from the element. Which fields a token has: npm/registry docs/user/authentication.md for
classic ones, npm/api-documentation token.yaml and npm/cli#9443 for granular ones, which no registry mixes as we do.
"""
import datetime
import http.server
import json
import string
import threading
import urllib.parse
import uuid

PAGE = 10
BASE62 = string.digits + string.ascii_letters


def text(random, length):
    return "".join(random.choice(BASE62) for _ in range(length))


def key_uuid(random, earlier):
    """Some begin like an earlier one, so that npm needs more than 6 characters to tell them apart."""
    key = str(uuid.UUID(int=random.getrandbits(128), version=4))
    alike = [other for other in earlier if len(other) == len(key)]
    if alike and random.random() < 0.3:
        length = random.randint(6, 12)
        key = random.choice(alike)[:length] + key[length:]
    return key


def moment(random, first, last):
    """A time as served, and as our dump prints it."""
    begin, end = (datetime.datetime(year, 1, 1, tzinfo=datetime.timezone.utc) for year in (first, last))
    at = begin + random.random() * (end - begin)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z", at.strftime("%Y-%m-%dT%H:%M:%SZ")


def ip_ranges(random):
    return [f"10.{random.randint(0, 255)}.0.0/16" for _ in range(random.randint(1, 3))] if random.random() < 0.5 else []


def classic(random, account, earlier):
    kind = random.choice(["publish", "automation", "read-only"])
    created, created_at = moment(random, 2016, 2025)
    updated, updated_at = moment(random, 2016, 2025)
    shown = text(random, 6) if random.random() < 0.5 else "npm_" + text(random, 2)
    key = f"{random.getrandbits(512):0128x}"
    ranges = ip_ranges(random)
    served = {"token": shown, "key": key, "cidr_whitelist": ranges or None, "created": created, "updated": updated,
              "readonly": kind == "read-only"}
    if kind == "automation" or random.random() < 0.3:
        served["automation"] = kind == "automation"
    return served, {"account": account, "key": key, "name": "", "first": shown, "last": "",
                    "access": "read" if kind == "read-only" else "write", "all_packages": kind != "read-only", "scopes": [],
                    "bypass_2fa": kind == "automation", "classic": True, "revoked": False, "ip_ranges": ranges,
                    "created_at": created_at, "updated_at": updated_at, "accessed_at": None, "expires_at": None}


def rights(random):
    """What a granular token may do: fields as served; access, whether it is unlimited, scopes."""
    package, scope, organisation = text(random, 8).lower(), text(random, 6).lower(), text(random, 5).lower()
    limits = random.sample([({"name": package, "type": "package"}, ["package", package]),
                            ({"name": f"@{scope}/{package}", "type": "package"}, ["package", f"@{scope}/{package}"]),
                            ({"name": f"@{scope}", "type": "scope"}, ["scope", f"@{scope}"])], random.randint(1, 3))
    organisations = [({"name": organisation, "type": "org"}, ["organisation", organisation])]
    kind = random.choice(["read", "write", "write all", "stage", "organisation"])
    if kind == "write all":
        limits = [({"name": "*", "type": "package"}, ["package", "*"])]
    if kind == "organisation":
        limits = organisations
    elif random.random() < 0.3:
        limits += organisations
    action = {"read": "read", "write": "write", "write all": "write", "stage": "write"}.get(kind)
    permissions = [{"name": "package", "action": action}] if action else []
    if kind == "organisation" or random.random() < 0.2:
        permissions.append({"name": "org", "action": random.choice(["read", "write"])})
    served = {"permissions": permissions, "scopes": [limit for limit, _ in limits]}
    if kind == "stage":
        served["packages_and_scopes_permission"] = "read-write-stage-only"
    if kind == "read" and random.random() < 0.5:
        served["readonly"] = True
    access = {"write all": "write", "organisation": "none"}.get(kind, kind)
    return served, access, kind == "write all", [read for _, read in limits]


def granular(random, account, earlier):
    served, access, unlimited, scopes = rights(random)
    token = "npm_" + text(random, 36)
    key = key_uuid(random, earlier)
    ranges = ip_ranges(random)
    times = {"expiry": moment(random, 2026, 2028), "created": moment(random, 2023, 2027), "updated": moment(random, 2023, 2027),
             "accessed": moment(random, 2024, 2027), "revoked": moment(random, 2025, 2027)}
    for name, likely in (("expiry", 0.8), ("accessed", 0.7), ("revoked", 0.1)):
        if random.random() > likely:
            times[name] = (None, None)
    bypass = random.random() < 0.5
    name = random.choice(["publish", "ci \u2014 release", "a \"quoted\" name", "=1+1"]) + text(random, 3)
    served |= {field: at for field, (at, _) in times.items()}
    served |= {"name": name, "description": random.choice([None, "Words"]), "key": key, "token": f"{token[:8]}...{token[-4:]}",
               "bypass_2fa": bypass, "cidr": ranges, "_tomorrow": {"deep": [1, None]}}
    fields = list(served.items())
    random.shuffle(fields)
    return dict(fields), {"account": account, "key": key, "name": name, "first": token[:8], "last": token[-4:], "access": access,
                          "all_packages": unlimited, "scopes": scopes, "bypass_2fa": bypass, "classic": False,
                          "revoked": times["revoked"][0] is not None, "ip_ranges": ranges, "created_at": times["created"][1],
                          "updated_at": times["updated"][1], "accessed_at": times["accessed"][1],
                          "expires_at": times["expiry"][1]}


def verdaccio(random, account, earlier):
    """packages/api/src/v1/token.ts of verdaccio: the form of a classic token, but it lives."""
    created, created_at = moment(random, 2020, 2027)
    shown = f"{text(random, 5)}...{text(random, 5)}"
    key, ranges, readonly = f"{random.getrandbits(128):032x}", ip_ranges(random), random.random() < 0.5
    served = {"user": account, "token": shown, "key": key, "cidr": ranges, "readonly": readonly, "created": created,
              "cidr_whitelist": ranges}
    return served, {"account": account, "key": key, "name": "", "first": shown[:5], "last": shown[-5:],
                    "access": "read" if readonly else "unknown", "all_packages": False, "scopes": [], "bypass_2fa": False,
                    "classic": False, "revoked": False, "ip_ranges": ranges, "created_at": created_at, "updated_at": None,
                    "accessed_at": None, "expires_at": None}


def make_tokens(random, account, count):
    tokens = []
    for _ in range(count):
        kind = random.choice([classic, granular, granular, verdaccio])
        tokens.append(kind(random, account, [served["key"] for served, _ in tokens]))
    return tokens


def make_packages(random, count, words):
    """Names with what is served as their right; `words`: how this registry calls writing and reading."""
    names = [random.choice(["", f"@{text(random, 4).lower()}/"]) + text(random, 7) for _ in range(count)]
    return {name: random.choice(words) for name in names}


class Registry:
    """Answers under /ACCOUNT/; `password` is the one token that it lets in. Used as a context, it serves in threads."""

    def __init__(self, tokens, packages, password):
        self.tokens = tokens  # account -> elements
        self.packages = packages  # account -> path -> object; a path that is not there is answered with 404
        self.password = password
        registry = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                status, body = registry.answer(self.path, self.headers.get("Authorization"))
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def url(self, account):
        return f"http://127.0.0.1:{self.server.server_port}/{account}/"

    def answer(self, target, authorization):
        url = urllib.parse.urlsplit(target)
        account, _, path = url.path.lstrip("/").partition("/")
        query = urllib.parse.parse_qs(url.query)
        if authorization != f"Bearer {self.password}":
            return 401, {"error": "Unauthorized"}
        if path == "-/npm/v1/tokens":
            return 200, self.page(account, int(query.get("page", ["0"])[0]), int(query.get("perPage", [PAGE])[0]))
        if path in self.packages.get(account, {}):
            return 200, self.packages[account][path]
        return 404, {"error": "not found"}

    def page(self, account, number, size):
        tokens = self.tokens[account]
        urls = {}
        if (number + 1) * size < len(tokens):
            # Some registries give a path, some an address.
            following = f"-/npm/v1/tokens?page={number + 1}&perPage={size}"
            urls["next"] = self.url(account) + following if number % 2 else "/" + following
        return {"objects": tokens[number * size:(number + 1) * size], "total": len(tokens), "urls": urls}
