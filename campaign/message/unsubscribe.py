"""The ways to unsubscribe: List-Unsubscribe (RFC 2369 section 3.2) and List-Unsubscribe-Post (RFC 8058).

In: a contact's URL and `contact.key`, a campaign's address. Out: header fields. A mail to the address has the subject
"unsubscribe KEY", so that it says whose it is, whoever sends it. A URI is never encoded or folded within: no mail
provider that offers one click could read it then. Raises SettingsError when made, UnfitURLError for a contact's URL.
"""

import re
from urllib.parse import quote

from campaign.errors import SettingsError

from .addresses import checked_address
from .headers import LONGEST_LINE

_uri = re.compile(r"[!-;=?-~]+").fullmatch
"""What can stand between angle brackets: printable ASCII, no space, no angle bracket."""
_secure = re.compile(r"https://[!-;=?-~]+", re.IGNORECASE).fullmatch
_insecure = re.compile(r"http://[!-;=?-~]+", re.IGNORECASE).fullmatch
_LONGEST_URL = LONGEST_LINE - len("List-Unsubscribe: <>,")
_ONE_CLICK = "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"


class UnfitURLError(ValueError):
    """A contact's URL can't stand in a header field. The text goes on from "The unsubscribe URL"; `fix`: what to do."""

    def __init__(self, what: str, *, fix: str) -> None:
        super().__init__(what)
        self.fix = fix


class Unsubscribe:
    """Writes the fields of one campaign."""

    def __init__(self, mailto: str | None, *, shortest_url: int = 0, outline: str | None = None) -> None:
        """`mailto`: an address, or a whole `mailto:` URI, which stays as it is. `shortest_url`: characters that each
        URL has at least. `outline`: what of it is the same for everybody, with an `x` for each piece that is not.
        """
        if outline is not None and not _secure(outline) and not _insecure(outline):
            odd = next((letter for letter in outline if not _uri(letter)), None)
            raise SettingsError(
                "the URL can't stand in a header field, whatever a row holds"
                + ("" if odd is None else f": it has {odd!r}, and must be ASCII without spaces and angle brackets"),
                where="message.unsubscribe_url",
                fix="begin it with https://, percent-encode the path (ä is %C3%A4), write the host in its xn-- form",
            )
        if shortest_url > _LONGEST_URL:
            raise SettingsError(
                f"the URL has at least {shortest_url} characters, whatever a row holds; {_LONGEST_URL} fit a header "
                "line that every mail server leaves whole, and a URL that is broken in two unsubscribes nobody",
                where="message.unsubscribe_url",
                fix="use a shorter one, such as https://acme.example/u?id={{ contact.id }}",
            )
        self._uri = "" if mailto is None else mailto_uri(mailto, setting="[message] unsubscribe_mailto")
        self._takes_key = self._uri != mailto
        """Whether the URI has no subject of its own."""

    def __call__(self, url: str | None, key: str = "") -> str:
        """Header fields, each ended by CRLF; one click where there is an https URL. Raises UnfitURLError."""
        uri = self._uri
        if uri and key and self._takes_key:
            uri = f"{uri}?subject=unsubscribe%20{key}"
        if url is None:
            return f"List-Unsubscribe: <{uri}>\r\n" if uri else ""
        if len(url) > _LONGEST_URL:
            raise UnfitURLError(
                f"has {len(url)} characters; {_LONGEST_URL} fit a header line that every mail server leaves whole",
                fix="shorten the row's columns that the URL is made of",
            )
        too = f",\r\n <{uri}>" if uri else ""
        if _secure(url):
            return f"List-Unsubscribe: <{url}>{too}\r\n{_ONE_CLICK}"
        if _insecure(url):
            return f"List-Unsubscribe: <{url}>{too}\r\n"
        raise UnfitURLError(
            "is not an http or https URL in ASCII without spaces and angle brackets",
            fix="begin it with https://, and put `| urlencode` to whatever a column fills in",
        )


def mailto_uri(text: str, *, setting: str) -> str:
    """`mailto:` and the address, percent-encoded (RFC 6068 section 2); a whole `mailto:` URI stays as it is."""
    if text[:7].lower() != "mailto:":
        local, _, domain = checked_address(text, setting=setting).rpartition("@")
        return "mailto:" + quote(local, safe="!$'*+") + "@" + domain
    if not _uri(text) or len(text) > _LONGEST_URL:
        raise SettingsError(
            "this is not a mailto: URI that fits a header field",
            where=setting,
            fix="percent-encode spaces, angle brackets and letters outside ASCII, or write just the address",
        )
    return text
