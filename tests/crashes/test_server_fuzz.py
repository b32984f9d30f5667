"""A server that says anything at any step, in any pieces: the run ends, and its results agree with what was accepted.

Replies are random lines and random octets, in place of the right one, before it or after it, with the connection kept,
cut or reset. One kind is left out, since nobody can see through it: a message that is taken, and refused in good form,
or the other way round. Half a line behind an envelope's reply makes such a one, too: "500 " before "250 Ok" refuses.
"""

import os
import re
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.model import Phase
from tests.campaigns import SmallCampaign, assert_agreement
from tests.smtp_server import Action, FaultServer, Misbehaviour, every_message, nth_message

_LINES = st.builds(
    lambda code, mark, text, end: f"{code}{mark}".encode() + text + end,
    st.sampled_from([200, 220, 235, 250, 251, 334, 354, 421, 450, 451, 452, 500, 503, 550, 554, 0, 999, 25]),
    st.sampled_from(["", " ", "-", " 2.0.0 ", " 4.7.1 ", "-5.1.1 "]),
    st.binary(max_size=20).map(lambda text: text.replace(b"\n", b"")),
    st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n", b"", b"\r"]),
)
_ENVELOPE = (Phase.MAIL, Phase.RCPT, Phase.DATA)
_HALF_A_LINE = re.compile(rb"(?:.*\n)?[2-5]\d\d [^\n]*", re.DOTALL)
_SAID = st.one_of(_LINES, st.binary(min_size=1, max_size=30), st.lists(_LINES, max_size=4).map(b"".join))


@st.composite
def misbehaviours(draw: st.DrawFn, people: int) -> Misbehaviour:
    """One thing that goes wrong, with one of so many. Who says 2xx to a message has taken it, whatever it meant; to a
    chunk for nobody, nobody has got it.
    """
    phase = draw(st.sampled_from([Phase.CONNECT, Phase.EHLO, Phase.MAIL, Phase.RCPT, Phase.DATA, Phase.BODY]))
    reply = draw(st.none() | _SAID)
    after = _SAID.filter(lambda said: not _HALF_A_LINE.fullmatch(said)) if phase in _ENVELOPE else _SAID
    return Misbehaviour(
        name="fuzz",
        phase=phase,
        action=draw(st.sampled_from([Action.ANSWER, Action.ANSWER, Action.CUT, Action.RESET])),
        reply=reply,
        accept=phase is Phase.BODY and reply is not None and re.match(rb"2\d\d", reply) is not None,
        after=draw(st.just(b"") | after),
        piece=draw(st.none() | st.integers(1, 5)),
        of_refused_chunk=phase is Phase.BODY and draw(st.booleans()),
        match=draw(
            st.builds(nth_message, st.integers(0, people + 1)) | st.builds(every_message, st.integers(2, people // 2))
        ),
        times=draw(st.integers(1, 6)),
    )


@pytest.mark.siege  # what a failed session waits for before the next one adds up
@pytest.mark.parametrize(("pipelining", "in_flight"), [(True, 1), (True, 8), (False, 1)])
def test_whatever_the_server_says(pipelining: bool, in_flight: int) -> None:
    people = 8 if in_flight == 1 else 40

    @settings(max_examples=int(os.environ.get("CAMPAIGN_EXAMPLES", "8")))
    @given(st.lists(misbehaviours(people), min_size=1, max_size=4))
    def check(wrong: list[Misbehaviour]) -> None:
        retry = {"first_wait": "1ms", "longest_wait": "2ms", "stop_after": 1000}
        chunking = in_flight > 1
        with TemporaryDirectory() as folder, FaultServer(*wrong, pipelining=pipelining, chunking=chunking) as server:
            limits: dict[str, dict[str, object]] = {
                "smtp": {"timeout": "150ms", "connections": 2, "in_flight": in_flight},
                "retry": dict(retry),
            }
            campaign = SmallCampaign(Path(folder) / "c", settings=limits).people(people)
            summary = campaign.send(server.port)
            found = assert_agreement(campaign, [one.recipients[0] for one in server.accepted])
            assert sum(found.values()) == people
            assert summary.exit_code == 3 or not found["pending"]

    check()
