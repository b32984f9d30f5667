"""A campaign is settled while a run sends it: neither loses a row to the other, and nobody is mailed twice."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from campaign.ledger.opening import open_for_reading
from campaign.model import Phase, Status
from campaign.run.settle import SettleOrder, settle
from campaign.run.status_now import message_ids, status_now
from tests.campaigns import SECRET, SmallCampaign
from tests.evidence_files import postfix_lines, write_log
from tests.smtp_server import FaultServer, Misbehaviour, after_message


def test_words_move_while_mail_goes_out_and_stay_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMPAIGN_LINK__SECRET", SECRET)
    release = threading.Event()
    held = Misbehaviour(name="held", phase=Phase.BODY, match=after_message(6), until=release.is_set)
    small = SmallCampaign(tmp_path / "small").people(12)
    bounced, under_way, taken_before = (f"p{number}@people.example" for number in (0, 6, 11))
    with FaultServer(held) as server:
        settings = small.load(server.port)
        sender = subprocess.Popen([sys.executable, "-m", "campaign", "send", small.path], stderr=subprocess.DEVNULL)
        try:
            server.wait_until(lambda: len(server.accepted) >= 6)
            while status_now(settings).counts[Status.SENT] < 6:
                assert sender.poll() is None
            with open_for_reading(small.ledger, "small") as reader:
                ids = message_ids(settings, reader)
            log = write_log(
                tmp_path / "mail.log",
                postfix_lines(ids(bounced), bounced, queue_id="4F2A1", status="bounced", dsn="5.1.1", words="said: no"),
                postfix_lines(ids(under_way), under_way, queue_id="4F2A2"),
                postfix_lines(ids(taken_before), taken_before, queue_id="4F2A3"),
            )
            settled = settle(settings, SettleOrder(evidence=(log,)))
        finally:
            release.set()
        assert sender.wait(60) == 1, "somebody has bounced"
        times = server.count_by_recipient()
    moves = [(move.before, move.after, move.rows) for move in settled.moves]
    assert moves == [(Status.PENDING, Status.SENT, 1), (Status.SENT, Status.BOUNCED, 1)]
    assert settled.being_sent > 0 and settled.counts[Status.IN_DOUBT] == 0
    assert settled.running == sender.pid and settled.results is None
    assert small.statuses() == {f"p{number}@people.example": "sent" for number in range(12)} | {bounced: "bounced"}
    assert times[taken_before] == 0 and set(times.values()) == {1}
    assert settle(settings, SettleOrder(evidence=(log,))).moves == ()
