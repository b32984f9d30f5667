"""What whoever reads one kind of evidence is: the protocols that `discovery` and `run/settle.py` know it by.

A reader serves for one run of `settle`, and may keep what it has read of one file for the next: a story that is cut in
two where a log was rotated. It raises nothing for whatever stands in a file: what it can't read is told by
`EvidenceFile.fault`, and the rest goes on. OSError where the file can't be opened.
"""

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from campaign.evidence import Evidence
from campaign.settle.evidence_file import EvidenceFile
from campaign.settle.ours import Ours


class Reader(Protocol):
    """Whoever reads one kind of file."""

    @property
    def source(self) -> str:
        """What people call it: "mail log", "SendGrid events"."""

    def recognises(self, name: str, sample: bytes) -> bool:
        """Whether a file is of this kind, by its name and its first octets (unpacked; at most 64 KiB). No two readers
        say yes to one file.
        """

    def read(self, file: EvidenceFile, ours: Ours) -> Iterator[Evidence]:
        """Give what it shows, line by line. Other people's mail is passed over where telling of it costs anything."""


@runtime_checkable
class LogReader(Reader, Protocol):
    """… whose files tell one story, and are read in the order in which they were written."""

    def first_moment(self, sample: bytes, modified: float) -> int | None:
        """When the file begins, in Unix seconds; None where that can't be told. `modified`: when it was written to
        last, for stamps without a year.
        """


@runtime_checkable
class MessageReader(Reader, Protocol):
    """… that also takes single mails: of a Maildir, or from a mailbox."""

    def read_message(self, octets: bytes, place: str, ours: Ours) -> Iterator[Evidence]:
        """Give what one mail shows. `place`: where a person finds it."""
