"""When a run stops before its end, and what then becomes of whom: our own fault marks nobody."""

import dataclasses
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from campaign.run.runner import run
from campaign.run.summary import RunSummary
from campaign.smtp.session.server import Security
from tests.campaigns import SmallCampaign, assert_agreement
from tests.ports import silent_port
from tests.smtp_server import CATALOGUE, FaultServer, Misbehaviour, Tls, local_part, share

pytestmark = pytest.mark.usefixtures("trusted_authority")

BACKOFF = 0.002
RELAY = b"554 5.7.1 Relay access denied\r\n"
POLICY = b"554 5.7.1 Recipient address rejected: Access denied\r\n"
"""May be us, may be them: what a submission service says to whoever is not signed in, too."""


def small(tmp_path: Path, people: int, **sections: dict[str, object]) -> SmallCampaign:
    smtp: dict[str, object] = {"timeout": "1m"}
    return SmallCampaign(tmp_path / "c", settings=sections | {"smtp": smtp | sections.get("smtp", {})}).people(people)


def send(campaign: SmallCampaign, server: FaultServer, **given: Any) -> RunSummary:
    """One run; what is given is the `Server`'s."""
    plan = campaign.plan(server.port, backoff=BACKOFF)
    return run(dataclasses.replace(plan, server=dataclasses.replace(plan.server, **given)), campaign.observer)


def counts(campaign: SmallCampaign, *servers: FaultServer) -> Counter[str]:
    return assert_agreement(campaign, [one.recipients[0] for server in servers for one in server.accepted])


class TestOurOwnFault:
    @pytest.mark.parametrize(
        ("features", "security", "words"),
        [
            ({"tls": Tls.WRONG_HOST}, "starttls", "not trusted"),
            ({"tls": Tls.EXPIRED}, "starttls", "expired"),
            ({"tls": Tls.UNKNOWN_CA, "implicit_tls": True}, "tls", "not trusted"),
            ({}, "starttls", "offers no STARTTLS"),
            ({"tls": Tls.GOOD, "logins": {"campaigns": "another"}}, "starttls", "sign-in refused: 535"),
            ({"tls": Tls.GOOD, "logins": {"campaigns": "x"}, "auth_mechanisms": ("NTLM",)}, "starttls", "no sign-in"),
        ],
    )
    def test_no_session(self, tmp_path: Path, features: dict[str, Any], security: Security, words: str) -> None:
        campaign = small(tmp_path, 5, smtp={"connections": 4})
        with FaultServer(**features) as server:
            summary = send(campaign, server, security=security, username="campaigns", password="hunter2")
        assert summary.exit_code == 3 and summary.trouble is not None
        assert words in summary.trouble.what and "smtp.host 127.0.0.1" in summary.trouble.where and summary.trouble.fix
        assert "hunter2" not in repr(summary)
        assert counts(campaign, server) == {"pending": 5}
        assert len(server.connections) == 1, "one attempt, no crowd"
        assert {row["attempts"] for row in campaign.results()} == {"0"}
        with FaultServer(tls=Tls.GOOD, logins={"campaigns": "hunter2"}) as mended:
            assert send(campaign, mended, security="starttls", username="campaigns", password="hunter2").exit_code == 0
        assert counts(campaign, server, mended) == {"sent": 5}

    @pytest.mark.parametrize("pipelining", [True, False])
    @pytest.mark.parametrize("connections", [1, 4])
    def test_the_sender(self, tmp_path: Path, pipelining: bool, connections: int) -> None:
        campaign = small(tmp_path, 30, smtp={"connections": connections})
        with FaultServer(CATALOGUE["mail_5xx"](), pipelining=pipelining) as server:
            summary = send(campaign, server)
        assert summary.exit_code == 3 and summary.trouble is not None
        assert "MAIL: 550 Sender refused" in summary.trouble.what
        assert counts(campaign, server) == {"pending": 30}
        assert server.record.commands["MAIL"] <= connections
        with FaultServer() as mended:
            assert send(campaign, mended).exit_code == 0
        assert counts(campaign, mended) == {"sent": 30}


class TestInSoManyWords:
    """What names us stops the run at its first word, whatever the phase and the code, and marks nobody."""

    @pytest.mark.parametrize("people", [1, pytest.param(3, marks=pytest.mark.siege), 40])
    @pytest.mark.parametrize(
        ("name", "reply", "words"),
        [
            ("rcpt_5xx", b"553 5.7.1 <hello@acme.example>: Sender address rejected: not owned by user x", "our sender"),
            ("rcpt_5xx", b"554 5.7.1 <x[192.0.2.7]>: Client host rejected: Access denied", "that we connect from"),
            ("rcpt_5xx", b"504 5.5.2 <x>: Helo command rejected: need fully-qualified hostname", "we greet it with"),
            ("rcpt_5xx", RELAY.strip(), "to relay for us"),
            ("rcpt_4xx", b"454 4.7.1 <p1@people.example>: Relay access denied", "to relay for us"),
            ("rcpt_5xx", b"550 Please authenticate first", "us without sign-in"),
            ("body_5xx", b"554 Message rejected: Email address is not verified.", "our sender after the message"),
            ("body_5xx", b"550 The from address does not match a verified Sender Identity.", "our sender"),
            ("body_5xx", b"554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException", "our sender"),
            (
                "body_5xx",
                b"554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException",
                "quota for today",
            ),
            ("body_4xx", b"454 Throttling failure: Daily message quota exceeded.", "our quota for today is used up"),
            ("rcpt_4xx", b"450 4.7.1 <x>: Recipient address rejected: Policy Rejection- Quota Exceeded.", "our quota"),
            ("body_5xx", b"550 5.4.5 Daily user sending quota exceeded.", "our quota for today is used up"),
        ],
    )
    def test_it_stops_at_once(self, tmp_path: Path, people: int, name: str, reply: bytes, words: str) -> None:
        campaign = small(tmp_path, people)
        with FaultServer(CATALOGUE[name](reply=reply + b"\r\n")) as server:
            summary = send(campaign, server)
        assert summary.exit_code == 3 and summary.trouble is not None
        assert words in summary.trouble.what
        assert "same command again" in summary.trouble.fix and "smtp.host" in summary.trouble.where
        assert counts(campaign, server) == {"pending": people}
        assert server.record.commands["RCPT"] <= 2, "one, and the one behind it"
        with FaultServer() as mended:
            assert send(campaign, mended).exit_code == 0
        assert counts(campaign, server, mended) == {"sent": people}

    @pytest.mark.parametrize("reply", [RELAY, b"454 4.7.1 Relay access denied\r\n", b"550 relay not permitted\r\n"])
    def test_a_relay_that_says_it_of_one_domain_stops_nothing(self, tmp_path: Path, reply: bytes) -> None:
        campaign = small(tmp_path, 12)
        with FaultServer(CATALOGUE["rcpt_5xx"](reply=reply, match=local_part("p7"))) as server:
            summary = send(campaign, server)
        assert summary.exit_code == 1 and summary.trouble is None
        found = counts(campaign, server)
        assert found["sent"] == 11 and found["rejected"] + found["failed"] == 1

    def test_nor_does_it_when_the_run_that_goes_on_meets_it_first(self, tmp_path: Path) -> None:
        """What an earlier run has sent is proof, too: the campaign must not stop there again and again."""
        campaign = small(tmp_path, 3)
        with FaultServer() as server:
            run(campaign.plan(server.port, backoff=BACKOFF, limit=1), campaign.observer)
        with FaultServer(CATALOGUE["rcpt_5xx"](reply=RELAY, match=local_part("p1"))) as odd:
            assert send(campaign, odd).exit_code == 1
        assert counts(campaign, server, odd) == {"sent": 2, "rejected": 1}

    def test_the_sender_stops_it_even_after_messages_were_taken(self, tmp_path: Path) -> None:
        campaign = small(tmp_path, 12)
        reply = b"553 5.7.1 Sender address rejected: not owned by user x\r\n"
        with FaultServer(CATALOGUE["rcpt_5xx"](reply=reply, match=local_part("p7"))) as server:
            summary = send(campaign, server)
        assert summary.exit_code == 3 and summary.trouble is not None
        found = counts(campaign, server)
        assert found["sent"] >= 7 and set(found) == {"sent", "pending"}

    def test_a_name_that_the_dns_does_not_know_yet_is_nobodys_fault(self, tmp_path: Path) -> None:
        campaign = small(tmp_path, 4)
        reply = b"450 4.7.1 Client host rejected: cannot find your hostname, [192.0.2.7]\r\n"
        with FaultServer(CATALOGUE["rcpt_4xx"](reply=reply, times=6)) as server:
            assert send(campaign, server).exit_code == 0
        assert counts(campaign, server) == {"sent": 4}
        assert {row["attempts"] for row in campaign.results()} == {"1"}, "none of it cost a contact a try"
        campaign = SmallCampaign(tmp_path / "d").people(4)
        with FaultServer(CATALOGUE["rcpt_4xx"](reply=reply)) as server:
            summary = send(campaign, server)
        assert summary.exit_code == 3 and summary.trouble is not None
        assert counts(campaign, server) == {"pending": 4}


class TestASmallRun:
    """It ends before there are too many failures in a row; where nobody got through, it is judged as a whole."""

    @pytest.mark.parametrize("processes", [1, 2])
    @pytest.mark.parametrize("people", [1, pytest.param(3, marks=pytest.mark.siege), 8])
    @pytest.mark.parametrize(
        "wrong",
        [CATALOGUE["rcpt_5xx"](reply=POLICY), CATALOGUE["body_5xx"](), CATALOGUE["body_4xx"]()],
        ids=["access denied", "message refused", "queue is down"],
    )
    def test_nobody_got_through_and_all_were_refused_alike(
        self, tmp_path: Path, wrong: Misbehaviour, people: int, processes: int
    ) -> None:
        campaign = small(tmp_path, people, smtp={"connections": 2}, retry={"stop_after": 100, "tries": 2})
        with FaultServer(wrong) as server:
            plan = campaign.plan(server.port, backoff=BACKOFF, processes=processes)
            summary = run(plan, campaign.observer)
        assert summary.exit_code == 3 and summary.trouble is not None
        assert summary.trouble.what.startswith("nobody got through")
        assert (f"all {people} were refused alike" if people > 1 else "the only message") in summary.trouble.what
        assert "contacts.suppress" in summary.trouble.fix and "smtp.host" in summary.trouble.where
        assert counts(campaign, server) == {"pending": people}
        with FaultServer() as mended:
            assert send(campaign, mended).exit_code == 0
        assert counts(campaign, server, mended) == {"sent": people}

    @pytest.mark.parametrize("people", [1, 3])
    def test_people_who_do_not_exist_stay_rejected(self, tmp_path: Path, people: int) -> None:
        campaign = small(tmp_path, people)
        with FaultServer(CATALOGUE["rcpt_5xx"]()) as server:
            summary = send(campaign, server)
        assert summary.exit_code == 1 and summary.trouble is None
        assert counts(campaign, server) == {"rejected": people}

    def test_one_that_does_not_exist_among_them_makes_them_different(self, tmp_path: Path) -> None:
        campaign = small(tmp_path, 3)
        unknown = CATALOGUE["rcpt_5xx"](match=local_part("p1"))
        with FaultServer(unknown, CATALOGUE["rcpt_5xx"](reply=POLICY)) as server:
            assert send(campaign, server).exit_code == 1
        assert counts(campaign, server) == {"rejected": 3}

    def test_nor_are_two_kinds_of_refusal_alike(self, tmp_path: Path) -> None:
        campaign = small(tmp_path, 3)
        spam = CATALOGUE["body_5xx"](reply=b"554 5.7.1 Spam\r\n")
        with FaultServer(CATALOGUE["rcpt_5xx"](reply=POLICY, match=local_part("p1")), spam) as server:
            assert send(campaign, server).exit_code == 1
        assert counts(campaign, server) == {"rejected": 3}

    def test_one_that_got_through_is_proof_against_them(self, tmp_path: Path) -> None:
        campaign = small(tmp_path, 4)
        with FaultServer(CATALOGUE["rcpt_5xx"](reply=POLICY, match=lambda now: now.message > 1)) as server:
            assert send(campaign, server).exit_code == 1
        assert counts(campaign, server) == {"sent": 1, "rejected": 3}

    def test_the_last_one_of_a_campaign_has_a_final_word(self, tmp_path: Path) -> None:
        """Others were accepted before: alone, it would come back for ever. Of several, that is not as sure."""
        for people, expected in ((4, {"sent": 3, "rejected": 1}), (5, {"sent": 3, "pending": 2})):
            campaign = SmallCampaign(tmp_path / str(people)).people(people)
            with FaultServer() as first:
                run(campaign.plan(first.port, backoff=BACKOFF, limit=3), campaign.observer)
            with FaultServer(CATALOGUE["rcpt_5xx"](reply=POLICY)) as server:
                assert send(campaign, server).exit_code == (1 if people == 4 else 3)
            assert counts(campaign, first, server) == expected


class TestTooManyFailures:
    @pytest.mark.parametrize("pipelining", [True, False])
    @pytest.mark.parametrize("connections", [1, 4])
    @pytest.mark.parametrize(
        "wrong",
        [
            CATALOGUE["rcpt_5xx"](reply=POLICY),
            CATALOGUE["body_5xx"](reply=b"554 5.7.1 Spam\r\n"),
            CATALOGUE["body_4xx"](reply=b"451 4.3.0 Milter is down\r\n"),
            CATALOGUE["mail_4xx"](reply=b"451 4.3.0 Database is down\r\n"),
            CATALOGUE["data_cut"](),
        ],
        ids=["access denied", "all is spam", "queue is down", "database is down", "server crashes"],
    )
    def test_the_run_stops_and_nobody_is_marked(
        self, tmp_path: Path, wrong: Misbehaviour, pipelining: bool, connections: int
    ) -> None:
        campaign = small(tmp_path, 40, smtp={"connections": connections}, retry={"stop_after": 6, "tries": 3})
        with FaultServer(wrong, pipelining=pipelining) as server:
            summary = send(campaign, server)
        assert summary.exit_code == 3 and summary.trouble is not None
        assert "failures in a row" in summary.trouble.what and "retry.stop_after" in summary.trouble.fix
        assert counts(campaign, server) == {"pending": 40}
        if wrong.phase in ("RCPT", "body"):  # each of those is counted; of dropped connections, one at a time
            assert 6 <= server.record.commands["RCPT"] <= 6 + 2 * connections
        with FaultServer() as mended:
            assert send(campaign, mended).exit_code == 0
        assert counts(campaign, server, mended) == {"sent": 40}

    def test_it_says_what_it_saw(self, tmp_path: Path) -> None:
        campaign = small(tmp_path, 10, retry={"stop_after": 4})
        with FaultServer(CATALOGUE["rcpt_5xx"](reply=POLICY)) as server:
            summary = send(campaign, server)
        assert summary.trouble is not None
        assert summary.trouble.what.startswith("4 failures in a row")
        assert summary.trouble.what.endswith("at RCPT: Recipient address rejected: Access denied")

    def test_what_the_other_workers_met_is_nobodys_fault_either(self, tmp_path: Path) -> None:
        campaign = small(tmp_path, 400, smtp={"connections": 4}, retry={"stop_after": 20})
        with FaultServer(CATALOGUE["rcpt_5xx"](reply=POLICY)) as server:
            summary = run(campaign.plan(server.port, backoff=BACKOFF, processes=3), campaign.observer)
        assert summary.exit_code == 3 and summary.trouble is not None
        assert counts(campaign, server) == {"pending": 400}

    def test_people_who_do_not_exist_are_no_reason(self, tmp_path: Path) -> None:
        campaign = small(tmp_path, 30, retry={"stop_after": 3})
        with FaultServer(CATALOGUE["rcpt_5xx"]()) as server:
            summary = send(campaign, server)
        assert summary.exit_code == 1 and summary.trouble is None
        assert counts(campaign, server) == {"rejected": 30}

    def test_nor_is_greylisting(self, tmp_path: Path) -> None:
        # (In a trial of pipelining a refused row goes again at once, and this server takes every second try.)
        campaign = small(tmp_path, 30, retry={"stop_after": 3}, smtp={"pipelining": "envelope"})
        with FaultServer(CATALOGUE["rcpt_greylist"]()) as server:
            assert send(campaign, server).exit_code == 0
        assert counts(campaign, server) == {"sent": 30}
        assert {row["attempts"] for row in campaign.results()} == {"2"}, "greylisting takes a try"

    def test_one_success_and_the_count_begins_anew(self, tmp_path: Path) -> None:
        campaign = small(tmp_path, 60, retry={"stop_after": 12})
        with FaultServer(CATALOGUE["rcpt_5xx"](reply=POLICY, match=share(60))) as server:
            summary = send(campaign, server)
        found = counts(campaign, server)
        assert found["rejected"] > 20 and found["sent"] + found["rejected"] == 60
        assert summary.exit_code == 1 and summary.trouble is None

    def test_in_doubt_stays_in_doubt(self, tmp_path: Path) -> None:
        campaign = small(tmp_path, 20, retry={"stop_after": 4})
        with FaultServer(CATALOGUE["body_accepted_cut"]()) as server:
            summary = send(campaign, server)
        assert summary.exit_code == 3
        found = counts(campaign, server)
        assert found["in_doubt"] == len(server.accepted) == summary.in_doubt_now == 4 and found["pending"] == 16
        with FaultServer() as mended:
            again = send(campaign, mended)
        assert (again.sent_now, again.in_doubt_now) == (16, 0), "those of an earlier run are not this one's"
        assert counts(campaign, server, mended) == {"sent": 16, "in_doubt": 4}

    def test_nobody_listens(self, tmp_path: Path) -> None:
        campaign = small(tmp_path, 5)
        with silent_port() as silent:
            summary = run(campaign.plan(silent.getsockname()[1], backoff=BACKOFF), campaign.observer)
        assert summary.exit_code == 3 and summary.trouble is not None
        assert "connection refused" in summary.trouble.what and "smtp.port" in summary.trouble.fix
        assert counts(campaign) == {"pending": 5}


class TestTheWindowEnds:
    """Windows last long enough for a busy machine to begin in time; the rate makes sure that there is more to do."""

    def test_no_message_begins_after_it(self, tmp_path: Path) -> None:
        campaign = small(tmp_path, 600, smtp={"connections": 4, "rate": 60}, window={"lasts": "4s"})
        with FaultServer() as server:
            summary = send(campaign, server)
        assert summary.exit_code == 3 and summary.trouble is None
        assert summary.window.closes is not None
        found = counts(campaign, server)
        assert 1 <= found["sent"] <= 250 and found["pending"] == 600 - found["sent"]
        late = summary.window.closes + timedelta(seconds=1.5)  # on its way to the server's clock
        assert all(one.time < late.timestamp() for one in server.accepted)
        assert not server.defects
        campaign.settings.pop("window")
        campaign.settings["smtp"].pop("rate")
        with FaultServer() as later:
            assert campaign.resend(later.port).exit_code == 0
        assert counts(campaign, server, later) == {"sent": 600}

    def test_what_is_in_flight_is_finished(self, tmp_path: Path) -> None:
        """A server that takes its time over each message: the last reply comes after the window, and counts."""
        campaign = small(tmp_path, 100, smtp={"connections": 3}, window={"lasts": "4s"})
        with FaultServer(CATALOGUE["body_slow"](delay=0.3)) as server:
            summary = send(campaign, server)
        assert summary.exit_code == 3
        found = counts(campaign, server)
        assert set(found) == {"sent", "pending"} and found["sent"] == len(server.accepted)

    def test_who_waits_for_another_try_has_failed_by_the_last_reply(self, tmp_path: Path) -> None:
        retry: dict[str, object] = {"tries": 100, "first_wait": "400ms", "longest_wait": "800ms"}
        campaign = small(tmp_path, 6, retry=retry, window={"lasts": "4s"})
        started = time.monotonic()
        with FaultServer(CATALOGUE["rcpt_4xx"](match=local_part("p3"))) as server:
            summary = send(campaign, server)
        assert summary.exit_code == 1 and time.monotonic() - started < 20, "not the minute that so many tries take"
        assert counts(campaign, server) == {"sent": 5, "failed": 1}
        (row,) = [row for row in campaign.results() if row["status"] == "failed"]
        assert (row["smtp_code"], row["enhanced_status"]) == ("450", "4.2.1") and "Mailbox busy" in row["detail"]
        assert 2 <= int(row["attempts"]) <= 12

    def test_a_wait_that_would_go_past_it_is_not_begun(self, tmp_path: Path) -> None:
        retry: dict[str, object] = {"tries": 5, "first_wait": "1h", "longest_wait": "1h"}
        campaign = small(tmp_path, 6, retry=retry, window={"lasts": "30m"}, smtp={"pipelining": "envelope"})
        with FaultServer(CATALOGUE["rcpt_greylist"](match=local_part("p3"))) as server:
            summary = send(campaign, server)
        assert summary.exit_code == 1 and summary.seconds < 600
        assert counts(campaign, server) == {"sent": 5, "failed": 1}

    def test_who_was_only_throttled_stays_pending(self, tmp_path: Path) -> None:
        campaign = small(tmp_path, 20, retry={"stop_after": 5}, window={"lasts": "4s"})
        with FaultServer(CATALOGUE["mail_throttle"](above_rate=0.0)) as server:
            summary = send(campaign, server)
        assert summary.exit_code == 3 and summary.trouble is None
        assert counts(campaign, server) == {"sent": 1, "pending": 19}, "a bucket holds one"
        assert Counter(row["attempts"] for row in campaign.results()) == {"1": 1, "0": 19}

    def test_a_window_that_is_over_sends_nothing(self, tmp_path: Path) -> None:
        campaign = small(tmp_path, 20, window={"lasts": "4s"}, smtp={"rate": 2})
        with FaultServer() as server:
            assert send(campaign, server).exit_code == 3
            before = len(server.accepted)
            assert send(campaign, server).exit_code == 3
        assert before >= 1 and len(server.accepted) == before
