"""One message, looked at as an inbox and a reader would: its HTML, and the text beside it, in; faults out.

Whatever is given, nothing is raised. Of a document with more than twenty thousand elements, ten times what Gmail
shows of one, only the text is looked at; of one whose CSS takes too long to work out, all but what hangs on CSS.
"""

from collections.abc import Iterator

from campaign.deliverability.mail.appearance import Appearances, appearances
from campaign.deliverability.mail.cascade import cascade
from campaign.deliverability.mail.contrast import contrast_faults
from campaign.deliverability.mail.css_support import css_faults
from campaign.deliverability.mail.document import Document, parse
from campaign.deliverability.mail.images import image_faults
from campaign.deliverability.mail.links import link_faults
from campaign.deliverability.mail.rules import PREHEADER, Fault
from campaign.deliverability.mail.structure import structure_faults
from campaign.deliverability.mail.unsubscribe import unsubscribe_faults

_MOST_ELEMENTS = 20_000


def html_faults(
    html: str, text: str, *, unsubscribe_url: str | None = None, unsubscribe_mailto: str | None = None
) -> Iterator[Fault]:
    """Look at the HTML of a message, "" where it has none, and at what both bodies say of unsubscribing."""
    document = parse(html) if html.strip() else None
    if document is not None and len(document.elements) > _MOST_ELEMENTS:
        document = None
    looks = Appearances()
    if document is not None:
        css = cascade(document)
        if css is not None:
            looks = appearances(document, css.light, dark=False)
        yield from structure_faults(document)
        yield from link_faults(document)
        yield from image_faults(document, looks.is_removed)
        if css is not None:
            yield from css_faults(css, has_vml="<v:" in html)
            yield from contrast_faults(document, looks, "")
            if css.dark is not None:
                yield from contrast_faults(document, appearances(document, css.dark, dark=True), "dark")
            yield from _preheader(document, looks)
    yield from unsubscribe_faults(document, text, looks, url=unsubscribe_url, mailto=unsubscribe_mailto)


def _preheader(document: Document, looks: Appearances) -> Iterator[Fault]:
    """The first words of the body are a preheader if nobody sees them in the message itself."""
    for element, text in document.texts():
        if any(map(str.isalnum, text)):
            if not looks.is_hidden(element):
                yield Fault(rule=PREHEADER, place="<body>")
            return
