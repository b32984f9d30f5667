"""The replies of a session that carries no message, one command at a time, each waited for.

Takes a `Session`; gives each `Reply`, and the seconds that it took to come. Raises OSError and ReplyError.
"""

import time

from campaign.model import Reply
from campaign.smtp.reply.parser import ReplyError, ReplyParser
from campaign.smtp.session.session import Session

_CHUNK = 4096


class AwaitedReplies:
    """One session's. `timeout`: seconds for each reply."""

    def __init__(self, session: Session, timeout: float) -> None:
        self.seconds = 0.0
        """What the last reply took to come."""
        self._sock = session.sock
        self._sock.settimeout(timeout)
        self._timeout = timeout
        self._parser = ReplyParser()
        self._data = session.leftover

    def to(self, command: str) -> Reply:
        """Say a command, and give the server's reply."""
        began = time.monotonic()
        self._sock.sendall(command.encode())
        while True:
            replies = self._parser.feed(self._data)
            if len(replies) > 1:
                raise ReplyError("more replies than commands")
            if replies:
                self._data = b""
                self.seconds = time.monotonic() - began
                return replies[0]
            if time.monotonic() > began + self._timeout:
                raise TimeoutError
            self._data = self._sock.recv(_CHUNK)
            if not self._data:
                raise ReplyError("the stream ended")
