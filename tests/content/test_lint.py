"""What is wrong with a template whatever a row holds: found before the first row, and told once."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from campaign.content import load_templates, text_template
from campaign.content.lint import Fault
from tests.content.templates import write

COLUMNS = ("email", "first_name", "Order ID", "plan")
UNSUBSCRIBE = "https://acme.example/u?e={{ contact.email | urlencode }}"


def faults(root: Path, files: Mapping[str, str], unsubscribe_url: str | None = UNSUBSCRIBE) -> list[Fault]:
    folder = write(root, {"subject.txt": "s", "body.txt": "t", **files})
    return load_templates(folder, campaign_name="autumn", unsubscribe_url=unsubscribe_url).faults(COLUMNS)


def told(root: Path, body: str, **files: str) -> list[str]:
    return [fault.what for fault in faults(root, {"body.txt": body, **files})]


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("{{ contact.frist_name }}", "there is no column 'frist_name'; did you mean 'first_name'?"),
        ("{{ contact['frist_name'] }}", "there is no column 'frist_name'; did you mean 'first_name'?"),
        ("{{ contact.FirstName }}", "there is no column 'FirstName'; did you mean 'first_name'?"),
        ("{{ contact['order id'] }}", "there is no column 'order id'; did you mean 'Order ID'?"),
        ("{{ contact.zzz }}", "there is no column 'zzz'"),
        ("{{ contact[3] }}", "there is no column '3'"),
        ("{{ contact.frist_name | upper }}", "there is no column 'frist_name'; did you mean 'first_name'?"),
        ("{{ contact.frist_name.upper() | default('x') }}", "there is no column 'frist_name'"),
        ("{{ 'Dear ' ~ contact.frist_name }}", "there is no column 'frist_name'"),
        ("<a title='{{ contact.frist_name }}'>", "there is no column 'frist_name'"),
        ("{% if contact.frist_name %}x{% endif %}", "there is no column 'frist_name'"),
        ("{% if contact.plan == 'pro' %}{{ contact.frist_name }}{% endif %}", "there is no column 'frist_name'"),
        ("{% if contact.plan is defined %}{{ contact.frist_name }}{% endif %}", "there is no column 'frist_name'"),
        ("{{ 'x' if contact.frist_name == 'y' else 'z' }}", "there is no column 'frist_name'"),
        ("{% set n = contact.frist_name %}", "there is no column 'frist_name'"),
        ("{% for x in contact.frist_name.split() %}{% endfor %}", "there is no column 'frist_name'"),
        ("{% macro hi() %}{{ contact.frist_name }}{% endmacro %}{{ hi() }}", "there is no column 'frist_name'"),
        ("{{ contact.plan | default(contact.frist_name) }}", "there is no column 'frist_name'"),
        ("{{ first_name }}", "there is no variable 'first_name'; did you mean contact.first_name?"),
        ("{{ conact.first_name }}", "there is no variable 'conact'; did you mean 'contact'?"),
        ("{{ raise('x') }}", "there is no variable 'raise'"),
        ("{{ link.href }}", "a link has no 'href'"),
        ("{{ link.expires }}", "a link has no 'expires'; did you mean 'expires_at'?"),
        ("{{ link['ulr'] }}", "a link has no 'ulr'; did you mean 'url'?"),
        ("{{ campaign.title }}", "a campaign has no 'title'"),
        ("{{ link }}", "link can't be printed whole: write link.url"),
        ("{{ contact }}", "contact can't be printed whole: write contact.COLUMN"),
        (
            "{% if contact.plan %}{{ contact.plan | titel }}{% endif %}",
            "there is no filter 'titel'; did you mean 'title'?",
        ),
        ("{% if contact.plan is evn %}{% endif %}", "there is no test 'evn'; did you mean 'even'?"),
    ],
)
def test_what_no_row_has_is_found_with_its_line_and_what_was_meant(tmp_path: Path, body: str, what: str) -> None:
    (fault,) = faults(tmp_path, {"body.txt": f"one\n\n{body}"})
    assert fault.what.startswith(what)
    assert fault.where == "body.txt line 3"
    assert fault.fix


@pytest.mark.parametrize(
    "body",
    [
        "{{ contact.no | default('x') }}",
        "{{ contact['no'] | d('x') }}",
        "{{ contact.no | upper | trim | default('x') }}",
        "{{ contact.no | default(contact.nor | default('x')) }}",
        "{{ nothing | default('x') }}",
        "{{ link.hint | default('x') }}",
        "{% if contact.no is defined %}{{ contact.no }}{% endif %}",
        "{% if contact.no is not defined %}x{% else %}{{ contact.no }}{% endif %}",
        "{% if not contact.no is undefined %}{{ contact.no }}{% endif %}",
        "{% if contact.plan and contact.no is defined %}{{ contact.no }}{% endif %}",
        "{% if contact.plan %}x{% elif contact.no is defined %}{{ contact.no }}{% endif %}",
        "{% if contact.no is defined and contact.no == 'x' %}{{ contact.no }}{% endif %}",
        "{% if contact.no is undefined or not contact.no %}x{% endif %}",
        "{% if 'no' in contact %}{{ contact.no }}{% endif %}",
        "{% if contact.no | default %}{{ contact.no }}{% endif %}",
        "{% if contact.no | default('') == 'x' %}{{ contact.no }}{% endif %}",
        "{{ contact.no if contact.no is defined else 'x' }}",
        "{{ contact.no is defined and contact.no }}",
        "{% set has = contact.no is defined %}{% if has %}{{ contact.no }}{% endif %}",
        "{% set n = contact.no | default('') %}{% if n %}{{ contact.no }}{% endif %}",
        "{% macro hi() %}{{ contact.no }}{% endmacro %}{% if contact.no is defined %}{{ hi() }}{% endif %}",
        "{% macro hi() %}{{ contact.no }}{% endmacro %}",
        "{% if contact.no is defined %}{% include 'part.txt' %}{% endif %}",
        "{% if contact.no is defined %}{% block a %}{{ contact.no }}{% endblock %}{% endif %}",
        "{% for x in 'ab' if contact.no is defined %}{{ contact.no }}{% endfor %}",
        "{% if nothing is defined %}{{ nothing }}{% endif %}",
        "{% if unsubscribe_url is defined %}{{ unsubscribe_url }}{% endif %}",
        "{% if 'money' is filter %}{{ contact.plan | money }}{% endif %}",
        # Nothing is missing:
        "{{ contact.first_name }}{{ contact['Order ID'] }}{{ contact.email }}{{ unsubscribe_url }}",
        "{{ link.url }}{{ link.issued_at | moment }}{{ link.expires_at.strftime('%d') }}{{ campaign.name }}",
        "{% for n in range(3) %}{{ n }}{{ loop.index }}{% endfor %}{% set x = 1 %}{{ x }}",
        "{% macro hi(name, more='x') %}{{ name }}{{ more }}{{ varargs }}{{ caller }}{% endmacro %}{{ hi('x') }}",
        "{% set ns = namespace(n=1) %}{% set ns.n = 2 %}{{ ns.n }}{% with a = 1 %}{{ a }}{% endwith %}",
        "{% from 'macros.txt' import hi as hello with context %}{{ hello() }}",
        "{% import 'macros.txt' as m with context %}{{ m.hi() }}{{ cycler('a', 'b').next() }}",
        # What can't be seen without running it is left alone:
        "{% set c = contact %}{{ c.no }}",
        "{{ contact[contact.plan] }}",
        "{% set contact = {'no': 1} %}{{ contact.no }}",
    ],
)
def test_a_name_may_be_missing_where_the_template_allows_for_it(tmp_path: Path, body: str) -> None:
    parts = {"part.txt": "{{ contact.no }}", "macros.txt": "{% macro hi() %}{{ contact.plan }}{% endmacro %}"}
    assert told(tmp_path, body, **parts) == []


def test_a_template_is_gone_through_as_it_would_run(tmp_path: Path) -> None:
    """Overridden blocks and what stands beside the blocks of an extending template are never rendered."""
    base = {"../_layout/base.txt": "{% block a %}{{ contact.sooner }}{% endblock %}{% block b %}{% endblock %}"}
    extends = "{% extends '../_layout/base.txt' %}"
    assert told(tmp_path, extends + "{% block a %}x{% endblock %}{{ contact.beside }}", **base) == []
    assert told(tmp_path, extends, **base) == ["there is no column 'sooner'"]
    assert told(tmp_path, extends + "{% block a %}{{ super() }}{% endblock %}", **base) == [
        "there is no column 'sooner'"
    ]
    assert told(tmp_path, extends + "{% set x = contact.set_here %}{% block a %}{% endblock %}", **base) == [
        "there is no column 'set_here'"
    ]
    assert told(
        tmp_path, extends + "{% block a %}{{ self.b() }}{% endblock %}{% block b %}{{ nope }}{% endblock %}", **base
    ) == ["there is no variable 'nope'"]


def test_each_place_is_named_in_the_file_that_it_stands_in(tmp_path: Path) -> None:
    files = {
        "subject.txt": "{{ contact.frist_name }}",
        "body.txt": "{% extends '../_layout/base.txt' %}{% block a %}\n{% include 'part.txt' %}\n{{ link.x }}"
        "{% endblock %}",
        "../_layout/base.txt": "{% block a %}{% endblock %}\n\n{{ contact.later }}",
        "part.txt": "\n\n{{ contact.sooner }}\n{% include ['no.txt', 'other.txt'] %}",
        "other.txt": "{{ contact.last }}",
    }
    assert [(fault.where, fault.what.partition(";")[0]) for fault in faults(tmp_path, files)] == [
        ("subject.txt line 1", "there is no column 'frist_name'"),
        ("part.txt line 3", "there is no column 'sooner'"),
        ("other.txt line 1", "there is no column 'last'"),
        ("body.txt line 3", "a link has no 'x'"),
        ("_layout/base.txt line 3", "there is no column 'later'"),
    ]


def test_a_template_that_includes_itself_comes_to_an_end(tmp_path: Path) -> None:
    body = "{% if contact.plan == 'x' %}{% include 'body.txt' %}{% endif %}{{ contact.no }}"
    assert told(tmp_path, body) == ["there is no column 'no'"]
    twice = "{% macro a(n) %}{{ b(n) }}{% endmacro %}{% macro b(n) %}{{ a(n) }}{{ contact.no }}{% endmacro %}{{ a(1) }}"
    assert told(tmp_path, twice) == ["there is no column 'no'"]


def test_settings_are_gone_through_alike(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, {}, "https://acme.example/{{ contact.Order_ID }}")
    assert fault.what == "there is no column 'Order_ID'; did you mean 'Order ID'?"
    assert fault.where == "message.unsubscribe_url"
    redirect = text_template("https://x.example/{{ link.url }}", name="link.redirect_to", campaign_name="autumn")
    (fault,) = redirect.faults(COLUMNS)
    assert (fault.what, fault.where) == ("there is no variable 'link'", "link.redirect_to")
    allowed = text_template("https://x.example/{{ contact.no | default(campaign.name) }}", name="x", campaign_name="a")
    assert allowed.faults(COLUMNS) == []


def test_an_unsubscribe_url_that_is_not_set_is_told_as_such(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, {"body.txt": "{{ unsubscribe_url }}"}, None)
    assert fault.what == "unsubscribe_url is not set"
    assert fault.fix == "set message.unsubscribe_url, or test `unsubscribe_url is defined`"
