"""A bundle holds all that a worker elsewhere needs, and no secret; two runs that send alike have the same orders."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from campaign.model import Status
from campaign.run.plan import Resend, RunPlan
from campaign.run.secrets_check import checks, secrets_check
from campaign.run.signing_secret import signing_secret
from campaign.settings import load_settings
from tests.campaigns import SECRET, SmallCampaign
from tests.run.joined_run import cheap_checks, offered

__all__ = ["cheap_checks"]
pytestmark = pytest.mark.usefixtures("cheap_checks")


@pytest.fixture
def small(tmp_path: Path) -> SmallCampaign:
    return SmallCampaign(tmp_path / "owner").people(2)


def test_no_secret_is_in_it(small: SmallCampaign) -> None:
    """Neither the link secret, nor a password, nor a command that may hold one."""
    small.settings = {"smtp": {"host": "localhost", "username": "me", "token_command": "echo t0ken"}}
    small.load(25)
    environ = {
        "CAMPAIGN_LINK__SECRET": SECRET, "CAMPAIGN_BOUNCES__MAILBOX__PASSWORD": "hunter3",
        "CAMPAIGN_LEDGER__PASSWORD": "hunter4",
    }  # fmt: skip
    settings = load_settings(small.path, environ=environ)
    plan = replace(small.plan(25), settings=settings, secret=signing_secret(settings))
    _, run = offered(plan)
    everything = b"".join(run.files.values()) + run.bundle.check.encode() + repr(run.bundle).encode()
    for secret in (SECRET, "hunter", "t0ken"):
        assert secret.encode() not in everything


def test_what_sends_alike_has_the_same_orders_whenever_and_wherever_it_begins(tmp_path: Path) -> None:
    """So an owner on another machine may go on with it; the facts of two runs differ."""
    bundles = []
    for name in ("one", "two"):
        small = SmallCampaign(tmp_path / name).people(2)
        bundles.append(offered(small.plan(25))[1].bundle)
    one, two = bundles
    assert one.sends_as(two.digest) and one.digest != two.digest


def _with_new_text(small: SmallCampaign) -> RunPlan:
    (small.folder / "template" / "body.txt").write_text("Hello there,\n\n{{ link.url }}\n")
    return small.plan(25)


def _with_another_port(small: SmallCampaign) -> RunPlan:
    return small.plan(2525)


def _with_a_limit(small: SmallCampaign) -> RunPlan:
    return small.plan(25, limit=1)


def _as_a_resend(small: SmallCampaign) -> RunPlan:
    return small.plan(25, resend=Resend())


@pytest.mark.parametrize("other", [_with_new_text, _with_another_port, _with_a_limit, _as_a_resend])
def test_what_sends_otherwise_has_other_orders(small: SmallCampaign, other: Callable[[SmallCampaign], RunPlan]) -> None:
    one = offered(small.plan(25))[1].bundle
    assert not one.sends_as(offered(other(small))[1].bundle.digest)


def test_resends_of_other_rows_are_told_apart(small: SmallCampaign, tmp_path: Path) -> None:
    corrected = tmp_path / "corrected.csv"
    corrected.write_text("email\n")
    plans = [Resend(), Resend(include=[Status.REJECTED]), Resend(source=corrected)]
    found = {offered(small.plan(25, resend=one))[1].bundle.digest.partition(".")[0] for one in plans}
    assert len(found) == 3


def test_its_documents_name_all_its_files_and_nothing_of_the_owners_machine(small: SmallCampaign) -> None:
    _, run = offered(small.plan(25))
    orders = json.loads(run.files[run.bundle.digest.partition(".")[0]])
    named = {*orders["templates"].values(), *run.bundle.digest.split(".")}
    assert named == run.files.keys()
    assert str(small.folder) not in json.dumps(orders)


@pytest.mark.parametrize(
    ("secret", "bundle", "right"), [(SECRET, "a.b", True), ("x" * 32, "a.b", False), (SECRET, "a.c", False)]
)
def test_the_check_value_is_that_of_one_secret_and_one_bundle(secret: str, bundle: str, right: bool) -> None:
    assert checks(secrets_check(SECRET, "a.b"), secret, bundle) is right


@pytest.mark.parametrize("value", ["", ":", "zz:zz", "00", "é:é"])
def test_what_is_no_check_value_fits_nothing(value: str) -> None:
    assert not checks(value, SECRET, "a.b")
