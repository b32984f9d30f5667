"""What the tests of settings share."""

from pathlib import Path

import pytest

from tests.settings.campaign_files import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A folder with a campaign.toml to load."""
    return Folder(tmp_path)
