"""Text made from HTML, where a template has none of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.content.templates import LINK, URL, WELCOME, contact, fault_of, load, write


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
def test_html_that_no_text_can_be_made_from_is_the_rows_fault(tmp_path: Path, cell: str) -> None:
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
