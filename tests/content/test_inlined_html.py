"""message.inline_css, from the template's folder to the content: what is sent, and whose fault unreadable CSS is."""

import subprocess
import sys
from pathlib import Path

import pytest
from css_inline import CSSInliner
from hypothesis import example, given, settings
from hypothesis import strategies as st

from campaign.content import TemplateSet, load_templates
from campaign.errors import CampaignError, InvalidContactError, TemplateError
from tests.content.templates import LINK, URL, contact, write

ROOT = Path(__file__).parents[2]
OPTIONS = {"keep_style_tags": True, "keep_link_tags": True, "load_remote_stylesheets": False}
whole = CSSInliner(remove_inlined_selectors=True, **OPTIONS).inline  # type: ignore[arg-type]
as_parsed = CSSInliner(inline_style_tags=False, **OPTIONS).inline  # type: ignore[arg-type]

FILES = {
    "subject.txt": "s",
    "body.txt": "t",
    "_base.html": """<!DOCTYPE html>
<html lang="en"><head><title>{% block title %}{% endblock %}</title>
<style>
p, td { margin: 0; color: #123456; font-family: "Segoe UI", Arial }
.button a { color: #fff !important } .button a:hover { color: red } #outlook a { padding: 0 }
td + td { mso-line-height-rule: exactly } td:empty { display: none } [title] { border: 0 }
@media (max-width: 600px) { p { margin: 1px !important } }
</style></head>
<body><!--[if mso]><table><tr><td><![endif]-->
<div style="display:none">{% block preheader %}{% endblock %}&zwnj;&nbsp;</div>
{% block main %}{% endblock %}
<!--[if mso]></td></tr></table><![endif]--></body></html>""",
    "body.html": """{% extends "_base.html" %}
{% macro shout(word) %}<b>{{ word }}</b>{% endmacro %}
{% block title %}{{ contact.a | default('-') }}{% endblock %}
{% block preheader %}{{ contact.a | default('') }}{% endblock %}
{% block main %}
{% if contact.b %}<p title="{{ contact.b }}">{{ contact.a | default('') }}, {{ contact.b }}</p>{% endif %}
<table>{% for word in contact.c.split() %}<tr><td>{{ word }}</td><td>{{ contact.b | default('') }}</td></tr>
{%- endfor %}
</table><p class="button"><a href="{{ link.url }}">{{ link.url }}</a>
<img src="x.png" alt='{{ contact.b | default("") }}'></p>
{% if contact.c == 'x' %}{{ shout(contact.a | default('y')) }}{% endif %}{% endblock %}""",
}


def loaded(folder: Path, *, inline_css: bool) -> TemplateSet:
    return load_templates(folder, campaign_name="autumn", unsubscribe_url=None, inline_css=inline_css)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[TemplateSet, TemplateSet]:
    """The same templates, without and with."""
    folder = write(tmp_path_factory.mktemp("inlined"), FILES)
    return loaded(folder, inline_css=False), loaded(folder, inline_css=True)


CELLS = st.text() | st.text(st.sampled_from("<>&\"' \n\r\tx;-#é😀"))


@settings(max_examples=200, deadline=None)
@given(a=CELLS, b=CELLS, c=CELLS | st.just("x"))
@example(a="<Zoë> & \"Co\" 'x'", b="line\nline\r\nline", c="😀 <td>")
def test_an_inlined_message_is_what_css_inline_makes_of_the_rendered_one(
    both: tuple[TemplateSet, TemplateSet], a: str, b: str, c: str
) -> None:
    rendered, inlined = ("".join(one.render(contact(a=a, b=b, c=c), LINK).html) for one in both)
    assert as_parsed(inlined) == as_parsed(whole(rendered))
    assert "style=" in inlined.partition("<table>")[2]


def test_the_constant_pieces_are_told_once_and_are_the_same_objects_in_every_message(
    tmp_path: Path,
) -> None:
    told: list[str] = []
    inlined = loaded(write(tmp_path, FILES), inline_css=True)  # that has rendered nothing: a shape is told of once
    inlined.on_new_constants(told.extend)
    first, second = (inlined.render(contact(a="A", b=b, c="p q r s t u v"), LINK).html for b in ("B", "C"))
    known = {id(piece) for piece in told}
    assert [chunk for chunk in first if id(chunk) not in known] == [
        *("A", "A", "B", "A", "B"),
        *(value for word in "pqrstuv" for value in (word, "B")),
        *[URL.replace("&", "&amp;")] * 2,
        "B",
    ]
    assert len(first) == len(second)
    assert all(one is other for one, other in zip(first, second, strict=True) if id(one) in known)


def fault(root: Path, html: str, **columns: str) -> CampaignError:
    files = {"subject.txt": "s", "body.html": html, "body.txt": "t"}
    templates = load_templates(write(root, files), campaign_name="c", unsubscribe_url=None, inline_css=True)
    with pytest.raises((TemplateError, InvalidContactError)) as caught:
        templates.render(contact(**columns), LINK)
    return caught.value


def test_a_style_attribute_of_the_template_that_cant_be_read_is_told_with_its_line(tmp_path: Path) -> None:
    told = fault(tmp_path, "<style>p { color: red }</style>\n{{ contact.email }}\n<p style='margin: 0; x'>x</p>")
    assert isinstance(told, TemplateError)
    assert (told.what, told.where) == ("the style attribute 'margin: 0; x' can't be read", "body.html line 3")


def test_a_style_attribute_that_a_row_spoils_is_the_rows_fault(tmp_path: Path) -> None:
    html = "<style>p { color: red }</style><p style='margin: 0; {{ contact.a }}'>{{ link.url }}</p>"
    told = fault(tmp_path, html, a="secret")
    assert isinstance(told, InvalidContactError)
    assert str(told).startswith("body.html: the cells of the row make a style attribute that can't be read")
    assert "secret" not in str(told)


def test_faults_have_the_lines_of_the_template(tmp_path: Path) -> None:
    files = FILES | {"body.html": FILES["body.html"].replace("contact.b }}</p>", "contact.bb }}</p>")}
    folder = write(tmp_path, files)
    templates = load_templates(folder, campaign_name="c", unsubscribe_url=None, inline_css=True)
    assert [(found.what, found.where) for found in templates.faults(["a", "b", "c"])] == [
        ("there is no column 'bb'; did you mean 'b'?", "body.html line 6")
    ]


def test_the_text_that_is_made_of_the_html_knows_what_a_rule_hides(tmp_path: Path) -> None:
    html = "<style>.hidden { display: none }</style><p class=hidden>no</p><p>{{ contact.email }}</p>"
    folder = write(tmp_path, {"subject.txt": "s", "body.html": html})
    for inline_css, text in ((True, "zoe@mail.example"), (False, "no\nzoe@mail.example")):
        made = load_templates(folder, campaign_name="c", unsubscribe_url=None, inline_css=inline_css)
        assert "".join(made.render(contact(), LINK).text).replace("\n\n", "\n") == text


def test_without_the_library_the_setting_is_refused_and_no_other_way_needs_it(tmp_path: Path) -> None:
    folder = write(tmp_path, FILES)
    code = (
        "import sys, pathlib; sys.modules['css_inline'] = None\n"
        "from campaign.content import load_templates; from campaign.errors import SettingsError\n"
        "load = lambda **more: load_templates(\n"
        "    pathlib.Path(sys.argv[1]), campaign_name='c', unsubscribe_url=None, **more)\n"
        "load()\n"
        "try: load(inline_css=True)\n"
        "except SettingsError as error: print(error.where, error.fix)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, folder], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == f"message.inline_css install it: {sys.executable} -m pip install 'campaign[css]'\n"


def test_html_that_is_too_deep_for_the_parser_ends_no_process(tmp_path: Path) -> None:
    """css-inline calls itself for each level: the run would end, and again at the same row."""
    files = {"subject.txt": "s", "body.html": "<p>{{ contact.a | safe }}</p>"}
    made = load_templates(write(tmp_path / "row", files), campaign_name="a", unsubscribe_url=None, inline_css=True)
    with pytest.raises(InvalidContactError, match="the cells of the row make HTML whose elements stand more than 512"):
        made.render(contact(a="<b>" * 100_000), LINK)
    assert "<b>x</b>" in "".join(made.render(contact(a="<b>x</b>"), LINK).html)
    files["body.html"] = "<div>" * 100_000 + "{{ contact.a }}"
    made = load_templates(write(tmp_path / "own", files), campaign_name="a", unsubscribe_url=None, inline_css=True)
    with pytest.raises(TemplateError, match="more than 512 deep"):
        made.render(contact(a="x"), LINK)
