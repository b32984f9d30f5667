"""body.mjml: compiled once, its Jinja2 kept; what is wrong is told with the file and line of the MJML."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.content import TemplateSet, load_templates
from campaign.errors import InvalidContactError, TemplateError
from tests.content.templates import LINK, URL, contact, load, write
from tests.markup import Markup

ROOT = Path(__file__).parents[2]
ESCAPED_URL = URL.replace("&", "&amp;")


def column(components: str) -> str:
    """A document with these on line 4 and after."""
    return f"<mjml>\n<mj-body>\n<mj-section><mj-column>\n{components}\n</mj-column></mj-section></mj-body></mjml>"


def mjml(root: Path, document: str, **others: str) -> TemplateSet:
    files = {name.replace("__", "."): text for name, text in others.items()}
    return load(root, {"subject.txt": "s", "body.mjml": document, **files})


def html_of(root: Path, document: str, **columns: str) -> str:
    return "".join(mjml(root, document).render(contact(**columns), LINK).html)


def refused(root: Path, document: str, **others: str) -> TemplateError:
    with pytest.raises(TemplateError) as caught:
        mjml(root, document, **others)
    return caught.value


# What comes out.


def test_values_are_written_as_in_body_html_and_links_are_whole(tmp_path: Path) -> None:
    document = column("<mj-text>Dear {{ contact.a }}</mj-text><mj-button href='{{ link.url }}'>Go</mj-button>")
    content = mjml(tmp_path, document).render(contact(a="<Zoë> & \"Co\" 'x'"), LINK)
    html = "".join(content.html)
    assert "Dear &lt;Zoë&gt; &amp; &#34;Co&#34; &#39;x&#39;</div>" in html
    assert f'<a href="{ESCAPED_URL}"' in html
    assert "".join(content.text).splitlines() == ["Dear <Zoë> & \"Co\" 'x'", f"Go <{URL}>"]


IF, ENDIF = "{% if contact.a == 'yes' %}", "{% endif %}"
SECTION = "<mj-section><mj-column><mj-text>HERE</mj-text></mj-column></mj-section>"


@pytest.mark.parametrize(
    "document",
    [
        column("[<mj-text>HERE</mj-text>]"),
        column("<mj-text>a [HERE] b</mj-text>"),
        column('<mj-text><b class="x[ HERE]">b</b></mj-text>'),
        column('<mj-text><b [title="HERE"]>b</b></mj-text>'),
        column("<mj-text>[<!-- HERE -->]</mj-text>"),
        column('<mj-button href="https://a.example/[HERE]">b</mj-button>'),
        column("<mj-button>a [HERE]</mj-button>"),
        column("<mj-table>[<tr><td>HERE</td></tr>]</mj-table>"),
        column("<mj-raw>[<tr><td>HERE</td></tr>]</mj-raw>"),
        column('[<mj-divider border-color="HERE"/>]'),
        column('<mj-social>[<mj-social-element href="x">HERE</mj-social-element>]</mj-social>'),
        column('<mj-social><mj-social-element href="x">[HERE]</mj-social-element></mj-social>'),
        column('<mj-navbar>[<mj-navbar-link href="x">HERE</mj-navbar-link>]</mj-navbar>'),
        column('<mj-navbar><mj-navbar-link href="x">[HERE]</mj-navbar-link></mj-navbar>'),
        column(
            "<mj-accordion><mj-accordion-element><mj-accordion-title>[HERE]</mj-accordion-title>"
            "<mj-accordion-text>[HERE]</mj-accordion-text></mj-accordion-element></mj-accordion>"
        ),
        f"<mjml><mj-body>[{SECTION}]</mj-body></mjml>",
        f"<mjml><mj-body><mj-wrapper>[{SECTION}]</mj-wrapper></mj-body></mjml>",
        f"<mjml><mj-body><mj-section>[{SECTION[12:-13]}]</mj-section></mj-body></mjml>",
        f"<mjml><mj-body><mj-section><mj-group>[{SECTION[12:-13]}]</mj-group></mj-section></mj-body></mjml>",
        "<mjml><mj-body><mj-hero>[<mj-text>HERE</mj-text>]</mj-hero></mj-body></mjml>",
        "<mjml><mj-head><mj-title>[HERE]</mj-title></mj-head><mj-body></mj-body></mjml>",
        "<mjml><mj-head><mj-preview>[HERE]</mj-preview></mj-head><mj-body></mj-body></mjml>",
        "<mjml><mj-head><mj-style>[.HERE {}]</mj-style></mj-head><mj-body></mj-body></mjml>",
        '<mjml><mj-head>[<mj-raw><meta name="x" content="HERE"></mj-raw>]</mj-head><mj-body></mj-body></mjml>',
    ],
)
def test_a_condition_may_stand_around_components_and_within_them(tmp_path: Path, document: str) -> None:
    templates = mjml(tmp_path, document.replace("[", IF).replace("]", ENDIF))
    shown, hidden = ("".join(templates.render(contact(a=a), LINK).html) for a in ("yes", "no"))
    assert "HERE" in shown
    assert "HERE" not in hidden
    assert "jinja" not in shown + hidden
    for html in (shown, hidden):
        assert set(Markup(html).tags) >= {"html", "body"}  # and closes all that it opens


def test_loops_macros_comments_and_raw_work(tmp_path: Path) -> None:
    document = "{% from 'm.html' import loud %}{% set greeting = 'Hi' %}\n" + column(
        "{# not this\n{{ x }} #}{% for word in contact.a.split() %}"
        "<mj-text>{{ greeting }} {{ loud(word) }}</mj-text>{% endfor %}"
        "<mj-text>{% raw %}{{ as it is }}{% endraw %}{% include 'f.html' %}</mj-text>"
    )
    macros = "{% macro loud(word) %}<b>{{ word | upper }}</b>{% endmacro %}"
    templates = mjml(tmp_path, document, m__html=macros, f__html="<i>{{ contact.a }}</i>")
    assert templates.faults(["a"]) == []
    html = "".join(templates.render(contact(a="x <y>"), LINK).html)
    assert html.startswith("<!doctype html>")
    for part in ("Hi <b>X</b>", "Hi <b>&lt;Y&gt;</b>", "{{ as it is }}<i>x &lt;y&gt;</i>"):
        assert part in html
    assert "not this" not in html


def test_rules_that_mjml_inlines_move_nothing(tmp_path: Path) -> None:
    document = column(
        "<mj-table>{% for word in contact.a.split() %}<tr><td class='x'>{{ word }}</td></tr>{% endfor %}</mj-table>"
    )
    document = document.replace(
        "<mj-body>", "<mj-head><mj-style inline='inline'>.x { color: red }</mj-style></mj-head><mj-body>", 1
    )
    html = html_of(tmp_path, document, a="p q")
    rows = '<tr><td class="x" style="color: red;">p</td></tr><tr><td class="x" style="color: red;">q</td></tr>'
    assert rows in html.replace("<tbody>", "").replace("</tbody>", "")


def test_it_goes_with_inline_css(tmp_path: Path) -> None:
    style = "<mj-head><mj-style>.x { color: red }</mj-style></mj-head>"
    document = column("<mj-text css-class='x'>{{ contact.a }}</mj-text>").replace("<mj-body>", style + "<mj-body>")
    folder = write(tmp_path, {"subject.txt": "s", "body.mjml": document})
    templates = load_templates(folder, campaign_name="c", unsubscribe_url=None, inline_css=True)
    html = "".join(templates.render(contact(a="Ada"), LINK).html)
    (style,) = [attributes["style"] for tag, attributes in Markup(html).elements if attributes.get("class") == "x"]
    assert "color: red;font-size: 0px;" in style
    assert ".moz-text-html .mj-column-per-100" in html  # for some media, and for one mail program


# Files.


def test_one_of_body_html_and_body_mjml_is_enough(tmp_path: Path) -> None:
    told = refused(tmp_path, column(""), body__html="x")
    assert (told.what, told.fix.partition(":")[0]) == ("there are both body.html and body.mjml", "keep one of them")


def test_included_files_stand_in_their_places_and_are_part_of_the_template(tmp_path: Path) -> None:
    document = column(
        "<mj-include path='../_layout/foot.mjml'/><mj-include path='own.html' type='html'></mj-include>"
    ).replace("<mj-body>", "<mj-head><mj-include path='a.css' type='css'/></mj-head><mj-body>")
    others = {
        "../_layout/foot.mjml": "<mj-text>{{ contact.a }}</mj-text>\n<mj-include path='./more.mjml'/>",
        "../_layout/more.mjml": "<mj-text>more {{ contact.b }}</mj-text>",
        "own.html": "<tr><td>own {{ contact.a }}</td></tr>",
        "a.css": ".x { color: {{ contact.b }} }",
    }
    templates = load(tmp_path, {"subject.txt": "s", "body.mjml": document, **others})
    html = "".join(templates.render(contact(a="A", b="red"), LINK).html)
    assert '<style type="text/css">.x { color: red }</style>' in html
    assert [cell for cell in Markup(html).text["td"] if not cell.startswith(" ")][-3:] == ["A", "more red", "own A"]
    names = {os.path.normpath(file) for file in templates.files}
    assert names == {
        os.path.normpath(tmp_path / "templates/welcome" / name) for name in ("subject.txt", "body.mjml", *others)
    }


@pytest.mark.parametrize(
    "path", ["/etc/hostname", "../../outside.mjml", "file:///etc/hostname", "https://a.example/x", "no.mjml"]
)
def test_nothing_else_can_be_included(tmp_path: Path, path: str) -> None:
    (tmp_path / "outside.mjml").write_text("<mj-text>outside</mj-text>")
    told = refused(tmp_path, column(f"<mj-include path='{path}'/>"))
    assert (told.what, told.where) == (f"there is no file {path!r} that can be read", "body.mjml line 4")


# What is wrong, and where.


@pytest.mark.parametrize(
    ("components", "what", "line"),
    [
        ("\n<mj-text>{{ x y }}</mj-text>", "expected token 'end of print statement', got 'y'", 5),
        ("<mj-text>\n\n{% if %}</mj-text>", "Expected an expression, got 'end of statement block'", 6),
        ("<mj-text>{{\n\ncontact.a | nosuch }}</mj-text>", "there is no filter 'nosuch'", 6),
        ("\n<mj-text>{{ contact.a", "{{ is not closed", 5),
        ("\n<mj-text>{# x", "Missing end of comment tag", 5),
        ("<mj-text>\n{% include 'no.html' %}</mj-text>", "there is no template 'no.html'", 5),
        ("<mj-text>\n{% include 'x.mjml' %}</mj-text>", "'x.mjml' is MJML", 5),
        ("{% extends 'x.html' %}", "MJML can't extend a template", 4),
        ("\n<mj-text>a < b</mj-text>", "a < begins no tag", 5),
        ("\n<mj-text>\n<b>a</mj-text>", "</mj-text> stands where <b> of body.mjml line 6 is to be closed", 6),
        ("\n<mj-text><img src=x></mj-text>", "an attribute of <img> has no quotes", 5),
        (
            "\n<mj-text><a href={{ link.url }}>x</a></mj-text>",
            "{{ link.url }} stands in an attribute without quotes",
            5,
        ),
        ("\n<mj-text foo='{{ contact.a }}'>x</mj-text>", "MJML makes nothing of {{ contact.a }}", 5),
        ("<mj-carousel>\n{% if 1 %}{% endif %}</mj-carousel>", "{% if 1 %} can't stand directly in <mj-carousel>", 5),
        (
            "<mj-social>\n</mj-social><mj-social>x</mj-social>",
            "it is no MJML that can be compiled: unexpected token",
            5,
        ),
        (
            "é😀<mj-social>\n</mj-social><mj-social>x</mj-social>",
            "it is no MJML that can be compiled: unexpected token",
            5,
        ),
        ("\n<mj-txt>x</mj-txt>", "MJML has no <mj-txt>; did you mean <mj-text>?", 5),
        ("\n<MJ-TEXT>x</MJ-TEXT>", "MJML has no <MJ-TEXT>; did you mean <mj-text>?", 5),
        ("\n<mj-qqqqqqqq/>", "MJML has no <mj-qqqqqqqq>", 5),
        (
            "<mj-text>\n<mj-button href='x'>x</mj-button></mj-text>",
            "<mj-button> stands in <mj-text>, where MJML compiles nothing",
            5,
        ),
        ("\n<mj-image\nsrc='cid:no.png'/>", "there is no image 'no.png'", 6),
        ("<mj-include\npath='{{ contact.a }}'/>", "<mj-include> is computed", 5),
        ("<mj-include path='whole.mjml'/>", "'whole.mjml' is a whole document", 4),
        ("<mj-include path='round.mjml'/>", "'round.mjml' includes itself", "round.mjml line 2"),
    ],
)
def test_what_cant_be_compiled_is_told_with_its_line(
    tmp_path: Path, components: str, what: str, line: int | str
) -> None:
    others = {
        "x__mjml": "x",
        "x__html": "x",
        "whole__mjml": column(""),
        "round__mjml": "\n<mj-include path='round.mjml'/>",
    }
    told = refused(tmp_path, column(components), **others)
    assert (told.what, told.where) == (what, line if isinstance(line, str) else f"body.mjml line {line}")


def test_names_that_nobody_has_are_told_with_the_lines_of_their_files(tmp_path: Path) -> None:
    document = column(
        "<mj-text>\n{{ contact.aa }}</mj-text><mj-include path='foot.mjml'/>\n"
        "<mj-text title='{{ contact.b }}'>{{ nobody }}\n{% include 'i.html' %}</mj-text>"
    ).replace("title=", "css-class=")
    templates = mjml(
        tmp_path, document, foot__mjml="\n\n<mj-text>{{ link.uri }}</mj-text>", i__html="\n{{ contact.c }}"
    )
    assert [(fault.what.partition(";")[0], fault.where) for fault in templates.faults(["a", "b"])] == [
        ("there is no column 'aa'", "body.mjml line 5"),
        ("a link has no 'uri'", "foot.mjml line 3"),
        ("there is no variable 'nobody'", "body.mjml line 6"),
        ("there is no column 'c'", "i.html line 2"),
    ]


def test_an_empty_cell_is_told_with_the_line_that_writes_it(tmp_path: Path) -> None:
    templates = mjml(tmp_path, column("<mj-text>\n\n{{ contact.a }}</mj-text>"))
    with pytest.raises(InvalidContactError) as caught:
        templates.render(contact(a=""), LINK)
    assert caught.value.what.startswith("body.mjml line 6: a is empty")


@settings(max_examples=50, deadline=None)
@given(
    lines=st.lists(st.sampled_from(["<p>x</p>", "{# c\n #}", "{% if 1 %}", "{% endif %}", "{{ 1 }}", "é"]), max_size=8)
)
def test_lines_are_right_whatever_stands_before(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    opened = 0
    kept = []
    for line in lines:
        opened += (line == "{% if 1 %}") - (line == "{% endif %}")
        if opened < 0:
            opened = 0
            continue
        kept.append(line)
    text = "\n".join([*kept, "{{ contact.q }}", *["{% endif %}"] * opened])
    document = column(f"<mj-text>{text}</mj-text>")
    expected = document[: document.index("{{ contact.q")].count("\n") + 1
    (fault,) = mjml(tmp_path_factory.mktemp("lines"), document).faults([])
    assert fault.where == f"body.mjml line {expected}"


def test_without_the_library_body_mjml_is_refused_and_no_other_needs_it(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; sys.modules['mrml'] = None\n"
        "from campaign.content import load_templates; from campaign.errors import SettingsError\n"
        "try: load_templates(pathlib.Path(sys.argv[1]), campaign_name='c', unsubscribe_url=None)\n"
        "except SettingsError as error: print(error.where, error.fix)\n"
    )
    for file, told in (
        ("body.html", ""),
        ("body.mjml", f"body.mjml install it: {sys.executable} -m pip install 'campaign[mjml]'\n"),
    ):
        folder = write(tmp_path / file, {"subject.txt": "s", file: column("")})
        done = subprocess.run(
            [sys.executable, "-c", code, folder], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert done.stdout == told


def test_what_is_too_deep_for_the_compiler_is_refused(tmp_path: Path) -> None:
    """mrml calls itself for each level, and would end the process."""
    error = refused(tmp_path, column(f"<mj-text>{'<b>' * 600}x{'</b>' * 600}</mj-text>"))
    assert (error.what, error.where) == ("elements stand more than 512 deep in each other", "body.mjml")
