"""Servers that break on an envelope behind a body, and what campaigns make of them: exact, quick, and no worse twice.

Haraka refuses it, Courier drops it, Dovecot's submission server dies of it. Each is tried under its own greeting, by
which it may be known, and (but Courier, whose greeting has no name) under another, by which it is not.
"""

import signal
from collections import Counter
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.campaigns import SmallCampaign
from tests.crashes.sender import start
from tests.real_servers import courier, dovecot, haraka
from tests.real_servers.pipelining import behind_the_body
from tests.real_servers.relay import Relay
from tests.real_servers.sending import Ended, command, hold
from tests.real_servers.servers import available

pytestmark = pytest.mark.real_servers
CONTACTS, CONNECTIONS = 600, 10
NAMELESS = "mail relay"
_REFUSED_BEHIND = "command pipelined after end of DATA - refused"
"""What Haraka's log says of an envelope behind a body."""


@pytest.mark.parametrize(
    ("server", "verdict"),
    [
        (haraka.start(), "not taken: 250 503 503 503"),
        (courier.start(), "not taken: 250, then silence"),
        (dovecot.start_submission(), "not taken: no answer, then silence"),
        (dovecot.start_lmtp(), "taken"),
    ],
    ids=["Haraka", "Courier", "Dovecot submission", "Dovecot LMTP"],
)
def test_what_these_tests_rest_on(server: AbstractContextManager[Relay], verdict: str) -> None:
    """A version that mends this makes the others below prove nothing; then this one says so."""
    with available(server) as relay:
        assert behind_the_body(relay) == verdict


@pytest.mark.parametrize("greeting", [None, NAMELESS], ids=["known", "nameless"])
def test_haraka_needs_no_more_connections_than_were_set(tmp_path: Path, greeting: str | None) -> None:
    with available(haraka.start(greeting=greeting)) as relay:
        before = _connections(relay)
        _all_sent(tmp_path / "campaign", relay)
        assert _connections(relay) - before <= CONNECTIONS + 1


@pytest.mark.parametrize(("greeting", "trials"), [(None, 0), (NAMELESS, 1)], ids=["known", "nameless"])
def test_haraka_is_as_quick_as_without_pipelining(tmp_path: Path, greeting: str | None, trials: int) -> None:
    """It refuses no envelope behind a body but that of the trial: with one behind every body it had a fifth of the
    rate. Rates are told by pairs of runs, one right after the other, until a pair shows it: the server gets quicker
    while it warms up, and other tests may run beside this one.
    """
    ratios: list[float] = []
    with available(haraka.start(greeting=greeting)) as relay:
        while max(ratios, default=0.0) < 0.5 and len(ratios) < 4:
            took = [
                _all_sent(tmp_path / f"{way}{len(ratios)}", relay, pipelining=way).seconds for way in ("auto", "off")
            ]
            ratios.append(took[1] / took[0])
        assert relay.log.read_text("utf-8", "replace").count(_REFUSED_BEHIND) == trials * len(ratios)
    assert max(ratios) >= 0.5, ratios


def test_courier_takes_at_least_twenty_messages_a_second(tmp_path: Path) -> None:
    with available(courier.start()) as relay:
        ended = _all_sent(tmp_path / "campaign", relay)
    assert ended.sent / ended.seconds >= 20


def test_ctrl_c_ends_a_run_at_courier_within_ten_seconds(tmp_path: Path) -> None:
    with available(courier.start()) as relay:
        campaign = _campaign(tmp_path / "campaign", relay).people(20 * CONTACTS)
        campaign.load(relay.port)
        run = start("send", str(campaign.path), "--yes", log=tmp_path / "said")
        try:
            run.wait_until(lambda: b"success: Message delivered" in relay.log.read_bytes())
            run.signal_all(signal.SIGINT)
            assert run.wait(timeout=10) == 3, run.said
            run.wait_for_silence()
        finally:
            run.kill()
        counts = hold(campaign, Counter(relay.delivered()), letters=False)
        assert counts["sent"] and counts["pending"] and not counts["in_doubt"], counts


@pytest.mark.parametrize(
    ("greeting", "most"), [(dovecot.DEFAULT_GREETING, 0), (NAMELESS, 1)], ids=["known", "nameless"]
)
def test_dovecot_is_learned_at_the_cost_of_one_message(tmp_path: Path, greeting: str, most: int) -> None:
    """And only once: the next run of the same campaign has nobody in doubt."""
    with available(dovecot.start_submission(greeting=greeting)) as relay:
        campaign = _campaign(tmp_path / "campaign", relay).people(CONTACTS)
        campaign.load(relay.port)
        first = command(campaign, relay, "send")
        counts = hold(campaign, Counter(relay.delivered()), letters=False)
        doubtful = counts["in_doubt"]
        assert doubtful <= most and counts["sent"] == CONTACTS - doubtful, (counts, first.said)
        assert first.code == int(doubtful > 0), first.said

        campaign.people(2 * CONTACTS)
        second = command(campaign, relay, "send")
        counts = hold(campaign, Counter(relay.delivered()), letters=False)
        assert second.sent == CONTACTS, second.said
        assert counts == Counter(sent=2 * CONTACTS - doubtful, in_doubt=doubtful), (counts, second.said)


def test_lmtp_delivers_all_of_them_once(tmp_path: Path) -> None:
    with available(dovecot.start_lmtp()) as relay:
        _all_sent(tmp_path / "campaign", relay, protocol="lmtp")


def _campaign(folder: Path, relay: Relay, **smtp: object) -> SmallCampaign:
    """Set up as most people would have it. One domain, for nothing here depends on it."""
    own = {"timeout": "60s", "connections": CONNECTIONS, "username": relay.username or "", **smtp}
    settings = {
        "smtp": {name: value for name, value in own.items() if value},
        "retry": {"tries": 5, "first_wait": "30s", "longest_wait": "15m"},
    }
    return SmallCampaign(folder, settings=settings, name=folder.name)


def _all_sent(folder: Path, relay: Relay, **smtp: object) -> Ended:
    """Send to everybody, and hold the results against the mailbox."""
    campaign = _campaign(folder, relay, **smtp).people(CONTACTS)
    campaign.load(relay.port)
    before = Counter(relay.delivered())
    ended = command(campaign, relay, "send")
    counts = hold(campaign, Counter(relay.delivered()) - before, letters=False)
    assert counts == {"sent": CONTACTS}, (counts, ended.said)
    assert ended.code == 0, ended.said
    return ended


def _connections(relay: Relay) -> int:
    count = relay.connections()
    assert count is not None
    return count
