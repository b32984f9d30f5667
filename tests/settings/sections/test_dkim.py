"""[dkim]: in whose name is signed, one key or several, and a key that is never quoted."""

from pathlib import Path

import pytest

from campaign.settings import open_to_others, secret_files
from tests.dkim.keys import ed25519, pem, rsa
from tests.settings.campaign_files import DKIM, MINIMAL, Folder, changed, toml

KEY = """
[[dkim]]
domain = "{domain}"
selector = "{selector}"
key_file = "{selector}.pem"
"""


def several(*named: tuple[str, str]) -> str:
    return toml(MINIMAL) + "".join(KEY.format(domain=domain, selector=selector) for domain, selector in named)


def test_nothing_is_signed_unless_it_is_asked_for(folder: Folder) -> None:
    assert folder.load().dkim == ()


def test_one_key(folder: Folder) -> None:
    (key,) = folder.load(changed(dkim=DKIM)).dkim
    assert (key.domain, key.selector, key.key_file) == ("other.example", "other", folder.path / "other.pem")
    assert key.record_name == "other._domainkey.other.example"


def test_two_keys(folder: Folder) -> None:
    first, second = folder.load(several(("acme.example", "2026a"), ("acme.example", "2026e"))).dkim
    assert (first.selector, second.selector) == ("2026a", "2026e")
    assert second.key_file == folder.path / "2026e.pem"


def test_a_list_of_one_table_is_one_key(folder: Folder) -> None:
    environ = {"CAMPAIGN_DKIM__KEY_FILE": "/run/key.pem"}
    (key,) = folder.load(several(("acme.example", "2026a")), environ).dkim
    assert key.key_file == Path("/run/key.pem")


def test_the_environment_names_the_keys_file(folder: Folder) -> None:
    """It is a path, and not the file of a secret: what is in it is not looked at here."""
    document = changed(dkim={"domain": "acme.example", "selector": "2026a"})
    (key,) = folder.load(document, {"CAMPAIGN_DKIM__KEY_FILE": "keys/a.pem"}).dkim
    assert key.key_file == folder.path / "keys" / "a.pem"
    (key,) = folder.load(document | {"dkim": DKIM}, {"CAMPAIGN_DKIM__KEY_FILE": ""}).dkim
    assert key.key_file == folder.path / "other.pem"


def test_the_environment_can_not_mean_one_of_several(folder: Folder) -> None:
    document = several(("acme.example", "2026a"), ("acme.example", "2026e"))
    error = folder.refusal(document, {"CAMPAIGN_DKIM__KEY_FILE": "key.pem"})
    assert error.what == "CAMPAIGN_DKIM__KEY_FILE can't say which [[dkim]] it is for: there are 2"
    assert error.where == "CAMPAIGN_DKIM__KEY_FILE"


@pytest.mark.parametrize("missing", ["domain", "selector", "key_file"])
def test_what_is_missing_is_named(folder: Folder, missing: str) -> None:
    error = folder.refusal(changed(dkim={key: value for key, value in DKIM.items() if key != missing}))
    assert error.what.startswith(f"dkim.{missing} is missing")
    assert f"under [dkim]: {missing} = " in error.fix
    empty = folder.refusal(toml(MINIMAL) + "\n[dkim]\n")
    assert f"dkim.{missing} is missing" in empty.what


def test_of_several_the_one_that_is_wrong_is_named(folder: Folder) -> None:
    error = folder.refusal(several(("acme.example", "2026a"), ("acme.example", "2026_e")))
    assert error.what.startswith("dkim.selector of [[dkim]] number 2 is '2026_e'; ")
    both = folder.refusal(several(("acme", "2026a"), ("acme", "2026e")))
    assert "dkim.domain is 'acme'" in both.what
    assert "dkim.domain of [[dkim]] number 2 is 'acme'" in both.what


@pytest.mark.parametrize("again", [("acme.example", "2026a"), ("ACME.example.", "2026A")])
def test_two_keys_of_one_name_are_refused(folder: Folder, again: tuple[str, str]) -> None:
    error = folder.refusal(several(("acme.example", "2026a"), ("acme.example", "b"), again))
    assert error.what == "dkim.selector: 2026a._domainkey.acme.example stands for two keys"


def test_one_selector_for_two_domains_will_do(folder: Folder) -> None:
    assert len(folder.load(several(("acme.example", "2026a"), ("shop.example", "2026a"))).dkim) == 2


@pytest.mark.parametrize(
    ("domain", "words"),
    [
        ("acme", "not a domain name"),
        ("2026a._domainkey.acme.example", "names the record"),
        ("_domainkey.acme.example", "names the record"),
        ("hello@acme.example", "the domain name alone"),
        ("https://acme.example", "the domain name alone"),
        ("ac_me.example", "not a domain name"),
        ("-acme.example", "not a domain name"),
        ("192.0.2.1", "not a domain name"),
        ("acme..example", "not a domain name"),
        ("", "blank"),
    ],
)
def test_what_is_no_domain_is_refused(folder: Folder, domain: str, words: str) -> None:
    error = folder.refusal(changed(dkim=DKIM | {"domain": domain}))
    assert error.what.startswith("dkim.domain is ")
    assert words in error.what


@pytest.mark.parametrize(
    ("selector", "words"),
    [
        ("2026a._domainkey", "more than the selector"),
        ("2026_a", "letters a to z"),
        ("a..b", "letters a to z"),
        (".a", "letters a to z"),
        ("a-", "letters a to z"),
        ("ä", "letters a to z"),
        ("a b", "letters a to z"),
        ("a" * 64, "letters a to z"),
        (2026, "must be text"),
    ],
)
def test_what_is_no_selector_is_refused(folder: Folder, selector: object, words: str) -> None:
    error = folder.refusal(changed(dkim=DKIM | {"selector": selector}))
    assert error.what.startswith("dkim.selector is ")
    assert words in error.what


def test_a_name_that_no_dns_can_have_is_refused(folder: Folder) -> None:
    domain = ".".join(["a" * 60] * 3 + ["example"])
    error = folder.refusal(changed(dkim=DKIM | {"domain": domain, "selector": "s" * 60}))
    assert "the DNS has 253 at most" in error.what


@pytest.mark.parametrize("kind", [rsa, ed25519])
@pytest.mark.parametrize("bare", [True, False])
def test_a_key_where_its_path_should_stand_is_refused_and_not_shown(folder: Folder, kind: object, bare: bool) -> None:
    assert callable(kind)
    block = pem(kind()).decode()
    written = "".join(block.splitlines()[1:-1]) if bare else block
    for error in (
        folder.refusal(changed(dkim=DKIM | {"key_file": written})),
        folder.refusal(changed(dkim=DKIM), {"CAMPAIGN_DKIM__KEY_FILE": written}),
    ):
        assert error.what == "dkim.key_file: that is the key itself, which can't stand here"
        assert not [part for part in block.splitlines() if part[:20] in str(error)]


def test_a_key_under_another_name_is_not_shown(folder: Folder) -> None:
    for error in (
        folder.refusal(changed(dkim=DKIM | {"key": "hunter2"})),
        folder.refusal(changed(dkim=DKIM), {"CAMPAIGN_DKIM__KEY": "hunter2"}),
    ):
        assert "hunter2" not in str(error)
        assert "KEY_FILE" in str(error) or "key_file" in str(error)


@pytest.mark.parametrize("written", ["dkim = 5", "dkim = [1]", 'dkim = "dkim.pem"', "dkim = [[1]]"])
def test_what_is_no_table_is_refused(folder: Folder, written: str) -> None:
    error = folder.refusal(f"{written}\n{toml(MINIMAL)}")
    assert "dkim is not a section" in error.what
    assert "[dkim]" in error.fix


def test_files_of_keys_that_others_may_read_are_found(folder: Folder) -> None:
    for name, mode in {"2026a": 0o600, "2026e": 0o640}.items():
        (folder.path / f"{name}.pem").write_bytes(b"")
        (folder.path / f"{name}.pem").chmod(mode)
    loaded = folder.load(several(("acme.example", "2026a"), ("acme.example", "2026e")))
    found = list(open_to_others(secret_files(loaded, {})))
    assert found == [("dkim.key_file of 2026e", folder.path / "2026e.pem", "its group")]
    one = folder.load(several(("acme.example", "2026e")))
    assert list(secret_files(one, {})) == ["dkim.key_file"]
