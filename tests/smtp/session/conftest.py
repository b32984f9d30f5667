"""Keys and certificates, for the tests of TLS."""

from pathlib import Path

import pytest

from tests.pem_files import Files


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)
