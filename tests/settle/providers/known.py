"""The five people of the samples, as `Ours` knows them, and what a reader says of a file."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from campaign.evidence import Evidence, Unread
from campaign.message import MessageIds
from campaign.message.contact_key import ContactKeys
from campaign.settle.evidence_file import EvidenceFile
from campaign.settle.index import PeopleIndex
from campaign.settle.providers.reader import provider_readers

SAMPLES = Path(__file__).parent / "samples"
PEOPLE = ("ada", "bob", "cyd", "dot", "eve")
IDS, KEYS = MessageIds("autumn", "acme.example"), ContactKeys(b"salt")
KEY = {name: KEYS(f"{name}@engine.example") for name in PEOPLE}
MESSAGE_ID = {name: IDS(f"{name}@engine.example") for name in PEOPLE}


def _everybody() -> Iterator[Sequence[tuple[int, str, str]]]:
    yield [(number, f"{name}@engine.example", _REPLIES.get(name, "")) for number, name in enumerate(PEOPLE, 1)]
    yield [(6, "fay@xn--mnchen-3ya.example", "")]


_REPLIES = {
    "ada": "Ok 0102019a1c3d4e5f-1a2b3c4d-0000-4000-8000-000000000001-000000",
    "bob": "Ok: queued as nhImbobN9SFOPcT0ii4nt2A",
}
OURS = PeopleIndex(_everybody, message_id=IDS, key=KEYS)


def whose(evidence: Evidence) -> str:
    """Find who it is about, as `settle` does; "" for nobody of ours."""
    for value, find in (
        (evidence.key, OURS.by_key),
        (evidence.message_id, OURS.by_message_id),
        (evidence.relay_id, OURS.by_relay_id),
    ):
        if value and (number := find(value)) is not None:
            return PEOPLE[number - 1]
    return ""


def read(path: Path) -> tuple[str, list[Evidence], list[Unread]]:
    """Give who reads a file, what it shows, and what was told."""
    told: list[Unread] = []
    file = EvidenceFile(path, tell=told.append)
    readers = [one for one in provider_readers() if one.recognises(path.name, file.sample())]
    assert len(readers) <= 1, "two readers say yes to one file"
    found = [evidence for reader in readers for evidence in reader.read(file, OURS)]
    return (readers[0].source if readers else ""), found, told
