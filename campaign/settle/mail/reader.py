"""`Mails`: evidence from mails, in files of one mail each, in mbox files, or as octets from elsewhere.

In: files or octets. Out: `Evidence`. What can't be read, and what only a person can judge, is told. Raises
OSError where a file can't be opened.

    multipart/report, delivery-status     dsn.py           bounced, delivered, accepted
    multipart/report, feedback-report     arf.py           complaint
    "unsubscribe KEY", or to the address  unsubscribe.py   unsubscribed
    written by a program                  auto_reply.py    nothing
    a bounce by no standard               nonstandard.py   a hint, or bounced
    anything else                                          nothing
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from campaign.evidence import Evidence
from campaign.settle.evidence_file import EvidenceFile
from campaign.settle.mail import arf, dsn, mbox, nonstandard, unsubscribe
from campaign.settle.mail.auto_reply import is_answer
from campaign.settle.mail.identity import Subject
from campaign.settle.mail.parse import parse
from campaign.settle.mail.report import is_report, report_in
from campaign.settle.mail.unsubscribe import UnsubscribeAddress
from campaign.settle.ours import Ours

_line_of_header = re.compile(rb"([!-9;-~]{1,100}):").match
"""RFC 5322 section 2.2: a field's name has no space and no colon."""
_TELLING = frozenset({b"received", b"return-path", b"delivered-to", b"from", b"date", b"message-id"})
_KNOWN = _TELLING | {b"to", b"subject", b"mime-version", b"content-type", b"x-original-to", b"reply-to"}
Tell = Callable[[str, str], None]


class Understood(NamedTuple):
    """What a mail was read as."""

    evidence: tuple[Evidence, ...]
    is_ours: bool
    """Whether it is about this campaign: only then is it no business of others any more."""


class Mails:
    """The reader of mails."""

    source = "mail"

    def __init__(self, unsubscribe_address: str | None = None, *, is_shared: bool = False) -> None:
        """`unsubscribe_address`: where people write who want no more. `is_shared`: they write there otherwise, too."""
        self._unsubscribe = (
            None if unsubscribe_address is None else UnsubscribeAddress(unsubscribe_address, is_shared=is_shared)
        )

    @staticmethod
    def recognises(name: str, sample: bytes) -> bool:
        """Whether the file holds one mail, or is an mbox."""
        first, _, rest = sample.removeprefix(mbox.BOM).replace(b"\r\n", b"\n").partition(b"\n")
        if mbox.separator(first):
            return _begins_with_fields(rest, enough=1)
        return _begins_with_fields(first + b"\n" + rest, enough=2)

    def read(self, file: EvidenceFile, ours: Ours) -> Iterator[Evidence]:
        """Give what each mail of the file shows."""
        if mbox.separator(file.sample().removeprefix(mbox.BOM).partition(b"\n")[0].rstrip(b"\r")):
            for line, octets in mbox.messages(file):
                yield from self.understand(octets, file.place(line), ours, _teller(file, line)).evidence
            return
        octets = file.octets(mbox.LARGEST + 1)
        if len(octets) > mbox.LARGEST:
            file.fault("the mail is too large to be a report", None, "it was left out")
            return
        yield from self.understand(octets, file.place(), ours, _teller(file, None)).evidence

    def read_message(self, octets: bytes, place: str, ours: Ours) -> Iterator[Evidence]:
        """Give what one mail shows."""
        yield from self.understand(octets, place, ours).evidence

    def understand(self, octets: bytes, place: str, ours: Ours, tell: Tell = lambda _what, _fix: None) -> Understood:
        """Give what one mail shows, and whether it is about this campaign. `tell` hears what only a person can judge:
        what it is, and what to do.
        """
        mail = parse(octets.removeprefix(mbox.BOM))
        about: Subject
        report, came_as = report_in(mail)
        if is_report(report, "delivery-status"):
            about, evidence = dsn.read(report, came_as, ours)
        elif is_report(report, "feedback-report"):
            about, evidence = arf.read(report, came_as, ours)
        else:
            about, evidence = unsubscribe.read(mail, ours, self._unsubscribe)
            if not evidence and not is_answer(mail):
                about, evidence = nonstandard.read(octets, mail, ours, tell)
        if about.contradicts:
            tell(
                "the report names two messages of this campaign, so it proves nothing of either", "look at it yourself"
            )
        is_ours = about.contact is not None or any(
            one.source == unsubscribe.SOURCE and ours.by_address(one.recipient) is not None for one in evidence
        )
        return Understood(tuple(one._replace(place=place) for one in evidence), is_ours)


def _teller(file: EvidenceFile, line: int | None) -> Tell:
    return lambda what, fix: file.hint(what, line, fix)


def _begins_with_fields(text: bytes, *, enough: int) -> bool:
    """Whether it begins with a mail's header: lines that are fields or go on with one, and enough of those it has."""
    known = set()
    for number, line in enumerate(text.split(b"\n")):
        if number and line[:1] in (b" ", b"\t"):
            continue
        found = _line_of_header(line)
        if found is None:  # the header is over
            break
        known.add(found[1].lower())
    return len(known & _KNOWN) >= enough and bool(known & _TELLING)
