"""Two ways to start the command: from scratch, and forked from a process that has imported it already.

    with Launcher() as launcher:
        sender = launcher.warm("send", str(campaign.path), "--yes", log=log)

A warm start is a fork that runs `campaign.__main__.main()` on its own arguments, in a process group of its own: the
same code as `python -m campaign`, without the half second of imports, of which a hundred kills would spend a minute.
One warm run at a time: the next begins when the last one's leader has ended.
"""

import importlib
import json
import os
import select
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from tests.crashes.sender import Sender, environment, start


class Launcher:
    """Starts runs, and leaves none behind."""

    def __init__(
        self, more: Mapping[str, str] = MappingProxyType({}), *, prefix: Sequence[str] = (), imports: Sequence[str] = ()
    ) -> None:
        """`more`: what the runs find in their environment besides. `prefix`: what their commands begin with, to run
        elsewhere. `imports`: modules that warm runs have imported besides.
        """
        self._more = more
        self._prefix = prefix
        self._senders: list[Sender] = []
        self._process = subprocess.Popen(
            [*prefix, sys.executable, "-m", "tests.crashes.launcher", *imports],
            env=environment() | dict(more),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )

    def cold(self, *arguments: str, log: Path) -> Sender:
        """Start the bare command; both its outputs are appended to `log`."""
        self._senders.append(start(*arguments, log=log, more=self._more, prefix=self._prefix))
        return self._senders[-1]

    def warm(self, *arguments: str, log: Path) -> Sender:
        """The same, without the imports."""
        assert self._process.stdin is not None
        self._kill_what_is_left()
        self._process.stdin.write(json.dumps([str(log), *arguments]).encode() + b"\n")
        pid, ended = self._read(), list[int]()

        def poll() -> int | None:
            if not ended and self._is_readable():
                ended.append(self._read())
            return ended[0] if ended else None

        self._senders.append(Sender(pid, poll, log))
        return self._senders[-1]

    def _kill_what_is_left(self) -> None:
        """Of a test that failed, most likely."""
        for sender in self._senders:
            if sender.poll() is None:
                sender.kill()
        self._senders.clear()

    def _read(self) -> int:
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())

    def _is_readable(self) -> bool:
        assert self._process.stdout is not None
        return bool(select.select([self._process.stdout], [], [], 0)[0])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._kill_what_is_left()
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def _main() -> None:
    import campaign.cli
    import campaign.commands.send
    import campaign.run.runner  # noqa: F401 - what `send` imports when it runs

    for name in sys.argv[1:]:
        importlib.import_module(name)
    for line in sys.stdin.buffer:
        log, *arguments = json.loads(line)
        pid = os.fork()
        if not pid:
            _become_the_command(log, arguments)
        os.setpgid(pid, pid)  # here, too: whoever hears the number may send a signal at once
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _become_the_command(log: str, arguments: list[str]) -> None:
    from campaign.__main__ import main

    os.setpgid(0, 0)
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    sys.argv = ["campaign", *arguments]
    code = 70
    try:
        main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        import traceback

        traceback.print_exc()
        code = 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _main()
