"""Runs a module as `python -m` does, for as long as somebody holds the other end of its standard input.

    python -m campaign.cluster.leash MODULE ARGUMENT…

When the other end is closed, or whoever held it has died, however that came, the process sends itself one SIGTERM: a
worker drains. It is sent once only, since a second one would stop it at once. What the module itself reads from its
standard input is empty. A process that the module starts is not on the leash.
"""

import os
import runpy
import signal
import sys
import threading


def main(words: list[str]) -> None:
    """Run the module that the first word names, with the others as its arguments."""
    held = os.dup(sys.stdin.fileno())
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, sys.stdin.fileno())
    os.close(nothing)
    threading.Thread(target=_watch, args=(held,), daemon=True).start()
    sys.argv = list(words)
    runpy.run_module(words[0], run_name="__main__", alter_sys=True)


def _watch(held: int) -> None:
    while os.read(held, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main(sys.argv[1:])
