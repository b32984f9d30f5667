"""The images of a message: whether they say something when they are not shown, and whether they are shown at all.

A document in, faults out. `cid:` is well, and so is an empty alt of what only decorates, a tracking pixel among them.
Width and height are not asked for: which images Outlook shows at another size than browsers can't be told from HTML.
Raises nothing.
"""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from campaign.deliverability.mail.addresses import scheme, shown
from campaign.deliverability.mail.client_support import IMAGE_FORMATS
from campaign.deliverability.mail.document import Document, place
from campaign.deliverability.mail.links import address_fault
from campaign.deliverability.mail.placeholders import is_left_to_a_service
from campaign.deliverability.mail.rules import IMAGE_ALT, IMAGE_DATA, IMAGE_FORMAT, IMAGE_HTTP, Fault


def image_faults(document: Document, is_removed: Callable[[Any], bool]) -> Iterator[Fault]:
    """Go through every `<img>`. `is_removed` tells whether an element is taken out of sight."""
    for image in document.named("img"):
        yield from _alternative(image, is_removed)
        source = image.get("src") or ""
        if source.strip():
            yield from _source(image, source)


def _alternative(image: Any, is_removed: Callable[[Any], bool]) -> Iterator[Fault]:
    if image.get("aria-label") or image.get("aria-labelledby") or image.get("aria-hidden") == "true":
        return
    if is_removed(image):
        return
    link = next((one for one in image.iterancestors("a") if one.get("href") is not None), None)
    said = (image.get("alt") or "").strip()
    if link is not None and not said and not _says_something(link):
        # An empty alt takes a link's only words away, and whoever hears it hears its address instead.
        yield Fault(rule=IMAGE_ALT, place=f"{place(image)}, all that a link has")
        return
    if image.get("alt") is None and image.get("role") not in ("presentation", "none"):
        yield Fault(rule=IMAGE_ALT, place=place(image))


def _says_something(link: Any) -> bool:
    if any((link.get(name) or "").strip() for name in ("aria-label", "aria-labelledby", "title")):
        return True
    named = (one for one in link.iter("img") if (one.get("alt") or one.get("aria-label") or one.get("title") or ""))
    return "".join(link.itertext()).strip() != "" or next(named, None) is not None


def _source(image: Any, source: str) -> Iterator[Fault]:
    kind = scheme(source)
    if kind == "data":
        yield Fault(rule=IMAGE_DATA, place=place(image))
        return
    if is_left_to_a_service(source):
        return
    rule = address_fault(source)
    if rule is not None:
        yield Fault(rule=rule, place=f"{place(image)} from {shown(source)}")
        return
    if kind == "http":
        yield Fault(rule=IMAGE_HTTP, place=f"{place(image)} from {shown(source)}")
    if kind in ("http", "https"):
        ending = urlsplit(source.strip()).path.rpartition(".")[2].lower()
        if ending in IMAGE_FORMATS:
            yield Fault(rule=IMAGE_FORMAT, place=f"{place(image)}: .{ending} (not in {IMAGE_FORMATS[ending].without})")
