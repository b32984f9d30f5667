"""Where the links of a message lead: whether each is a whole, encrypted address. A document in, faults out.

Left alone are mailto:, tel: and other schemes that hold no page, and places within the message. Raises nothing.
"""

from collections.abc import Iterator
from urllib.parse import unquote

from campaign.deliverability.mail.addresses import is_malformed, scheme, shown, trimmed
from campaign.deliverability.mail.document import Document, place
from campaign.deliverability.mail.placeholders import has_encoded_placeholder, is_left_to_a_service
from campaign.deliverability.mail.rules import (
    LINK_EMPTY,
    LINK_HTTP,
    LINK_MALFORMED,
    LINK_RELATIVE,
    PLACEHOLDER,
    Fault,
    Rule,
)


def link_faults(document: Document) -> Iterator[Fault]:
    """Go through every `<a>` and `<area>` that has an href."""
    targets = {one.get(name) for one in document.elements for name in ("id", "name")}
    for element in document.named("a", "area"):
        url = element.get("href")
        if url is None:
            continue
        rule = _broken(trimmed(url), targets)
        if rule is not None:
            words = shown(url) if rule is not PLACEHOLDER else "its href"
            yield Fault(rule=rule, place=f"{place(element)}" + (f" to {words}" if words else ""))


def address_fault(url: str) -> Rule | None:
    """Say what is wrong with an address that something is fetched from."""
    if has_encoded_placeholder(url):
        return PLACEHOLDER
    kind = scheme(url)
    if is_no_scheme(kind):
        return LINK_RELATIVE
    return LINK_MALFORMED if kind in ("http", "https") and is_malformed(url) else None


def is_no_scheme(kind: str) -> bool:
    """Tell whether what stands before a colon is a host (`acme.example:8080`), a drive, or nothing."""
    return len(kind) < 2 or "." in kind or kind == "localhost"


def _broken(url: str, targets: set[str | None]) -> Rule | None:
    if is_left_to_a_service(url) and not has_encoded_placeholder(url):
        return None
    if url in ("", "#"):
        return LINK_EMPTY
    if url[0] == "#":
        name = unquote(url[1:])
        # HTML Living Standard 7.4.6.4: "top" is the top of the document, whether or not something has the name.
        return None if name in targets or url[1:] in targets or name.lower() == "top" else LINK_EMPTY
    return address_fault(url) or (LINK_HTTP if scheme(url) == "http" else None)
