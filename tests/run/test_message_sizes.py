"""How large the messages of a campaign are, and which of them stand for all."""

from campaign.model import Contact, Content, Envelope, Message
from campaign.run.message_sizes import GMAIL_SHOWS, MessageSizes


def counted(*sizes: int, html: tuple[str, ...] = ()) -> MessageSizes:
    """Messages of so many bytes, rows 1, 2 and so on."""
    found = MessageSizes()
    envelope = Envelope(return_path="b@acme.example", recipient="a@b.example", smtputf8=False)
    for row, size in enumerate(sizes, 1):
        contact = Contact(number=row, email="a@b.example", columns={})
        message = Message(envelope=envelope, message_id="<1@acme.example>", data=b"x" * size)
        found.count(contact, Content(subject="", text=(), html=html), message)
    return found


def test_the_first_the_smallest_and_the_largest_stand_for_all() -> None:
    sizes = counted(50, 70, 20, 20, 90, 90)
    assert list(sizes.samples) == [1, 3, 5]
    assert (sizes.smallest, sizes.largest, sizes.counts) == (20, 90, {50: 1, 70: 1, 20: 2, 90: 2})


def test_one_message_is_all_three_and_none_is_none_of_them() -> None:
    assert list(counted(50).samples) == [1]
    assert (counted().samples, counted().largest, counted().clipped_words()) == ({}, 0, "")


def test_html_counts_by_its_bytes_and_gmail_shows_so_much() -> None:
    whole = counted(1, 1, html=("é" * (GMAIL_SHOWS // 2),))
    assert (whole.largest_html, whole.clipped, whole.clipped_words()) == (GMAIL_SHOWS, 0, "")
    cut = counted(1, 1, html=("é" * (GMAIL_SHOWS // 2), "x"))
    assert (cut.largest_html, cut.clipped) == (GMAIL_SHOWS + 1, 2)
    assert cut.clipped_words().startswith("the HTML of every message is over 102 kB (104,449 bytes at most)")
