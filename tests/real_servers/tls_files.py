"""A certificate for `localhost` and 127.0.0.1, its key, and the authority to trust, as files that a server can read."""

from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """All PEM."""

    ca: Path
    certificate: Path
    key: Path
    both: Path
    """Key and certificate in one file, as Courier wants it."""


def write_tls_files(folder: Path) -> TlsFiles:
    """Makes an authority and a certificate of it, good from now on, and writes them into the folder."""
    authority = trustme.CA()
    issued = authority.issue_cert("localhost", "127.0.0.1")
    files = TlsFiles(
        ca=folder / "ca.pem", certificate=folder / "server.pem", key=folder / "server.key", both=folder / "both.pem"
    )
    authority.cert_pem.write_to_path(str(files.ca))
    files.certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(str(files.key))
    files.both.write_bytes(issued.private_key_pem.bytes() + files.certificate.read_bytes())
    files.key.chmod(0o600)
    files.both.chmod(0o600)
    return files
