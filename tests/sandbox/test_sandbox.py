"""The sandbox: what is sent to it lands in the folder, and it misbehaves by name, across runs, and never otherwise."""

import smtplib
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from campaign.errors import CampaignError, SettingsError
from campaign.model import Phase
from campaign.sandbox import BEHAVIOURS, Sandbox
from tests.smtp_server.raw_client import GROUP, MESSAGE, RawClient

FROM = "bounces@acme.example"


def deliver(sandbox: Sandbox, recipient: str, message: bytes = MESSAGE) -> int:
    """Sends it in a connection of its own; gives the code of the last reply, or -1 where the connection was cut."""
    with smtplib.SMTP(sandbox.host, sandbox.port, local_hostname="client.example") as client:
        try:
            client.sendmail(FROM, recipient, message)
        except smtplib.SMTPRecipientsRefused as refused:
            return refused.recipients[recipient][0]
        except smtplib.SMTPServerDisconnected:
            return -1
        except smtplib.SMTPResponseException as refused:
            return refused.smtp_code
        return 250


def kept(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.glob("*.eml"))}


def test_a_message_lands_as_it_came(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "here"
    message = MESSAGE + b".\r\n..\r\nlast line\r\n"
    with Sandbox(folder) as sandbox:
        assert deliver(sandbox, "anna.smith@acme.example", message) == 250
        assert kept(folder) == {"0001-anna.smith@acme.example.eml": message}
        assert deliver(sandbox, "bert@acme.example") == 250
        assert sandbox.accepted == 2
    assert list(kept(folder)) == ["0001-anna.smith@acme.example.eml", "0002-bert@acme.example.eml"]


def test_numbers_go_on_and_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "0009-somebody.eml").write_bytes(b"before")
    with Sandbox(tmp_path) as sandbox:
        (tmp_path / "0010-anna@acme.example.eml").write_bytes(b"meanwhile")
        assert deliver(sandbox, "anna@acme.example") == 250
    assert kept(tmp_path) == {
        "0009-somebody.eml": b"before",
        "0010-anna@acme.example.eml": b"meanwhile",
        "0011-anna@acme.example.eml": MESSAGE,
    }


@pytest.mark.parametrize(
    ("recipient", "name"),
    [
        ("anna+news@acme.example", "0001-anna+news@acme.example.eml"),
        ("o'hara@acme.example", "0001-o_hara@acme.example.eml"),
        ('"../../etc/x y"@acme.example', "0001-_.._.._etc_x_y_@acme.example.eml"),
        ("jürgen@acme.example", "0001-j_rgen@acme.example.eml"),
        ("a" * 200 + "@acme.example", "0001-" + "a" * 120 + ".eml"),
    ],
)
def test_names_are_safe(tmp_path: Path, recipient: str, name: str) -> None:
    with Sandbox(tmp_path) as sandbox, RawClient(sandbox.host, sandbox.port) as client:
        client.say_hello()
        assert client.say(b"MAIL FROM:<a@acme.example> SMTPUTF8\r\n").startswith(b"250 ")
        assert client.say(f"RCPT TO:<{recipient}>\r\n".encode()).startswith(b"250 ")
        assert client.say(b"DATA\r\n").startswith(b"354 ")
        assert client.say(MESSAGE + b".\r\n").startswith(b"250 ")
    assert list(kept(tmp_path)) == [name]


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    with Sandbox(tmp_path) as sandbox:
        deliver(sandbox, "anna@acme.example")
    (file,) = tmp_path.glob("*.eml")
    assert file.stat().st_mode & 0o077 == 0


EXPECTED = [
    ("unknown.user", [550, 550, 550]),
    ("greylisted", [451, 250, 250]),
    ("busy", [450, 450, 250]),
    ("refused", [554, 554, 554]),
    ("dropped", [-1, -1, -1]),
]


def test_every_behaviour_is_tried_here() -> None:
    assert [prefix for prefix, _ in EXPECTED] == [behaviour.prefix for behaviour in BEHAVIOURS]
    assert all(behaviour.meaning and behaviour.phase in (Phase.RCPT, Phase.BODY) for behaviour in BEHAVIOURS)


@pytest.mark.parametrize("rest", ["@acme.example", ".person@acme.example", "2@x.example"])
@pytest.mark.parametrize(("prefix", "codes"), EXPECTED)
def test_behaviour(tmp_path: Path, prefix: str, rest: str, codes: list[int]) -> None:
    with Sandbox(tmp_path) as sandbox:
        assert [deliver(sandbox, prefix + rest) for _ in codes] == codes
        assert deliver(sandbox, "a." + prefix + rest) == 250
    assert len(kept(tmp_path)) == sandbox.accepted == codes.count(250) + 1


@pytest.mark.parametrize(("prefix", "codes"), EXPECTED)
def test_behaviour_goes_on_in_the_next_run(tmp_path: Path, prefix: str, codes: list[int]) -> None:
    for code in codes:
        with Sandbox(tmp_path) as sandbox:
            assert deliver(sandbox, f"{prefix}@acme.example") == code
    with Sandbox(tmp_path) as sandbox:
        assert deliver(sandbox, f"{prefix.upper()}@ACME.example") == codes[-1]
        assert deliver(sandbox, f"{prefix}@other.example") == codes[0]


def test_the_memory_can_stand_elsewhere_or_nowhere(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    for code in (451, 250):
        with Sandbox(None, state=state) as sandbox:
            assert deliver(sandbox, "greylisted@acme.example") == code
    for code in (451, 451):
        with Sandbox(None) as sandbox:
            assert deliver(sandbox, "greylisted@acme.example") == code
    assert [file.name for file in tmp_path.iterdir()] == ["state.json"]


def test_what_it_remembers_does_not_count_for_a_fresh_one(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    state.write_text("nonsense")
    for fresh, code in ((True, 451), (True, 451), (False, 250)):
        with Sandbox(None, state=state, fresh=fresh) as sandbox:
            assert deliver(sandbox, "greylisted@acme.example") == code


def test_on_message_comes_before_the_reply(tmp_path: Path) -> None:
    seen: list[tuple[str, bytes, int]] = []

    def see(recipient: str, message: bytes) -> None:
        seen.append((recipient, message, len(kept(tmp_path))))

    with Sandbox(tmp_path, on_message=see) as sandbox:
        deliver(sandbox, "anna@acme.example")
        assert seen == [("anna@acme.example", MESSAGE, 1)]
        deliver(sandbox, "refused@acme.example")
        deliver(sandbox, "dropped@acme.example")
    assert len(seen) == 1


def run(sandbox: Sandbox, *codes: int) -> None:
    with sandbox:
        for code in codes:
            assert deliver(sandbox, "anna@acme.example") == code


def test_what_on_message_raises_is_told_to_both_sides() -> None:
    def fail(_: str, __: bytes) -> None:
        raise ZeroDivisionError("of ours")

    with pytest.raises(ZeroDivisionError, match="of ours"):
        run(Sandbox(None, on_message=fail), 451, 451)


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    folder = tmp_path / "folder"

    def start_and_lose_the_folder() -> None:
        with Sandbox(folder) as sandbox:
            folder.rmdir()
            assert deliver(sandbox, "anna@acme.example") == 451

    with pytest.raises(SettingsError, match="No such file") as raised:
        start_and_lose_the_folder()
    assert_three_parts(raised.value)


def test_pipelining_is_offered_and_kept(tmp_path: Path) -> None:
    with Sandbox(tmp_path) as sandbox, RawClient(sandbox.host, sandbox.port) as client:
        client.reply()
        offered = client.say(b"EHLO client.example\r\n")
        for keyword in (b"PIPELINING", b"8BITMIME", b"SMTPUTF8", b"SIZE"):
            assert keyword in offered
        assert b"STARTTLS" not in offered
        assert b"AUTH" not in offered
        client.send(GROUP)
        assert [client.reply()[:3] for _ in range(3)] == [b"250", b"250", b"354"]
        client.send(MESSAGE + b".\r\n" + GROUP.replace(b"anna", b"unknown.user"))
        assert [client.reply()[:3] for _ in range(4)] == [b"250", b"250", b"550", b"503"]
        client.send(b"RSET\r\n" + GROUP.replace(b"anna", b"dropped"))
        assert [client.reply()[:3] for _ in range(4)] == [b"250", b"250", b"250", b"354"]
        client.send(MESSAGE + b".\r\n")
        assert client.end() == "FIN"
    assert sandbox.accepted == 1


def test_several_recipients_in_one_transaction(tmp_path: Path) -> None:
    with Sandbox(tmp_path) as sandbox, smtplib.SMTP(sandbox.host, sandbox.port) as client:
        client.sendmail(FROM, ["anna@acme.example", "bert@acme.example", "unknown.user@acme.example"], MESSAGE)
    assert list(kept(tmp_path)) == ["0001-anna@acme.example.eml", "0002-bert@acme.example.eml"]


def assert_three_parts(error: CampaignError) -> None:
    assert error.what
    assert error.where
    assert error.fix


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(SettingsError, match="in use") as raised:
        Sandbox(tmp_path, port=other.getsockname()[1]).__enter__()
    assert_three_parts(raised.value)


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 70_000), ("192.0.2.1", 0)])
def test_a_place_that_cannot_be_listened_at(host: str, port: int) -> None:
    with pytest.raises(SettingsError, match="can't listen") as raised:
        Sandbox(None, host=host, port=port).__enter__()
    assert_three_parts(raised.value)


def a_file(path: Path) -> None:
    path.write_text("not a folder")


def a_bad_state(path: Path) -> None:
    path.mkdir()
    (path / ".sandbox-state.json").write_text('{"busy@acme.example": "twice"}')


def no_state(path: Path) -> None:
    path.mkdir()
    (path / ".sandbox-state.json").write_bytes(b"\xff\xfe{")


@pytest.mark.parametrize("spoil", [a_file, a_bad_state, no_state])
def test_a_folder_that_cannot_be_used(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    spoil(tmp_path / "folder")
    with pytest.raises(SettingsError) as raised:
        Sandbox(tmp_path / "folder").__enter__()
    assert_three_parts(raised.value)
    assert "folder" in raised.value.where


def test_it_stops_while_clients_are_connected(tmp_path: Path) -> None:
    with Sandbox(tmp_path) as sandbox:
        clients = [RawClient(sandbox.host, sandbox.port) for _ in range(5)]
        clients[0].say_hello()
        clients[1].say_hello()
        clients[1].send(GROUP)
        clients[2].say_hello()
        clients[2].send(GROUP + b"half a message")
    for client in clients:
        client.socket.close()
    with Sandbox(tmp_path, port=sandbox.port) as again:
        assert deliver(again, "anna@acme.example") == 250
