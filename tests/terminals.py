"""The real command on a terminal of its own."""

import os
import pty
import subprocess
import sys
from collections.abc import Mapping


def run_on_a_terminal(
    *words: str, environment: Mapping[str, str] | None = None, answer: bytes = b""
) -> tuple[int, bytes]:
    """Give its exit code, and all that it wrote. `environment`: what it finds there; None: what we do. `answer`: what
    is typed once it asks.
    """
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "campaign", *words], stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    )
    os.close(theirs)
    said = b""
    try:
        while data := os.read(ours, 65536):
            said += data
            if answer and b"[y/N]" in said:
                os.write(ours, answer)
                answer = b""
    except OSError:  # how Linux says that the other end is closed
        pass
    os.close(ours)
    return process.wait(30), said
