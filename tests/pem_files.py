"""PEM files of an operator's, made for a test: our certificate and key, and the authority of the tests' server."""

from pathlib import Path

from tests.smtp_server.certificates import authority_pem, client_certificate

US = "campaigns"
"""Whom the certificate names."""


class Files:
    """PEM files of the operator's."""

    def __init__(self, folder: Path) -> None:
        leaf = client_certificate(US)
        self.folder = folder
        self.ca = self.file("ca.pem", authority_pem())
        self.cert = self.file("client.pem", leaf.cert_chain_pems[0].bytes())
        self.key = self.file("client.key", leaf.private_key_pem.bytes())
        self.both = self.file("both.pem", leaf.private_key_and_cert_chain_pem.bytes())

    def file(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.touch(0o600)
        path.write_bytes(content)
        return path
