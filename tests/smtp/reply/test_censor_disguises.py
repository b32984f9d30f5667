"""However a server encodes and cuts up what it repeats, too little is shown to make a link or a password of it.

A quote here is a list of units, each a letter in some spelling; separators stand between pieces of so many units. Since
what is not blotted out is shown as it came, what is left of a quote can be counted in letters.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.smtp.reply.censor import BLOT, Censor, without_links
from campaign.smtp.reply.decodings import alphanumeric, decodings
from campaign.smtp.reply.parser import MAX_TEXT

HEAD = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJwMUBwZW9wbGUuZXhhbXBsZSIsImV4cCI6MTcwMDAwMzYwMH0."
BEFORE, AFTER = "Your message was refused (", "), we are sorry"

Spelling = Callable[[str], list[str]]


def each(form: str) -> Spelling:
    return lambda secret: [form.format(byte) for byte in secret.encode()]


SPELLINGS: dict[str, Spelling] = {
    "plain": list,
    "capitals": lambda secret: list(secret.upper()),
    "the other case": lambda secret: list(secret.swapcase()),
    "backwards": lambda secret: list(secret[::-1]),
    "hexadecimal": each("{:02x}"),
    "hexadecimal, capitals": each("{:02X}"),
    "percent": each("%{:02X}"),
    "percent, twice": each("%25{:02x}"),
    "quoted-printable": each("={:02X}"),
    "C": each("\\x{:02x}"),
    "JSON": each("\\u00{:02x}"),
    "HTML": each("&#{};"),
    "base64": lambda secret: list(base64.b64encode(secret.encode()).decode()),
    "base64, with one more before it": lambda secret: list(base64.b64encode(b"=" + secret.encode()).decode()),
    "base64, with two more before it": lambda secret: list(base64.urlsafe_b64encode(b"n=" + secret.encode()).decode()),
}
BY_SIX_BITS = tuple(name for name in SPELLINGS if "base64" in name)
SEPARATORS = ["", " ", ".", "-", "_", ", ", " | ", "/", "* ", "' '", "\t", "<>", "\u200b", "…"]
WORDS = [" line 2: ", " then ", "<br>", " 0x10 ", " and "]


@dataclass(frozen=True)
class Quote:
    units: list[str]
    size: int
    separator: str
    sixes: bool
    """Whether a unit is one of base64: six bits."""

    def __str__(self) -> str:
        pieces = ["".join(self.units[at : at + self.size]) for at in range(0, len(self.units), self.size)]
        return self.separator.join(pieces)

    def left(self, shown: str) -> int:
        """How many letters can be read still."""
        said, blot = BEFORE + str(self) + AFTER, BLOT.decode()
        head, found, tail = shown.partition(blot)
        if not found:
            assert shown == said[: len(shown)]
            return self._letters(len(self.units))
        hidden = range(len(head), len(said) - len(tail))
        count, at = 0, len(BEFORE)
        for number, unit in enumerate(self.units):
            if number and number % self.size == 0:
                at += len(self.separator)
            count += at + len(unit) <= hidden.start or at >= hidden.stop
            at += len(unit)
        return self._letters(count)

    def _letters(self, units: int) -> int:
        return units * 3 // 4 if self.sixes else units


def signature(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


signatures = st.binary(min_size=32, max_size=32).map(signature)


@given(
    secret=signatures,
    spelling=st.sampled_from(list(SPELLINGS)),
    size=st.integers(1, 60),
    separator=st.sampled_from(SEPARATORS),
    whole=st.booleans(),
)
def test_no_eight_letters_of_a_signature(secret: str, spelling: str, size: int, separator: str, whole: bool) -> None:
    """At least 35 of the 43 are missing: 210 of 256 bits."""
    quoted = HEAD + secret if whole and spelling in ("plain", "capitals", "base64") else secret
    quote = Quote(SPELLINGS[spelling](quoted), size, separator, spelling in BY_SIX_BITS)
    said = BEFORE + str(quote) + AFTER
    if len(said) <= MAX_TEXT:
        assert quote.left(without_links(said, [HEAD + secret])) < 8


@given(
    secret=signatures,
    spelling=st.sampled_from(["plain", "capitals", *BY_SIX_BITS]),
    size=st.integers(4, 40),
    separator=st.sampled_from(WORDS),
)
def test_half_of_a_signature_is_missing_that_stands_among_other_words(
    secret: str, spelling: str, size: int, separator: str
) -> None:
    """Where a quote begins and ends nobody can know, so the text is dropped; or its two outer pieces are too short to
    be recognised. At least 24 letters are missing: 144 bits.
    """
    quote = Quote(SPELLINGS[spelling](secret), size, separator, spelling in BY_SIX_BITS)
    said = BEFORE + str(quote) + AFTER
    assert quote.left(without_links(said, [HEAD + secret])) < 20


@given(
    secret=st.text("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789", min_size=8, max_size=30),
    spelling=st.sampled_from(list(SPELLINGS)),
    size=st.integers(1, 60),
    separator=st.sampled_from(SEPARATORS),
)
def test_no_six_letters_of_a_password(secret: str, spelling: str, size: int, separator: str) -> None:
    quote = Quote(SPELLINGS[spelling](secret), size, separator, spelling in BY_SIX_BITS)
    censor = Censor()
    censor.hide(secret.encode())
    shown = censor.censored((BEFORE + str(quote) + AFTER).encode()).decode("utf-8")
    assert quote.left(shown) < 6


@pytest.mark.parametrize(
    "said",
    [
        b"h-u-n-t-e-r-2-!",
        b"h u n t e r 2 !",
        b"hunter\n2!",
        b"68756e7465723221",
        b"68 75 6e 74 65 72 32 21",
        b"aHVu dGVy MiE=",
        b"%68%75%6e%74%65%72%32%21",
        b"!2retnuh",
    ],
)
def test_a_password_that_is_short(said: bytes) -> None:
    censor = Censor()
    censor.hide(b"hunter2!")
    shown = censor.censored(b"5.7.8 Wrong: " + said)
    assert shown.startswith(b"5.7.8 Wrong: " + BLOT) and len(shown) <= len(b"5.7.8 Wrong: " + BLOT) + 2


def test_letters_keep_their_places_in_every_reading() -> None:
    text = b"a%41=42 \\x43&#68; 45464748494a4b4c"
    for reading in decodings(text):
        for number, letter in enumerate(reading.letters):
            first, end = reading.span(number, number + 1)
            spelled = alphanumeric(text[first:end]).lower()
            assert end - first == 1 or any(form % letter in spelled for form in (b"%02x", b"%d"))


REPLIES = [
    "OK  1732620000 d9443c01a7336-2129dbfb0besm12345675ad.67 - gsmtp",
    "Ok 0100019358f0a1b2-3c4d5e6f-7a8b-4c9d-8e0f-1a2b3c4d5e6f-000000",
    "<174ac3bc-20fa-4f8f-b3a2-9c0b8b6d1d0e@acme.example> [InternalId=112742891524345, Hostname=AM0PR03MB1234.eurprd03."
    "prod.outlook.com] 8123 bytes in 0.123, 64.420 KB/sec Queued mail for delivery",
    "<p1@people.example>: Recipient address rejected: User unknown in virtual mailbox table",
    "Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org; https://www.spamhaus.org/query/ip/"
    "192.0.2.1",
    "Our system has detected that this message is likely unsolicited mail. To reduce the amount of spam sent to Gmail, "
    "this message has been blocked. Please visit https://support.google.com/mail/?p=UnsolicitedMessageError for more "
    "information. d9443c01a7336-2129dbfb0besi1234567ad.12 - gsmtp",
    "Recipient address rejected: Access denied. AS(201806281) [DB5EUR01FT012.eop-EUR01.prod.protection.outlook.com "
    "2026-11-26T11:00:00.000Z 08DD0D3A1B2C3D4E]",
    "The mail server [192.0.2.1] has been temporarily put off due to IP reputation (S775). For more information, see "
    "https://aka.ms/postmaster [AM0PR03MB1234.eurprd03.prod.outlook.com 08DD0D3A1B2C3D4E5F60718293A4B5C6]",
    "Message contains a URL listed by URIBL: acme.myclickfunnels.com/sso, see https://lookup.uribl.example/?domain=x",
    "Message refused, id 4E5F60718293A4B5C6D7E8F90A1B2C3D4E5F60718293A4B5C6D7E8F90A1B2C3D",
]


@given(secret=signatures, kept=st.integers(33, 43), separator=st.sampled_from([" ok ", " queued as ", " Bytes id "]))
def test_the_usual_words_of_a_reply_hide_no_signature(secret: str, kept: int, separator: str) -> None:
    """A reply in which little else is said is not looked into: of a signature there would be too much in it."""
    cut = kept // 2
    said = f"Ok: {secret[:cut]}{separator}{secret[cut:kept]}"
    shown = without_links(said, [HEAD + secret])
    assert secret[:cut] not in shown and secret[cut:kept] not in shown


def test_the_reply_to_a_message_that_was_taken_stays() -> None:
    said = "Ok: 5602 bytes queued as 1AAFD1A6DD"
    assert without_links(said, [HEAD + signature(bytes(32))]) is said


@pytest.mark.parametrize("said", REPLIES)
def test_replies_of_real_servers_stay_as_they_are(said: str) -> None:
    """Of a thousand links, none is taken to be quoted."""
    for number in range(1000):
        token = HEAD + signature(number.to_bytes(4) * 8)[::-1]
        assert without_links(said, [token]) == said
