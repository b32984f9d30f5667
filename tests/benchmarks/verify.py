"""Are the senders sending the same thing? Forty messages of each, captured, parsed and compared with the workload."""

import csv
import re
import tempfile
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import MIMEPart
from html import unescape
from pathlib import Path
from statistics import mean
from urllib.parse import parse_qs, urlsplit

import jwt

from tests.benchmarks.capture import Captured, capturing
from tests.benchmarks.runs import execute
from tests.benchmarks.senders import Sender, Task
from tests.benchmarks.workload import TERMS, write

MESSAGES = 40
_LINK = re.compile(r"https://[^\s\"<>]+/sso\?[^\s\"<>]+")


class DifferentWorkloadError(Exception):
    """A message is not what the workload asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Mean sizes in bytes: the message on the wire, its decoded text, its decoded HTML; and how they were encoded."""

    sender: str
    wire: float
    text: float
    html: float
    encodings: str


def verify(sender: Sender, scratch: Path) -> Sizes:
    """Let a sender send, and look at all of it.

    Raises DifferentWorkloadError where a message, or the number of them, is not what was asked for.
    """
    with tempfile.TemporaryDirectory(dir=scratch) as name, capturing() as (port, record):
        workload = write(Path(name) / "workload", MESSAGES)
        folder = Path(name) / "run"
        folder.mkdir()
        task = Task(workload=workload, messages=MESSAGES, port=port, connections=4, folder=folder)
        fault = execute(sender.prepare(task), limit=60).fault or sender.fault(task)
        if fault:
            raise DifferentWorkloadError(f"{sender.name}: {fault}")
        with (workload / "contacts.csv").open(encoding="utf-8", newline="") as file:
            expected = {row["email"]: row for row in csv.DictReader(file)}
    got = [recipient for captured in record.messages for recipient in captured.recipients]
    if sorted(got) != sorted(expected):
        raise DifferentWorkloadError(f"{sender.name}: {len(got)} recipients, or not the right ones")
    looked = []
    for captured in record.messages:
        try:
            looked.append(_look(captured, expected[captured.recipients[0]]))
        except DifferentWorkloadError as error:
            raise DifferentWorkloadError(f"{sender.name}: {captured.recipients[0]}: {error}") from None
    return Sizes(
        sender=sender.name,
        wire=mean(len(captured.data) for captured in record.messages),
        text=mean(text for text, _, _ in looked),
        html=mean(html for _, html, _ in looked),
        encodings=", ".join(sorted({encodings for _, _, encodings in looked})),
    )


def _look(captured: Captured, contact: dict[str, str]) -> tuple[int, int, str]:
    message = message_from_bytes(captured.data, policy=policy.default)
    _same("content type", message.get_content_type(), "multipart/alternative")
    _same("defects", message.defects, [])
    parts = list(message.iter_parts())
    _same("parts", [part.get_content_type() for part in parts], ["text/plain", "text/html"])
    text, html = (part.get_content() for part in parts)
    _same("return path", captured.return_path, TERMS.return_path)
    _same("From", message["From"], TERMS.sender)
    _same("To", message["To"].addresses[0].addr_spec, contact["email"])
    subject = f"{contact['first_name']}, your {contact['plan']} courses are open (order {contact['order_id']})"
    _same("Subject", message["Subject"], subject)
    _same("List-Unsubscribe", message["List-Unsubscribe"], f"<{TERMS.unsubscribe}{contact['order_id']}>")
    _same("List-Unsubscribe-Post", message["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click")
    _same("Date and Message-ID", [bool(message[name]) for name in ("Date", "Message-ID")], [True, True])
    _body("text", text, contact, links=1)
    _body("HTML", unescape(html), contact, links=2)
    _same("name in HTML", f"Welcome aboard, {contact['first_name']} — it’s all yours" in html, True)
    return len(text.encode()), len(html.encode()), "/".join(map(_encoding, parts))


def _body(which: str, body: str, contact: dict[str, str], *, links: int) -> None:
    found = _LINK.findall(body)
    _same(f"links in {which}", len(found), links)
    _same(f"different links in {which}", len(set(found)), 1)
    url = urlsplit(found[0])
    _same("host", url.hostname, TERMS.domain)
    asked = parse_qs(url.query, strict_parsing=True)
    _same("identifier and strategy", (asked["identifier"], asked["strategy"]), ([contact["email"]], ["email"]))
    claims = jwt.decode(asked["token"][0], TERMS.secret, algorithms=["HS256"])
    _same("claims", set(claims), {"sub", "nbf", "exp", "iat", "redirect_to"})
    _same("sub", claims["sub"], f"{contact['email']}:{TERMS.domain}")
    _same("redirect_to", claims["redirect_to"], TERMS.redirect_to)
    _same("lifetime", claims["exp"] - claims["iat"], TERMS.lifetime)
    _same(f"order in {which}", contact["order_id"] in body, True)
    _same(f"address in {which}", contact["email"] in body, True)
    _same(f"plan in {which}", "The workshops are included." in body, contact["plan"] != "Free")


def _encoding(part: MIMEPart) -> str:
    return str(part["Content-Transfer-Encoding"] or "7bit").lower()


def _same(what: str, got: object, expected: object) -> None:
    if got != expected:
        raise DifferentWorkloadError(f"{what}: {got!r} in place of {expected!r}")
