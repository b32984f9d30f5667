"""`campaign check --spam`, and the sizes of messages: what a filter and a mail program would make of them."""

import json
import re
from email import message_from_string, policy
from pathlib import Path
from typing import Any

import jwt
import pytest

from tests.campaigns import SECRET, SmallCampaign
from tests.command_line import Command, template
from tests.deliverability.stand_in import stand_in

COSTLY = " 4.0 HTML_IMAGE_ONLY_04     BODY: HTML: images with 0-400 bytes of words\n"


@pytest.fixture
def filters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of programs, which is all that PATH has."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def asked(filters: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (filters / "asked.json").read_text().splitlines()]


def signed_with(secret: str, message: str) -> list[bool]:
    """Of each link in the message's text: whether it is signed with the secret."""
    body = message_from_string(message, policy=policy.default).get_body(("plain",))
    assert body is not None
    found = []
    for token in re.findall(r"token=(\S+)", body.get_content()):
        try:
            jwt.decode(token, secret, algorithms=["HS256"], options={"verify_exp": False, "verify_nbf": False})
        except jwt.InvalidSignatureError:
            found.append(False)
        else:
            found.append(True)
    return found


class TestSpam:
    @pytest.mark.parametrize(
        ("points", "kind", "code", "strict"), [("0.9", "ok", 0, 0), ("4.0", "note", 0, 1), ("5.0", "wrong", 2, 2)]
    )
    def test_the_exit_code_says_how_bad_it_is(
        self, command: Command, small: SmallCampaign, filters: Path, points: str, kind: str, code: int, strict: int
    ) -> None:
        small.settings = {"message": {"unsubscribe_url": "https://acme.example/u"}}
        small.load(25)
        stand_in(filters, COSTLY, points=points)
        assert command("check", small.path, "--offline", "--spam").code == code
        said = command("check", small.path, "--offline", "--spam", "--strict", "--json")
        assert said.code == strict
        (found,) = [one for one in json.loads(said.out)["findings"] if one["rule"] == "spam"]
        assert found["kind"] == kind and f"{points} points" in found["what"]
        assert found["details"] == ["4.0 HTML_IMAGE_ONLY_04  BODY: HTML: images with 0-400 bytes of words"]
        assert bool(found["fix"]) == (kind != "ok")

    def test_it_is_shown_the_first_message_the_smallest_and_the_largest(
        self, command: Command, small: SmallCampaign, filters: Path
    ) -> None:
        names = ["", "Carla", "Al", "Donata", "Bertram Long", "Eva"]
        small.contacts([(f"p{row}@people.example", name) for row, name in enumerate(names, 1)]).load(25)
        stand_in(filters)
        assert "rows 2, 3, 5" in command("check", small.path, "--offline", "--spam").out
        shown = [one["message"] for one in asked(filters)]
        assert ["p2@" in shown[0], "p3@" in shown[1], "p5@" in shown[2]] == [True] * 3 and len(shown) == 3

    def test_the_links_in_them_sign_nobody_in(self, command: Command, small: SmallCampaign, filters: Path) -> None:
        """The real secret is there, and used for the other steps: no other program gets what it signs."""
        small.load(25)
        stand_in(filters)
        assert command("check", small.path, "--offline", "--spam").code == 0
        for one in asked(filters):
            assert SECRET not in json.dumps(one)
            assert signed_with(SECRET, one["message"]) == [False]

    def test_without_it_nothing_is_asked(self, command: Command, small: SmallCampaign, filters: Path) -> None:
        small.load(25)
        stand_in(filters)
        assert command("check", small.path, "--offline").code == 0
        assert not (filters / "asked.json").exists()

    def test_where_it_is_not_installed_that_is_wrong_and_how_to_get_it_is_said(
        self, command: Command, small: SmallCampaign, filters: Path
    ) -> None:
        small.load(25)
        said = command("check", small.path, "--offline", "--spam")
        assert said.code == 2
        assert "WRONG  SpamAssassin is not installed" in said.out
        assert "to do: install it: apt install spamassassin" in said.out

    def test_nobody_to_mail_is_told_once(self, command: Command, small: SmallCampaign, filters: Path) -> None:
        small.contacts([("nobody", "A")]).load(25)
        stand_in(filters)
        said = command("check", small.path, "--offline", "--spam")
        assert said.code == 2 and said.out.count("WRONG") == 1


class TestSizes:
    @pytest.mark.parametrize("words", [("check", "--offline"), ("preview",)])
    def test_html_that_gmail_would_cut_off_is_counted(
        self, command: Command, small: SmallCampaign, words: tuple[str, ...]
    ) -> None:
        """By its octets: 60,000 letters of two octets each are too many, 60,000 of one are not."""
        small.contacts([("a@x.example", "n" * 60_000), ("b@x.example", "é" * 60_000), ("c@x.example", "n" * 110_000)])
        template(small, body_html='<p>{{ contact.name }}</p><a href="{{ link.url }}">in</a>')
        small.load(25)
        said = command(words[0], small.path, *words[1:])
        assert said.code == 0
        assert "the HTML of 2 of 3 messages is over 102 kB (120," in said.out + said.err
        said = command(words[0], small.path, *words[1:], "--json")
        sizes = json.loads(said.out)["sizes"]
        assert sizes["clipped"] == 2 and 120_000 < sizes["largest_html"] < 121_000 < sizes["largest"]

    def test_messages_that_fit_are_not_noted(self, command: Command, small: SmallCampaign) -> None:
        small.contacts([("a@x.example", "n" * 60_000)]).load(25)
        assert "102 kB" not in command("check", small.path, "--offline").out
        assert json.loads(command("check", small.path, "--offline", "--json").out)["sizes"]["clipped"] == 0

    def test_text_alone_has_no_html(self, command: Command, small: SmallCampaign) -> None:
        (small.folder / "template" / "body.html").unlink()
        small.contacts([("a@x.example", "n" * 110_000)]).load(25)
        said = command("check", small.path, "--offline", "--json")
        assert json.loads(said.out)["sizes"] == {"largest": json.loads(said.out)["sizes"]["largest"]} | {
            "largest_html": 0, "clipped": 0,
        }  # fmt: skip
