"""People are added to a suppression list whole or not at all, and what stood in it stays as it was."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.contacts import read_suppressions
from campaign.contacts.list_addition import Addition, ListToAddTo
from campaign.errors import ContactsError
from tests.contacts.contact_files import Write
from tests.disks import read_only

DAY = date(2026, 11, 27)


def people(*emails: str) -> list[Addition]:
    return [Addition(email, "complaint", DAY) for email in emails]


def test_a_new_list_says_who_why_and_when(tmp_path: Path) -> None:
    path = tmp_path / "stop.csv"
    assert ListToAddTo(path).add([Addition("ada@engine.example", "bounced 5.1.1", DAY)]) == 1
    assert path.read_text() == "email,reason,date\nada@engine.example,bounced 5.1.1,2026-11-27\n"
    assert list(read_suppressions([path])) == ["ada@engine.example"]


def test_a_list_without_anybody_is_made_all_the_same_for_settings_that_name_it(tmp_path: Path) -> None:
    path = tmp_path / "stop.csv"
    assert ListToAddTo(path).add([]) == 0
    assert path.read_text() == "email,reason,date\n"
    assert list(read_suppressions([path])) == []


@pytest.mark.parametrize("before", [None, "email\nada@engine.example\n"])
def test_two_campaigns_that_share_a_list_add_to_it(before: str | None, tmp_path: Path) -> None:
    """Both have looked at it before either writes."""
    path = tmp_path / "stop.csv"
    if before is not None:
        path.write_text(before)
    one, other = ListToAddTo(path), ListToAddTo(path)
    assert one.add(people("bob@engine.example", "eve@engine.example")) == 2
    assert other.add(people("cleo@engine.example", "eve@engine.example")) == 1
    found = {"bob@engine.example", "cleo@engine.example", "eve@engine.example"}
    assert set(read_suppressions([path])) - {"ada@engine.example"} == found


def test_each_waits_for_the_other(tmp_path: Path) -> None:
    path = tmp_path / "stop.csv"

    def add(number: int) -> int:
        return ListToAddTo(path).add(people(*(f"p{number}.{one}@engine.example" for one in range(20))))

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(add, range(24))) == 480
    assert len(list(read_suppressions([path]))) == 480


def test_nobody_is_added_who_is_on_it_in_whatever_case(write: Write) -> None:
    path = write("email,reason,date\nADA@Engine.example,asked,2020-01-01\n")
    before = path.read_bytes()
    found = ListToAddTo(path)
    assert found.add(people("ada@engine.example")) == 0
    assert path.read_bytes() == before
    assert found.add(people("ada@engine.example", "Bob@engine.example", "bob@engine.example")) == 1
    assert path.read_bytes() == before + b"Bob@engine.example,complaint,2026-11-27\n"


@pytest.mark.parametrize(
    ("before", "added"),
    [
        (b"", b"email,reason,date\nbob@engine.example,complaint,2026-11-27\n"),
        (b"email\r\nada@engine.example", b"\r\nbob@engine.example\r\n"),
        (b"Name;E-Mail;Date\nAda;ada@engine.example;x\n", b";bob@engine.example;2026-11-27\n"),
        (b"\xef\xbb\xbfemail\treason\n\n", b"bob@engine.example\tcomplaint\n"),
        (b"ada@engine.example\nzoe@engine.example\n", b"bob@engine.example\n"),
        (b"# who wants no more\nada@engine.example\n", b"bob@engine.example\n"),
        (b"sep=;\nemail;why\n", b"bob@engine.example;\n"),
        (b"a title\n\nemail,why\nada@engine.example,\x80\n", b"bob@engine.example,\n"),
    ],
)
def test_what_stands_in_a_list_stays_and_its_columns_and_line_ends_are_kept(
    write: Write, before: bytes, added: bytes
) -> None:
    path = write(before)
    earlier = set(read_suppressions([path])) if b"@" in before else set()
    assert ListToAddTo(path).add(people("bob@engine.example")) == 1
    assert path.read_bytes() == before + added
    assert set(read_suppressions([path])) == earlier | {"bob@engine.example"}


def test_the_encoding_is_kept_and_what_it_can_t_write_is_said(write: Write, tmp_path: Path) -> None:
    path = write("email;reason\nada@engine.example;ja\u00df\n".encode("utf-16"))
    ListToAddTo(path).add(people("b\u00f6b@engine.example"))
    assert path.read_bytes().decode("utf-16").endswith("\nb\u00f6b@engine.example;complaint\n")
    narrow = tmp_path / "narrow.csv"
    narrow.write_bytes("email;reason\nada@engine.example;ja\u00df\n".encode("cp1252"))
    before = narrow.read_bytes()
    with pytest.raises(ContactsError, match="encoding"):
        ListToAddTo(narrow).add(people("\u65e5\u672c@engine.example"))
    assert narrow.read_bytes() == before


@pytest.mark.parametrize("content", ["nothing,that,says\nwho,it,is\n", b"PK\x03\x04\x00\x00", b"\0\1\2"])
def test_what_is_no_list_is_refused_before_anything_is_added(write: Write, content: str | bytes) -> None:
    path = write(content)
    with pytest.raises(ContactsError) as error:
        ListToAddTo(path)
    assert str(path) in error.value.where and error.value.fix


def test_a_folder_that_nothing_can_be_written_in_is_told_at_once(guarded_folder: Path, tmp_path: Path) -> None:
    with read_only(guarded_folder), pytest.raises(ContactsError, match="can't be written"):
        ListToAddTo(guarded_folder / "stop.csv")
    with pytest.raises(ContactsError, match="can't be written"):
        ListToAddTo(tmp_path / "nowhere" / "stop.csv")
    with pytest.raises(ContactsError, match="folder"):
        ListToAddTo(tmp_path)


def test_a_list_is_looked_at_without_being_changed_and_keeps_its_mode(write: Write) -> None:
    path = write("email\nada@engine.example\n")
    path.chmod(0o644)
    before = path.stat()
    found = ListToAddTo(path)
    assert [one.email for one in found.missing(people("ada@engine.example", "bob@engine.example"))] == [
        "bob@engine.example"
    ]
    assert path.stat() == before and list(path.parent.iterdir()) == [path]
    found.add(people("bob@engine.example"))
    assert path.stat().st_mode == before.st_mode


def test_a_link_to_a_list_stays_a_link(write: Write, tmp_path: Path) -> None:
    path, link = write("email\n"), tmp_path / "link.csv"
    link.symlink_to(path)
    ListToAddTo(link).add(people("bob@engine.example"))
    assert link.is_symlink() and "bob@" in path.read_text()


@settings(max_examples=30)
@given(st.text(max_size=60), st.sampled_from(["utf-8", "utf-16", "cp1252"]))
def test_whatever_a_list_holds_nobody_is_lost_from_it(
    tmp_path_factory: pytest.TempPathFactory, text: str, codec: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(text.encode(codec, "ignore"))
    try:
        found = ListToAddTo(path)
        earlier = set(read_suppressions([path]))
        found.add(people("bob@engine.example"))
    except ContactsError:
        return
    assert set(read_suppressions([path])) >= earlier | {"bob@engine.example"}
