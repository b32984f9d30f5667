"""The commands with an address: RFC 5321 sections 4.1.1.2, 4.1.1.3 and 4.1.2, and how long a line may be."""

import re
from dataclasses import dataclass

LONGEST_COMMAND = 512
"""With CRLF: RFC 5321 section 4.5.3.1.4."""
LONGEST_BY_VERB = {
    # What the extensions add: SIZE 26 (RFC 1870), BODY 17 (RFC 6152), SMTPUTF8 10 (RFC 6531), RET 9 and ENVID 107
    # (RFC 3461).
    b"MAIL": LONGEST_COMMAND + 26 + 17 + 10 + 9 + 107,
}
ENDS_GROUP = frozenset([b"EHLO", b"HELO", b"DATA", b"VRFY", b"EXPN", b"QUIT", b"NOOP", b"STARTTLS", b"AUTH"])
"""Whose reply the client must await before it goes on: RFC 2920 section 3.1, RFC 3207 section 4, RFC 4954 section 4."""

_ARGUMENT = re.compile(
    rb'(?:FROM|TO):<(?P<path>(?:"(?:[^"\\]|\\.)*"|[^"<>\s])*)>(?P<parameters>(?: [A-Z0-9][A-Z0-9-]*(?:=[!-<>-~]+)?)*)',
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Path:
    """The argument of MAIL or RCPT."""

    address: str
    parameters: dict[str, str]
    """By name in capitals; "" for those without a value."""


def unfit_for_bounces(parameters: dict[str, str]) -> str | None:
    """What is wrong with RET and ENVID: RFC 3461 sections 4 (xtext), 4.3 and 4.4."""
    if parameters.get("RET", "HDRS").upper() not in ("FULL", "HDRS"):
        return "RET is neither FULL nor HDRS"
    xtext = re.fullmatch(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})+", parameters.get("ENVID", "x"))
    return None if xtext and len(parameters.get("ENVID", "")) <= 100 else "ENVID is no xtext of up to 100 characters"


def parse_path(keyword: bytes, argument: bytes) -> Path | None:
    """Parses `FROM:<...> ...` or `TO:<...> ...`; None where it is not well formed."""
    if argument[: len(keyword)].upper() != keyword or not (found := _ARGUMENT.fullmatch(argument)):
        return None
    parameters: dict[str, str] = {}
    if written := found["parameters"]:
        for parameter in written.decode().split():
            name, _, value = parameter.partition("=")
            parameters[name.upper()] = value
    return Path(found["path"].decode("utf-8", "surrogateescape"), parameters)
