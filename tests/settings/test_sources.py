"""Where a setting comes from: an option beats the environment, which beats the file."""

import tomllib
from datetime import UTC, datetime, timedelta

import pytest

from campaign.settings import SETTING_HELP
from campaign.settings.names import NAMED_FIELDS
from tests.settings.campaign_files import (
    COMPANIONS,
    GOOD,
    MINIMAL,
    SECRETS,
    Folder,
    attribute,
    changed,
    variable,
    with_setting,
)

# Which source counts


def test_every_setting_is_tried_below_and_says_what_it_wants() -> None:
    """Those that stand there once for each name have tests of their own: only the file has them."""
    assert set(GOOD) == set(SETTING_HELP) - set(SECRETS) - NAMED_FIELDS
    assert all(wanted.words for wanted in SETTING_HELP.values())


@pytest.mark.parametrize("key", GOOD)
def test_the_example_of_every_setting_is_accepted(folder: Folder, key: str) -> None:
    example = tomllib.loads(f"example = {SETTING_HELP[key].example}")["example"]
    assert attribute(folder.load(with_setting(key, example)), key) is not None


@pytest.mark.parametrize(("key", "text", "value"), [(key, *pair) for key, pairs in GOOD.items() for pair in pairs])
def test_every_setting_can_come_from_the_environment_and_from_an_option(
    folder: Folder, key: str, text: str, value: object
) -> None:
    base = changed(retry={"first_wait": "1ms"}) if key != "retry.first_wait" else changed()
    if key in COMPANIONS:
        base.setdefault(key.partition(".")[0], {}).update(COMPANIONS[key])
    assert attribute(folder.load(base, {variable(key): text}), key) == value
    assert attribute(folder.load(base, {}, {key: text}), key) == value


@pytest.mark.parametrize("key", GOOD)
def test_an_option_beats_the_environment_which_beats_the_file(folder: Folder, key: str) -> None:
    (first, first_value), (second, second_value) = GOOD[key]
    file = with_setting(key, first)
    assert attribute(folder.load(file), key) == first_value
    assert attribute(folder.load(file, {variable(key): second}), key) == second_value
    assert attribute(folder.load(file, {variable(key): second}, {key: first}), key) == first_value
    assert attribute(folder.load(file, {variable(key): second}, {key: None}), key) == second_value


def test_a_value_that_is_beaten_is_not_judged(folder: Folder) -> None:
    assert folder.load(changed(smtp={"port": "none"}), {"CAMPAIGN_SMTP__PORT": "25"}).smtp.port == 25


def test_closes_and_lasts_displace_each_other_across_sources_but_not_within_one(folder: Folder) -> None:
    file = changed(window={"closes": datetime(2026, 11, 23, 17)})
    by_option = folder.load(file, {}, {"window.lasts": "2h"}).window
    assert (by_option.closes, by_option.lasts) == (None, timedelta(hours=2))
    by_environment = folder.load(file, {"CAMPAIGN_WINDOW__LASTS": "3h"}).window
    assert (by_environment.closes, by_environment.lasts) == (None, timedelta(hours=3))
    moment = datetime(2026, 11, 24, tzinfo=UTC)
    over_both = folder.load(file, {"CAMPAIGN_WINDOW__LASTS": "3h"}, {"window.closes": moment}).window
    assert (over_both.closes, over_both.lasts) == (moment, None)
    error = folder.refusal(changed(window={"closes": datetime(2026, 11, 23, 17), "lasts": "8h"}))
    assert error.what == "window.lasts: closes is given as well"


# Variables and options of no setting


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("CAMPAIGN_SMTP__HOTS", "did you mean CAMPAIGN_SMTP__HOST?"),
        ("CAMPAIGN_SMTP_HOST", "did you mean CAMPAIGN_SMTP__HOST?"),
        ("CAMPAIGN_SMTP.HOST", "did you mean CAMPAIGN_SMTP__HOST?"),
        ("CAMPAIGN_smtp__host", "did you mean CAMPAIGN_SMTP__HOST?"),
        ("CAMPAIGN_LINK_SECRET", "did you mean CAMPAIGN_LINK__SECRET?"),
        ("CAMPAIGN_SMTP__PASWORD_FILE", "did you mean CAMPAIGN_SMTP__PASSWORD_FILE?"),
        ("CAMPAIGN_SMTP__HOST_FILE", "names no setting"),
        ("CAMPAIGN_SMTP", "names no setting"),
        ("CAMPAIGN_", "names no setting"),
        ("CAMPAIGN_PATH", "names no setting"),
    ],
)
def test_a_variable_that_names_no_setting_is_refused(folder: Folder, name: str, words: str) -> None:
    error = folder.refusal(MINIMAL, {name: "hunter2"})
    assert error.what.startswith(f"{name} names no setting")
    assert words in error.what
    assert "hunter2" not in str(error)


def test_other_peoples_variables_and_empty_ones_are_left_alone(folder: Folder) -> None:
    environ = {"PATH": "/bin", "SMTP__HOST": "x", "MY_CAMPAIGN_X": "y", "CAMPAIGN_SMTP__HOST": "", "CAMPAIGNS": "1"}
    assert folder.load(MINIMAL, environ).smtp.host == "smtp.acme.example"


def test_a_variable_is_named_where_its_value_is_refused(folder: Folder) -> None:
    assert folder.refusal(MINIMAL, {"CAMPAIGN_SMTP__PORT": "x"}).where == "CAMPAIGN_SMTP__PORT"
    assert folder.refusal(MINIMAL, {"CAMPAIGN_CONTACTS__FILE": "\udcff"}).where == "CAMPAIGN_CONTACTS__FILE"


def test_an_option_of_no_setting_is_refused(folder: Folder) -> None:
    assert folder.refusal(MINIMAL, {}, {"smtp.prot": 25}).what == "no such setting smtp.prot; did you mean smtp.port?"
