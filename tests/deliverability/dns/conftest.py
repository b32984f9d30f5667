"""Fixtures: a name server of our own."""

from collections.abc import Iterator

import pytest

from tests.dns_server import Zone, name_server


@pytest.fixture(scope="session")
def _running_name_server() -> Iterator[Zone]:
    with name_server() as zone:
        yield zone


@pytest.fixture
def zone(_running_name_server: Zone) -> Zone:
    """A name server on loopback with nothing in it."""
    _running_name_server.clear()
    return _running_name_server
