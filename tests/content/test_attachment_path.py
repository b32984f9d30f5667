"""Which file a row gets: what the operator has written and a cell has filled in, and never a file elsewhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.content.attachment_path import AttachmentPath
from campaign.errors import EmptyCellError, InvalidContactError, TemplateError
from tests.content.templates import contact


def path(source: str, **columns: str) -> str:
    return AttachmentPath(source, campaign_name="autumn")(contact(**columns))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("terms.pdf", "terms.pdf"),
        ("./terms.pdf", "terms.pdf"),
        ("legal//terms.pdf", "legal/terms.pdf"),
        ("{{ campaign.name }}.pdf", "autumn.pdf"),
        (".well-known/terms.pdf", ".well-known/terms.pdf"),
    ],
)
def test_a_path_without_a_cell_is_the_same_for_all(source: str, expected: str) -> None:
    made = AttachmentPath(source, campaign_name="autumn")
    assert made.constant == expected
    assert made(contact()) == expected


@pytest.mark.parametrize(
    "source",
    ["/etc/passwd", "../terms.pdf", "a/../../terms.pdf", ".", "a/..", "~/terms.pdf", "https://acme.example/t.pdf"],
)
def test_a_path_out_of_the_folder_is_the_settings_fault(source: str) -> None:
    with pytest.raises(TemplateError) as caught:
        AttachmentPath(source, campaign_name="autumn")
    assert caught.value.where == "message.attachments"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("invoices/{{ contact.invoice }}", "invoices/7.pdf"),
        ("invoices/inv-{{ contact.invoice }}", "invoices/inv-7.pdf"),
        ("./invoices/{{ contact.invoice }}", "invoices/7.pdf"),
        ("{% if contact.invoice %}invoices/{{ contact.invoice }}{% endif %}", "invoices/7.pdf"),
        ("{{ 'a/' if contact.invoice else 'b/' }}{{ contact.invoice }}", "a/7.pdf"),
        (" invoices/{{ contact.invoice }} ", "invoices/7.pdf"),
    ],
)
def test_a_cell_chooses_a_file_of_a_folder(source: str, expected: str) -> None:
    assert path(source, invoice="7.pdf") == expected


@pytest.mark.parametrize(("cell", "expected"), [("a/7.pdf", "./a/7.pdf"), ("a//b/7.pdf", "./a/b/7.pdf")])
def test_a_cell_may_hold_the_whole_path_with_its_folder(cell: str, expected: str) -> None:
    assert path("{{ contact.invoice }}", invoice=cell) == expected


@pytest.mark.parametrize(
    "cell",
    ["contacts-2025.csv", "/etc/passwd", "//etc/passwd", "../a/b", "a/../b", ".ssh/key", "./a/b", "a/..", "a\n/b"],
)
def test_a_cell_that_holds_the_whole_path_reaches_nothing_beside_the_settings(cell: str) -> None:
    with pytest.raises(InvalidContactError) as caught:
        path("{{ contact.invoice }}", invoice=cell)
    assert caught.value.where == "row 7"


def test_no_path_is_no_attachment() -> None:
    assert path("{% if contact.invoice %}invoices/{{ contact.invoice }}{% endif %}", invoice="") == ""


def test_an_empty_cell_is_a_gap_like_any_other() -> None:
    with pytest.raises(EmptyCellError, match="invoice is empty"):
        path("invoices/{{ contact.invoice }}", invoice=" ")


@pytest.mark.parametrize(
    "source",
    ["./{{ contact.invoice }}", "inv{{ contact.invoice }}", "a/../{{ contact.invoice }}"],
)
def test_a_cell_without_a_folder_before_it_is_the_settings_fault(source: str) -> None:
    """A cell could name the contacts file, or the ledger."""
    with pytest.raises(TemplateError, match="must begin with a folder"):
        path(source, invoice="7.pdf")


@pytest.mark.parametrize(
    "cell", ["../campaign.toml", "../../etc/passwd", "a/../../b", "..", ".env", "a/.git", "a\nb.pdf", "a\0", "\ud800"]
)
def test_a_cell_that_leaves_the_folder_makes_its_row_invalid(cell: str) -> None:
    with pytest.raises(InvalidContactError) as caught:
        path("invoices/{{ contact.invoice }}", invoice=cell)
    assert caught.value.where == "row 7"
    assert str(caught.value).isprintable() or "\n  where" in str(caught.value)
    assert "\0" not in caught.value.what


@given(st.text(max_size=30))
def test_whatever_a_cell_holds_the_path_stays_in_its_folder(cell: str) -> None:
    try:
        made = path("invoices/{{ contact.invoice | default('x') }}", invoice=cell)
    except InvalidContactError:
        return
    assert made.startswith("invoices/") and ".." not in made.split("/") and made.isprintable()


def test_what_is_wrong_for_everybody_is_found_before_the_first_row() -> None:
    (fault,) = AttachmentPath("invoices/{{ contact.invioce }}", campaign_name="autumn").faults(["email", "invoice"])
    assert "did you mean 'invoice'?" in fault.what and fault.where == "message.attachments"


def test_the_folder_is_known_where_it_hangs_on_no_row() -> None:
    assert AttachmentPath("invoices/{{ contact.x }}", campaign_name="a").folder == "invoices"
    assert AttachmentPath("{% if contact.x %}a/{% endif %}b", campaign_name="a").folder is None
