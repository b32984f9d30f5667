"""Fixtures: a name server of our own."""

from collections.abc import Iterator

import pytest

from tests.dns_server import Zone, name_server


@pytest.fixture
def zone() -> Iterator[Zone]:
    """A name server on loopback with nothing in it."""
    with name_server() as running:
        yield running
