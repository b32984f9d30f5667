"""A model of Postfix writes logs, and knows what it took: whatever becomes of the files, nothing else is proven.

Two hosts give out three queue ids each, again and again; messages of ours and of strangers are taken, aborted, refused,
bounced, deferred and delivered, side by side. The log is cut into files, of which some are there twice, or in part.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from campaign.evidence import EvidenceKind
from tests.settle.logs.people import read_files

_SHORT = ("A1B2C3", "A1B2C4", "D0E1F2")
_LONG = ("4dHzJC0Wfkz3kVt", "4dHzJC0Wfkz3kVv", "4dHzJC0Wfkz3kVw")
_DROPPED = "rsyslogd: imuxsock[pid 7]: begin to drop messages due to rate-limiting"
Line = tuple[int, str]
"""The moment, and the line."""


@dataclass
class Model:
    """Two hosts at work. `again`: whether they give their ids out more than once."""

    again: bool = True
    now: int = 1_795_684_500
    lines: list[Line] = field(default_factory=list)
    taken: set[int] = field(default_factory=set)
    bounced: set[int] = field(default_factory=set)
    proven: set[int] = field(default_factory=set)
    """Those of whom a line says so."""
    at_work: list[tuple[str, str, int | None]] = field(default_factory=list)
    """Host, id and contact of what lies in a queue."""
    people: int = 0
    given: set[tuple[str, str]] = field(default_factory=set)

    def arrive(self, host: str, number: int, ours: bool, fate: str) -> None:
        """A message comes in."""
        identifier = (_SHORT if self.again else _LONG)[number]
        if (host, identifier) in {(where, which) for where, which, _ in self.at_work} | self.given:
            return
        if not self.again:
            self.given.add((host, identifier))
        contact = self.people if ours else None
        self.people += ours
        self._say(host, "smtpd", f"{identifier}: client=unknown[192.0.2.9]")
        message_id = f"ours{contact}@acme.example" if ours else "other@people.example"
        self._say(host, "cleanup", f"{identifier}: message-id=<{message_id}>")
        if fate == "taken":
            self.at_work.append((host, identifier, contact))
            if contact is not None:
                self.taken.add(contact)
        elif fate == "refused":
            self._say(host, "cleanup", f"{identifier}: milter-reject: END-OF-MESSAGE from x[192.0.2.9]: 5.7.1 no")

    def work(self, number: int, event: str) -> None:
        """Something becomes of a message."""
        if not self.at_work:
            return
        host, identifier, contact = self.at_work[number % len(self.at_work)]
        recipient = "other@people.example" if contact is None else f"p{contact}@people.example"
        if event == "active":
            self._say(host, "qmgr", f"{identifier}: from=<a@acme.example>, size=1, nrcpt=1 (queue active)")
        else:
            self._say(host, "smtp", f"{identifier}: to=<{recipient}>, relay=x, delay=1, dsn=5.0.0, status={event} (x)")
        if contact is not None:
            self.proven.add(contact)
            if event == "bounced":
                self.bounced.add(contact)
        if event in ("bounced", "sent"):
            self._say(host, "qmgr", f"{identifier}: removed")
            self.at_work.remove((host, identifier, contact))

    def _say(self, host: str, service: str, text: str) -> None:
        stamp = datetime.fromtimestamp(self.now, UTC).isoformat()
        self.lines.append((self.now, f"{stamp} {host} postfix/{service}[7]: {text}"))


_HOSTS = st.sampled_from(("mx1", "mx2"))
_STEP = st.one_of(
    st.tuples(
        st.just("arrive"), _HOSTS, st.integers(0, 2), st.booleans(), st.sampled_from(("taken", "aborted", "refused"))
    ),
    st.tuples(st.just("work"), st.integers(0, 9), st.sampled_from(("active", "deferred", "sent", "bounced"))),
    st.tuples(st.just("wait"), st.sampled_from((1, 1, 2, 1000))),
)


def _model(steps: list[tuple[object, ...]], *, again: bool = True) -> Model:
    model = Model(again=again)
    for name, *rest in steps:
        if name == "wait":
            model.now += int(str(rest[0]))
        else:
            getattr(model, str(name))(*rest)
    return model


def _found(pieces: list[list[Line]]) -> dict[EvidenceKind, set[int]]:
    """Read what is given as files."""
    found: dict[EvidenceKind, set[int]] = {kind: set() for kind in EvidenceKind}
    with TemporaryDirectory() as folder:
        files = []
        for number, piece in enumerate(pieces):
            if piece:
                files.append(Path(folder, f"mail.log.{number:03}"))
                files[-1].write_text("".join(f"{line}\n" for _, line in piece))
        for evidence in read_files(files):
            found[evidence.kind].add(int(evidence.message_id.strip("<>").removesuffix("@acme.example")[4:]))
    return found


def _nothing_false(found: dict[EvidenceKind, set[int]], model: Model) -> None:
    assert set().union(*found.values()) <= model.taken
    assert found[EvidenceKind.BOUNCED] <= model.bounced


_STEPS = st.lists(_STEP, min_size=5, max_size=40)
_CUTS = st.lists(st.integers(0, 120), max_size=4)


def _cut(lines: list[Line], cuts: list[int]) -> list[list[Line]]:
    places = sorted({0, len(lines), *(cut for cut in cuts if cut < len(lines))})
    return [lines[start:end] for start, end in pairwise(places)]


@settings(max_examples=60, deadline=None)
@given(_STEPS, _CUTS)
def test_all_that_was_taken_is_proven_whole_or_in_files(steps: list[tuple[object, ...]], cuts: list[int]) -> None:
    """… if its log says so. Within one file no moment is too long."""
    model = _model(steps)
    for pieces in ([model.lines], _cut(model.lines, cuts)):
        found = _found(pieces)
        _nothing_false(found, model)
        if len(pieces) == 1:
            assert set().union(*found.values()) == model.proven
            assert found[EvidenceKind.BOUNCED] == model.bounced


@settings(max_examples=60, deadline=None)
@given(_STEPS, _CUTS, st.lists(st.tuples(st.integers(0, 120), st.integers(1, 60)), max_size=3), st.data())
def test_copies_and_parts_prove_nothing_false(
    steps: list[tuple[object, ...]], cuts: list[int], parts: list[tuple[int, int]], data: st.DataObject
) -> None:
    model = _model(steps)
    pieces = _cut(model.lines, cuts)
    copies = [model.lines[start : start + length] for start, length in parts]
    # Honest limit: a part that begins in the very second in which a file ends.
    ends = {piece[-1][0] for piece in pieces + copies if piece}
    assume(not any(copy and copy[0][0] in ends for copy in copies))
    _nothing_false(_found(data.draw(st.permutations(pieces + copies))), model)


@settings(max_examples=60, deadline=None)
@given(_STEPS, _CUTS, st.data())
def test_where_files_are_missing_nothing_false_is_proven(
    steps: list[tuple[object, ...]], cuts: list[int], data: st.DataObject
) -> None:
    model = _model(steps)
    pieces = _cut(model.lines, cuts)
    kept = [
        piece for number, piece in enumerate(pieces) if not _can_be_missed(pieces, number) or data.draw(st.booleans())
    ]
    _nothing_false(_found(data.draw(st.permutations(kept))), model)


def _can_be_missed(pieces: list[list[Line]], number: int) -> bool:
    """Whether the gap is seen: more than ten minutes without a line. That is an honest limit."""
    if not 0 < number < len(pieces) - 1:
        return True
    return pieces[number + 1][0][0] - pieces[number - 1][-1][0] > 600


@settings(max_examples=60, deadline=None)
@given(_STEPS, st.data())
def test_files_put_together_in_a_wrong_order(steps: list[tuple[object, ...]], data: st.DataObject) -> None:
    """… by somebody who meant well, as far as the seams are more than ten minutes wide."""
    model = _model(steps)
    wide = [
        number for number in range(1, len(model.lines)) if model.lines[number][0] - model.lines[number - 1][0] > 600
    ]
    pieces = data.draw(st.permutations(_cut(model.lines, wide)))
    together = [line for piece in pieces for line in piece]
    _nothing_false(_found([together]), model)


@settings(max_examples=60, deadline=None)
@given(_STEPS, st.integers(0, 120), st.integers(1, 20))
def test_dropped_lines_that_the_log_tells_of(steps: list[tuple[object, ...]], start: int, count: int) -> None:
    model = _model(steps)
    gone = model.lines[start : start + count]
    hosts = sorted({line.split()[1] for _, line in gone})
    notices = [(gone[0][0], f"{gone[0][1].split()[0]} {host} {_DROPPED}") for host in hosts]
    _nothing_false(_found([model.lines[:start] + notices + model.lines[start + count :]]), model)


@settings(max_examples=60, deadline=None)
@given(_STEPS, st.lists(st.booleans(), max_size=120))
def test_dropped_lines_of_ids_that_never_come_again(steps: list[tuple[object, ...]], gone: list[bool]) -> None:
    model = _model(steps, again=False)
    lines = [line for line, drop in zip(model.lines, gone + [False] * len(model.lines), strict=False) if not drop]
    _nothing_false(_found([lines]), model)
