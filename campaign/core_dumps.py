"""No core dump of a process that holds secrets: its memory stays off the disk, and out of a crash reporter.

Takes and gives nothing; holds for this process and for those that it forks. Raises nothing: where a system can't do it,
it is not done. core(5): a limit of 0 keeps files from being written, but not a dump that is piped to a program
(systemd-coredump, apport); that takes PR_SET_DUMPABLE, prctl(2), which also keeps other processes of the same user from
reading the memory. Limits: root may look all the same, and whoever traces us from the start (strace, a debugger) is let
go on, since all passes by them anyway.
"""

import contextlib
import resource
import sys
from pathlib import Path

_PR_SET_DUMPABLE = 4


def switch_off_core_dumps() -> None:
    """Do it; the limit's upper end stays as it is."""
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    if sys.platform == "linux" and not _is_traced():
        with contextlib.suppress(ImportError, OSError, AttributeError):
            import ctypes  # a millisecond, which `--help` does not pay

            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _is_traced() -> bool:
    """Whether somebody traces this process (proc(5)); not, where that can't be told."""
    try:
        return "\nTracerPid:\t0\n" not in Path("/proc/self/status").read_text("ascii", "replace")
    except OSError:
        return False
