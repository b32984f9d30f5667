"""Escaping, and the words that templates make: those of plain Jinja2."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment
from markupsafe import escape

from campaign.content import TemplateSet
from tests.content.templates import LINK, contact, load, person

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


# Against plain Jinja2: the same words.


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
