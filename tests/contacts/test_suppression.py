"""Suppression lists: nobody is missed silently. What can be used is, and what can't is counted and named."""

from collections.abc import Callable
from pathlib import Path

import pytest

from campaign.contacts import ListReport, Suppression, SuppressionLists
from campaign.errors import ContactsError

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_file(content: str, name: str = "quiet.csv") -> Path:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content.encode())
        return tmp_path / name

    return write_file


def read(*paths: Path, lenient: bool = True, email_column: str = "email") -> tuple[list[Suppression], list[ListReport]]:
    lists = SuppressionLists(paths, email_column=email_column, lenient=lenient)
    return list(lists.entries()), lists.reports


@pytest.mark.parametrize("odd", ["\u200b", "\ufeff", "\u200e", "\u00ad", "\u00a0", "\u2060"])
@pytest.mark.parametrize(
    "content", ["{}ada@x.example{}\n", "id;email\n1;{}ada{}@x.example\n", "Ada <ada@x.example{}>\n"]
)
def test_an_address_with_invisible_characters_is_the_address(write: Write, odd: str, content: str) -> None:
    entries, (report,) = read(write(content.replace("{}", odd)))
    assert [entry.key for entry in entries] == ["ada@x.example"]
    assert (report.entries, report.unusable) == (1, 0)
    assert report.mended == (0 if odd == "\u00a0" and content[0] == "A" else 1)  # there it parts words


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("@lagos.example", "@lagos.example"),
        ("*@galway.example", "@galway.example"),
        ("  @Lagos.Example ;", "@lagos.example"),
        ("@bücher.example", "@xn--bcher-kva.example"),
        ("@xn--bcher-kva.example", "@xn--bcher-kva.example"),
        ("*@BÜCHER.example", "@xn--bcher-kva.example"),
        ("\u200b@la\u00adgos.example", "@lagos.example"),
        ("\uff20lagos.example", "@lagos.example"),
        ("@corp.test", "@corp.test"),
        ('"@lagos.example"', "@lagos.example"),
        ("@lagos.example,2026-01-01", "@lagos.example"),
    ],
)
@pytest.mark.parametrize("header", ["", "email,since\n"])
def test_a_domain_is_suppressed_as_a_whole(write: Write, line: str, key: str, header: str) -> None:
    entries, (report,) = read(write(f"{header}{line}\n"))
    assert [entry.key for entry in entries] == [key]
    assert (report.entries, report.domains, report.unusable) == (1, 1, 0)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("ada.lovelace(at)engine.example", "no address"),
        ("ada.lovelace [at] engine.example", "no address"),
        ("ada at engine dot example", "no address"),
        ("*@*.example", "invalid characters"),
        ("@engine", "the domain after the @-sign is none"),
        ("@", "nothing"),
        ("ada @engine.example", "space"),
        ("ada@engine", "no dot"),
        ("ada@engine..example", "periods"),
        ("ada@engine,example", "the domain"),
        ("lagos.example", "a whole domain is written with an @-sign"),
        ("Ada Lovelace", "no address"),
        ("+44 20 7946 0000", "no address"),
    ],
)
@pytest.mark.parametrize("header", ["", "email\n", "# ours\n\n"])
def test_a_line_that_cannot_be_used_is_counted_and_named(write: Write, line: str, why: str, header: str) -> None:
    lines = header.count("\n")
    entries, (report,) = read(write(f"{header}bob@x.example\n{line}\ncarl@x.example\n"))
    assert [entry.key for entry in entries] == ["bob@x.example", "carl@x.example"]
    assert (report.entries, report.unusable, [number for number, _ in report.first]) == (2, 1, [lines + 2])
    assert why in report.first[0][1]


def test_the_first_few_are_named_and_all_are_counted(write: Write) -> None:
    _, (report,) = read(write("bob@x.example\n" + "nobody\n" * 12))
    assert report.unusable == 12
    assert [number for number, _ in report.first] == [2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    "content",
    [
        "# our list\n#\n\nada@x.example\n  # ada's friends\n",
        "Adresse\nada@x.example\n",
        "Adresse;Datum\nada@x.example;2026\n;\n , \n",
        "Unsubscribed in March\n\nE-Mail;since\nada@x.example;1\n",
        "sep=;\nid;email\n1;ada@x.example\n",
        "email\nada@x.example\nemail\n",
        "ada@x.example\n\x1a",
        "ada@x.example\r\n\ufeff\r\n,,\r\n",
        'note,email\n"two\nlines",ada@x.example\n',
        'email,note\nada@x.example,"three\n\nlong\nlines"\n',
        "email,note\nada@x.example,call me @ home\n",
        "since,email\n# taken out,\n2026,ada@x.example\n",
    ],
)
def test_comments_headers_and_blank_lines_are_no_unusable_lines(write: Write, content: str) -> None:
    entries, (report,) = read(write(content))
    assert [entry.key for entry in entries] == ["ada@x.example"]
    assert (report.entries, report.unusable) == (1, 0)


def test_a_first_line_that_tries_to_be_an_address_is_no_header(write: Write) -> None:
    _, (report,) = read(write("ada(at)x.example\nbob@x.example\n"))
    assert report.first == ((1, "no address in it"),)


def test_of_two_first_lines_without_an_address_one_is_a_header(write: Write) -> None:
    _, (report,) = read(write("People\nAda\nbob@x.example\n"))
    assert [number for number, _ in report.first] == [2]


@pytest.mark.parametrize("content", ['note,email\n"open,ada@x.example\nbob(at)x.example\ncarl@x.example,"\n'])
def test_an_open_quotation_mark_hides_no_unusable_line(write: Write, content: str) -> None:
    entries, (report,) = read(write(content))
    assert {"ada@x.example", "carl@x.example"} <= {entry.key for entry in entries}
    assert [number for number, _ in report.first] == [3]


def test_of_two_addresses_in_a_line_one_may_be_none(write: Write) -> None:
    entries, (report,) = read(write("bob@x.example; ada@engine\n"))
    assert [entry.key for entry in entries] == ["bob@x.example"]
    assert report.unusable == 1


@pytest.mark.parametrize("local", ["a|b", "a,b", "o'neill", "a{b}", "x#y"])
def test_an_address_with_unusual_characters_is_taken_as_a_whole(write: Write, local: str) -> None:
    entries, _ = read(write(f'email\n"{local}@x.example"\n'))
    assert f"{local}@x.example".rpartition(",")[2] in {entry.key for entry in entries}


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("o\u2019neill@x.example", "o'neill@x.example"),
        ("\uff41da@x.example", "ada@x.example"),
        ("ada\uff20x.example", "ada@x.example"),
        ("'ada@x.example", "ada@x.example"),
        ("“ada@x.example”", "ada@x.example"),
        ("mailto:ada@x.example?subject=x", "ada@x.example"),
        ("ada\u00a0lovelace@x.example", "adalovelace@x.example"),
    ],
)
def test_a_slip_in_a_list_is_what_was_meant(write: Write, written: str, key: str) -> None:
    entries, (report,) = read(write(f"email\n{written}\n"))
    assert key in {entry.key for entry in entries}
    assert report.unusable == 0


def test_every_entry_has_its_place(write: Write) -> None:
    one = write("email\nada@x.example\n\n@lagos.example\n", "one.csv")
    two = write("bob@x.example\n", "two.txt")
    entries, _ = read(one, two)
    assert entries == [
        ("ada@x.example", "one.csv", 2),
        ("@lagos.example", "one.csv", 4),
        ("bob@x.example", "two.txt", 1),
    ]


def test_lists_of_the_same_name_are_told_apart(write: Write) -> None:
    one, two = write("a@x.example\n", "one/quiet.csv"), write("b@x.example\n", "two/quiet.csv")
    entries, _ = read(one, two)
    assert [entry.list for entry in entries] == [str(one), str(two)]


def test_a_list_without_any_address_is_an_error_unless_lenient(write: Write) -> None:
    path = write("nobody\nat all\n")
    with pytest.raises(ContactsError) as caught:
        read(path, lenient=False)
    assert caught.value.where == str(path)
    _, (report,) = read(path)
    assert (report.entries, report.unusable) == (0, 2)
