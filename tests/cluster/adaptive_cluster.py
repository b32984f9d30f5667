"""A cluster of this machine's that scales by itself, as `python -m tests.cluster.adaptive_cluster`: prints its address,
and ends with its standard input.
"""

import sys

from distributed import LocalCluster

if __name__ == "__main__":
    with LocalCluster(n_workers=0, threads_per_worker=2, host="127.0.0.1", dashboard_address=None) as cluster:
        cluster.adapt(minimum=0, maximum=3, interval="200ms", wait_count=3, target_duration="500ms")
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
