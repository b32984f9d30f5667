"""As much of an IMAP server (RFC 3501) as a mailbox of bounces needs, and wrong on demand."""

import base64
import re
import socketserver
import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

USERNAME, PASSWORD = "bounces", 'pa55 wörd"'


@dataclass(kw_only=True)
class Mail:
    octets: bytes
    flags: set[str] = field(default_factory=set)


class ImapServer:
    """Folders of mails by UID, on a free loopback port."""

    def __init__(
        self,
        *mails: bytes,
        folders: tuple[str, ...] = ("INBOX", "Settled"),
        capabilities: str = "IMAP4rev1 AUTH=PLAIN MOVE UIDPLUS",
        fetches: int | None = None,
        nonsense: str = "",
        token: str = PASSWORD,
    ) -> None:
        """`fetches`: of mails, that a connection lasts for. `nonsense`: it answers a FETCH with that."""
        self.folders: dict[str, dict[int, Mail]] = {name: {} for name in folders}
        for uid, octets in enumerate(mails, start=11):
            self.folders["INBOX"][uid] = Mail(octets=octets)
        self.capabilities = capabilities
        self.fetches = fetches
        self.nonsense = nonsense
        self.token = token
        self.connections = 0
        self.heard: list[str] = []
        server = self

        class Handler(socketserver.StreamRequestHandler):
            disable_nagle_algorithm = True

            def handle(self) -> None:
                server.connections += 1
                _Connection(server, self).serve()

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def flags(self, folder: str = "INBOX") -> dict[int, set[str]]:
        return {uid: mail.flags for uid, mail in self.folders[folder].items()}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Connection:
    def __init__(self, server: ImapServer, handler: socketserver.StreamRequestHandler) -> None:
        self.server, self.handler = server, handler
        self.folder, self.fetched, self.read_only = "", 0, True

    def say(self, line: str | bytes) -> None:
        self.handler.wfile.write((line.encode() if isinstance(line, str) else line) + b"\r\n")

    def serve(self) -> None:
        self.say(f"* OK [CAPABILITY {self.server.capabilities}] ready")
        while line := self.handler.rfile.readline():
            tag, _, command = line.decode().strip().partition(" ")
            self.server.heard.append(command)
            word = command.removeprefix("UID ").partition(" ")[0].lower()
            try:
                result = getattr(self, f"on_{word}")(command)
            except ConnectionAbortedError:
                return
            self.say(f"{tag} {result or 'OK done'}")
            if word == "logout":
                return

    def on_capability(self, _: str) -> None:
        self.say(f"* CAPABILITY {self.server.capabilities}")

    def on_authenticate(self, command: str) -> str:
        self.say("+ ")
        given = base64.b64decode(self.handler.rfile.readline()).decode()
        wanted = f"\0{USERNAME}\0{PASSWORD}"
        if command.endswith("XOAUTH2"):
            wanted = f"user={USERNAME}\1auth=Bearer {self.server.token}\1\1"
        return "OK in" if given == wanted else f"NO [AUTHENTICATIONFAILED] not you with {PASSWORD}"

    def on_list(self, command: str) -> None:
        wanted = command.split()[-1].strip('"')
        for name in self.server.folders:
            if wanted in ("*", name):
                self.say(f'* LIST () "/" "{name}"')

    def on_examine(self, command: str) -> str:
        self.folder = command.split(" ", 1)[1].strip('"')
        self.read_only = command.startswith("EXAMINE")
        self.say(f"* {len(self.mails)} EXISTS")
        self.say("* OK [UIDVALIDITY 7] valid")
        return f"OK [READ-{'ONLY' if self.read_only else 'WRITE'}] open"

    on_select = on_examine

    @property
    def mails(self) -> dict[int, Mail]:
        return self.server.folders[self.folder]

    def on_search(self, _: str) -> None:
        self.say(f"* SEARCH {' '.join(map(str, self.mails))}")

    def on_fetch(self, command: str) -> None:
        uids = self.uids(command)
        body = "BODY.PEEK" in command
        if body and self.server.fetches is not None:
            self.fetched += 1
            if self.fetched > self.server.fetches:
                raise ConnectionAbortedError
        for number, uid in enumerate(uids, start=1):
            octets = self.mails[uid].octets
            if self.server.nonsense:
                self.say(self.server.nonsense)
            elif body:
                self.say(b"* %d FETCH (UID %d BODY[]<0> {%d}\r\n%s)" % (number, uid, len(octets), octets))
            else:
                self.say(f"* {number} FETCH (UID {uid} RFC822.SIZE {len(octets)})")

    def on_store(self, command: str) -> str | None:
        if self.read_only:
            return "NO read-only"
        for uid in self.uids(command):
            self.mails[uid].flags |= set(re.findall(r"\\\w+", command))
        return None

    def on_move(self, command: str) -> None:
        to = command.split()[-1].strip('"')
        for uid in self.uids(command):
            self.server.folders[to][uid] = self.mails.pop(uid)

    def on_copy(self, command: str) -> None:
        for uid in self.uids(command):
            self.server.folders[command.split()[-1].strip('"')][uid] = Mail(octets=self.mails[uid].octets)

    def on_expunge(self, command: str) -> None:
        for uid in self.uids(command):
            del self.mails[uid]

    def on_logout(self, _: str) -> None:
        self.say("* BYE")

    def uids(self, command: str) -> list[int]:
        return [uid for uid in map(int, command.split()[2].split(",")) if uid in self.mails]
