"""Sendmail's log: `from=` says whose message a queue id is, and only a delivery says that it was taken.

    6AQMBAP3017893: from=<bounces@acme.example>, size=135, class=0, nrcpts=1, msgid=<m0@acme.example>, proto=ESMTP, …
    6AQMBAP3017893: to=<anna@example.org>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=30135, relay=…,
        dsn=2.0.0, stat=Sent (250 …)                                     (one line)

In: entries of `sendmail` and `sm-mta`. Out: `Evidence`. Raises nothing. `from=` is written while the body is taken in
(collect.c), before anything is committed and before filters have had their say: it proves nothing. `stat=Sent` does. A
`to=` line of another process than that of the `from=` line is proof as well, of whatever came of it: a message is in
the queue before another process has it (srvrsmtp.c). The same process may deliver before it replies
(`DeliveryMode=interactive`), or tell of recipients whose message it refuses; so its failures prove nothing here.
Lines without `xdelay=` and `mailer=` (`stat=queued`, `stat=rset`, a filter's refusal) are none of a delivery.
`DSN: Cannot send message for 5 days` ends what was put off before.
Limits: below LogLevel 9, the default, some of these lines are missing (deliver.c); a message that was put off at its
first try by the same process is proved by its second.
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

_SOURCE = "Sendmail log"
_LONGEST_ID = 24
_LINE = re.compile(r"([0-9A-Za-z]{8,24}): (from=|to=|[0-9A-Za-z]{8,24}: DSN: )")
_SENDER = re.compile(
    r"<?([^\s<>,\"]*)>?, size=\d+, class=-?\d+, nrcpts=\d+(?:, msgid=<([^\s<>,]+)>)?(?=, |$)",
)
_RECIPIENT = re.compile(
    r"<([^\s<>,\"]+)>, (?:ctladdr=[^,]*, )?delay=[\d:+]+, xdelay=[\d:+]+, mailer=[^\s,]+, pri=\d+, "
    r"(?:relay=[^,]*, )?dsn=(\d\.\d{1,3}\.\d{1,3}), (?:reply=.*?, )?stat=(.*)$",
    re.DOTALL,
)
_TIMEOUT = "Cannot send message for "


@dataclass(slots=True)
class _Story:
    """A message of ours on its way."""

    message: OurMessage
    process: str
    """Which took it in."""
    put_off: bool = False
    """Whether another process has had it, could not deliver it, and said so of the contact's own address."""


class Sendmail(UniqueIds[_Story]):
    """A `MailServer`: Sendmail, of any number of hosts."""

    @staticmethod
    def is_program(program: str) -> bool:
        """Whether it is `sendmail`, `sm-mta` and the like; Postfix's program of that name has more before it."""
        return program.startswith(("sendmail", "sm-mta"))

    def may_concern(self, text: bytes) -> bool:
        """Whether a message comes in, or one of ours goes on."""
        end = text.find(b":", 0, _LONGEST_ID + 1)
        if end < 0:
            return False
        return self.knows(text[:end]) or (text.startswith(b": from=", end) and b", class=" in text)

    def entry(self, entry: LogEntry, ours: Ours) -> Iterable[Evidence]:
        """Give what a line proves."""
        line = _LINE.match(entry.text)
        if line is None:
            return ()
        number, what = line.group(1, 2)
        if what == "from=":
            self._sender(entry, number, entry.text, line.end(), ours)
            return ()
        story = self.find(number, entry.host)
        if story is None:
            return ()
        if what == "to=":
            return self._recipient(entry, number, line.end(), story, ours)
        words = entry.text[line.end() :]
        if not (story.put_off and words.startswith(_TIMEOUT)):
            return ()
        self.end(number, entry.host)
        return (story.message.bounced(entry, number, _SOURCE, words),)

    def _sender(self, entry: LogEntry, number: str, text: str, at: int, ours: Ours) -> None:
        line = _SENDER.match(text, at)
        if line is None:
            return
        found = whose.find(ours, message_id=line[2] or "", sender=line[1])
        if found is not None:
            self.begin(number, entry.host, _Story(found, entry.pid))

    def _recipient(self, entry: LogEntry, number: str, at: int, story: _Story, ours: Ours) -> Iterable[Evidence]:
        line = _RECIPIENT.match(entry.text, at)
        if line is None:
            return ()
        address, enhanced, words = line.groups()
        its_own = ours.has_address(story.message.contact, address)
        if enhanced.startswith("2.") and words.startswith("Sent"):
            self.end(number, entry.host)
            kind = EvidenceKind.DELIVERED if its_own else EvidenceKind.ACCEPTED
            return (story.message.evidence(kind, entry, number, _SOURCE),)
        if not entry.pid or entry.pid == story.process:
            return ()
        if its_own and enhanced.startswith("5.") and not words.startswith("Deferred"):
            self.end(number, entry.host)
            return (story.message.bounced(entry, number, _SOURCE, words, enhanced=enhanced),)
        story.put_off |= its_own
        return (story.message.evidence(EvidenceKind.ACCEPTED, entry, number, _SOURCE),)
