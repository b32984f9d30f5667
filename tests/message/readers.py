"""Two readers of what leaves: the standard library's parser, at its strictest, and one of a few lines that shares
nothing with it but the decoders of quoted-printable and base64. And the rules of the wire.
"""

import base64
import email
import email.policy
import quopri
import re
from collections.abc import Callable
from email.message import EmailMessage


def read(octets: bytes) -> EmailMessage:
    """Strictly: any defect raises."""
    parsed = email.message_from_bytes(octets, policy=email.policy.default.clone(raise_on_defect=True))
    assert isinstance(parsed, EmailMessage)
    return parsed


def bodies(message: EmailMessage) -> list[tuple[str, str]]:
    leaves = [part for part in message.walk() if not part.is_multipart()]
    assert all(isinstance(part, EmailMessage) and not part.defects for part in leaves)
    found = [(part.get_content_type(), part.get_content().replace("\r\n", "\n")) for part in leaves]
    assert all(body.endswith("\n") for _, body in found)
    return found


def lines(text: str) -> str:
    """Line breaks as LF, one at the end."""
    text = re.sub("\r\n|\r", "\n", text)
    return text if text.endswith("\n") else text + "\n"


DECODERS: dict[bytes, Callable[[bytes], bytes]] = {
    b"7bit": bytes,
    b"quoted-printable": quopri.decodestring,
    b"base64": base64.b64decode,
}


def bodies_by_hand(octets: bytes) -> list[str]:
    """The bodies, cut out of the octets by RFC 2046 section 5.1.1."""
    head, _, rest = octets.partition(b"\r\n\r\n")
    boundary = re.search(rb'boundary="([^"]+)"', head)
    if boundary is None:
        parts = [octets[head.rindex(b"Content-Type") :]]
    else:
        preamble, *parts, epilogue = (b"\r\n" + rest).split(b"\r\n--" + boundary[1])
        assert preamble == b""
        assert epilogue == b"--\r\n"
        assert octets.count(boundary[1]) == 1 + len(parts) + 1
        parts = [part.removeprefix(b"\r\n") for part in parts]
    found = []
    for part in parts:
        fields, _, body = part.partition(b"\r\n\r\n")
        assert b"charset=utf-8" in fields
        encoding = fields.partition(b"Content-Transfer-Encoding: ")[2]
        if encoding != b"7bit":
            assert max(map(len, body.split(b"\r\n"))) <= 76
            assert not re.search(rb"[ \t]\r\n", body)
        found.append(lines(DECODERS[encoding](body).decode()))
    return found


def hold_the_wire_to_its_rules(octets: bytes) -> None:
    assert octets.isascii()
    assert octets.endswith(b"\r\n")
    assert b"\0" not in octets
    without_breaks = octets.replace(b"\r\n", b"")
    assert b"\r" not in without_breaks
    assert b"\n" not in without_breaks
    assert max(map(len, octets.split(b"\r\n"))) <= 900
    assert not any(line.startswith(b"From ") for line in octets.split(b"\r\n"))
