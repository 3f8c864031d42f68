#!/usr/bin/env python3
"""Holds our npmrc reader against npm's own: `run.py NPMRC_DUMP [--pairs N] [--seed N]`.

Generated pairs of a project's and a user's file are read by tests/formats/npmrc_dump and by npm's `ini`, `@npmcli/config`
and `npm-registry-fetch` (installed on first use, with scripts off, into the cache directory). Compared are, for each file,
the keys and values that ini sees and the credentials with their values; for each pair and registry, which credential is
sent. One check a file and one a pair; differences are printed; the last line is "N passed, N failed".
"""
import argparse
import base64
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

from pathlib import Path

from generate import generate

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../tools"))
from toolchains import install_packages  # noqa: E402


def split_sections(name):
    """ini's splitSections: at dots without a backslash before them."""
    parts, start = [], 0
    for i, char in enumerate(name):
        if char == "." and not (i > 0 and name[i - 1] == "\\"):
            parts.append(name[start:i])
            start = i + 1
    return parts + [name[start:]]


def is_object(value):
    """By JavaScript's typeof, for which null is one: `a.b=null` nests at its dot."""
    return value is None or isinstance(value, dict)


def assemble(lines):
    """Our reader's lines put together as ini does it: duplicates, lists, sections, dots."""
    out = {}
    place = out
    section = None
    for line in lines:
        if line["section"] != section:
            section = line["section"]
            if section == "__proto__":
                place = {}
            else:
                if not out.get(section):
                    out[section] = {}
                place = out[section]
        key, value = line["key"], line["value"]
        if key == "__proto__" or not isinstance(place, dict):
            continue
        if line["appends"] and not isinstance(place.get(key), list):
            place[key] = [place[key]] if key in place else []
        if isinstance(place.get(key), list):
            place[key].append(value)
        else:
            place[key] = value
    moved = []
    for name in list(out):
        if not is_object(out.get(name, "gone")):
            continue
        parts = split_sections(name)
        last = parts.pop()
        plain = last.replace("\\.", ".")
        place = out
        for part in parts:
            if part == "__proto__":
                continue
            if not is_object(place.get(part, "none")):
                place[part] = {}
            place = place[part]
        if place is out and plain == last:
            continue
        place[plain] = out[name]
        moved.append(name)
    for name in moved:
        out.pop(name, None)
    return out


def prune(tree):
    """Sections without a line of their own leave no trace in our lines."""
    if not isinstance(tree, dict):
        return tree
    kept = {key: prune(value) for key, value in tree.items()}
    return {key: value for key, value in kept.items() if value != {}}


FIELDS = ("_authToken", "_auth", "_password")


def usable(text):
    return text not in (None, False, True, "") and not isinstance(text, (list, dict))


def decoded(key, text):
    """The secret in a value as npm understands it, and whether that is a text at all."""
    if key.endswith("_authToken"):
        return str(text)
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
        plain = raw.decode()
    except (ValueError, UnicodeDecodeError):
        return str(text)
    canonical = base64.b64encode(raw).decode().rstrip("=") == text.rstrip("=")
    if not canonical or any(char < " " or char == "\x7f" for char in plain) or (key.endswith("_auth") and ":" not in plain):
        return str(text)
    return plain.split(":", 1)[1] if key.endswith("_auth") else plain


def check_credentials(ours, values):
    """Each credential that @npmcli/config holds under a registry is one of ours with the same value, and no other is."""
    problems = []
    live = {}
    for credential in ours["credentials"]:
        if not credential["inert"] and not credential["commented_out"]:
            live.setdefault(credential["key"], []).append(credential)
    wanted = {key: value for key, value in values.items()
              if key.rsplit(":", 1)[-1] in FIELDS and usable(value) and (":" not in key or key.startswith("//"))}
    for key, value in wanted.items():
        if "<<" in key:
            continue  # the key itself is a reference
        mine = live.get(key)
        last = mine[-1] if mine else None
        host = key[2:].split("/")[0].rsplit(":_", 1)[0]
        if ":" in key and (host != host.lower() or host.endswith(":443")):
            if last:
                problems.append(f"{key}: npm cannot find it, ours is live")
        elif last is None:
            problems.append(f"{key}: missing")
        elif "<<" in str(value) or re.search(r"\$\{[^${}?]+\??\}", str(value)):
            if last["reference"] is None and last["value"] != str(value):
                problems.append(f"{key}: npm expands it, ours is no reference")
        elif last["reference"] is not None or last["value"] != decoded(key, value):
            problems.append(f"{key}: {last['value']!r} instead of {decoded(key, value)!r}")
    for key, mine in live.items():
        # Shadowed ones lost to a later line, which may have set the key to nothing.
        if all(c["shadowed"] for c in mine) or "${" in key:
            continue
        if key.rsplit(":", 1)[-1] in FIELDS and key not in wanted:
            problems.append(f"{key}: npm has no such value")
    return problems


def check_sent(ours, theirs, registries):
    problems = []
    for registry in registries:
        expected = theirs["sent"][registry]
        key = expected["key"]
        if key and key.endswith(":certfile"):
            continue  # ours leaves certificates aside
        if key and key.endswith(":username"):
            key = key[: -len("username")] + "_password"
        mine = ours["sent"][registry]
        credential = ours[mine[0]]["credentials"][mine[1]] if mine else None
        if (credential["key"] if credential else None) != key:
            problems.append(f"{registry}: npm sends {key}, ours {credential and credential['key']}")
        elif credential and credential["reference"] is None and expected["token"] is not None:
            if str(expected["token"]) != credential["value"]:
                problems.append(f"{registry}: another token")
        elif credential and credential["reference"] is None and expected["basic"] is not None:
            if base64.b64decode(expected["basic"]).decode() != credential["username"] + ":" + credential["value"]:
                problems.append(f"{registry}: another user or password")
        if credential and not any(
                c["shadowed_by"] is None and c["key"] == credential["key"] for c in ours[mine[0]]["credentials"]):
            problems.append(f"{registry}: sent, and called shadowed")
    return problems


def empties(theirs):
    """Keys of credentials that one file sets to nothing: no credential, hence not in a Reading (docs/npmrc.md)."""
    return any(key.rsplit(":", 1)[-1] in FIELDS + ("username",) and not usable(value)
               for values in theirs["values"].values() for key, value in values.items())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dump")
    parser.add_argument("--pairs", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="leave the generated files")
    options = parser.parse_args()

    modules = str(install_packages(Path(HERE, "package.json")))
    directory = tempfile.mkdtemp(prefix="npm-oracle-")
    jobs = generate(random.Random(options.seed), directory, options.pairs)
    answers = json.loads(subprocess.run(["node", os.path.join(HERE, "oracle.mjs"), modules], input=json.dumps(jobs),
                                        check=True, capture_output=True, text=True).stdout)
    passed = failed = blanked = refused = 0
    for job, theirs in zip(jobs, answers):
        out = subprocess.run([options.dump, job["project"], job["user"], *job["registries"]], check=True,
                             capture_output=True).stdout
        ours = json.loads(out.decode("utf-8", "surrogatepass"))
        results = []
        for which in ("project", "user"):
            problems = []
            if "error" not in theirs[which]:
                mine, want = prune(assemble(ours[which]["lines"])), prune(theirs[which]["value"])
                if mine != want:
                    problems.append(f"ini: {mine!r}\n     instead of {want!r}")
                if "values" in theirs:
                    problems += check_credentials(ours[which], theirs["values"][which])
            else:
                refused += 1
            results.append((job[which], problems))
        if "values" in theirs:
            if empties(theirs):
                blanked += 1
            else:
                results.append((os.path.dirname(job["project"]), check_sent(ours, theirs, job["registries"])))
        else:
            refused += 1
        for name, problems in results:
            passed += not problems
            failed += bool(problems)
            for problem in problems:
                print(f"{name}: {problem}")
    print(f"{2 * len(jobs)} files; {blanked} pairs not laid over for an empty credential, {refused} that npm refuses")
    if not options.keep and not failed:
        shutil.rmtree(directory)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
