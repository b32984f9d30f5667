"""Who is ours, for tests of logs: `p3@people.example` is the contact 3, and has the Message-ID <ours3@acme.example>."""

from collections.abc import Sequence
from pathlib import Path

from campaign.evidence import Evidence, Unread
from campaign.settle.evidence_file import EvidenceFile
from campaign.settle.logs.reader import MailLogs


class People:
    """An `Ours`."""

    def by_message_id(self, message_id: str) -> int | None:
        name = message_id.lower().strip("<>").removesuffix("@acme.example")
        return int(name[4:]) if name.startswith("ours") and name[4:].isdecimal() else None

    def by_key(self, key: str) -> int | None:
        raise AssertionError("a log has no key")

    def by_relay_id(self, relay_id: str) -> int | None:
        raise AssertionError("a queue id is not unique")

    def by_address(self, address: str) -> int | None:
        raise AssertionError("an address identifies nobody")

    def has_address(self, contact: int, address: str) -> bool:
        return address.lower() == f"p{contact}@people.example"


def read_files(
    files: Sequence[Path], told: list[Unread] | None = None, *, logs: MailLogs | None = None
) -> list[Evidence]:
    """Read them as `settle` does: in the order of their first moments."""
    logs = logs or MailLogs()
    opened = [EvidenceFile(path, tell=(told if told is not None else []).append) for path in files]

    def first(file: EvidenceFile) -> int:
        sample = file.sample()
        assert logs.recognises(file.name, sample)
        moment = logs.first_moment(sample, file.modified())
        assert moment is not None
        return moment

    return [evidence for file in sorted(opened, key=first) for evidence in logs.read(file, People())]
