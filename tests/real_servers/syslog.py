"""/dev/log for servers that know no other log: what comes in at a socket is appended to a file."""

import os
import re
import socket
import threading
from pathlib import Path

_SIZE = 1 << 16
_HEAD = re.compile(rb"^<\d+>")
"""The priority (RFC 3164 section 4.1.1)."""


class Syslog:
    """Listens at `log` in the folder until it is closed."""

    def __init__(self, folder: Path, file: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        # By /proc, since a socket's path may have only 108 octets.
        directory = os.open(folder, os.O_RDONLY)
        try:
            self._socket.bind(f"/proc/self/fd/{directory}/log")
        finally:
            os.close(directory)
        (folder / "log").chmod(0o666)
        self._file = file
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Listen no more."""
        self._socket.shutdown(socket.SHUT_RD)  # wakes the listener
        self._thread.join()
        self._socket.close()

    def _listen(self) -> None:
        while data := self._socket.recv(_SIZE):
            with self._file.open("ab") as file:
                file.write(_HEAD.sub(b"", data).rstrip(b"\0\n") + b"\n")
