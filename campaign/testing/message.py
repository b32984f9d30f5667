"""A message that arrived, as whoever gets it has it: decoded from the octets that came over the wire."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property
from types import MappingProxyType

from campaign.links import find_link
from campaign.testing.sign_in import SignIn, read_link


@dataclass(frozen=True, kw_only=True)
class RecordedMessage:
    """One message, for one recipient. Its link signs nobody in: the secret is the server's own."""

    to: str
    """The recipient in the envelope."""
    return_path: str
    """MAIL FROM."""
    octets: bytes = field(repr=False)
    """As they came."""
    secret: str = field(repr=False)
    """What links are signed with, where they are the server's."""

    @cached_property
    def parsed(self) -> EmailMessage:
        """The whole tree, by Python's `email`."""
        parsed = message_from_bytes(self.octets, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    @property
    def headers(self) -> Mapping[str, str]:
        """The header by name, decoded and unfolded; of fields that there are several of, the last."""
        return MappingProxyType({name: str(value) for name, value in self.parsed.items()})

    @property
    def subject(self) -> str:
        """Decoded."""
        return str(self.parsed["Subject"] or "")

    @property
    def text(self) -> str:
        """The plain text, its lines ending in LF; "" where there is none."""
        return self._body("plain")

    @property
    def html(self) -> str:
        """The HTML, likewise."""
        return self._body("html")

    @property
    def attachments(self) -> Mapping[str, bytes]:
        """Attached files, by name."""
        parts = self.parsed.iter_attachments()
        return MappingProxyType({str(one.get_filename()): one.get_payload(decode=True) for one in parts})  # type: ignore[misc]

    @property
    def link(self) -> str:
        """Its sign-in link; "" where there is none."""
        for body in (self.text, self.html):
            found, _ = find_link(body)
            if "token=" in found and "\n" not in found:
                return found
        return ""

    @property
    def sign_in(self) -> SignIn:
        """What the link says. Raises ValueError where there is none, or somebody else has signed it."""
        return read_link(self.link, self.secret)

    def _body(self, kind: str) -> str:
        part = self.parsed.get_body((kind,))
        return "" if part is None else str(part.get_content()).replace("\r\n", "\n")
