"""`--write-table`: what the tests found goes into campaign/guide/relays.md."""

import pytest

from tests.real_servers.page import write_findings

Findings = dict[str, list[tuple[str, ...]]]
_FINDINGS = pytest.StashKey[Findings]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-table", action="store_true", help="write what the real servers did into the guide's page")


def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.config.getoption("--write-table", default=False):
        findings: Findings = session.config.stash.get(_FINDINGS, Findings())
        write_findings(findings)


@pytest.fixture
def found(request: pytest.FixtureRequest) -> "Found":
    """Notes a row of one of the page's tables."""
    return Found(request.config.stash.setdefault(_FINDINGS, {}))


class Found:
    def __init__(self, findings: Findings) -> None:
        self._findings = findings

    def __call__(self, table: str, *cells: str) -> None:
        self._findings.setdefault(table, []).append(cells)
