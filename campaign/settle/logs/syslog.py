"""Lines of logs as `LogEntry`, in each of the forms that syslog daemons, Postfix's postlogd and journalctl write.

    Nov 26 09:15:00 mail postfix/qmgr[77]: …                   RFC 3164, journalctl's default, postlogd
    2026-11-26T09:15:00.123456+01:00 mail postfix/qmgr[77]: …   rsyslog's and syslog-ng's ISO form, `-o short-iso`
    1795680900.123456 mail postfix/qmgr[77]: …                 `journalctl -o short-unix`
    <22>1 2026-11-26T09:15:00Z mail postfix/qmgr 77 - - …      RFC 5424, with or without its priority
    {"__REALTIME_TIMESTAMP": "1795680900123456", …             `journalctl -o json`
    2026-11-26 09:15:00 1xWhgB-0004XS-2g <= …                  Exim's own: exim_mainlog.py

Where no host stands in the first form, it is empty. In: a line as octets. Out: an entry, or None for what is no line of
a log. `journalctl -o export` has entries of many lines: journal_export.py. Raises nothing. Every regular expression is
linear in the line.
"""

import json
import re

from campaign.settle.logs import exim_mainlog
from campaign.settle.logs.entry import LogEntry
from campaign.settle.logs.stamps import Stamps

_PRIORITY = re.compile(r"<\d{1,3}>")
_STRUCTURED = re.compile(
    r"1 (\d{4}-[^ ]{1,40}) ([^ ]{1,255}) ([^ ]{1,255}) ([^ ]{1,128}) [^ ]{1,128} "
    r'(?:-|(?:\[(?:[^"\]]|"(?:[^"\\]|\\.)*")*\])+)(?: (.*))?$',
    re.DOTALL,
)
"""RFC 5424 section 6: stamp, host, program, process, id of the message, structured data, text."""
_STAMP = re.compile(
    r"([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:[.,]\d{1,9})?"
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})? ?(?:Z|[+-]\d\d:?\d\d)?"
    r"|\d{9,11}\.\d{1,9}) +"
)
_TAIL = re.compile(
    r"(?:<[\w.]{1,40}> )?"  # FreeBSD's syslogd -v: facility and priority
    r"(?:([^\s\[\]:]{1,255}|[0-9A-Fa-f:.]{2,45}) +)?"  # the host, by name or address
    r"([^\s\[\]:]{1,128})(?:\[(\d{1,20})\])?: ?"
    r"(?:\[ID \d{1,10} [\w.]{1,40}\] )?"  # of Solaris
    r"(.*)$",
    re.DOTALL,
)


class SyslogLines:
    """The lines of one file. `modified`: when it was last changed, in Unix seconds."""

    def __init__(self, modified: float) -> None:
        self.stamps = Stamps(modified)

    def entry(self, line: bytes, place: str) -> LogEntry | None:
        """Read a line; `place` is handed on."""
        if line.startswith(b"{"):
            return _json_entry(line, place)
        if own := exim_mainlog.split(line):
            return self._exim(*own, place)
        text = line.decode("utf-8", "replace")
        priority = _PRIORITY.match(text)
        start = priority.end() if priority else 0
        if text.startswith("1 ", start):
            return self._structured(text, start, place)
        stamp = _STAMP.match(text, start)
        tail = _TAIL.match(text, stamp.end()) if stamp else None
        if stamp is None or tail is None:
            return None
        moment = self._moment(stamp[1])
        if moment is None:
            return None
        return LogEntry(moment, tail[1] or "", tail[2], tail[3] or "", tail[4], place)

    def _exim(self, stamp: str, pid: str, text: bytes, place: str) -> LogEntry | None:
        moment = self.stamps.moment(stamp)
        return None if moment is None else LogEntry(moment, "", "exim", pid, text.decode("utf-8", "replace"), place)

    def _structured(self, text: str, start: int, place: str) -> LogEntry | None:
        found = _STRUCTURED.match(text, start)
        moment = self.stamps.moment(found[1]) if found else None
        if found is None or moment is None:
            return None
        host, program, pid = ("" if field == "-" else field for field in found.group(2, 3, 4))
        return LogEntry(moment, host, program, pid, (found[5] or "").removeprefix("\ufeff"), place)

    def _moment(self, stamp: str) -> int | None:
        if stamp[0].isdigit() and "-" not in stamp:
            return int(stamp.partition(".")[0])
        return self.stamps.moment(stamp.replace(",", "."))


def _json_entry(line: bytes, place: str) -> LogEntry | None:
    """One line of `journalctl -o json`."""
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return journal_entry(fields, place) if isinstance(fields, dict) else None


def journal_entry(fields: dict[str, object], place: str) -> LogEntry | None:
    """Make an entry of the journal's fields: text, or the numbers of octets where it is not printable."""
    stamp = _text(fields.get("__REALTIME_TIMESTAMP"))
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= 20 and "MESSAGE" in fields):
        return None
    program = _text(fields.get("SYSLOG_IDENTIFIER")) or _text(fields.get("_COMM"))
    pid = _text(fields.get("SYSLOG_PID")) or _text(fields.get("_PID"))
    moment = int(stamp) // 1_000_000
    return LogEntry(moment, _text(fields.get("_HOSTNAME")), program, pid, _text(fields["MESSAGE"]), place)


def _text(value: object) -> str:
    if isinstance(value, str):  # in JSON, half of a pair of surrogates may stand alone, which is no text
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list) and all(isinstance(octet, int) and 0 <= octet < 256 for octet in value):
        return bytes(value).decode("utf-8", "replace")
    return ""


def said(line: bytes) -> bytes | None:
    """Give a line's text without parsing the line, as octets; None where that takes parsing. Costs next to nothing."""
    first = line[:1]
    if first == b"{":
        start = line.find(b'"MESSAGE"') + 9
        quote = line.find(b'"', start)
        if start > 8 and line.find(b"[", start, quote) >= 0:
            return None  # not printable, so its octets stand there as numbers
        return line[quote + 1 :] if start > 8 else b""
    if line.startswith(b"1 ") or (first == b"<" and line[2:7].find(b">1 ") >= 0):
        return None
    if line[10:11] == b" " and (own := exim_mainlog.split(line)):
        return own[2]
    text = line[line.find(b": ") + 2 :]
    return text[text.find(b"] ") + 2 :] if text.startswith(b"[ID ") else text
