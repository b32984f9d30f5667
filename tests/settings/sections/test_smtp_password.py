"""A password without TLS goes to this machine and nowhere else."""

import pytest

from campaign.settings import is_loopback
from tests.settings.campaign_files import Folder, changed


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]", "mail.localhost"])
def test_without_tls_a_password_may_go_to_this_machine(folder: Folder, host: str) -> None:
    smtp = {"host": host, "security": "none", "username": "u"}
    assert folder.load(changed(smtp=smtp), {"CAMPAIGN_SMTP__PASSWORD": "hunter2"}).smtp.security == "none"


@pytest.mark.parametrize("host", ["smtp.acme.example", "192.0.2.1", "localhost.acme.example", "::2", "128.0.0.1"])
@pytest.mark.parametrize(("username", "password"), [("u", "hunter2"), ("u", ""), (None, "hunter2")])
def test_without_tls_a_password_goes_nowhere_else(
    folder: Folder, host: str, username: str | None, password: str
) -> None:
    smtp = {"host": host, "security": "none"} | ({"username": username} if username else {})
    error = folder.refusal(changed(smtp=smtp), {"CAMPAIGN_SMTP__PASSWORD": password})
    assert error.what.startswith("smtp.security: ")
    assert "hunter2" not in str(error)


def test_without_tls_and_without_a_password_any_host_will_do(folder: Folder) -> None:
    assert folder.load(changed(smtp={"security": "none"})).smtp.security == "none"


def test_this_machine_is_known_by_its_loopback_names_and_addresses() -> None:
    assert all(map(is_loopback, ["localhost", "LOCALHOST.", "127.0.0.1", "::1", "::ffff:127.0.0.1"]))
    assert not any(map(is_loopback, ["0.0.0.0", "::", "10.0.0.1", "notlocalhost", "127.0.0.1.example", ""]))
