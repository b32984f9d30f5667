"""What is common to mail servers whose queue ids never come again: Exim's, Sendmail's and OpenSMTPD's.

They are made of the time, the process or chance, so a story may be followed through whatever order files come in, and
over whatever is missing between them. Takes and gives stories of our messages by id and host; memory grows with those
that are open. Raises nothing.
"""

from typing import Generic, TypeVar

S = TypeVar("S")


class UniqueIds(Generic[S]):
    """The part of a `MailServer` that they share."""

    def __init__(self) -> None:
        self._open: dict[bytes, dict[str, S]] = {}

    def knows(self, identifier: bytes) -> bool:
        """Whether a story may be open under that id. Costs next to nothing."""
        return identifier in self._open

    def find(self, identifier: str, host: str) -> S | None:
        """Give the story of that id."""
        stories = self._open.get(identifier.encode())
        return stories.get(host) if stories else None

    def begin(self, identifier: str, host: str, story: S) -> None:
        """A message of ours has that id."""
        self._open.setdefault(identifier.encode(), {})[host] = story

    def end(self, identifier: str, host: str) -> None:
        """No more will be said of it."""
        stories = self._open.get(identifier.encode(), {})
        stories.pop(host, None)
        if not stories:
            self._open.pop(identifier.encode(), None)

    def file_begins(self, moment: int) -> None:
        """Nothing to do."""

    def file_ends(self, moment: int) -> None:
        """Nothing to do."""

    def missed(self, host: str) -> None:
        """Nothing to do."""
