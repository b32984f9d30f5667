"""The contacts room: every shape of CSV that people send, and every way in which one goes wrong."""

import csv
import hashlib
import io
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from campaign.contacts import ContactsFile, Mend, contact_key, open_contacts, parse_address, read_suppressions
from campaign.errors import ContactsError
from campaign.model import Row

Write = Callable[[str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_file(content: str | bytes, name: str = "contacts.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file


def rows_of(file: ContactsFile, chunk: int = 5_000) -> list[Row]:
    return [row for rows in file.rows(chunk) for row in rows]


def read(path: Path, email_column: str = "email") -> list[Row]:
    return rows_of(open_contacts(path, email_column=email_column))


# Cells


def test_everything_stays_the_string_it_is(write: Write) -> None:
    cells = (
        "a@b.example",
        "NA",
        "007",
        "1e5",
        " x ",
        "",
        "null",
        "True",
        "-1.50",
        "2024-01-01",
        "\ufeffx",
        "=1+1",
        "'",
        "\\",
    )
    names = ["email", *(f"c{n}" for n in range(1, len(cells)))]
    (row,) = read(write(",".join(names) + "\n" + ",".join(cells) + "\n"))
    assert row == Row(number=1, line=2, cells=cells, email="a@b.example", fault=None)
    assert all(type(cell) is str for cell in row.cells)


def test_header_names_and_the_address_are_trimmed_and_nothing_else(write: Write) -> None:
    file = open_contacts(write(" email ,\ufeff name \n  a@b.example\t, Ada \n"), email_column=" email")
    assert (file.columns, file.email_column) == (("email", "name"), "email")
    (row,) = rows_of(file)
    assert (row.email, row.cells) == ("a@b.example", ("  a@b.example\t", " Ada "))


def test_quoted_cells_keep_delimiters_quotes_and_line_ends_of_every_kind(write: Write) -> None:
    text = 'email,note\r\na@b.example,"x, ""y""\r\nz"\r\nb@b.example,"1\n2\r3"\r\nc@b.example,5\'10" tall\r\n'
    rows = read(write(text))
    assert [row.cells[1] for row in rows] == ['x, "y"\r\nz', "1\n2\r3", "5'10\" tall"]
    assert [row.line for row in rows] == [2, 4, 7]
    assert not any(row.fault for row in rows)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_numbers_count_blank_lines_and_quoted_line_ends(write: Write, end: str) -> None:
    lines = [
        "",
        "email,note",
        "",
        "a@b.example,1",
        "",
        "",
        'b@b.example,"x',
        "",
        'y"',
        "c@b.example,3",
        "d@b.example,4",
    ]
    rows = read(write(end.join(lines)))
    assert [(row.number, row.line) for row in rows] == [(1, 4), (2, 7), (3, 10), (4, 11)]
    assert rows[1].cells == ("b@b.example", f"x{end}{end}y")


def test_line_numbers_hold_across_chunks_and_cells_cut_off(write: Write) -> None:
    record = 'a@b.example,1,"over\nlong\n",x\n\nb@b.example,2\n'
    file = open_contacts(write("email,n\n" + record * 40), email_column="email")
    for chunk in (1, 2, 3, 7, 1_000):
        rows = rows_of(file, chunk)
        assert [row.line for row in rows] == [line for n in range(40) for line in (2 + 5 * n, 6 + 5 * n)]
        assert [row.number for row in rows] == list(range(1, 81))


def test_rows_can_be_read_again_and_come_in_chunks(write: Write) -> None:
    path = write("email\n" + "".join(f"u{n}@b.example\n" for n in range(25)))
    file = open_contacts(path, email_column="email")
    assert [len(rows) for rows in file.rows(10)] == [10, 10, 5]
    assert rows_of(file) == rows_of(file, 3)
    started = file.rows(10)
    next(started)
    assert len(rows_of(file)) == 25
    assert [len(rows) for rows in started] == [10, 5]


def test_a_cell_of_ten_megabytes_leaves_the_csv_module_as_it_was(write: Write) -> None:
    limit = csv.field_size_limit()
    big = "x" * 10_000_000
    (row,) = read(write(f'email,a\na@b.example,"{big}\n"\n'))
    assert row.cells[1] == big + "\n"
    rows = open_contacts(write(f"email,a\na@b.example,{big}\n"), email_column="email").rows()
    next(rows)
    assert csv.field_size_limit() == limit


def test_five_thousand_columns(write: Write) -> None:
    names = ",".join(f"c{n}" for n in range(5_000))
    (row, short) = read(write(f"{names},email\n{names},a@b.example\n{names}\n"))
    assert (row.email, len(row.cells), row.fault) == ("a@b.example", 5_001, None)
    assert short.fault == "line 3 has 5000 cells, where the header has 5001"


# Rows with faults


def test_ragged_rows_name_line_found_and_expected(write: Write) -> None:
    rows = read(write("email,a,b\na@b.example,1,2,3,4\nb@b.example\nc@b.example,1,2,\n\nd@b.example,1,2\n"))
    assert [(row.cells, row.email, row.fault) for row in rows] == [
        (("a@b.example", "1", "2"), "a@b.example", "line 2 has 5 cells, where the header has 3"),
        (("b@b.example", "", ""), "b@b.example", "line 3 has 1 cell, where the header has 3"),
        (("c@b.example", "1", "2"), "c@b.example", None),
        (("d@b.example", "1", "2"), "d@b.example", None),
    ]
    assert all(type(cell) is str for row in rows for cell in row.cells)


@pytest.mark.parametrize("blank", ["", ",", "  ", ",,,", '"",""', " , ", "\t,\u00a0", "\ufeff,\u200b", '"\n",', "\x1a"])
def test_a_line_in_which_nothing_shows_is_no_row(write: Write, blank: str) -> None:
    rows = read(write(f"email,a\n{blank}\na@b.example,1\n{blank}\nb@b.example,2\n{blank}"))
    more = blank.count("\n")
    assert [(row.number, row.line, row.fault) for row in rows] == [(1, 3 + more, None), (2, 5 + 2 * more, None)]


def test_a_single_column_with_an_empty_cell(write: Write) -> None:
    rows = read(write('email\n\na@b.example\n""\n\n'))
    assert [(row.line, row.email, row.fault) for row in rows] == [(3, "a@b.example", None)]


def test_a_nul_becomes_a_replacement_character_and_a_fault(write: Write) -> None:
    rows = read(write('email,a\na@b.example,x\0y\nb\0@b.example,1\nc@b.example,"1\n2\0"\nd@b.example,1\n'))
    assert [row.cells[1] for row in rows] == ["x\ufffdy", "1", "1\n2\ufffd", "1"]
    assert [row.fault and row.fault.split()[1] for row in rows] == ["2", "3", "5", None]
    assert all("NUL" in (row.fault or "NUL") for row in rows)
    assert [row.email for row in rows] == ["a@b.example", None, "c@b.example", "d@b.example"]


def test_a_misplaced_quote_faults_its_row_alone(write: Write) -> None:
    rows = read(write('email,a\na@b.example,"say "hi" now"\nb@b.example,"x"\n'))
    assert rows[0].email == "a@b.example"
    assert rows[0].fault == "line 2 has a quotation mark inside a quoted cell: write it twice there"
    assert (rows[1].cells, rows[1].fault) == (("b@b.example", "x"), None)


def test_misplaced_quotes_keep_line_numbers_and_other_faults(write: Write) -> None:
    rows = read(write('email,a\na@b.example,"1"2"\n\nb@b.example,"x\ny"\nc@b.example,\0\nd@b.example,"z"z\n'))
    assert [(row.line, row.fault is None) for row in rows] == [(2, False), (4, True), (6, False), (7, False)]
    assert "NUL" in str(rows[2].fault)


@pytest.mark.parametrize(
    "line",
    [
        'a@b.example, "Bob",x',
        'a@b.example, "Doe, John",x',
        'a@b.example,"Bob", "x"',
        'a@b.example,\t"Bob",x',
        'a@b.example,\u00a0"Bob",x',
        'a@b.example, "Bob" ,x',
        'a@b.example, "say ""hi""",x',
        ' "a@b.example",Bob,x',
        'a@b.example, "open,x',
    ],
)
def test_a_space_before_a_quotation_mark_is_said_with_what_to_do(write: Write, line: str) -> None:
    rows = read(write(f"email,name,city\n{line}\nb@b.example,Bob,x\n"))
    assert [row.fault for row in rows] == [
        "line 2 has a space between a delimiter and a quotation mark: take it out",
        None,
    ]


@pytest.mark.parametrize(
    "line",
    ['a@b.example, 5" tall,x', 'a@b.example,"a, ""b""",x', 'a@b.example, so "called",x', 'a@b.example, "so" he,x'],
)
def test_other_quotation_marks_behind_spaces_are_text(write: Write, line: str) -> None:
    assert [row.fault for row in read(write(f"email,name,city\n{line}\n"))] == [None]


@pytest.mark.parametrize("header", ['"email", "name"', '"name", "email"', 'email, "na,me"'])
def test_a_space_before_a_quotation_mark_in_the_header_stops_the_file(write: Write, header: str) -> None:
    with pytest.raises(ContactsError, match="space between a delimiter and a quotation mark in the header") as caught:
        open_contacts(write(f'{header}\n"a@b.example", "Ann"\n'), email_column="email")
    assert caught.value.fix == "take out the spaces before quotation marks, in the header and in the rows"


def test_empty_cells_beyond_the_header_are_nothing_and_others_are(write: Write) -> None:
    rows = read(write('email,a\na@b.example,1,,\nb@b.example,2, ,\t\nc@b.example,3,,x\nd@b.example,4,"",\n'))
    assert [(row.cells[1], row.fault) for row in rows] == [
        ("1", None),
        ("2", None),
        ("3", "line 4 has 4 cells, where the header has 2"),
        ("4", None),
    ]


def test_what_was_mended_is_counted(write: Write) -> None:
    text = "email\nada@x.example\nmailto:bob@x.example\ncarl@x.example;\n\u200bdan@x.example.\neve@x\u200b\n"
    mended: Counter[Mend] = Counter()
    rows = [row for rows in open_contacts(write(text), email_column="email").rows(mended=mended) for row in rows]
    assert [row.email for row in rows] == ["ada@x.example", "bob@x.example", "carl@x.example", "dan@x.example", None]
    assert mended == {Mend.MAILTO: 1, Mend.END: 2, Mend.INVISIBLE: 1}


@pytest.mark.parametrize(
    "content", ["email,a", "email,a\n\n,,\n  \n", 'email,a\n"",""\n\x1a', "\ufeffemail;a\r\n;\r\n"]
)
def test_a_file_of_nobody_says_so(write: Write, content: str) -> None:
    file = open_contacts(write(content), email_column="email")
    assert file.is_empty and rows_of(file) == []
    assert not open_contacts(write(content.rstrip("\x1a") + "\na@x.example"), email_column="email").is_empty


@pytest.mark.parametrize("content", ["", "\n\r\n", "\ufeff", " \n\x1a"])
def test_a_file_of_nothing_is_one_of_nobody_only_if_that_is_allowed(write: Write, content: str) -> None:
    file = open_contacts(write(content), email_column="mail", allow_empty=True)
    assert (file.is_empty, file.columns, rows_of(file)) == (True, ("mail",), [])
    with pytest.raises(ContactsError):
        open_contacts(write(content), email_column="mail")


# Quotes that would swallow people


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('email,a\na@b.example,1\nb@b.example,"open\nc@b.example,3\nd@b.example,4\n', 3),
        ('email,a\nb@b.example,"open', 2),
        ('email,a,b\n"b@b.example,1,2\nc@b.example,3,4\nd@b.example,5",6,7\n', 2),
        ('email,a\nb@b.example,"open\nc@b.example,"3"\nd@b.example,4\n', 2),
        ('name,email,a\n"Bob,b@b.example,1\nAl 5",c@b.example,2\n', 2),
        ('email,a\nb@b.example,"x "y,"z\nc@b.example,1\n', 2),
        ('email,a\n"b@b.example"x,"z\nc@b.example,1"\n', 2),
        ('a,email\n1,"x\ny","z"w\n', 2),
    ],
)
def test_an_open_quote_stops_the_file_where_it_opens(write: Write, text: str, line: int) -> None:
    with pytest.raises(ContactsError) as caught:
        open_contacts(write(text), email_column="email")
    assert caught.value.where.endswith(f"contacts.csv, line {line}")
    assert "quot" in caught.value.what
    assert caught.value.fix


@pytest.mark.parametrize("header", ['email,"a\n', '"email,a\n', 'email,"a\nb@b.example,"x"\n', 'email,"a" b\n'])
def test_an_open_quote_in_the_header_stops_the_file(write: Write, header: str) -> None:
    with pytest.raises(ContactsError):
        open_contacts(write(header + "a@b.example,1\n"), email_column="email")


def test_a_header_that_swallows_rows_is_refused(write: Write) -> None:
    with pytest.raises(ContactsError, match="header"):
        open_contacts(write('email,"a\na@b.example,1\nb@b.example,2"\n'), email_column="email")


@pytest.mark.parametrize(
    "cell",
    [
        "Dear all,\nwrite to bob@b.example, please\nBye",
        "1 Main St\nSpringfield",
        "a@b.example\nb@b.example",
        '"\n\n",\n',
    ],
)
def test_long_texts_are_not_taken_for_an_open_quote(write: Write, cell: str) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([["name", "email", "note"], ["Ada", "ada@b.example", cell], [cell, "bob@b.example", ""]])
    rows = read(write(out.getvalue()))
    assert [row.cells for row in rows] == [("Ada", "ada@b.example", cell), (cell, "bob@b.example", "")]
    assert not any(row.fault for row in rows)


# Encodings

TABLE = "email,name\r\nzoe@b.example,Zoë Größe\r\nanna@bücher.example,“Anna” €5\r\n"


@pytest.mark.parametrize(
    ("content", "label"),
    [
        (TABLE.encode(), "UTF-8"),
        (TABLE.encode("utf-8-sig"), "UTF-8 with a byte-order mark"),
        (TABLE.encode("utf-16"), "UTF-16 little-endian"),
        (TABLE.encode("utf-16-le"), "UTF-16 little-endian"),
        (b"\xfe\xff" + TABLE.encode("utf-16-be"), "UTF-16 big-endian"),
        (TABLE.encode("utf-16-be"), "UTF-16 big-endian"),
        (TABLE.encode("cp1252"), "Windows-1252"),
    ],
)
def test_encodings(write: Write, content: bytes, label: str) -> None:
    file = open_contacts(write(content), email_column="email")
    assert (file.encoding, file.columns) == (label, ("email", "name"))
    rows = rows_of(file)
    assert [row.cells[1] for row in rows] == ["Zoë Größe", "“Anna” €5"]
    assert [row.email for row in rows] == ["zoe@b.example", "anna@xn--bcher-kva.example"]
    assert not any(row.fault for row in rows)


def test_the_whole_file_decides_not_its_beginning(write: Write) -> None:
    ascii_part = b"email,name\n" + b"a@b.example,Ann\n" * 150_000  # Over two megabytes: two blocks and some.
    for codec, label in (("utf-8", "UTF-8"), ("cp1252", "Windows-1252")):
        file = open_contacts(write(ascii_part + "z@b.example,Zoë\n".encode(codec)), email_column="email")
        assert file.encoding == label
        *_, last = rows_of(file)
        assert (last.cells[1], last.fault, last.line) == ("Zoë", None, 150_002)


def test_a_character_across_a_block_is_whole(write: Write) -> None:
    head = b"email,name\na@b.example,"
    for shift in range(4):
        filler = b"x" * ((1 << 20) - len(head) - shift)
        (row,) = read(write(head + filler + "€".encode() + b"\n"))
        assert (row.cells[1][-1], row.fault) == ("€", None)


def test_utf_8_with_a_few_broken_bytes_stays_utf_8(write: Write) -> None:
    content = (
        "email,name\na@b.example,Zoë\nb@b.example,é".encode()
        + b"\xff\xe9\nc@b.example,\xc3\nd@b.example,\xe2\x82\xac\n"
    )
    file = open_contacts(write(content.replace(b"d@", "ñññ,\n,€€€€\nd@".encode())), email_column="email")
    assert file.encoding == "UTF-8"
    rows = rows_of(file)
    assert [row.cells[1] for row in rows] == ["Zoë", "é\ufffd\ufffd", "\ufffd", "", "€€€€", "€"]
    assert rows[1].fault == "line 3 has bytes that are not UTF-8"
    assert rows[2].fault == "line 4 has bytes that are not UTF-8"
    assert (rows[0].fault, rows[5].fault) == (None, None)


def test_more_broken_bytes_than_characters_is_windows_1252(write: Write) -> None:
    content = "email,name\na@b.example,Ã©\n".encode("cp1252") + "b@b.example,Zoë à\nc@b.example,ü\n".encode("cp1252")
    file = open_contacts(write(content), email_column="email")
    assert file.encoding == "Windows-1252"
    assert [row.cells[1] for row in rows_of(file)] == ["Ã©", "Zoë à", "ü"]


def test_bytes_undefined_in_windows_1252_fault_their_row(write: Write) -> None:
    rows = read(write(b"email,name\na@b.example,\xe9\nb@b.example,x\x81\x9d\n"))
    assert [(row.cells[1], row.fault) for row in rows] == [
        ("é", None),
        ("x\ufffd\ufffd", "line 3 has bytes that are not Windows-1252"),
    ]


def test_a_lone_surrogate_in_utf_16_faults_its_row(write: Write) -> None:
    rows = read(write("email,name\na@b.example,x\ud800y\nb@b.example,\U0001f600\n".encode("utf-16", "surrogatepass")))
    assert [(row.cells[1], row.fault is None) for row in rows] == [("x\ufffdy", False), ("\U0001f600", True)]


def test_a_surrogate_written_in_utf_8_faults_its_row(write: Write) -> None:
    rows = read(write("email,né\na@b.example,éé\ud800éé\n".encode("utf-8", "surrogatepass")))
    assert rows[0].fault == "line 2 has bytes that are not UTF-8"
    assert rows[0].cells[1].strip("\ufffd") != rows[0].cells[1].encode("ascii", "ignore").decode()
    assert not any(0xD800 <= ord(character) < 0xE000 for character in rows[0].cells[1])


# Delimiters and headers


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_delimiters(write: Write, delimiter: str, quoting: int) -> None:
    table = [["id", "a,b;c|d\te", "email"], ["1", "x;y;z,w,v|u|t", "a@b.example"], ["2", "\t\t,,;;||", "b@b.example"]]
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, quoting=quoting).writerows(table)  # type: ignore[arg-type]
    file = open_contacts(write(out.getvalue()), email_column="email")
    assert (file.delimiter, file.columns) == (delimiter, tuple(table[0]))
    assert [row.cells for row in rows_of(file)] == [tuple(cells) for cells in table[1:]]


def test_the_header_decides_against_what_the_rows_are_full_of(write: Write) -> None:
    file = open_contacts(write("email;note\na@b.example;1,2,3,4\nb@b.example;1,2,3,4\n"), email_column="email")
    assert (file.delimiter, file.columns) == (";", ("email", "note"))


@pytest.mark.parametrize("text", ["email\na@b.example\nb@b.example\n", "email", "\ufeffemail\r\n", '"email"\n'])
def test_a_single_column_file_is_fine(write: Write, text: str) -> None:
    assert open_contacts(write(text), email_column="email").columns == ("email",)


@pytest.mark.parametrize("sep", ["sep=;", "SEP=;", '"sep=;"', "sep=^", "sep=\t"])
def test_excels_sep_line_is_obeyed_and_skipped(write: Write, sep: str) -> None:
    delimiter = sep.strip('"')[-1]
    file = open_contacts(write(f"{sep}\r\nemail{delimiter}a,b\r\na@b.example{delimiter}1,2\r\n"), email_column="email")
    assert (file.delimiter, file.columns) == (delimiter, ("email", "a,b"))
    assert [(row.line, row.cells) for row in rows_of(file)] == [(3, ("a@b.example", "1,2"))]


def test_the_email_column_is_found_exactly_first_then_without_case(write: Write) -> None:
    path = write("EMAIL,Email,x\na@b.example,b@b.example,1\n")
    assert open_contacts(path, email_column="Email").email_column == "Email"
    assert open_contacts(path, email_column="X").email_column == "x"
    with pytest.raises(ContactsError, match='"EMAIL", "Email", "x"'):
        open_contacts(path, email_column="email")


@pytest.mark.parametrize(
    ("header", "guess"),
    [("name,e-mail", "e-mail"), ("emial;name", "emial"), ("Kunde,Mailadresse des Kunden", "Mailadresse")],
)
def test_a_misspelt_email_column_lists_the_columns_and_suggests(write: Write, header: str, guess: str) -> None:
    with pytest.raises(ContactsError) as caught:
        open_contacts(write(header + "\nx,y\n"), email_column="email")
    assert 'no column "email"' in caught.value.what
    assert all(f'"{name}"' in caught.value.what for name in header.replace(";", ",").split(","))
    assert f'is it "{guess}' in caught.value.fix


@pytest.mark.parametrize(
    ("text", "guess"),
    [
        ("mail_sent_on,customer\n2026-01-01,ada@x.example\n2026-01-02,bob@x.example\n", "customer"),
        ("e-mail,login\nyes,ada@x.example\nno,bob@x.example\n", "login"),
        ("mailing;kontakt;vertreter\n1;ada@x.example;\n2;bob@x.example;carl@x.example\n", "kontakt"),
        ("Email sent,Kontakt,status\nyes,a@x.example;,1\nno,’d@x.example,2\nno,e＠x.example,3\n", "Kontakt"),
        ("Email sent,Kontakt\nyes,'a@x.example'\nno,«b@x.example»\nno,mailto:c＠x.example.\n", "Kontakt"),
        ("Email sent;Kontakt\nyes;Ann <a@x.example>\nno;b﹫x.example\nno;c@x.example, d@x.example\n", "Kontakt"),
        ("name,adresse\nAda,mailto:ada@x.example\nBob,\n", "adresse"),
    ],
)
def test_the_best_guess_is_the_column_whose_cells_are_addresses(write: Write, text: str, guess: str) -> None:
    with pytest.raises(ContactsError) as caught:
        open_contacts(write(text), email_column="email")
    words = f'is it "{guess}", whose cells are addresses? if so, set contacts.email_column = "{guess}"'
    assert caught.value.fix == words


def test_without_addresses_the_names_are_what_there_is_to_go_by(write: Write) -> None:
    with pytest.raises(ContactsError) as caught:
        open_contacts(write("e-mail,note\nnone,see ada@x.example\n"), email_column="email")
    assert 'is it "e-mail"? if so, set contacts.email_column' in caught.value.fix


def test_a_file_without_a_header_is_told_so(write: Write) -> None:
    with pytest.raises(ContactsError) as caught:
        open_contacts(write("a@b.example,Ann\nb@b.example,Bob\n"), email_column="email")
    assert "header" in caught.value.fix


def test_column_names_cannot_move_the_cursor_or_fill_the_screen(write: Write) -> None:
    names = ["\x1b[2Jx", "y" * 10_000, *(f"c{n}" for n in range(1_000))]
    with pytest.raises(ContactsError) as caught:
        open_contacts(write(",".join(names)), email_column="email")
    assert "\x1b" not in str(caught.value)
    assert "and 972 more" in caught.value.what
    assert len(str(caught.value)) < 1_000


def test_duplicate_column_names_are_named(write: Write) -> None:
    with pytest.raises(ContactsError, match='"a", "b"'):
        open_contacts(write("email,a,b, a,c,b,,\n"), email_column="email")


def test_trailing_columns_without_a_name_may_be_missing(write: Write) -> None:
    file = open_contacts(
        write("email;a;;\nx@b.example;1;;\ny@b.example;2\nz@b.example\nw@b.example;1;2;3;4\n"), email_column="email"
    )
    assert file.columns == ("email", "a", "column_3", "column_4")
    assert [(row.cells[1:], row.fault) for row in rows_of(file)] == [
        (("1", "", ""), None),
        (("2", "", ""), None),
        (("", "", ""), "line 4 has 1 cell, where the header has 4"),
        (("1", "2", "3"), "line 5 has 5 cells, where the header has 4"),
    ]


def test_a_nameless_column_takes_no_other_columns_name(write: Write) -> None:
    file = open_contacts(write("email,,column_2,column_2_\n"), email_column="email")
    assert file.columns == ("email", "column_2__", "column_2", "column_2_")


# Whole files


@pytest.mark.parametrize("content", ["", "\n\r\n\n", "\ufeff", "sep=;\n"])
def test_an_empty_file_is_refused(write: Write, content: str) -> None:
    with pytest.raises(ContactsError, match="empty"):
        open_contacts(write(content), email_column="email")


def test_a_header_alone_is_a_file_of_nobody(write: Write) -> None:
    assert list(open_contacts(write("email,name"), email_column="email").rows()) == []
    assert list(open_contacts(write("email,name\n\n\n"), email_column="email").rows()) == []


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0[Content_Types].xml", "Excel workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "Excel workbook"),
        (b"PK\x03\x04\x14\0\0\0\0\0contacts.csv", "zip"),
        (b"\x1f\x8b\x08\0\0\0\0\0", "gzip"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\xff\xfe\0\0e\0\0\0", "UTF-32"),
        (bytes(range(1, 32)) * 20, "binary"),
    ],
)
def test_a_file_that_is_no_text_is_called_by_its_name(write: Write, content: bytes, word: str) -> None:
    with pytest.raises(ContactsError, match=word) as caught:
        open_contacts(write(content), email_column="email")
    assert caught.value.fix
    assert "contacts.csv" in caught.value.where


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, word in (
        (tmp_path, "folder"),
        (tmp_path / "missing.csv", "no such file"),
        (tmp_path / "missing" / "x.csv", "no such file"),
        (tmp_path / "pipe", "regular file"),
        (tmp_path / ("x" * 5_000), "can't be read"),
        (Path("a\0b"), "can't be read"),
    ):
        with pytest.raises(ContactsError, match=word):
            open_contacts(path, email_column="email")
        with pytest.raises(ContactsError, match=word):
            list(read_suppressions([path]))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(write: Write) -> None:
    path = write("email\n")
    path.chmod(0)
    with pytest.raises(ContactsError, match="may not be read"):
        open_contacts(path, email_column="email")


def test_a_file_that_changed_since_it_was_opened_is_refused(write: Write) -> None:
    file = open_contacts(write("email\na@b.example\n"), email_column="email")
    write("email\na@b.example\nb@b.example\n")
    with pytest.raises(ContactsError, match="changed"):
        file.rows()


def test_a_file_that_vanished_is_refused(write: Write) -> None:
    path = write("email\na@b.example\n")
    file = open_contacts(path, email_column="email")
    path.unlink()
    with pytest.raises(ContactsError, match="no such file"):
        file.rows()


def test_size_and_digest(write: Write) -> None:
    content = b"email\n" + b"a@b.example\n" * 300_000
    file = open_contacts(write(content), email_column="email")
    assert (file.size_bytes, file.digest()) == (len(content), hashlib.sha256(content).hexdigest())


def test_pandas_waits_until_rows_are_read() -> None:
    code = "import sys, campaign.contacts as c; c.parse_address('a@b.example'); sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# Addresses


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("ada@engine.example", "ada@engine.example"),
        ("  ada@engine.example\r\n", "ada@engine.example"),
        ("\xa0ada@engine.example\xa0", "ada@engine.example"),
        ("Ada.Lovelace+x@Engine.Example", "Ada.Lovelace+x@engine.example"),
        ("o'neill_!#$%&*/=?^`{|}~-@x.example", "o'neill_!#$%&*/=?^`{|}~-@x.example"),
        ("INFO@x.example", "INFO@x.example"),
        ("a@bücher.example", "a@xn--bcher-kva.example"),
        ("a@BÜCHER.example", "a@xn--bcher-kva.example"),
        ("a@xn--bcher-kva.example", "a@xn--bcher-kva.example"),
        ("a@例え。example", "a@xn--r8jz45g.example"),
        ("jose\u0301@x.example", "jos\xe9@x.example"),
        ("用户@例え.example", "用户@xn--r8jz45g.example"),
        ("a@b.test", "a@b.test"),
        ("a@sub.Corp.LOCAL", "a@sub.corp.local"),
        ("a@b.invalid", "a@b.invalid"),
        ("a@b.localhost", "a@b.localhost"),
        ("a@bücher.localhost", "a@xn--bcher-kva.localhost"),
        ("a" * 64 + "@x.example", "a" * 64 + "@x.example"),
    ],
)
def test_addresses(text: str, address: str) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "missing"),
        (" \t ", "missing"),
        ("ada", "no @-sign"),
        ("ada＠x.example", "wide"),
        ("Ada <ada@x.example>", "comes with a name"),
        ("<ada@x.example>", "angle brackets"),
        ("ada@x.example, bob@x.example", "more than one"),
        ("ada@x.example;bob@x.example", "more than one"),
        ("ada@x.example\nbob@x.example", "more than one"),
        ("ada@@x.example", "more than one"),
        ("ada lovelace@x.example", "space"),
        ("ada@x. example", "space"),
        ("ada@x.example\r\nBcc: x", "line break"),
        ('"ada"@x.example', "quotation marks"),
        ('"a@b"@x.example', "quotation marks"),
        ("ada@[192.0.2.1]", "IP address"),
        ("ada@localhost", "no dot"),
        ("@x.example", "nothing before"),
        ("ada@", "nothing after"),
        ("ada@x..example", "periods"),
        ("ada@.example", "period"),
        (".ada@x.example", "period"),
        ("ada.@x.example", "period"),
        ("a..b@x.example", "period"),
        ("ada@-x.example", "hyphen"),
        ("ada@x_y.example", "invalid characters"),
        ("ada@192.0.2.1", "top-level"),
        ("ad\ufffda@x.example", "could not be read"),
        ("ada@x.onion", "special-use"),
        ("ada@xn--zzzzzz.example", "IDNA"),
        ("a" * 250 + "@x.example", "too long"),
        ("ada@" + "x." * 130 + "example", "too long"),
        ("x@" + "y" * 1_000_000 + ".example", "too long"),
        ("ada@" + "x" * 64 + ".example", "too many"),
    ],
)
def test_refused_addresses_say_why(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        parse_address(text)
    message = str(caught.value)
    assert len(message) <= 210
    assert message[:1].islower()
    assert message.isprintable()


def test_a_domain_once_refused_is_refused_again() -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match="hyphen"):
            parse_address("a@-refused.example")
        assert parse_address("b@accepted.example") == "b@accepted.example"


def test_the_same_address_in_another_case_is_the_same_contact() -> None:
    assert contact_key(parse_address("Ada@BÜCHER.example")) == contact_key(parse_address("aDA@bücher.Example "))
    assert contact_key("a@b.example") != contact_key("b@b.example")


def test_a_faulty_address_is_its_rows_fault(write: Write) -> None:
    rows = read(write("name,email\nAda,\nBob,bob\nCy,cy@x.example\n"))
    assert [(row.email, row.fault) for row in rows] == [
        (None, "the e-mail address is missing"),
        (None, "the address has no @-sign"),
        ("cy@x.example", None),
    ]


# Suppression lists


@pytest.mark.parametrize(
    "content",
    [
        "Ada@Bücher.example\nBob@x.example\n",
        "email,since\nada@bücher.example,2026\nbob@x.example,2026\n",
        "id;E-Mail\r\n1;ada@bücher.example\r\n2;Bob@X.example",
        "sep=|\nid|E-mail address|by\n1|ada@bücher.example|me@x.example\n2|bob@x.example|me@x.example\n",
        '"since","email"\n"2026","ada@bücher.example"\n"2026","bob@x.example"\n',
        "Unsubscribed so far\n\n  ada@bücher.example  \n\nBob <bob@x.example>\n",
        "ada@bücher.example, bob@x.example",
        "address;since\nmailto:ada@bücher.example;1\n'bob@x.example.';2\n",
        "when,Email\n,ada@bücher.example\nbob@x.example\n",
        'note,email\n"open,ada@bücher.example\nx,bob@x.example\n',
    ],
)
@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "cp1252"])
def test_suppression_lists(write: Write, content: str, codec: str) -> None:
    keys = set(read_suppressions([write(content.encode(codec))]))
    assert keys - {"'bob@x.example"} == {"ada@xn--bcher-kva.example", "bob@x.example"}


def test_suppression_keys_are_contact_keys(write: Write) -> None:
    (key,) = read_suppressions([write("email\nAda.B@BÜCHER.Example\n")])
    assert key == contact_key(parse_address("ada.b@bücher.example"))


def test_several_lists_in_order(tmp_path: Path) -> None:
    paths = [tmp_path / "one.csv", tmp_path / "two.txt"]
    paths[0].write_text("email\na@x.example\n")
    paths[1].write_text("b@x.example\na@x.example\n")
    assert list(read_suppressions(paths)) == ["a@x.example", "b@x.example", "a@x.example"]


@pytest.mark.parametrize("content", ["", "\n\n", "email\n", "email,since\r\n\r\n", "sep=;\nid;email\n"])
def test_an_empty_list_suppresses_nobody(write: Write, content: str) -> None:
    assert list(read_suppressions([write(content)])) == []


@pytest.mark.parametrize(
    "content", ["name\nAda\n", "email\nada\n", "id,email\n1,\n", b"PK\x03\x04xl/", "@acme\n", "email\nA..B@x.example\n"]
)
def test_a_list_without_an_address_is_refused(write: Write, content: str | bytes) -> None:
    with pytest.raises(ContactsError) as caught:
        list(read_suppressions([write(content)]))
    assert "contacts.csv" in caught.value.where


def test_a_campaigns_own_column_name_is_known_in_its_lists(write: Write) -> None:
    path = write("kunde,by\nada@x.example,me@x.example\n")
    assert set(read_suppressions([path])) == {"ada@x.example", "me@x.example"}
    assert set(read_suppressions([path], email_column="Kunde")) == {"ada@x.example"}
