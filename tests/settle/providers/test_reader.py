"""A file of events is read whole, whoever's they are; without what identifies a message there is no evidence."""

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaign.evidence import Evidence, EvidenceKind, Unread
from campaign.settle.evidence_file import EvidenceFile
from campaign.settle.providers.envelopes import unwrapped
from campaign.settle.providers.fields import moment, reply_codes, text
from campaign.settle.providers.reader import owner_of, provider_readers
from tests.settle.providers.known import KEY, KEYS, OURS, SAMPLES, read, whose
from tests.settle.providers.test_tables import bounce, insight, mailgun, postmark, sendgrid, ses


def from_text(written: str) -> tuple[str, list[Evidence], list[Unread]]:
    """Read it as one would read what another program pipes."""
    told: list[Unread] = []
    stream = io.BufferedReader(io.BytesIO(written.encode("utf-8", "surrogatepass")))
    file = EvidenceFile(Path("-"), tell=told.append, stream=stream, name="events")
    readers = [one for one in provider_readers() if one.recognises("events", file.sample())]
    assert len(readers) <= 1
    evidence = [found for reader in readers for found in reader.read(file, OURS)]
    return (readers[0].source if readers else ""), evidence, told


def test_a_file_of_several_providers_is_read_whole_each_event_as_its_provider_s() -> None:
    events = [sendgrid("processed"), mailgun("delivered"), postmark("Open"), ses("Send", "send")]
    source, evidence, told = from_text("\n".join(map(json.dumps, events)))
    assert (source, told) == ("SendGrid events", [])
    assert [one.source.split()[0] for one in evidence] == ["SendGrid", "Mailgun", "Postmark", "Amazon"]
    assert [one.place for one in evidence] == ["events:1", "events:2", "events:3", "events:4"]


def test_a_server_s_words_come_without_the_links_and_tokens_that_they_quote() -> None:
    link = "https://acme.example/in?token=eyJhbGciOiJIUzI1NiJ9." + "x" * 60
    events = [sendgrid("bounce", reason=f"550 5.7.1 refused for {link} of anna@mail.example")]
    events.append(mailgun("failed", severity="permanent", **{"delivery-status": {"message": f"550 spam: {link}"}}))
    _, evidence, _ = from_text("\n".join(map(json.dumps, events)))
    assert evidence[0].detail == "550 5.7.1 refused for [link] of (address)"
    assert len(evidence) == 2 and "eyJ" not in repr(evidence)


def test_what_is_no_event_is_told_with_its_line_and_not_a_thousand_times() -> None:
    lines = [
        json.dumps(sendgrid("processed")),
        *['{"level": "info"}'] * 1000,
        '{"event": ',
        json.dumps(sendgrid("open")),
    ]
    _, evidence, told = from_text("\n".join(lines))
    assert len(evidence) == 2
    assert told[0].where == "events:2" and "no event that is known" in told[0].what
    assert len(told) == 22 and "980 more" in told[-1].what
    assert any(one.where == "events:1002" for one in told)


def test_an_event_with_a_name_that_no_table_has_is_told_and_moves_nothing() -> None:
    _, evidence, told = from_text(json.dumps(sendgrid("Teleported a@b.example \u202e")))
    assert evidence == []
    assert told[0].what == "no event of this name is known: teleported (address) \\u202e"


def test_an_event_that_names_only_an_address_is_no_evidence() -> None:
    only = {"event": "bounce", "email": "ada@engine.example", "sg_event_id": "e", "timestamp": 1795766400}
    _, evidence, told = from_text(json.dumps(only))
    assert evidence == [] and "only an address" in told[0].what and "ada" not in str(told)


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("ada@engine.example", EvidenceKind.BOUNCED),
        ("Ada@Engine.example", EvidenceKind.BOUNCED),
        ("else@where.example", EvidenceKind.ACCEPTED),
        ("bob@engine.example", EvidenceKind.ACCEPTED),
    ],
)
def test_a_bounce_of_another_address_shows_only_that_the_message_was_taken(address: str, kind: EvidenceKind) -> None:
    for event in (bounce("Permanent", emailAddress=address), sendgrid("bounce", email=address)):
        _, evidence, _ = from_text(json.dumps(event))
        assert [one.kind for one in evidence] == [kind]


@pytest.mark.parametrize("domain", ["xn--mnchen-3ya.example", "münchen.example", "MÜNCHEN.example"])
def test_a_domain_is_known_in_whichever_letters_it_is_written(domain: str) -> None:
    key = KEYS("fay@xn--mnchen-3ya.example")
    _, evidence, _ = from_text(json.dumps(sendgrid("bounce", email=f"fay@{domain}", key=key)))
    assert [(one.kind, OURS.by_key(one.key)) for one in evidence] == [(EvidenceKind.BOUNCED, 6)]


def test_a_stranger_s_bounce_stays_one_so_that_it_can_be_counted() -> None:
    _, evidence, _ = from_text(json.dumps(sendgrid("bounce", email="else@where.example", key="stranger")))
    assert [(one.kind, whose(one)) for one in evidence] == [(EvidenceKind.BOUNCED, "")]


def test_a_row_of_a_csv_that_does_not_fit_is_told_and_costs_no_other(tmp_path: Path) -> None:
    lines = (SAMPLES / "sendgrid-activity.csv").read_bytes().split(b"\r\n")
    path = tmp_path / "activity.csv"
    path.write_bytes(b"\n".join([lines[0], b"a,b,c", b"", b'"' + b"x" * 200_000, lines[1]]))
    _, evidence, told = read(path)
    assert [(one.kind, one.place) for one in evidence] == [(EvidenceKind.DELIVERED, "activity.csv:5")]
    assert [one.where for one in told] == ["activity.csv:2", "activity.csv:4"]


def test_how_far_a_quotation_mark_that_nobody_closed_reaches_is_told(tmp_path: Path) -> None:
    lines = (SAMPLES / "sendgrid-activity.csv").read_bytes().split(b"\r\n")
    path = tmp_path / "activity.csv"
    path.write_bytes(b"\n".join([lines[0], lines[1], b'"', lines[1], lines[1]]))
    _, evidence, told = read(path)
    assert [one.place for one in evidence] == ["activity.csv:2", "activity.csv:5"]
    assert told[0].where == "activity.csv:3" and "up to line 4 was not read" in told[0].fix


@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_spreadsheet_s_separators_are_known(separator: str) -> None:
    head = separator.join(["processed", "message_id", "event", "email"])
    row = separator.join(["2026-11-27T08:00:00Z", "nhImbobN9SFOPcT0ii4nt2A.recvd-1", "delivered", "bob@engine.example"])
    source, evidence, _ = from_text(f"\ufeff{head}\r\n{row}\r\n")
    assert (source, [whose(one) for one in evidence]) == ("SendGrid events", ["bob"])


@pytest.mark.parametrize(
    "other",
    [
        "",
        "hello",
        "email,first_name\na@b.example,A\n",
        "{}",
        "[]",
        '{"event": "x"}',
        "[1, 2]",
        "From a@b.example Fri\n",
        "{",
        "2026-11-27T08:00:00Z mx postfix/qmgr[1]: 4F: removed",
        '{"eventType": "Send"}',
        "\x1f\x8b",
        "\xff\xfe",
    ],
)
def test_other_files_are_left_to_others(other: str) -> None:
    assert from_text(other) == ("", [], [])


def test_a_file_that_breaks_off_counts_as_far_as_it_goes_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl.gz"
    octets = gzip.compress((SAMPLES / "ses-firehose.jsonl").read_bytes() * 400, compresslevel=0)
    path.write_bytes(octets[: len(octets) // 2])
    _, evidence, told = read(path)
    assert len(evidence) > 100
    assert "can't be read further" in told[-1].what


def test_envelopes_in_envelopes_end_somewhere() -> None:
    found: dict[str, object] = sendgrid("open")
    for _ in range(50):
        found = {"body": found}
    assert list(unwrapped(found)) == []
    assert list(unwrapped({"Type": "Notification", "TopicArn": "t", "Message": "[" * 9999})) == []


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (1795766400, 1795766400),
        ("1795766400.75", 1795766400),
        (1795766400123, 1795766400),
        (True, None),
        (None, None),
        ("2026-11-27T03:00:00.5735393-05:00", 1795766400),
        ("2026-11-27 08:00:00", 1795766400),
        ("9999-99", None),
        (float("inf"), None),
        (float("nan"), None),
        (-5, None),
        (10**400, None),
        ("1" * 500, None),
        ({"a": 1}, None),
        ("0001-01-01T00:00:00+23:59", None),
        ("nan", None),
        ("1e999", None),
    ],
)
def test_a_moment_is_read_in_whatever_way_it_is_written(value: Any, seconds: int | None) -> None:
    assert moment(value) == seconds


@pytest.mark.parametrize(
    ("said", "codes"),
    [
        ("smtp; 550 5.1.1 user unknown", (550, "5.1.1")),
        ("550-5.7.1 [1.2.3.4] spam", (550, "5.7.1")),
        ("5.1.1 no", (None, "5.1.1")),
        ("smtp;452 full", (452, "")),
        ("user 550 5.1.1 unknown", (None, "")),
        ("5501", (None, "")),
        (None, (None, "")),
        ("550 192.0.2.1 is listed", (550, "")),
        ("550 5.1.1.1 x", (550, "")),
    ],
)
def test_codes_are_read_only_where_a_reply_begins_with_them(said: object, codes: tuple[int | None, str]) -> None:
    assert reply_codes(said) == codes


ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([*KEY.values(), "Send"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
TEMPLATES = [bounce("Permanent"), sendgrid("bounce"), postmark("Bounce", ID=1), mailgun("failed", severity="permanent")]
TEMPLATES += [insight("BOUNCE", Bounce={"BounceType": "PERMANENT"})]
TEMPLATES += [json.loads(path.read_text().split("\n")[0]) for path in SAMPLES.glob("*.jsonl")]


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    """An event of somebody, in which one thing is something else."""
    found: dict[str, Any] = json.loads(json.dumps(draw(st.sampled_from(TEMPLATES))))
    inside: Any = found
    while True:
        where = (
            draw(st.sampled_from(sorted(inside))) if isinstance(inside, dict) else draw(st.integers(0, len(inside) - 1))
        )
        if isinstance(inside[where], dict | list) and inside[where] and draw(st.booleans()):
            inside = inside[where]
            continue
        if draw(st.booleans()) or isinstance(inside, list):
            inside[where] = draw(ANY)
        else:
            del inside[where]
        return found


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(events())
def test_whatever_stands_in_a_field_there_is_no_evidence_without_an_identity_and_no_traceback(
    event: dict[str, Any],
) -> None:
    _, evidence, _ = from_text(json.dumps([event]))
    for one in evidence:
        assert one.key or one.message_id or one.relay_id
        assert one.id and (one.moment is None or isinstance(one.moment, int))
        assert all(text(value, 1000) == value for value in (one.key, one.message_id, one.relay_id, one.recipient))
        assert one.detail.isprintable() and len(one.detail) < 4000
    if owner_of(event) is None:
        assert evidence == []


def test_a_provider_s_words_are_kept_without_a_link_a_token_or_an_address() -> None:
    said = "550 5.7.1 ada@engine.example: https://acme.example/in?token=eyJhbGci.eyJz.x and in%3Ftoken%3DeyJhbG"
    events = [
        sendgrid("bounce", type="bounce", reason=said),
        bounce("Permanent", diagnosticCode=f"smtp; {said}"),
        postmark("Bounce", Type="HardBounce", Details=f"smtp;{said}", Email="ada@engine.example"),
        mailgun("failed", severity="permanent", **{"delivery-status": {"code": 550, "message": said}}),
    ]
    _, evidence, _ = from_text(json.dumps(events))
    assert len(evidence) == 4
    for one in evidence:
        assert "5.7.1" in one.detail
        assert not any(secret in one.detail for secret in ("eyJ", "acme.example", "@"))
