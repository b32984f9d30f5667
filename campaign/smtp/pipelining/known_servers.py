"""Servers of which it is known that they don't take the next envelope behind the end of a body.

In: what a server calls itself, its greeting and its EHLO keywords. Out: the kind of server, as a short name; or the
known server's name. Limits: a greeting can be changed, so what is not recognised here is still tried with care
(`pipelining`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownServer:
    """A server, and what it can be recognised by: words of its greeting, or an EHLO keyword that it alone offers."""

    name: str
    greeting: str
    """A regular expression."""
    keyword: str | None = None
    """In lower case, with its parameters."""
    because: str


NO_ENVELOPE_BEHIND_A_BODY = (
    KnownServer(
        name="Haraka",
        greeting=r"\bHaraka\b",
        because="answers each command with 503 'pipelined after end of DATA' (connection.js; seen with 3.3)",
    ),
    KnownServer(
        name="Courier",
        greeting=r"\bCourier\b",
        keyword="xverp=courier",
        because="throws away what arrives with the end of a body, and says nothing (seen with 1.0)",
    ),
    KnownServer(
        name="Dovecot submission",
        greeting=r"\bDovecot\b",
        keyword="burl",
        because="its process dies, and the reply to the body with it (lib-smtp; seen with 2.3)",
    ),
)


def known_server(greeting: str, features: Mapping[str, str]) -> KnownServer | None:
    """Give the server that is known not to take an envelope behind a body, if it is one. `features`: EHLO keywords in
    lower case, and their parameters.
    """
    offered = {f"{name}{parameters}".lower().replace(" ", "") for name, parameters in features.items()} | {*features}
    for server in NO_ENVELOPE_BEHIND_A_BODY:
        if re.search(server.greeting, greeting, re.IGNORECASE) or (server.keyword and server.keyword in offered):
            return server
    return None


def kind_of_server(greeting: str, features: Mapping[str, str]) -> str:
    """Give what is the same whenever this server, or another machine of its fleet, is spoken to: a short name of its
    greeting and its EHLO keywords. Words with a digit don't count: a session's number, the time, one host's name.
    """
    words = [word for word in greeting.lower().split() if not any(letter.isdigit() for letter in word)]
    said = " ".join([*words, "|", *sorted(features)])
    return blake2b(said.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
