"""[ledger]: where it is on record who was mailed: a file, or a database that several machines share.

Raises RefusedValueError for a URL that won't do, never quoting one: it may hold a password.
"""

import re
from typing import Annotated, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import Field, PlainValidator, SecretStr, model_validator

from campaign.settings.faults import RefusedValueError
from campaign.settings.field_types import FilePath, text
from campaign.settings.sections.base import Section

_EXAMPLE = "postgresql://campaign@db.acme.example/campaign"
_WHERE = frozenset({"host", "hostaddr", "service"})
_SECRETS = frozenset({"password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key"})
_KNOWN = _WHERE | {
    "application_name", "channel_binding", "client_encoding", "connect_timeout", "dbname", "fallback_application_name",
    "gssdelegation", "gssencmode", "gsslib", "keepalives", "keepalives_count", "keepalives_idle", "keepalives_interval",
    "krbsrvname", "load_balance_hosts", "max_protocol_version", "min_protocol_version", "oauth_client_id",
    "oauth_issuer", "oauth_scope", "options", "passfile", "port", "replication", "require_auth", "requirepeer", "ssl",
    "ssl_max_protocol_version", "ssl_min_protocol_version", "sslcert", "sslcertmode", "sslcompression", "sslcrl",
    "sslcrldir", "sslkey", "sslkeylogfile", "sslmode", "sslnegotiation", "sslrootcert", "sslsni",
    "target_session_attrs", "tcp_user_timeout", "user",
}  # fmt: skip
"""What libpq has names for (manual, "Parameter Key Words"), but for secrets."""
_NOT_ENCODED = re.compile(r"%(?![0-9A-Fa-f]{2})|%00")
_HIDDEN = "set CAMPAIGN_LEDGER__PASSWORD, or CAMPAIGN_LEDGER__PASSWORD_FILE, in the environment"


def database_url(value: object) -> str:
    """Take the address of a PostgreSQL database (libpq, "Connection URIs"), without a password."""
    url = text(value).strip()
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.lower() not in ("postgresql", "postgres"):
        raise _refused("it must begin with postgresql://", fix=f'write it like "{_EXAMPLE}"')
    address, _, options = rest.partition("?")
    user, at, _ = address.rpartition("@")
    if at and ":" in unquote(user):
        raise _refused("it has a password in it, which others can read", fix=f"take it out, and {_HIDDEN}")
    try:
        given = dict(parse_qsl(options, keep_blank_values=True, strict_parsing=bool(options)))
        parts = urlsplit(f"postgresql://{address}")
        host, database = parts.netloc.rpartition("@")[2], parts.path.strip("/")
    except ValueError:
        raise _refused("that is no database's address", fix=f'write it like "{_EXAMPLE}"') from None
    if _SECRETS & given.keys():
        raise _refused("it has a password in it, which others can read", fix=f"take it out, and {_HIDDEN}")
    if ":" in given.get("user", ""):
        raise _refused("it has a password in it, which others can read", fix=f"take it out, and {_HIDDEN}")
    if not given.keys() <= _KNOWN:
        fix = "take it out, or write its name as PostgreSQL's manual does: sslmode, sslrootcert, connect_timeout"
        raise _refused("it has an option after the ? that PostgreSQL does not have", fix=fix)
    doubled = any(one.count("=") > 1 for one in options.split("&"))
    if doubled or parts.fragment or " " in url or _NOT_ENCODED.search(url):
        raise _refused("that is no database's address", fix=f'write it like "{_EXAMPLE}"')
    if any(not _is_port(one) for one in host.split(",")):
        raise _refused("that is no database's address", fix=f'write it like "{_EXAMPLE}"')
    if not host and not _WHERE & given.keys():
        fix = f'write it like "{_EXAMPLE}", or "postgresql:///campaign?host=/var/run/postgresql" for a socket'
        raise _refused("it names no host", fix=fix)
    if not database and not {"dbname", "service"} & given.keys():
        raise _refused("it names no database", fix=f'write its name after the host, like "{_EXAMPLE}"')
    return f"postgresql://{rest}"


def _refused(problem: str, *, fix: str) -> RefusedValueError:
    return RefusedValueError(problem, fix=fix, quote=False)


def _is_port(host: str) -> bool:
    """Whether what follows the colon of one host is a port, where there is a colon."""
    after = host.rpartition("]")[2] if host.startswith("[") else host
    before, _, port = after.partition(":")
    if host.startswith("[") and before:
        return False
    return not port or (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 1 << 16)


class LedgerSettings(Section):
    """[ledger]: where it is on record who was mailed."""

    path: FilePath | None = Field(default=None, description="the path of a file", examples=['"autumn.ledger"'])
    url: Annotated[str, PlainValidator(database_url)] | None = Field(
        default=None, description="the address of a PostgreSQL database, without a password", examples=[f'"{_EXAMPLE}"']
    )
    password: SecretStr | None = Field(default=None, description="a secret")

    @model_validator(mode="after")
    def _one_of_the_two(self) -> Self:
        if self.path is not None and self.url is not None:
            raise RefusedValueError(
                "ledger.path is set as well, and a campaign has one ledger",
                fix="take one of the two out",
                quote=False,
                setting="ledger.url",
            )
        return self
