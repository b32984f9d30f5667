"""What a signature covers, and what it had better not."""

from collections import Counter

from campaign.dkim.signed_fields import layout

OURS = (
    *(b"date", b"message-id", b"from", b"reply-to", b"to", b"subject"),
    *(b"list-unsubscribe", b"list-unsubscribe-post", b"feedback-id", b"mime-version", b"content-type"),
    b"content-transfer-encoding",
)
FOREIGN = (b"x-ses-message-tags", b"x-pm-keepid", b"x-smtpapi", b"x-msys-api", b"resend-idempotency-key", b"received")


def test_everything_of_ours_is_signed_and_nothing_that_a_relay_takes_away() -> None:
    chosen = layout((*OURS, *FOREIGN))
    assert set(chosen.names) == {*OURS, b"cc"}
    assert sorted(chosen.positions) == list(range(len(OURS)))


def test_the_names_of_each_field_once_more_where_a_second_one_would_be_shown_or_read() -> None:
    times = Counter(layout(OURS).names)
    once = {b"list-unsubscribe", b"list-unsubscribe-post", b"feedback-id"}
    assert times == dict.fromkeys(OURS, 2) | dict.fromkeys(once, 1) | {b"cc": 1}


def test_what_is_not_there_can_not_be_added_where_an_inbox_would_answer_to_it() -> None:
    names = layout((b"from", b"to", b"subject")).names
    assert Counter(names) == {b"from": 2, b"to": 2, b"subject": 2, b"reply-to": 1, b"cc": 1}


def test_of_several_fields_the_last_comes_first() -> None:
    """RFC 6376 section 5.4.2."""
    chosen = layout((b"from", b"references", b"to", b"references"))
    assert chosen.names.count(b"references") == 2
    assert chosen.positions[-2:] == (3, 1)


def test_what_a_relay_writes_anew_is_left_out() -> None:
    rewritten = {b"date", b"message-id"}
    assert set(layout(OURS, unsigned=rewritten).names) == {*OURS, b"cc"} - rewritten
