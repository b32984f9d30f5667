"""A run to be joined, in memory: what its owner has offered."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pytest

from campaign.errors import LedgerError
from campaign.ledger.interface import RunOnRecord
from campaign.ledger_place import DatabasePlace
from campaign.run import secrets_check
from campaign.run.bundle import Bundle, make_bundle
from campaign.run.joining import join
from campaign.run.plan import RunPlan, open_window
from campaign.schedule import Schedule
from campaign.worker.job import Job
from campaign.worker.message_factory import MessageFactory
from tests.campaigns import SECRET

PLACE = DatabasePlace(url="postgresql://db/campaign", campaign="small")
ENVIRON = {"CAMPAIGN_LINK__SECRET": SECRET}


@pytest.fixture
def cheap_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check value is made dear on purpose; here many are."""
    monkeypatch.setattr(secrets_check, "_COST", 2)


@dataclass
class OfferedRun:
    """As a worker sees it. `files` may be spoilt."""

    bundle: Bundle

    def __post_init__(self) -> None:
        self.files = dict(self.bundle.files)

    def current(self) -> RunOnRecord | None:
        return RunOnRecord(number=1, bundle=self.bundle.digest, owner="process 7 on mail-1", workers=0)

    def check(self) -> str:
        return self.bundle.check

    def file(self, digest: str) -> bytes:
        if digest not in self.files:
            raise LedgerError("it is gone")
        return self.files[digest]


def offered(plan: RunPlan, window: Schedule | None = None) -> tuple[Job, OfferedRun]:
    """Give an owner's orders for its own workers, and what it offers to others."""
    window = window or open_window()
    factory = MessageFactory(plan.message_plan(window))
    attached = None if factory.attachments is None else factory.attachments.for_all
    job = plan.job(window, "acme.example", b"made with this", b"salt", attached, rows_beyond=None)
    return job, OfferedRun(make_bundle(plan, job, factory))


def joined(
    run: OfferedRun, folder: Path, environ: Mapping[str, str] = MappingProxyType({}), *, files: Path | None = None
) -> Job:
    """Join it, as a worker in an empty folder does."""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = run.current()
    assert found is not None
    return join(run, found, place=PLACE, folder=folder, environ={**ENVIRON, **environ}, files=files)
