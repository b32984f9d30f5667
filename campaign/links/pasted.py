"""Find the link in what a person pasted: a line of a mail, `<a href="…">`, a message's source, a rewritten link.

Text in, the most promising link out, with who had wrapped it. A text can be read in more than one way (is this "=" at
the end of a line a soft break of quoted-printable, or the link's own?), so all readings are tried, and the one whose
token is whole wins. Raises nothing. Limits: of several links, the first that is a sign-in link is taken; a message
whose body is in base64 is not decoded.
"""

import html
import quopri
import re
from collections.abc import Iterator
from itertools import islice
from urllib.parse import unquote

from campaign.links.wrapping import unwrapped

_QUOTED_PRINTABLE = re.compile(r"=3D|=[ \t]*\r?\n", re.IGNORECASE)
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|\w{1,31});")
_JSON_ESCAPE = re.compile(r"\\u00([0-9a-fA-F]{2})|\\(?=/)")
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"))
_URL = re.compile(r"https?(?::|(?P<encoded>%3a%2f%2f))(?(encoded)|//)", re.IGNORECASE)
_END = re.compile(r"[\s<>\"'|\\^`{}“”‘’«»]")
_PUNCTUATION = ".,;:!?)]}*"
_CLOSING = {'"': '"', "'": "'", "<": ">", "“": "”", "‘": "’", "«": "»", "`": "`"}
_WHOLE_TOKEN = re.compile(r"token=eyJ[\w-]+\.eyJ[\w-]+\.[\w-]{43}(?![\w-])", re.ASCII)
_BARE_TOKEN = re.compile(r"(?<![\w.=-])eyJ[\w-]+\.eyJ[\w-]+\.[\w-]{43}(?![\w.-])", re.ASCII)
"""A JSON Web Token that is signed with HS256: its signature has 32 bytes."""
_WRAPPING = " \t\r\n<>\"'"
_LARGEST = 1 << 20
_LONGEST = 10_000
_MOST_URLS = 100


def find_link(pasted: str) -> tuple[str, list[str]]:
    """Give the link, or what was pasted where there seems to be none; and who had wrapped it, the outermost first."""
    best: tuple[int, str, list[str]] | None = None
    tried: set[str] = set()
    for text in _readings(pasted[:_LARGEST]):
        for candidate in _candidates(text):
            if candidate in tried:
                continue
            tried.add(candidate)
            link, wrappers = unwrapped(candidate)
            score = _score(link)
            if best is None or score > best[0]:
                best = (score, link, wrappers)
            if score == _BEST:
                return link, wrappers
    assert best is not None  # the text itself is a candidate
    return best[1], best[2]


def _readings(text: str) -> Iterator[str]:
    """The text as it is, and as it was before quoted-printable and HTML encoded it."""
    decoded = [text]
    if _QUOTED_PRINTABLE.search(text):
        decoded.append(quopri.decodestring(text.encode("utf-8", "replace")).decode("utf-8", "replace"))
    for reading in decoded:
        plain = _without_references(reading).translate(_INVISIBLE)
        yield plain
        if _JSON_ESCAPE.search(plain):
            yield _JSON_ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else "", plain)


def _without_references(text: str) -> str:
    """Decode character references, encoded several times over, too. HTML knows some that end in no semicolon: they are
    left, since the names of a link's parameters could be taken for them.
    """
    for _ in range(3):
        plain = _REFERENCE.sub(lambda found: html.unescape(found[0]), text)
        if plain == text:
            break
        text = plain
    return text


def _candidates(text: str) -> Iterator[str]:
    """What may be the link: each URL as far as it seems to go, then as its quotes have it, or over broken lines."""
    for found in islice(_URL.finditer(text), _MOST_URLS):
        start = found.start()
        rest = text[start : start + _LONGEST]
        end = _END.search(rest)
        plain = (rest[: end.start()] if end else rest).rstrip(_PUNCTUATION)
        if found["encoded"]:
            yield unquote(plain.partition("&")[0])
            continue
        yield plain
        yield rest[: end.start()] if end else rest
        closing = _CLOSING.get(text[start - 1 : start])
        if closing and closing in rest:
            yield "".join(rest[: rest.index(closing)].split())
        yield from _over_lines(rest)
    for found in islice(_BARE_TOKEN.finditer(text), _MOST_URLS):
        yield found[0]
    # A mail program may have broken the line; no part of a link has white space.
    yield "".join(text.strip(_WRAPPING).split())


def _over_lines(text: str) -> Iterator[str]:
    """A link that goes on in the next lines, up to six of them."""
    lines = [line.strip("> \t") for line in text.splitlines()[:7]]
    for count in range(2, len(lines) + 1):
        joined = "".join(lines[:count])
        end = _END.search(joined)
        yield (joined[: end.start()] if end else joined).rstrip(_PUNCTUATION)


def _score(link: str) -> int:
    """How much this looks like a sign-in link with a whole token."""
    if _BARE_TOKEN.fullmatch(link):
        return 3
    if "token=3D" in link:
        return 1
    if "token=" not in link:
        return 2 if "/sso" in link else 1 if "://" in link else 0
    in_three_parts = link.rpartition("token=")[2].count(".") == 2
    return 4 + ("/sso?" in link) + 2 * in_three_parts + 4 * (_WHOLE_TOKEN.search(link) is not None)


_BEST = 11
