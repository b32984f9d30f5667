"""The command line, and an authority to trust, for the tests of this room."""

from collections.abc import Iterator

import pytest

from tests.command_line import command, small
from tests.smtp_server.certificates import authority_pem

__all__ = ["command", "small"]


@pytest.fixture(scope="module")
def trusted_authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The system trusts the tests' authority."""
    authority = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.write_bytes(authority_pem())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(authority))
        yield
