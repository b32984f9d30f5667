r"""Postfix's log as evidence: what it took, what it handed on, what it gave up.

    cleanup  4F2A1B: message-id=<…>                                 a story begins, if the Message-ID is ours
    qmgr     4F2A1B: from=<…>, size=1234, nrcpt=1 (queue active)    it was taken
    smtp     4F2A1B: to=<…>, relay=…, …, dsn=…, status=sent (…)     handed on; `bounced`: given up; `deferred`: waits
    qmgr     4F2A1B: from=<…>, status=expired, returned to sender   given up
    qmgr     4F2A1B: removed                                        the story ends

cleanup(8) logs the Message-ID as that header passes, before the message is committed: the line stands there for an
aborted body and for a refusal at its end, too, and proves nothing. The queue manager opens committed files alone, so
its line, or a delivery agent's, proves it. What is held is taken once it is released, and the queue manager sees it.
What a filter discards gets its 250, and no such line: that stays in doubt. Queue ids come again (but for long ones), so
a story ends where anybody else has its id. Fields are read at their places from the left, up to another server's words.

Given up is a contact's message only where the line names the contact's address, `to` or `orig_to`. Where it is but
`orig_to`, an alias of the relay's own, it was given up if it is removed and nobody has got it: an alias may stand for
several people.
"""

import re
from collections.abc import Iterable

from campaign.evidence import Evidence, EvidenceKind
from campaign.settle.logs.entry import LogEntry
from campaign.settle.logs.stories import Origin, Stories, Story
from campaign.settle.ours import Ours
from campaign.settle.quoted import quoted

_SOURCE = "Postfix log"
_MESSAGE_ID = b": message-id="
_LONGEST_ID = 32
_ID = re.compile(r"[0-9A-Za-z]{5,32}")
_LONG_ID = re.compile(r"[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,}z[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-y]+")
"""`enable_long_queue_ids`: digits and consonants, the time before the z, the inode after it (mail_queue.h)."""
_ACTIVE = re.compile(r"from=<[^>]+>, size=\d+, nrcpt=\d+ \(queue active\)$")
"""Mail from <> is a bounce, and none of ours."""
_EXPIRED = re.compile(r"from=<[^>]*>, status=(?:force-)?expired, returned to sender$")
_DELIVERY = re.compile(
    r"to=<([^>]*)>, (?:orig_to=<([^>]*)>, )?relay=[^,]*, (?:(?!dsn=|status=)[a-z_]+=[^,]*, )*"
    r"(?:dsn=(\d\.\d{1,3}\.\d{1,3}), (?:(?!dsn=|status=)[a-z_]+=[^,]*, )*)?status=([A-Za-z]+)(?: \((.*?)\)?)?$",
    re.DOTALL,
)
"""What lies between are delays, and more in later versions (log_adhoc.c). Syslog may have cut the words' end off."""
_SAID = re.compile(r"host [^ ]{1,512} said: ([245]\d\d)[ -]")
_AGENTS = frozenset(("smtp", "lmtp", "local", "virtual", "pipe", "error", "retry", "discard"))
_QUEUE_MANAGERS = frozenset(("qmgr", "nqmgr", "oqmgr"))
_WAITS = ("deferred", "SOFTBOUNCE")
_PROGRAMS = _AGENTS | _QUEUE_MANAGERS | {"cleanup", "smtpd", "pickup", "postsuper", "qmqpd"}
_ENDS = {
    "cleanup": ("milter-reject:", "milter-discard:", "reject:", "discard:"),  # nothing of it is kept
    "smtpd": ("client=",),
    "qmqpd": ("client=",),
    "pickup": ("uid=",),
    "postsuper": ("removed", "requeued"),
}
"""What says of an id that it is free, or somebody else's."""


class Postfix:
    """A `MailServer`: Postfix, of any number of hosts and instances."""

    def __init__(self) -> None:
        self._stories = Stories()
        self.file_begins = self._stories.file_begins
        self.file_ends = self._stories.file_ends
        self.missed = self._stories.missed

    @staticmethod
    def is_program(program: str) -> bool:
        """Whether it is `postfix/cleanup` and the like, under whatever `syslog_name`."""
        _, slash, service = program.rpartition("/")
        return bool(slash) and service in _PROGRAMS

    def may_concern(self, text: bytes) -> bool:
        """Whether it has a Message-ID, or begins with an id that is open."""
        end = text.find(b":", 0, _LONGEST_ID + 1)
        return end > 0 and (text.startswith(_MESSAGE_ID, end) or self._stories.knows(text[:end]))

    def entry(self, entry: LogEntry, ours: Ours) -> Iterable[Evidence]:
        """Take a line."""
        name, _, service = entry.program.rpartition("/")
        origin = (entry.host, name.partition("/")[0])
        identifier, colon, rest = entry.text.partition(": ")
        if not colon or not _ID.fullmatch(identifier):
            return ()
        key = identifier.encode()
        self._stories.seen(origin)
        self._stories.passes(entry.host, entry.moment)
        if service == "cleanup" and rest.startswith("message-id="):
            self._begin(key, origin, entry, rest.removeprefix("message-id="), ours)
            return ()
        story = self._stories.find(key, origin, entry.moment)
        if story is None:
            return ()
        if rest.startswith(_ENDS.get(service, ())):
            self._stories.close(key, origin, entry.moment)
            return ()
        certain = self._stories.is_certain(story, origin)
        if service in _QUEUE_MANAGERS and rest == "removed":
            self._stories.close(key, origin, entry.moment)
            nobody_got_it = not story.delivered and (not story.is_alias or self._stories.is_whole(story, origin))
            return (story.failed or story.expired) if certain and nobody_got_it else ()
        line = _Line(entry, identifier, origin, story)
        if service in _QUEUE_MANAGERS:
            return _managed(line, rest) if certain else ()
        found = _DELIVERY.match(rest) if service in _AGENTS else None
        if found is None:
            return ()
        recipient, original, enhanced, status, detail = found.groups("")
        named = [one for one in (original, recipient) if one and ours.has_address(story.contact, one)]
        if named:
            self._stories.confirm(story, origin)
        elif not certain:
            return ()
        is_alias = bool(named) and not ours.has_address(story.contact, recipient)
        return _delivered(line, named[0] if named else "", enhanced, status, detail, is_alias=is_alias)

    def _begin(self, key: bytes, origin: Origin, entry: LogEntry, message_id: str, ours: Ours) -> None:
        contact = ours.by_message_id(message_id)
        if contact is None:
            self._stories.close(key, origin, entry.moment)
            return
        unique = _LONG_ID.fullmatch(key.decode()) is not None
        self._stories.open(key, origin, contact=contact, message_id=message_id, moment=entry.moment, unique=unique)


class _Line:
    """A line about a message of ours, to make evidence of."""

    def __init__(self, entry: LogEntry, identifier: str, origin: Origin, story: Story) -> None:
        self.entry, self.identifier, self.origin, self.story = entry, identifier, origin, story

    def evidence(
        self, kind: EvidenceKind, recipient: str = "", enhanced: str = "", detail: str = ""
    ) -> tuple[Evidence, ...]:
        """What it shows."""
        if kind is EvidenceKind.ACCEPTED and self.story.accepted:
            return ()
        self.story.accepted = True
        code = _SAID.match(detail)
        return (
            Evidence(
                kind=kind,
                moment=self.entry.moment,
                id=f"{'/'.join(filter(None, self.origin))}/{self.identifier}/{self.entry.moment}/{kind}",
                source=_SOURCE,
                place=f"{self.entry.place}, queue id {self.identifier}",
                message_id=self.story.message_id,
                recipient=recipient,
                code=int(code[1]) if code else None,
                enhanced=enhanced,
                detail=quoted(detail),
            ),
        )


def _managed(line: _Line, rest: str) -> Iterable[Evidence]:
    """What the queue manager says."""
    if _ACTIVE.match(rest):
        return line.evidence(EvidenceKind.ACCEPTED)
    # It names no recipient: the contact's own must be the last that had to wait. If the report can't be written, the
    # message goes on waiting, and its file is not removed (qmgr_active.c).
    if line.story.deferred and _EXPIRED.match(rest):
        line.story.expired = line.evidence(EvidenceKind.BOUNCED, detail=rest.partition(", ")[2])
    return ()


def _delivered(
    line: _Line, named: str, enhanced: str, status: str, detail: str, *, is_alias: bool
) -> Iterable[Evidence]:
    """What a delivery agent says of one recipient. `named`: the contact's address, if it is that one, or an alias
    that the recipient was made of: others may have been made of it, too.
    """
    story = line.story
    if named:
        story.deferred, story.expired, story.is_alias = status in _WAITS, (), story.is_alias or is_alias
    if named and status == "bounced":
        taken = line.evidence(EvidenceKind.ACCEPTED) if is_alias else ()
        bounced = line.evidence(EvidenceKind.BOUNCED, named, enhanced, detail)
        if not is_alias:
            return bounced
        story.failed = bounced
        return taken
    if named and status == "sent":
        story.delivered = True
        return line.evidence(EvidenceKind.DELIVERED, named, enhanced, detail)
    return line.evidence(EvidenceKind.ACCEPTED) if status in ("sent", "bounced", *_WAITS) else ()
