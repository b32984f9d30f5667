"""The server's side of AUTH PLAIN (RFC 4616) and LOGIN."""

import base64
import binascii


class SignIn:
    """One exchange: feed it the client's lines, put its challenges."""

    def __init__(self, mechanism: bytes) -> None:
        self.user: str | None = None
        """None until the exchange has come to a good end."""
        self.password: str | None = None
        self._mechanism = mechanism
        self._lines: list[str] = []

    def step(self, line: bytes | None) -> bytes | None:
        """Takes a line (None: the command came without one); gives the next challenge, or None at the end."""
        if line is not None:
            try:
                self._lines.append(base64.b64decode(b"" if line == b"=" else line, validate=True).decode())
            except (binascii.Error, UnicodeDecodeError):
                return None
        if self._mechanism == b"PLAIN":
            return self._plain()
        return self._login()

    def _plain(self) -> bytes | None:
        if not self._lines:
            return b"334 \r\n"
        parts = self._lines[0].split("\0")
        if len(parts) == 3:
            _, self.user, self.password = parts
        return None

    def _login(self) -> bytes | None:
        if len(self._lines) < 2:
            return b"334 " + base64.b64encode((b"Username:", b"Password:")[len(self._lines)]) + b"\r\n"
        self.user, self.password = self._lines
        return None
