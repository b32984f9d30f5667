"""Odd contacts, and what each of them must find in the mailbox: said here once more, by other means than campaign's.

`odd_contacts` gives rows, `set_up` a campaign that mails them, `unlike` what is wrong with a message that arrived, and
`altered` what is wrong with its signature.
A server may add header fields, and end lines as it likes; nothing else may differ.
"""

import email
import email.header
import email.policy
import email.utils
import html
import re
from collections.abc import Mapping
from email.message import EmailMessage
from itertools import takewhile
from pathlib import Path
from urllib.parse import quote

import dkim
import jwt

from tests.campaigns import SECRET, SmallCampaign
from tests.real_servers.relay import Relay
from tests.real_servers.signatures import DOMAIN, covered, records, rsa

HEADER = ("email", "name", "note")
NAMES = (
    *("Ada", "", ".", "..", "From Ada", "Zoë Ångström", "漢字 かな", "مرحبا بالعالم", "שלום עולם", "👩‍👩‍👧 😀"),
    *("O'Brien & <Sons>", 'He said "no", twice', "a;b,c", "=?utf-8?q?x?=", "café au lait", "x" * 300, "é" * 200),
    *("Abc: def", "100 %", "a\\b", "<!-- -->", "word " * 60 + "end"),
)
NOTES = (
    *("", ".", "..", ".\n.\n", "\n.\n\n..\n...\n", "From here\nFrom there\n>From all", "a\n\n\nb"),
    *("y" * 998, "y" * 991, "z" * 2500, ("long " * 190).strip(), "." + "v" * 997, "é" * 1200, "漢" * 700),
    *(
        "tab\tand blank  \nnext",
        "=3D=20=\n",
        "--\nsignature",
        "مرحبا\nשלום\n😀",
        "\u200fright\u200e left",
        "a" * 76 + "\n.b",
    ),
    *("QUIT\n.\nMAIL FROM:<x@y.example>", "<p>&amp;</p>", "{{ 7 * 7 }} {% raw %}", "soft\u00adhyphen\u2028line"),
    # Line ends of every kind, and what only some take for one: the relay must see CRLF alone, the reader the rest.
    *("bare\rreturn\r", "\r\n.\r\nboth\r\n", "\r.\r", "\n\r.\n\rmixed\r\r\n", "\u2028.\u2029\x85.\x0b.\x0c."),
    *("é\r.\ré", "8-bit: \u0080\u009f\u00ff ÿ", "w" * 2000, "😀" * 500, "ש" * 2000, "\x01.\x1b[1m\x7f"),
)
_ADDRESSES = (
    *("p{}@people.example", "p{}+tag.more@people.example", "p{}@bücher.example", "Upper.p{}@People.Example"),
    *("o'p{}@people.example", "p{}-a_b@sub.people.example", "p{}=x/y&z@people.example", "1p{}@xn--p1ai.example"),
    *("p{}@日本.example", "~p{}#@people.example"),
)
_UTF8_ADDRESS = "jörg.p{}@people.example"
_EVERY = 47
"""So often comes an address that takes SMTPUTF8."""
_LONGEST_NAME = 40
"""Characters: of longer ones, Sendmail leaves the address alone (campaign/guide/relays.md)."""
_UNSUBSCRIBE = "https://acme.example/unsubscribe/" + "segment/" * 40
_ONCE = ("Date", "From", "To", "Subject", "Message-ID", "MIME-Version", "Content-Type")
_UNSUBSCRIBING = ("List-Unsubscribe", "List-Unsubscribe-Post")


def odd_contacts(count: int) -> list[tuple[str, str, str]]:
    """Give so many rows: address, name, note."""
    rows = []
    for number in range(count):
        address = _UTF8_ADDRESS if number % _EVERY == 13 else _ADDRESSES[number % len(_ADDRESSES)]
        rows.append((address.format(number), NAMES[number % len(NAMES)], NOTES[number % len(NOTES)]))
    return rows


def takes_smtputf8(address: str) -> bool:
    """Whether only a server with SMTPUTF8 can mail it (RFC 6531)."""
    return not address.rpartition("@")[0].isascii()


def set_up(folder: Path, name: str, relay: Relay, security: str, **smtp: object) -> SmallCampaign:
    """Make a campaign that sends through the relay, with DKIM; `security` as the setting."""
    key = rsa()
    settings: dict[str, dict[str, object]] = {
        "smtp": {"host": "localhost", "security": security, "timeout": "30s", "connections": 10, **smtp},
        "message": {
            "from": "Acmé <hello@acme.example>",
            "to_name": f"{{{{ (contact.name | default(''))[:{_LONGEST_NAME}] }}}}",
            "unsubscribe_url": _UNSUBSCRIBE + "?e={{ contact.email | urlencode }}",
        },
        "dkim": {"domain": DOMAIN, "selector": key.selector, "key_file": "dkim.pem"},
        "retry": {"tries": 8, "first_wait": "300ms", "longest_wait": "3s"},
    }
    if relay.username is not None:
        settings["smtp"]["username"] = relay.username
    campaign = SmallCampaign(folder, settings=settings, name=name)
    key.write(folder / "dkim.pem")
    template = folder / "template"
    template.joinpath("subject.txt").write_text("{{ contact.name | default('') }}: your link", "utf-8")
    template.joinpath("body.txt").write_text(
        "{{ contact.name | default('') }},\n\n{{ link.url }}\n.\n..dots\n{{ contact.note | default('') }}|\n", "utf-8"
    )
    template.joinpath("body.html").write_text(
        '<p>{{ contact.note | default("") }}|</p>\n.\n<a href="{{ link.url }}">in</a>\n', "utf-8"
    )
    campaign.load(relay.tls_port or relay.port if security == "tls" else relay.port)
    return campaign


def message_id(message: bytes) -> str:
    """Give a message's own Message-ID, or nothing."""
    found = re.search(rb"(?mi)^Message-ID:\s*(<[^>]*>)", message.partition(b"\n\n")[0].replace(b"\r", b""))
    return found[1].decode() if found else ""


def altered(message: bytes) -> list[str]:
    """Say what is wrong with the message's signature: whatever a server changes of what it covers, it breaks."""
    try:
        found = covered(message, records(rsa()))
    except (AssertionError, dkim.DKIMException) as error:
        return [f"signature: {error}"]
    return [] if len(found) == 1 else [f"{len(found)} signatures"]


def unlike(message: bytes, row: Mapping[str, str]) -> list[str]:
    """Say in what the message is not what was written for this row of the results."""
    got = email.message_from_bytes(message, policy=email.policy.default)
    assert isinstance(got, EmailMessage)
    wrong = [
        f"{name}: {len(got.get_all(name, []))} times"
        for name in (*_ONCE, *_UNSUBSCRIBING)
        if len(got.get_all(name, [])) != 1
    ]
    if wrong:
        return wrong
    address, name, note = (row[column] for column in HEADER)
    local, _, domain = address.rpartition("@")
    body, alternative = got.get_body(("plain",)), got.get_body(("html",))
    assert body is not None and alternative is not None
    text, markup = (_lines(part.get_content()) for part in (body, alternative))
    link = next((line for line in text.split("\n") if line.startswith("https://acme.myclickfunnels.com/sso?")), "")
    claims = jwt.decode(link.partition("&token=")[2], SECRET, algorithms=["HS256"])
    recipient = f"{local}@{domain.encode('idna').decode()}"
    to_name, to = _recipient(message)
    expected = {
        "To": (to.lower(), recipient.lower()),
        "display name": (to_name, name[:_LONGEST_NAME].strip()),
        "From": (str(got["From"].addresses[0]), "Acmé <hello@acme.example>"),
        "Subject": (str(got["Subject"]), f"{name}: your link"),
        "unsubscribe": (
            re.sub(r"\s", "", got["List-Unsubscribe"]).lower(),
            f"<{_UNSUBSCRIBE}?e={quote(recipient, safe='/')}>".lower(),
        ),
        "link": (claims["sub"].lower(), f"{recipient}:acme.myclickfunnels.com".lower()),
        "text": (text, _lines(f"{name},\n\n{link}\n.\n..dots\n{note}|\n")),
        "HTML": (html.unescape(markup), _lines(f'<p>{note}|</p>\n.\n<a href="{link}">in</a>\n')),
    }
    return [f"{what}: {_apart(found, wanted)}" for what, (found, wanted) in expected.items() if found != wanted]


def _recipient(message: bytes) -> tuple[str, str]:
    """Name and address of the To field. Python's newer parser puts a blank where two encoded words meet."""
    field = re.search(rb"(?m)^To: (.*(?:\n[ \t].*)*)", message)
    assert field is not None
    name, address = email.utils.parseaddr(re.sub(r"\r?\n", "", field[1].decode()).strip())
    return str(email.header.make_header(email.header.decode_header(name))), address


def _apart(found: str, wanted: str) -> str:
    """Where two texts part, and what stands there."""
    same = takewhile(lambda pair: pair[0] == pair[1], zip(found, wanted, strict=False))
    at = sum(1 for _ in same)
    start = max(at - 20, 0)
    return f"from character {at}, {found[start : at + 40]!r} in place of {wanted[start : at + 40]!r}"


def _lines(text: str) -> str:
    """Without what is no difference: how lines end, and whether the last one does."""
    return re.sub("\r\n?", "\n", text).rstrip("\n")
