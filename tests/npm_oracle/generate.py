"""Writes npmrc files that stress the grammar: `generate(random, directory, count)` makes pairs of project and user file.

Every value is made up from the seed, and every host is a reserved name.
"""
import base64
import os

HOSTS = ["registry.corp.example", "npm.example.test", "registry.corp.example:8443"]
PATHS = ["", "/npm", "/npm/private", "/a/b/c"]
REGISTRIES = [host + path for host in HOSTS for path in PATHS]
SPACES = ["", "", "", " ", "\t", "  ", "\u00a0", "\ufeff", "\u2003"]
BREAKS = ["\n", "\n", "\n", "\r\n", "\r", "\n\n", "\r\n\r\n", "\n\r"]


def word(random, length=None):
    return "".join(random.choice("abcdefghijkmnpqrstuvwxyzABCDEF0123456789") for _ in range(length or random.randint(3, 24)))


def plain_value(random):
    return random.choice([
        lambda: word(random),
        lambda: word(random),
        lambda: "npm_" + word(random, 36),
        lambda: "${" + random.choice(["NPM_TOKEN", "A", "my.var", "x y"]) + random.choice(["", "?"]) + "}",
        lambda: word(random) + "${HALF}",
        lambda: random.choice(["\\", "\\\\", "\\\\\\"]) + "${" + word(random, 4) + "}" + random.choice(["", "x"]),
        lambda: random.choice(["true", "false", "null", "undefined", "TRUE", "0", "-1.5", ""]),
        lambda: word(random) + random.choice([";", "#", " ;", " # ", "\\;", "\\#", "\\\\", "\\", "\\n", "\\x", "="]) + word(random),
        lambda: random.choice(["$X", "$", "${", "${}", "}", "${a", "$ {A}", "${a}b${c}", "${?}", "${a??}"]),
        lambda: "".join(random.choice("ab \\;#=[]{}$\"'.:/\t\u00e9\u2028\ufeff") for _ in range(random.randint(0, 12))),
    ])()


def value(random):
    text = plain_value(random)
    return random.choice([
        lambda: text,
        lambda: text,
        lambda: text,
        lambda: '"' + text + '"',
        lambda: "'" + text + "'",
        lambda: '"' + text,
        lambda: text + "'",
        lambda: '"' + text + '" ; comment',
        lambda: '"a\\u00e9\\n\\t\\"' + word(random) + '\\ud83d\\ude00"',
        lambda: random.choice(["'123'", "'[1, \"x\"]'", "'{\"a\": {\"b\": []}}'", "'\"in both\"'", "'true'", "'null'", "'[1,]'",
                               "'01'", "\"'\"", "'\"'", "'", '"', "''", '""', '"a\tb"', "' \"x\" '", "'-'", "'{\"a\":1,}'"]),
    ])()


def nerf_dart(random):
    host = random.choice(HOSTS + ["Registry.Corp.example", "registry.corp.example:443"])
    path = random.choice(PATHS)
    return "//" + host + path + random.choice(["/", "/", "/", ""])


def credential_lines(random):
    base = nerf_dart(random)
    kind = random.choice(["token", "token", "auth", "basic", "certificate"])
    if kind == "token":
        return [base + ":_authToken=" + (value(random) or "x")]
    if kind == "auth":
        pair = word(random) + ":" + word(random)
        return [base + ":_auth=" + base64.b64encode(pair.encode()).decode()]
    if kind == "basic":
        lines = [base + ":username=" + word(random),
                 base + ":_password=" + base64.b64encode(word(random).encode()).decode()]
        random.shuffle(lines)
        return lines
    return [base + ":certfile=/keys/" + word(random), base + ":keyfile=/keys/" + word(random)]


def other_lines(random):
    return random.choice([
        lambda: [random.choice([";", "#", " ;", "\t# ", "\ufeff#"]) + random.choice(["", " a = b", nerf_dart(random) + ":_authToken=" + word(random)])],
        lambda: ["[" + random.choice(["a", "a.b", "a.b.c", "//registry.corp.example/", "x;y", "'q'", "\"q\"", "", "a\\.b", " s "]) + "]" + random.choice(["", " ", " x"]), "s=" + word(random)],
        lambda: [random.choice(["save-exact", "fund", "x", "a.b"]) + random.choice(["", "=", "= "]) + random.choice(["", "true", "false"])],
        lambda: ["list[]=" + value(random) for _ in range(random.randint(1, 3))] + random.choice([[], ["list=" + value(random)]]),
        lambda: [random.choice(["k", '"quoted key"', "'single'", "k;c", "k\\;c", "k#", "[]", "za[]", "zb[]"]) + "=" + value(random)],
        lambda: [nerf_dart(random) + ":_authToken: " + word(random)],
        lambda: ["registry=https://" + random.choice(REGISTRIES) + "/"],
        lambda: ["@acme:registry=https://" + random.choice(REGISTRIES)],
        lambda: [random.choice(["=", "=x", " = y", "]", "[", "[a", " [a]", "__proto__=1", "[__proto__]", "==", "z==b"])],
        lambda: [nerf_dart(random) + ":email=" + word(random) + "@example.test"],
        lambda: ["${KEY}=" + word(random), "//${HOST}/:_authToken=" + word(random)][random.randint(0, 1):][:1],
        lambda: [random.choice(["_authToken", "_auth", "username", "_password"]) + "=" + word(random)],
    ])()


def file_text(random):
    lines = []
    for _ in range(random.randint(1, 12)):
        lines += credential_lines(random) if random.random() < 0.4 else other_lines(random)
    if random.random() < 0.2 and lines:
        lines.append(random.choice(lines))
    text = "\ufeff" if random.random() < 0.1 else ""
    for line in lines:
        text += random.choice(SPACES) + line + random.choice(SPACES) + random.choice(BREAKS)
    return text if random.random() < 0.8 else text.rstrip("\r\n")


def generate(random, directory, count):
    """Returns the jobs: dictionaries with the two files and the registries to ask for."""
    jobs = []
    for i in range(count):
        place = os.path.join(directory, str(i))
        os.makedirs(place)
        job = {"project": os.path.join(place, ".npmrc"), "user": os.path.join(place, "user.npmrc"),
               "registries": REGISTRIES}
        open(os.path.join(place, "package.json"), "w").write("{}")
        for which in ("project", "user"):
            with open(job[which], "w", encoding="utf-8", newline="") as out:
                out.write(file_text(random))
        jobs.append(job)
    return jobs
