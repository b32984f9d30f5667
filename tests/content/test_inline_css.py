"""CSS inlined by the shape of a message: it is what css-inline makes of that whole message, whatever is in it."""

from collections.abc import Sequence

import pytest
from css_inline import CSSInliner
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markupsafe import escape

from campaign.content.inline_css import CssInliner, UnreadableStyleError

as_parsed = CSSInliner(
    inline_style_tags=False, keep_style_tags=True, keep_link_tags=True, load_remote_stylesheets=False
).inline
"""Parsed and written anew, and nothing else: two documents for which it gives the same are the same to a reader."""
whole = CSSInliner(
    keep_style_tags=True, remove_inlined_selectors=True, keep_link_tags=True, load_remote_stylesheets=False
).inline


def inlined(*chunks: str) -> str:
    """A message of constants alone."""
    return "".join(CssInliner(chunks)(chunks))


def page(css: str, body: str) -> str:
    return f"<!DOCTYPE html><html><head><style>{css}</style></head><body>{body}</body></html>"


def body_of(document: str) -> str:
    return document.partition("<body>")[2].partition("</body>")[0]


# The oracle.

CONSTANTS = (
    *("<p>", "</p>", "<table>", "<tr>", "<td>", "</td>", "</table>", "<pre>\n", "</pre>", "<b>", "</b>", "</a>"),
    *("<div class='x'>", "</div>", "<select>", "<option>", "<svg>", "<textarea>", "</textarea>", "<title>", "</title>"),
    *("<br/>", "<!-- ", " -->", "<!--[if mso]>", "<![endif]-->", "&", "&#", ";", "lt", "#6", "<", ">", "-", "!"),
    *(
        '"',
        "'",
        "=",
        'x="',
        "Grüße ",
        "\n",
        "F",
        "<noscript>",
        "<script>",
        "</script>",
        "<p class='x",
        "<p id=x title=",
    ),
    *("<style>", "</style>", ".x{color:red}", "p{color:", "[title=x] {color:blue}", "[CLASS='x' i]{a:b}", "/*", "*/"),
    *("td:empty{a:b}", '<td align="', "<a href='", "<a ", "style='color:", "</", "<!", "<?"),
)
PIECES = st.sampled_from([*CONSTANTS, "{a}", "{a}", "{b}", "{b}", "{markup}"])
WORDS = st.sampled_from(
    [
        *("x", "X", "red", "lt", "amp;", "--", "-->", "<!--", ";", "é", "😀", "\n", "\r", " ", "\t", "\0", "\xa0"),
        *("<td>", "</p>", '"', "'", "&", "{", "}", "F", "#"),
    ]
)
VALUES = st.lists(WORDS, max_size=4).map("".join)
ROWS = st.lists(st.tuples(VALUES, VALUES, VALUES), min_size=1, max_size=4)


def chunks_of(pieces: Sequence[str], a: str, b: str, markup: str) -> list[str]:
    values = {"{a}": str(escape(a)), "{b}": str(escape(b)), "{markup}": markup}
    return [values.get(piece, piece) for piece in pieces]


@settings(max_examples=400, deadline=None)
@given(pieces=st.lists(PIECES, max_size=14), rows=ROWS)
@example(pieces=["<p title=", "{a}", ">"], rows=[("x", "", ""), ("x y", "", "")])
@example(pieces=["<", "F", "{a}", "<p>"], rows=[("x", "", ""), ("y", "", "")])
@example(pieces=["&", "{a}", ";"], rows=[("x", "", ""), ("lt", "", "")])
@example(
    pieces=["<style>", ".x{color:red}", "</style>", "<p class='x", "{a}", "'>"], rows=[("y", "", ""), (" y", "", "")]
)
@example(pieces=["<style>", "td:empty{a:b}", "</style>", "<table>", "<td>", "{a}"], rows=[("x", "", ""), ("", "", "")])
@example(pieces=["<table>", "{a}", "<tr>"], rows=[("x", "", ""), (" ", "", "")])
@example(pieces=["<!-- ", "{a}"], rows=[("--", "", "")])
@example(pieces=["<pre>\n", "{a}"], rows=[("x", "", ""), ("\nx", "", "")])
@example(pieces=["<pre>\n", "{a}"], rows=[("\0\n", "", "")])
@example(pieces=["<style>", "[title=x] {color:blue}", "</style>", '<td title="', "{a}", '"'], rows=[("x", "", "")] * 2)
def test_any_template_and_any_values_give_what_inlining_that_message_alone_gives(
    pieces: list[str], rows: list[tuple[str, str, str]]
) -> None:
    inliner = CssInliner(CONSTANTS)
    for row in rows:
        chunks = chunks_of(pieces, *row)
        assert as_parsed("".join(inliner(chunks))) == as_parsed(whole("".join(chunks)))


# What it does with documents.


def test_rules_become_attributes_and_an_elements_own_declarations_come_last() -> None:
    made = inlined(page("p { color: red; margin: 0 } .a { color: blue }", '<p class="a" style="margin:1px">x</p>'))
    assert body_of(made) == '<p class="a" style="color: blue;margin:1px">x</p>'.replace("margin:1px", "margin: 1px")
    assert "<style></style>" in made


@pytest.mark.parametrize(
    "rule",
    [
        *("@media (max-width: 600px) { p { color: red !important } }", "p:hover { color: red; }"),
        *("#outlook a { padding: 0; }", "u + .body p { margin: 0; }", "@font-face { font-family: x }"),
    ],
)
def test_a_rule_that_no_attribute_can_say_stays_in_style(rule: str) -> None:
    made = inlined(page(rule, "<p>x</p>"))
    assert rule in made
    assert body_of(made) == "<p>x</p>"


@pytest.mark.parametrize(
    "attribute", ['media="print"', "media=print", "media='screen and (min-width: 480px)'", 'type="x"']
)
def test_a_style_for_some_media_is_left_alone(attribute: str) -> None:
    made = inlined(f"<html><head><style {attribute}>p {{ color: red }}</style></head><body><p>x</p></body></html>")
    assert "p { color: red }</style>" in made
    assert body_of(made) == "<p>x</p>"
    assert "data-css-inline" not in made


@pytest.mark.parametrize("attribute", ["", 'media="all"', 'type="text/css"'])
def test_a_style_for_all_media_is_inlined(attribute: str) -> None:
    made = inlined(f"<html><head><style {attribute}>p {{ color: red }}</style></head><body><p>x</p></body></html>")
    assert body_of(made) == '<p style="color: red;">x</p>'


def test_conditional_comments_and_what_they_hide_are_unharmed() -> None:
    hidden = '<!--[if mso]><table class="a"><tr><td><![endif]-->'
    shown = "<!--[if !mso]><!--><p>x</p><!--<![endif]-->"
    assert body_of(inlined(page(".a { margin: 0 }", hidden + shown))) == hidden + shown
    revealed = "<![if !mso]><p>x</p><![endif]>"  # which a parser would make comments of that say nothing to Outlook
    assert body_of(inlined(page("", revealed))) == shown


def test_text_links_and_characters_are_unharmed() -> None:
    body = '<p>&lt;&amp;&gt; &nbsp; é 😀 \u200c</p><a href="https://a.example/?a=1&amp;b=%20">x</a>'
    assert body_of(inlined(page("b { color: red }", body))) == body


def test_stylesheets_elsewhere_are_never_loaded_and_stay_named(tmp_path: object) -> None:
    links = (
        f'<link rel="stylesheet" href="file://{tmp_path}/x.css"><link rel="stylesheet" href="http://127.0.0.1:9/x.css">'
    )
    made = inlined(
        f"<html><head>{links}<style>@import url(http://127.0.0.1:9/y.css);</style></head><body></body></html>"
    )
    assert links in made
    assert "@import url(http://127.0.0.1:9/y.css);" in made


# Shapes.


def test_a_message_of_a_known_shape_is_made_of_the_same_pieces() -> None:
    chunks = page("p { color: red }", "<p title='|'>|</p>").split("|")
    inliner = CssInliner(chunks)
    told: list[str] = []
    inliner.listener = told.extend
    first = inliner((chunks[0], "Ada", chunks[1], "x", chunks[2]))
    second = inliner((chunks[0], "Zoë", chunks[1], "y", chunks[2]))
    assert (first[1], second[1]) == ("Ada", "Zoë")
    assert [one is other for one, other in zip(first, second, strict=True)] == [True, False, True, False, True]
    assert told == [*first[::2]]  # once
    assert all(one is other for one, other in zip(told, first[::2], strict=True))


def test_what_is_personal_is_never_kept_nor_told() -> None:
    chunks = page("p { color: red }", "<p>|</p>").split("|")
    inliner = CssInliner(chunks)
    told: list[str] = []
    inliner.listener = told.extend
    for value in ("secret", "<b>secret</b>", " secret", ""):
        made = "".join(inliner((chunks[0], value, chunks[1])))
        assert f'<p style="color: red;">{value}</p>' in made
    assert "secret" not in "".join(told) + repr(vars(inliner))


def test_a_template_of_endless_shapes_is_inlined_without_keeping_them_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaign.content.inline_css._MOST_SHAPES", 3)
    inliner = CssInliner(["<p>", "</p>", "<style>p { color: red }</style>"])
    told: list[list[str]] = []
    inliner.listener = lambda pieces: told.append(list(pieces))
    for count in range(1, 6):
        made = "".join(inliner(["<style>p { color: red }</style>", *["<p>", "x", "</p>"] * count]))
        assert made.count('<p style="color: red;">x</p>') == count
    assert len(told) == 3


# What can't be read.


def test_a_style_attribute_that_cant_be_read_is_named_with_whose_it_is() -> None:
    style = page("p { color: red }", "|")[:].split("|")
    own = (style[0], "<p style='margin: 0; x'>", "x", style[1])
    with pytest.raises(UnreadableStyleError) as caught:
        CssInliner([*style, own[1]])(own)
    assert (caught.value.culprit, caught.value.is_personal) == ("'margin: 0; x'", False)
    personal = (style[0], "<p style='", "x", "'>", style[1])
    inliner = CssInliner([*style, personal[1], personal[3]])
    with pytest.raises(UnreadableStyleError) as caught:
        inliner(personal)
    assert caught.value.is_personal
    assert "margin" in "".join(inliner((*personal[:2], "margin: 0", *personal[3:])))


def test_half_a_character_is_left_to_the_composer() -> None:
    assert "".join(CssInliner(["<p>"])(["<p>", "<i>\ud800"])) == "<p><i>\ud800"
    assert "\ud800" in "".join(CssInliner(["<p>"])(["<p>", "\ud800"]))
