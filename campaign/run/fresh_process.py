"""A worker process that shares nothing with its parent: where a fork is not safe, or the parent is somebody else's.

Like `multiprocessing`'s "spawn", but for one thing: that imports the parent's script, and so does all that stands in it
once more, unless its author has put it under `if __name__ == "__main__"`. Here the script is left alone. In goes a
connection, which the process serves; it has the parent's import path and environment.
"""

import subprocess
import sys
from multiprocessing import spawn
from multiprocessing.connection import Connection

_SERVE = """
import sys
from multiprocessing.connection import Connection
pipe = Connection(int(sys.argv[1]))
sys.path[:] = pipe.recv()
from campaign.run.worker_pool import serve
serve(pipe)
"""


class FreshProcess:
    """The process, by the names that `multiprocessing.Process` has for the same."""

    def __init__(self, theirs: Connection, ours: Connection) -> None:
        """Begin it. `theirs` is its end of a pipe, `ours` the other one. Raises OSError."""
        python, end = spawn.get_executable(), theirs.fileno()
        # -P: what lies in the working directory is no module of Python's.
        command = [python, *subprocess._args_from_interpreter_flags(), "-P", "-c", _SERVE, str(end)]  # type: ignore[attr-defined]
        self._process = subprocess.Popen(command, pass_fds=(end,), stdin=subprocess.DEVNULL)  # noqa: S603 - it is us
        ours.send([str(one) for one in sys.path])

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def exitcode(self) -> int | None:
        """How it ended, -N by signal N; None while it goes on."""
        return self._process.poll()

    def join(self) -> None:
        """Wait until it has ended."""
        self._process.wait()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
