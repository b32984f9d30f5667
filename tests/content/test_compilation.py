"""Templates that cannot be compiled: told with file and line."""

from pathlib import Path

import pytest

from campaign.errors import TemplateError
from tests.content.templates import load


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
def test_a_template_that_cannot_be_compiled_is_told_with_file_and_line(
    tmp_path: Path, text: str | bytes, line: int, words: str
) -> None:
    with pytest.raises(TemplateError) as caught:
        load(tmp_path, {"subject.txt": "s", "body.txt": text})
    assert caught.value.where == f"body.txt line {line}"
    assert words in caught.value.what
    assert caught.value.fix
    with pytest.raises(TemplateError) as caught:
        load(tmp_path, {"subject.txt": "s", "body.txt": "{% include 'sub/part.txt' %}", "sub/part.txt": text})
    assert caught.value.where == f"sub/part.txt line {line}"


def test_a_template_too_deep_for_python_is_refused_in_words(tmp_path: Path) -> None:
    deep = "{% for x in y %}" * 30 + "{% endfor %}" * 30
    nested = "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}"
    for text in (deep, nested):
        with pytest.raises(TemplateError, match="can't be compiled"):
            load(tmp_path, {"subject.txt": "s", "body.txt": text})
