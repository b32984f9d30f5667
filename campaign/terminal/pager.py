"""A page of the guide on a terminal: laid out for its width by rich, one screen at a time by the pager.

Takes Markdown as the guide has it. Tables, whose lines are long in Markdown, get columns that wrap; a link to another
page is written as the command that shows it. Colours are the terminal's own, without a ground of their own, so that
they can be read on light and on dark; `NO_COLOR` (no-color.org) leaves bold and underlined words. The pager is the one
in PAGER, or less. A terminal that says it is dumb gets the Markdown. Raises nothing.
"""

import os
import re
from io import StringIO

from rich.console import Console
from rich.markdown import Markdown
from rich.theme import Theme

from campaign.terminal.stdout import say

_WIDEST = 100
"""Columns: longer lines are hard to read."""
_THEME = Theme({"markdown.code": "bold", "markdown.code_block": "none"})
"""In place of rich's black ground, which on a light terminal is a black box."""
_LINK = re.compile(r"\[([^]]+)\]\((?!\w+:)([^)]+)\)")
_PAGE = re.compile(r"([\w-]+)\.md(?:#.*)?")
_FENCE = re.compile(r"^```\w+$", re.MULTILINE)


def show_page(markdown: str) -> None:
    """Show it through the pager, on the terminal that stdout is."""
    if os.environ.get("TERM", "") in ("", "dumb"):
        say(markdown, end="")
        return
    import pydoc

    os.environ["LESS"] = f"{os.environ.get('LESS', '-FX')} -R"  # a short page needs no key; colour is no noise
    os.environ.pop("MANPAGER", None)  # pydoc prefers it to PAGER; it is often made for man's own markup alone
    pydoc.pager(laid_out(markdown, width=Console().width, colour=not os.environ.get("NO_COLOR")))


def laid_out(markdown: str, *, width: int, colour: bool) -> str:
    """Give the page as lines for a terminal of `width` columns, with ANSI's marks (ECMA-48) for bold and colours."""
    out = StringIO()
    console = Console(
        file=out,
        width=min(width, _WIDEST),
        force_terminal=True,
        color_system="standard",
        no_color=not colour,
        theme=_THEME,
        highlight=False,
    )
    # Code without the colours of a programming language: they are made for one ground, dark or light.
    plain = _FENCE.sub("```text", _LINK.sub(_as_command, markdown))
    console.print(Markdown(plain, code_theme="ansi_dark", hyperlinks=False))
    return out.getvalue()


def _as_command(link: re.Match[str]) -> str:
    """Write a link to another page as the command that shows it, any other link to a file as its words alone."""
    words, target = link.groups()
    page = _PAGE.fullmatch(target)
    if page is None:
        return words
    shown = f"`campaign guide {page[1]}`"
    return shown if words == page[1] else f"{words} ({shown})"
