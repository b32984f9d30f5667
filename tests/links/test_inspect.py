"""Inspecting links: each of the vendor's breaker is named, nothing raises, nothing shows the token or the secret."""

import base64
import html
import json
import quopri
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.links import LinkMinter, inspect_link
from campaign.model import Contact
from tests.links.links import CLAIMS, DOMAIN, EMAIL, NOW, SECRET, inspect, link, token

OTHER_SECRET = "fedcba9876543210fedcba9876543210"


def test_a_minted_link_has_no_trouble() -> None:
    minter = LinkMinter(
        domain=DOMAIN,
        secret=SECRET,
        expiry=lambda issued: issued + timedelta(hours=1),
        redirect=lambda _: f"https://{DOMAIN}/orders",
    )
    for email in (EMAIL, "a:b@mail.example", "zoë@mail.example", '"a b"@mail.example'):
        made = minter.mint(Contact(number=1, email=email, columns={}), NOW)
        seen = inspect(made.url, after=timedelta(minutes=10))
        assert seen.trouble is None
        assert seen.breaker == ()
        assert all(check.ok for check in seen.checks)
        assert seen.claims == CLAIMS | {"sub": f"{email}:{DOMAIN}"}
        assert seen.seconds_left == 3000
        assert seen.expires_at == made.expires_at


def test_without_a_secret_everything_else_is_still_checked() -> None:
    seen = inspect(link(), secret=None)
    assert seen.trouble is None
    assert {check.name: check.ok for check in seen.checks}["secret"] is None


@pytest.mark.parametrize(
    ("url", "name", "words"),
    [
        (link(token(OTHER_SECRET)), "secret", "wrong secret"),
        (link(identifier="user+test%40mail.example"), "identifier", "not percent-encoded"),
        (link(identifier="user%2Btest@mail.example"), "identifier", "not percent-encoded"),
        (link(identifier=EMAIL), "identifier", "not percent-encoded"),
        (link(identifier="user%2Btest%4"), "identifier", "not percent-encoded"),
        (link(identifier="user%252Btest%2540mail.example"), "identifier", "encoded twice"),
        (link(identifier="somebody%40else.example"), "identifier", "but sub is for 'user+test@mail.example'"),
        (link(token(sub=f"{EMAIL}:acme.myclickfunnels.com")), "domain", "default domain"),
        (link(host="acme.myclickfunnels.com"), "domain", "default domain"),
        (link(token(redirect_to="https://acme.myclickfunnels.com/x")), "redirect", "default domain"),
        (link(host="courses.example"), "domain", "with and without www."),
        (link(host="other.example"), "domain", "the link's host is 'other.example'"),
        (link(host=f"{DOMAIN}:8443"), "domain", ":8443"),
        (link(token(sub=EMAIL)), "claims", "EMAIL:DOMAIN"),
        (link(token(exp="1700003600")), "claims", "exp is '1700003600', not a number"),
        (link(token(iat=True)), "claims", "iat is 'True', not a number"),
        (link(token(nbf=10**400)), "claims", "nbf"),
        (link(token(nbf=1700000060)), "clock", "nbf is in the future"),
        (link(token(iat=1700000060)), "clock", "iat is in the future"),
        (link(token(exp=1699999940)), "clock", "expired 1 minute ago"),
        (link(token(nbf=1700000001, exp=1700000001)), "clock", "before it begins"),
        (link(token(redirect_to="http://courses.example/")), "redirect", "not an https URL"),
        (link(token(redirect_to="https://[half")), "redirect", "not an https URL"),
        (link(token(redirect_to=7)), "redirect", "not an https URL"),
        (link().replace("https:", "http:"), "link", "not with https"),
        (link().replace("/sso", "/login"), "link", "not /sso"),
        (link().replace("strategy=email", "strategy=sms"), "link", "strategy is 'sms'"),
        (link().replace("strategy=email&", ""), "link", "no strategy"),
        (link().replace("identifier", "email"), "link", "no identifier"),
        (link().partition("&token")[0], "link", "no token"),
        (link() + "&strategy=email", "link", "more than one strategy"),
        (link()[:-60], "link", "cut or altered"),
        (link()[:-4], "secret", "wrong secret"),
        (link(f"{token()}!x"), "link", "cut or altered"),
    ],
)
def test_the_trouble_is_named(url: str, name: str, words: str) -> None:
    seen = inspect(url)
    wrong = [check for check in seen.checks if check.ok is False]
    assert [check.name for check in wrong] == [name]
    assert words in wrong[0].words
    assert seen.trouble == wrong[0].words
    assert seen.breaker == (wrong[0].words,)


@pytest.mark.parametrize("name", ["sub", "nbf", "exp", "iat"])
def test_a_missing_claim_is_named(name: str) -> None:
    seen = inspect(link(token(leave_out=(name,))))
    assert seen.trouble == f"a claim is missing: {name}"
    if name == "exp":
        assert (seen.seconds_left, seen.expires_at) == (None, None)


def test_an_algorithm_that_the_vendor_does_not_take_is_named() -> None:
    forged = jwt.encode(CLAIMS, "", algorithm="none", headers={"typ": None})
    assert inspect(link(forged)).breaker == ("the token's algorithm is 'none'; the vendor takes HS256 only",)
    strong = jwt.encode(CLAIMS, SECRET * 2, algorithm="HS512")
    assert "HS512" in str(inspect(link(strong), secret=SECRET * 2).trouble)


def test_parameters_in_another_order_are_told_last() -> None:
    reordered = f"https://{DOMAIN}/sso?token={token()}&identifier={quote(EMAIL, safe='')}&strategy=email"
    seen = inspect(reordered)
    assert [check.name for check in seen.checks if check.ok is False] == ["order"]
    assert inspect(link() + "&utm_source=mail").trouble is None


def test_of_several_troubles_the_most_fundamental_comes_first() -> None:
    made = token(OTHER_SECRET, leave_out=("iat",), sub=f"{EMAIL}:acme.myclickfunnels.com", exp=1699999000)
    seen = inspect(link(made, host="acme.myclickfunnels.com", identifier=EMAIL))
    wrong = [check.name for check in seen.checks if check.ok is False]
    assert wrong == ["secret", "claims", "domain", "identifier", "clock"]
    assert seen.trouble is not None
    assert seen.trouble.startswith("wrong secret")
    assert len(seen.breaker) == 5
    assert seen.seconds_left == -1000


def test_a_domain_is_compared_without_case() -> None:
    assert inspect(link(host="WWW.Courses.Example"), domain="www.COURSES.example").trouble is None


def test_without_settings_the_pieces_need_only_agree_with_each_other() -> None:
    assert inspect(link(), domain="", secret=None).trouble is None
    assert inspect(token(), domain="", secret=None).trouble is None
    seen = inspect(link(host="acme.myclickfunnels.com"), domain="", secret=None)
    assert seen.breaker == (
        f"the domain in sub is '{DOMAIN}', not 'acme.myclickfunnels.com' as elsewhere in the link",
        f"the host of redirect_to is '{DOMAIN}', not 'acme.myclickfunnels.com' as elsewhere in the link",
    )
    stale = link(token(redirect_to="https://acme.myclickfunnels.com/x"))
    assert "default domain" in str(inspect(stale, domain="").trouble)


PASTED: list[Callable[[str], str]] = [
    lambda url: f"<{url}>",
    lambda url: f"  {url}\n",
    lambda url: f'"{url}"',
    html.escape,
    lambda url: f"<{url[:90]}\r\n{url[90:]}>",
    lambda url: quopri.encodestring(url.encode()).decode(),
    lambda url: url.replace("&", "&#38;"),
]


@pytest.mark.parametrize("paste", PASTED)
def test_a_link_is_recognised_as_people_paste_it(paste: Callable[[str], str]) -> None:
    assert paste(link()) != link()
    seen = inspect(paste(link()))
    assert seen.breaker == ()
    assert seen.claims == CLAIMS


def test_a_token_alone_is_inspected_too() -> None:
    seen = inspect(f" {token()}\n")
    assert seen.breaker == ()
    assert seen.claims == CLAIMS
    assert {check.name for check in seen.checks} == {"link", "secret", "claims", "domain", "clock", "redirect"}
    assert "wrong secret" in str(inspect(token(OTHER_SECRET)).trouble)


def test_expiry_is_told_in_the_zone_of_the_onlooker() -> None:
    zone = ZoneInfo("America/New_York")
    seen = inspect_link(link(), domain=DOMAIN, secret=SECRET, now=NOW.astimezone(zone))
    assert seen.expires_at is not None
    assert seen.expires_at.isoformat() == "2023-11-14T18:13:20-05:00"


def segment(text: str | bytes) -> str:
    data = text.encode() if isinstance(text, str) else text
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unsigned(payload: str | bytes, header: str = '{"alg":"HS256"}') -> str:
    return f"{segment(header)}.{segment(payload)}.AA"


@pytest.mark.parametrize(
    "made",
    [
        "eyJ",
        "eyJ.eyJ.eyJ",
        "..",
        unsigned("{}", header="[]"),
        unsigned("[]"),
        unsigned(b"\xff"),
        unsigned("[" * 100_000),
        unsigned("{}", header="[" * 100_000),
        unsigned("", header='{"alg":"HS256","b64":false,"crit":["b64"]}'),
        unsigned('{"exp":1e999,"sub":{}}', header='{"alg":["HS256"]}'),
        unsigned('{"exp":NaN,"nbf":-Infinity,"iat":1e308}'),
        unsigned('{"exp":' + "9" * 5000 + "}"),
        unsigned('{"exp":99999999999999,"sub":":"}'),
        "a\ud800.b.c",
        "é.é.é",
    ],
)
def test_a_malformed_token_is_a_finding(made: str) -> None:
    for url in (made, link(made)):
        seen = inspect(url)
        assert seen.trouble
        assert seen.seconds_left is None or seen.expires_at is not None


@pytest.mark.parametrize(
    "url", ["", " ", "<>", "hello", "https://", "https://[", "https://a:b/", "//", "?", "a.b", "\0"]
)
def test_what_is_no_link_is_a_finding(url: str) -> None:
    assert inspect(url).trouble


alphabet = st.sampled_from([*"abc.:/?#[]@!$&'()*+,;=% \r\n\t\0é\ud800", "https://", "/sso", "identifier=", "&token="])


@given(
    pieces=st.lists(alphabet | st.sampled_from([token(), SECRET, token()[:50], token()[-50:], DOMAIN, EMAIL])),
    secret=st.sampled_from([SECRET, "", "short", "\ud800", "-----BEGIN PUBLIC KEY-----"]),
    domain=st.sampled_from([DOMAIN, ""]),
)
def test_nothing_raises_and_no_word_shows_a_token_or_a_secret(pieces: list[str], secret: str, domain: str) -> None:
    seen = inspect("".join(pieces), secret=secret, domain=domain)
    assert seen.checks
    for shown in (repr(seen), str(seen), *seen.breaker, *(check.words for check in seen.checks)):
        assert SECRET not in shown or secret != SECRET
        assert not any(token()[start : start + 24].lower() in shown.lower() for start in range(0, len(token()) - 24, 8))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(claims=st.dictionaries(st.sampled_from(["sub", "nbf", "exp", "iat", "redirect_to"]), json_values))
def test_strange_claims_are_findings(claims: dict[str, object]) -> None:
    seen = inspect(link(unsigned(json.dumps(claims))))
    assert seen.trouble is not None
    assert seen.trouble.startswith("wrong secret")
