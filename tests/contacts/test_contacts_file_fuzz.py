"""The contacts room under any bytes at all: a word about the file, or every row of it, and never anything else."""

import csv
import io
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from campaign.contacts import contact_key, open_contacts, parse_address, read_suppressions
from campaign.contacts.normal_form import is_blank
from campaign.errors import ContactsError
from campaign.model import Row

RELAXED = settings(max_examples=250)
PIECES = st.sampled_from(
    [
        '"',
        '""',
        ",",
        ";",
        "\t",
        "|",
        "\n",
        "\r",
        "\r\n",
        "\0",
        " ",
        "a@b.example",
        "x",
        "Zoë",
        "\ufeff",
        "\u2028",
        "\v",
        "\\",
    ]
)


@pytest.fixture(scope="module")
def path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "contacts.csv"


def read(path: Path, content: bytes, chunk: int = 3) -> list[Row] | None:
    path.write_bytes(content)
    fault: ContactsError | None = None
    try:
        file = open_contacts(path, email_column="email")
    except ContactsError as error:
        fault = error
    if fault:
        assert all((fault.what, fault.where, fault.fix))
        return None
    rows = [row for rows in file.rows(chunk) for row in rows]  # What is wrong with the whole is said before this.
    for number, row in enumerate(rows, 1):
        assert row.number == number
        assert len(row.cells) == len(file.columns)
        assert all(type(cell) is str for cell in row.cells)
        text = "".join(row.cells)
        assert "\0" not in text
        text.encode()  # A lone surrogate would not.
        assert row.email is not None or row.fault
        assert row.email is None or parse_address(row.email) == row.email
    assert all(before.line < after.line for before, after in pairwise(rows))
    return rows


@RELAXED
@given(st.one_of(st.binary(max_size=300), st.binary(max_size=300).map(lambda tail: b"email,a\na@b.example," + tail)))
def test_any_bytes_give_rows_or_a_word_about_the_file(path: Path, content: bytes) -> None:
    read(path, content)


@RELAXED
@given(st.lists(PIECES, max_size=40), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"]))
def test_any_text_gives_what_a_strict_reader_gives(path: Path, pieces: list[str], codec: str) -> None:
    text = "n,email\n" + "".join(pieces)
    rows = read(path, text.encode(codec, "replace"))
    text = text.encode(codec, "replace").decode(codec)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    expected: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for record in reader:
            if not all(map(is_blank, record)) or not expected:
                expected.append((line, record))
            line = reader.line_num + 1
    except csv.Error:
        if rows is None:
            return
        expected = []  # Some line's quotes are misplaced, and its row says so.
        assert any("quotation mark" in str(row.fault) for row in rows)
    if rows is None or not expected:
        return
    assert [row.line for row in rows] == [line for line, _ in expected[1:]]
    for row, (_, record) in zip(rows, expected[1:], strict=True):
        cells = [cell.replace("\0", "\ufffd") for cell in record[:2]]
        assert list(row.cells) == cells + [""] * (2 - len(cells))
        beyond = "".join(record[2:])
        assert (len(record) > 1 and is_blank(beyond) and "\0" not in "".join(record)) or row.fault


@RELAXED
@given(
    st.lists(st.text(st.sampled_from("ab@. \0\udc80é"), max_size=20), max_size=12),
    st.sampled_from(["\n", "\r", "\r\n"]),
)
def test_without_quotes_every_line_is_a_row(path: Path, lines: list[str], end: str) -> None:
    rows = read(path, (end.join(["x,email", *lines]) + end).encode("utf-8", "surrogateescape"))
    assert rows is not None
    assert [row.line for row in rows] == [number for number, line in enumerate(lines, 2) if not is_blank(line)]


@RELAXED
@given(
    table=st.integers(1, 5).flatmap(
        lambda width: st.lists(
            st.lists(
                st.text(
                    st.one_of(st.sampled_from("\",;\t|\r\n '="), st.characters(codec="utf-8", exclude_characters="\0"))
                ),
                min_size=width,
                max_size=width,
            ),
            max_size=8,
        )
    ),
    delimiter=st.sampled_from(",;\t|"),
    codec=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    end=st.sampled_from(["\n", "\r", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_what_the_csv_module_writes_is_read_back(
    path: Path, table: list[list[str]], delimiter: str, codec: str, end: str, quoting: int
) -> None:
    table = [[cell.encode(codec, "ignore").decode(codec) for cell in cells] for cells in table]
    if codec == "cp1252":  # Without the bytes that continue a UTF-8 sequence: "Ã©" may be either, and none can tell.
        unsure = bytes(range(0x80, 0xC0)).decode("cp1252", "ignore")
        table = [["".join(c for c in cell if c not in unsure) for cell in cells] for cells in table]
    width = len(table[0]) if table else 2
    out = io.StringIO(newline="")
    header = ["email", *(f"c{n}é€" for n in range(width))]
    if end != "\r\n":  # The writer quotes the line end that it writes itself, and no other.
        quoting = csv.QUOTE_ALL
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting)  # type: ignore[arg-type]
    writer.writerows([header, *(["a@b.example", *cells] for cells in table)])
    rows = read(path, out.getvalue().encode(codec))
    assert rows is not None
    assert [row.cells[1:] for row in rows] == [tuple(cells) for cells in table]
    assert not any(row.fault for row in rows)


@RELAXED
@given(st.lists(PIECES, max_size=40), st.sampled_from(["utf-8", "utf-16", "cp1252"]))
def test_no_address_on_its_own_line_is_dropped_from_a_suppression_list(
    path: Path, pieces: list[str], codec: str
) -> None:
    text = "list\n" + "".join(pieces) + "\nkept@b.example\nemail,x\n" + "".join(pieces) + "\nlast@b.example\n"
    path.write_bytes(text.encode(codec, "replace"))
    assert {"kept@b.example", "last@b.example"} <= set(read_suppressions([path]))


@RELAXED
@given(
    st.one_of(
        st.text(max_size=60),
        st.lists(st.sampled_from(["a", "B.c", "@", ".", "-", "é", "x.example", " ", "'"])).map("".join),
    )
)
def test_addresses_are_what_the_library_says_they_are(text: str) -> None:
    try:
        address = parse_address(text)
    except ValueError:
        return
    assert parse_address(address) == address
    assert contact_key(address) == contact_key(parse_address(address.swapcase().swapcase()))
    judged = address.replace(".test", ".example").replace(".local", ".example").replace(".invalid", ".example")
    try:
        library = validate_email(judged, check_deliverability=False)
    except EmailNotValidError as error:
        raise AssertionError(address) from error
    assert library.ascii_domain == judged.rpartition("@")[2]
    assert library.local_part.lower() == judged.rpartition("@")[0].lower()


@RELAXED
@given(st.emails())
def test_ordinary_addresses_are_accepted(address: str) -> None:
    try:
        expected = validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        return
    assume(address[0] != "'")  # an address by RFC 5322, and in a file a spreadsheet's mark for text
    local, _, _ = address.rpartition("@")
    assert parse_address(address) == f"{local}@{expected.ascii_domain}"
