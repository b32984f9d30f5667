"""Who is ours, for tests of logs that may show the return path: contact 3 has the address `p3@people.example`, the
Message-ID <ours3@acme.example> and the key `aaaaaaaaaaaaaaad`.
"""

from collections.abc import Iterable, Sequence

from campaign.evidence import Evidence
from campaign.settle.logs.mail_server import MailServer
from campaign.settle.logs.syslog import SyslogLines

_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
NOW = 1795730000.0


def key_of(contact: int) -> str:
    """Give the contact's key."""
    return "a" * 14 + _LETTERS[contact // 32] + _LETTERS[contact % 32]


def return_path(contact: int) -> str:
    """Give the contact's return path, as `[bounces] verp` makes it."""
    return f"bounces+{key_of(contact)}@acme.example"


class Senders:
    """An `Ours`."""

    def by_message_id(self, message_id: str) -> int | None:
        name = message_id.lower().strip("<>").removesuffix("@acme.example")
        return int(name[4:]) if name.startswith("ours") and name[4:].isdecimal() else None

    def by_key(self, key: str) -> int | None:
        key = key.lower()
        contact = _LETTERS.index(key[-2]) * 32 + _LETTERS.index(key[-1])
        return contact if key == key_of(contact) else None

    def by_relay_id(self, relay_id: str) -> int | None:
        raise AssertionError("a queue id is not unique")

    def by_address(self, address: str) -> int | None:
        raise AssertionError("an address identifies nobody")

    def has_address(self, contact: int, address: str) -> bool:
        return address.lower() == f"p{contact}@people.example"


def told(server: MailServer, lines: Iterable[str]) -> list[Evidence]:
    """Give what a server makes of lines, through everything that `MailLogs` has lines go through."""
    reader = SyslogLines(NOW)
    found: list[Evidence] = []
    for number, line in enumerate(lines, 1):
        entry = reader.entry(line.encode(), f"mail.log:{number}")
        assert entry is not None, line
        if server.is_program(entry.program) and server.may_concern(entry.text.encode()):
            found += server.entry(entry, Senders())
    return found


def short(found: Sequence[Evidence]) -> list[str]:
    """Give kind and contact of each: "accepted 3"."""
    ours = Senders()
    words = []
    for one in found:
        contacts = {
            ours.by_message_id(one.message_id) if one.message_id else None,
            ours.by_key(one.key) if one.key else None,
        }
        (contact,) = contacts - {None}
        words.append(f"{one.kind} {contact}")
    return words
