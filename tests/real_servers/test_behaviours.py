"""What real servers do that campaigns have to live with, each by the server that does it."""

from collections import Counter
from pathlib import Path

import pytest

from tests.campaigns import SmallCampaign
from tests.in_flight import DEPTHS
from tests.real_servers import courier, exim, postfix
from tests.real_servers.letters import HEADER, odd_contacts, set_up
from tests.real_servers.sending import command, hold
from tests.real_servers.servers import available

pytestmark = pytest.mark.real_servers


@pytest.mark.parametrize("in_flight", DEPTHS)
def test_postscreen_lets_everybody_through_on_the_second_connection(tmp_path: Path, in_flight: int) -> None:
    """A client that postscreen does not know hears 450 4.3.2 to every recipient of its first connection; that is no
    failure and no throttling: whoever comes again is let through."""
    with available(postfix.start(postscreen=True)) as relay:
        campaign = set_up(tmp_path / "campaign", "postscreen", relay, "starttls", in_flight=in_flight)
        campaign.contacts(odd_contacts(100), HEADER)
        ended = command(campaign, relay, "send")
        assert hold(campaign, Counter(relay.delivered())) == {"sent": 100}, ended.said
        assert "450 4.3.2" in relay.log.read_text(), "postscreen has tested nobody"
    assert ended.code == 0
    assert ended.seconds < 30, f"slowed down for nothing: {ended.said}"


def test_a_greylisted_row_is_tried_again_and_sent(tmp_path: Path) -> None:
    with available(postfix.start(greylist_for=2)) as relay:
        campaign = set_up(tmp_path / "campaign", "greylisted", relay, "starttls")
        campaign.contacts(odd_contacts(100), HEADER)
        ended = command(campaign, relay, "send")
        assert hold(campaign, Counter(relay.delivered())) == {"sent": 100}, ended.said
        assert relay.log.read_text().count("Greylisted") >= 100, "nobody was greylisted"
    assert ended.code == 0
    assert all(int(row["attempts"]) > 1 for row in campaign.results())


def test_courier_that_is_told_to_leaves_signatures_whole(tmp_path: Path) -> None:
    """By default it gives a multipart with base64 in it other boundaries; `opt MIME=none` ends that."""
    with available(courier.start(rewrites=False)) as relay:
        campaign = set_up(tmp_path / "campaign", "whole", relay, "starttls")
        campaign.contacts(odd_contacts(100), HEADER)
        ended = command(campaign, relay, "send")
        assert hold(campaign, Counter(relay.delivered())) == {"sent": 100}, ended.said


def _refused(count: int) -> list[tuple[str, str, str]]:
    """Three in ten are refused: some alone, some twenty in a row."""
    rows = []
    for number in range(count):
        alone, in_a_row = number % 10 == 3, number % 100 >= 80
        local = "refused" if alone or in_a_row else "p"
        rows.append((f"{local}{number}@people.example", f"Person {number}", ""))
    return rows


def test_exim_drops_clients_with_too_many_commands_that_are_not_mail(tmp_path: Path) -> None:
    """smtp_accept_max_nonmail: after ten such commands (RSET, EHLO, …) beyond what is usual it hangs up."""
    with available(exim.start(sign_in=True)) as relay:
        campaign = set_up(tmp_path / "campaign", "nonmail", relay, "starttls", connections=3)
        rows = _refused(600)
        campaign.contacts(rows, HEADER)
        ended = command(campaign, relay, "send")
        refused = {address for address, _, _ in rows if address.startswith("refused")}
        counts = hold(campaign, Counter(relay.delivered()))
        assert counts == {"sent": 600 - len(refused), "rejected": len(refused)}, ended.said
        assert "too many nonmail commands" not in relay.log.read_text()
    assert {address for address, status in campaign.statuses().items() if status == "rejected"} == refused
    assert ended.code == 1


def _stopped_with_everybody_pending(campaign: SmallCampaign, code: int, said: str) -> None:
    assert set(campaign.statuses().values()) == {"pending"}, said
    assert code == 3, said


def test_exim_that_wants_a_sign_in_first_stops_the_run(tmp_path: Path) -> None:
    """It is told at RCPT, 550, as if the recipient were at fault."""
    with available(exim.start(sign_in=True)) as relay:
        campaign = set_up(tmp_path / "campaign", "stranger", relay, "starttls")
        campaign.settings["smtp"].pop("username")
        campaign.load(relay.port)
        campaign.contacts(odd_contacts(50), HEADER)
        ended = command(campaign, relay, "send")
        assert not relay.delivered()
    _stopped_with_everybody_pending(campaign, ended.code, ended.said)


@pytest.mark.parametrize(
    "main",
    [
        pytest.param("smtpd_sender_restrictions = check_sender_access inline:{hello@acme.example=REJECT}", id="sender"),
        pytest.param("smtpd_client_restrictions = check_client_access inline:{127.0.0.1=REJECT}", id="client"),
        pytest.param("smtpd_helo_restrictions = check_helo_access static:REJECT", id="HELO"),
        pytest.param("smtpd_client_restrictions = check_client_access inline:{127.0.0.1=DEFER}", id="client, for now"),
    ],
)
def test_postfix_that_refuses_us_at_rcpt_stops_the_run(tmp_path: Path, main: str) -> None:
    """smtpd_delay_reject, its default: what it holds against sender, client or HELO it says of the recipient."""
    with available(postfix.start(main=main)) as relay:
        campaign = set_up(tmp_path / "campaign", "refused", relay, "none")
        campaign.contacts(odd_contacts(50), HEADER)
        ended = command(campaign, relay, "send")
        assert not relay.delivered()
    _stopped_with_everybody_pending(campaign, ended.code, ended.said)
