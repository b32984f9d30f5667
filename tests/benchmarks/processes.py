"""What processes use, by Linux's /proc: processor time in seconds, resident memory in bytes.

A process that is gone reads as nothing, not as an error: it may end between one line and the next.
"""

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

_TICKS = os.sysconf("SC_CLK_TCK")
_INTERVAL = 0.05
"""Seconds between looks at each known process: its last moments may be its largest, and one look takes 0.1 ms."""
_CENSUS = 0.5
"""Seconds between looks for new processes, which takes longer, once the first second is over."""


def cpu_seconds(pid: int) -> float:
    """User and system time of one process, its threads included, its children not."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


def session_cpu_seconds(leader: int) -> float:
    """User and system time of all processes of a session, with what its leader's ended children have used."""
    total = 0.0
    for entry in os.listdir("/proc"):  # noqa: PTH208 - as below
        if entry.isdecimal():
            try:
                fields = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == leader:
                ended = sum(map(int, fields[13:15])) if int(entry) == leader else 0
                total += (int(fields[11]) + int(fields[12]) + ended) / _TICKS
    return total


def machine_busy_seconds() -> float:
    """Time that all cores together have been busy since the machine started, stolen time included."""
    user, nice, system, _idle, _iowait, irq, softirq, steal = Path("/proc/stat").read_text().split()[1:9]
    return sum(map(int, (user, nice, system, irq, softirq, steal))) / _TICKS


def peak_memory(pid: int) -> int:
    """The most that a process has had resident so far (VmHWM), shared pages included; 0 if it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    _, _, peak = status.partition("VmHWM:")
    return int(peak.split(maxsplit=1)[0]) * 1024 if peak else 0


def family(pid: int) -> list[int]:
    """A process and all its descendants, itself first."""
    members = [pid]
    for member in members:  # grows as it goes
        try:
            # Each thread has its own list: the children are those of the thread that started them.
            for thread in os.listdir(f"/proc/{member}/task"):  # noqa: PTH208 - ten times as quick, fifty times a look
                members += map(int, Path(f"/proc/{member}/task/{thread}/children").read_text().split())
        except OSError:
            continue
    return members


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a family of processes used: seconds together, and each member's own peak in bytes, largest first."""

    cpu: float
    peaks: tuple[int, ...]


class Watch:
    """Looks at a family of processes until it is left; ends the family when `limit` seconds are over.

    A process that lives for less than half a second may be missed.
    """

    def __init__(self, pid: int, *, limit: float) -> None:
        self._pid = pid
        self._deadline = time.monotonic() + limit
        self._peaks: dict[int, int] = {}
        self._cpu: dict[int, float] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.expired = False

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def usage(self, waited: float) -> Usage:
        """Give the sum, where `waited` is what the kernel charged for the family members that were waited for."""
        # Whichever is more: the kernel forgets children that nobody waits for, the looks miss each one's last moments.
        return Usage(cpu=max(waited, sum(self._cpu.values())), peaks=tuple(sorted(self._peaks.values(), reverse=True)))

    def _look(self) -> None:
        began = counted = time.monotonic()
        members = family(self._pid)
        while not self._over.wait(_INTERVAL):
            now = time.monotonic()
            if now < began + 1 or now > counted + _CENSUS:
                members, counted = family(self._pid), now
            for member in members:
                self._peaks[member] = max(peak_memory(member), self._peaks.get(member, 0))
                self._cpu[member] = max(cpu_seconds(member), self._cpu.get(member, 0.0))
            if now > self._deadline:
                self.expired = True
                for member in members:
                    _kill(member)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, 9)
    except ProcessLookupError:
        return
