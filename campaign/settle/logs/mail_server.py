"""`MailServer`: what a kind of mail server makes of its log's lines, as `MailLogs` asks it. Raises nothing."""

from collections.abc import Iterable
from typing import Protocol

from campaign.evidence import Evidence
from campaign.settle.logs.entry import LogEntry
from campaign.settle.ours import Ours


class MailServer(Protocol):
    """One kind of mail server, over all files."""

    def is_program(self, program: str) -> bool:
        """Whether lines with that syslog tag are its own."""

    def may_concern(self, text: bytes) -> bool:
        """Whether a line with this text may be about a message of ours. It is asked for every line of every log, other
        programs' too, so it must cost next to nothing; what it refuses is not parsed.
        """

    def entry(self, entry: LogEntry, ours: Ours) -> Iterable[Evidence]:
        """Take a line of its own that may concern us; no other is handed on, so a log of other programs, or of warnings
        alone, is none of its.
        """

    def file_begins(self, moment: int) -> None:
        """A file begins; its first line is of that moment. Files come in the order of these."""

    def file_ends(self, moment: int) -> None:
        """The file has ended with a line of that moment."""

    def missed(self, host: str) -> None:
        """The log itself says that lines of the host's were dropped."""
