"""Secrets: from a variable or the file it names, and from nowhere else; what is asked of them."""

import pytest
from pydantic import SecretStr

from campaign.errors import SettingsError
from campaign.settings import open_to_others, require_secrets, secret_files
from tests.settings.campaign_files import MINIMAL, SECRETS, Document, Folder, attribute, changed, variable, with_setting


@pytest.mark.parametrize("key", SECRETS)
@pytest.mark.parametrize(
    ("content", "secret"),
    [
        ("s3cret\n", "s3cret"),
        ("s3cret\r\n", "s3cret"),
        ("s3cret\r", "s3cret"),
        ("\ufeffs3cret", "s3cret"),
        ("\ufeffs3cret\r\n", "s3cret"),
        (" ä ", " ä "),
        ("it's", "it's"),
        ('"half', '"half'),
        ("'", "'"),
        ("ab=cd==", "ab=cd=="),
    ],
)
def test_a_secret_comes_from_a_variable_or_the_file_it_names(
    folder: Folder, key: str, content: str, secret: str
) -> None:
    (folder.path / "secret.txt").write_bytes(content.encode())
    by_value = folder.load(MINIMAL, {variable(key): secret})
    by_file = folder.load(MINIMAL, {f"{variable(key)}_FILE": "secret.txt", variable(key): ""})
    for loaded in (by_value, by_file):
        found = attribute(loaded, key)
        assert isinstance(found, SecretStr)
        assert found.get_secret_value() == secret


@pytest.mark.parametrize("key", SECRETS)
def test_both_a_secret_and_its_file_are_one_too_many(folder: Folder, key: str) -> None:
    error = folder.refusal(MINIMAL, {variable(key): "hunter2", f"{variable(key)}_FILE": "secret.txt"})
    assert "both" in error.what
    assert "hunter2" not in str(error)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "No such file"),
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"\xef\xbb\xbf \r\n", "is empty"),
        (b"\xff", "not UTF-8"),
        *((text.encode(coding), "UTF-16") for text in ("hunter2",) for coding in ("utf-16", "utf-16-le", "utf-16-be")),
        ("hunter2".encode("utf-32"), "UTF-32"),
        (b"hunter2\n\n", "more than one line"),
        (b"hunter2\nhunter3\n", "more than one line"),
        (b"hunter2\r\nhunter3", "more than one line"),
        ("hunter2\u2028hunter3".encode(), "more than one line"),
        (b"\nhunter2\n", "more than one line"),
        (b"hunter2\t", "control character"),
        (b"\x1bhunter2", "control character"),
        ("hunter2\u200b\n".encode(), "invisible character"),
        ("\ufeff\ufeffhunter2".encode(), "invisible character"),
        (b'"hunter2"\n', "quotes around"),
        (b"'hunter2'", "quotes around"),
        ("\ufeff“hunter2”\r\n".encode(), "quotes around"),
        (b"CAMPAIGN_SMTP__PASSWORD=hunter2\n", "sets a variable"),
        (b"export CAMPAIGN_SMTP__PASSWORD = hunter2", "sets a variable"),
    ],
)
def test_a_secret_file_that_is_no_good_is_refused(folder: Folder, content: bytes | None, words: str) -> None:
    if content is not None:
        (folder.path / "secret.txt").write_bytes(content)
    error = folder.refusal(MINIMAL, {"CAMPAIGN_SMTP__PASSWORD_FILE": "secret.txt"})
    assert words in error.what
    assert error.where == "CAMPAIGN_SMTP__PASSWORD_FILE"
    assert str(folder.path if content is None else folder.path / "secret.txt") in error.what
    assert error.fix
    assert "hunter" not in str(error)


@pytest.mark.parametrize("key", SECRETS)
@pytest.mark.parametrize(
    "wrapped", ['"hunter2"', "hunter2\nhunter3", "hunter2\x07", "hunter2\u200b", "\ufeff", "“hunter2”"]
)
def test_a_secret_in_a_variable_is_held_to_the_same_rules(folder: Folder, key: str, wrapped: str) -> None:
    error = folder.refusal(MINIMAL, {variable(key): wrapped})
    assert error.where == variable(key)
    assert variable(key) in error.what
    assert "hunter" not in str(error)


@pytest.mark.parametrize("wrapped", ["\ufeffhunter2", "hunter2\n", "\ufeffhunter2\r\n"])
def test_what_a_copy_leaves_around_a_secret_in_a_variable_is_no_part_of_it(folder: Folder, wrapped: str) -> None:
    found = folder.load(MINIMAL, {"CAMPAIGN_SMTP__PASSWORD": wrapped}).smtp.password
    assert found is not None and found.get_secret_value() == "hunter2"


def test_a_missing_file_is_named_where_it_can_be_no_secret(folder: Folder) -> None:
    (folder.path / "secrets").mkdir()
    for value, named in {"secrets/key": True, f"{folder.path}/key": True, "key": False, "Zm/8key": False}.items():
        error = folder.refusal(MINIMAL, {"CAMPAIGN_LINK__SECRET_FILE": value})
        assert (value in error.what) is named, value


def test_files_of_secrets_that_others_may_read_are_found(folder: Folder) -> None:
    for name, mode in {"own": 0o600, "group": 0o640, "all": 0o604, "key.pem": 0o644}.items():
        (folder.path / name).write_text("s3cret")
        (folder.path / name).chmod(mode)
    document = changed(smtp={"client_cert": "cert.pem", "client_key": "key.pem"})
    for own, expected in {"own": [], "group": ["its group"], "all": ["everybody"]}.items():
        environ = {"CAMPAIGN_LINK__SECRET_FILE": own, "CAMPAIGN_SMTP__PASSWORD_FILE": "own"}
        found = list(open_to_others(secret_files(folder.load(document, environ), environ)))
        assert [who for _, _, who in found] == [*expected, "everybody"]
        assert found[-1] == ("smtp.client_key", folder.path / "key.pem", "everybody")


def test_a_folder_a_nul_and_a_huge_file_are_no_secret(folder: Folder) -> None:
    (folder.path / "huge").write_bytes(b"x" * 70_000)
    for value in (".", "a\0b", "huge"):
        assert folder.refusal(MINIMAL, {"CAMPAIGN_LINK__SECRET_FILE": value})


@pytest.mark.parametrize("key", SECRETS)
def test_a_secret_in_the_file_or_an_option_is_refused_by_name(folder: Folder, key: str) -> None:
    for error in (folder.refusal(with_setting(key, "hunter2")), folder.refusal(MINIMAL, {}, {key: "hunter2"})):
        assert key in error.what
        assert variable(key) in error.fix
        assert "hunter2" not in str(error)


@pytest.mark.parametrize("document", [changed(password="hunter2"), changed(smtp={"passwd": "x"}), changed(secret="x")])
def test_a_secret_under_another_name_is_still_told_where_to_go(folder: Folder, document: Document) -> None:
    error = folder.refusal(document)
    assert "CAMPAIGN_" in error.fix
    assert "hunter2" not in str(error)


def test_a_secret_that_will_be_needed_is_asked_for_by_name(folder: Folder) -> None:
    bare = folder.load(changed(smtp={"username": "campaigns"}))
    require_secrets(bare, sandbox=True)
    with pytest.raises(SettingsError) as caught:
        require_secrets(bare, sandbox=False)
    assert "CAMPAIGN_LINK__SECRET" in caught.value.what
    assert "CAMPAIGN_SMTP__PASSWORD" in caught.value.what
    with pytest.raises(SettingsError, match="password is missing") as caught:
        require_secrets(folder.load(changed(smtp={"username": "u"}), {"CAMPAIGN_LINK__SECRET": "x"}), sandbox=False)
    assert "CAMPAIGN_SMTP__PASSWORD_FILE" in caught.value.fix
    both = {"CAMPAIGN_LINK__SECRET": "x", "CAMPAIGN_SMTP__PASSWORD": "y"}
    require_secrets(folder.load(changed(smtp={"username": "u"}), both), sandbox=False)
    require_secrets(folder.load(MINIMAL, {"CAMPAIGN_LINK__SECRET": "x"}), sandbox=False)
