"""The public test double: what arrived is there to be looked at, and each misbehaviour does what the list says."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from campaign import Campaign, RunSummary, Status
from campaign.testing import MISBEHAVIOURS, RecordingServer, read_link
from tests.campaigns import SECRET, SmallCampaign

ANN, BOB = "ann@acme.example", "Bob@acme.example"


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallCampaign:
    monkeypatch.delenv("CAMPAIGN_LINK__SECRET", raising=False)
    settings: dict[str, dict[str, object]] = {
        "message": {"unsubscribe_mailto": "stop@acme.example"},
        "retry": {"tries": 3},
    }
    made = SmallCampaign(tmp_path / "small", settings=settings)
    made.contacts([(ANN, "Änn"), (BOB, "Bob")])
    made.load(9)
    return made


def send(small: SmallCampaign, server: RecordingServer, **settings: object) -> tuple[RunSummary, dict[str, str]]:
    loaded = Campaign.load(small.path, settings={**server.settings, **settings})
    ended = loaded.send()
    return ended, dict(loaded.results()[["email", "status"]].itertuples(index=False))


def test_a_message_is_there_as_its_reader_has_it(small: SmallCampaign, caplog: pytest.LogCaptureFixture) -> None:
    with RecordingServer() as server:
        send(small, server)
        ann, bob = sorted(server.messages, key=lambda one: one.to.lower())
    assert (ann.to, bob.to) == (ANN, BOB) and not caplog.records, "it says nothing of its own"
    assert ann.subject == "Hello Änn" and ann.return_path == "hello@acme.example"
    assert ann.text.startswith("Hello Änn,\n") and ann.link in ann.text
    assert "<p>Hello Änn</p>" in ann.html and ann.attachments == {}
    assert ann.headers["List-Unsubscribe"].startswith("<mailto:stop@acme.example?subject=unsubscribe%20")
    assert ann.sign_in.email == ANN and ann.sign_in.domain == "acme.myclickfunnels.com"
    assert ann.sign_in.redirect_to is None and ann.sign_in.expires_at > datetime.now(UTC) > ann.sign_in.issued_at


def test_a_link_is_read_with_the_secret_that_signed_it_and_no_other(small: SmallCampaign) -> None:
    with RecordingServer() as server:
        send(small, server)
        link = server.messages[0].link
    assert read_link(link, server.link_secret).email in (ANN, BOB)
    with pytest.raises(ValueError, match="wrong secret"):
        read_link(link, SECRET)
    with pytest.raises(ValueError, match="neither a sign-in link"):
        read_link("", server.link_secret)
    assert server.link_secret not in repr(server.messages) and link not in repr(server.messages[0].sign_in)


EXPECTED: dict[str, tuple[int, str, int]] = {
    "refuse_sign_in": (3, "pending", 0),
    "refuse_sender": (3, "pending", 0),
    "throttle": (0, "sent", 1),
    "refuse_recipient": (1, "rejected", 0),
    "defer_recipient": (0, "sent", 1),
    "refuse_message": (1, "rejected", 0),
    "defer_message": (0, "sent", 1),
    "drop_message": (1, "in_doubt", 0),
    "lose_reply": (1, "in_doubt", 1),
    "hang": (1, "in_doubt", 0),
}
"""By name: exit code, the status of whoever it befalls, and how many messages he has."""


@pytest.mark.parametrize("name", MISBEHAVIOURS)
def test_each_misbehaviour_has_the_outcome_that_the_list_says(small: SmallCampaign, name: str) -> None:
    code, status, arrived = EXPECTED[name]
    with RecordingServer() as server:
        server.misbehave(name, for_=BOB.lower() if MISBEHAVIOURS[name].has_recipients else None)
        ended, statuses = send(small, server, **{"smtp.timeout": "200ms"} if name == "hang" else {})
        assert (ended.exit_code, statuses[BOB]) == (code, status)
        assert [one.to for one in server.messages].count(BOB) == arrived
        if MISBEHAVIOURS[name].has_recipients:
            assert statuses[ANN] == "sent"
    if status != "pending":
        assert status in MISBEHAVIOURS[name].meaning or "no try" in MISBEHAVIOURS[name].meaning


def test_what_is_put_off_for_good_fails(small: SmallCampaign) -> None:
    with RecordingServer() as server:
        server.misbehave("defer_recipient", for_=BOB, times=3)
        ended, statuses = send(small, server)
        assert statuses[BOB] == "failed" and ended.counts[Status.SENT] == 1
        server.behave()
        server.clear()
        assert Campaign.load(small.path, settings=server.settings).resend().counts[Status.SENT] == 2
        assert [one.to for one in server.messages] == [BOB]


def test_a_misbehaviour_that_is_none_is_refused() -> None:
    server = RecordingServer()
    with pytest.raises(ValueError, match="did you mean refuse_recipient"):
        server.misbehave("refuse_recipent")
    with pytest.raises(ValueError, match="leave for_ out"):
        server.misbehave("throttle", for_=BOB)
    with pytest.raises(ValueError, match="at least 1"):
        server.misbehave("hang", times=0)


def test_a_message_without_a_link_has_none(small: SmallCampaign) -> None:
    for name in ("body.txt", "body.html"):
        (small.folder / "template" / name).write_text("Hello", "utf-8")
    with RecordingServer() as server:
        send(small, server)
        assert server.messages[0].link == ""
        with pytest.raises(ValueError, match="no sign-in link"):
            _ = server.messages[0].sign_in
