"""Workers placed by a Dask cluster: one long-running task a worker, each of which has a machine of the cluster run
`campaign work`, and watches it.

    run/ ─▶ ClusterWorkers ─▶ slots.py (who is to be placed) ─▶ Dask's scheduler ─▶ task.py on a machine ─▶ leash.py

What goes through the scheduler: the ledger's address without a password, the campaign's name, the worker's name, our
version; back come an exit code and the last lines that the worker printed. A machine's own environment has its secrets.

A task may run twice, on two machines at once: Dask runs it again when it has lost sight of a machine. That makes one
worker more for a while, and harms nobody, since the ledger gives each row to one worker only. This room knows neither
the ledger nor settings. Raises UsageError (`campaign.errors`) before anything is placed; nothing later.
"""

from campaign.cluster.workers import ClusterWorkers

__all__ = ["ClusterWorkers"]
