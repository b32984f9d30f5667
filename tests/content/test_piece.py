"""A template that sets nothing has a context of its own for each rendering, and knows what any template knows."""

from pathlib import Path

import pytest

from campaign.content.environment import MailEnvironment
from campaign.content.piece import Piece
from tests.content.templates import LINK, contact, load


def words(source: str, **variables: object) -> str:
    return "".join(Piece(MailEnvironment(campaign_name="Spring", escapes=False).from_string(source)).chunks(variables))


@pytest.mark.parametrize("setting", ["", "{% set x = 1 %}"])
@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{ campaign.name }}", "Spring"),
        ("{% for n in range(3) %}{{ n }}{{ loop.last }} {% endfor %}", "0False 1False 2True "),
        ("{{ ['b', 'a'] | sort | join('-') }}{{ 'x'.upper() }}{{ dict(a=1)['a'] }}", "a-bX1"),
        ("{% for n in [[1, [2]]] recursive %}{{ n if n is number else loop(n) }}{% endfor %}", "12"),
        ("{{ name }}{{ missing is defined }}", "AnnFalse"),
    ],
)
def test_with_and_without_a_name_of_its_own_it_says_the_same(source: str, said: str, setting: str) -> None:
    assert words(setting + source, name="Ann") == said


def test_a_variable_goes_before_a_global_name() -> None:
    assert words("{{ campaign }}", campaign="mine") == "mine"


def test_nothing_of_one_rendering_is_left_for_the_next(tmp_path: Path) -> None:
    templates = load(tmp_path, {"subject.txt": "s", "body.txt": "{{ link.url }} {{ contact.a }}"})
    first = templates.render(contact(a="1"), LINK._replace(url="first"))
    second = templates.render(contact(a="2"), LINK._replace(url="second"))
    assert ("".join(first.text), "".join(second.text)) == ("first 1", "second 2")
