"""A mailbox over IMAP: what is read, what is flagged and moved and when, and what is said where something is wrong."""

import ssl
import sys
from typing import Any

import pytest

from campaign.errors import UsageError
from campaign.evidence import EvidenceKind, Unread
from campaign.settle.mail.reader import Mails
from campaign.settle.mailbox import mailbox as module
from campaign.settle.mailbox.mailbox import Mailbox
from campaign.settle.mailbox.session import MailboxPlace, words
from tests.ports import silent_port
from tests.settle.mail.mails import BEN, IDS, Campaign, complaint, dsn, letter, returned
from tests.settle.mailbox.imap_server import PASSWORD, USERNAME, ImapServer

BOUNCE, COMPLAINT = dsn(), complaint(message=returned(IDS[BEN]))
LETTER, STRANGERS = letter("Hello", to="x@y.example"), dsn(message=returned("<other@acme.example>"))
ALL = (BOUNCE, LETTER, STRANGERS, COMPLAINT)


def _mailbox(port: int, **place: Any) -> Mailbox:
    given: dict[str, Any] = {
        "host": "127.0.0.1",
        "security": "none",
        "username": USERNAME,
        "secret": lambda: PASSWORD,
    } | place
    return Mailbox(MailboxPlace(port=port, **given), Mails())


def _read(mailbox: Mailbox, told: list[Unread] | None = None) -> list[EvidenceKind]:
    said: list[Unread] = [] if told is None else told
    found = [one.kind for one in mailbox.evidence(Campaign(), said.append, since=1_795_000_000)]
    assert told is not None or said == []
    return found


def test_every_mail_is_read_and_nothing_changes_before_it_is_on_record() -> None:
    with ImapServer(*ALL) as server, _mailbox(server.port) as mailbox:
        server.folders["INBOX"][11].flags.add("\\Seen")  # somebody has looked
        assert _read(mailbox) == [EvidenceKind.BOUNCED, EvidenceKind.BOUNCED, EvidenceKind.COMPLAINT]
        assert server.flags() == {11: {"\\Seen"}, 12: set(), 13: set(), 14: set()}
        assert any(heard.startswith("UID SEARCH SINCE 17-Nov-2026") for heard in server.heard)
        assert not any(heard.startswith("SELECT") for heard in server.heard)


def test_what_was_ours_is_flagged_once_it_is_and_stays_where_it_is() -> None:
    with ImapServer(*ALL) as server, _mailbox(server.port) as mailbox:
        _read(mailbox)
        mailbox.settled()
        assert server.flags() == {11: {"\\Seen"}, 12: set(), 13: set(), 14: {"\\Seen"}}


@pytest.mark.parametrize("capabilities", ["IMAP4rev1 AUTH=PLAIN MOVE", "IMAP4rev1 AUTH=PLAIN UIDPLUS"])
def test_it_is_moved_where_that_is_wanted(capabilities: str) -> None:
    with ImapServer(*ALL, capabilities=capabilities) as server:
        with _mailbox(server.port, move_to="Settled") as mailbox:
            _read(mailbox)
            mailbox.settled()
        assert list(server.folders["INBOX"]) == [12, 13] and list(server.folders["Settled"]) == [11, 14]


def test_where_a_mail_stands_is_told_without_an_address() -> None:
    with ImapServer(BOUNCE) as server, _mailbox(server.port) as mailbox:
        (found,) = mailbox.evidence(Campaign(), lambda unread: pytest.fail(unread.what))
    assert found.place == "INBOX at 127.0.0.1, UID 11" and found.id == "<dsn.1@mx.mail.example>"


def test_a_token_signs_in_as_well() -> None:
    with ImapServer(BOUNCE) as server, _mailbox(server.port, by_token=True) as mailbox:
        assert len(_read(mailbox)) == 1


def test_a_connection_that_breaks_off_is_made_anew_as_long_as_that_leads_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_AT_ONCE", 1)  # a command for each mail
    with ImapServer(*ALL, fetches=1) as server, _mailbox(server.port) as mailbox:
        assert _read(mailbox) == [EvidenceKind.BOUNCED, EvidenceKind.BOUNCED, EvidenceKind.COMPLAINT]
        assert server.connections == 4
        mailbox.settled()
        assert server.flags()[14] == {"\\Seen"}


@pytest.mark.parametrize("fault", [{"fetches": 0}, {"nonsense": "* 1 FETCH (UID (((("}])
def test_where_it_does_not_what_was_read_stands_and_the_rest_is_told(fault: dict[str, object]) -> None:
    told: list[Unread] = []
    with ImapServer(*ALL, **fault) as server, _mailbox(server.port) as mailbox:  # type: ignore[arg-type]
        assert _read(mailbox, told) == []
    (unread,) = told
    assert "was lost" in unread.what and "0 of 4 mails were read" in unread.what and "again" in unread.fix


@pytest.mark.parametrize("said", ["(" * 50_000, f"(UID 11 BODY[]<0> {{{10**15}}}", f"(UID 11 BODY[]<0> {{{10**30}}}"])
def test_a_server_s_nonsense_costs_neither_the_memory_nor_what_was_read(said: str) -> None:
    told: list[Unread] = []
    with ImapServer(*ALL, nonsense=f"* 1 FETCH {said}") as server, _mailbox(server.port) as mailbox:
        assert _read(mailbox, told) == []
    assert len(told) == 1 and "0 of 4 mails were read" in told[0].what


def test_a_mail_that_is_taken_for_an_answer_is_quoted_without_its_link() -> None:
    told: list[Unread] = []
    link = "in https://acme.example/in?token=eyJhbGciOiJIUzI1NiJ9.eyJz.x"
    nonsense = f"* 1 FETCH (UID 11 BODY[]<0> {{-1}}\r\n{link}"
    with ImapServer(*ALL, nonsense=nonsense) as server, _mailbox(server.port) as mailbox:
        assert _read(mailbox, told) == []
    assert "unexpected response: in [link]" in told[0].what and "eyJ" not in repr(told)


def test_a_server_that_is_gone_when_mails_are_to_be_flagged_is_told() -> None:
    told: list[Unread] = []
    with ImapServer(BOUNCE) as server:
        mailbox = _mailbox(server.port)
        mailbox.__enter__()
        assert len(_read(mailbox, told)) == 1
        mailbox._close()
    mailbox.settled()
    assert [unread.what for unread in told] == [told[0].what] and "not all mails could be flagged" in told[0].what


def test_a_refused_sign_in_says_what_to_check_and_shows_no_secret() -> None:
    with ImapServer() as server, pytest.raises(UsageError) as raised, _mailbox(server.port, username="eve"):
        pass
    assert "does not let us in: " in raised.value.what and "AUTHENTICATIONFAILED" in raised.value.what
    assert raised.value.where == "bounces.mailbox.username" and PASSWORD not in str(raised.value)
    assert "CAMPAIGN_BOUNCES__MAILBOX__PASSWORD" in raised.value.fix


def test_no_part_of_a_secret_stays_where_a_server_s_words_are_cut() -> None:
    said = words(OSError("no " * 98 + PASSWORD), secret=PASSWORD)
    assert said == "no " * 98 + "…"


@pytest.mark.parametrize(
    ("place", "where", "fix"),
    [
        ({"folder": "Bounces"}, "bounces.mailbox.folder", "there are INBOX, Settled; "),
        ({"move_to": "Done"}, "bounces.mailbox.move_to", "there are INBOX, Settled; "),
    ],
)
def test_a_folder_that_is_missing_is_told_with_those_there_are(place: dict[str, object], where: str, fix: str) -> None:
    with ImapServer() as server, pytest.raises(UsageError) as raised, _mailbox(server.port, **place):
        pass
    assert raised.value.where == where and raised.value.fix.startswith(fix)


def test_a_server_that_can_not_move_is_told_before_anything_is_read() -> None:
    with (
        ImapServer(capabilities="IMAP4rev1 AUTH=PLAIN") as server,
        pytest.raises(UsageError, match="can't move"),
        _mailbox(server.port, move_to="Settled"),
    ):
        pass


def test_a_server_that_can_not_be_reached() -> None:
    with silent_port() as silent:
        for place, where in (({}, "port"), ({"host": "nowhere.invalid"}, "host")):
            with pytest.raises(UsageError) as raised, _mailbox(silent.getsockname()[1], **place):
                pass
            assert "can't be reached" in raised.value.what and raised.value.where == f"bounces.mailbox.{where}"


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_server_without_tls_is_told_as_that(security: str) -> None:
    context = ssl.create_default_context()
    with (
        ImapServer() as server,
        pytest.raises(UsageError) as raised,
        _mailbox(server.port, security=security, context=context),
    ):
        pass
    assert raised.value.where == "bounces.mailbox.security" and PASSWORD not in "".join(server.heard)


def test_without_the_library_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "imapclient", None)
    with pytest.raises(UsageError, match="not installed") as raised, _mailbox(1):
        pass
    assert "campaign[bounces]" in raised.value.fix


def test_mails_are_fetched_as_many_at_once_as_are_not_too_much() -> None:
    sizes = {1: 3 << 20, 2: 100, 3: 9 << 20} | dict.fromkeys(range(4, 13), 1 << 20)
    groups = list(module._groups(range(1, 15), sizes))
    assert [uid for group in groups for uid in group] == list(range(1, 15))
    assert [len(group) for group in groups] == [8, 6]
