"""The plain-text body of a message that has only an HTML one, by inscriptis: HTML in, text out.

Layout tables become flowing text, hidden preheaders are left out, a link is its words and then its address in angle
brackets (RFC 3986 appendix C), whole and on one line. Raises ValueError for what can't be parsed.

Limits: about half a millisecond a message, many times what a body.txt costs. Of an image only its `alt` is left.
"""

import re
from typing import Any

# inscriptis and lxml ship no types, hence the marks.
from inscriptis.css_profiles import STRICT_CSS_PROFILE  # type: ignore[import-untyped]
from inscriptis.html_engine import Inscriptis  # type: ignore[import-untyped]
from inscriptis.html_properties import Display  # type: ignore[import-untyped]
from inscriptis.model.config import ParserConfig  # type: ignore[import-untyped]
from inscriptis.model.html_element import HtmlElement  # type: ignore[import-untyped]
from inscriptis.model.tag import CustomHtmlTagHandlerMapping  # type: ignore[import-untyped]
from lxml.html import HTMLParser, document_fromstring  # type: ignore[import-untyped]

_ADDRESS_TWICE = re.compile(r"(?<!\S)(\S++) <\1>")
_BLANK_LINES = re.compile(r"\n{3,}")


def plain_text(html: str) -> str:
    """Make the text of an HTML document: lines of any length, at most one blank line between them, none at the ends."""
    if not html.strip():
        return ""
    try:
        # As bytes, of any size: given a str, lxml stops without a word at half a character or at ten million.
        tree = document_fromstring(html.encode(), parser=HTMLParser(encoding="utf-8", huge_tree=True))
        text = Inscriptis(tree, _CONFIG).get_text()
    except Exception as error:  # They have no common base for what they raise.
        fault = type(error).__name__
    else:
        fault = ""
    if fault:
        raise ValueError(f"the HTML can't be parsed ({fault})")
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return _BLANK_LINES.sub("\n\n", _ADDRESS_TWICE.sub(r"\1", lines)).strip("\n")


def _begin_link(state: Any, attributes: Any) -> None:
    target = "".join(attributes.get("href", "").split())
    state.link_target = "" if target.startswith("#") else target.removeprefix("mailto:")


def _end_link(state: Any) -> None:
    if state.link_target:
        state.tags[-1].write(f" <{state.link_target}>")
        state.link_target = ""


def _end_cell(state: Any) -> None:
    state.tags[-1].write(" ")


def _rule(state: Any, attributes: Any) -> None:
    state.tags[-1].write("----")


def _nothing(*_: Any) -> None:
    """Take away what inscriptis does to lay a table out: it pads every line to the width of the longest link."""


_BLOCK = HtmlElement(display=Display.block)
_CONFIG = ParserConfig(
    css=STRICT_CSS_PROFILE | {"table": _BLOCK, "tr": _BLOCK, "hr": _BLOCK},
    display_images=True,
    custom_html_tag_handler_mapping=CustomHtmlTagHandlerMapping(
        start_tag_mapping={
            **dict.fromkeys(("table", "tr", "td", "th"), _nothing),
            "a": _begin_link,
            "hr": _rule,
        },
        end_tag_mapping={"table": _nothing, "td": _end_cell, "th": _end_cell, "a": _end_link},
    ),
)
