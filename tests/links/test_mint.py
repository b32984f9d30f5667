"""Minting: the vendor's vector, two other readers of the same token, and what is refused."""

import base64
import hashlib
import json
import pickle
import traceback
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, urlsplit
from zoneinfo import ZoneInfo

import jwt
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from joserfc import jwt as other_jwt
from joserfc.jwk import OctKey

from campaign.errors import CampaignError, InvalidContactError, LinkError
from campaign.links import LinkMinter, throwaway_secret
from campaign.model import Contact, LoginLink

SECRET = "0123456789abcdef0123456789abcdef"
DOMAIN = "yourworkspace.myclickfunnels.com"
ORDERS = f"https://{DOMAIN}/customers/profiles/qKOLEpy/orders"
ISSUED = datetime.fromtimestamp(1700000000, UTC)
VECTOR = (
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c2VyK3Rlc3RAY2xpY2tmdW5uZWxzLmNvbTp5b3Vyd29ya3NwYWNlLm15Y2xpY2tmdW5uZWxzLmNvbSIs"
    "Im5iZiI6MTcwMDAwMDAwMCwiZXhwIjoxNzAwMDAzNjAwLCJpYXQiOjE3MDAwMDAwMDAsInJlZGlyZWN0X3RvIjoiaHR0cHM6Ly95b3Vyd29ya3NwYW"
    "NlLm15Y2xpY2tmdW5uZWxzLmNvbS9jdXN0b21lcnMvcHJvZmlsZXMvcUtPTEVweS9vcmRlcnMifQ"
    ".8lJvcLsYkw8o3ymMXU3-yRvGxPi01EBCTVcw532ocpY"
)


def contact(email: str = "user+test@clickfunnels.com", **columns: str) -> Contact:
    return Contact(number=3, email=email, columns={"email": email, **columns})


def minter(
    *,
    domain: str = DOMAIN,
    secret: str = SECRET,
    lives: timedelta = timedelta(hours=1),
    redirect: str | None = ORDERS,
    redirect_hosts: tuple[str, ...] = ("shop.example", "shop.example:8443"),
) -> LinkMinter:
    return LinkMinter(
        domain=domain,
        secret=secret,
        expiry=lambda issued: issued + lives,
        redirect=None if redirect is None else lambda _: redirect,
        redirect_hosts=redirect_hosts,
    )


def token_of(link: LoginLink) -> str:
    return dict(parse_qsl(urlsplit(link.url).query, strict_parsing=True))["token"]


def test_the_vendors_vector_byte_for_byte() -> None:
    link = minter().mint(contact(), ISSUED)
    assert link.url == (f"https://{DOMAIN}/sso?identifier=user%2Btest%40clickfunnels.com&strategy=email&token={VECTOR}")
    assert link.issued_at == ISSUED
    assert link.expires_at == ISSUED + timedelta(hours=1)
    assert link.fingerprint == hashlib.sha256(VECTOR.encode()).hexdigest()[:12]


def test_no_redirect_no_claim() -> None:
    token = token_of(minter(redirect=None).mint(contact(), ISSUED))
    assert list(jwt.decode(token, options={"verify_signature": False})) == ["sub", "nbf", "exp", "iat"]


def test_a_custom_domain_goes_everywhere() -> None:
    link = minter(domain="www.Courses.Example", redirect=None).mint(contact("a@b.example"), ISSUED)
    assert urlsplit(link.url).netloc == "www.courses.example"
    claims = jwt.decode(token_of(link), options={"verify_signature": False})
    assert claims["sub"] == "a@b.example:www.courses.example"


emails = st.text(min_size=1).filter(lambda text: not any("\ud800" <= letter <= "\udfff" for letter in text))
paths = st.text().filter(lambda text: not any(c.isspace() or c < " " or "\x7f" <= c <= "\x9f" for c in text))
seconds = st.integers(min_value=0, max_value=4_000_000_000)


@given(
    email=emails,
    path=paths,
    issued=seconds,
    lives=st.integers(min_value=1, max_value=400_000_000),
    secret=st.text(min_size=32),
)
def test_the_same_bytes_as_pyjwt_and_claims_that_another_library_verifies(
    email: str, path: str, issued: int, lives: int, secret: str
) -> None:
    now = datetime.fromtimestamp(issued, UTC)
    redirect = f"https://shop.example/{path}"
    try:
        mint = minter(secret=secret, lives=timedelta(seconds=lives), redirect=redirect)
    except LinkError:
        assume(False)
    link = mint.mint(contact(email), now)
    claims = {
        "sub": f"{email}:{DOMAIN}",
        "nbf": issued,
        "exp": issued + lives,
        "iat": issued,
        "redirect_to": redirect,
    }
    token = jwt.encode(claims, secret, headers={"typ": None})
    assert link.url == f"https://{DOMAIN}/sso?identifier={quote(email, safe='')}&strategy=email&token={token}"
    read = other_jwt.decode(token, OctKey.import_key(secret), algorithms=["HS256"])
    assert read.header == {"alg": "HS256"}
    assert list(read.claims.items()) == list(claims.items())
    assert link.expires_at.timestamp() == issued + lives


def test_text_beyond_ascii_is_written_as_json_escapes() -> None:
    token = token_of(minter(redirect=None).mint(contact("zoë@exämple.de"), ISSUED))
    payload = token.split(".")[1]
    text = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    assert text.isascii()
    assert json.loads(text)["sub"] == f"zoë@exämple.de:{DOMAIN}"


def test_moments_are_whole_seconds_in_the_zone_of_the_expiry() -> None:
    zone = ZoneInfo("America/New_York")
    closes = datetime(2026, 11, 23, 17, 0, 0, 999_999, zone)
    mint = LinkMinter(domain=DOMAIN, secret=SECRET, expiry=lambda _: closes)
    link = mint.mint(contact(), datetime(2026, 11, 23, 14, 30, 15, 250_000, UTC))
    assert link.expires_at == closes.replace(microsecond=0)
    assert link.expires_at.tzinfo is zone
    assert link.issued_at.isoformat() == "2026-11-23T09:30:15-05:00"
    claims = jwt.decode(token_of(link), options={"verify_signature": False})
    assert (claims["iat"], claims["exp"]) == (int(link.issued_at.timestamp()), int(link.expires_at.timestamp()))


def test_the_expiry_is_asked_once_a_second_and_follows_the_clock() -> None:
    asked = []

    def expiry(issued: datetime) -> datetime:
        asked.append(issued)
        return issued + timedelta(hours=1)

    mint = LinkMinter(domain=DOMAIN, secret=SECRET, expiry=expiry)
    moments = [ISSUED + timedelta(milliseconds=250 * step) for step in range(9)]
    links = [mint.mint(contact(), moment) for moment in moments]
    assert asked == [ISSUED, ISSUED + timedelta(seconds=1), ISSUED + timedelta(seconds=2)]
    assert [link.issued_at for link in links] == [moment.replace(microsecond=0) for moment in moments]


@pytest.mark.parametrize("secret", ["", " " * 40, "a" * 31, "é" * 15, f" {SECRET}", f"{SECRET}\n", "\ud800" * 32])
def test_a_secret_that_is_none_is_refused_without_being_quoted(secret: str) -> None:
    with pytest.raises(LinkError) as caught:
        minter(secret=secret)
    assert caught.value.where == "CAMPAIGN_LINK__SECRET"
    assert caught.value.fix
    if secret.strip():
        assert secret.strip() not in str(caught.value)


def test_a_secret_counts_in_bytes() -> None:
    assert minter(secret="é" * 16).mint(contact(), ISSUED)
    with pytest.raises(LinkError, match="31 bytes"):
        minter(secret="é" * 15 + "a")


def test_a_key_of_another_kind_is_refused() -> None:
    pem = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----"
    with pytest.raises(LinkError, match="another kind of key"):
        minter(secret=pem)


@pytest.mark.parametrize(
    "domain",
    [
        *("", " ", "acme", ".example", "a..example", "-a.example", "acme.example\n", "müller.example"),
        *("https://acme.example", "acme.example/", "acme.example:443", "a b.example", "a@b.example"),
        "a" * 64 + ".example",
    ],
)
def test_a_domain_that_is_none_is_refused(domain: str) -> None:
    with pytest.raises(LinkError) as caught:
        minter(domain=domain)
    assert caught.value.where == "link.domain"


@pytest.mark.parametrize("lives", [timedelta(0), timedelta(seconds=-1), timedelta(milliseconds=900)])
def test_a_link_that_would_be_born_expired_is_refused(lives: timedelta) -> None:
    with pytest.raises(LinkError, match="already have expired"):
        minter(lives=lives).mint(contact(), ISSUED)


def test_moments_without_a_zone_are_refused() -> None:
    with pytest.raises(LinkError, match="without a zone"):
        minter().mint(contact(), ISSUED.replace(tzinfo=None))
    mint = minter()
    mint.mint(contact(), ISSUED)
    # The same second once more, its zone left out.
    local = datetime.fromtimestamp(1700000000)
    with pytest.raises(LinkError, match="without a zone"):
        mint.mint(contact(), local)
    naive = LinkMinter(domain=DOMAIN, secret=SECRET, expiry=lambda _: datetime(2040, 1, 1))
    with pytest.raises(LinkError, match="without a zone"):
        naive.mint(contact(), ISSUED)


@pytest.mark.parametrize(
    "redirect",
    [
        "",
        "http://shop.example/",
        "//shop.example/",
        "/orders",
        "https://",
        "https:///orders",
        "https://?x",
        "javascript:alert(1)",
        " https://shop.example/",
        "https://shop.example/a b",
        "https://shop.example/\n",
        "https://shop.example/\r\nSet-Cookie: a=b",
        "https://shop.example/\x00",
        "https://shop.example/\x85",
        "https://shop.example/\u2028",
        "https://shop.example/\ud800",
        "https://shop.example@evil.example/",
        "https://shop.example\\@evil.example/",
    ],
)
def test_a_redirect_that_is_not_https_makes_the_row_invalid(redirect: str) -> None:
    with pytest.raises(InvalidContactError) as caught:
        minter(redirect=redirect).mint(contact(), ISSUED)
    assert caught.value.where == "row 3, setting link.redirect_to"
    assert caught.value.fix
    assert "\n" not in caught.value.what


@pytest.mark.parametrize(
    "redirect",
    [
        "https://shop.example",
        "HTTPS://shop.example:8443/a",
        "https://shop.example?x=ä#y",
        "https://SHOP.example:443/x@y",
    ],
)
def test_a_redirect_that_is_https_is_kept_as_it_is(redirect: str) -> None:
    token = token_of(minter(redirect=redirect).mint(contact(), ISSUED))
    assert jwt.decode(token, options={"verify_signature": False})["redirect_to"] == redirect


@pytest.mark.parametrize(
    "cell",
    [
        ".evil.example",
        ".evil.example/",
        "evil.example",
        "@evil.example/",
        ":x@evil.example/",
        ":443@evil.example/",
        "\\evil.example",
        "\\@evil.example/",
        "\t.evil.example/",
        "%2eevil.example/",
        "%00.evil.example/",
        "\u3002evil.example/",
        "\uff0fevil.example",
        "\uff20evil.example",
        ":8443/",
        ":0/",
        ":99999/",
        ":443x/",
        ":\u0664\u0664\u0663/",
        "./",
        "-/",
        "\u00ad.evil.example/",
        "\u200d/",
        "]/",
    ],
)
@pytest.mark.parametrize("domain", [DOMAIN, "WWW.Acme.example"])
def test_a_cell_that_makes_another_host_of_the_redirect_makes_the_row_invalid(domain: str, cell: str) -> None:
    with pytest.raises(InvalidContactError) as caught:
        minter(domain=domain, redirect=f"https://{domain}{cell}").mint(contact(), ISSUED)
    assert caught.value.where == "row 3, setting link.redirect_to"
    assert caught.value.fix


@pytest.mark.parametrize(
    "cell", ["/", "/evil.example", "?@evil.example", "#evil.example", ":443/", ":/", "//evil.example", ""]
)
def test_a_cell_that_leaves_the_host_alone_may_hold_what_it_likes(cell: str) -> None:
    redirect = f"https://{DOMAIN.upper()}{cell}"
    claims = jwt.decode(
        token_of(minter(redirect=redirect).mint(contact(), ISSUED)), options={"verify_signature": False}
    )
    assert claims["redirect_to"] == redirect


@pytest.mark.parametrize(
    ("redirect", "listed", "ok"),
    [
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example", True),
        ("https://B\u00dcCHER.example/", "xn--bcher-kva.example", True),
        ("https://stra\u00dfe.example/", "strasse.example", False),
        ("https://shop.example.evil.example/", "shop.example", False),
        ("https://sub.shop.example/", "shop.example", False),
        ("https://shop.example/", "shop.example:8443", False),
        ("https://shop.example:8443/", "shop.example:8443", True),
    ],
)
def test_a_redirect_goes_to_the_hosts_that_are_listed_exactly_so(redirect: str, listed: str, ok: bool) -> None:
    mint = minter(redirect=redirect, redirect_hosts=(listed,))
    if ok:
        assert mint.mint(contact(), ISSUED)
    else:
        with pytest.raises(InvalidContactError, match=r"nor one of link\.redirect_hosts"):
            mint.mint(contact(), ISSUED)


def test_the_redirect_is_the_contacts_own() -> None:
    mint = LinkMinter(
        domain=DOMAIN,
        secret=SECRET,
        expiry=lambda issued: issued + timedelta(hours=1),
        redirect=lambda person: f"https://{DOMAIN}/profiles/{person.columns['profile_id']}",
    )
    for profile in ("qKOLEpy", "x"):
        token = token_of(mint.mint(contact(profile_id=profile), ISSUED))
        claims = jwt.decode(token, options={"verify_signature": False})
        assert claims["redirect_to"] == f"https://{DOMAIN}/profiles/{profile}"


def test_half_a_character_in_an_address_makes_the_row_invalid() -> None:
    with pytest.raises(InvalidContactError) as caught:
        minter().mint(contact("a\ud800@b.example"), ISSUED)
    assert caught.value.where == "row 3"


def test_nothing_shows_the_secret_or_the_token() -> None:
    mint = minter()
    link = mint.mint(contact(), ISSUED)
    for shown in (repr(mint), str(mint), f"{mint}", repr(link), str(link)):
        assert SECRET not in shown
        assert token_of(link) not in shown
    assert repr(mint) == f"LinkMinter(domain={DOMAIN!r})"
    with pytest.raises(TypeError, match="holds the secret"):
        pickle.dumps(mint)


def frames_of(error: BaseException) -> str:
    """The traceback as tools show it that show local variables too, this file's frames left out."""
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    inner = [frame for frame in shown.stack if frame.filename != __file__]
    assert inner
    return "\n".join(f"{frame.line} {frame.locals}" for frame in inner)


def test_a_traceback_with_local_variables_shows_no_secret() -> None:
    broken = minter(redirect="http://shop.example/")
    for fails in (
        lambda: minter(secret="too short, and yet a secret"),
        lambda: minter(domain="nowhere"),
        lambda: broken.mint(contact(), ISSUED),
        lambda: minter(lives=timedelta(0)).mint(contact(), ISSUED),
    ):
        with pytest.raises(CampaignError) as caught:
            fails()
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None
        assert "too short, and yet" not in frames_of(caught.value)
        assert SECRET not in frames_of(caught.value)
        assert VECTOR.split(".")[1] not in frames_of(caught.value)


def test_a_throwaway_secret_signs_and_is_never_the_same() -> None:
    made = {throwaway_secret() for _ in range(20)}
    assert len(made) == 20
    for secret in made:
        token = token_of(minter(secret=secret).mint(contact(), ISSUED))
        assert OctKey.import_key(secret)
        assert other_jwt.decode(token, OctKey.import_key(secret), algorithms=["HS256"]).claims["iat"] == 1700000000
