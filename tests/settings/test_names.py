"""Names of no setting and settings that are missing: the nearest name, the line to add, all of it at once."""

import copy

import pytest

from campaign.settings import SETTING_HELP
from tests.settings.campaign_files import MINIMAL, Document, Folder, changed

REQUIRED = ["name", "contacts.file", "message.template", "message.from", "link.domain", "smtp.host"]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (changed(smtp={"hots": "x"}), "no such setting smtp.hots; did you mean smtp.host?"),
        (changed(nane="x"), "no such setting nane; did you mean name?"),
        (changed(host="x"), "no such setting host; did you mean smtp.host?"),
        (changed(message={"domain": "x"}), "no such setting message.domain; did you mean link.domain?"),
        (changed(message={"reply-to": "x"}), "no such setting message.reply-to; did you mean message.reply_to?"),
        (changed(smtp={"Port": 5}), "no such setting smtp.Port; did you mean smtp.port?"),
        (changed(retry={"zzz": 5}), "no such setting retry.zzz"),
        (changed(links={"grace": "2h"}), "no such section [links]; did you mean [link]?"),
        (changed(zzz={"grace": "2h"}), "no such section [zzz]"),
        (changed(path="/x"), "no such setting path; did you mean ledger.path?"),
        (changed(window="8h"), "window is not a section"),
        (changed(window=[{"lasts": "8h"}]), "window is not a section"),
    ],
)
def test_a_name_of_no_setting_is_refused_with_the_nearest(folder: Folder, document: Document, words: str) -> None:
    assert folder.refusal(document).what == words


@pytest.mark.parametrize(
    ("document", "fix"),
    [
        (changed(message={"Feedback-ID": "a:b"}), "if it is a header field, write it under [message.headers]"),
        (changed(retry={"zzz": 5}), "take it out; the settings of [retry] are tries, first_wait, "),
        (changed(zzz=5), "take it out; the sections are contacts, message, "),
    ],
)
def test_where_no_name_is_near_the_places_to_look_are_told(folder: Folder, document: Document, fix: str) -> None:
    assert folder.refusal(document).fix.startswith(fix)


@pytest.mark.parametrize(
    ("section", "fix"),
    [
        ("dkim", "for two keys, write [[dkim]]"),
        ("smtp", "for two servers, write [[smtp]]"),
        ("link", "put its settings"),
    ],
)
def test_a_section_that_stands_there_twice_is_told_as_that(folder: Folder, section: str, fix: str) -> None:
    error = folder.refusal(f"[{section}]\n[{section}]\n")
    assert error.what == f"the settings file is not TOML: [{section}] stands there twice"
    assert "line 2" in error.where and error.fix.startswith(fix)


@pytest.mark.parametrize("missing", REQUIRED)
def test_what_is_missing_is_named_with_the_line_to_add(folder: Folder, missing: str) -> None:
    document = copy.deepcopy(MINIMAL)
    section, _, name = missing.rpartition(".")
    del (document[section] if section else document)[name]
    error = folder.refusal(document)
    assert error.what.startswith(f"{missing} is missing; it must be")
    assert f"{name} = {SETTING_HELP[missing].example}" in error.fix


def test_an_empty_file_names_all_that_is_missing(folder: Folder) -> None:
    what = folder.refusal("").what
    for missing in REQUIRED:
        assert f"{missing} is missing" in what
    assert "6 settings are wrong" in what


def test_a_misspelt_setting_is_not_called_missing_as_well(folder: Folder) -> None:
    document = copy.deepcopy(MINIMAL)
    document["smtp"] = {"hots": "smtp.acme.example"}
    assert folder.refusal(document).what == "no such setting smtp.hots; did you mean smtp.host?"


def test_everything_wrong_is_told_at_once_and_where(folder: Folder) -> None:
    error = folder.refusal(
        changed(smtp={"port": 0, "hots": "x", "password": "p"}, retry={"tries": "often"}, link={"domain": "x"}),
        {"CAMPAIGN_SMTP__RATE": "fast", "CAMPAIGN_NMAE": "x"},
        {"link.grace": "8"},
    )
    assert error.what.startswith("8 settings are wrong:")
    lines = error.what.splitlines()
    for words in (
        "smtp.port is 0",
        "smtp.hots; did you mean smtp.host?",
        "smtp.password",
        "retry.tries is 'often'",
        "link.domain is 'x'",
        "CAMPAIGN_SMTP__RATE: smtp.rate is 'fast'",
        "CAMPAIGN_NMAE names no setting; did you mean CAMPAIGN_NAME?",
        "the option for link.grace: link.grace: '8' has no unit",
    ):
        assert sum(words in line for line in lines) == 1, words
    for place in (str(folder.file), "CAMPAIGN_SMTP__RATE", "the environment", "the option for link.grace"):
        assert place in error.where
