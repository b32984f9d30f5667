"""`Session`: a connection to an IMAP server (RFC 3501, RFC 9051), signed in, by IMAPClient (extra `bounces`).

In: where the mailbox is, and what signs us in. Out: folders, mails by UID, flags. Raises UsageError, in words for a
person, where it can't be reached, does not let us in or has no such folder; LostConnectionError where it breaks off
later. No password and no token is in any of them. Whatever the library raises ends here.
"""

import imaplib
import re
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from campaign.errors import UsageError
from campaign.extras import install_command
from campaign.settle.quoted import quoted
from campaign.visible import visible

_GREETING, _ANSWER = 15.0, 60.0
"""Seconds: for a connection and its greeting, and for whatever the server is asked then."""
_ERRORS = (imaplib.IMAP4.error, OSError)
"""What IMAPClient raises: the standard library's errors, and kinds of them."""
_STUMBLES = (
    *_ERRORS, ValueError, LookupError, AttributeError, TypeError, AssertionError, ArithmeticError, RecursionError,
    MemoryError,
)  # fmt: skip
"""… and what becomes of a server's nonsense in it: lists nested without end, a literal larger than any memory."""
_LONGEST_WORDS = 300
_MOST_NAMES = 20


class LostConnectionError(Exception):
    """The connection broke off, or what came over it makes no sense. The text: how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxPlace:
    """Where a mailbox is, and what signs us in."""

    host: str
    port: int
    security: str
    """"tls", "starttls" or "none"."""
    username: str
    secret: Callable[[], str] = field(repr=False)
    """Gives the password, or the access token."""
    by_token: bool = False
    context: ssl.SSLContext | None = None
    """None without TLS."""
    folder: str = "INBOX"
    move_to: str | None = None

    @property
    def name(self) -> str:
        """How people call it."""
        return f"{self.folder} at {self.host}"

    @property
    def address(self) -> str:
        """Host and port."""
        return f"{self.host}:{self.port}"


class Session:
    """One connection. Close it."""

    def __init__(self, place: MailboxPlace) -> None:
        """Connect and sign in. Raises UsageError."""
        try:
            from imapclient import IMAPClient, SocketTimeout
        except ImportError:
            raise UsageError(
                "to read a mailbox takes a library that is not installed",
                where="--mailbox",
                fix=install_command("bounces"),
            ) from None
        self._place = place
        secret = place.secret()
        with _reached(place):
            self._client: Any = IMAPClient(
                place.host,
                place.port,
                ssl=place.security == "tls",
                ssl_context=place.context,
                timeout=SocketTimeout(_GREETING, _ANSWER),
            )
        try:
            if place.security == "starttls":
                with _reached(place):
                    self._client.starttls(place.context)
            self._sign_in(secret)
        except BaseException:
            self.close()
            raise

    def open_folder(self, name: str, *, setting: str, read_only: bool = True) -> int:
        """Open a folder; gives its UIDVALIDITY. Raises UsageError where there is none of that name."""
        with self._unbroken():
            if name.upper() == "INBOX" or self._client.folder_exists(name):
                found = self._client.select_folder(name, readonly=read_only)
                return int(found.get(b"UIDVALIDITY", 0))
            there = self._folders()
        raise self._no_folder(name, there, setting)

    def require_folder_to_move_to(self, name: str) -> None:
        """Raise UsageError where there is no folder of that name, or the server can't move mails."""
        with self._unbroken():
            is_there = self._client.folder_exists(name)
            there = [] if is_there else self._folders()
            can_move = any(map(self._client.has_capability, ("MOVE", "UIDPLUS")))
        if not is_there:
            raise self._no_folder(name, there, "move_to")
        if not can_move:
            raise UsageError(
                f"the mail server {self._place.address} can't move mails",
                where="bounces.mailbox.move_to",
                fix="take it out: mails are flagged as seen all the same",
            )

    def uids(self, since: date | None) -> list[int]:
        """Give the mails of the open folder of that day and later, oldest first. Raises LostConnectionError."""
        with self._unbroken():
            return sorted(self._client.search(["ALL"] if since is None else ["SINCE", since]))

    def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """Give the octets of mails. Raises LostConnectionError."""
        with self._unbroken():
            found = self._client.fetch(uids, ["RFC822.SIZE"])
            return {uid: int(values.get(b"RFC822.SIZE", 0)) for uid, values in found.items()}

    def mails(self, uids: Sequence[int], most: int) -> dict[int, bytes]:
        """Give mails, each up to so many octets, without flagging them as seen. Raises LostConnectionError."""
        with self._unbroken():
            found = self._client.fetch(uids, [f"BODY.PEEK[]<0.{most}>"])
            return {
                uid: value
                for uid, values in found.items()
                for key, value in values.items()
                if key.startswith(b"BODY[]") and isinstance(value, bytes)
            }

    def flag_as_seen(self, uids: Sequence[int]) -> None:
        """Flag mails of the folder. Raises LostConnectionError."""
        with self._unbroken():
            self._client.add_flags(uids, [b"\\Seen"], silent=True)

    def move(self, uids: Sequence[int], folder: str) -> None:
        """Move mails (RFC 6851), or do as its section 3.3 has it for servers without. Raises LostConnectionError."""
        with self._unbroken():
            if self._client.has_capability("MOVE"):
                self._client.move(uids, folder)
            else:
                self._client.copy(uids, folder)
                self._client.delete_messages(uids, silent=True)
                self._client.uid_expunge(uids)

    def close(self) -> None:
        """Leave, whatever the server thinks of it."""
        with suppress(Exception):
            self._client.logout()
        with suppress(Exception):
            self._client.shutdown()

    def _sign_in(self, secret: str) -> None:
        place = self._place
        try:
            if place.by_token:
                self._client.oauth2_login(place.username, secret)
            elif self._client.has_capability("AUTH=PLAIN"):
                self._client.plain_login(place.username, secret)  # LOGIN takes ASCII alone (RFC 3501 section 6.2.3)
            else:
                self._client.login(place.username, secret)
        except _STUMBLES as error:
            said = words(error, secret=secret)
            setting = "token_command" if place.by_token else "password"
            raise UsageError(
                f"the mail server {place.address} does not let us in: {said}",
                where="bounces.mailbox.username",
                fix=f"check bounces.mailbox.username and {_SECRETS[setting]}; some providers want an app password, or "
                "IMAP switched on for the mailbox",
            ) from None

    def _folders(self) -> list[str]:
        """Give the names of all, to say what there is; none where a name makes no sense (RFC 3501 section 5.1.3)."""
        try:
            return [str(folder) for _, _, folder in self._client.list_folders()]
        except UnicodeError:
            return []

    def _no_folder(self, name: str, there: Sequence[str], setting: str) -> UsageError:
        names = ", ".join(visible(one) for one in sorted(there)[:_MOST_NAMES])
        more = ", …" if len(there) > _MOST_NAMES else ""
        fix = f"there are {names}{more}" if names else "make the folder"
        return UsageError(
            f"the mailbox at {self._place.address} has no folder {visible(name)!r}",
            where=f"bounces.mailbox.{setting}",
            fix=f"{fix}; set bounces.mailbox.{setting} to one of them, or make the folder" if names else fix,
        )

    @contextmanager
    def _unbroken(self) -> Iterator[None]:
        try:
            yield
        except _STUMBLES as error:  # the library takes a server at its word
            raise LostConnectionError(words(error)) from None


_SECRETS = {
    "password": "CAMPAIGN_BOUNCES__MAILBOX__PASSWORD",
    "token_command": "what bounces.mailbox.token_command prints",
}


@contextmanager
def _reached(place: MailboxPlace) -> Iterator[None]:
    try:
        yield
    except _STUMBLES as error:
        what, where, fix = f"the mail server {place.address} can't be reached: {words(error)}", "host", "check it"
        if isinstance(error, ssl.SSLCertVerificationError):
            what = f"the mail server {place.address} has a certificate that is not trusted: {error.verify_message}"
            fix = "if it is your own authority's, name its file in bounces.mailbox.ca_file; if the name is another, "
            fix += "set bounces.mailbox.host to the one that the certificate has"
        elif isinstance(error, ssl.SSLError):
            where, fix = (
                "security",
                f'the port {place.port} may want another bounces.mailbox.security; 993 is for "tls"',
            )
        elif isinstance(error, socket.gaierror):
            fix = "check the spelling of bounces.mailbox.host"
        elif isinstance(error, OSError):
            where, fix = "port", "check host, port and security in [bounces.mailbox], and that a firewall lets you out"
        elif place.security == "starttls":
            where, fix = "security", 'the server may offer no STARTTLS: set bounces.mailbox.security to "tls"'
        raise UsageError(what, where=f"bounces.mailbox.{where}", fix=fix) from None


def words(error: BaseException, *, secret: str = "") -> str:
    """Give what an error says, on one line, without the secret; it may quote a mail that was taken for an answer."""
    if isinstance(error, TimeoutError):
        return "it does not answer"
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    bare = re.sub(r"\bb(['\"])(.*?)\1", r"\2", said)
    if secret:
        bare = bare.replace(secret, "…")  # before it is cut: no part of one stays
    return quoted(bare)[:_LONGEST_WORDS]
