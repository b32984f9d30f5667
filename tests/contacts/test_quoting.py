"""An open quotation mark stops the file where it opens, before it can swallow people."""

import csv
import io

import pytest

from campaign.contacts import open_contacts
from campaign.errors import ContactsError
from tests.contacts.contact_files import Write, read


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
