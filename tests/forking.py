"""For tests of what is forked: that is done only where there is no other thread (`campaign.run.worker_pool`)."""

import sys
import threading

import pytest

_PATIENCE = 10.0
"""Seconds."""


def require_forks() -> None:
    """Wait for the threads that other tests have left to end, as all of them do; skip where nothing is forked."""
    if sys.platform != "linux":
        pytest.skip("only on Linux are processes forked here")
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            thread.join(_PATIENCE)
    left = [thread.name for thread in threading.enumerate() if thread is not threading.current_thread()]
    assert not left, f"a test has left a thread behind that does not end: {left}"
