"""Runs a module as `python -m` does, for as long as somebody holds the other end of its standard input.

    python -m campaign.cluster.leash MODULE ARGUMENT…

When the other end is closed, or whoever held it has died, however that came, the process sends itself one SIGTERM: a
worker drains. It sends none where one has come already, from a supervisor that ends all processes of a machine, since a
second one would stop it at once. What the module itself reads from its standard input is empty. A process that the
module starts is not on the leash.
"""

import os
import runpy
import signal
import sys
import threading
from types import FrameType
from typing import Any


def main(words: list[str]) -> None:
    """Run the module that the first word names, with the others as its arguments."""
    held = os.dup(sys.stdin.fileno())
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, sys.stdin.fileno())
    os.close(nothing)
    signalled = threading.Event()
    _notice_sigterm(signalled)
    threading.Thread(target=_watch, args=(held, signalled), daemon=True).start()
    sys.argv = list(words)
    runpy.run_module(words[0], run_name="__main__", alter_sys=True)


def _watch(held: int, signalled: threading.Event) -> None:
    while os.read(held, 4096):
        pass
    if not signalled.is_set():
        os.kill(os.getpid(), signal.SIGTERM)


def _notice_sigterm(signalled: threading.Event) -> None:
    """Have whatever handler the module sets for SIGTERM notice that one has come."""
    install = signal.signal

    def noticing(number: int, handler: Any) -> Any:
        if number != signal.SIGTERM or not callable(handler):
            return install(number, handler)

        def heard(heard_number: int, frame: FrameType | None) -> None:
            signalled.set()
            handler(heard_number, frame)

        return install(number, heard)

    signal.signal = noticing  # type: ignore[assignment]  # which has no handler but those that are set here


if __name__ == "__main__":
    main(sys.argv[1:])
