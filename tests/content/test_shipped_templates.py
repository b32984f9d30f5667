"""The e-mail templates and the sample campaign: what is promised of them, for any contact."""

import csv
import tomllib
from datetime import datetime
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.content import load_templates
from campaign.content.plain_text import plain_text
from campaign.model import Contact, LoginLink
from tests.markup import Markup

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "templates"
SAMPLE = ROOT / "sample_data"
NAMES = sorted(folder.name for folder in TEMPLATES.iterdir() if not folder.name.startswith("_"))
URL = "https://acme.myclickfunnels.com/sso?identifier=ada%40x.example&strategy=email&token=" + "eyJ0.a-b_" * 45
UNSUBSCRIBE = "https://acme.example/unsubscribe?e=ada%40x.example&l=1"
FULL = {"email": "ada@x.example", "first_name": "Ada", "order_number": "A-1001", "item": "Desk lamp"}
EXPIRES = datetime(2026, 11, 23, 18, tzinfo=ZoneInfo("America/New_York"))


def moment(value: datetime) -> str:
    return f"{value:%A} {value.day} {value:%B %Y, %H:%M %Z}"


def render(
    name: str,
    file: str,
    contact: dict[str, str],
    *,
    unsubscribe: bool = True,
    trim: bool = False,
    lstrip: bool = False,
    newline: bool = False,
) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([TEMPLATES / name, TEMPLATES]),
        undefined=jinja2.StrictUndefined,
        autoescape=jinja2.select_autoescape(["html"]),
        trim_blocks=trim,
        lstrip_blocks=lstrip,
        keep_trailing_newline=newline,
    )
    environment.filters["moment"] = moment
    values: dict[str, object] = {
        "contact": contact,
        "link": SimpleNamespace(url=URL, expires_at=EXPIRES),
        "campaign": SimpleNamespace(name="welcome"),
    }
    if unsubscribe:
        values["unsubscribe_url"] = UNSUBSCRIBE
    return environment.get_template(file).render(values)


def test_there_are_two_and_each_is_whole() -> None:
    assert len(NAMES) >= 2
    for name in NAMES:
        assert {"subject.txt", "body.html", "body.txt"} <= {file.name for file in (TEMPLATES / name).iterdir()}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("contact", [FULL, {"email": "ada@x.example"}, dict.fromkeys(FULL, ""), {}])
@pytest.mark.parametrize("unsubscribe", [True, False])
def test_every_link_is_the_contacts_own(name: str, contact: dict[str, str], unsubscribe: bool) -> None:
    page = Markup(render(name, "body.html", contact, unsubscribe=unsubscribe))
    assert page.attributes("href") == [URL, URL] + [UNSUBSCRIBE] * unsubscribe
    assert page.attributes("src") == []  # nothing to load, so nothing to block
    assert URL in [text.strip() for text in page.text["a"]]  # and the link can be read
    text = render(name, "body.txt", contact, unsubscribe=unsubscribe)
    assert URL in text.splitlines()
    assert (f"Unsubscribe: {UNSUBSCRIBE}" in text.splitlines()) is unsubscribe


@pytest.mark.parametrize("name", NAMES)
def test_both_twins_say_the_same(name: str) -> None:
    html = " ".join(" ".join(Markup(render(name, "body.html", FULL)).text["body"]).split())
    text = render(name, "body.txt", FULL)
    for said in (moment(EXPIRES), "Hello Ada,", "do not forward", "expired", "100 Example Street"):
        assert said in html
        assert said in text
    assert Markup(render(name, "body.html", FULL)).text["h1"] == [text.splitlines()[0]]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("contact", [FULL, {}])
def test_text_is_the_same_whatever_the_whitespace_settings(name: str, contact: dict[str, str]) -> None:
    for file in ("body.txt", "subject.txt"):
        ways = {
            render(name, file, contact, trim=trim, lstrip=lstrip, newline=newline).strip()
            for trim, lstrip, newline in product([True, False], repeat=3)
        }
        assert len(ways) == 1
        assert "\n\n\n" not in ways.pop()


@pytest.mark.parametrize("name", NAMES)
def test_goes_out_as_7bit_and_small(name: str) -> None:
    for file, contact in product(("body.html", "body.txt", "subject.txt"), (FULL, {})):
        body = render(name, file, contact)
        assert body.isascii()
        assert len(body) < 8500
        assert all(len(line) < 200 for line in body.replace(URL, "").replace(URL.replace("&", "&amp;"), "").split("\n"))
        assert all(len(line) <= 900 for line in body.split("\n"))  # Longer ones do not go as 7bit.


@pytest.mark.parametrize("name", NAMES)
def test_is_accessible_and_dark(name: str) -> None:
    html = render(name, "body.html", FULL)
    page = Markup(html)
    assert ("html", {"lang": "en", "dir": "ltr"}) in page.elements
    assert ("meta", {"name": "color-scheme", "content": "light dark"}) in page.elements
    assert "prefers-color-scheme: dark" in html
    assert page.tags.count("h1") == 1
    assert page.text["title"][0].strip()
    tables = [attrs for tag, attrs in page.elements if tag == "table"]
    data_tables = [attrs for attrs in tables if attrs.get("role") != "presentation"]
    assert len(data_tables) == ("th" in page.tags)
    assert page.tags[page.tags.index("body") + 1] == "div"  # the preheader comes first


@pytest.mark.parametrize("name", NAMES)
def test_an_inbox_shows_the_preheader_and_then_nothing(name: str) -> None:
    html = render(name, "body.html", FULL)
    page = Markup(html)
    hidden = page.text["div"][0]
    first = " ".join(page.text["body"][0].replace("\u200c", "").replace("\xa0", " ").split())
    preheader = hidden.replace("\u200c", "").replace("\xa0", "").strip()
    assert first.startswith(preheader)
    assert 40 <= len(preheader) <= 90
    assert len(preheader) + hidden.count("\xa0") >= 140  # what the longest preview shows
    (style,) = [attributes["style"] for tag, attributes in page.elements if tag == "div"][:1]
    assert "display:none" in style
    assert preheader not in plain_text(html)
    assert "\u200c" not in plain_text(html)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40)
@given(value=st.text(min_size=1))
def test_no_cell_becomes_markup(name: str, value: str) -> None:
    contact = dict.fromkeys(FULL, value + "<script>\"'>")
    page = Markup(render(name, "body.html", contact))
    assert page.tags == Markup(render(name, "body.html", FULL)).tags
    assert page.attributes("href") == [URL, URL, UNSUBSCRIBE]


@pytest.mark.parametrize("name", NAMES)
def test_subject_is_one_line(name: str) -> None:
    for contact in (FULL, {}, {"first_name": "", "order_number": ""}):
        subject = render(name, "subject.txt", contact).strip()
        assert subject
        assert "\n" not in subject
    assert render(name, "subject.txt", FULL) != render(name, "subject.txt", {})


def sample_rows() -> list[list[str]]:
    with (SAMPLE / "contacts.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_sample_shows_every_outcome() -> None:
    header, *rows = sample_rows()
    emails = [row[0] for row in rows]
    assert len(rows) == 30
    assert [row[0] for row in rows if len(row) != len(header)] == ["ragged.row@shortline.example"]
    assert [email for email in emails if "@" not in email] == ["not-an-address"]
    for misbehaviour in ("unknown.user", "greylisted", "refused", "dropped", "busy"):
        assert any(email.startswith(misbehaviour) for email in emails)
    lowered = [email.lower() for email in emails]
    assert len(lowered) - len(set(lowered)) == 1
    assert len(emails) == len(set(emails))  # the duplicate differs in case only
    with (SAMPLE / "unsubscribed.csv").open(encoding="utf-8", newline="") as file:
        suppressed = {row["email"].lower() for row in csv.DictReader(file)}
    assert suppressed
    assert suppressed <= set(lowered)
    cells = [cell for row in rows for cell in row]
    assert any("\n" in cell for cell in cells)
    assert any("," in cell for cell in cells)
    assert any(not email.isascii() for email in emails)
    assert all(email.endswith(".example") for email in lowered if "@" in email)  # RFC 2606: nobody real


def test_sample_campaign_finds_its_files_and_holds_no_secret() -> None:
    campaign = tomllib.loads((SAMPLE / "campaign.toml").read_text("utf-8"))
    assert (SAMPLE / campaign["message"]["template"]).resolve() == TEMPLATES / "login_link"
    assert (SAMPLE / campaign["contacts"]["file"]).is_file()
    assert all((SAMPLE / path).is_file() for path in campaign["contacts"]["suppress"])
    assert "opens" not in campaign["window"]  # so that the sample never goes stale
    assert not {key for section in campaign.values() if isinstance(section, dict) for key in section} & {
        "secret",
        "password",
    }


@pytest.mark.parametrize("name", NAMES)
def test_the_content_room_renders_them_alike_for_every_sample_contact(name: str) -> None:
    templates = load_templates(TEMPLATES / name, campaign_name="welcome", unsubscribe_url=UNSUBSCRIBE)
    assert templates.faults(["email"]) == []  # whatever a contacts file has, they can go out
    link = LoginLink(url=URL, issued_at=EXPIRES, expires_at=EXPIRES, fingerprint="0123")
    header, *rows = sample_rows()
    for number, row in enumerate(rows, 1):
        contact = dict(zip(header, row, strict=False))
        content = templates.render(Contact(number=number, email=row[0], columns=contact), link)
        html = "".join(content.html)
        assert html == render(name, "body.html", contact)
        assert "".join(content.text) == render(name, "body.txt", contact)
        assert content.subject == render(name, "subject.txt", contact)
        Markup(html)
