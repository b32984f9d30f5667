"""What the tests of the dispatcher share."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from campaign.smtp.session.session import Session
from tests.dispatchers import Office, due, session
from tests.worker.replies import Open


@pytest.fixture
def line() -> Iterator[Session]:
    """A session that offers everything."""
    with session() as one:
        yield one


@pytest.fixture
def office(tmp_path: Path, line: Session) -> Open:
    """An office with so many rows."""

    def opened(rows: int = 3, **options: Any) -> Office:
        return Office(tmp_path, line, [due(number) for number in range(1, rows + 1)], **options)

    return opened
