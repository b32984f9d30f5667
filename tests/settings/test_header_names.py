"""[message.headers]: any header may be added but those that we write ourselves."""

import pytest

from campaign.settings.faults import RefusedValueError
from campaign.settings.header_names import header_templates

OURS = {
    "From": "message.from",
    "Sender": "message.from",
    "reply-to": "message.reply_to",
    "To": "message.to_name",
    "CC": "one message goes to one contact",
    "Bcc": "one message goes to one contact",
    "Subject": "subject.txt",
    "Date": "campaign itself",
    "Message-Id": "campaign itself",
    "MIME-Version": "campaign itself",
    "Content-Type": "campaign itself",
    "Content-Anything": "campaign itself",
    "List-Unsubscribe": "message.unsubscribe_url",
    "List-Unsubscribe-Post": "message.unsubscribe_url",
    "DKIM-Signature": "[dkim]",
    "Return-Path": "message.return_path",
    "Received": "mail servers",
    "Resent-To": "resends",
    "ARC-Seal": "mail servers",
    "Authentication-Results": "mail servers",
}


@pytest.mark.parametrize(("name", "advice"), OURS.items())
def test_a_header_of_ours_is_refused_with_the_setting_that_is_for_it(name: str, advice: str) -> None:
    with pytest.raises(RefusedValueError) as raised:
        header_templates({"X-Fine": "1", name: "x"})
    assert name in raised.value.problem and advice in raised.value.problem


@pytest.mark.parametrize("name", ["", "a b", "a:b", "X-Ä", "X\r\nBcc", "X-\x00", "x" * 77])
def test_what_is_no_header_name_is_refused(name: str) -> None:
    with pytest.raises(RefusedValueError, match="letters, digits and hyphens"):
        header_templates({name: "x"})


def test_a_name_stands_there_once_however_it_is_written() -> None:
    with pytest.raises(RefusedValueError, match="twice"):
        header_templates({"X-Tag": "1", "x-tag": "2"})


@pytest.mark.parametrize("value", [1, True, None, ["a"], {"a": "b"}, "", "a\nb", "a\x00"])
def test_a_value_is_a_line_of_text(value: object) -> None:
    with pytest.raises(RefusedValueError, match="X-Tag"):
        header_templates({"X-Tag": value})


@pytest.mark.parametrize("value", ["x", 3, ["X-Tag"], "[1]", "[" * 100_000], ids=lambda value: str(value)[:9])
def test_what_is_no_table_is_refused(value: object) -> None:
    with pytest.raises(RefusedValueError, match="table"):
        header_templates(value)
