"""Delimiters, the header, and the column in which the addresses stand."""

import csv
import io

import pytest

from campaign.contacts import open_contacts
from campaign.errors import ContactsError
from tests.contacts.contact_files import Write, rows_of


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_every_usual_delimiter_is_found(write: Write, delimiter: str, quoting: int) -> None:
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
