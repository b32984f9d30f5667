"""`campaign check` on the mail as an inbox sees it: what is told, once; and that our own templates pass."""

import csv
import re
from pathlib import Path

import pytest

from campaign.commands.guide import page
from campaign.deliverability.mail.rules import RULES
from tests.campaigns import SECRET, SmallCampaign
from tests.command_line import Command, template
from tests.deliverability.mail.documents import document

ROOT = Path(__file__).parents[2]
SOUND = document('<p>Hello {{ contact.name }}</p><a href="{{ link.url }}">Sign in</a>')
TEXT = "Hello {{ contact.name }}, this link signs you in to your account:\n\n{{ link.url }}\n"


@pytest.fixture
def sound(small: SmallCampaign) -> SmallCampaign:
    """A campaign against whose mail nothing can be said."""
    template(small, body_html=SOUND, body_txt=TEXT)
    return small


def rules_told(small: SmallCampaign, command: Command) -> list[str]:
    """Each thing that is noted or wrong of the mail, as its first words."""
    small.load(25)
    lines = command("check", small.path, "--offline").out.splitlines()
    whats = {rule.what: rule.name for rule in RULES}
    return [whats[line[7:]] for line in lines if line[7:] in whats]


@pytest.mark.parametrize("name", ["login_link", "order_ready"])
def test_of_the_sample_campaign_there_is_nothing_to_say(command: Command, tmp_path: Path, name: str) -> None:
    """Links, contrast in both schemes and all: a finding here is a fault of ours."""
    assert command("init", tmp_path / "mine").code == 0
    toml = next((tmp_path / "mine").rglob("campaign.toml"))
    settings = toml.read_text("utf-8")
    toml.write_text(re.sub(r"templates/\w+", f"templates/{name}", settings, count=1), "utf-8")
    said = command("check", toml, "--offline")
    assert "looked at as an inbox would: nothing against" in said.out
    assert not any(line.startswith("note") for line in said.out.splitlines()), said.out


def test_of_sound_mail_there_is_nothing_to_say(sound: SmallCampaign, command: Command) -> None:
    assert rules_told(sound, command) == []


def test_a_branch_that_one_row_takes_is_told_with_its_row(sound: SmallCampaign, command: Command) -> None:
    sound.people(400)
    branch = "{% if contact.name == 'Person 380' %}\n<a href='http://acme.example/?t={{ link.url }}'>t</a>{% endif %}"
    template(sound, body_html=document(f'<a href="{{{{ link.url }}}}">Sign in</a>{branch}'))
    sound.load(25)
    said = command("check", sound.path, "--offline")
    assert "note   a link is http" in said.out
    where = "body.html, as row 381 gets it: line 2, <a> to http://acme.example/… (in 1 of 4 messages looked at)"
    assert f"where: {where}" in said.out
    assert "token=" not in said.out and "to do: write https://" in said.out


def test_each_rule_is_told_once(sound: SmallCampaign, command: Command) -> None:
    template(sound, body_html=SOUND.replace("</body>", '<img src="a.png"><img src="b.png"><p style="color:#eee">x</p>'))
    assert rules_told(sound, command) == ["link_relative", "image_alt", "contrast"]


def test_what_was_not_filled_in_is_wrong(sound: SmallCampaign, command: Command) -> None:
    template(sound, subject_txt="Hello {% raw %}{{ contact.name }}{% endraw %}")
    assert rules_told(sound, command) == ["placeholder"]
    said = command("check", sound.path, "--offline")
    assert said.code == 2 and "where: subject.txt, as row 1 gets it\n" in said.out


def test_a_message_without_html_is_looked_at_as_text(sound: SmallCampaign, command: Command) -> None:
    (sound.folder / "template" / "body.html").unlink()
    assert rules_told(sound, command) == []
    template(sound, body_txt=f"{TEXT}<br>")
    assert rules_told(sound, command) == ["text_markup"]


def test_a_text_made_of_the_html_is_the_html_s(sound: SmallCampaign, command: Command) -> None:
    (sound.folder / "template" / "body.txt").unlink()
    assert rules_told(sound, command) == []


def test_how_to_unsubscribe_is_to_be_seen(sound: SmallCampaign, command: Command) -> None:
    sound.settings = {"message": {"unsubscribe_url": "https://acme.example/u?e={{ contact.email | urlencode }}"}}
    assert rules_told(sound, command) == ["unsubscribe_hidden"]
    link = '<a href="{{ unsubscribe_url }}">No more of this</a></body>'
    template(sound, body_html=SOUND.replace("</body>", link), body_txt=TEXT + "{{ unsubscribe_url }}")
    assert rules_told(sound, command) == []


def test_other_hosts_that_links_lead_to_are_named(sound: SmallCampaign, command: Command) -> None:
    sound.settings = {
        "link": {"redirect_to": "https://shop.acme.example/", "redirect_hosts": ["shop.acme.example", "x.example"]}
    }
    sound.load(25)
    said = command("check", sound.path, "--offline")
    assert "ok     redirect_hosts: link.redirect_to leads to shop.acme.example, as link.redirect_hosts" in said.out
    assert "x.example" not in said.out.replace("people.example", "")


def test_no_live_link_is_shown(sound: SmallCampaign, command: Command) -> None:
    template(
        sound, body_html='<a href=" {{ link.url }} x">in</a><img src="{{ link.url }}"><p onclick="{{ link.url }}">'
    )
    sound.load(25)
    said = command("check", sound.path, "--offline")
    assert "link_malformed" not in said.out and "can't be right" in said.out
    assert "token" not in said.out and "eyJ" not in said.out and SECRET not in said.out


def test_the_guide_has_every_rule() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", page("inbox"), re.MULTILINE)
    ours = [rule.name for rule in RULES]
    assert [name for name in rows if name in ours] == ours


def test_the_sample_has_rows_of_each_kind() -> None:
    """The test of the test above: names and orders are missing in some."""
    with (ROOT / "sample_data" / "contacts.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert any(not row["first_name"] for row in rows) and any(row["first_name"] for row in rows)
