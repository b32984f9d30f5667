"""A cluster of this machine's, as `python -m tests.cluster.adaptive_cluster MACHINES`: prints its address, scales by
itself from the first line of its standard input on, and ends with it. Each machine has two threads.
"""

import sys

from distributed import LocalCluster

if __name__ == "__main__":
    count = int(sys.argv[1])
    with LocalCluster(
        n_workers=count, threads_per_worker=2, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    ) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.readline()
        cluster.adapt(minimum=0, maximum=3, interval="200ms", wait_count=2)
        sys.stdin.read()
