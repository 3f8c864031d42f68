"""Packages from npm's registry for the tests here, in the cache directory: fetched on first use, with scripts off."""
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys


def install(manifest_file, name):
    """The directory that holds the `node_modules` which a package.json asks for."""
    manifest = open(manifest_file, "rb").read()
    versions = (re.sub(r".*@", "", version) for version in json.loads(manifest)["dependencies"].values())
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    target = os.path.join(cache, "tokensweep", "-".join([name, *versions]))
    stamp = os.path.join(target, "installed")
    digest = hashlib.sha256(manifest).hexdigest()
    if os.path.exists(stamp) and open(stamp).read() == digest:
        return target
    os.makedirs(target, exist_ok=True)
    shutil.copy(manifest_file, target)
    subprocess.run(["npm", "install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
                   cwd=target, check=True, stdout=sys.stderr)
    open(stamp, "w").write(digest)
    return target
