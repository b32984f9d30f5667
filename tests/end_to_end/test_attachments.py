"""Attachments and images, as a server gets them: everybody their own file, whole, and nobody another's."""

import email
import email.policy
import os
from email.message import EmailMessage
from pathlib import Path

import pytest

from campaign.errors import UsageError
from tests.campaigns import SmallCampaign
from tests.conftest import StartServer
from tests.message.files import CALENDAR, PDF, PNG
from tests.real_servers.signatures import DOMAIN, rsa
from tests.smtp_server import FaultServer

HEADER = ("email", "name", "invoice")
BY_CONTACT = "invoices/{{ contact.invoice }}"
IF_ANY = "{% if contact.invoice %}invoices/{{ contact.invoice }}{% endif %}"


def mailer(folder: Path, *attachments: str) -> SmallCampaign:
    campaign = SmallCampaign(folder / "c", {"message": {"attachments": list(attachments)}})
    (campaign.folder / "invoices").mkdir()
    for name in ("ann", "bob", "cat"):
        (campaign.folder / "invoices" / f"{name}.pdf").write_bytes(invoice(name))
    (campaign.folder / "Preise März.csv").write_bytes("Größe;€\n".encode())
    return campaign


def invoice(name: str) -> bytes:
    return PDF + name.encode() * 100


def read(server: FaultServer) -> dict[str, EmailMessage]:
    policy = email.policy.SMTP.clone(raise_on_defect=True)
    return {one.recipients[0]: email.message_from_bytes(one.data or b"", policy=policy) for one in server.accepted}


def files(message: EmailMessage) -> dict[str, bytes]:
    return {str(part.get_filename()): bytes(part.get_payload(decode=True)) for part in message.iter_attachments()}


def details(campaign: SmallCampaign) -> dict[str, str]:
    return {row["email"]: row["detail"] for row in campaign.results() if row["status"] == "invalid"}


def test_everybody_gets_the_files_for_all_and_their_own(tmp_path: Path, smtp_server: StartServer) -> None:
    campaign = mailer(tmp_path, "Preise März.csv", IF_ANY)
    people = [("ann@a.example", "Ann", "ann.pdf"), ("bob@a.example", "Bob", "bob.pdf"), ("cat@a.example", "Cat", "")]
    campaign.contacts(people, HEADER)
    server = smtp_server()
    campaign.send(server.port)
    prices = {"Preise März.csv": "Größe;€\n".encode()}
    assert {to: files(message) for to, message in read(server).items()} == {
        "ann@a.example": prices | {"ann.pdf": invoice("ann")},
        "bob@a.example": prices | {"bob.pdf": invoice("bob")},
        "cat@a.example": prices,
    }
    kinds = [part.get_content_type() for part in read(server)["ann@a.example"].walk()]
    alternative = ["multipart/alternative", "text/plain", "text/html"]
    assert kinds == ["multipart/mixed", *alternative, "text/csv", "application/pdf"]


def test_many_contacts_of_many_processes_never_get_each_others_file(tmp_path: Path, smtp_server: StartServer) -> None:
    campaign = mailer(tmp_path, BY_CONTACT)
    campaign.settings["smtp"] = {"connections": 4}
    rows = []
    for number in range(60):
        name = f"{number % 20}.bin"  # three contacts share one file
        (campaign.folder / "invoices" / name).write_bytes(f"of {name}".encode() * 50)
        rows.append((f"p{number}@a.example", f"{number}", name))
    campaign.contacts(rows, HEADER)
    server = smtp_server()
    campaign.send(server.port, processes=2)
    got = read(server)
    assert len(got) == 60
    for address, _, name in rows:
        assert files(got[address]) == {name: f"of {name}".encode() * 50}


def test_a_row_whose_file_is_missing_is_invalid_and_says_which(tmp_path: Path, smtp_server: StartServer) -> None:
    campaign = mailer(tmp_path, BY_CONTACT)
    campaign.contacts([("ann@a.example", "Ann", "ann.pdf"), ("dan@a.example", "Dan", "dan.pdf")], HEADER)
    server = smtp_server()
    campaign.send(server.port)
    assert campaign.statuses() == {"ann@a.example": "sent", "dan@a.example": "invalid"}
    assert "'invoices/dan.pdf' is not there" in details(campaign)["dan@a.example"]
    (campaign.folder / "invoices" / "dan.pdf").write_bytes(invoice("dan"))
    again = smtp_server()
    campaign.resend(again.port)
    assert files(read(again)["dan@a.example"]) == {"dan.pdf": invoice("dan")}


@pytest.mark.parametrize(
    "cell", ["../campaign.toml", "../../secret", "/../contacts.csv", "way", "fifo", "sub", ".hidden", "x" * 300, "a\nb"]
)
def test_no_cell_reaches_another_file(tmp_path: Path, smtp_server: StartServer, cell: str) -> None:
    campaign = mailer(tmp_path, BY_CONTACT)
    inside = campaign.folder / "invoices"
    (tmp_path / "secret").write_bytes(b"hunter2")
    (inside / "way").symlink_to("../../secret")
    (inside / ".hidden").write_bytes(b"hunter2")
    (inside / "sub").mkdir()
    os.mkfifo(inside / "fifo")
    campaign.contacts([("ann@a.example", "Ann", cell), ("bob@a.example", "Bob", "bob.pdf")], HEADER)
    server = smtp_server()
    campaign.send(server.port)
    assert campaign.statuses() == {"ann@a.example": "invalid", "bob@a.example": "sent"}
    assert "hunter2" not in details(campaign)["ann@a.example"]


@pytest.mark.parametrize("target", ["../contacts.csv", "../small.ledger", "../campaign.toml"])
def test_not_even_by_a_link_is_a_file_of_the_campaigns_own_sent(
    tmp_path: Path, smtp_server: StartServer, target: str
) -> None:
    campaign = mailer(tmp_path, BY_CONTACT)
    (campaign.folder / "invoices" / "way.pdf").symlink_to(target)
    campaign.contacts([("ann@a.example", "Ann", "way.pdf")], HEADER)
    server = smtp_server()
    campaign.send(server.port)
    assert campaign.statuses() == {"ann@a.example": "invalid"}
    assert "never sent" in details(campaign)["ann@a.example"]


def test_the_key_that_signs_is_never_attached(tmp_path: Path, smtp_server: StartServer) -> None:
    campaign = mailer(tmp_path, "keys/{{ contact.invoice }}")
    (campaign.folder / "keys").mkdir()
    key = rsa()
    key.write(campaign.folder / "keys" / "dkim.pem")
    campaign.settings["dkim"] = {"domain": DOMAIN, "selector": key.selector, "key_file": "keys/dkim.pem"}
    campaign.contacts([("ann@a.example", "Ann", "dkim.pem")], HEADER)
    server = smtp_server()
    campaign.send(server.port)
    assert campaign.statuses() == {"ann@a.example": "invalid"}
    assert "never sent" in details(campaign)["ann@a.example"]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("none.pdf", "is not there"),
        ("../secret.pdf", "no path inside"),
        ("contacts.csv", "never sent"),
        ("campaign.toml", "never sent"),
        ("invoices", "is a folder"),
        ("inv-{{ contact.invoice }}", "must begin with a folder"),
        ("bills/{{ contact.invoice }}", "folder 'bills' is not there"),
        ("invoices/{{ contact.invioce }}", "did you mean 'invoice'"),
    ],
)
def test_what_is_wrong_for_everybody_stops_the_run_before_it_begins(
    tmp_path: Path, smtp_server: StartServer, path: str, words: str
) -> None:
    campaign = mailer(tmp_path, path).contacts([("ann@a.example", "Ann", "ann.pdf")], HEADER)
    server = smtp_server()
    with pytest.raises(UsageError, match=words) as raised:
        campaign.send(server.port)
    assert "message.attachments" in raised.value.where
    assert not server.connections


def test_a_file_for_all_that_the_server_finds_too_large_is_no_rows_fault(
    tmp_path: Path, smtp_server: StartServer
) -> None:
    """Nor where rows have files of their own; a row whose own file is too large is rejected by itself."""
    people = [("ann@a.example", "Ann", "ann.pdf"), ("bob@a.example", "Bob", "bob.pdf")]
    campaign = mailer(tmp_path, "terms.bin", "invoices/{{ contact.invoice }}").contacts(people, HEADER)
    (campaign.folder / "terms.bin").write_bytes(bytes(50_000))
    server = smtp_server(size=40_000)
    summary = campaign.send(server.port)
    assert summary.exit_code == 2 and summary.trouble is not None and "SIZE" in summary.trouble.what
    assert set(campaign.statuses().values()) == {"pending"}
    (campaign.folder / "terms.bin").write_bytes(b"small")
    (campaign.folder / "invoices" / "bob.pdf").write_bytes(PDF + bytes(50_000))
    campaign.send(server.port)
    assert campaign.statuses() == {"ann@a.example": "sent", "bob@a.example": "rejected"}


def test_a_folder_that_is_gone_stops_the_run_and_marks_nobody(tmp_path: Path, smtp_server: StartServer) -> None:
    """A disk that is not mounted is our own fault, not fifty thousand contacts'."""
    campaign = mailer(tmp_path, IF_ANY.replace("invoices", "bills"))
    campaign.contacts([("ann@a.example", "Ann", "ann.pdf")], HEADER)
    server = smtp_server()
    summary = campaign.send(server.port)
    assert campaign.statuses() == {"ann@a.example": "pending"}
    assert summary.trouble is not None and "'bills' is not there" in summary.trouble.what


def test_an_image_goes_with_the_html_that_shows_it(tmp_path: Path, smtp_server: StartServer) -> None:
    campaign = mailer(tmp_path, "invite.ics").people(1)
    (campaign.folder / "invite.ics").write_bytes(CALENDAR.encode())
    (campaign.folder / "template" / "logo.png").write_bytes(PNG)
    body = '<p>Hello {{ contact.name }} <img src="cid:logo.png" alt="Acme"> <a href="{{ link.url }}">in</a></p>'
    (campaign.folder / "template" / "body.html").write_text(body)
    server = smtp_server()
    campaign.send(server.port)
    (message,) = read(server).values()
    parts = {part.get_content_type(): part for part in message.walk()}
    assert list(parts) == [
        *("multipart/mixed", "multipart/alternative", "text/plain", "multipart/related"),
        *("text/html", "image/png", "text/calendar"),
    ]
    shown = parts["image/png"]
    assert shown.get_payload(decode=True) == PNG
    assert f'src="cid:{shown["Content-ID"].strip("<>")}"' in parts["text/html"].get_content()
    assert shown["Content-ID"].endswith("@acme.example>")
    assert parts["text/calendar"]["Content-Type"].params["method"] == "REQUEST"


def test_an_image_that_is_none_is_told_before_the_first_message(tmp_path: Path, smtp_server: StartServer) -> None:
    campaign = mailer(tmp_path).people(1)
    (campaign.folder / "template" / "logo.png").write_bytes(b"<html>Please sign in</html>")
    (campaign.folder / "template" / "body.html").write_text('<p>\n<img src="cid:logo.png">{{ link.url }}')
    server = smtp_server()
    with pytest.raises(UsageError, match="no image") as raised:
        campaign.send(server.port)
    assert raised.value.where == "body.html line 2" and not server.connections
