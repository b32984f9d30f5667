"""OpenSMTPD's log: it names no Message-ID, so a message is ours where the key is in its return path (`[bounces] verp`).

    ae57ed038588b218 smtp message msgid=af42b71d size=295 nrcpt=1 proto=ESMTP
    ae57ed038588b218 smtp envelope evpid=af42b71dc4eac6ad from=<bounces+KEY@acme.example> to=<anna@example.org>
    ae57ed04a95009da mta delivery evpid=af42b71dc4eac6ad from=<…> to=<…> rcpt=<-> source="…" relay="…" delay=1s
        result="Ok" stat="250 2.0.0 …"                                   (one line)
    relay: Expire for af42b71dc4eac6ad: from=<…>, to=<…>, rcpt=<->, delay=4d, stat=Envelope expired

In: entries of `smtpd`, of OpenSMTPD 6.4 (2018) and later; what came before had other lines. Out: `Evidence`. Raises
nothing. The first two lines are written when the queue has committed the message, after the reply was put on its way
(smtp_session.c): proof. They stand together; an envelope without its message proves nothing here.
Of deliveries, `result="Ok"`, `"PermFail"` and `Expire` count, `"TempFail"` does not. A message has bounced where the
address given up is the contact's own, not one that an alias of the relay's made of it.
Limits: without `verp` it proves nothing: the id in its reply has 32 bits, and other relays have the same.
"""

import re
from collections.abc import Iterable

from campaign.evidence import Evidence, EvidenceKind
from campaign.settle.logs import whose
from campaign.settle.logs.entry import LogEntry
from campaign.settle.logs.unique_ids import UniqueIds
from campaign.settle.ours import Ours

_SOURCE = "OpenSMTPD log"
_ADDRESS = r"<([^<>\s]*)>"
_begins = re.compile(rb"[0-9a-f]{16} (?:smtp (?:message|envelope)|m[td]a delivery) |(?:relay|delivery): Expire").match
_MESSAGE = re.compile(r"([0-9a-f]{16}) smtp message msgid=([0-9a-f]{8}) size=\d+ nrcpt=\d+ ")
_ENVELOPE = re.compile(rf"([0-9a-f]{{16}}) smtp envelope evpid=([0-9a-f]{{16}}) from={_ADDRESS} to={_ADDRESS}$")
_DELIVERY = re.compile(
    rf"[0-9a-f]{{16}} m[td]a delivery evpid=([0-9a-f]{{16}}) from={_ADDRESS} to={_ADDRESS}(?: rcpt={_ADDRESS})? "
    r"(?:source=\"[^\"]*\" relay=\"[^\"]*\" |user=\S+ (?:method=\S+ )?)delay=\S+ "
    r"result=\"?(Ok|PermFail)\"? stat=\"?(.*?)\"?$",
    re.DOTALL,
)
_EXPIRED = re.compile(
    rf"(?:delivery|relay): Expire for ([0-9a-f]{{16}}): from={_ADDRESS}, to={_ADDRESS}, rcpt={_ADDRESS}, "
    r"delay=[^\s,]+, stat=(.*)$",
    re.DOTALL,
)


class OpenSMTPD(UniqueIds[None]):
    """A `MailServer`: OpenSMTPD, of any number of hosts. It follows no stories: each line says whose message it is."""

    def __init__(self) -> None:
        super().__init__()
        self._taken: dict[str, tuple[str, str]] = {}
        """By host: the message that it took last, as session and id."""

    @staticmethod
    def is_program(program: str) -> bool:
        """Whether it is `smtpd`; Postfix's has more before it."""
        return program == "smtpd"

    def may_concern(self, text: bytes) -> bool:
        """Whether it tells of a message that was taken or handed on, or of an envelope."""
        return _begins(text) is not None

    def entry(self, entry: LogEntry, ours: Ours) -> Iterable[Evidence]:
        """Give what a line proves."""
        text = entry.text
        if text.startswith("smtp ", 17):
            if message := _MESSAGE.match(text):
                self._taken[entry.host] = (message[1], message[2])
            elif envelope := _ENVELOPE.match(text):
                return self._envelope(entry, envelope, ours)
        elif text.startswith(" delivery evpid=", 20) and (delivery := _DELIVERY.match(text)):
            return _delivery(entry, delivery, ours)
        elif text.startswith(("relay: Expire", "delivery: Expire")) and (expired := _EXPIRED.match(text)):
            found = whose.find(ours, sender=expired[2])
            if found is not None and ours.has_address(found.contact, expired[3]):
                return (found.bounced(entry, expired[1], _SOURCE, expired[5]),)
        return ()

    def _envelope(self, entry: LogEntry, envelope: re.Match[str], ours: Ours) -> Iterable[Evidence]:
        session, number, sender, _ = envelope.groups()
        if self._taken.get(entry.host) != (session, number[:8]):
            return ()
        found = whose.find(ours, sender=sender)
        return () if found is None else (found.evidence(EvidenceKind.ACCEPTED, entry, number, _SOURCE),)


def _delivery(entry: LogEntry, delivery: re.Match[str], ours: Ours) -> Iterable[Evidence]:
    number, sender, to, recipient, result, words = delivery.groups()
    found = whose.find(ours, sender=sender)
    if found is None:
        return ()
    its_own = ours.has_address(found.contact, to)
    if result == "Ok" and (its_own or (recipient and ours.has_address(found.contact, recipient))):
        return (found.evidence(EvidenceKind.DELIVERED, entry, number, _SOURCE),)
    if result == "PermFail" and its_own:
        return (found.bounced(entry, number, _SOURCE, words),)
    return ()
