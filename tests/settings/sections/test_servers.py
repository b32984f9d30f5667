"""[[smtp]]: several servers, told apart by name, each with what is its own."""

from pathlib import Path

import pytest

from campaign.errors import SettingsError
from campaign.settings import load_settings, require_secrets, secret_files
from tests.settings.campaign_files import Folder

HEAD = """name = "autumn"
[contacts]
file = "contacts.csv"
[message]
template = "letters"
from = "Acme <hello@acme.example>"
[link]
domain = "acme.myclickfunnels.com"
"""
SES = '[[smtp]]\nname = "ses"\nhost = "ses.example"\nusername = "s"\n'
OWN = '[[smtp]]\nname = "Own_1"\nhost = "own.example"\nport = 25\n'
BOTH = HEAD + SES + OWN


def test_several_servers_stand_in_order_of_priority_and_then_of_the_file(folder: Folder) -> None:
    last = SES + "priority = 3\n"
    first = '[[smtp]]\nname = "third"\nhost = "third.example"\npriority = 0\n'
    loaded = folder.load(HEAD + last + OWN + first)
    assert [server.name for server in loaded.servers] == ["third", "Own_1", "ses"]
    assert loaded.smtp is loaded.servers[0]
    assert [server.port for server in loaded.servers] == [587, 25, 587]


def test_one_server_needs_no_name_and_is_called_as_its_host(folder: Folder) -> None:
    for section in ("[smtp]", "[[smtp]]"):
        loaded = folder.load(f'{HEAD}{section}\nhost = "mx.example"\n')
        assert [server.name for server in loaded.servers] == ["mx.example"]


def test_each_of_several_needs_a_name(folder: Folder) -> None:
    error = folder.refusal(HEAD + SES + '[[smtp]]\nhost = "own.example"\n')
    assert "number 2 (own.example) has none" in error.what and "smtp.name" in error.what
    assert 'name = "ses"' in error.fix


def test_two_of_one_name_are_refused_whatever_their_case(folder: Folder) -> None:
    error = folder.refusal(HEAD + SES + SES.replace("ses", "SES"))
    assert "two servers are called SES" in error.what


@pytest.mark.parametrize("name", ["a-b", "1st", "é", "a b", "x" * 33, "a.b"])
def test_a_name_can_be_part_of_a_variables(folder: Folder, name: str) -> None:
    error = folder.refusal(HEAD + SES.replace("ses", name, 1))
    assert error.what.startswith("smtp.name is ") and "CAMPAIGN_SMTP__NAME__PASSWORD" in error.what


def test_what_is_wrong_in_the_second_says_so(folder: Folder) -> None:
    error = folder.refusal(HEAD + SES + OWN + "prot = 25\nrate = 0\nauth = 'plain'\n")
    assert "no such setting smtp.prot; did you mean smtp.port?" in error.what
    assert "smtp.rate of [[smtp]] number 2 is 0" in error.what
    error = folder.refusal(HEAD + SES + OWN + "auth = 'plain'\n")
    assert error.what.startswith("smtp.auth of [[smtp]] number 2: plain wants a username")


@pytest.mark.parametrize(
    ("key", "value"), [("host", "mx.example"), ("port", "7"), ("connections", "7"), ("rate", "7"), ("name", "x")]
)
def test_neither_environment_nor_option_can_say_which_server_they_mean(folder: Folder, key: str, value: str) -> None:
    variable = f"CAMPAIGN_SMTP__{key.upper()}"
    error = folder.refusal(BOTH, {variable: value})
    assert error.what == f"{variable} can't say which [[smtp]] it is for: there are 2"
    assert error.fix == f"leave it out, and write smtp.{key} in each"
    error = folder.refusal(BOTH, overrides={f"smtp.{key}": value})
    assert error.what == f"the option for smtp.{key} can't say which [[smtp]] it is for: there are 2"


def test_each_server_has_a_password_of_its_own(folder: Folder, tmp_path: Path) -> None:
    file = tmp_path / "own.secret"
    file.write_text("of own\n")
    environ = {"CAMPAIGN_SMTP__SES__PASSWORD": "of ses", "CAMPAIGN_SMTP__OWN_1__PASSWORD_FILE": str(file)}
    loaded = folder.load(BOTH, environ)
    found = {one.name: one.password.get_secret_value() for one in loaded.servers if one.password is not None}
    assert found == {"ses": "of ses", "Own_1": "of own"}
    assert "of ses" not in repr(loaded) and "of own" not in repr(loaded)
    assert secret_files(loaded, environ)["CAMPAIGN_SMTP__OWN_1__PASSWORD_FILE"] == file


def test_a_single_server_may_have_its_password_by_name(folder: Folder) -> None:
    one = HEAD + SES.replace("[[smtp]]", "[smtp]")
    loaded = folder.load(one, {"CAMPAIGN_SMTP__SES__PASSWORD": "of ses"})
    assert loaded.smtp.password is not None and loaded.smtp.password.get_secret_value() == "of ses"
    both = {"CAMPAIGN_SMTP__SES__PASSWORD": "of ses", "CAMPAIGN_SMTP__PASSWORD": "bare"}
    assert "both CAMPAIGN_SMTP__PASSWORD and CAMPAIGN_SMTP__SES__PASSWORD are set" in folder.refusal(one, both).what


def test_a_password_of_no_server_is_refused_and_not_quoted(folder: Folder) -> None:
    error = folder.refusal(BOTH, {"CAMPAIGN_SMTP__SSE__PASSWORD": "hunter2"})
    assert error.what == "CAMPAIGN_SMTP__SSE__PASSWORD names no server; the servers are ses, own_1"
    assert "hunter2" not in str(error)


def test_one_password_for_several_servers_is_refused_with_how_to_write_it(folder: Folder) -> None:
    error = folder.refusal(BOTH, {"CAMPAIGN_SMTP__PASSWORD": "hunter2"})
    assert error.what == "CAMPAIGN_SMTP__PASSWORD can't say which [[smtp]] it is for: there are 2"
    assert "CAMPAIGN_SMTP__SES__PASSWORD" in error.fix and "hunter2" not in str(error)


def test_the_password_of_one_server_is_called_missing_by_its_variable(folder: Folder) -> None:
    folder.load(BOTH)
    with pytest.raises(SettingsError) as caught:
        require_secrets(load_settings(folder.file, environ={"CAMPAIGN_LINK__SECRET": "x" * 32}), sandbox=False)
    assert caught.value.what == "smtp.username of ses is set, but its password is missing"
    assert "CAMPAIGN_SMTP__SES__PASSWORD" in caught.value.fix


def test_files_of_each_server_are_relative_to_the_campaign(folder: Folder) -> None:
    loaded = folder.load(HEAD + SES + 'ca_file = "a.pem"\n' + OWN + 'client_cert = "b.pem"\n')
    assert [loaded.servers[0].ca_file, loaded.servers[1].client_cert] == [
        loaded.folder / "a.pem",
        loaded.folder / "b.pem",
    ]
    assert secret_files(loaded, {}) == {"smtp.client_cert of Own_1": loaded.folder / "b.pem"}
