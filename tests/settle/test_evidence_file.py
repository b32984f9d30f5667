"""A file of evidence, plain or packed, whole or damaged: what can be read of it is given, what can't is told once."""

import gzip
import io
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.evidence import Unread
from campaign.settle import evidence_file
from campaign.settle.evidence_file import SAMPLE, EvidenceFile


class Told(list[Unread]):
    """What could not be read."""

    def file(self, path: Path) -> EvidenceFile:
        return EvidenceFile(path, tell=self.append)


def test_lines_come_with_their_numbers_and_without_their_ends(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"one\r\n\ntwo\0\xff\nlast")
    told = Told()
    assert list(told.file(tmp_path / "log").lines()) == [(1, b"one"), (2, b""), (3, b"two\0\xff"), (4, b"last")]
    assert not told


def test_a_packed_file_of_several_members_reads_as_one(tmp_path: Path) -> None:
    (tmp_path / "log.gz").write_bytes(gzip.compress(b"one\ntw") + gzip.compress(b"o\nthree\n"))
    told = Told()
    file = told.file(tmp_path / "log.gz")
    assert file.sample() == b"one\ntwo\nthree\n"
    assert [line for _, line in file.lines()] == [b"one", b"two", b"three"]
    assert file.octets(6) == b"one\ntw"
    assert not told


@pytest.mark.parametrize("damage", ["cut off", "turned", "followed by other octets"])
def test_what_stands_before_the_damage_of_a_packed_file_is_read_and_the_damage_told_once(
    tmp_path: Path, damage: str
) -> None:
    lines = [os.urandom(30).hex().encode() for _ in range(20_000)]
    packed = bytearray(gzip.compress(b"\n".join(lines)))
    if damage == "cut off":
        del packed[len(packed) // 2 :]
    elif damage == "turned":
        packed[len(packed) // 2 :] = bytes(len(packed) // 2)
    else:
        packed += b"and so on"
    (tmp_path / "log.gz").write_bytes(packed)
    told = Told()
    read = [line for _, line in told.file(tmp_path / "log.gz").lines()]
    (one,) = told
    assert "can't be read further" in one.what and one.where.startswith("log.gz:") and one.fix
    assert len(read) > 5_000
    assert read[:5_000] == lines[:5_000]


def test_a_sample_is_given_of_a_packed_file_that_is_cut_off_after_its_first_octets(tmp_path: Path) -> None:
    (tmp_path / "log.gz").write_bytes(gzip.compress(b"postfix\n" * 100_000)[:200])
    assert Told().file(tmp_path / "log.gz").sample().startswith(b"postfix\npostfix\n")


def test_a_line_that_is_too_long_is_cut_and_told_and_the_next_has_its_own_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence_file, "_LONGEST", 10)
    (tmp_path / "log").write_bytes(b"0123456789\n" + b"x" * 35 + b"\nnext\n")
    told = Told()
    assert list(told.file(tmp_path / "log").lines()) == [(1, b"0123456789"), (2, b"x" * 10), (3, b"next")]
    (one,) = told
    assert one.where == "log:2"


def test_what_is_no_plain_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "fifo", tmp_path, Path("/dev/zero")):
        file = Told().file(path)
        for reading in (file.sample, lambda file=file: list(file.lines())):
            with pytest.raises(OSError, match="not a plain file"):
                reading()


def test_a_file_that_grows_meanwhile_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"one\n")
    lines = Told().file(path).lines()
    assert next(lines) == (1, b"one")
    with path.open("ab") as more:
        more.write(b"two\n")
    assert list(lines) == [(2, b"two")]


@pytest.mark.parametrize("packed", [False, True])
def test_a_stream_is_looked_at_and_then_read_from_its_start(packed: bool) -> None:
    content = b"\n".join(b"line %d" % number for number in range(30_000))
    stream = io.BufferedReader(io.BytesIO(gzip.compress(content) if packed else content))
    file = EvidenceFile(Path("-"), stream=stream, name="standard input")
    assert file.sample() == content[:SAMPLE]
    assert b"\n".join(line for _, line in file.lines()) == content
    assert file.place(3) == "standard input:3"


@given(st.binary(max_size=200), st.booleans())
def test_no_octets_raise_anything(tmp_path_factory: pytest.TempPathFactory, octets: bytes, packed: bool) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz"
    path.write_bytes(b"\x1f\x8b" + octets if packed else octets)
    told = Told()
    file = told.file(path)
    file.sample()
    list(file.lines())
    assert len(told) <= 1
