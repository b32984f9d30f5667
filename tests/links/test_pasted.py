"""A link is found in whatever a person pastes, and inside whatever a mail gateway has made of it."""

import base64
import html
import json
import quopri
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.links import inspect_link
from campaign.links.pasted import find_link
from campaign.links.wrapping import unwrapped
from tests.links.links import CLAIMS, DOMAIN, inspect, link, token

URL = link()
HREF = html.escape(URL)
Wrap = Callable[[str], str]


def b64(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


def message(**parts: str) -> str:
    """The source of a mail, as "show original" gives it."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = "hello@acme.example", "ada@engine.example", "Your link"
    mail["List-Unsubscribe"] = "<https://acme.example/unsubscribe?u=1>"
    mail.set_content(parts["text"], cte="quoted-printable")
    mail.add_alternative(parts["html"], subtype="html", cte="quoted-printable")
    return mail.as_string()


PASTED: dict[str, str] = {
    "in a line": f"Hello Ada, your link: {URL} (works until noon)",
    "at the end of a sentence": f"Sign in here: {URL}.",
    "in brackets": f"our link ({URL}), as promised",
    "between signs that are invisible": f"\u200b{URL}\u200b",
    "with invisible signs in it": f"{URL[:60]}\u200b{URL[60:100]}\u00ad{URL[100:]}",
    "an anchor": f'<p>Hi!</p><a class="button" href="{HREF}" target=_blank>Sign in</a>',
    "an anchor in single quotes": f"<a href='{HREF}'>Sign in</a>",
    "an anchor without quotes": f"<a href={HREF}>Sign in</a>",
    "an anchor with numeric references": f'<a href="{URL.replace("&", "&#38;").replace("=", "&#x3D;")}">x</a>',
    "escaped twice": f'<a href="{html.escape(HREF)}">Sign in</a>',
    "a comment of Outlook's": f'<!--[if mso]><v:roundrect href="{HREF}" arcsize="8%"><![endif]-->',
    "markdown": f"[Sign in]({URL})",
    "chat": f"<{URL}|Sign in>",
    "typographic quotes": f"“{URL}”",
    "JSON": json.dumps({"text": f"Hi {URL} there"}).replace("&", "\\u0026").replace("/", "\\/"),
    "quoted-printable": quopri.encodestring(f"Hello,\n\nyour link: {URL}\n\nBye".encode()).decode(),
    "quoted-printable HTML": quopri.encodestring(f'<a href="{HREF}">Sign in</a>'.encode()).decode(),
    "quoted-printable with CRLF": quopri.encodestring(f"link: {URL}".encode()).decode().replace("\n", "\r\n"),
    "a message's source": message(text=f"Hello,\n{URL}\nBye", html=f'<p>Hello</p><a href="{HREF}">Sign in</a>'),
    "a quoted mail": "\n".join(f"> {line}" for line in ("Hello,", URL[:70], URL[70:140], URL[140:], "Bye")),
    "broken lines": f"Hello,\r\n{URL[:76]}\r\n{URL[76:152]}\r\n{URL[152:]}\r\nBye",
    "broken behind an equals sign": URL.replace("token=", "token=\n"),
    "other links before it": f"see https://acme.example/help?a=b and https://acme.example/sso-help, then {URL}",
    "percent-encoded as a whole": quote(URL, safe=""),
    "a token in a line": f"the token is {token()}, it says",
}


@pytest.mark.parametrize("kind", PASTED)
def test_a_link_is_found_in_what_is_pasted(kind: str) -> None:
    assert PASTED[kind] != URL
    seen = inspect(PASTED[kind])
    assert seen.breaker == ()
    assert seen.claims == CLAIMS
    secret = {check.name: check.ok for check in seen.checks}["secret"]
    assert secret is True, "not a letter of the token is lost or added"


def encoded(text: str) -> str:
    return quote(text, safe="")


def safelink(url: str) -> str:
    data = "05%7C02%7Cada%40engine.example%7C08dd%7C84df9e7f%7C0%7C0%7C638%7CUnknown%7CTWFp%3D%3D%7C0%7C%7C%7C"
    host = "https://eur01.safelinks.protection.outlook.com"
    return f"{host}/?url={encoded(url)}&data={data}&sdata=x%2By%3D&reserved=0"


def proofpoint_v2(url: str) -> str:
    body = quote(url, safe=":/?.=&").replace("&", "%26").replace("=", "%3D").replace("?", "%3F")
    body = body.replace("-", "%2D").replace("_", "%5F").replace("%", "-").replace("/", "_")
    return f"https://urldefense.proofpoint.com/v2/url?u={body.replace(':', '-3A')}&d=DwMFaQ&c=abc&r=def&m=ghi&s=jkl&e="


def proofpoint_v3(url: str, *, runs: bool = False) -> str:
    kept = url.replace("%", "*").replace("+", "*")
    letters = "".join(letter for letter in url if letter in "%+*")
    if runs:
        kept, letters = _stars(url)
    return f"https://urldefense.com/v3/__{kept}__;{b64(letters).rstrip('=')}!!ORgEfCBsr282Fw!abc-DEF_ghi$"


def _stars(url: str) -> tuple[str, str]:
    """Each percent sign and the two letters behind it as a run of three, "**B"."""
    kept = letters = ""
    rest = url
    while rest:
        if rest[0] == "%":
            kept, letters, rest = f"{kept}**B", letters + rest[:3], rest[3:]
        else:
            kept, rest = kept + rest[0], rest[1:]
    return kept, letters


WRAPPED: dict[str, tuple[str, Wrap]] = {
    "Safe Links": ("Microsoft Safe Links", safelink),
    "Safe Links of the US government": (
        "Microsoft Safe Links",
        lambda url: safelink(url).replace("outlook.com", "office365.us"),
    ),
    "Safe Links of Teams": (
        "Microsoft Safe Links",
        lambda url: f"https://statics.teams.cdn.office.net/safelinks/1/atp-safelinks.html?url={encoded(url)}&locale=en",
    ),
    "Google": ("Google", lambda url: f"https://www.google.com/url?q={encoded(url)}&sa=D&source=gmail&ust=17&usg=AO"),
    "Google elsewhere": ("Google", lambda url: f"https://www.google.co.uk/url?sa=t&url={encoded(url)}&usg=AO"),
    "Proofpoint v1": (
        "Proofpoint",
        lambda url: f"https://urldefense.proofpoint.com/v1/url?u={encoded(url)}&k=oIvRg1%3D&r=a&m=b&s=c",
    ),
    "Proofpoint v2": ("Proofpoint", proofpoint_v2),
    "Proofpoint v3": ("Proofpoint", proofpoint_v3),
    "Proofpoint v3 with runs": ("Proofpoint", lambda url: proofpoint_v3(url, runs=True)),
    "Proofpoint v3 with one slash": ("Proofpoint", lambda url: proofpoint_v3(url).replace("__https://", "__https:/")),
    "Barracuda": ("Barracuda", lambda url: f"https://linkprotect.cudasvc.com/url?a={encoded(url)}&c=E,1,abc&typo=1"),
    "Facebook": ("'l.facebook.com'", lambda url: f"https://l.facebook.com/l.php?u={encoded(url)}&h=AT0"),
    "Sophos": (
        "'eu-west-1.protection.sophos.com'",
        lambda url: f"https://eu-west-1.protection.sophos.com/?d=acme.example&u={encoded(b64(url))}&i=NW",
    ),
    "Amazon's counter": (
        "'abc.r.us-east-1.awstrack.me'",
        lambda url: f"https://abc.r.us-east-1.awstrack.me/L0/{quote(url, safe=':')}/1/0100018/x=12",
    ),
    "Cisco's older links": (
        "'secure-web.cisco.com'",
        lambda url: f"https://secure-web.cisco.com/1abcDEF/{encoded(url)}",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", WRAPPED)
def test_a_rewritten_link_is_unwrapped(kind: str) -> None:
    name, wrap = WRAPPED[kind]
    for pasted in (wrap(URL), f'<a href="{html.escape(wrap(URL))}">Sign in</a>', f"here: {wrap(URL)} , click it"):
        seen = inspect(pasted)
        assert seen.breaker == ()
        assert seen.claims == CLAIMS
        said = {check.name: check for check in seen.checks}
        assert said["secret"].ok is True
        assert said["wrapping"].ok is None
        assert name in said["wrapping"].words


def test_a_link_wrapped_several_times_over_is_unwrapped_to_the_end() -> None:
    seen = inspect(safelink(proofpoint_v2(WRAPPED["Barracuda"][1](URL))))
    assert seen.breaker == ()
    words = {check.name: check.words for check in seen.checks}["wrapping"]
    assert "inside one of Barracuda, in one of Proofpoint, in one of Microsoft Safe Links;" in words


def test_what_is_wrong_inside_is_still_told() -> None:
    stale = link(token(redirect_to="https://acme.myclickfunnels.com/x"))
    assert "default domain" in str(inspect(safelink(stale)).trouble)
    assert "cut or altered" in str(inspect(safelink(URL[:-60])).trouble)
    assert "not percent-encoded" in str(inspect(f'<a href="{html.escape(link(identifier=chr(39) + "x@y"))}">').trouble)


@pytest.mark.parametrize(
    "url",
    [
        "https://protect-eu.mimecast.com/s/AbCdEf?domain=www.courses.example",
        "https://url.uk.m.mimecastprotect.com/s/AbCdEf",
        "https://secure-web.cisco.com/1abcDEF",
    ],
)
def test_a_link_that_hides_its_target_is_told_to_be_one(url: str) -> None:
    (check,) = inspect(url).checks
    assert check.ok is False
    trouble = check.words
    assert "does not say where it leads: take the link from the message as it was sent" in trouble


def test_a_sign_in_link_is_never_taken_for_a_wrapper() -> None:
    tail = f"{URL}&next={quote('https://elsewhere.example/sso?token=eyJ', safe='')}"
    assert unwrapped(tail) == (tail, [])
    assert unwrapped("https://elsewhere.example/?a=b") == ("https://elsewhere.example/?a=b", [])


@pytest.mark.parametrize(
    ("redirect", "ok"),
    [
        (f"https://{DOMAIN}/orders", True),
        (f"https://{DOMAIN.upper()}/orders", True),
        (f"https://{DOMAIN}:443/", True),
        (f"https://{DOMAIN}", True),
        ("https://shop.courses.example/", False),
        ("https://courses.example/", False),
        ("https://elsewhere.example/", False),
        (f"https://{DOMAIN}.elsewhere.example/", False),
        (f"https://{DOMAIN}@elsewhere.example/", False),
        (f"https://elsewhere.example\\@{DOMAIN}/", False),
        (f"https://elsewhere.example\t.{DOMAIN}/", False),
        (f"https://{DOMAIN}:8443/", False),
        (f"//{DOMAIN}/", False),
    ],
)
def test_a_redirect_to_another_host_is_wrong(redirect: str, ok: bool) -> None:
    for domain in (DOMAIN, ""):
        seen = inspect(link(token(redirect_to=redirect)), domain=domain)
        assert {check.name: check.ok for check in seen.checks}["redirect"] is ok


def test_a_redirect_to_a_host_that_is_listed_is_right() -> None:
    one = link(token(redirect_to="https://shop.courses.example/"))
    hosts = ("shop.courses.example",)
    seen = inspect_link(one, domain=DOMAIN, secret=None, now=datetime.now(UTC), redirect_hosts=hosts)
    assert {check.name: check.ok for check in seen.checks}["redirect"] is True


pieces = st.sampled_from(
    [URL, HREF, token(), "https://", "http%3A%2F%2F", "=\n", "=3D", "&amp;", '<a href="', "'>", " ", "\n> ", "\\u0026",
     "https://urldefense.com/v3/__", "__;JSU!!", "**A", "*", "https://urldefense.proofpoint.com/v2/url?u=",
     "https://eur01.safelinks.protection.outlook.com/?url=", "https://[", "&#x110000;", "&#0;", "\ud800", "\0"]
)  # fmt: skip


@given(st.lists(pieces | st.text(max_size=5), max_size=12).map("".join))
def test_whatever_is_pasted_there_is_an_answer(pasted: str) -> None:
    found, wrappers = find_link(pasted)
    assert isinstance(found, str)
    assert len(wrappers) <= 8
    assert inspect(pasted).checks


@pytest.mark.parametrize(
    "text", ["https://" * 50_000, "&amp;" * 100_000, "=\n" * 200_000, "eyJ." * 100_000, "a\n" * 200_000]
)
def test_no_paste_takes_long(text: str) -> None:
    """A test has its time limit."""
    assert inspect(text).trouble
