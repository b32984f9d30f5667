"""Faults of rows: told in one short line, with file and line, and never with the link."""

import traceback
from pathlib import Path

import pytest

from campaign.content import load_templates
from campaign.errors import TemplateError
from tests.content.templates import LINK, TOKEN, contact, fault_of, text_fault, write


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
    ours = [frame for frame in shown.stack if not Path(frame.filename).is_relative_to(Path(__file__).parent)]
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
