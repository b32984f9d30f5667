"""An SMTP server that accepts everything and remembers it: for looking at messages, and for the moment of the first.

It offers PIPELINING, so that a sender takes the same path here as in a measured run. Limits: one thread a connection
and everything in memory, so it is for tens of messages.
"""

import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BufferedIOBase
from typing import cast


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """One message as it came: CRLF, dots unstuffed (RFC 5321 section 4.5.2)."""

    return_path: str
    recipients: tuple[str, ...]
    data: bytes


@dataclass(slots=True, kw_only=True)
class Record:
    """What the server has seen; moments are `time.perf_counter()`, None until they come."""

    messages: list[Captured] = field(default_factory=list)
    first_connection: float | None = None
    first_body: float | None = None
    """When the first line of the first message was read."""


class _Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        record = cast(_Server, self.server).record
        record.first_connection = record.first_connection or time.perf_counter()
        self._reply("220 capture.example ESMTP")
        return_path = ""
        recipients: list[str] = []
        while line := self.rfile.readline():
            verb, _, argument = line.decode("ascii", "replace").strip().partition(" ")
            match verb.upper():
                case "EHLO":
                    self._reply("250-capture.example", "250-PIPELINING", "250-8BITMIME", "250 ENHANCEDSTATUSCODES")
                    continue
                case "MAIL":
                    return_path, recipients = _path(argument), []
                case "RCPT":
                    recipients.append(_path(argument))
                case "DATA":
                    self._reply("354 go on")
                    data = _body(self.rfile, record)
                    record.messages.append(Captured(return_path=return_path, recipients=tuple(recipients), data=data))
                case "QUIT":
                    self._reply("221 2.0.0 bye")
                    return
            self._reply("250 2.0.0 OK")

    def _reply(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode("ascii"))


def _path(argument: str) -> str:
    return argument.partition("<")[2].partition(">")[0]


def _body(stream: BufferedIOBase, record: Record) -> bytes:
    lines = []
    while (line := stream.readline()) not in (b".\r\n", b""):
        record.first_body = record.first_body or time.perf_counter()
        lines.append(line.removeprefix(b"."))
    return b"".join(lines)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, record: Record) -> None:
        self.record = record
        super().__init__(("127.0.0.1", 0), _Session)


@contextmanager
def capturing() -> Iterator[tuple[int, Record]]:
    """Run the server for as long as the block lasts; give its port and what it has seen."""
    record = Record()
    with _Server(record) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.server_address[1], record
        finally:
            server.shutdown()
            thread.join()
