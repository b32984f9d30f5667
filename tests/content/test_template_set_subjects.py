"""Subjects: one line, never empty, without control characters, whatever a cell holds."""

from pathlib import Path

import pytest

from campaign.errors import TemplateError
from tests.content.templates import LINK, contact, fault_of, load


def subject_of(root: Path, subject: str, **columns: str) -> str:
    return load(root, {"subject.txt": subject, "body.txt": "t"}).render(contact(**columns), LINK).subject


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
