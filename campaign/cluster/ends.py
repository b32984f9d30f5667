"""How a worker ended, by what has become of its task: for `campaign.cluster.slots`, in words for a person.

Takes a future of Dask's that is no longer pending. What a task gives back lies on the machine that ran it, so that it
may be lost although it has ended.
"""

from collections.abc import Sequence
from typing import Any

from campaign import __version__
from campaign.cluster.slots import WorkerEnd


def end_of(future: Any) -> WorkerEnd:
    """Say how the worker of a task that is over ended. Raises TimeoutError where the cluster does not tell just now."""
    if future.status == "error":
        error = future.exception()
        if type(error).__name__ == "KilledWorker":
            return WorkerEnd(what="was given up by the cluster: machines that ran it died again and again")
        return WorkerEnd(
            what=f"could not be run: {first_line(error)}",
            fix="have the same Python and Dask on all machines of the cluster",
        )
    if future.status != "finished":
        return WorkerEnd(what="was lost by the cluster")
    try:
        kind, code, lines = future.result(timeout=5)
    except TimeoutError:
        raise
    except Exception as error:  # what it gave lay on a machine that is gone
        return WorkerEnd(what=f"was lost by the cluster: {first_line(error)}")
    return _told(kind, code, lines)


def _told(kind: str, code: int, lines: Sequence[str]) -> WorkerEnd:
    """What the task itself says."""
    if kind == "no_package":
        return WorkerEnd(
            what=f"could not be run: campaign is not installed for {lines[0]} there",
            fix="install it on every machine of the cluster",
        )
    if kind == "other_version":
        return WorkerEnd(
            what=f"could not be run: its machine has campaign {lines[0]}, and this one has {__version__}",
            fix="install the same version on every machine",
        )
    if code == 0:
        return WorkerEnd(what="ended", in_order=True)
    how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
    said, fix = _error_in(lines)
    return WorkerEnd(what=how, said=said, fix=fix)


def _error_in(lines: Sequence[str]) -> tuple[str, str]:
    """Give what a command has said of its end, and what to do: an error has three parts, else the last line is all."""
    said, fix = lines[-1].strip() if lines else "", ""
    for line in lines:
        before, begins, words = line.partition(": ")
        if begins and before == "error":
            said, fix = words.strip(), ""
        elif begins and before.strip() == "to do":
            fix = words.strip()
    return said, fix


def first_line(error: Any) -> str:
    """Give an error of Dask's in one line."""
    return f"{type(error).__name__}: {error}".strip().partition("\n")[0]
