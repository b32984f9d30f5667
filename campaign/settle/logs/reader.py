"""`MailLogs`: the reader of mail servers' logs. Lines become entries, and go to the server whose program wrote them.

In: files, in the order of `first_moment`. Out: `Evidence`. What can't be about a message of ours is thrown away by its
octets, before it is parsed. Raises OSError where a file can't be opened; what is damaged in it is told to the file.
"""

import re
from collections.abc import Iterator, Sequence

from campaign.evidence import Evidence
from campaign.settle.evidence_file import UNREADABLE, EvidenceFile
from campaign.settle.logs import exim_mainlog, journal_export
from campaign.settle.logs.entry import LogEntry
from campaign.settle.logs.exim import Exim
from campaign.settle.logs.mail_server import MailServer
from campaign.settle.logs.opensmtpd import OpenSMTPD
from campaign.settle.logs.postfix import Postfix
from campaign.settle.logs.sendmail import Sendmail
from campaign.settle.logs.syslog import SyslogLines, said
from campaign.settle.ours import Ours

_FIRST_LINES = 8
"""Lines at the head of a file of which one at least must be a log's: the first may be cut, or be journalctl's own."""
_begins_as_mail = re.compile(rb"From |[A-Za-z][A-Za-z0-9-]*:").match
"""The first line of an mbox file, or of a mail's header."""
_PROGRAMS = 1000
"""Of which it is kept whose they are: there are few, but anybody may have written a log."""
_DROPPED = (b"imuxsock", b"imjournal", b"Suppressed ")
"""How rsyslogd and journald begin to say that lines were lost to their rate limits."""


class MailLogs:
    """Stories of messages go on from file to file, so one of these reads all of them."""

    source = "mail log"

    def __init__(self, servers: Sequence[MailServer] | None = None) -> None:
        known = (Postfix(), Exim(), Sendmail(), OpenSMTPD())
        self._servers: list[MailServer] = list(known if servers is None else servers)
        self._asked = tuple(server.may_concern for server in self._servers)
        self._known: dict[str, Sequence[MailServer]] = {}

    @staticmethod
    def recognises(name: str, sample: bytes) -> bool:
        """Whether a file that begins so is a log. Its name (`mail.log.3`, `maillog-20261126`, `syslog`) says nothing,
        but of Exim's own. A mail is none, whatever log it quotes.
        """
        if _begins_as_mail(sample):
            return False
        if journal_export.is_export(sample) or exim_mainlog.is_exims(name, sample):
            return True
        return _first_moment(sample, SyslogLines(0.0)) is not None

    @staticmethod
    def first_moment(sample: bytes, modified: float) -> int | None:
        """Give the moment of the first line, in Unix seconds; None for what is no log. `modified`: of the file."""
        if journal_export.is_export(sample):
            stamp = sample.partition(b"__REALTIME_TIMESTAMP=")[2].partition(b"\n")[0]
            return int(stamp) // 1_000_000 if stamp.isdigit() and len(stamp) <= 20 else None
        lines = SyslogLines(modified)
        own = exim_mainlog.first_stamp(sample)
        return (lines.stamps.moment(own) if own else None) or _first_moment(sample, lines)

    def read(self, file: EvidenceFile, ours: Ours) -> Iterator[Evidence]:
        """Read a file. Raises OSError where it can't be opened."""
        entries = self._export(file) if journal_export.is_export(file.sample()) else self._lines(file)
        last: LogEntry | None = None
        for entry in entries:
            if last is None:
                for server in self._servers:
                    server.file_begins(entry.moment)
            last = entry
            yield from self._take(entry, ours)
        for server in self._servers if last is not None else ():
            server.file_ends(last.moment if last is not None else 0)

    def _take(self, entry: LogEntry, ours: Ours) -> Iterator[Evidence]:
        if _tells_of_loss(entry):
            for server in self._servers:
                server.missed(entry.host)
            return
        for server in self._whose(entry.program):
            if server.may_concern(entry.text.encode()):
                yield from server.entry(entry, ours)

    def _whose(self, program: str) -> Sequence[MailServer]:
        """The servers whose own that program is: one, or none."""
        if program not in self._known:
            if len(self._known) >= _PROGRAMS:
                self._known.clear()
            self._known[program] = tuple(server for server in self._servers if server.is_program(program))
        return self._known[program]

    def _may_concern(self, text: bytes) -> bool:
        for asked in self._asked:  # no generator: it is asked for every line there is
            if asked(text):
                return True
        return text.startswith(_DROPPED)

    def _lines(self, file: EvidenceFile) -> Iterator[LogEntry]:
        """The first line, the last one, and those between that may concern us."""
        lines = SyslogLines(file.modified())
        first = True
        told = False
        number, line = 0, b""
        skipped = False
        for number, line in file.lines():
            text = said(line)
            skipped = not (first or text is None or self._may_concern(text))
            if skipped:
                continue
            entry = lines.entry(line, file.place(number))
            if entry is not None:
                first = False
                yield entry
            elif not told and text is not None and self._may_concern(text):
                told = True
                file.fault("this is not a line of a log", number, "lines like it are left out; copy the log anew")
        if skipped and (entry := lines.entry(line, file.place(number))) is not None:
            yield entry

    def _export(self, file: EvidenceFile) -> Iterator[LogEntry]:
        with file.open() as stream:
            try:
                yield from journal_export.entries(stream, file.name, wanted=self._may_concern)
            except UNREADABLE as error:
                file.broken_off(error, None)
            except ValueError as error:
                what = f"the journal's export is damaged: {error}"
                file.fault(what, None, "what stands before was read; export it anew")


def _first_moment(sample: bytes, lines: SyslogLines) -> int | None:
    """Of what is not Exim's own."""
    for line in sample.split(b"\n", _FIRST_LINES)[:_FIRST_LINES]:
        line = line.rstrip(b"\r")
        entry = None if exim_mainlog.split(line) else lines.entry(line, "")
        if entry is not None:
            return entry.moment
    return None


def _tells_of_loss(entry: LogEntry) -> bool:
    """Whether rsyslogd or journald says that it has dropped lines of the programs on its host."""
    if entry.program == "rsyslogd":
        return "rate-limiting" in entry.text and entry.text.startswith(("imuxsock", "imjournal"))
    return entry.program in ("systemd-journald", "systemd-journal") and entry.text.startswith("Suppressed ")
