"""Each provider's files, as its documentation has them, show of everybody what became of their message."""

import gzip
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

from campaign.evidence import Evidence
from campaign.settle.discovery import discover
from campaign.settle.readers import make_readers
from tests.settle.providers.known import SAMPLES, read, whose

ALL_FIVE = {
    "ada accepted",
    "ada delivered",
    "bob bounced",
    "cyd complaint",
    "dot accepted",
    "eve unsubscribed",
}


def shown(evidence: Iterable[Evidence]) -> set[str]:
    return {f"{whose(one)} {one.kind}" for one in evidence}


@pytest.mark.parametrize(
    ("name", "source", "expected"),
    [
        ("ses-firehose.jsonl", "Amazon SES events", ALL_FIVE),
        ("ses-sqs.json", "Amazon SES events", {"bob bounced", "ada delivered"}),
        ("sendgrid-webhook.json", "SendGrid events", ALL_FIVE),
        ("sendgrid-activity.csv", "SendGrid events", {"ada delivered", "bob bounced", "dot accepted"}),
        ("postmark-webhooks.jsonl", "Postmark events", ALL_FIVE - {"ada accepted"}),
        ("postmark-messages.json", "Postmark events", {"ada accepted", "dot accepted"}),
        ("postmark-message.json", "Postmark events", {"bob accepted", "bob bounced"}),
        ("mailgun-events.json", "Mailgun events", ALL_FIVE),
        ("mailgun-webhook.json", "Mailgun events", {"bob bounced"}),
        # The provider's own id, which is in no reply: nobody is found by it.
        ("postmark-bounces.json", "Postmark events", {" bounced"}),
    ],
)
def test_a_sample_shows_what_became_of_whom(name: str, source: str, expected: set[str]) -> None:
    reader, evidence, told = read(SAMPLES / name)
    assert (reader, shown(evidence), told) == (source, expected, [])
    for one in evidence:
        assert one.source == source
        assert one.place.startswith(f"{name}:")
        assert one.moment is not None and 1795766400 <= one.moment < 1795766410
        assert "@" not in one.place + one.id
    bounced = [one for one in evidence if one.kind == "bounced" and "user unknown" in one.detail]
    assert {(one.enhanced, one.recipient) for one in bounced} <= {("5.1.1", "bob@engine.example")}


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        ("ses-firehose.jsonl", "ses-sqs.json", "bounced"),  # Firehose, and SNS behind SQS
        ("ses-firehose.jsonl", "ses-sqs.json", "delivered"),  # Firehose, and EventBridge behind SQS
        ("mailgun-events.json", "mailgun-webhook.json", "bounced"),
        ("postmark-webhooks.jsonl", "postmark-bounces.json", "bounced"),
        ("postmark-webhooks.jsonl", "postmark-message.json", "bounced"),
    ],
)
def test_an_event_has_the_same_id_whichever_way_it_came(one: str, other: str, kind: str) -> None:
    first, second = ({event.id for event in read(SAMPLES / name)[1] if event.kind == kind} for name in (one, other))
    assert first & second


def test_every_event_of_a_file_has_an_id_of_its_own() -> None:
    for path in SAMPLES.iterdir():
        ids = [one.id for one in read(path)[1]]
        assert len(ids) == len(set(ids)), path.name


def test_a_list_of_addresses_settles_nothing_and_is_told_as_that() -> None:
    source, evidence, told = read(SAMPLES / "sendgrid-bounces.csv")
    assert (source, evidence) == ("suppression list", [])
    assert "only addresses" in told[0].what and "contacts.suppress" in told[0].fix


def test_the_samples_are_found_in_a_folder_packed_or_not_and_nobody_else_wants_them(tmp_path: Path) -> None:
    shutil.copytree(SAMPLES, tmp_path / "events")
    packed = tmp_path / "events" / "ses-firehose.jsonl.gz"
    packed.write_bytes(gzip.compress((SAMPLES / "ses-firehose.jsonl").read_bytes()))
    readers = make_readers()
    found = list(discover([tmp_path / "events"], readers, tell=lambda unread: pytest.fail(str(unread))))
    assert {one.file.name for one in found} == {f"events/{path.name}" for path in packed.parent.iterdir()}
    for one in found:
        sample = one.file.sample()
        assert [reader.source for reader in readers if reader.recognises(one.file.name, sample)] == [one.reader.source]
    assert shown(read(packed)[1]) == ALL_FIVE
