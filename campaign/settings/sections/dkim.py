"""[dkim], or [[dkim]] once for each key: in whose name messages are signed, and with which key.

Whether the key's file is there and will do, `campaign.dkim` says, and whether the DNS has its public half, `check`.
RFC 6376 section 3.1, RFC 8463.
"""

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator

from campaign.host_names import LONGEST_NAME, is_host_name
from campaign.settings.addresses import full_domain
from campaign.settings.faults import RefusedValueError
from campaign.settings.field_types import path, text
from campaign.settings.sections.base import Section

_INFIX = "._domainkey."
_KEY_ITSELF = re.compile(r"-----BEGIN|PRIVATE KEY|^\s*(MII|MC4CAQ|MFECAQ)[A-Za-z0-9+/=\s]{30,}")
"""How a PEM block begins, and what stands in one: DER of a key, in base64."""


def signing_domain(value: object) -> str:
    """Take the domain that signs; comes out in lower-case ASCII, as `d=` and the DNS have it (RFC 8616 section 3)."""
    written = text(value).strip().removesuffix(".")
    fix = 'write the domain alone: domain = "acme.example"'
    if _INFIX in f".{written.lower()}":
        raise RefusedValueError("it names the record; the selector is a setting of its own", fix=fix)
    if "@" in written or "/" in written:
        raise RefusedValueError("it must be the domain name alone", fix=fix)
    domain = full_domain(written)
    if domain is None:
        raise RefusedValueError("that is not a domain name", fix=fix)
    return domain


def selector_name(value: object) -> str:
    """Take a selector: one or more labels of a host name; comes out in lower case."""
    written = text(value).strip().lower()
    fix = 'write what stands before ._domainkey in the name of the DNS record: selector = "2026a"'
    if "_domainkey" in written:
        raise RefusedValueError("it is more than the selector", fix=fix)
    if not is_host_name(written):
        raise RefusedValueError("a selector has letters a to z, digits and '-', in parts with '.' between", fix=fix)
    return written


def key_path(value: object) -> Path:
    """Take the path of the key's file. Where the key itself stands, it is never quoted."""
    if isinstance(value, str) and _KEY_ITSELF.search(value):
        raise RefusedValueError(
            "that is the key itself, which can't stand here",
            fix='write the key into a file of its own, chmod 600, and name that: key_file = "dkim.pem"',
            quote=False,
        )
    return path(value)


class DkimSettings(Section):
    """[dkim]: one signature of every message."""

    domain: Annotated[str, PlainValidator(signing_domain)] = Field(
        description="a domain name, as a rule that of message.from", examples=['"acme.example"']
    )
    selector: Annotated[str, PlainValidator(selector_name)] = Field(
        description="the name of the key in the DNS", examples=['"2026a"']
    )
    key_file: Annotated[Path, PlainValidator(key_path)] = Field(
        description="the path of a PEM file with a private key", examples=['"dkim.pem"']
    )

    @property
    def record_name(self) -> str:
        """The DNS name of the public key."""
        return f"{self.selector}{_INFIX}{self.domain}"


def _tables(value: object) -> object:
    """Take one table for a list of one."""
    return [value] if isinstance(value, dict) else value


def _each_another(keys: tuple[DkimSettings, ...]) -> tuple[DkimSettings, ...]:
    """Refuse two keys under one name, and names that no DNS can have."""
    seen = set()
    for key in keys:
        if len(key.record_name) > LONGEST_NAME:
            length = len(key.record_name)
            problem = f"with the domain it makes a name of {length} characters; the DNS has {LONGEST_NAME} at most"
            raise RefusedValueError(problem, fix="choose a shorter one", setting="dkim.selector")
        if key.record_name in seen:
            raise RefusedValueError(
                f"{key.record_name} stands for two keys",
                fix="give each key a selector of its own",
                setting="dkim.selector",
            )
        seen.add(key.record_name)
    return keys


DkimKeys = Annotated[tuple[DkimSettings, ...], BeforeValidator(_tables), AfterValidator(_each_another)]
"""None, one or several."""
