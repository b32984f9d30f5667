"""A certificate for `localhost` and 127.0.0.1, by an authority that nobody else knows."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import trustme


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """All of it in PEM."""

    authority: str
    chain: str
    key: str

    def trust(self, folder: Path) -> Path:
        """Write the authority's certificate into the folder; gives the file."""
        file = folder / "authority.pem"
        file.write_text(self.authority)
        return file


@cache
def certificate() -> Certificate:
    """Make it, once for all servers."""
    authority = trustme.CA()
    issued = authority.issue_cert("localhost", "127.0.0.1")
    return Certificate(
        authority=authority.cert_pem.bytes().decode(),
        chain="".join(blob.bytes().decode() for blob in issued.cert_chain_pems),
        key=issued.private_key_pem.bytes().decode(),
    )
