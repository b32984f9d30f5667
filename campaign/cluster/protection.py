"""Keeps a cluster that scales by itself from closing a machine on which a worker of ours is at work.

Dask's adaptive scaling counts threads. A cluster that has grown for others' tasks may find that ours fit onto fewer
machines, and close some that are busy: harmless, since the worker drains and is placed elsewhere, but a waste. A plugin
of the scheduler can say which machines are not to be closed (`SchedulerPlugin.valid_workers_downscaling`). It carries
its own code, as the task does, and protects nobody once our tasks have ended.
"""

from typing import Any

from campaign.cluster.task import by_value

NAME = "campaign-work"
"""What the keys of our tasks begin with, and the plugin's own name."""


def protection() -> Any:
    """Give the plugin, for `Client.register_plugin`."""
    return by_value(_plugin_class())()


def _plugin_class() -> Any:
    from distributed.diagnostics.plugin import SchedulerPlugin

    class Protection(SchedulerPlugin):
        """Those without a task of ours may be closed."""

        name = "campaign-work"
        idempotent = True

        def valid_workers_downscaling(self, scheduler: Any, workers: list[Any]) -> list[Any]:
            """Take out the machines that are busy with our tasks."""
            return [one for one in workers if not any(str(task.key).startswith(self.name) for task in one.processing)]

    return Protection
