"""`Mailbox`: the mails of an IMAP folder as evidence; flagged as seen, and moved if wanted, once that is on record.

In: where it is, and a reader of mails. Out: `Evidence`, mail by mail, with flat memory. Raises UsageError when it is
opened: nothing has been read then. What goes wrong later is told, and what was read stands.

Every mail that came since the campaign began is read, seen or not: somebody may have looked into the mailbox, and what
is on record changes nothing. Nothing in the folder is changed by that (EXAMINE, BODY.PEEK: RFC 3501 sections 6.3.2,
6.4.5). A mail of which more than the first MiB is there is read up to that: what a report has to say stands before the
message that it returns.

Flagged and moved are only those that were about this campaign: others may share the mailbox. A connection that breaks
off is made anew, as long as that leads on.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self

from campaign.errors import UsageError
from campaign.evidence import Evidence, Unread
from campaign.settle.mail.reader import Mails
from campaign.settle.mailbox.session import LostConnectionError, MailboxPlace, Session
from campaign.settle.ours import Ours

_ASKED_AT_ONCE = 500
"""Mails whose sizes are asked for, or that are flagged, with one command."""
_MOST_OCTETS = 1024 * 1024
_AT_ONCE = 8 * 1024 * 1024
"""Octets that are fetched with one command."""
_DAY = timedelta(days=1)
_AGAIN = "what was read stands; run the same command again for the rest"


class Mailbox:
    """One folder. Open it with `with`."""

    def __init__(self, place: MailboxPlace, mails: Mails) -> None:
        self._place = place
        self._mails = mails
        self._session: Session | None = None
        self._generation = 0
        self.looked_at = 0
        """Mails, so far."""
        self._settled: list[int] = []
        self._tell: Callable[[Unread], None] = lambda _: None

    def __enter__(self) -> Self:
        try:
            session = self._connected()
            self._generation = session.open_folder(self._place.folder, setting="folder")
            if self._place.move_to is not None:
                session.require_folder_to_move_to(self._place.move_to)
        except LostConnectionError as error:
            self._close()
            raise UsageError(
                f"the mail server {self._place.address} broke off: {error}", where="--mailbox", fix="try again"
            ) from None
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def evidence(self, ours: Ours, tell: Callable[[Unread], None], since: int | None = None) -> Iterator[Evidence]:
        """Give it. `tell` hears what could not be read. `since`: Unix seconds; what came before is not asked for."""
        self._tell = tell
        # A server's day is that of its own clock and zone.
        day = None if since is None else (datetime.fromtimestamp(since, UTC) - _DAY).date()
        try:
            uids = self._connected().uids(day)
        except LostConnectionError as error:
            self._lost(error, "no mail was read")
            return
        done = 0
        while done < len(uids):
            begun = done
            try:
                for read, uid, octets in self._fetched(uids[done:]):
                    if octets is not None:
                        yield from self._shown(uid, octets, ours)
                    done = begun + read
            except LostConnectionError as error:
                if done == begun or not self._connected_anew():
                    self._lost(error, f"{done} of {len(uids)} mails were read")
                    return

    def settled(self) -> None:
        """Flag what was about the campaign as seen, and move it, if wanted: it is on record."""
        for is_last in (False, True):
            try:
                self._mark()
                return
            except LostConnectionError as error:
                if is_last or not self._connected_anew():
                    self._lost(error, "not all mails could be flagged as seen")
                    return

    def _fetched(self, uids: Sequence[int]) -> Iterator[tuple[int, int, bytes | None]]:
        """Give how many are done with each, its UID, and its octets; None where it has gone since."""
        session, read = self._connected(), 0
        for start in range(0, len(uids), _ASKED_AT_ONCE):
            some = uids[start : start + _ASKED_AT_ONCE]
            sizes = session.sizes(some)
            for group in _groups(some, sizes):
                found = session.mails(group, _MOST_OCTETS)
                for uid in group:
                    read += 1
                    yield read, uid, found.pop(uid, None)

    def _shown(self, uid: int, octets: bytes, ours: Ours) -> Iterator[Evidence]:
        place = f"{self._place.name}, UID {uid}"
        read = self._mails.understand(
            octets, place, ours, lambda what, fix: self._tell(Unread(what, place, fix, is_hint=True))
        )
        self.looked_at += 1
        yield from read.evidence
        if read.is_ours:
            self._settled.append(uid)

    def _mark(self) -> None:
        if not self._settled:
            return
        try:
            session = self._connected()
            generation = session.open_folder(self._place.folder, setting="folder", read_only=False)
        except UsageError as error:
            raise LostConnectionError(error.what) from None
        if generation != self._generation:
            self._settled.clear()  # its numbers mean other mails now (RFC 3501 section 2.3.1.1)
        while self._settled:
            some = self._settled[:_ASKED_AT_ONCE]
            session.flag_as_seen(some)
            if self._place.move_to is not None:
                session.move(some, self._place.move_to)
            del self._settled[: len(some)]

    def _connected(self) -> Session:
        if self._session is None:
            self._session = Session(self._place)
        return self._session

    def _connected_anew(self) -> bool:
        """Whether the folder is open again, with the numbers that it had."""
        self._close()
        try:
            return self._connected().open_folder(self._place.folder, setting="folder") == self._generation
        except (LostConnectionError, UsageError):
            return False

    def _close(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def _lost(self, error: LostConnectionError, how_far: str) -> None:
        self._tell(Unread(f"the connection to the mailbox was lost: {error}; {how_far}", self._place.name, _AGAIN))


def _groups(uids: Sequence[int], sizes: dict[int, int]) -> Iterator[list[int]]:
    """Give as many at once as are not too much together."""
    group: list[int] = []
    octets = 0
    for uid in uids:
        size = min(sizes.get(uid, 0), _MOST_OCTETS)
        if group and octets + size > _AT_ONCE:
            yield group
            group, octets = [], 0
        group.append(uid)
        octets += size
    if group:
        yield group
