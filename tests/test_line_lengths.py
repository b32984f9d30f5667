"""No line that leaves is longer than 900 octets, and an unsubscribe URL that would be is nobody's silent loss.

Relays in use break lines from 990 octets on, where RFC 5322 allows 998 (`campaign.message.headers.LONGEST_LINE`).
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from campaign.cli import app
from campaign.content import text_template
from campaign.errors import EmptyCellError, InvalidContactError, SettingsError
from campaign.message import Composer
from campaign.model import Contact, Content
from tests.campaigns import SECRET, SmallCampaign
from tests.conftest import StartServer

NOW = datetime(2026, 11, 23, 9, 0, 0, tzinfo=UTC)
ANN = Contact(number=7, email="ann@people.example", columns={})
LONGEST_URL = 900 - len("List-Unsubscribe: <>,")


def composer(**given: object) -> Composer:
    settings: dict[str, object] = {
        "campaign": "autumn",
        "sender": "Acme <hello@acme.example>",
        "return_path": "bounces@acme.example",
        "reply_to": None,
        "unsubscribe_mailto": "stop@acme.example",
    }
    return Composer(**(settings | given))  # type: ignore[arg-type]


def content(*text: str, url: str | None = None, subject: str = "Your order") -> Content:
    return Content(subject=subject, text=text, html=(), unsubscribe_url=url)


def url_of(length: int) -> str:
    return "https://acme.example/".ljust(length, "u")


def longest_line(data: bytes) -> int:
    return max(map(len, data.split(b"\r\n")))


# Bodies


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize(
    "chunks",
    [
        ("x" * 900,),
        ("a\n" + "x" * 900 + "\nb",),
        ("x" * 450, "y" * 450),
        ("a\n" + "x" * 450, "y" * 450 + "\n"),
        ("x" * 899, "", "\t"),
    ],
)
def test_900_octets_go_as_7bit_and_one_more_does_not(chunks: tuple[str, ...], known: bool) -> None:
    longer = tuple(chunk.replace("xxx", "xxxx", 1) for chunk in chunks)
    for text, encoding, longest in [(chunks, b"7bit", 900), (longer, b"quoted-printable", 76)]:
        message = composer(constants=text if known else ()).compose(ANN, content(*text), now=NOW)
        head, _, body = message.data.partition(b"\r\n\r\n")
        assert b"Content-Transfer-Encoding: " + encoding in head
        assert longest_line(body) == longest


# Header fields


def test_every_header_field_at_its_longest_stays_under() -> None:
    # Each with the longest address that a path may have (RFC 5321 section 4.5.3.1.3), in the letters that grow most.
    domain = "a" * 50 + ".example"
    longest = "é" * ((254 - len(domain) - 1) // 2) + "@" + domain
    plain = "a" * (254 - len(domain) - 1) + "@" + domain
    name = "漢字 " * 300
    message = composer(
        sender=f"{name} <{plain}>", reply_to=f"{name} <{longest}>", return_path=longest, unsubscribe_mailto=longest
    ).compose(replace(ANN, email=longest), content("a\n", url=url_of(LONGEST_URL), subject="x" * 3000), now=NOW)

    head = message.data.partition(b"\r\n\r\n")[0]
    assert longest_line(head) == 900
    assert sum(len(line) > 300 for line in head.split(b"\r\n")) == 2  # Both of List-Unsubscribe.


def test_a_rows_unsubscribe_url_that_fits_no_line_makes_that_row_invalid_and_says_why() -> None:
    by = composer()
    assert longest_line(by.compose(ANN, content("a", url=url_of(LONGEST_URL)), now=NOW).data) == 900

    with pytest.raises(InvalidContactError) as caught:
        by.compose(ANN, content("a", url=url_of(LONGEST_URL + 1)), now=NOW)

    assert caught.value.what.startswith("the unsubscribe URL has 880 characters; 879 fit")
    assert caught.value.where == "row 7, [message] unsubscribe_url"
    assert "columns" in caught.value.fix
    assert url_of(LONGEST_URL + 1) not in str(caught.value)


def test_an_unsubscribe_mailto_fills_a_line_and_no_more() -> None:
    longest = "mailto:stop@acme.example?subject=".ljust(LONGEST_URL, "x")
    assert longest_line(composer(unsubscribe_mailto=longest).compose(ANN, content("a"), now=NOW).data) <= 900
    with pytest.raises(SettingsError) as caught:
        composer(unsubscribe_mailto=longest + "x")
    assert caught.value.where == "[message] unsubscribe_mailto"


# What the setting itself makes too long


@pytest.mark.parametrize(
    ("source", "shortest"),
    [
        ("https://acme.example/u", 22),
        ("https://acme.example/u?e={{ contact.email }}", 25),
        ("https://acme.example/{{ contact.a }}/{{ contact.b | urlencode }}?x={{ campaign.name }}", 25),
        ("https://a.example/{% if contact.a %}12345{% else %}123{% endif %}", 21),
        ("https://a.example/{% if contact.a %}12345{% endif %}", 18),
        ("https://a.example/{% if contact.a %}12345{% elif contact.b %}1{% else %}123{% endif %}/", 20),
        ("https://a.example/{% if contact.a %}1{% if contact.b %}23{% else %}2{% endif %}{% else %}123{% endif %}", 20),
        ("https://a.example/{% for letter in contact.a %}12345{% endfor %}", 18),
        ("https://a.example/{% filter replace('1', '') %}11111{% endfilter %}", 18),
        ("https://a.example/{% set long %}12345{% endset %}{# 12345 #}{{- contact.a -}}   x", 19),
    ],
)
def test_what_a_setting_always_writes_is_counted_and_no_more(source: str, shortest: int) -> None:
    template = text_template(source, name="message.unsubscribe_url", campaign_name="autumn")
    assert template.shortest == shortest
    for columns in ({"a": "", "b": ""}, {"a": "abc", "b": ""}, {"a": "", "b": "b"}, {"a": "a", "b": "b"}):
        with suppress(EmptyCellError):
            assert len(template(replace(ANN, columns=columns))) >= shortest
    assert len(template(replace(ANN, columns={"a": "a", "b": "b"}))) >= shortest


def test_a_url_too_long_for_whatever_contact_is_the_settings_fault() -> None:
    composer(shortest_unsubscribe_url=LONGEST_URL)
    with pytest.raises(SettingsError) as caught:
        composer(shortest_unsubscribe_url=LONGEST_URL + 1)
    assert caught.value.where == "message.unsubscribe_url"
    assert "880" in caught.value.what and "879" in caught.value.what
    assert caught.value.fix


@pytest.fixture
def small(tmp_path: Path) -> Callable[[str], SmallCampaign]:
    def made(url: str) -> SmallCampaign:
        campaign = SmallCampaign(tmp_path / "small", settings={"message": {"unsubscribe_url": url}})
        people = [("ann@people.example", "Ann", "1"), ("bob@people.example", "Bob", "2" * 90)]
        return campaign.contacts(people, header=("email", "name", "id"))

    return made


@pytest.mark.parametrize(
    "words", [("check",), ("check", "--offline"), ("send", "--yes"), ("resend", "--yes"), ("preview",)], ids=" ".join
)
def test_it_is_told_before_the_first_message(
    words: tuple[str, ...],
    small: Callable[[str], SmallCampaign],
    monkeypatch: pytest.MonkeyPatch,
    smtp_server: StartServer,
) -> None:
    campaign = small(url_of(LONGEST_URL - 2) + "?{{ contact.id }}")
    server = smtp_server()
    campaign.load(server.port)
    monkeypatch.setenv("CAMPAIGN_LINK__SECRET", SECRET)
    monkeypatch.chdir(campaign.folder)
    assert CliRunner().invoke(app, ["check", "--offline"]).exit_code == 0  # One row is too long, which is noted.

    campaign.settings["message"]["unsubscribe_url"] = url_of(LONGEST_URL) + "?{{ contact.id }}"
    campaign.load(server.port)
    ended = CliRunner().invoke(app, list(words))

    assert ended.exit_code == 2
    assert "the URL has at least 880 characters" in ended.output
    assert "  where: message.unsubscribe_url" in ended.output
    assert "  to do: use a shorter one" in ended.output
    assert not server.accepted
    assert not campaign.ledger.exists()


def test_one_contacts_cell_that_makes_it_too_long_costs_the_others_nothing(
    small: Callable[[str], SmallCampaign], smtp_server: StartServer
) -> None:
    campaign = small("https://acme.example/".ljust(800, "u") + "?{{ contact.id }}")
    server = smtp_server()

    campaign.send(server.port)

    assert campaign.statuses() == {"ann@people.example": "sent", "bob@people.example": "invalid"}
    (_, bob) = campaign.results()
    assert "unsubscribe URL has 891 characters; 879 fit" in bob["detail"]
    assert [message.recipients for message in server.accepted] == [("ann@people.example",)]
    assert all(longest_line(message.data or b"") <= 900 for message in server.accepted)
