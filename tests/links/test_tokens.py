"""Tokens: octet for octet what PyJWT makes, wherever the shared end of their claims begins."""

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.errors import LinkError
from campaign.links import LinkMinter
from campaign.links.tokens import SharedEnd, signed_token
from tests.links.test_mint import DOMAIN, ISSUED, ORDERS, SECRET, contact, minter


@given(key=st.binary(min_size=32, max_size=200), claims=st.text(), data=st.data())
def test_the_same_octets_as_pyjwt(key: bytes, claims: str, data: st.DataObject) -> None:
    claims = claims.encode("utf-8", "replace").decode()
    cut = data.draw(st.integers(0, len(claims)))
    token = signed_token(claims[:cut], SharedEnd(claims[cut:]), key)
    assert token.decode() == jwt.PyJWS().encode(claims.encode(), key, algorithm="HS256", headers={"typ": None})


@pytest.mark.parametrize("email", ["a@b.example", "ab@b.example", "abc@b.example", "zoë~>?@b.example"])
def test_a_redirect_for_everybody_makes_the_link_that_each_one_would_have(email: str) -> None:
    shared = LinkMinter(domain=DOMAIN, secret=SECRET, expiry=lambda issued: issued.replace(year=2099), redirect=ORDERS)
    single = LinkMinter(
        domain=DOMAIN, secret=SECRET, expiry=lambda issued: issued.replace(year=2099), redirect=lambda _: ORDERS
    )
    assert shared.mint(contact(email), ISSUED) == single.mint(contact(email), ISSUED)


def test_a_redirect_for_everybody_that_leads_elsewhere_is_refused_at_once() -> None:
    with pytest.raises(LinkError, match=r"another host, 'evil\.example'"):
        LinkMinter(domain=DOMAIN, secret=SECRET, expiry=lambda issued: issued, redirect="https://evil.example/")


def test_a_link_of_a_contacts_own_expiry_leaves_those_of_the_others_as_they_are() -> None:
    made = minter()
    before, own = made.mint(contact(), ISSUED), made.mint(contact(), ISSUED, expires_at=ISSUED.replace(year=2050))
    assert own.expires_at.year == 2050 and jwt.decode(own.token, options={"verify_signature": False})["exp"] > 2.5e9
    assert made.mint(contact(), ISSUED) == before
