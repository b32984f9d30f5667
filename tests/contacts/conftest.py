"""What the tests of contacts share."""

from pathlib import Path

import pytest

from tests.contacts.contact_files import Write


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a contacts file."""

    def write_file(content: str | bytes, name: str = "contacts.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file
