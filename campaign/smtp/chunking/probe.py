"""Whether a server throws away the octets of a chunk that it refuses, or reads them as commands.

RFC 3030 section 2: who refuses BDAT still takes the octets that follow, and drops them. Some servers don't: behind a
refused sender or recipient they would read a message of ours as commands, line by line. So before the first message
goes that way, this is sent where no harm can come of it: chunks that hold NOOP, behind a sender and behind a recipient
that are none, each to be refused by exactly one 5xx.

    MAIL FROM:<   BDAT 6 LAST  NOOP   RSET   MAIL   RCPT TO:<>   BDAT 66000  NOOP, NOOP, …   QUIT
    5xx           5xx                 2xx    2xx    5xx          5xx                         221

A server that reads a chunk as commands has a reply too many, and not 221 (RFC 5321 section 4.1.1.10) where that is
due. One chunk is longer than the buffers that servers read into: what is thrown away may be only what has been read
already. Where a sender or recipient that is none (RFC 5321 sections 4.1.1.2 and 4.1.1.3) is taken, or put off, the
chunk behind that recipient may be, too; without LAST it is no message. The session was for this alone: servers count
what is refused, and hang up after a few (Exim after more than three, by `smtp_max_synprot_errors`: here it counts
three).
"""

import time
from enum import Enum

from campaign.smtp.reply.parser import ReplyError, ReplyParser
from campaign.smtp.session.session import Session

_SMALL, _LARGE = b"NOOP\r\n", 11_000 * b"NOOP\r\n"
_MAIL, _RCPT, _CHUNK, _QUIT = 3, 4, 5, 6
"""Places in the order of replies."""
_SOUND = ((2, 4, 5), (5,), (2,), (2,), (2, 4, 5), (5,), (2,))


class ProbeResult(Enum):
    """What the probe has shown."""

    SOUND = "each chunk was refused, and thrown away"
    UNSOUND = "a chunk was not refused, or not as a whole"
    INCONCLUSIVE = "the session ended, or the sender was refused"


class ChunkingProbe:
    """One, on a session where nothing is under way. `sender`: the campaign's return path."""

    def __init__(self, sender: str) -> None:
        behind_sender = b"MAIL FROM:<\r\nBDAT %d LAST\r\n%bRSET\r\n" % (len(_SMALL), _SMALL)
        behind_recipient = b"RCPT TO:<>\r\nBDAT %d\r\n%bQUIT\r\n" % (len(_LARGE), _LARGE)
        self.commands = b"%bMAIL FROM:<%b>\r\n%b" % (behind_sender, sender.encode(), behind_recipient)
        """All of it: one write."""
        self.sender_refused = False
        """Whether the server will have no mail of the sender's, now or later (5xx)."""
        self._parser = ReplyParser()
        self._said: list[int] = []

    def feed(self, data: bytes) -> ProbeResult | None:
        """Take what arrived; give what it shows, None while replies are due."""
        try:
            replies = self._parser.feed(data)
        except ReplyError:
            return ProbeResult.UNSOUND
        for reply in replies:
            if reply.code == 421:
                return ProbeResult.INCONCLUSIVE
            place = len(self._said)
            self._said.append(reply.code // 100)
            if place == _MAIL and reply.code >= 400:  # the sender's matter
                self.sender_refused = reply.code >= 500
                return ProbeResult.INCONCLUSIVE
            as_recipient = place == _CHUNK and self._said[_CHUNK] == self._said[_RCPT]
            if place > _QUIT or (self._said[place] not in _SOUND[place] and not as_recipient):
                return ProbeResult.UNSOUND
            if place == _QUIT and reply.code != 221:
                return ProbeResult.UNSOUND
        return ProbeResult.SOUND if len(self._said) > _QUIT else None


def probe_chunking(session: Session, *, sender: str, timeout: float) -> ProbeResult:
    """Probe a fresh session's server, and wait for what that shows: up to `timeout` seconds. The session is closed.
    Raises nothing: where no answer comes, nothing is shown.
    """
    probe, until = ChunkingProbe(sender), time.monotonic() + timeout
    result = probe.feed(session.leftover) if session.leftover else None
    try:
        session.sock.settimeout(timeout)
        session.sock.sendall(probe.commands)
        while result is None:
            session.sock.settimeout(max(0.001, until - time.monotonic()))
            data = session.sock.recv(4096)
            result = probe.feed(data) if data else ProbeResult.INCONCLUSIVE
    except OSError:
        result = ProbeResult.INCONCLUSIVE
    finally:
        session.hang_up()
    return result
