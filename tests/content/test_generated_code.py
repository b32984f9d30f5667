"""The code of templates is quicker than Jinja2's own, and writes the same words."""

from collections.abc import Callable
from inspect import isgeneratorfunction
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment

from campaign.content import generated_code
from campaign.content.environment import MailEnvironment
from campaign.errors import InvalidContactError
from tests.content.templates import LINK, contact, load

PLAIN = "a{% if contact.a %}{{ contact.a }}{% endif %}{% for letter in contact.a %}{{ letter }},{% endfor %}"
OTHERS = [
    "{% set x = 1 %}{{ x }}",
    "{% macro m() %}x{% endmacro %}{{ m() }}",
    "{% filter upper %}x{% endfilter %}",
    "{% block b %}x{% endblock %}",
    "{% autoescape false %}{{ contact.a }}{% endautoescape %}",
    "{% with x = 1 %}{{ x }}{% endwith %}",
]


def root_of(source: str) -> Callable[..., Any]:
    return MailEnvironment(campaign_name="c", escapes=True).from_string(source).root_render_func


def test_output_conditions_and_loops_are_returned_at_once() -> None:
    assert not isgeneratorfunction(root_of(PLAIN))


@pytest.mark.parametrize("source", OTHERS)
def test_whatever_sets_a_name_or_changes_its_chunks_stays_a_generator(source: str) -> None:
    assert isgeneratorfunction(root_of(source))


@pytest.mark.parametrize("source", [PLAIN, *OTHERS])
@pytest.mark.parametrize("escapes", [True, False])
def test_both_ways_write_the_words_of_jinja2(source: str, escapes: bool) -> None:
    own = MailEnvironment(campaign_name="c", escapes=escapes).from_string(source)
    plain = Environment(autoescape=escapes).from_string(source)
    assert own.render(contact={"a": "<b>&"}) == plain.render(contact={"a": "<b>&"})


def test_were_the_line_another_that_makes_a_generator_it_would_stay_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generated_code, "_MAKES_A_GENERATOR", "another line")
    assert isgeneratorfunction(root_of(PLAIN))


def test_a_template_that_returns_its_chunks_can_be_included_and_extended(tmp_path: Path) -> None:
    files = {
        "subject.txt": "s",
        "_part.txt": "part {{ contact.a }}",
        "_base.txt": "base {% if contact.a %}{{ contact.a }}{% endif %}",
        "body.txt": "{% include '_part.txt' %} twice: {% include '_part.txt' %}",
        "body.html": "{% extends '_base.txt' %}",
    }
    content = load(tmp_path, files).render(contact(a="<x>"), LINK)
    assert "".join(content.text) == "part <x> twice: part <x>"
    assert "".join(content.html) == "base &lt;x&gt;"


def test_a_fault_is_told_by_the_line_of_its_own_output(tmp_path: Path) -> None:
    templates = load(
        tmp_path, {"subject.txt": "s", "body.txt": "one\n{{ contact.a }}\n{{ contact.b }} {{ contact.a }}"}
    )
    with pytest.raises(InvalidContactError, match=r"body\.txt line 3: b is empty"):
        templates.render(contact(a="x", b=" "), LINK)


def test_a_name_that_a_template_gives_to_something_else_is_that(tmp_path: Path) -> None:
    loops = "{% for contact in contact.a %}{{ contact.upper() }}{% endfor %}{% for link in [contact] %}{{ link.a }}"
    files = {"subject.txt": "s", "body.html": loops + "{% endfor %}", "body.txt": "t"}
    content = load(tmp_path, files).render(contact(a="b<"), LINK)
    assert "".join(content.html) == "B&lt;b&lt;"


def test_the_link_is_escaped_once_however_often_it_is_written(tmp_path: Path) -> None:
    link = LINK._replace(url="https://x.example/?a=1&b=2")
    content = load(tmp_path, {"subject.txt": "s", "body.html": "{{ link.url }} {{ link.url }}"}).render(contact(), link)
    assert content.html[0] == "https://x.example/?a=1&amp;b=2"
    assert content.html[0] is content.html[2]
