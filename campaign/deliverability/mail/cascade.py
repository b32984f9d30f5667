"""Which CSS declarations hold for which element: <style> elements and style attributes in, declared values out.

By tinycss2 and cssselect2. Two schemes are told apart: light, and dark, which has what stands in
`@media (prefers-color-scheme: dark)` besides. What another condition has (a width, print, `@supports`) is in neither.
Presentational attributes (`bgcolor`, `color`) are not CSS and are not here. Raises nothing: what a browser would skip
is skipped. Limits: no `@layer`, no nesting, no `:hover` and its like, which never match. Of <style> elements, ten times
what Gmail takes is read, and of a style attribute as much; what takes longer than some seconds is given up.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import cssselect2  # type: ignore[import-untyped]
import tinycss2  # type: ignore[import-untyped]

from campaign.deliverability.mail.client_support import GMAIL_STYLE_LIMIT
from campaign.deliverability.mail.document import Document

_MOST_CHARACTERS = 10 * GMAIL_STYLE_LIMIT
_MOST_SECONDS = 3.0
"""Of the processor, for one document: a thousand selectors like `div div a` and some thousand elements take minutes."""


class Declaration(NamedTuple):
    """`name: value`, both in lower case, the value as text."""

    name: str
    value: str
    important: bool


_ALWAYS, _LIGHT, _DARK, _OTHERWISE = "always", "light", "dark", "otherwise"
_UNCONDITIONAL = re.compile(r"|all|(only )?screen")
_SCHEME = re.compile(r"(?:(?:only )?(?:screen|all) and )?\(\s*prefers-color-scheme\s*:\s*(light|dark)\s*\)")


@dataclass(slots=True, kw_only=True)
class Cascade:
    """What holds for each element, by scheme."""

    light: Mapping[Any, Mapping[str, str]]
    """Element → property → the value that wins. An element that nothing is declared for may be missing."""
    dark: Mapping[Any, Mapping[str, str]] | None
    """None where the message says nothing of a dark scheme."""
    declared: list[tuple[Any, Declaration]]
    """All that applies to some element in some scheme, in the order of the document, those that lose among them."""
    at_rules: list[tuple[str, str, Any]]
    """The names of @-rules ("media/x" for @x inside @media), what follows the name, and the <style> element."""
    style_length: int = 0
    """Bytes of all <style> elements."""


@dataclass(slots=True)
class _Sheet:
    matcher: Any = field(default_factory=cssselect2.Matcher)
    at_rules: list[tuple[str, str, Any]] = field(default_factory=list)
    has_dark: bool = False

    def add(self, rules: list[Any], condition: str, style: Any, inside: str = "") -> None:
        for rule in rules:
            if rule.type == "at-rule":
                self._add_at_rule(rule, condition, style, inside)
            elif rule.type == "qualified-rule" and condition != _OTHERWISE:
                self._add_rule(rule, condition)

    def _add_at_rule(self, rule: Any, condition: str, style: Any, inside: str) -> None:
        name = rule.lower_at_keyword
        prelude = _text(rule.prelude)
        self.at_rules.append((f"{inside}{name}", prelude, style))
        if name not in ("media", "supports") or rule.content is None:
            return
        within = _media(prelude) if name == "media" and condition == _ALWAYS else _OTHERWISE
        content = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
        self.add(content, within, style, f"{name}/")

    def _add_rule(self, rule: Any, condition: str) -> None:
        try:
            selectors = cssselect2.compile_selector_list(rule.prelude)
        except (cssselect2.SelectorError, RecursionError):
            return
        declarations = tuple(_declarations(rule.content))
        self.has_dark |= condition == _DARK
        for selector in selectors:
            if selector.pseudo_element is None:
                self.matcher.add_selector(selector, (condition, declarations))


def cascade(document: Document, *, clock: Callable[[], float] = time.process_time) -> Cascade | None:
    """Work it out for a whole document; None where that takes too long. `clock`: seconds."""
    sheet, length, end = _Sheet(), 0, clock() + _MOST_SECONDS
    for style in document.named("style"):
        text = "".join(style.itertext())
        left = max(0, _MOST_CHARACTERS - length)
        length += len(text.encode("utf-8", "replace"))
        rules = tinycss2.parse_stylesheet(_uncommented(text[:left]), skip_comments=True, skip_whitespace=True)
        with suppress(RecursionError):  # conditions within conditions, hundreds deep
            sheet.add(rules, _media(style.get("media") or ""), style)
    light: dict[Any, Mapping[str, str]] = {}
    dark: dict[Any, Mapping[str, str]] = {}
    declared: list[tuple[Any, Declaration]] = []
    for wrapper in cssselect2.ElementWrapper.from_html_root(document.root).iter_subtree():
        if clock() > end:
            return None
        element = wrapper.etree_element
        matches = [payload for _, _, _, payload in sheet.matcher.match(wrapper)]
        attribute = element.get("style")
        inline = tuple(_declarations(attribute[:_MOST_CHARACTERS])) if attribute else ()
        if not matches and not inline:
            continue
        declared += [(element, one) for _, declarations in matches for one in declarations]
        declared += [(element, one) for one in inline]
        light[element] = _winners(matches, inline, _LIGHT)
        if sheet.has_dark:
            dark[element] = _winners(matches, inline, _DARK)
    return Cascade(
        light=light,
        dark=dark if sheet.has_dark else None,
        declared=declared,
        at_rules=sheet.at_rules,
        style_length=length,
    )


def _winners(
    matches: list[tuple[str, tuple[Declaration, ...]]], inline: tuple[Declaration, ...], scheme: str
) -> Mapping[str, str]:
    """CSS Cascading 4, section 6.1: importance first, then style attributes, then specificity, then order."""
    ordered = [one for condition, found in matches if condition in (_ALWAYS, scheme) for one in found]
    ordered += inline
    values = {one.name: one.value for one in ordered if not one.important}
    for one in ordered:
        if one.important:
            values[one.name] = one.value
    return values


def _text(tokens: Any) -> str:
    """Give CSS tokens as text; "?" for brackets within brackets, hundreds deep."""
    try:
        return str(tinycss2.serialize(tokens)).strip()
    except RecursionError:
        return "?"


def _declarations(content: Any) -> Iterator[Declaration]:
    for one in tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True):
        if one.type == "declaration":
            value = _text(one.value).lower()
            yield from _longhand(Declaration(name=one.lower_name, value=value, important=one.important))


def _longhand(declaration: Declaration) -> Iterator[Declaration]:
    """Spell out what `background` and `font` set besides, so that what was set before them no longer holds."""
    name, value, important = declaration
    yield declaration
    if name == "background":
        yield Declaration("background-color", value, important)
        yield Declaration("background-image", value, important)
    elif name == "font":
        yield Declaration("font-size", "from-shorthand", important)
        yield Declaration("font-weight", "from-shorthand", important)


def _uncommented(text: str) -> str:
    """Take out `<!--` and `-->`, which CSS ignores between rules (CSS Syntax 3, section 5.4.1)."""
    return text.replace("<!--", "").replace("-->", "")


def _media(query: str) -> str:
    """Say when a media query holds."""
    kinds = set()
    for part in query.lower().split(","):
        words = " ".join(part.split())
        scheme = _SCHEME.fullmatch(words)
        kinds.add(scheme[1] if scheme else _ALWAYS if _UNCONDITIONAL.fullmatch(words) else _OTHERWISE)
    if _ALWAYS in kinds or {_LIGHT, _DARK} <= kinds:
        return _ALWAYS
    return kinds.pop() if len(kinds) == 1 else _OTHERWISE
