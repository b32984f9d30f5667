"""A server that quotes our message puts no live link on record, wrapped, cut or encoded as it may be."""

import base64
import quopri
from collections.abc import Callable
from pathlib import Path

import pytest

from campaign.model import Attempt, Envelope, Message
from campaign.smtp.reply.censor import without_links
from tests.campaigns import SmallCampaign
from tests.conftest import StartServer

TOKEN = (
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJwMUBwZW9wbGUuZXhhbXBsZSIsImV4cCI6MTcwMDAwMzYwMH0.8lJvcLsYkw8o3ymMXU3-yRvGxPi01E"
)
SIGNATURE = TOKEN.rpartition(".")[2]
URL = f"https://acme.myclickfunnels.com/sso?identifier=p1%40people.example&strategy=email&token={TOKEN}"


def wrapped(width: int) -> Callable[[str], str]:
    return lambda text: " ".join(text[at : at + width] for at in range(0, len(text), width))


QUOTES: dict[str, Callable[[str], str]] = {
    "whole": lambda url: url,
    **{f"wrapped at {width}": wrapped(width) for width in (10, 24, 40, 55, 63, 70)},
    "quoted-printable": lambda url: quopri.encodestring(url.encode()).decode().replace("=\n", "= "),
    "base64": lambda url: base64.b64encode(f"  {url}".encode()).decode(),
    "base64, wrapped": lambda url: wrapped(57)(base64.b64encode(f" {url}".encode()).decode()),
    "capitals": str.upper,
    "the signature alone": lambda url: url.rpartition(".")[2],
    "the signature, in two pieces": lambda url: wrapped(22)(url.rpartition(".")[2]),
}


def pieces_of(secret: str, said: str, size: int = 8) -> list[str]:
    return [secret[at : at + size] for at in range(len(secret) - size + 1) if secret[at : at + size] in said]


@pytest.mark.parametrize("how", QUOTES)
def test_no_eight_letters_of_it_are_left(how: str) -> None:
    said = without_links(f"5.7.1 Your message was refused: {QUOTES[how](URL)}", [TOKEN])
    for form in (
        TOKEN,
        TOKEN.upper(),
        *(base64.b64encode(b" " * shift + TOKEN.encode()).decode() for shift in range(3)),
    ):
        assert pieces_of(form[8:-8], said) == []
    assert said.startswith("5.7.1 Your message was refused: ")


@pytest.mark.parametrize(
    "said",
    [
        "5.1.1 <p1@people.example>: Recipient address rejected: User unknown in virtual mailbox table",
        "Ok 0100019358f0a1b2-3c4d5e6f-7a8b-4c9d-8e0f-1a2b3c4d5e6f-000000",
        "2.0.0 Message Queued (6F1A2B3C-4D5E-4F60-8A9B-0C1D2E3F4A5B.2)",
    ],
)
def test_whatever_else_is_said_stays(said: str) -> None:
    assert without_links(said, [TOKEN]) == said


def test_an_attempt_does_not_show_its_token() -> None:
    envelope = Envelope(return_path="b@acme.example", recipient="ann@people.example")
    message = Message(envelope=envelope, message_id="<1@acme.example>", data=f"?token={TOKEN}\r\n".encode())
    attempt = Attempt(contact=1, message=message, link_expires_at=1, link_fingerprint="0" * 12, token=TOKEN)
    assert "ann@people.example" in repr(attempt) and TOKEN[:8] not in repr(attempt)


@pytest.mark.parametrize("width", [40, 48, 63, 70])
@pytest.mark.parametrize("code", [250, 450, 554])
def test_no_live_link_in_results_and_ledger(tmp_path: Path, smtp_server: StartServer, code: int, width: int) -> None:
    """The signature is what makes a link live; the rest of the token can be guessed."""
    campaign = SmallCampaign(tmp_path / "c", {"retry": {"tries": 1}}).people(3)
    server = smtp_server(quotes=(code, width))
    campaign.send(server.port)
    record = b"".join(path.read_bytes() for path in campaign.folder.iterdir() if path.is_file()).decode("latin-1")
    assert "refused for" in record
    assert len(server.record.quoted) == 3
    for token in server.record.quoted:
        assert len(token) > 100 and pieces_of(token.rpartition(".")[2], record) == []
