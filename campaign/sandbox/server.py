"""The sandbox's server, from `with` to its end.

In: where to keep messages, where to listen. Out: `.host` and `.port` to send to.
Raises SettingsError when the folder or the port can't be used; at the end, the first failure that `on_message` or the
disk made (clients were told 451 meanwhile).
"""

from pathlib import Path
from types import TracebackType
from typing import Self

from campaign.errors import SettingsError
from campaign.sandbox.behaviours import Tries
from campaign.sandbox.handler import Handler, OnMessage
from campaign.sandbox.loopback import Loopback
from campaign.sandbox.mailbox import Mailbox

STATE_FILE = ".sandbox-state.json"


class Sandbox:
    """Listens from `with` to its end.

    `folder` takes the `.eml` files (None: none are written); `state` remembers across runs which tries were put off
    (default: `.sandbox-state.json` in the folder; without either, nothing is remembered); with `fresh`, what it
    remembers does not count. Port 0 takes a free one.
    `on_message` is called with recipient and message in the sandbox's thread; the client hears 250 after it returned.
    """

    def __init__(
        self,
        folder: Path | None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        on_message: OnMessage | None = None,
        state: Path | None = None,
        fresh: bool = False,
    ) -> None:
        self.host = host
        self.port = port
        """Where it listens, once it does."""
        self._folder = folder
        self._state = state if state is not None or folder is None else folder / STATE_FILE
        self._fresh = fresh
        self._on_message = on_message
        self._handler: Handler | None = None
        self._server: Loopback | None = None

    @property
    def accepted(self) -> int:
        """How many messages it has accepted, counted by recipient."""
        return 0 if self._handler is None else self._handler.accepted

    def __enter__(self) -> Self:
        """Starts it."""
        try:
            mailbox = None if self._folder is None else Mailbox(self._folder)
            self._handler = Handler(mailbox, Tries(self._state, fresh=self._fresh), self._on_message)
        except OSError as error:
            raise _unwritable(error, self._folder) from error
        server = Loopback(self._handler, host=self.host, port=self.port)
        try:
            server.start()
        except OSError as error:
            raise SettingsError(
                f"the sandbox can't listen: {error.strerror or error}",
                where=f"{self.host}, port {self.port}",
                fix="give another port, or 0 for a free one; or stop the program that has this one",
            ) from error
        self._server, self.port = server, server.port
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops it: what is still coming in is dropped, what was accepted is kept."""
        if self._server is None or self._handler is None:
            return
        self._server.stop()
        failure = self._handler.failure
        if error is None and failure is not None:
            raise _unwritable(failure, self._folder) if isinstance(failure, OSError) else failure


def _unwritable(error: OSError, folder: Path | None) -> SettingsError:
    return SettingsError(
        f"the sandbox can't keep its messages: {error.strerror or error}",
        where=str(error.filename or folder or "the disk"),
        fix="make room or get write access there, or name another folder",
    )
