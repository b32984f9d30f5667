"""The files in a message, on its page: images in their places, attachments by name and size."""

from base64 import b64encode
from pathlib import Path

import pytest

from campaign.message import attachment_part, inline_image_part
from campaign.model import InlineImage
from campaign.preview import PreviewWriter
from campaign.preview.files import files_of, with_images
from tests.message.files import PDF, PNG

HTML = '<p>Hello <img src="cid:0123@acme.example" alt="Acme"></p>'
IMAGE = inline_image_part(
    InlineImage(name="logo.png", octets=PNG, content_id="0123@acme.example", where="body.html line 1")
)
MESSAGE = b"".join(
    (
        b"Subject: Hello\r\nMIME-Version: 1.0\r\n",
        b'Content-Type: multipart/mixed; boundary="m"\r\n\r\n--m\r\n',
        b'Content-Type: multipart/related; boundary="r"\r\n\r\n--r\r\n',
        b"Content-Type: text/html; charset=utf-8\r\n\r\n" + HTML.encode() + b"\r\n--r\r\n",
        IMAGE,
        b"--r--\r\n\r\n--m\r\n",
        attachment_part("Preise & <März>.pdf", PDF),
        b"--m\r\n",
        attachment_part("large.bin", bytes(12_345)),
        b"--m--\r\n",
    )
)
SHOWN = f"data:image/png;base64,{b64encode(PNG).decode()}"


def test_an_image_is_shown_where_the_html_wants_it() -> None:
    assert with_images(HTML, files_of(MESSAGE).images) == HTML.replace("cid:0123@acme.example", SHOWN)


def test_an_image_that_the_message_lacks_stays_a_name() -> None:
    assert with_images('<img src="cid:other@x">', files_of(MESSAGE).images) == '<img src="cid:other@x">'


def test_attachments_are_named_with_their_size() -> None:
    assert files_of(MESSAGE).attached == (("Preise & _März_.pdf", len(PDF)), ("large.bin", 12_345))


def test_only_images_become_images() -> None:
    """HTML under a Content-ID, in a frame, would be a page of its own."""
    evil = MESSAGE.replace(b"image/png", b"text/html")
    assert with_images(HTML, files_of(evil).images) == HTML


@pytest.mark.parametrize("octets", [b"", b"Content-Disposition: attachment", b"\x00\xffContent-Disposition:\r\n\r\n"])
def test_bytes_that_are_no_message_have_no_files(octets: bytes) -> None:
    assert files_of(octets).attached in ((), (("without a name", 0),))


def test_the_page_shows_both(tmp_path: Path) -> None:
    with PreviewWriter(tmp_path / "preview", campaign="autumn", note="A dry run.") as writer:
        writer.add_eml(MESSAGE, number=1, email="ada@example.net", status="ready")
    (page,) = (tmp_path / "preview").glob("0001-*.html")
    text = page.read_text("utf-8")
    assert f"Attached: <bdi>Preise &amp; _März_.pdf</bdi> ({len(PDF)} bytes), <bdi>large.bin</bdi> (12 kB)" in text
    assert SHOWN in text and "cid:" not in text
    # Not in the page's own head, which the gallery hides: index.html shows the attachments, too.
    assert "Attached" not in text[text.index("<header>") : text.index("</header>")]


def test_a_page_of_a_message_without_files_says_nothing_of_them(tmp_path: Path) -> None:
    with PreviewWriter(tmp_path / "preview", campaign="autumn", note="A dry run.") as writer:
        writer.add_eml(b"Subject: x\r\n\r\nHello\r\n", number=1, email="ada@example.net", status="ready")
    (page,) = (tmp_path / "preview").glob("0001-*.html")
    assert "Attached" not in page.read_text("utf-8")
