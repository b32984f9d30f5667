"""Templates: what they may say, what they must not, and what a person is told when one fails."""

import subprocess
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TypeAlias
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment
from jinja2.filters import do_urlencode
from markupsafe import escape

from campaign.content import TemplateSet, load_templates, text_template
from campaign.content.urls import urlencode
from campaign.errors import CampaignError, InvalidContactError, TemplateError
from campaign.model import Contact, Content, LoginLink

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c2VyK3Rlc3RAY2xpY2tm.8lJvcLsYkw8o3ymMXU3-yRvGxPi01EBCTVcw532ocpY"
URL = f"https://acme.myclickfunnels.com/sso?identifier=zo%C3%AB%40mail.example&strategy=email&token={TOKEN}"
NEW_YORK = ZoneInfo("America/New_York")
ISSUED = datetime(2026, 11, 23, 9, 30, tzinfo=NEW_YORK)
LINK = LoginLink(url=URL, issued_at=ISSUED, expires_at=ISSUED.replace(hour=18, minute=0), fingerprint="0123456789ab")
EMAIL = "zoe@mail.example"

Files: TypeAlias = Mapping[str, str | bytes]


def contact(**columns: str) -> Contact:
    return person({"email": EMAIL, **columns})


def person(columns: Mapping[str, str]) -> Contact:
    return Contact(number=7, email=EMAIL, columns=columns)


def write(root: Path, files: Files) -> Path:
    folder = root / "templates" / "welcome"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def load(root: Path, files: Files, unsubscribe_url: str | None = None) -> TemplateSet:
    return load_templates(write(root, files), campaign_name="autumn", unsubscribe_url=unsubscribe_url)


def text_of(root: Path, text: str, columns: Mapping[str, str] | None = None) -> str:
    templates = load(root, {"subject.txt": "s", "body.txt": text})
    return "".join(templates.render(person(columns or {"email": EMAIL}), LINK).text)


def subject_of(root: Path, subject: str, **columns: str) -> str:
    return load(root, {"subject.txt": subject, "body.txt": "t"}).render(contact(**columns), LINK).subject


def fault_of(root: Path, files: Files, unsubscribe_url: str | None = None, **columns: str) -> CampaignError:
    templates = load(root, files, unsubscribe_url)
    with pytest.raises((InvalidContactError, TemplateError)) as caught:
        templates.render(contact(**columns), LINK)
    return caught.value


def text_fault(root: Path, text: str, **columns: str) -> CampaignError:
    return fault_of(root, {"subject.txt": "s", "body.txt": text}, **columns)


WELCOME = {
    "subject.txt": "{{ contact.first_name }}, your order is ready\n",
    "body.html": "<p>Hi {{ contact.first_name }}</p>\n<a href='{{ link.url }}'>{{ campaign.name }}</a>\n",
    "body.txt": "Hi {{ contact.first_name }}\n\n{{ link.url }}\n",
}


def test_a_contact_and_a_link_become_content(tmp_path: Path) -> None:
    content = load(tmp_path, WELCOME).render(contact(first_name="Zoë & <Co>"), LINK)
    assert content == Content(
        subject="Zoë & <Co>, your order is ready",
        text=("Hi ", "Zoë & <Co>", "\n\n", URL),
        html=(
            *("<p>Hi ", "Zoë &amp; &lt;Co&gt;", "</p>\n<a href='"),
            *(URL.replace("&", "&amp;"), "'>", "autumn", "</a>"),
        ),
        unsubscribe_url=None,
    )


def test_chunks_are_plain_strings_and_the_constant_ones_the_same_objects(tmp_path: Path) -> None:
    files = {
        **WELCOME,
        "body.html": '{% extends "_base.html" %}'
        "{% block main %}<p>{{ contact.first_name }}</p>{# not #}<hr>{% endblock %}",
        "_base.html": "<body>{% block main %}{% endblock %}{% for n in [1, 2] %}<i> {% endfor %}"
        '{% include "_foot.html" %}</body>',
        "_foot.html": "<p>foot of {{ campaign.name }}</p>",
    }
    templates = load(tmp_path, files)
    first = templates.render(contact(first_name="A"), LINK)
    second = templates.render(contact(first_name="B"), LINK)
    assert "".join(first.html) == "<body><p>A</p><hr><i> <i> <p>foot of autumn</p></body>"
    same = [one is other and one in templates.constants for one, other in zip(first.html, second.html, strict=True)]
    assert [chunk for chunk, is_same in zip(first.html, same, strict=True) if is_same] == [
        *("<body>", "<p>", "</p><hr>", "<i> ", "<i> ", "<p>foot of ", "</p>", "</body>"),
    ]
    assert {type(chunk) for chunk in first.html + first.text} == {str}
    assert {"Hi ", "\n\n", ", your order is ready"} <= templates.constants


def test_a_plain_text_campaign(tmp_path: Path) -> None:
    content = load(tmp_path, {"subject.txt": "s", "body.txt": "t"}).render(contact(), LINK)
    assert (content.text, content.html) == (("t",), ())


def test_the_link_itself_can_be_told(tmp_path: Path) -> None:
    template = "{{ link.expires_at | moment }} / {{ link.issued_at.isoformat() }} / {{ link.expires_at.tzinfo }}"
    assert text_of(tmp_path, template) == (
        "Monday 23 November 2026, 18:00 EST / 2026-11-23T09:30:00-05:00 / America/New_York"
    )


# What is looked up, and what is there.


def test_columns_of_any_name_are_data(tmp_path: Path) -> None:
    names = ["First name", "a.b", "items", "keys", "class", "__class__", "__init__", "columns", "number", "email "]
    names += ["1", "", "naïve", "self", "_private", "x-y", "🙂", "\u200fname"]
    columns = {name: f"cell {index}" for index, name in enumerate(names)} | {"email": EMAIL}
    template = "|".join("{{ contact[" + repr(name) + "] }}" for name in names)
    assert text_of(tmp_path, template, columns) == "|".join(f"cell {index}" for index in range(len(names)))
    dotted = [name for name in names if name.isidentifier()]
    template = "|".join("{{ contact." + name + " }}" for name in dotted)
    assert text_of(tmp_path, template, columns) == "|".join(columns[name] for name in dotted)


@pytest.mark.parametrize("name", ["items", "get", "columns", "number", "__class__", "__init__", "__dict__"])
def test_what_is_no_column_is_undefined_whatever_python_knows(tmp_path: Path, name: str) -> None:
    for template in ("{{ contact." + name + " }}", "{{ contact['" + name + "'] }}"):
        assert f"there is no column {name!r}" in text_fault(tmp_path, template).what
        assert text_of(tmp_path, template.replace(" }}", " is defined }}")) == "False"


def test_email_is_the_address_that_is_mailed(tmp_path: Path) -> None:
    row = Contact(number=1, email="zoe@xn--mller-kva.example", columns={"email": " zoe@müller.example", "x": "y"})
    templates = load(tmp_path, {"subject.txt": "s", "body.txt": "{{ contact.email }} {{ contact['email'] }}"})
    assert "".join(templates.render(row, LINK).text) == "zoe@xn--mller-kva.example zoe@xn--mller-kva.example"
    other = Contact(number=1, email="zoe@mail.example", columns={"E-mail": "Zoe@mail.example"})
    assert "".join(templates.render(other, LINK).text) == "zoe@mail.example zoe@mail.example"
    assert other.columns == {"E-mail": "Zoe@mail.example"}


def test_columns_can_be_asked_for_and_gone_through(tmp_path: Path) -> None:
    template = (
        "{{ 'a' in contact }} {{ 'z' in contact }}{% for name in contact %} {{ name }}={{ contact[name] }}{% endfor %}"
    )
    assert text_of(tmp_path, template, {"email": EMAIL, "a": "1"}) == f"True False email={EMAIL} a=1"


def test_a_cell_is_never_a_template(tmp_path: Path) -> None:
    cell = "{{ link.url }}{% raw %}{# x"
    assert text_of(tmp_path, "{{ contact.a }}", {"email": EMAIL, "a": cell}) == cell


def test_unsubscribe_url_is_rendered_and_given_on(tmp_path: Path) -> None:
    files = {
        "subject.txt": "s",
        "body.txt": "{{ unsubscribe_url }}",
        "body.html": "<a href='{{ unsubscribe_url }}'>",
    }
    setting = "https://acme.example/u?c={{ campaign.name }}&e={{ contact.email | urlencode }}"
    content = load(tmp_path, files, setting).render(contact(), LINK)
    assert content.unsubscribe_url == "https://acme.example/u?c=autumn&e=zoe%40mail.example"
    assert "".join(content.text) == content.unsubscribe_url
    assert "".join(content.html) == f"<a href='{escape(content.unsubscribe_url)}'>"


def test_unsubscribe_url_is_undefined_where_it_is_not_set(tmp_path: Path) -> None:
    assert text_of(tmp_path, "{% if unsubscribe_url is defined %}yes{% else %}no{% endif %}") == "no"
    assert text_of(tmp_path, "{{ unsubscribe_url | default('none') }}") == "none"
    assert "message.unsubscribe_url" in text_fault(tmp_path, "{{ unsubscribe_url }}").fix


# Escaping.


@given(cell=st.text())
def test_html_is_escaped_and_text_is_not(tmp_path_factory: pytest.TempPathFactory, cell: str) -> None:
    cell = f"-{cell}"  # an empty one is not written
    content = templates_once(tmp_path_factory).render(contact(a=cell), LINK)
    assert content.text[1] == cell
    assert "".join(content.html) == f"<p title='{escape(cell)}'>{escape(cell)}</p>"
    assert content.html[0] is templates_once(tmp_path_factory).render(contact(a="x"), LINK).html[0]


_ONCE: list[TemplateSet] = []


def templates_once(factory: pytest.TempPathFactory) -> TemplateSet:
    if not _ONCE:
        files = {"body.txt": "({{ contact.a }})", "body.html": "<p title='{{ contact.a }}'>{{ contact.a }}</p>"}
        _ONCE.append(load(factory.mktemp("once"), {"subject.txt": "s", **files}))
    return _ONCE[0]


@pytest.mark.parametrize("name", ["_part.html", "_part.txt", "_part.j2", "_part", "_part.HTM"])
def test_what_a_body_includes_is_escaped_by_where_it_stands_not_by_its_name(tmp_path: Path, name: str) -> None:
    files = {
        "subject.txt": "s",
        "body.html": "{% include '" + name + "' %}",
        "body.txt": "{% include '" + name + "' %}",
        name: "{{ contact.a }}",
    }
    content = load(tmp_path, files).render(contact(a="<b>&"), LINK)
    assert content.html == ("&lt;b&gt;&amp;",)
    assert content.text == ("<b>&",)


def test_what_one_template_sets_is_not_seen_by_another(tmp_path: Path) -> None:
    files = {"subject.txt": "{% set x = 1 %}s", "body.html": "{% set x = 2 %}h", "body.txt": "{{ x is defined }}"}
    templates = load(tmp_path, files)
    for _ in range(2):
        assert templates.render(contact(), LINK).text == ("False",)


# Folders and files.


def test_a_layout_beside_the_folder_is_found_by_both_ways_of_naming_it(tmp_path: Path) -> None:
    for name in ("_layout/base.html", "../_layout/base.html"):
        files = {
            "subject.txt": "s",
            "body.html": '{% extends "' + name + '" %}{% block a %}{{ contact.email }}{% endblock %}',
            "../_layout/base.html": '<b>{% block a %}{% endblock %}{% include "./foot.html" %}</b>',
            "../_layout/foot.html": '{% include "../welcome/sign.html" %}',
            "sign.html": "Zoë",
        }
        content = load(tmp_path, files | {"body.txt": "t"}).render(contact(), LINK)
        assert "".join(content.html) == f"<b>{EMAIL}Zoë</b>"


def test_the_folders_own_file_comes_before_a_shared_one(tmp_path: Path) -> None:
    files = {"subject.txt": "s", "body.txt": "{% include 'x.txt' %}", "x.txt": "own", "../x.txt": "shared"}
    assert load(tmp_path, files).render(contact(), LINK).text == ("own",)


@pytest.mark.parametrize(
    "name", ["../../secret.txt", "_layout/../../secret.txt", "/secret.txt", "./../../secret.txt", "..", "../.."]
)
def test_nothing_outside_can_be_reached(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    with pytest.raises(TemplateError) as caught:
        load(tmp_path, {"subject.txt": "s", "body.txt": "\n{% include '" + name + "' %}"})
    assert caught.value.where == "body.txt line 2"
    absolute = {"subject.txt": "s", "body.txt": "{% include '" + str(tmp_path / "secret.txt") + "' %}"}
    with pytest.raises(TemplateError):
        load(tmp_path, absolute)
    computed = {"subject.txt": "s", "body.txt": "{% include contact.file %}"}
    assert "there is no template" in fault_of(tmp_path, computed, file=name).what


def test_optional_includes_may_be_missing(tmp_path: Path) -> None:
    template = "a{% include 'no.txt' ignore missing %}{% include ['no.txt', 'x.txt'] %}"
    content = load(tmp_path, {"subject.txt": "s", "body.txt": template, "x.txt": "{{ contact.email }}"})
    assert "".join(content.render(contact(), LINK).text) == f"a{EMAIL}"


def test_macros_can_be_imported(tmp_path: Path) -> None:
    files = {
        "subject.txt": "s",
        "body.html": "{% from 'm.html' import row %}{{ row(contact.a) }}",
        "m.html": "{% macro row(x) %}<td>{{ x }} {{ campaign.name }}</td>{% endmacro %}",
        "body.txt": "t",
    }
    content = load(tmp_path, files).render(contact(a="<"), LINK)
    assert "".join(content.html) == "<td>&lt; autumn</td>"


def test_files_are_read_once(tmp_path: Path) -> None:
    files = {
        "subject.txt": "s",
        "body.txt": "{% extends '_b.txt' %}",
        "_b.txt": "{% include '_c.txt' %}",
        "_c.txt": "c",
    }
    templates = load(tmp_path, files)
    for name in files:
        (tmp_path / "templates/welcome" / name).unlink()
    assert templates.render(contact(), LINK).text == ("c",)


def test_a_byte_order_mark_is_not_content(tmp_path: Path) -> None:
    content = load(tmp_path, {"subject.txt": b"\xef\xbb\xbfHi", "body.txt": b"\xef\xbb\xbft\r\nu"}).render(
        contact(), LINK
    )
    assert (content.subject, content.text) == ("Hi", ("t\nu",))


def test_a_folder_that_is_none_or_empty(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="no such template folder"):
        load_templates(tmp_path / "nowhere", campaign_name="c", unsubscribe_url=None)
    with pytest.raises(TemplateError, match=r"no subject\.txt"):
        load(tmp_path / "a", {"body.txt": "t"})
    with pytest.raises(TemplateError, match=r"neither body\.html nor body\.txt"):
        load(tmp_path / "b", {"subject.txt": "s"})


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a\nb\n{% if %}", 3, "Expected an expression"),
        ("{% for x in y %}", 1, "Unexpected end of template"),
        ("\n{{ contact.a | currency }}", 2, "there is no filter 'currency'"),
        ("{{ contact.a is round }}", 1, "there is no test 'round'"),
        ("{{ contact.a | titel }}", 1, "there is no filter 'titel'; did you mean 'title'?"),
        ("\n\n{% extends '_no.txt' %}", 3, "there is no template '_no.txt'"),
        ("x\n{{ 'open }}", 2, "unexpected char"),
        (b"a\nb\xff", 2, "not UTF-8"),
    ],
)
def test_a_template_that_cannot_be_compiled(tmp_path: Path, text: str | bytes, line: int, words: str) -> None:
    with pytest.raises(TemplateError) as caught:
        load(tmp_path, {"subject.txt": "s", "body.txt": text})
    assert caught.value.where == f"body.txt line {line}"
    assert words in caught.value.what
    assert caught.value.fix
    with pytest.raises(TemplateError) as caught:
        load(tmp_path, {"subject.txt": "s", "body.txt": "{% include 'sub/part.txt' %}", "sub/part.txt": text})
    assert caught.value.where == f"sub/part.txt line {line}"


def test_a_template_too_deep_for_python(tmp_path: Path) -> None:
    deep = "{% for x in y %}" * 30 + "{% endfor %}" * 30
    nested = "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}"
    for text in (deep, nested):
        with pytest.raises(TemplateError, match="can't be compiled"):
            load(tmp_path, {"subject.txt": "s", "body.txt": text})


# Subjects.


@pytest.mark.parametrize(
    "cell", ["\n", "\r", "a\r\nBcc: x@y.example", "a\nb", "\x85", "\u2028", "\x00", "\x1b[31m", "end\n"]
)
def test_a_cell_brings_no_line_break_or_control_character_into_a_subject(tmp_path: Path, cell: str) -> None:
    fault = fault_of(tmp_path, {"subject.txt": "Hi {{ contact.a }}", "body.txt": "t"}, a=f"Zoë{cell}")
    assert "into the subject" in fault.what
    assert fault.where == "row 7"
    assert "\n" not in fault.what


@pytest.mark.parametrize("cell", ["", " ", "\t", "\u3000"])
def test_an_empty_subject_is_refused(tmp_path: Path, cell: str) -> None:
    files = {"subject.txt": "{{ contact.a | default(' ') }}", "body.txt": "t"}
    assert "the subject is empty" in fault_of(tmp_path, files, a=cell).what


@pytest.mark.parametrize("subject", ["", "\n", " {# later #} \n"])
def test_a_subject_that_is_empty_for_everybody_is_the_templates_fault(tmp_path: Path, subject: str) -> None:
    with pytest.raises(TemplateError, match="the subject is empty"):
        load(tmp_path, {"subject.txt": subject, "body.txt": "t"})


def test_a_control_character_of_the_template_is_no_rows_fault(tmp_path: Path) -> None:
    fault = fault_of(tmp_path, {"subject.txt": "Hi\x07 {{ contact.a }}", "body.txt": "t"}, a="Zoë")
    assert (type(fault), fault.where) == (TemplateError, "subject.txt")


def test_a_subject_template_may_go_over_lines(tmp_path: Path) -> None:
    template = "\n{% if contact.a %}\n  Hi {{ contact.a }},\n  welcome\n{% else %}\nWelcome\n{% endif %}\n"
    assert subject_of(tmp_path, template, a="Zoë") == "Hi Zoë, welcome"
    assert subject_of(tmp_path, template, a="") == "Welcome"


@pytest.mark.parametrize("cell", ["👩‍💻 שלום \u200f", "a\u00a0b", "<b>&amp;", "tab\there", "=?utf-8?q?x?="])
def test_a_subject_keeps_what_is_text(tmp_path: Path, cell: str) -> None:
    assert subject_of(tmp_path, "{{ contact.a }}!", a=cell) == f"{cell}!"


# Faults of rows.


def test_a_misspelt_column_is_told_with_file_line_and_what_was_meant(tmp_path: Path) -> None:
    files = {"subject.txt": "s", "body.html": "<p>\n\n{{ contact.frist_name }}</p>", "body.txt": "t"}
    fault = fault_of(tmp_path, files, first_name="Zoë")
    assert isinstance(fault, TemplateError)  # no row's fault
    assert fault.what == "there is no column 'frist_name'; did you mean 'first_name'?"
    assert fault.where == "body.html line 3"
    assert fault.fix == "correct the template or the file; the columns are 'email', 'first_name'"


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{{ first_name }}", "there is no variable 'first_name'; did you mean contact.first_name?"),
        ("{{ contact.FirstName }}", "there is no column 'FirstName'; did you mean 'first_name'?"),
        ("{{ contact['order id'] }}", "there is no column 'order id'; did you mean 'Order ID'?"),
        ("{{ contact.zzz }}", "there is no column 'zzz'"),
        ("{{ contact[3] }}", "there is no column '3'"),
        ("{{ conact.first_name }}", "there is no variable 'conact'; did you mean 'contact'?"),
        ("{{ link.href }}", "a link has no 'href'"),
        ("{{ link.expires }}", "a link has no 'expires'; did you mean 'expires_at'?"),
        ("{{ campaign.title }}", "a campaign has no 'title'"),
        ("{{ contact.first_name.title2 }}", "str has no 'title2'"),
        ("{{ link }}", "write link.url"),
        ("{{ contact }}", "write contact.COLUMN"),
        ("{{ campaign ~ '' }}", "write campaign.name"),
        ("{{ contact.first_name + 1 }}", "TypeError"),
        ("{{ 1 // (contact.first_name | length - 3) }}", "ZeroDivisionError"),
        ("{{ contact.first_name | moment }}", "the filter moment needs a date and time, not str"),
        ("{{ contact.no | moment }}", "there is no column 'no'"),
        ("{{ [] | first }}", "No first item"),
        ("{% include contact.first_name %}", "there is no template 'Zoë'"),
        ("{% macro m(x) %}{{ x }}{% endmacro %}{{ m() }}", "parameter 'x' was not provided"),
        ("{% block a %}{{ super() }}{% endblock %}", "no parent block"),
    ],
)
def test_a_fault_is_told_in_words(tmp_path: Path, template: str, words: str) -> None:
    fault = text_fault(tmp_path, f"one\n{template}", **{"first_name": "Zoë", "Order ID": "1"})
    told = (fault.what, fault.where)
    assert told[isinstance(fault, TemplateError)].startswith("body.txt line 2")
    assert words in fault.what
    assert fault.fix


def test_the_innermost_template_is_named(tmp_path: Path) -> None:
    files = {
        "subject.txt": "s",
        "body.txt": "{% extends '../_layout/base.txt' %}{% block a %}\n{% include 'part.txt' %}{% endblock %}",
        "../_layout/base.txt": "{% block a %}{% endblock %}\n\n{{ contact.later }}",
        "part.txt": "\n\n{{ contact.sooner }}",
    }
    assert fault_of(tmp_path, files, later="1").where == "part.txt line 3"
    assert fault_of(tmp_path, files, sooner="1").where == "_layout/base.txt line 3"
    assert fault_of(tmp_path, files, sooner="", later="").what.startswith("part.txt line 3: sooner is empty")
    assert fault_of(tmp_path, files, sooner="1", later="").what.startswith("_layout/base.txt line 3: later is empty")


LEAKS = [
    "{{ link.url | int(default=none) + 1 }}{{ link.url.no }}",
    "{{ contact[link.url] }}",
    "{{ contact[link.url[-40:]] }}",
    "{{ contact[link.url | upper] }}",
    "{{ link[link.url] }}",
    "{{ link.url[link.url] }}",
    "{% include link.url %}",
    "{{ {}[link.url] }}",
    "{{ link.url.index('nowhere') }}",
    "{{ link.url.encode('nowhere') }}",
    "{{ ''.encode(link.url) }}",
    "{{ ('%d' % link.url) }}",
    "{{ link.url.format(link) }}{{ '{a}'.format(b=link.url) }}",
    "{{ '{0.nothing}'.format(link.url) }}",
    "{{ link | attr(link.url) }}",
    "{{ link.url | float + 'x' }}",
    "{{ [1] | sum(attribute=link.url) }}",
    "{{ range(link.url) }}",
    "{{ namespace(link.url) }}",
]


@pytest.mark.parametrize("template", LEAKS)
def test_an_error_never_carries_the_link(tmp_path: Path, template: str) -> None:
    files = {"subject.txt": "s", "body.html": "{{ link.url }}", "body.txt": "{{ link.url }}" + template}
    fault = fault_of(tmp_path, files)
    assert fault.__cause__ is None
    assert fault.__context__ is None
    shown = traceback.TracebackException.from_exception(fault, capture_locals=True)
    ours = [frame for frame in shown.stack if "test_content" not in frame.filename]
    assert ours
    for words in (fault.what, fault.where, fault.fix, repr(fault), *(str(frame.locals) for frame in ours)):
        for start in range(0, len(TOKEN) - 12, 4):
            assert TOKEN[start : start + 12].lower() not in words.lower()
        assert "sso?identifier" not in words


def test_a_fault_is_one_short_line(tmp_path: Path) -> None:
    fault = text_fault(tmp_path, "{{ ''.encode(contact.a) }}", a="x\n\x1b[31m" + "y" * 10_000)
    assert len(fault.what) < 400
    assert fault.what.isprintable()


def test_a_campaign_name_is_not_printed_as_html(tmp_path: Path) -> None:
    files = {"subject.txt": "{{ campaign.name }}", "body.html": "{{ campaign.name }}", "body.txt": "t"}
    templates = load_templates(write(tmp_path, files), campaign_name="<A & B>", unsubscribe_url=None)
    content = templates.render(contact(), LINK)
    assert (content.subject, content.html) == ("<A & B>", ("&lt;A &amp; B&gt;",))


# Settings that are templates.


def test_a_setting_over_a_contact() -> None:
    render = text_template("https://x.example/{{ contact.id | urlencode }}/<>", name="link.redirect_to")
    assert render(contact(id="a/b c&")) == "https://x.example/a/b%20c%26/<>"
    assert render.constant is None
    assert render.columns == {"id"}
    assert render.outline == "https://x.example/x/<>"


def test_a_constant_setting_is_the_same_string_for_everybody() -> None:
    render = text_template("https://x.example/{# ours #}orders\n", name="link.redirect_to")
    assert render(contact()) == "https://x.example/orders"
    assert render(contact()) is render(contact(a="b")) is render.constant
    assert text_template("", name="x")(contact()) == ""


def test_the_campaign_is_known_where_it_has_a_name() -> None:
    source = "{{ campaign.name }}"
    assert text_template(source, name="x", campaign_name="autumn")(contact()) == "autumn"
    with pytest.raises(TemplateError, match="no variable 'campaign'"):
        text_template(source, name="x")(contact())


def test_a_fault_in_a_setting_names_the_setting(tmp_path: Path) -> None:
    render = text_template("https://x.example/{{ contact.profil }}", name="link.redirect_to")
    with pytest.raises(TemplateError) as caught:
        render(contact(profile="1"))
    assert caught.value.what == "there is no column 'profil'; did you mean 'profile'?"
    assert caught.value.where == "link.redirect_to"
    assert caught.value.__context__ is None
    fault = fault_of(tmp_path, WELCOME, "https://x.example/{{ contact.profil }}", first_name="Z")
    assert (fault.what, fault.where) == ("there is no column 'profil'", "message.unsubscribe_url")
    hidden = fault_of(tmp_path, WELCOME, "https://x.example/{{ link.url }}", first_name="Z")
    assert (hidden.what[:31], hidden.where) == ("there is no variable 'link' in ", "message.unsubscribe_url")


@pytest.mark.parametrize("source", ["{{ contact.", "{% include 'a.txt' %}", "{% extends 'a' %}", "{{ a | nofilter }}"])
def test_a_setting_that_cannot_be_compiled(source: str) -> None:
    with pytest.raises(TemplateError) as caught:
        text_template(source, name="link.redirect_to")
    assert caught.value.where == "link.redirect_to"


# Which columns are named.


def test_the_columns_that_templates_name(tmp_path: Path) -> None:
    files = {
        "subject.txt": "{{ contact.a }} {{ contact.email }}",
        "body.html": "{% extends '_b.html' %}{% block x %}{{ contact['b b'] | upper }}{% endblock %}",
        "_b.html": "{% block x %}{% endblock %}{% if contact.c is defined %}{{ contact.c }}{% endif %}",
        "body.txt": "{{ contact.d | default('') }}{% if 'e' in contact %}{{ contact.e }}{% endif %}{{ link.url }}",
    }
    templates = load(tmp_path, files, "https://x.example/{{ contact.f }}")
    assert templates.columns == {"a", "b b", "c", "d", "e", "email", "f"}
    assert [fault.what for fault in templates.faults(["email"])] == [
        f"there is no column {name!r}" for name in ("a", "b b", "f")
    ]


# Times in words.


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (datetime(2026, 7, 4, 0, 5, tzinfo=NEW_YORK), "Saturday 4 July 2026, 00:05 EDT"),
        (datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC), "Thursday 29 February 2024, 23:59 UTC"),
        (datetime(2026, 1, 1, tzinfo=ZoneInfo("America/Sao_Paulo")), "Thursday 1 January 2026, 00:00 UTC-03:00"),
        (datetime(2026, 1, 1, tzinfo=ZoneInfo("Asia/Kathmandu")), "Thursday 1 January 2026, 00:00 UTC+05:45"),
        (datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=-9, minutes=-30))), "00:00 UTC-09:30"),
        (datetime(2026, 1, 1), "Thursday 1 January 2026, 00:00"),
    ],
)
def test_a_moment_in_words(tmp_path: Path, value: datetime, words: str) -> None:
    templates = load(tmp_path, {"subject.txt": "s", "body.txt": "{{ link.expires_at | moment }}"})
    for _ in range(2):
        # The same moment elsewhere, before: what is remembered must not be told in another zone.
        here = LoginLink(
            url=URL, issued_at=ISSUED, expires_at=value.astimezone(ZoneInfo("Asia/Tokyo")), fingerprint="x"
        )
        assert "".join(templates.render(contact(), here).text).endswith("JST")
        link = LoginLink(url=URL, issued_at=ISSUED, expires_at=value, fingerprint="x")
        assert "".join(templates.render(contact(), link).text).endswith(words)


@pytest.mark.parametrize(
    ("length", "words"),
    [
        ("28800", "8 hours"),
        ("3600", "1 hour"),
        ("5400", "1 hour 30 minutes"),
        ("604800", "7 days"),
        ("90061", "1 day 1 hour"),
        ("86460", "1 day"),
        ("61.9", "1 minute 1 second"),
        ("0", "0 seconds"),
        ("-5", "0 seconds"),
        ("link.expires_at - link.issued_at", "8 hours 30 minutes"),
    ],
)
def test_a_length_of_time_in_words(tmp_path: Path, length: str, words: str) -> None:
    assert text_of(tmp_path, "{{ (" + length + ") | duration }}") == words


def test_a_length_of_time_that_is_none(tmp_path: Path) -> None:
    assert "needs a length of time, not str" in text_fault(tmp_path, "{{ 'x' | duration }}").what


# Text made from HTML.


def html_to_text(root: Path, html: str, **columns: str) -> str:
    content = load(root, {"subject.txt": "s", "body.html": html}).render(contact(**columns), LINK)
    assert len(content.text) == 1
    return content.text[0]


def test_text_is_made_from_html_where_there_is_none(tmp_path: Path) -> None:
    html = """<!DOCTYPE html><html><head><title>no</title><style>p { color: red }</style></head><body>
    <div style="display:none">preheader</div>
    <table role="presentation" width="100%"><tr><td align="center"><h1>Hi {{ contact.a }}</h1>
    <p>One <b>long</b> paragraph.</p><a href="{{ link.url }}" class="button">Open my
    account</a></td></tr></table><!-- comment -->
    <table><tr><th>Plan</th><td>Pro</td></tr><tr><th>Order</th><td>7</td></tr></table>
    <ul><li>first</li><li>second</li></ul><img src="x.png" alt="Logo"><img src="pixel.gif" alt="">
    <p>or copy <a href="{{ link.url }}">{{ link.url }}</a></p><a href="mailto:a@b.example">Write</a>
    <a href="#top">Up</a></body></html>"""
    text = html_to_text(tmp_path, html, a="Zoë <&> *x*")
    assert text == (
        "Hi Zoë <&> *x*\n\nOne long paragraph.\n\n"
        f"Open my account <{URL}>\nPlan Pro\nOrder 7\n  * first\n  * second\n[Logo]\n\n"
        f"or copy {URL}\n\nWrite <a@b.example> Up"
    )


def test_a_very_long_cell_comes_through_whole(tmp_path: Path) -> None:
    cell = "wörd " * 2_000_000 + "end"
    files = {"subject.txt": "s", "body.html": "<p>{{ contact.a }}</p>", "body.txt": "{{ contact.a }}"}
    content = load(tmp_path, files).render(contact(a=cell), LINK)
    assert content.text == (cell,)
    assert "".join(content.html) == f"<p>{cell}</p>"
    assert html_to_text(tmp_path / "b", "<p>{{ contact.a }}</p>", a=cell).endswith("wörd end")


@pytest.mark.parametrize("cell", ["\ud800", "<div>"])
def test_html_that_no_text_can_be_made_from(tmp_path: Path, cell: str) -> None:
    template = "<p>{% for n in range(3000) %}{{ contact.a | safe }}{% endfor %}</p>"
    fault = fault_of(tmp_path, {"subject.txt": "s", "body.html": template}, a=cell)
    assert fault.what.startswith("body.html: no text can be made from it")


def test_empty_html_is_empty_text(tmp_path: Path) -> None:
    assert html_to_text(tmp_path, "{{ contact.a | default(' ') }}", a=" ") == ""


def test_the_html_parser_is_loaded_only_where_it_is_needed(tmp_path: Path) -> None:
    folder = write(tmp_path, WELCOME)
    program = (
        "import sys, pathlib; from campaign.content import load_templates;"
        "load_templates(pathlib.Path(sys.argv[1]), campaign_name='c', unsubscribe_url=None);"
        "print([name for name in ('inscriptis', 'lxml') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", program, str(folder)], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


# Against plain Jinja2: the same words.


@given(value=st.text() | st.emails() | st.from_regex(r"[a-z0-9.+@/~_-]*\Z") | st.dictionaries(st.text(), st.text()))
def test_urlencode_is_that_of_plain_jinja(value: object) -> None:
    assert urlencode(value) == do_urlencode(value)  # type: ignore[arg-type]


@given(
    columns=st.dictionaries(
        st.sampled_from(["a", "b", "c"]),
        st.text(max_size=20).filter(lambda text: text.strip()[:1].isalnum()),
        min_size=3,
    )
)
def test_the_words_are_those_of_plain_jinja(tmp_path_factory: pytest.TempPathFactory, columns: dict[str, str]) -> None:
    source = (
        "{% set n = contact.a | length %}{% for x in contact.b %}{{ loop.index }}{{ x | e }}{% else %}-{% endfor %}"
        "{% if contact.c == 'x' %}X{% elif n > 3 %}{{ contact['c'] | upper }}{% endif %}{{ contact.a ~ contact.b }}"
        "{% filter upper %}q{{ contact.c }}{% endfilter %}{% set s %}<{{ contact.a }}>{% endset %}{{ s }}"
    )
    if not _WORDS:
        files = {"subject.txt": "s", "body.html": source, "body.txt": source}
        _WORDS.append(load(tmp_path_factory.mktemp("words"), files))
    content = _WORDS[0].render(person(columns), LINK)
    for escapes, chunks in ((True, content.html), (False, content.text)):
        expected = Environment(autoescape=escapes).from_string(source).render(contact=columns)
        assert "".join(chunks) == expected


_WORDS: list[TemplateSet] = []
