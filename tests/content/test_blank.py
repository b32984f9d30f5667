"""Empty cells in templates: never written, seen as missing by `default`, and the empty string to whoever asks."""

from pathlib import Path

import pytest

from campaign.content import load_templates, text_template
from campaign.errors import EmptyCellError
from campaign.model import Contact, Content
from tests.content.templates import EMAIL, LINK, write

BLANK = [
    "",
    " ",
    "  \t ",
    "\n",
    "\u00a0",
    "\u3000",
    "\u200b",
    "\ufeff",
    "\u00ad\u200e",
    "\u2800",
    "\u3164",
    "\U000e0020",
]
SEEN = ["0", "-", ".", "\u200bA", "浩", "ليلى", "'", "👩‍💻", "~", "\x7fA", "é"]


def rendered(root: Path, body: str, **columns: str) -> Content:
    files = {"subject.txt": "s", "body.html": body, "body.txt": body}
    templates = load_templates(write(root, files), campaign_name="autumn", unsubscribe_url=None)
    return templates.render(Contact(number=7, email=EMAIL, columns={"email": EMAIL, **columns}), LINK)


def text_of(root: Path, body: str, **columns: str) -> str:
    content = rendered(root, body, **columns)
    text, html = "".join(content.text), "".join(content.html)
    assert text == html  # nothing to escape in these
    return text


@pytest.mark.parametrize("cell", BLANK)
def test_an_empty_or_blank_cell_is_not_written(tmp_path: Path, cell: str) -> None:
    with pytest.raises(EmptyCellError) as caught:
        rendered(tmp_path, "Hi,\nDear {{ contact.first_name }},", first_name=cell)
    assert caught.value.column == "first_name"
    assert caught.value.where == "row 7"
    assert caught.value.what == (
        "body.html line 2: first_name is empty: fill it in, "
        "or write {{ contact.first_name | default('friend') }} (default('') leaves the gap)"
    )


@pytest.mark.parametrize("cell", SEEN)
def test_a_cell_with_anything_to_see_is_written_as_it_is(tmp_path: Path, cell: str) -> None:
    content = rendered(tmp_path, "<{{ contact.a }}|{{ contact['a'] | default('friend') }}>", a=cell)
    assert "".join(content.text) == f"<{cell}|{cell}>"


@pytest.mark.parametrize(
    "written",
    [
        "{{ contact.a }}",
        "{{ contact['a'] }}",
        "{{ contact.a | title }}",
        "{{ contact.a | trim }}",
        "{{ contact.a | upper | lower | capitalize }}",
        "{{ contact.a | e }}",
        "{{ contact.a | escape | forceescape }}",
        "{{ contact.a | safe }}",
        "{{ contact.a | string | striptags }}",
        "{{ contact.a | urlencode }}",
        "{{ contact.a | urlize }}",
        "{{ contact.a | replace('x', 'y') }}",
        "{{ contact.a | truncate(5) }}",
        "{{ contact.a | wordwrap(5) | indent }}",
        "{{ contact.a | center(9) }}",
        "{{ contact.a | reverse }}",
        "{{ contact.a | first }}",
        "{{ contact.a | last }}",
        "{{ contact.a | random }}",
        "{{ contact.a | join(', ') }}",
        "{{ contact.a | format('x') }}",
        "{{ contact.a | moment }}",
        "{{ contact.a | attr('upper')() }}",
        "{{ contact | attr('a') }}",
        "{{ contact.a.upper() }}",
        "{{ contact.a.strip().title() }}",
        "{{ contact.a.zfill(6) }}",
        "{{ contact.a[:1] }}.",
        "{{ contact.a[0] }}.",
        "{{ contact.a.split(',')[0] }}",
        "{{ contact.a.partition(' ')[0] }}",
        "{{ contact.a * 2 }}",
        "{{ 'Dear ' ~ contact.a }}",
        "{{ contact.a ~ ', hello' }}",
        "{{ 'Dear ' + contact.a }}",
        "{{ contact.a + ', hello' }}",
        "{{ 'Dear %s' % contact.a }}",
        "{{ 'Dear %s' | format(contact.a) }}",
        "{{ 'Dear {}'.format(contact.a) }}",
        "{{ 'Dear X' | replace('X', contact.a) }}",
        "{{ [contact.b, contact.a] | join(' ') }}",
        "{{ ' '.join([contact.b, contact.a]) }}",
        "{{ [contact] | map(attribute='a') | join }}",
        "{{ [contact.a] | map('upper') | first }}",
        "{{ {'a': contact.a} | urlencode }}",
        "<p {{ {'title': contact.a} | xmlattr }}>",
        "<img alt='{{ contact.a }}'>",
        "{{ contact.a if contact.a is defined else 'friend' }}",
        "{{ contact.b and contact.a }}",
        "{{ contact.a or contact.a }}",
        "{{ contact.none | default(contact.a) }}",
        "{{ contact.a | default(contact.a) }}",
        "{% set name = contact.a %}Dear {{ name }}",
        "{% set name %}Dear {{ contact.a }}{% endset %}",
        "{% with name = contact.a | title %}{{ name }}{% endwith %}",
        "{% macro hi(name) %}Dear {{ name }}{% endmacro %}{{ hi(contact.a) }}",
        "{% macro hi(name='you') %}Dear {{ name }}{% endmacro %}{{ hi(name=contact.a) }}",
        "{% filter upper %}{{ contact.a }}{% endfilter %}",
        "{% for part in contact.a.split(',') %}[{{ part }}]{% endfor %}",
        "{% for name in contact %}{{ contact[name] }}{% endfor %}",
        "{{ (contact.a, contact.b) | first }}",
    ],
)
@pytest.mark.parametrize("cell", ["", " \u00a0"])
def test_it_is_not_written_either_by_way_of_something_else(tmp_path: Path, written: str, cell: str) -> None:
    with pytest.raises(EmptyCellError) as caught:
        rendered(tmp_path, written, a=cell, b="Bo")
    assert caught.value.column == "a"


@pytest.mark.parametrize(
    "written",
    [
        "{{ contact.a | default('friend') }}",
        "{{ contact.a | d('friend') }}",
        "{{ contact.a | default('friend', true) }}",
        "{{ contact['a'] | default('friend') }}",
        "{{ contact.a | upper | default('friend') }}",
        "{{ contact.a | trim | title | e | default('friend') }}",
        "{{ contact.a | first | default('friend') }}",
        "{{ contact.a | replace('x', 'y') | default('friend') }}",
        "{{ contact.a[0] | default('friend') }}",
        "{{ contact.a.strip().title() | default('friend') }}",
        "{{ contact.a.split(',')[0] | default('friend') }}",
        "{{ contact.a | default(contact.b) | default('friend') }}",
        "{{ contact.a or 'friend' }}",
        "{{ contact.a if contact.a else 'friend' }}",
        "{{ 'friend' if contact.a == '' }}",
        "{% set name = contact.a %}{{ name | default('friend') }}",
        "{% macro hi(name) %}{{ name | default('friend') }}{% endmacro %}{{ hi(contact.a) }}",
        "{{ [contact.a, 'friend'] | select | join(' ') }}",
        "{{ {'': 'friend'}[contact.a] }}",
        "{% if contact.a | default %}{{ contact.a }}{% else %}friend{% endif %}",
        "{% if contact.a is defined %}friend{% endif %}",
        "{% if not contact.a | trim %}friend{% endif %}",
    ],
)
@pytest.mark.parametrize("cell", ["", "  ", "\u200b"])
def test_default_and_conditions_see_it(tmp_path: Path, written: str, cell: str) -> None:
    assert text_of(tmp_path, written, a=cell, b="") == "friend"


def test_what_is_not_there_at_all_gets_through_the_same_filters_to_default(tmp_path: Path) -> None:
    assert text_of(tmp_path, "{{ contact.no | upper | trim | default('friend') }}") == "friend"


@pytest.mark.parametrize("gap", ["default('')", "default", "d('')", "default('', true)", "upper | default('')"])
def test_a_gap_can_be_allowed(tmp_path: Path, gap: str) -> None:
    assert text_of(tmp_path, f"[{{{{ contact.a | {gap} }}}}]", a=" ") == "[]"
    assert text_of(tmp_path, f"[{{{{ contact.a | {gap} }}}}]", a="B") == "[B]"


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("contact.a is defined", "True"),
        ("contact.a is string", "True"),
        ("contact.a is none", "False"),
        ("contact.a == ''", "True"),
        ("contact.a != ''", "False"),
        ("'' == contact.a", "True"),
        ("contact.a == contact.b", "True"),
        ("contact.a < 'A'", "True"),
        ("contact.a in ['', 'x']", "True"),
        ("contact.a in {'': 1}", "True"),
        ("'a' in contact", "True"),
        ("'x' in contact.a", "False"),
        ("not contact.a", "True"),
        ("contact.a | length", "0"),
        ("contact.a | count", "0"),
        ("contact.a | wordcount", "0"),
        ("contact.a | int", "0"),
        ("contact.a | int(5)", "5"),
        ("contact.a | float", "0.0"),
        ("contact.a | list", "[]"),
        ("contact.a | lower == 'yes'", "False"),
        ("contact.a.split()", "[]"),
        ("contact.a.isdigit()", "False"),
        ("contact.a.startswith('x')", "False"),
    ],
)
@pytest.mark.parametrize("cell", ["", " ", "\u00a0\u200b"])
def test_every_question_finds_the_empty_string(tmp_path: Path, question: str, answer: str, cell: str) -> None:
    """A blank cell, too: nobody can see the difference."""
    assert text_of(tmp_path, f"{{{{ {question} }}}}", a=cell, b="") == answer


def test_loops_and_conditions_go_on_as_with_the_empty_string(tmp_path: Path) -> None:
    body = "{% for one in contact.a %}{{ one }}{% else %}none{% endfor %}{% if contact.a %}yes{% else %}no{% endif %}"
    assert text_of(tmp_path, body, a="") == "noneno"
    assert text_of(tmp_path, body, a="xy") == "xyyes"


def test_it_is_named_where_it_is_written_through_layouts_and_includes(tmp_path: Path) -> None:
    files = {
        "subject.txt": "s",
        "body.txt": "{% extends '../_layout/base.txt' %}{% block a %}\n{% include 'part.txt' %}{% endblock %}",
        "../_layout/base.txt": "{% block a %}{% endblock %}\n\n{{ contact.b }}",
        "part.txt": "\n\n{{ contact['First name'] | upper }}",
    }
    templates = load_templates(write(tmp_path, files), campaign_name="autumn", unsubscribe_url=None)

    def fault(**columns: str) -> str:
        with pytest.raises(EmptyCellError) as caught:
            templates.render(Contact(number=1, email=EMAIL, columns=columns), LINK)
        return caught.value.what

    assert fault(**{"First name": "", "b": ""}).startswith(
        "part.txt line 3: 'First name' is empty: fill it in, or write {{ contact['First name'] | default('friend') }}"
    )
    assert fault(**{"First name": "x", "b": ""}).startswith("_layout/base.txt line 3: b is empty")


def test_settings_see_it_as_missing_too() -> None:
    contact = Contact(number=3, email=EMAIL, columns={"id": " ", "shop": "x"})
    render = text_template("https://{{ contact.shop }}.example/{{ contact.id | urlencode }}", name="link.redirect_to")
    with pytest.raises(EmptyCellError) as caught:
        render(contact)
    assert caught.value.what == (
        "link.redirect_to: id is empty: fill it in, "
        "or write {{ contact.id | default('none') }} (default('') leaves the gap)"
    )
    allowed = text_template("https://{{ contact.shop }}.example/{{ contact.id | d('all') }}", name="link.redirect_to")
    assert allowed(contact) == "https://x.example/all"


def test_the_address_that_is_mailed_is_never_empty(tmp_path: Path) -> None:
    """Whatever stands in a column of that name, where another one holds the addresses."""
    assert text_of(tmp_path, "{{ contact.email }}", email="") == EMAIL
