"""What the handler is told of messages in flight is never a lie, whatever the server says and wherever it ends, as long
as no two faults hide each other.
"""

from collections.abc import Iterator

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from campaign.smtp.chunking.replies import handle_stream_lost, handle_stream_replies
from tests.attempts import attempt
from tests.smtp.chunking.modelled import (
    ALIKE,
    EXIM,
    NUMBERED,
    ONE_FOR_ALL,
    POSTFIX,
    Fault,
    Lines,
    ModelServer,
    Verdicts,
    Words,
    connection_over,
    trial_of,
)
from tests.smtp.recording_handler import RecordingHandler

REPLIES = 4
"""To a message: MAIL, RCPT, BDAT, RSET. The first is the one to the RSET before it."""
LINES = [
    "250 2.0.0 Ok", "250 2.1.0 Ok", "250 2.0.0 Ok: queued as AF77", "250 OK", "250 OK queued", "354 Go ahead",
    "421 4.3.2 Closing", "451 4.3.0 Later", "450 4.2.1 Busy", "503 5.5.1 Bad sequence", "550 5.1.1 No such user",
]  # fmt: skip
verdicts = st.builds(
    Verdicts,
    mail=st.sampled_from([250] * 6 + [450, 550, 421]),
    rcpt=st.sampled_from([250] * 4 + [450, 550, 421]),
    body=st.sampled_from([250] * 3 + [451, 554, 421]),
)


@st.composite
def faults(draw: st.DrawFn, messages: int) -> Fault | None:
    kind = draw(st.sampled_from(["none", "missing", "extra", "changed", "ends"]))
    at = draw(st.integers(0, REPLIES * messages))
    if kind == "none":
        return None
    if kind == "ends":
        return Fault(kind="missing", at=at, ends=True)
    # What the server says of a message itself is the truth, 421 and no more of it, too; only what can be no answer at
    # all can't be one.
    to_a_message = at % REPLIES == REPLIES - 1
    line = draw(
        st.sampled_from([one for one in LINES if one[0] == "3"] if kind == "changed" and to_a_message else LINES)
    )
    ends = draw(st.booleans()) if line.startswith("421") and kind != "missing" and not to_a_message else False
    return Fault(kind=kind, at=at, line=line, ends=ends)


@st.composite
def pieces(draw: st.DrawFn) -> list[int]:
    return draw(st.lists(st.integers(1, 90), min_size=1, max_size=6))


def cut(data: bytes, sizes: Iterator[int]) -> Iterator[bytes]:
    while data:
        size = next(sizes)
        yield data[:size]
        data = data[size:]


def deliver(
    all_verdicts: list[Verdicts], *, words: Words = POSTFIX, fault: Fault | None = None, in_flight: int = 3,
    sizes: list[int] | None = None, hears: int = 1 << 30, leaves: int = 1 << 30, gets: int = 1 << 30,
    able: bool | None = True,
) -> tuple[RecordingHandler, ModelServer, dict[int, tuple[int, int]], int]:  # fmt: skip
    """Have the messages sent. `hears`: octets of the server's words that arrive; `leaves`: of ours that the kernel
    takes; `gets`: of ours that arrive. Gives who was told what, the server, where each message ends, what has left.
    """
    by_contact = dict(enumerate(all_verdicts, 1))
    lines = Lines(leaves)
    connection = connection_over(lines, trial=trial_of(able=able))
    stream = connection.stream
    assert stream is not None
    server = ModelServer(by_contact, words=words, fault=fault, gets=gets)
    handler = RecordingHandler(
        attempt(number, b"Subject: %d\r\n\r\n" % number + b"x" * 5 * number) for number in by_contact
    )
    places: dict[int, tuple[int, int]] = {}
    endless = iter(lambda: 1 << 20, 0) if sizes is None else (size for _ in iter(int, 1) for size in sizes)
    why: str | None = None
    while why is None:
        in_group = bool(stream.dialogue.indistinct and stream.dialogue.in_flight)  # see `MessageStream.allowed`
        while handler.waiting and len(stream.dialogue.in_flight) < in_flight and not (connection.closing or in_group):
            if in_flight > 1 and not connection.served and stream.dialogue.in_flight:
                break  # until the first one is taken it goes alone, as `Depth` has it
            one = handler.next_attempt(connection.session)
            assert one is not None
            connection.send(connection.begin_message(one, 0.0))
            message = stream.dialogue.in_flight[-1]
            places[one.contact] = (message.begins, message.ends)
        said = server.answers(lines.taken)[:hears]
        hears -= len(said)
        if not said:
            break
        for piece in cut(said, endless):
            why = handle_stream_replies(connection, piece, handler, 0.0)
            if why is not None:
                break
    if why is None:
        handle_stream_lost(connection, handler, "the server hung up")
    return handler, server, places, connection.octets_left


def assert_true(told: tuple[RecordingHandler, ModelServer, dict[int, tuple[int, int]], int]) -> None:
    handler, server, places, left = told
    assert handler.words.keys() == places.keys(), "each is told of, and once (see RecordingHandler)"
    for contact, (word,) in handler.words.items():
        mailed = contact in server.mailed
        if word == "unknown":
            assert left >= places[contact][1], "what is in doubt had left whole"
        elif word == "body 250":
            assert mailed, f"{contact} is said to be mailed"
        else:
            assert not mailed or contact in handler.doubted, f"{contact} was mailed: {word}"


@settings(max_examples=60)
@given(data=st.data(), some=st.lists(verdicts, min_size=1, max_size=5), in_flight=st.integers(1, 4), sizes=pieces())
def test_what_is_told_is_true_with_one_fault(
    data: st.DataObject, some: list[Verdicts], in_flight: int, sizes: list[int]
) -> None:
    words = data.draw(st.sampled_from([POSTFIX, EXIM, ALIKE, NUMBERED, ONE_FOR_ALL]))
    fault = data.draw(faults(len(some)))
    able = data.draw(st.sampled_from([True, None]))
    if fault is not None and fault.kind == "extra" and fault.line[0] == "2":  # see the dialogue's limits
        assume(not any(421 in (one.mail, one.rcpt, one.body) for one in some))
    assert_true(deliver(some, words=words, fault=fault, in_flight=in_flight, sizes=sizes, able=able))


@settings(max_examples=60)
@given(
    some=st.lists(verdicts, min_size=1, max_size=4), in_flight=st.integers(1, 4), sizes=pieces(),
    hears=st.one_of(st.just(1 << 30), st.integers(0, 400)), leaves=st.integers(0, 500), gets=st.integers(0, 500),
)  # fmt: skip
def test_what_is_told_is_true_wherever_the_connection_ends(
    some: list[Verdicts], in_flight: int, sizes: list[int], hears: int, leaves: int, gets: int
) -> None:
    assert_true(deliver(some, in_flight=in_flight, sizes=sizes, hears=hears, leaves=leaves, gets=min(gets, leaves)))


def test_without_a_fault_every_message_has_its_word() -> None:
    some = [Verdicts(), Verdicts(), Verdicts(rcpt=550), Verdicts(body=451), Verdicts(mail=450), Verdicts()]
    handler, _, _, _ = deliver(some)
    assert [*handler.words.values()] == [
        ["body 250"], ["body 250"], ["RCPT 550"], ["body 451"], ["MAIL 450"], ["body 250"]
    ]  # fmt: skip
