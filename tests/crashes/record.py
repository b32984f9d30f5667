"""Who the server has accepted mail for, as a siege asks for it: the judge over every row that a run calls `sent`."""

import json
from pathlib import Path
from typing import Protocol


class Record(Protocol):
    """Of one server, from its start."""

    def count(self) -> int:
        """Give how many messages have been accepted, at once; it may lag behind."""

    def news(self) -> list[str]:
        """Give the recipients of what was accepted since this was last asked. Everything counts that a run may have
        been told of."""


class RecordFile:
    """What the fault server writes down before it says "250"."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        self._count = 0
        self._unasked: list[str] = []

    def count(self) -> int:
        """Read on, and give the number."""
        with self._path.open("rb") as file:
            file.seek(self._read)
            news = file.read()
        end = news.rfind(b"\n") + 1
        self._read += end
        for line in news[:end].splitlines():
            entry = json.loads(line)
            if entry["event"] == "accepted":
                self._unasked += entry["recipients"]
                self._count += len(entry["recipients"])
        return self._count

    def news(self) -> list[str]:
        """Read on, and give those that were not given yet."""
        self.count()
        news, self._unasked = self._unasked, []
        return news
