"""Objects are found in a JSON file however they stand there; what is broken is told, and costs no other."""

import io
import itertools
import json
import tracemalloc
from collections import deque
from collections.abc import Iterable
from typing import Any, BinaryIO, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.settle.providers.json_events import json_objects

Told = list[tuple[str, int, str]]


def scan(octets: bytes | str) -> tuple[list[tuple[int, dict[str, object]]], Told]:
    told: Told = []
    written = octets if isinstance(octets, bytes) else octets.encode()
    return list(json_objects(io.BytesIO(written), lambda *one: told.append(one))), told


def found(octets: bytes | str) -> list[dict[str, object]]:
    objects, told = scan(octets)
    assert told == []
    return [one for _, one in objects]


A, B, C = ({"event": name, "n": [{"x": 1}, None, "}]"]} for name in "abc")
ONE = [A, B, C]


@pytest.mark.parametrize(
    "written",
    [
        "\n".join(json.dumps(one) for one in ONE),
        "\r\n".join(json.dumps(one) for one in ONE) + "\r\n\r\n",
        "".join(json.dumps(one) for one in ONE),
        json.dumps(ONE),
        json.dumps(ONE, indent=4),
        "\n\n".join(json.dumps(one, indent=2) for one in ONE),
        json.dumps([[A], [B, C]]),
        json.dumps([A, B]) + "\n" + json.dumps([C]),
        json.dumps({"items": ONE, "paging": {"next": "https://x/{[", "previous": None}}),
        json.dumps({"items": []}) + json.dumps({"TotalCount": 3, "Bounces": ONE}),
        json.dumps({"paging": {"next": "u"}, "start": "Fri", "n": 1.5e3, "items": ONE}, indent=2),
        json.dumps({"items": [A]}) + "\n" + json.dumps({"items": [B, C], "more": {"items": []}}),
        json.dumps({"Records": ONE, "x": {"items": [{"a": 1}]}})
        .replace(', "x"', ',\n"y": [1, "}"], "x"')
        .split(', "x"')[0]
        + "}",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_objects_are_found_however_they_stand_there(written: str, encoding: str) -> None:
    assert found(written.encode(encoding)) == ONE


def test_each_has_the_line_on_which_it_begins() -> None:
    objects, _ = scan('\n{"a": 1}\n[\n  {"b":\n 2}, {"c": 3}\n]\n{"items":\n[ {"d": 4}\n]}')
    assert [line for line, _ in objects] == [2, 4, 5, 8]


@pytest.mark.parametrize(
    "broken",
    [
        '{"a": ',
        '{"a": "unterminated}',
        '{"a" 1}',
        "{a: 1}",
        '{"a": tru}',
        "garbage",
        '{"a": [1, }',
        '{"a": "\\q"}',
        "}",
        "{]",
    ],
)
def test_a_broken_line_costs_no_other_and_is_told(broken: str) -> None:
    objects, told = scan(f'{{"n": 1}}\n{broken}\n{{"n": 2}}\n{{"n": 3}}\n')
    assert [one["n"] for _, one in objects] == [1, 2, 3]
    assert [line for _, line, _ in told] == [2]
    assert "the others were read" in told[0][2]


def test_a_broken_line_of_arrays_or_pages_costs_no_other() -> None:
    objects, told = scan('[{"n": 1}]\n[{"n": 2}, {"n": }, {"n": 0}]\n[{"n": 3}]\n')
    assert [one["n"] for _, one in objects] == [1, 2, 3]
    assert [line for _, line, _ in told] == [2]
    objects, told = scan('{"items":[{"n": 1}]}\n{"items":[{"n": }]}\n{"items":[{"n": 3}]}\n')
    assert [one["n"] for _, one in objects] == [1, 3]
    assert [line for _, line, _ in told] == [2]


def test_a_broken_object_of_an_array_written_for_people_costs_no_other() -> None:
    written = json.dumps([{"n": 1}, {"n": 2, "inner": {"n": 9}}, {"n": 3}], indent=2).replace('"n": 2,', '"n": 2')
    objects, told = scan(written)
    assert [one["n"] for _, one in objects] == [1, 3]
    assert [line for _, line, _ in told] == [5]


@pytest.mark.parametrize(
    "written", ['[{"n": 1}', '[{"n": 1},\n', '{"items": [{"n": 1}]', '{"items": [{"n": 1}], "paging": {}']
)
def test_a_list_that_was_cut_off_between_two_events_is_told(written: str) -> None:
    objects, told = scan(written)
    assert [one["n"] for _, one in objects] == [1]
    assert [what for what, _, _ in told] == ["the file ends before its list of events does"]


def test_where_no_line_tells_what_comes_next_the_rest_is_told_as_unread() -> None:
    objects, told = scan('[{"n": 1}, {"n": }, {"n": 3}]')
    assert [one["n"] for _, one in objects] == [1]
    assert "was not read" in told[0][2]


@pytest.mark.parametrize(
    "hostile",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"items":[' * 1000,
        '{"a": ' + "9" * 5000 + "}",
        '{"a": "' + "x" * 5_000_000 + '"}',
        '{"a": "' + "x" * 5_000_000,
        "{" + " " * 300_000,
        '{"a": 1e999, "b": NaN, "c": -Infinity}',
        '{"a": "\\ud800"}',
        "\x00" * 1000,
        "[" + ",".join(["1"] * 1000),
    ],
)
def test_what_is_too_deep_or_too_long_is_told_and_the_next_line_is_read(hostile: str) -> None:
    objects, told = scan(hostile + '\n{"n": 1}\n{"n": 2}')
    assert {"n": 2} in [one for _, one in objects]
    assert len(told) <= 2


def test_an_object_may_be_cut_anywhere_by_the_reads() -> None:
    class Dripping(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 0, 7))

    written = json.dumps(ONE, ensure_ascii=False, indent=1) + '\n{"e": "é\\u00e9\\\\", "t": true, "f": 1.25}'
    told: Told = []
    objects = [one for _, one in json_objects(Dripping(written.encode()), lambda *one: told.append(one))]
    assert objects == [*ONE, {"e": "éé\\", "t": True, "f": 1.25}] and told == []


class Endless(io.RawIOBase):
    """One line that is one array: made as it is read, so that nobody but the reader holds any of it."""

    def __init__(self, objects: int) -> None:
        self._pieces = iter([b"[", *[b'{"event": "open", "filler": "' + b"x" * 2000 + b'"},'] * objects, b"]"])

    def read(self, size: int | None = -1, /) -> bytes:
        return b"".join(itertools.islice(self._pieces, (size or 0) // 2000))


def test_memory_stays_flat_however_long_the_line_is() -> None:
    def peak(objects: int) -> int:
        tracemalloc.start()
        try:
            found = json_objects(cast(BinaryIO, Endless(objects)), lambda *_: None)
            assert len(deque(found, maxlen=1)) == 1
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(4000) < peak(1000) + 500_000


TEXT = st.text('a"\\\\{}[],:\n\t é\U0001f600\u2028', max_size=6)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
OBJECTS = st.lists(st.dictionaries(st.sampled_from("abcd"), VALUES, max_size=3), max_size=4)


@settings(max_examples=40, deadline=None)
@given(OBJECTS, st.sampled_from([None, 2]), st.sampled_from(["", "\n", "\n\n"]), st.booleans())
def test_whatever_was_written_is_read(objects: list[dict[str, Any]], indent: int | None, gap: str, raw: bool) -> None:
    def written(value: object) -> str:
        return json.dumps(value, indent=indent, ensure_ascii=not raw)

    assert found(gap.join(map(written, objects))) == objects
    assert found(written(objects)) == objects


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([*'{}[]",:\\ \n1tnu', '"items":[', '{"a":1}', "é", "\x00"]), max_size=60))
def test_nothing_that_stands_there_raises_and_lines_only_go_up(pieces: Iterable[str]) -> None:
    objects, told = scan("".join(pieces))
    for lines in ([line for line, _ in objects], [line for _, line, _ in told]):
        assert lines == sorted(lines)
