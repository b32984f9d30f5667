"""An HTML document as a tree whose elements, texts and lines can be asked for. A str in, a `Document` out.

Whatever is given is parsed somehow, as mail programs do; None only for what holds no element at all. Raises nothing.
Limits: libxml2 parses HTML 4, more or less: what a browser would move about in a broken table stays where it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree  # type: ignore[import-untyped]

_NO_TEXT = frozenset({"head", "script", "style", "title", "template", "noscript", "object", "audio", "video", "svg"})
"""Elements whose text is none that is read in a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A parsed message. Elements are lxml's; they are kept here, so that each stays one and the same object."""

    root: Any
    elements: tuple[Any, ...]
    """In the order of the document."""

    def named(self, *names: str) -> Iterator[Any]:
        """Give the elements of these names."""
        return (element for element in self.elements if element.tag in names)

    def texts(self) -> Iterator[tuple[Any, str]]:
        """Give each piece of text with the element that it stands in, in order; no piece is blank."""
        # By iterwalk and not by calls of itself: a document can be as deep as its author likes.
        silent = 0
        for event, node in etree.iterwalk(self.root, events=("start", "end", "comment", "pi")):
            if event == "start":
                silent += node.tag in _NO_TEXT
                if not silent and node.text and node.text.strip():
                    yield node, node.text
                continue
            if event == "end":
                silent -= node.tag in _NO_TEXT
            parent = node.getparent()
            if not silent and parent is not None and node.tail and node.tail.strip():
                yield parent, node.tail


def parse(html: str) -> Document | None:
    """Parse a message's HTML."""
    # As bytes, of any size: given a str, libxml2 stops at half a character. At a NUL it stops always.
    octets = html.replace("\0", "").encode("utf-8", "replace")
    try:
        root = etree.fromstring(octets, etree.HTMLParser(encoding="utf-8", huge_tree=True))
    except (etree.XMLSyntaxError, ValueError):
        return None
    if root is None:
        return None
    return Document(root=root, elements=tuple(node for node in root.iter() if isinstance(node.tag, str)))


def place(element: Any) -> str:
    """Say where an element stands: the line of the HTML as it is sent, and its name."""
    return f"line {element.sourceline or 1}, <{element.tag}>"


def is_within(element: Any, names: frozenset[str]) -> bool:
    """Tell whether an element stands inside one of these names."""
    return any(one.tag in names for one in element.iterancestors())
