"""Links that a mail gateway or a web mailer has rewritten, and what they were: a URL in, the URL inside it out.

Known: Microsoft Safe Links, Google's redirects, Proofpoint URL Defense (v1, v2, v3), Barracuda, and whatever else
carries its target in the open: percent-encoded or in base64, in a parameter or at the end of the path. What keeps the
target to itself (Mimecast, Cisco's newer links, click counters) can't be undone here: nothing is fetched.
Raises nothing. Every gateway opens the link before the reader does; that is not seen here either.
"""

import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from itertools import islice
from urllib.parse import unquote, urlsplit

_DEEPEST = 8
_TARGET = re.compile(r"https?:/{1,2}[^/\s]", re.IGNORECASE)
_HIDING = {"mimecast.com": "Mimecast", "mimecastprotect.com": "Mimecast", "secure-web.cisco.com": "Cisco"}
_GOOGLE = re.compile(r"(?:www\.)?google(?:\.[a-z]{2,3}){1,2}")
_V3 = re.compile(r"/v3/__(?P<url>.+?)__;(?P<letters>[\w-]*)", re.ASCII | re.DOTALL)
_V3_STAR = re.compile(r"\*(?:\*(?P<run>[\w-]))?", re.ASCII)
_RUNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
"""How many letters a `**` and one of these stand for in Proofpoint's v3: two and more."""


def unwrapped(url: str) -> tuple[str, list[str]]:
    """Give the innermost URL, and who had wrapped it, the outermost first. A sign-in link is left as it is."""
    wrappers: list[str] = []
    for _ in range(_DEEPEST):
        found = None if _is_sign_in(url) else _inner(url)
        if found is None:
            break
        wrapper, url = found
        wrappers.append(wrapper)
    return url, wrappers


def hides_its_target(host: str) -> str:
    """Say whose link this is, where its host is known for links that can't be undone; or ""."""
    return next((name for known, name in _HIDING.items() if host == known or host.endswith(f".{known}")), "")


def _is_sign_in(url: str) -> bool:
    parts = _parts(url)
    return parts is not None and parts[1] == "/sso" and re.search(r"(?:^|&)token=", parts[2]) is not None


def _inner(url: str) -> tuple[str, str] | None:
    """Who has wrapped a URL, and what is inside; None where nothing is."""
    parts = _parts(url)
    if parts is None:
        return None
    host, path, query = parts
    for wrapper, is_theirs, read in _KNOWN:
        if is_theirs(host) and (target := read(url)):
            return wrapper, target
    for value in (*(value for _, value in _parameters(query)), *_tails(path, query)):
        for target in (_percent_decoded(value), _base64_decoded(value)):
            if _TARGET.match(target):
                return host, target
    return None


def _parts(url: str) -> tuple[str, str, str] | None:
    """Host, path and query."""
    try:
        parts = urlsplit(url)
        return (parts.hostname or "", parts.path, parts.query) if parts.scheme in ("http", "https") else None
    except ValueError:
        return None


def _parameters(query: str) -> Iterator[tuple[str, str]]:
    for parameter in query.split("&"):
        name, _, value = parameter.partition("=")
        yield name, value


def _tails(path: str, query: str) -> Iterator[str]:
    """The ends of a path that may be a URL of their own: encoded as one piece of it, or as it is."""
    for found in islice(re.finditer(r"/(?=https?(?::|%3a)(?P<encoded>%2f)?)", path, re.IGNORECASE), 3):
        tail = path[found.end() :]
        yield tail.partition("/")[0] if found["encoded"] else tail + (f"?{query}" if query else "")


def _parameter(*names: str) -> Callable[[str], str]:
    """A reader of the target in the first of these parameters."""

    def read(url: str) -> str:
        parts = _parts(url)
        found = [value for name, value in _parameters(parts[2] if parts else "") if name in names]
        target = _percent_decoded(found[0]) if found else ""
        return target if _TARGET.match(target) else ""

    return read


def _proofpoint(url: str) -> str:
    """v1 percent-encodes; v2 writes "-" for the percent sign and "_" for the slash; v3 leaves the URL in the open, but
    for letters that it collects behind it, in base64.
    """
    parts = _parts(url)
    path = parts[1] if parts else ""
    if path.startswith("/v1/"):
        return _parameter("u")(url)
    if path.startswith("/v2/"):
        found = [value for name, value in _parameters(parts[2] if parts else "") if name == "u"]
        target = _percent_decoded(found[0].replace("-", "%").replace("_", "/")) if found else ""
        return target if _TARGET.match(target) else ""
    return _proofpoint_v3(url)


def _proofpoint_v3(url: str) -> str:
    found = _V3.search(url)
    if found is None:
        return ""
    letters = iter(_base64_decoded(found["letters"]))

    def put_back(star: re.Match[str]) -> str:
        count = 1 if star["run"] is None else _RUNS.index(star["run"]) + 2
        return "".join(next(letters, "") for _ in range(count))

    target = _V3_STAR.sub(put_back, found["url"])
    target = re.sub(r"^(https?:/)(?=[^/])", r"\1/", target, flags=re.IGNORECASE)
    return target if _TARGET.match(target) else ""


def _percent_decoded(value: str) -> str:
    return unquote(value, errors="replace")


def _base64_decoded(value: str) -> str:
    try:
        return urlsafe_b64decode(_percent_decoded(value).rstrip("=") + "==").decode()
    except ValueError:
        return ""


def _ends(*names: str) -> Callable[[str], bool]:
    return lambda host: any(host == name or host.endswith(f".{name}") for name in names)


_KNOWN: tuple[tuple[str, Callable[[str], bool], Callable[[str], str]], ...] = (
    (
        "Microsoft Safe Links",
        _ends(
            "safelinks.protection.outlook.com",
            "safelinks.protection.office365.us",
            "safelinks.protection.outlook.cn",
            "safelinks.eop-tm2.outlook.com",
            "statics.teams.cdn.office.net",
        ),
        _parameter("url"),
    ),
    ("Google", lambda host: _GOOGLE.fullmatch(host) is not None, _parameter("q", "url")),
    ("Proofpoint", _ends("urldefense.com", "urldefense.proofpoint.com", "urldefense.us"), _proofpoint),
    ("Barracuda", _ends("cudasvc.com", "cudasvc.net"), _parameter("a")),
)
