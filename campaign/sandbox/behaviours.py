"""What the sandbox does to whom, and how often it has done so.

Behaviours that end after some tries are counted for each address, in a small file, so that a later run (a new process)
goes on where this one ended. Raises SettingsError for a file that is not such a count, ResultsError for a link in
its place, OSError when it can't be written.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from campaign.errors import SettingsError
from campaign.model import Phase
from campaign.private_files import read, replacing


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What the sandbox does to recipients whose local part begins with `prefix`, compared without case."""

    prefix: str
    phase: Phase
    """RCPT or BODY."""
    reply: str | None
    """None: the connection is cut without one."""
    tries: int | None
    """How many tries of an address end so, ever; None: all."""
    meaning: str
    """One line for the help text."""


BEHAVIOURS = (
    Behaviour(
        prefix="unknown.user",
        phase=Phase.RCPT,
        reply="550 5.1.1 No such user here",
        tries=None,
        meaning="no such user: refused for good (550)",
    ),
    Behaviour(
        prefix="greylisted",
        phase=Phase.RCPT,
        reply="451 4.7.1 Greylisted, try again later",
        tries=1,
        meaning="the first try is put off (451), the next one is accepted",
    ),
    Behaviour(
        prefix="busy",
        phase=Phase.RCPT,
        reply="450 4.2.1 Mailbox busy, try again later",
        tries=2,
        meaning="the first two tries are put off (450), the next one is accepted",
    ),
    Behaviour(
        prefix="refused",
        phase=Phase.BODY,
        reply="554 5.7.1 Message refused by the content filter",
        tries=None,
        meaning="refused for good once the message is read (554)",
    ),
    Behaviour(
        prefix="dropped",
        phase=Phase.BODY,
        reply=None,
        tries=None,
        meaning="the connection is dropped after the message, without a reply",
    ),
)


def behaviour_for(address: str) -> Behaviour | None:
    """The behaviour that the address's local part asks for; None for a good recipient."""
    local_part = address.rpartition("@")[0].lower()
    return next((one for one in BEHAVIOURS if local_part.startswith(one.prefix)), None)


class Tries:
    """Counts the tries of each address that ended badly, in a file if there is one. For one process at a time."""

    def __init__(self, file: Path | None, *, fresh: bool = False) -> None:
        """`fresh`: what stands in the file does not count."""
        self._file = file
        self._counts = {} if file is None or fresh else _read(file)

    def strikes(self, behaviour: Behaviour, address: str) -> bool:
        """Whether this try ends as the behaviour says; if so it is counted, on the disk, before this returns."""
        if behaviour.tries is None:
            return True
        key = address.lower()
        count = self._counts.get(key, 0)
        if count >= behaviour.tries:
            return False
        self._counts[key] = count + 1
        if self._file is not None:
            _write(self._file, self._counts)
        return True


def forget(file: Path, gone: Callable[[str], bool]) -> None:
    """Take the addresses out of the file of whom `gone` says so. Raises SettingsError, OSError."""
    counts = _read(file)
    left = {address: count for address, count in counts.items() if not gone(address)}
    if left != counts:
        _write(file, left)


def _write(file: Path, counts: dict[str, int]) -> None:
    with replacing(file) as kept:
        kept.write((json.dumps(counts, indent=1) + "\n").encode("ascii"))


def _read(file: Path) -> dict[str, int]:
    try:
        with read(file) as kept:
            found = json.load(kept)
    except FileNotFoundError:
        return {}
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(type(count) is int for count in found.values()):
        raise SettingsError(
            "the sandbox's memory of earlier tries can't be understood",
            where=str(file),
            fix="delete this file; the sandbox then counts from the beginning",
        )
    return found
