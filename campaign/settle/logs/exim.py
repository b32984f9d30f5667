"""Exim's main log: a message is taken with `<=`, delivered with `=>`, given up for good with `**`.

    1xWhgB-0004XS-2g <= bounces@acme.example H=(mailer) [192.0.2.9] P=esmtp S=336 id=m0@acme.example
    1xWhgB-0004XS-2g => anna@example.org R=dnslookup T=remote_smtp H=mx.example.org [198.51.100.7] C="250 OK"
    1xWhgB-0004XS-2g ** anna@example.org R=dnslookup T=remote_smtp: … 550 5.1.1 no such user
    1xWhgB-0004XS-2g Completed

In: entries of its log, whichever way they were written; its ids have 16 characters, since 4.97 23. Out: `Evidence`.
Raises nothing. Every step is linear in the line.

`<=` is proof (receive.c): it is written when both files of the message are on the disk and the sender is still there,
just before the reply; where the body was cut off, or the sender has gone, it is not. `(=` is not: the sender was told
that the message is refused (`control = fakereject`). `==` is a deferral and proves nothing more. What a stranger may
choose (the name in HELO, the subject, the quoted part of an address, a certificate's name) stands in a line as well;
so a Message-ID is taken only from the place where Exim writes it: behind `S=` and single words, with nothing behind it
but a subject, the sender and the recipients. A line that has ` id=` twice proves nothing.

Where it was killed between the two files and the line, the message is delivered later without any `<=`; so it is where
the log begins later. Then only a key is proof, in `=> anna@example.org F=<…+KEY@…>` (`+sender_on_delivery`).

`**` counts where the address is the contact's. Where an alias of the relay's own made other addresses of it, the
message has bounced if it is completed without any delivery, and nothing of that is missing.
Limits: of a line that was cut in several for syslog (`[1/2]`), nothing is read.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from campaign.evidence import Evidence, EvidenceKind
from campaign.settle.logs import whose
from campaign.settle.logs.entry import LogEntry
from campaign.settle.logs.unique_ids import UniqueIds
from campaign.settle.logs.whose import OurMessage
from campaign.settle.ours import Ours

_SOURCE = "Exim log"
_MESSAGE = r"[0-9A-Za-z]{6}-(?:[0-9A-Za-z]{6}-[0-9A-Za-z]{2}|[0-9A-Za-z]{11}-[0-9A-Za-z]{4})"
"""Exim's own id of a message, old and new."""
_HEAD = (
    r"(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{3})? (?:[+-]\d{4} )?)?"  # its own stamp, within syslog's
    r"(?:\[\d{1,10}\] )?"  # log_selector = +pid
    rf"({_MESSAGE}) (<= |=> |-> |>> |\*\* |Completed)"
)
_line = re.compile(_HEAD).match
_octets = re.compile(_HEAD.encode()).match
_BEFORE_ID = re.compile(r"\d+(?: (?:[A-Z][A-Z0-9]{0,9}=[^\s\"]+|ARC))*").fullmatch
"""S=, and what may follow it: M8S=, DKIM=, ARC, RT=, Q=."""
_SUBJECT = re.compile(r'"(?:[^"\\]|\\.)*"')
_BEHIND = re.compile(r"(?: from <[^\s\"<>]*>)?(?: for(?: [^\s\"@]+@[^\s\"]+)+)?").fullmatch
"""log_selector = +received_sender +received_recipients."""
_PLAIN = re.compile(r"([^\s\"|/<>(][^\s\"<>(]*?)(?: \([^()]*\))?(?: <([^\s\"<>]+)>)?(?=: | [A-Z]+=|$)")
"""An address, those between it and the recipient, the recipient where that is another."""
_COMMAND = re.compile(r"[|/][^<>]*<([^\s\"<>]+)>(?=: | [A-Z]+=|$)")
"""A pipe or a file, and the recipient."""
_SENDER = re.compile(r" F=<([^\s<>\"]+)>")
"""log_selector = +sender_on_delivery, behind the addresses."""
_GAP = 600
"""Seconds between two files after which one may be missing between them."""
_NOWHERE = frozenset({":blackhole:", "blackhole", "discarded"})


@dataclass(slots=True)
class _Story:
    """A message of ours on its way."""

    message: OurMessage
    gaps: int
    """How many gaps there were between files when it began; -1 where its beginning was not seen."""
    delivered: bool = False
    """To whomever."""
    failed: Evidence | None = None
    """What counts if nothing is delivered."""


class Exim(UniqueIds[_Story]):
    """A `MailServer`: Exim, of any number of hosts."""

    def __init__(self) -> None:
        super().__init__()
        self._gaps, self._read_until = 0, 0

    def file_begins(self, moment: int) -> None:
        """A file may be missing before this one."""
        if self._read_until and moment - self._read_until > _GAP:
            self._gaps += 1

    def file_ends(self, moment: int) -> None:
        """So far everything was seen."""
        self._read_until = max(self._read_until, moment)

    @staticmethod
    def is_program(program: str) -> bool:
        """Whether it is `exim`, `exim4` and the like: its tag can be set, but hardly ever is (`syslog_processname`)."""
        return program.startswith("exim")

    def may_concern(self, text: bytes) -> bool:
        """Whether a message arrives, or one of ours goes on."""
        line = _octets(text)
        return line is not None and (line[2] == b"<= " or self.knows(line[1]) or b" F=<" in text)

    def entry(self, entry: LogEntry, ours: Ours) -> Iterable[Evidence]:
        """Give what a line proves."""
        line = _line(entry.text)
        if line is None:
            return ()
        message, flag = line.group(1, 2)
        rest = entry.text[line.end() :]
        if flag == "<= ":
            return self._arrival(entry, message, rest, ours)
        story = self.find(message, entry.host)
        if flag == "Completed":
            self.end(message, entry.host)
            if story is None or story.failed is None or story.delivered or story.gaps != self._gaps:
                return ()
            return (story.failed,)
        is_failure = flag == "** "
        if story is not None and not is_failure:
            story.delivered = True
        plain = _PLAIN.match(rest)
        found = plain or _COMMAND.match(rest)
        if found is None:
            return ()
        story = story or self._without_arrival(entry, message, _SENDER.match(rest, found.end()), ours)
        if story is None:
            return ()
        address, recipient = plain[1] if plain else "", found[found.lastindex or 1]
        its_own = "@" in address and ours.has_address(story.message.contact, address)
        if not (its_own or ours.has_address(story.message.contact, recipient)):
            return ()
        if is_failure:
            words = rest[found.end() :].partition(": ")[2]
            return _failure(story, story.message.bounced(entry, message, _SOURCE, words), its_own=its_own)
        if address in _NOWHERE:
            return ()
        return (story.message.evidence(EvidenceKind.DELIVERED, entry, message, _SOURCE),)

    def _arrival(self, entry: LogEntry, message: str, rest: str, ours: Ours) -> Iterable[Evidence]:
        sender = rest.partition(" ")[0]
        found = whose.find(ours, message_id=_message_id(rest), sender=sender)
        if found is None:
            return ()
        self.begin(message, entry.host, _Story(found, self._gaps))
        return (found.evidence(EvidenceKind.ACCEPTED, entry, message, _SOURCE),)

    def _without_arrival(
        self, entry: LogEntry, message: str, sender: re.Match[str] | None, ours: Ours
    ) -> _Story | None:
        found = whose.find(ours, sender=sender[1]) if sender else None
        if found is None:
            return None
        story = _Story(found, -1)
        self.begin(message, entry.host, story)
        return story


def _failure(story: _Story, evidence: Evidence, *, its_own: bool) -> Iterable[Evidence]:
    """Of the contact's own address at once; of another, when the story ends."""
    if its_own:
        return (evidence,)
    story.failed = evidence
    return ()


def _message_id(rest: str) -> str:
    """Give the Message-ID of an arrival, from its fixed place; nothing where it is not sure."""
    head, has_subject, tail = rest.partition(" T=")
    before, has_id, behind = head.partition(" id=")
    if not has_id or " id=" in behind or _BEFORE_ID(before.rpartition(" S=")[2]) is None:
        return ""
    message_id, _, _ = behind.partition(" ")
    behind = behind[len(message_id) :]
    if has_subject:
        subject = _SUBJECT.match(tail)
        if behind or subject is None:
            return ""
        behind = tail[subject.end() :]
    return message_id if _BEHIND(behind) else ""
