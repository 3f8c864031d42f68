#!/usr/bin/env python3
"""PyGithub for github_bench.py: the same crawl as github_bare.py, with its pause between requests off.

    github_pygithub.py URL TOKEN THREADS     # in a Python that has PyGithub
"""

import concurrent.futures
import json
import sys

import github


def main() -> int:
    url, token, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
    client = github.Github(base_url=url, auth=github.Auth.Token(token), per_page=100, pool_size=threads, seconds_between_requests=0,
                           retry=None)
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        org = client.get_organization("acme")
        names = []
        for secret in org.get_secrets():
            names.append(secret.name)
            if secret.visibility == "selected":
                names += [repository.full_name for repository in secret.selected_repositories]

        def environment_secrets(environment):  # type: ignore[no-untyped-def]
            return [secret.name for secret in environment.get_secrets()]

        def repository_secrets(repository):  # type: ignore[no-untyped-def]
            """What is found in it, and what is still to be asked: a thread that waited for others could wait for itself."""
            later = [pool.submit(environment_secrets, one) for one in repository.get_environments()]
            return [secret.name for secret in repository.get_secrets()], later

        for first in [pool.submit(repository_secrets, one) for one in org.get_repos(type="all")]:
            found, later = first.result()
            names += found
            for future in later:
                names += future.result()
    print(json.dumps({"rows": len(names)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
