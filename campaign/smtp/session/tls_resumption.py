"""Which TLS session the next connection to a server may resume: that costs both sides less than a handshake in full.

`Resumption` is one connection's part: `offered` before its handshake, `keep` when the server has spoken afterwards (in
TLS 1.3 its tickets come with its first words: RFC 8446 section 4.6.1), `fail` where it did not come that far. What is
kept is shared by the connections of a process, in its memory only. A server that does not take a session up shakes
hands in full, by itself. Raises nothing.

No certificate is shown in a resumed session, so who the server is was seen when its first one began. Hence:

- Only for the same host name (section 4.6.1 recommends it) and port, by the same `SSLContext`: the same authorities,
  the same choices. Only where certificate and name were checked.
- For an hour after the certificate was seen, through however many sessions, and no longer than it is valid: then there
  is a handshake in full, and a certificate that has expired, or was changed for one that won't do, is an error as ever.
  (Section 4.6.1 recommends such a limit, RFC 5246 section F.1.4 suggests 24 hours. How long a ticket lives besides,
  OpenSSL sees to.)
- Not with a certificate of ours: servers differ in whether they still know us by it (some break off, to some we are a
  stranger), and in TLS 1.2 without RFC 7627 it proves nothing.
- A ticket is used again only if there is no other. RFC 8446 appendix C.4 advises against it, so that nobody who listens
  can tell that two connections are one client's. Ours tell that themselves: one address, one name in EHLO.
- Never early data (section 8: they can be played twice).
"""

import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

TRUSTED_FOR = 3600.0
"""Seconds for which it is enough to have seen a certificate."""
_KEPT = 64
"""Sessions for one server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Whose sessions they are."""

    context: ssl.SSLContext
    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    session: ssl.SSLSession = field(repr=False)
    seen: float  # by the monotonic clock: when the certificate was shown
    valid_until: float  # by the wall clock: the certificate


class ResumableSessions:
    """Those of a process. `clock`: monotonic seconds; `now`: seconds since the epoch."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, now: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._now = now
        self._kept: dict[Place, deque[_Kept]] = {}
        self._refused: set[Place] = set()
        self._lock = threading.Lock()  # sessions are opened in several threads

    def resumption(self, place: Place) -> "Resumption":
        """Give one connection its part."""
        with self._lock:
            kept = self._kept.get(place, deque())
            while kept and (self._clock() > kept[0].seen + TRUSTED_FOR or self._now() > kept[0].valid_until):
                kept.popleft()
            offer = (kept.popleft() if len(kept) > 1 else kept[0]) if kept else None
        return Resumption(self, place, offer)

    def keep(self, place: Place, tls: ssl.SSLObject, offer: _Kept | None) -> None:
        """Keep a connection's session, where it is one that can be resumed."""
        checked = place.context.verify_mode is ssl.CERT_REQUIRED and place.context.check_hostname
        session = tls.session
        if not checked or session is None or not (session.has_ticket or (session.id and tls.version() != "TLSv1.3")):
            return
        resumed = offer is not None and tls.session_reused
        if offer is not None and resumed:
            kept = _Kept(session=session, seen=offer.seen, valid_until=offer.valid_until)
        else:
            valid_until = ssl.cert_time_to_seconds(str((tls.getpeercert() or {})["notAfter"]))
            kept = _Kept(session=session, seen=self._clock(), valid_until=valid_until)
        with self._lock:
            if place in self._refused:
                return
            others = self._kept.setdefault(place, deque(maxlen=_KEPT))
            if offer is not None and not resumed:
                others.clear()  # the server has forgotten the others, too: to be assumed, by RFC 9149 section 3
            others.append(kept)

    def refuse(self, place: Place) -> None:
        """Never offer that server one again."""
        with self._lock:
            self._refused.add(place)
            self._kept.pop(place, None)


class Resumption:
    """One connection's part in it."""

    def __init__(self, sessions: ResumableSessions, place: Place, offer: _Kept | None) -> None:
        self._sessions = sessions
        self._place = place
        self._offer = offer
        self._settled = False

    @property
    def offered(self) -> ssl.SSLSession | None:
        """The session to resume."""
        return None if self._offer is None else self._offer.session

    def keep(self, tls: ssl.SSLObject) -> None:
        """Keep this connection's for others, once the server has said something in it."""
        if not self._settled:
            self._settled = True
            self._sessions.keep(self._place, tls, self._offer)

    def failed(self, error: BaseException) -> bool:
        """Hear why the connection is given up. Say whether to open another at once: it broke before the server had said
        anything, perhaps since a session was offered. That server will not be offered one again.
        """
        if self._settled or self._offer is None or isinstance(error, ssl.SSLCertVerificationError):
            return False
        self._sessions.refuse(self._place)
        return isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError)


SESSIONS = ResumableSessions()
"""This process's."""
