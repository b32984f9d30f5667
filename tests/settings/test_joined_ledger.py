"""The ledger of a run to join, by options and the environment, without a campaign.toml."""

from collections.abc import Mapping

import pytest

from campaign.errors import SettingsError
from campaign.ledger_place import DatabasePlace
from campaign.settings import joined_ledger

URL = "postgresql://campaign@db.acme.example/campaign"
BOTH = {"CAMPAIGN_LEDGER__URL": URL, "CAMPAIGN_NAME": "autumn"}


@pytest.mark.parametrize(
    ("url", "name", "environ"),
    [
        (None, None, BOTH),
        (URL, "autumn", {}),
        (URL, None, {**BOTH, "CAMPAIGN_LEDGER__URL": "postgresql://other/other"}),
        (None, "autumn", {**BOTH, "CAMPAIGN_NAME": "winter"}),
    ],
)
def test_options_beat_the_environment(url: str | None, name: str | None, environ: Mapping[str, str]) -> None:
    assert joined_ledger(url, name, environ) == DatabasePlace(url=URL, campaign="autumn")


def test_nothing_named_is_none() -> None:
    assert joined_ledger(None, None, {"CAMPAIGN_LINK__SECRET": "x"}) is None


def test_the_password_comes_from_the_environment_alone() -> None:
    place = joined_ledger(None, None, {**BOTH, "CAMPAIGN_LEDGER__PASSWORD": "hunter2"})
    assert place is not None and place.password == "hunter2" and "hunter2" not in repr(place)


@pytest.mark.parametrize(
    ("url", "name", "word"),
    [
        (URL, None, "the campaign's name is missing"),
        (None, "autumn", "the ledger's address is missing"),
        ("postgresql://u:hunter2@db/campaign", "autumn", "password in it"),
        (URL, "a b", "it becomes part of file names"),
    ],
)
def test_what_will_not_do_is_refused_and_never_quoted(url: str | None, name: str | None, word: str) -> None:
    with pytest.raises(SettingsError) as raised:
        joined_ledger(url, name, {})
    assert word in raised.value.what and raised.value.where and raised.value.fix
    assert "hunter2" not in str(raised.value)
