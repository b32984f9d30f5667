"""What two parsers make of a message: Python's, at its strictest, and Perl's MIME::Parser, which knows nothing of it.

`by_python` and `by_mime_tools` give the same `Part` for a message that both understand alike. Either raises for one
that it finds any fault with. MIME::Parser comes from Debian's libmime-tools-perl; without it: install.Unavailable.
"""

import base64
import email
import email.policy
import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.headerregistry import ContentDispositionHeader, ContentTypeHeader
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from tests.real_servers.install import root_of

_SCRIPT = Path(__file__).with_name("mime_tools.pl")
_ADDRESSES = ("from", "to", "reply-to")
_STRUCTURED = ("content-type", "content-disposition")
"""Fields of which parsers give the meaning, each by its own spelling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A message, or a part of one."""

    fields: Mapping[str, Sequence[str]]
    """Header fields, decoded, each run of white space as one blank; but for those whose meaning follows here."""
    type: str
    charset: str | None
    method: str | None
    """Of text/calendar (RFC 5545 section 3.7.2, RFC 6047)."""
    name: str | None
    disposition: str | None
    filename: str | None
    body: bytes | None
    """Decoded octets, with LF for the line ends of text; None for a multipart."""
    parts: Sequence["Part"]

    def leaves(self) -> list["Part"]:
        """Everything that is not a multipart, in order."""
        return [self] if self.body is not None else [leaf for part in self.parts for leaf in part.leaves()]


def by_python(message: bytes) -> Part:
    """Any defect raises: of the structure, of an encoding, of a header field."""
    return _by_python(email.message_from_bytes(message, policy=email.policy.default.clone(raise_on_defect=True)))


def _by_python(message: object) -> Part:
    assert isinstance(message, EmailMessage)
    defects = [defect for value in message.values() for defect in value.defects]
    assert not defects, defects
    kind, disposition = message["Content-Type"], message["Content-Disposition"]
    assert kind is None or isinstance(kind, ContentTypeHeader)
    assert disposition is None or isinstance(disposition, ContentDispositionHeader)
    said = {} if kind is None else dict(kind.params)
    octets = None if message.is_multipart() else message.get_payload(decode=True)
    assert octets is None or isinstance(octets, bytes)
    return Part(
        fields=_comparable({name: message.get_all(name, []) for name in message}),
        type=message.get_content_type(),
        charset=said.get("charset"),
        method=said.get("method"),
        name=said.get("name"),
        disposition=None if disposition is None else disposition.content_disposition,
        filename=None if disposition is None else disposition.params.get("filename"),
        body=None if octets is None else _body(octets, message.get_content_maintype()),
        parts=[_by_python(part) for part in message.iter_parts()],
    )


def by_mime_tools(messages: Sequence[bytes]) -> list[Part]:
    """All of them by one process."""
    perl = ["chroot", str(root_of("mime-tools")), "/usr/bin/env", "-i", "LC_ALL=C", "perl", "-e", _SCRIPT.read_text()]
    given = json.dumps([base64.b64encode(message).decode() for message in messages])
    done = subprocess.run(perl, input=given, capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return [_by_mime_tools(part) for part in json.loads(done.stdout)]


def _by_mime_tools(part: Mapping[str, Any]) -> Part:
    body = part["body"]
    octets = None if body is None else base64.b64decode(body)
    return Part(
        fields=_comparable(part["fields"]),
        body=None if octets is None else _body(octets, part["type"].partition("/")[0]),
        parts=[_by_mime_tools(inner) for inner in part["parts"]],
        **{name: part[name] for name in ("type", "charset", "method", "name", "disposition", "filename")},
    )


def _comparable(fields: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    names = {name.lower(): map(str, values) for name, values in fields.items() if name.lower() not in _STRUCTURED}
    return {
        # Python puts quotes around a name that needs none once it is decoded, and takes off what needs none.
        name: [" ".join(value.replace('"', "").split() if name in _ADDRESSES else value.split()) for value in values]
        for name, values in names.items()
    }


def _body(octets: bytes, maintype: str) -> bytes:
    return octets.replace(b"\r\n", b"\n") if maintype == "text" else octets
