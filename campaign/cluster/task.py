"""The task that a machine of the cluster is given: start one worker as a process, watch it, say how it ended.

`travelling` makes of it what carries its own code, so that neither the scheduler nor a machine has to have this
package to take it in: a machine that lacks it says so. Therefore `work` stands on its own: it imports what it needs
when it runs, and names nothing else of this module. Raises nothing that the worker itself is to blame for; what Dask
raises where code can't be carried from one Python to another reaches the owner as the task's error.

Limits: where the machine's own Dask process is killed, the worker drains (`campaign.cluster.leash`), but nobody hears
its end. A Dask worker that is told to end waits ten seconds for its tasks at most, and leaves ours to drain alone.
"""

import sys
from collections.abc import Callable, Sequence
from typing import Any

Work = Callable[[str, Sequence[str], str, str, str, bool], tuple[str, int, list[str]]]


def work(
    module: str, words: Sequence[str], version: str, key: str, topic: str, aloud: bool
) -> tuple[str, int, list[str]]:
    """Run `python -m module words…` until it ends, or is to end since the task was cancelled or the machine's Dask
    worker goes. `version`: ours; `key`: the task's, told to the `topic` (of Dask's events) once it runs; `aloud`: the
    Dask worker's log has what it prints, too. Gives `ended` with the exit code (negative: the signal that killed it)
    and the last lines that it printed; `no_package` with the Python that lacks ours; or `other_version` with what is
    there.
    """
    import collections
    import contextlib
    import subprocess
    import sys
    import threading

    import distributed

    try:
        import campaign
    except ImportError:
        return "no_package", 0, [sys.executable]
    if campaign.__version__ != version:
        return "other_version", 0, [campaign.__version__]
    machine = distributed.get_worker()

    def is_wanted() -> bool:
        """Whether the machine's Dask worker goes on, and the task is not cancelled there, which no thread hears of."""
        task = machine.state.tasks.get(key)
        return machine.status.name in ("running", "paused") and task is not None and task.state == "executing"

    last: collections.deque[str] = collections.deque(maxlen=20)
    process = subprocess.Popen(  # noqa: S603  # what is run is our own module, by this Python
        [sys.executable, "-m", "campaign.cluster.leash", module, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,  # a Ctrl-C at a terminal is for whoever is to decide, not for the worker
    )
    assert process.stdin is not None
    assert process.stdout is not None

    def hear(lines: Any) -> None:
        for line in lines:
            last.append(line.rstrip())
            if aloud:
                print(line, end="", file=sys.stderr, flush=True)  # noqa: T201

    machine.log_event(topic, key)
    hearing = threading.Thread(target=hear, args=(process.stdout,), daemon=True)
    hearing.start()
    while process.poll() is None:
        if not process.stdin.closed and not is_wanted():
            process.stdin.close()  # lets go of the leash
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.25)
    hearing.join(timeout=5)  # a process that the worker has left behind may hold the pipe
    if not process.stdin.closed:
        process.stdin.close()
    return "ended", process.returncode, list(last)


def travelling() -> Work:
    """Give `work` as a function that is pickled with its code, not by its name."""
    carried: Work = by_value(work)
    return carried


def by_value(thing: Any) -> Any:
    """Give a copy of a function or class of ours that is pickled with its code: it is no longer the one that its
    module has under its name.
    """
    import cloudpickle

    module = sys.modules[thing.__module__]
    cloudpickle.register_pickle_by_value(module)
    try:
        return cloudpickle.loads(cloudpickle.dumps(thing))
    finally:
        cloudpickle.unregister_pickle_by_value(module)
