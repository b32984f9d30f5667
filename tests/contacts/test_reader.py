"""Cells and rows: every cell stays the string it is, every row has its number and its own faults."""

import csv
from collections import Counter

import pytest

from campaign.contacts import Mend, open_contacts
from campaign.errors import ContactsError
from campaign.model import Row
from tests.contacts.contact_files import Write, read, rows_of

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


def test_a_file_may_have_five_thousand_columns(write: Write) -> None:
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


def test_an_empty_cell_in_a_single_column_is_no_row(write: Write) -> None:
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
