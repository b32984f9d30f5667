"""A process that reads the contacts file: begun first, it imports pandas while its parent sets up everything else.

    order (what to read, into which ledger) ─▶ process ─▶ the number of rows read so far …, then "done" or an error

It holds the ledger's lock while it works, and ends when its parent does. It is forked, so it must be begun before there
are threads, an open ledger or pandas; where that can't be, `ContactsProcess.begin` gives None, and the parent reads by
itself. What both import, this module imports: before the fork, once.
"""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle, send_handle
from typing import Self

from campaign import errors
from campaign.errors import CampaignError, ContactsError
from campaign.run.contacts_loading import LoadOrder, load_into


@dataclass(frozen=True, slots=True)
class _Failure:
    """A CampaignError on its way to the parent."""

    kind: str
    what: str
    where: str
    fix: str


class ContactsProcess:
    """The process, and the pipe to it."""

    def __init__(self, pid: int, pipe: Connection) -> None:
        self._pid = pid
        self._pipe = pipe

    @classmethod
    def begin(cls) -> Self | None:
        """Fork it, if that is safe here."""
        if sys.platform != "linux" or threading.active_count() > 1:
            return None
        ours, theirs = Pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            ours.close()
            code = 1
            try:
                _serve(theirs)
                code = 0
            finally:
                os._exit(code)  # nothing of the parent's is to be cleaned up here
        theirs.close()
        return cls(pid, ours)

    def read(self, order: LoadOrder, lock: int | None, heard: Callable[[int], None]) -> None:
        """Have it read; `heard` is told the number of rows read so far. Raises ContactsError, LedgerError."""
        try:
            self._pipe.send((order, lock is not None))
            if lock is not None:
                send_handle(self._pipe, lock, self._pid)
            while (news := self._pipe.recv()) is not None:
                if isinstance(news, _Failure):
                    raise getattr(errors, news.kind)(news.what, where=news.where, fix=news.fix)
                heard(news)
        except (EOFError, OSError):
            raise ContactsError(
                "the process that reads the contacts file has ended before its time",
                where=str(order.contacts.path),
                fix="look for the reason (out of memory?), then run the same command again",
            ) from None

    def dismiss(self) -> None:
        """Let go of it, and wait until it is gone. May be said more than once."""
        if not self._pipe.closed:
            with contextlib.suppress(OSError):
                self._pipe.send(None)  # closing would not tell it: workers that were forked since have copies
            self._pipe.close()
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self._pid, 0)


@contextlib.contextmanager
def contacts_process(*, wanted: bool) -> Iterator[ContactsProcess | None]:
    """Begin a reader where it is wanted and can be had, and see it off at the end."""
    reader = ContactsProcess.begin() if wanted else None
    try:
        yield reader
    finally:
        if reader is not None:
            reader.dismiss()


def _serve(pipe: Connection) -> None:
    """Do what one order says. A terminal and a service manager send their signals to us, too; whether to stop is the
    parent's to say, and what has been begun is read to its end: the results need it.
    """
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    import campaign.contacts.reader  # noqa: F401 - pandas, meanwhile

    try:
        told = pipe.recv()
        if told is None:
            return
        order, locked = told
        lock = recv_handle(pipe) if locked else None
    except (EOFError, OSError):
        return

    def heard(rows: int) -> None:
        if pipe.poll():  # nothing more is sent but a dismissal, unless the parent is gone
            raise SystemExit
        pipe.send(rows)

    try:
        load_into(order, heard)
        answer = None
    except CampaignError as error:
        answer = _Failure(type(error).__name__, error.what, error.where, error.fix)
    with contextlib.suppress(OSError):
        pipe.send(answer)
    if lock is not None:
        os.close(lock)
