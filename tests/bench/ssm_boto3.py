#!/usr/bin/env python3
"""boto3 for ssm_bench.py: lists the parameters of one region, and reads their values in tens by threads.

    ssm_boto3.py URL THREADS     # in a Python that has boto3, with AWS' variables set
"""

import concurrent.futures
import json
import sys

import boto3
import botocore.config


def main() -> int:
    url, threads = sys.argv[1], int(sys.argv[2])
    config = botocore.config.Config(max_pool_connections=threads, retries={"mode": "standard", "total_max_attempts": 10})
    ssm = boto3.client("ssm", endpoint_url=url, config=config)
    values = 0
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        names, pending = [], []
        for page in ssm.get_paginator("describe_parameters").paginate(PaginationConfig={"PageSize": 50}):
            names += [row["Name"] for row in page["Parameters"]]
            while len(names) >= 10:
                pending.append(pool.submit(ssm.get_parameters, Names=names[:10], WithDecryption=True))
                names = names[10:]
        if names:
            pending.append(pool.submit(ssm.get_parameters, Names=names, WithDecryption=True))
        for future in pending:
            values += len(future.result()["Parameters"])
    print(json.dumps({"rows": values}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
