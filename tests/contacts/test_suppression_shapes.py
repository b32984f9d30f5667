"""Suppression lists in every shape in which people keep them: the same addresses come out."""

from pathlib import Path

import pytest

from campaign.contacts import contact_key, parse_address, read_suppressions
from campaign.errors import ContactsError
from tests.contacts.contact_files import Write


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
def test_addresses_are_found_in_every_shape_of_list(write: Write, content: str, codec: str) -> None:
    keys = set(read_suppressions([write(content.encode(codec))]))
    assert keys - {"'bob@x.example"} == {"ada@xn--bcher-kva.example", "bob@x.example"}


def test_suppression_keys_are_contact_keys(write: Write) -> None:
    (key,) = read_suppressions([write("email\nAda.B@BÜCHER.Example\n")])
    assert key == contact_key(parse_address("ada.b@bücher.example"))


def test_several_lists_are_read_in_their_order(tmp_path: Path) -> None:
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
