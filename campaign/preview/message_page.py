"""The page of one message: its HTML in a frame, its text and its headers, one at a time.

In goes what a message says, or its bytes; out comes HTML in which nothing runs and nothing loads from outside.
"""

import re
from collections.abc import Sequence
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern
from html import escape
from string import Template

from campaign.pages import asset, shown
from campaign.preview.files import AttachedFile, files_of, with_images
from campaign.visible import visible, visible_lines

# Inherited by the message's own frame (a srcdoc document takes its container's policy: HTML, section 7.9).
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; form-action 'none'"
)
_SANDBOX = "allow-popups allow-popups-to-escape-sandbox"


def message_page(
    *,
    place: str,
    email: str,
    status: str,
    detail: str,
    expires: str,
    name: str,
    note: str,
    message: bytes,
    subject: str,
    text: str,
    html: str,
) -> str:
    """Build the whole page. `place` is "row 7". Every argument may hold anything: all but `name` are escaped here."""
    images, attached = files_of(message)
    return Template(asset("message.html")).substitute(
        csp=escape(_POLICY),
        place=shown(place),
        subject=shown(subject) or "(no subject)",
        email=shown(visible(email)),
        status=shown(status.replace("_", " ")),
        expires=shown(expires and f" · link expires {expires}"),
        detail=shown(detail and f" · {visible(detail)}"),
        note=shown(note),
        eml=f"{name}.eml",
        attached=_attached(attached),
        html=_framed(with_images(html, images)) if html.strip() else "<pre>This message has no HTML part.</pre>",
        text=shown(text) or "This message has no text part.",
        headers=shown(visible_lines(_header_block(message))),
    )


def _attached(attached: Sequence[AttachedFile]) -> str:
    """A line that names the attachments, where there are some: the gallery, too, shows it above the message."""
    files = [f"<bdi>{shown(visible(one.name))}</bdi> ({_size(one.size)})" for one in attached]
    return f'<p class="attached">Attached: {", ".join(files)}</p>\n' if files else ""


def _size(octets: int) -> str:
    return f"{octets:,} bytes" if octets < 1000 else f"{(octets + 500) // 1000:,} kB"


def parts(message: bytes) -> tuple[str, str, str]:
    """Subject, text and HTML of a message; of one that the standard library can't take apart, its bytes as text."""
    try:
        parsed = message_from_bytes(message, policy=modern)
        found = []
        for kind in ("plain", "html"):
            part = parsed.get_body((kind,))
            content = part.get_content() if isinstance(part, EmailMessage) else ""
            found.append(content if isinstance(content, str) else "")
        return str(parsed["Subject"] or ""), found[0], found[1]
    except Exception:  # the parser's own failures on hostile input are of many types (IndexError, LookupError ...)
        return "", message.decode("utf-8", "replace"), ""


def _framed(html: str) -> str:
    """Put the message's own HTML in a frame that runs no scripts; its links open beside it, when clicked."""
    # The policy blocks what these would load, yet a browser may connect for them first. No mail program shows either.
    html = re.sub(r"<(link|i?frame)\b", r"<off-\1", html, flags=re.IGNORECASE)
    base, head = '<base target="_blank">', re.search(r"<head\b[^>]*>|<!doctype[^>]*>", html, re.IGNORECASE)
    at = head.end() if head else 0
    document = shown(html[:at] + base + html[at:])
    return f'<iframe title="Message" sandbox="{_SANDBOX}" referrerpolicy="no-referrer" srcdoc="{document}"></iframe>'


def _header_block(message: bytes) -> str:
    """Everything before the first empty line (RFC 5322 section 2.1), as it stands."""
    return re.split(rb"\r?\n\r?\n", message, maxsplit=1)[0].decode("utf-8", "replace").replace("\r\n", "\n")
