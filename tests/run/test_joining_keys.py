"""What a worker elsewhere signs and trusts with: its own machine's DKIM key, which must be the run's, and the
authorities that come along.
"""

from pathlib import Path

import pytest

from campaign.errors import SettingsError
from tests.campaigns import SmallCampaign
from tests.dkim.keys import ed25519, pem, rsa
from tests.run.joined_run import cheap_checks, joined, offered
from tests.smtp_server.certificates import authority_pem

__all__ = ["cheap_checks"]
pytestmark = pytest.mark.usefixtures("cheap_checks")


@pytest.fixture
def small(tmp_path: Path) -> SmallCampaign:
    small = SmallCampaign(tmp_path / "owner").people(2)
    small.settings = {"dkim": {"domain": "acme.example", "selector": "2026a", "key_file": "dkim.pem"}}
    (small.folder / "dkim.pem").write_bytes(pem(ed25519()))
    return small


def _elsewhere(small: SmallCampaign, tmp_path: Path) -> Path:
    """Take the key to another place, as another machine has it."""
    return (small.folder / "dkim.pem").rename(tmp_path / "own.pem")


def test_the_key_is_this_machines_own_and_no_key_is_in_the_bundle(small: SmallCampaign, tmp_path: Path) -> None:
    job, run = offered(small.plan(25))
    assert not any(b"PRIVATE KEY" in octets for octets in run.files.values())
    own = _elsewhere(small, tmp_path)
    there = joined(run, tmp_path / "worker", {"CAMPAIGN_DKIM__KEY_FILE": str(own)})
    (key,) = there.message_plan.signing_keys
    assert key.pem == job.message_plan.signing_keys[0].pem and key.source == str(own)


def test_where_the_settings_say_it_is_found_without_a_word(small: SmallCampaign, tmp_path: Path) -> None:
    """As on machines that mount their secrets alike."""
    job, run = offered(small.plan(25))
    assert joined(run, tmp_path / "worker").message_plan.signing_keys == job.message_plan.signing_keys


def test_one_that_is_not_there_is_named(small: SmallCampaign, tmp_path: Path) -> None:
    _, run = offered(small.plan(25))
    _elsewhere(small, tmp_path)
    with pytest.raises(SettingsError, match="the key can't be read") as raised:
        joined(run, tmp_path / "worker")
    assert raised.value.where == str(small.folder / "dkim.pem")


def test_another_key_is_refused(small: SmallCampaign, tmp_path: Path) -> None:
    """No inbox could verify it: the DNS has the run's."""
    _, run = offered(small.plan(25))
    (small.folder / "dkim.pem").write_bytes(pem(rsa()))
    with pytest.raises(SettingsError, match=r"the DNS has another for 2026a\._domainkey\.acme\.example"):
        joined(run, tmp_path / "worker")


def test_authorities_come_along(tmp_path: Path) -> None:
    small = SmallCampaign(tmp_path / "owner").people(2)
    (small.folder / "ca.pem").write_bytes(authority_pem())
    small.settings = {"smtp": {"security": "starttls", "ca_file": "ca.pem"}}
    job, run = offered(small.plan(25))
    (small.folder / "ca.pem").unlink()
    (one,) = joined(run, tmp_path / "worker").servers
    assert one.server.ca_file is not None and one.server.ca_file != job.servers[0].server.ca_file
    assert one.server.ca_file.read_bytes() == authority_pem()
