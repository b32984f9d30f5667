"""Mint ClickFunnels sign-in links: a contact and a moment in, a `LoginLink` out.

The token is a compact JWS (RFC 7515 section 3.1) over the claims of RFC 7519, HS256, without a `typ`: byte for byte
what the vendor's Ruby gem and `jwt.encode(claims, secret, headers={"typ": None})` write. It is put together from parts
that are the same for everybody, because this runs once per message.

Raises `LinkError` where no link can be minted at all, `InvalidContactError` where this contact's can't.

Limits: text beyond ASCII is written as JSON escapes, as PyJWT does; the Ruby gem writes it as UTF-8. Both are the same
claims to every verifier. Nothing here knows whether the vendor has the contact or holds the same secret.
"""

import hashlib
import re
import secrets
from collections.abc import Callable, Collection
from datetime import datetime
from json.encoder import encode_basestring_ascii as json_string
from typing import NamedTuple
from urllib.parse import quote

from campaign.errors import InvalidContactError, LinkError
from campaign.host_names import is_full_host_name
from campaign.links.browser_host import browser_host
from campaign.links.tokens import NO_END, SharedEnd, signed_token, signing_key
from campaign.model import Contact, LoginLink

FINGERPRINT_LENGTH = 12

_WHERE_IT_IS_FOUND = "copy the whole JWT secret key of the workspace (Site & Blog, Customer Center settings)"
_WHAT_A_DOMAIN_IS = "write the host name alone, in ASCII: yourworkspace.myclickfunnels.com, or www.your-domain.com"
_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9._~+@-]+")
"""What `quote` would leave as it is, but for the plus and the at sign; it takes four times as long to find out."""
_HTTPS_URL = re.compile(
    # A host with no user before it: a cell that begins with "@" must not choose the host.
    r"https://[^\s/?#@\\<>\"\x00-\x1f\x7f-\x9f\ud800-\udfff]+"
    r"(?:[/?#][^\s\x00-\x1f\x7f-\x9f\ud800-\udfff]*)?",
    re.IGNORECASE,
)


_WHOLE_AUTHORITY = re.compile(r"https://[^/?#]*[/?#]", re.IGNORECASE)


class _Moment(NamedTuple):
    """What every link minted within one second has in common."""

    given: datetime | None
    """The moment of expiry, where it was given."""
    now: datetime
    second: int
    issued_at: datetime
    expires_at: datetime
    claims: str
    """From the end of `sub` to the end of `iat`, as JSON."""
    end: SharedEnd | None
    """From the end of `sub` to the end of all, where nothing in it is a contact's own."""


class LinkMinter:
    """Mints links for one workspace. Holds the secret, and never shows it.

    `domain` is the workspace's domain, the custom one once it is connected: it becomes the URL's host and stands in
    `sub`. `secret` is the workspace's JWT secret key, at least 32 bytes. `expiry` is given the moment of issue (aware)
    and gives the moment when the link stops working (aware, in the zone that a reader of the mail expects). `redirect`
    gives the URL that the browser goes to after signing in, or is that URL, where it is the same for everybody; None
    leaves the claim out. Its host is `domain` or one of `redirect_hosts` (lower-case ASCII, with the port where that is
    not 443).

    Raises `LinkError` for a domain, a secret or a URL for everybody that no link can be minted with.
    """

    __slots__ = ("_domain", "_expiry", "_hosts", "_key", "_moment", "_redirect", "_shared", "_starts", "_url")

    def __init__(
        self,
        *,
        domain: str,
        secret: str,
        expiry: Callable[[datetime], datetime],
        redirect: Callable[[Contact], str] | str | None = None,
        redirect_hosts: Collection[str] = (),
    ) -> None:
        self._domain = domain.lower()
        self._key, fault = signing_key(secret)
        # Where an error is shown with local variables, the secret must not be among them.
        del secret
        if fault:
            raise LinkError(fault, where="CAMPAIGN_LINK__SECRET", fix=_WHERE_IT_IS_FOUND)
        if not is_full_host_name(self._domain):
            raise LinkError(f"{domain!r} is not a domain", where="link.domain", fix=_WHAT_A_DOMAIN_IS)
        self._expiry = expiry
        self._hosts = (self._domain, *redirect_hosts)
        self._redirect, self._shared = None, ""
        if isinstance(redirect, str):
            require_possible_redirect(redirect, redirect, constant=True, hosts=self._hosts)
            self._shared = ',"redirect_to":' + json_string(redirect)
        else:
            self._redirect = redirect
        self._starts = tuple(f"https://{host}/" for host in self._hosts)
        self._url = f"https://{self._domain}/sso?identifier="
        self._moment: _Moment | None = None

    def __repr__(self) -> str:
        return f"LinkMinter(domain={self._domain!r})"

    def __reduce__(self) -> str:
        # A pickle would be the secret on its way to a disk or a socket. Workers make their own minter.
        raise TypeError("a LinkMinter is not for pickling: it holds the secret")

    def mint(self, contact: Contact, now: datetime, *, expires_at: datetime | None = None) -> LoginLink:
        """Make a link that signs `contact` in, issued at `now` (aware; what is below a second is cut off), which
        expires at `expires_at` (aware), where that is the contact's own, and not what `expiry` says.

        Raises `LinkError` where the link would be expired at birth or a moment has no zone, and `InvalidContactError`
        where the contact's redirect is not an https URL or leads elsewhere, or its address is not text.
        """
        moment = self._moment
        if (
            moment is None
            or moment.given is not expires_at
            or (moment.now is not now and (moment.second != int(now.timestamp()) or now.tzinfo is None))
        ):
            moment = self._moment = self._at(now, expires_at)
        email = contact.email
        claims = '{"sub":' + json_string(f"{email}:{self._domain}")
        end = moment.end
        if end is None:
            claims, end = claims + moment.claims + self._redirect_of(contact) + "}", NO_END
        if _PLAIN_ADDRESS.fullmatch(email) is not None:
            identifier = email.replace("@", "%40").replace("+", "%2B")
        else:
            identifier = _percent_encoded(contact)
        token = signed_token(claims, end, self._key)
        return LoginLink(
            url=f"{self._url}{identifier}&strategy=email&token={token.decode()}",
            issued_at=moment.issued_at,
            expires_at=moment.expires_at,
            fingerprint=hashlib.sha256(token).hexdigest()[:FINGERPRINT_LENGTH],
        )

    def _redirect_of(self, contact: Contact) -> str:
        """Give the claim, as JSON, behind a comma; "" where there is none."""
        if self._redirect is None:
            return self._shared
        redirect_to = self._redirect(contact)
        if _HTTPS_URL.fullmatch(redirect_to) is None:
            raise _unfit_redirect(redirect_to, contact)
        if not redirect_to.startswith(self._starts) and browser_host(redirect_to) not in self._hosts:
            raise _foreign_redirect(redirect_to, contact)
        return ',"redirect_to":' + json_string(redirect_to)

    def _at(self, at: datetime, given: datetime | None) -> _Moment:
        if at.tzinfo is None:
            raise LinkError("a link can't be issued at a time without a zone", where="the moment of issue")
        now = at.replace(microsecond=0)
        expires_at = self._expiry(now) if given is None else given
        if expires_at.tzinfo is None:
            raise LinkError("a link can't expire at a time without a zone", where="the moment of expiry")
        expires_at = expires_at.replace(microsecond=0)
        issued, expires = int(now.timestamp()), int(expires_at.timestamp())
        if expires <= issued:
            raise LinkError(
                f"a link minted now would already have expired at {expires_at.isoformat()}",
                where="window.closes, link.grace",
                fix="choose a window that is not over, or a longer link.grace",
            )
        claims = f',"nbf":{issued},"exp":{expires},"iat":{issued}'
        return _Moment(
            given=given,
            now=at,
            second=issued,
            issued_at=now.astimezone(expires_at.tzinfo),
            expires_at=expires_at,
            claims=claims,
            end=SharedEnd(f"{claims}{self._shared}}}") if given is None and self._redirect is None else None,
        )


def require_possible_redirect(outline: str, lead: str, *, constant: bool, hosts: Collection[str]) -> None:
    """Raise LinkError where no row can make a URL of link.redirect_to, or a host that is the same for everybody is none
    of `hosts`. `outline`: what of it is the same for everybody, with an `x` for each piece that is not; `lead`: what
    stands before the first such piece, and `constant`: whether there is none.
    """
    if _HTTPS_URL.fullmatch(outline) is None:
        shown = outline if len(outline) <= 100 else outline[:100] + "…"
        raise LinkError(
            f"{shown!r} is not an https URL with a host and without spaces, whatever a row holds (x stands for that)",
            where="link.redirect_to",
            fix="correct the setting",
        )
    if (constant or _WHOLE_AUTHORITY.match(lead)) and (host := browser_host(lead)) not in hosts:
        fix = f"correct the setting, or {_listed(host)}"
        raise LinkError(_foreign(lead), where="link.redirect_to", fix=fix)


def throwaway_secret() -> str:
    """Make up a secret that signs nobody in, for dry runs and the sandbox: 64 characters, others at every call."""
    return secrets.token_urlsafe(48)


def _percent_encoded(contact: Contact) -> str:
    try:
        return quote(contact.email, safe="")
    except UnicodeEncodeError:
        pass
    raise InvalidContactError(
        "the e-mail address holds half a character, and can't be written in a URL",
        where=f"row {contact.number}",
        fix="correct the address in the contacts file",
    )


def _unfit_redirect(redirect_to: str, contact: Contact) -> InvalidContactError:
    shown = redirect_to if len(redirect_to) <= 100 else redirect_to[:100] + "…"
    return InvalidContactError(
        f"link.redirect_to gives {shown!r}, which is not an https URL with a host and without spaces",
        where=f"row {contact.number}, setting link.redirect_to",
        fix="correct the row or the setting; a column in it needs a filter: {{ contact.column | urlencode }}",
    )


def _foreign_redirect(redirect_to: str, contact: Contact) -> InvalidContactError:
    return InvalidContactError(
        _foreign(redirect_to),
        where=f"row {contact.number}, setting link.redirect_to",
        fix=f"correct the row or the setting, with a / between the host and a column; or {_listed('')}",
    )


def _foreign(redirect_to: str) -> str:
    host = browser_host(redirect_to)
    shown = f"another host, {host[:100]!r}" if host else "a host that can't be told"
    return f"link.redirect_to leads to {shown}: neither link.domain nor one of link.redirect_hosts"


def _listed(host: str) -> str:
    return f'list the host, where it is meant: link.redirect_hosts = ["{host[:100] or "shop.acme.example"}"]'
