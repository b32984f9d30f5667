"""The server in a process of its own: for tests that kill the sender, and for measuring it alone.

with ServerProcess(record, "--misbehave", "rcpt_greylist,share=2") as server:
    ... deliver to server.host, server.port; kill the sender at will ...
accepted = read_record(record).accepted
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.smtp_server.server import HOST

_ROOT = Path(__file__).parents[2]


class ServerProcess:
    """`options` as `python -m tests.smtp_server --help` lists them. It ends with the process that started it."""

    def __init__(self, record: Path, *options: str, host: str = HOST, prefix: Sequence[str] = ()) -> None:
        """`prefix`: what its command begins with, to run on the machine that has the address `host`."""
        self.host = host
        self.port = 0
        self.record = record
        self._options = options
        self._prefix = prefix
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        record = ("--record", str(self.record.absolute()))
        command = [sys.executable, "-m", "tests.smtp_server", *record, "--host", self.host, *self._options]
        self._process = subprocess.Popen(
            [*self._prefix, *command], cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            failure = RuntimeError("the server's process did not start; see its stderr")
            self.__exit__(RuntimeError, failure, None)
            raise failure
        self.port = int(line)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.terminate()  # a forked child of ours may still hold the other end of its stdin
        self._process.stdout.close()
        if self._process.wait() != 0 and error is None:
            raise RuntimeError("the server's process ended badly; see its stderr")
