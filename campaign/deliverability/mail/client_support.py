"""What large mail programs do with CSS, elements and kinds of images that take something away where they are dropped.

Facts from caniemail.com, one row each, as of 9 September 2025: the row's page there, the day of the test, and who drops
it, of Gmail, Outlook for Windows (the classic one, 2007 to 2019), Outlook.com, and Yahoo. A program stands here only
where that page says "not supported" of its newest version on the web and on phones, or where a note there says so of
the value in question, or of Google's own accounts. Apple Mail shows nearly all of it.

Left out is what does no harm where it is dropped: rounded corners, shadows, transitions, max-width, media queries.
"""

from typing import NamedTuple

GMAIL, OUTLOOK, OUTLOOK_COM, YAHOO = "Gmail", "Outlook for Windows", "Outlook.com", "Yahoo"
_PAGE = "https://www.caniemail.com/features/"


class Support(NamedTuple):
    """Who drops a feature."""

    page: str
    """The page of caniemail.com, under its /features/."""
    tested: str
    """The day of the test that the page rests on."""
    dropped_by: tuple[str, ...]

    @property
    def without(self) -> str:
        """The programs, in words."""
        return ", ".join(self.dropped_by)

    @property
    def url(self) -> str:
        """The whole address of the page."""
        return f"{_PAGE}{self.page}/"


VALUES = {
    ("display", "flex"): Support("css-display-flex", "2021-11-02", (OUTLOOK,)),
    ("display", "inline-flex"): Support("css-display", "2021-12-01", (OUTLOOK, YAHOO)),
    ("display", "grid"): Support("css-display-grid", "2019-02-28", (GMAIL, OUTLOOK, YAHOO)),
    ("display", "inline-grid"): Support("css-display", "2021-12-01", (OUTLOOK, YAHOO)),
    ("position", "absolute"): Support("css-position", "2021-05-16", (GMAIL, OUTLOOK, OUTLOOK_COM, YAHOO)),
    ("position", "fixed"): Support("css-position", "2021-05-16", (GMAIL, OUTLOOK, OUTLOOK_COM, YAHOO)),
    ("position", "sticky"): Support("css-position", "2021-05-16", (GMAIL, OUTLOOK, YAHOO)),
    ("float", "left"): Support("css-float", "2024-05-08", (OUTLOOK,)),
    ("float", "right"): Support("css-float", "2024-05-08", (OUTLOOK,)),
    ("visibility", "hidden"): Support("css-visibility", "2019-02-28", (GMAIL, OUTLOOK)),
}
"""By property and value. Gmail takes display:inline-grid, and display:flex, for Google's own accounts."""

PROPERTIES = {
    "transform": Support("css-transform", "2019-02-28", (GMAIL, OUTLOOK, OUTLOOK_COM, YAHOO)),
    "clip-path": Support("css-clip-path", "2021-03-09", (GMAIL, OUTLOOK, OUTLOOK_COM, YAHOO)),
    "mask-image": Support("css-mask-image", "2024-11-27", (GMAIL, OUTLOOK, OUTLOOK_COM, YAHOO)),
    "filter": Support("css-filter", "2024-01-03", (GMAIL, OUTLOOK, OUTLOOK_COM, YAHOO)),
    "aspect-ratio": Support("css-aspect-ratio", "2023-12-19", (GMAIL, OUTLOOK, OUTLOOK_COM, YAHOO)),
    "object-fit": Support("css-object-fit", "2021-07-15", (OUTLOOK, YAHOO)),
    "column-count": Support("css-column-count", "2019-02-28", (OUTLOOK, YAHOO)),
    "writing-mode": Support("css-writing-mode", "2022-05-04", (OUTLOOK, YAHOO)),
    "inset": Support("css-inset", "2024-05-29", (GMAIL, OUTLOOK, OUTLOOK_COM, YAHOO)),
    "margin-inline": Support("css-margin-inline-block", "2022-07-12", (GMAIL, OUTLOOK, OUTLOOK_COM, YAHOO)),
    "margin-block": Support("css-margin-inline-block", "2022-07-12", (GMAIL, OUTLOOK, OUTLOOK_COM, YAHOO)),
    "padding-inline": Support("css-padding-inline-block", "2022-07-13", (GMAIL, OUTLOOK, OUTLOOK_COM, YAHOO)),
    "padding-block": Support("css-padding-inline-block", "2022-07-13", (GMAIL, OUTLOOK, OUTLOOK_COM, YAHOO)),
}
"""By property, whatever its value, but for `none`, `initial` and the like."""

FUNCTIONS = {
    "var": Support("css-variables", "2020-02-25", (GMAIL, OUTLOOK, OUTLOOK_COM, YAHOO)),
    "clamp": Support("css-function-clamp", "2021-05-07", (OUTLOOK, OUTLOOK_COM, YAHOO)),
    "calc": Support("css-unit-calc", "2020-02-25", (OUTLOOK, OUTLOOK_COM, YAHOO)),
}
"""By the function in a value. Gmail takes clamp() and calc() for Google's own accounts."""

BACKGROUND_IMAGE = Support("css-background-image", "2023-07-24", (OUTLOOK,))

ELEMENTS = {
    "iframe": None,
    "frame": None,
    "frameset": None,
    "applet": None,
    "embed": None,
    "object": Support("html-object", "2021-02-20", (GMAIL, OUTLOOK, OUTLOOK_COM, YAHOO)),
    "audio": Support("html-audio", "2020-04-21", (GMAIL, OUTLOOK, OUTLOOK_COM, YAHOO)),
    "video": Support("html-video", "2019-09-16", (GMAIL, OUTLOOK, OUTLOOK_COM, YAHOO)),
    "svg": Support("html-svg", "2020-02-06", (GMAIL, OUTLOOK, OUTLOOK_COM, YAHOO)),
}
"""What is embedded; None where the site has no page for it."""

IMAGE_FORMATS = {
    "svg": Support("image-svg", "2023-01-15", (GMAIL,)),
    "webp": Support("image-webp", "2021-02-06", (OUTLOOK,)),
    "avif": Support("image-avif", "2023-01-14", (OUTLOOK,)),
    "heic": Support("image-heif", "2020-02-06", (OUTLOOK, OUTLOOK_COM)),
    "heif": Support("image-heif", "2020-02-06", (OUTLOOK, OUTLOOK_COM)),
    "tiff": Support("image-tiff", "2020-02-06", (OUTLOOK, OUTLOOK_COM)),
    "tif": Support("image-tiff", "2020-02-06", (OUTLOOK, OUTLOOK_COM)),
}
"""By the ending of the file's name."""

GMAIL_STYLE_LIMIT = 16_384
"""Bytes of all <style> elements together (github.com/hteumeuleu/email-bugs issue 90, of 2 March 2021, and
github.com/hteumeuleu/caniemail issue 144, of 30 March 2021; it was 8,192 until about 2017).
"""
