"""`campaign settle --mailbox` against Dovecot: whose word it moves, what it flags and moves, and what it says where
something is wrong; and through a connection that is killed on the way.
"""

import contextlib
import shutil
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.campaigns import SmallCampaign
from tests.command_line import Command, Said, assert_three_parts, command
from tests.evidence_files import bounce_mail
from tests.real_servers import postfix
from tests.real_servers.dovecot import ImapServer, start_imap
from tests.real_servers.install import Unavailable
from tests.real_servers.relay import PASSWORD, USERNAME
from tests.real_servers.sending import command as sent_by_command
from tests.real_servers.servers import available
from tests.settle.mail.mails import letter
from tests.smtp_server import FaultServer

pytestmark = pytest.mark.real_servers
__all__ = ["command"]
_PEOPLE, _BOUNCED = 40, 30


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> SmallCampaign:
    small = SmallCampaign(tmp_path_factory.mktemp("mailbox") / "small").people(_PEOPLE)
    with FaultServer() as relay:
        small.send(relay.port)
    return small


class Settling:
    """A copy of the campaign, with a mailbox in front of it."""

    def __init__(self, sent: SmallCampaign, folder: Path, server: ImapServer, command: Command) -> None:
        shutil.copytree(sent.folder, folder)
        self.small = SmallCampaign.__new__(SmallCampaign)
        self.small.folder, self.small.name = folder, sent.name
        self.server = server
        self.rows = self.small.results()[:_BOUNCED]
        self._toml = self.small.path.read_text()
        self._command = command

    def put_bounces(self, padding: int = 0) -> None:
        tail = b"x" * 76 + b"\n"
        for row in self.rows:
            self.server.put(bounce_mail(row["message_id"], row["email"]) + tail * (padding // len(tail)))

    def settle(self, *words: object, **mailbox: object) -> Said:
        given = {
            "host": "127.0.0.1",
            "port": self.server.tls_port,
            "username": USERNAME,
            "ca_file": self.server.ca_file,
        }
        lines = [
            f"{key} = {value if isinstance(value, int) else repr(str(value))}"
            for key, value in (given | mailbox).items()
        ]
        self.small.path.write_text("\n".join([self._toml, "[bounces.mailbox]", *lines]))
        return self._command("settle", self.small.path, "--mailbox", *words)

    def words(self) -> Counter[str]:
        return Counter(self.small.statuses().values())

    def flags(self, folder: str = "") -> Counter[str]:
        return Counter(self.server.mails(folder).values())


@contextmanager
def started() -> Iterator[ImapServer]:
    with ExitStack() as stack:
        try:
            server = stack.enter_context(start_imap())
        except Unavailable as reason:
            pytest.skip(str(reason))
        yield server


@pytest.fixture
def settling(
    sent: SmallCampaign, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settling]:
    monkeypatch.setenv("CAMPAIGN_BOUNCES__MAILBOX__PASSWORD", PASSWORD)
    with started() as server:
        yield Settling(sent, tmp_path / "small", server, command)


@contextmanager
def dying_proxy(port: int, *, octets: int) -> Iterator[int]:
    """A way to the server that ends for good after so many octets of its answers."""
    left = octets

    def serve(client: socket.socket) -> None:
        nonlocal left
        with client, socket.create_connection(("127.0.0.1", port)) as behind:
            asks = threading.Thread(target=pass_on, args=(client, behind), daemon=True)
            asks.start()
            while left > 0 and (piece := behind.recv(65536)):
                left -= len(piece)
                client.sendall(piece)
            for one in (client, behind):
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
            asks.join()

    def pass_on(one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := one.recv(65536):
                other.sendall(piece)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                serve(listener.accept()[0])

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_bounces_turn_exactly_those_rows_and_are_flagged_once_that_is_on_record(
    settling: Settling, security: str
) -> None:
    port = settling.server.tls_port if security == "tls" else settling.server.port
    settling.put_bounces()
    settling.server.put(
        letter("Hello", to="hello@acme.example"), bounce_mail("<else@where.example>", "p1@people.example")
    )
    tried = settling.settle("--dry-run", security=security, port=port)
    assert tried.code == 0 and "30 rows would be moved" in tried.out and "32 mails in the mailbox" in tried.out
    assert settling.words() == {"sent": _PEOPLE} and settling.flags() == {"": _BOUNCED + 2}
    settled = settling.settle(security=security, port=port)
    assert settled.code == 0 and "sent → bounced" in settled.out and PASSWORD not in settled.out
    assert settling.words() == {"bounced": _BOUNCED, "sent": _PEOPLE - _BOUNCED}
    assert settling.flags() == {"S": _BOUNCED, "": 2}
    bounced = {row["email"] for row in settling.rows}
    assert {email for email, word in settling.small.statuses().items() if word == "bounced"} == bounced
    again = settling.settle(security=security, port=port)
    assert again.code == 0 and "0 rows moved" in again.out


def test_they_are_moved_to_a_folder_if_that_is_asked_for(settling: Settling) -> None:
    settling.put_bounces()
    settling.server.put(letter("Hello", to="hello@acme.example"))
    assert settling.settle(move_to="Settled").code == 0
    assert settling.flags() == {"": 1} and settling.flags("Settled") == {"S": _BOUNCED}


@pytest.mark.parametrize(
    ("mailbox", "word"),
    [
        ({"username": "eve"}, "does not let us in"),
        ({"folder": "Bounces"}, "has no folder 'Bounces'"),
        ({"move_to": "Done"}, "there are INBOX, Settled"),
    ],
)
def test_what_is_wrong_is_said_in_three_parts_before_anything_changes(
    settling: Settling, mailbox: dict[str, object], word: str
) -> None:
    settling.put_bounces()
    said = settling.settle(**mailbox)
    assert said.code == 2 and word in said.err and PASSWORD not in said.err
    assert_three_parts(said)
    assert settling.words() == {"sent": _PEOPLE} and settling.flags() == {"": _BOUNCED}


def test_a_certificate_of_an_unknown_authority_is_not_trusted(settling: Settling, sent: SmallCampaign) -> None:
    from tests.real_servers.certificates import certificate

    other = settling.small.folder / "other.pem"
    other.write_text(certificate.__wrapped__().authority)
    said = settling.settle(ca_file=other)
    assert said.code == 2 and "certificate that is not trusted" in said.err and "ca_file" in said.err


def test_a_connection_that_is_killed_on_the_way_loses_nothing(settling: Settling) -> None:
    """By then some are on record, and none is flagged: the same command goes on from there."""
    settling.put_bounces(padding=700_000)
    with dying_proxy(settling.server.tls_port, octets=12_000_000) as port:
        said = settling.settle(port=port)
    assert said.code == 1 and "was lost" in said.out and "of 30 mails were read" in said.out
    on_record = settling.words()["bounced"]
    assert 0 < on_record < _BOUNCED and settling.flags() == {"": _BOUNCED}
    again = settling.settle()
    assert again.code == 0 and settling.words()["bounced"] == _BOUNCED
    assert settling.flags() == {"S": _BOUNCED}


def test_what_postfix_bounces_turns_those_rows_by_way_of_the_mailbox_and_has_no_link_in_it(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without return paths of their own: by the envelope's id and the Message-ID."""
    monkeypatch.setenv("CAMPAIGN_BOUNCES__MAILBOX__PASSWORD", PASSWORD)
    main = "virtual_mailbox_maps = regexp:{ { !/@gone[.]example$$/ Maildir/ } }\nsmtpd_reject_unlisted_recipient = no\n"
    domains = ("here.example", "gone.example")
    small = SmallCampaign(tmp_path / "real", {"message": {"return_path": "bounces@acme.example"}})
    small.contacts((f"p{number}@{domain}", f"Person {number}") for domain in domains for number in range(10))
    with available(postfix.start(main=main)) as relay:
        small.load(relay.port)
        ended = sent_by_command(small, relay, "send")
        assert set(small.statuses().values()) == {"sent"}, ended.said
        bounces = [mail for mail in relay.delivered() if b"multipart/report" in mail]
    assert len(bounces) == 10 and not any(trace in mail for mail in bounces for trace in (b"sso?", b"token", b"eyJ"))
    with started() as server:
        server.put(*bounces)
        settling = Settling(small, tmp_path / "settled", server, command)
        said = settling.settle()
        assert said.code == 0, said.out + said.err
        words = settling.small.statuses()
        assert words == {who: "bounced" if who.endswith("@gone.example") else "sent" for who in words}
        assert settling.flags() == {"S": 10}
