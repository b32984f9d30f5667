"""The composer against the standard library's, with all that a message may have besides: display name, further header
fields, inline images, attachments. From the same pieces both make the same tree with the same content.
"""

import email.header
import email.policy
import email.utils
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.headerregistry import Address, ContentTypeHeader
from email.message import EmailMessage, MIMEPart

from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.message import Composer, attachment_part, inline_image_part
from campaign.model import Contact, Content, InlineImage, Message
from tests.message.contents import ADDRESSES, BALLAST, CAMPAIGN, CHUNKS, DISPLAY_NAMES, FRAGMENTS, LINE, SUBJECTS
from tests.message.files import PNG
from tests.message.messages import NOW
from tests.message.readers import hold_the_wire_to_its_rules, lines, read

SENDER = Address("Acme", addr_spec="hello@acme.example")


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """An attachment: whatever it holds, it is of the kind that its name says."""

    name: str
    octets: bytes
    type: str
    parameters: Mapping[str, str]


OCTETS = st.binary(max_size=300) | FRAGMENTS.map(str.encode) | st.integers(0, 200).map(b"\r\n.\r\nx".__mul__)
# What no file system would keep as it is, is made safe before it is sent: that is another test's.
STEMS = (
    st.text(LINE, min_size=1, max_size=60)
    .map(lambda stem: "".join(letter for letter in stem if letter.isprintable() and letter not in '/\\:*?"<>|').strip())
    .filter(lambda stem: bool(stem) and not stem.startswith(".") and len(stem.encode()) < 240)
)


def _files(suffix: str, kind: str, octets: st.SearchStrategy[bytes], **parameters: str) -> st.SearchStrategy[File]:
    return st.builds(
        lambda stem, content: File(name=stem + suffix, octets=content, type=kind, parameters=parameters), STEMS, octets
    )


FILES = st.one_of(
    _files(".pdf", "application/pdf", OCTETS.map(b"%PDF-1.7\n".__add__)),
    _files(".png", "image/png", OCTETS.map(PNG.__add__)),
    _files(".txt", "text/plain", FRAGMENTS.map(lambda text: text.replace("\0", "").encode()), charset="utf-8"),
    _files(".bin", "application/octet-stream", OCTETS),
)
IMAGES = st.lists(OCTETS.map(PNG.__add__), max_size=3)
ASCII = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=300)
HEADERS: Mapping[str, st.SearchStrategy[str]] = {
    "Feedback-ID": ASCII,
    "X-SES-MESSAGE-TAGS": ASCII,
    "Auto-Submitted": st.just("auto-generated"),
    "X-Note": SUBJECTS,
    "Comments": SUBJECTS,
    "Organization": st.text(LINE, max_size=90),
}
"""By name: what may stand in it."""


def composed(
    content: Content,
    *,
    address: str = "ada@example.net",
    constants: tuple[str, ...] = (),
    headers: Sequence[str] = (),
    images: Sequence[InlineImage] = (),
    files: Sequence[File] = (),
) -> Message:
    parts = {
        path: attachment_part(file.name, file.octets) for path, file in zip(content.attachments, files, strict=True)
    }
    composer = Composer(
        campaign=CAMPAIGN,
        sender=str(SENDER),
        return_path="bounces@acme.example",
        reply_to=None,
        unsubscribe_mailto=None,
        headers=dict.fromkeys(headers),
        constants=constants,
        images=[inline_image_part(image) for image in images],
        attachment=parts.__getitem__,
    )
    return composer.compose(Contact(number=1, email=address, columns={}), content, now=NOW)


def oracle(content: Content, *, images: Sequence[InlineImage] = (), files: Sequence[File] = ()) -> EmailMessage:
    """The same tree by the standard library."""
    message = EmailMessage(policy=email.policy.SMTP)
    text, html = lines("".join(content.text)), lines("".join(content.html))
    if content.text:
        message.set_content(text, cte="base64")
        if content.html:
            message.add_alternative(html, subtype="html", cte="base64")
    else:
        message.set_content(html, subtype="html", cte="base64")
    shown = message.get_body(("html",))
    for image in images if shown is not None else ():
        assert isinstance(shown, MIMEPart)
        shown.add_related(
            image.octets, "image", "png", cid=f"<{image.content_id}>", filename=image.name, disposition="inline"
        )
    for file in files:
        message.add_attachment(file.octets, *file.type.split("/"), filename=file.name, params=dict(file.parameters))
    return message


def tree(part: MIMEPart) -> object:
    """What a part is, and all that is in it."""
    if part.is_multipart():
        return part.get_content_type(), [tree(inner) for inner in part.iter_parts()]
    octets = part.get_payload(decode=True)
    assert isinstance(octets, bytes)
    disposition, kind = part["Content-Disposition"], part["Content-Type"]
    assert isinstance(kind, ContentTypeHeader)
    said = {name: value for name, value in kind.params.items() if name != "name"}  # which is for old programs
    where = None if disposition is None else (disposition.content_disposition, disposition.params["filename"])
    if where is None:
        octets = octets.replace(b"\r\n", b"\n")
    return part.get_content_type(), said, where, part["Content-ID"], octets


@settings(max_examples=150)
@given(
    text=CHUNKS,
    html=CHUNKS | CHUNKS.map(lambda chunks: [BALLAST, *chunks]),
    which=st.sampled_from(["both", "text", "html"]),
    image_files=IMAGES,
    files=st.lists(FILES, max_size=3),
)
def test_any_bodies_images_and_attachments_make_the_tree_that_the_standard_library_makes(
    text: list[tuple[str, bool]],
    html: list[tuple[str, bool]],
    which: str,
    image_files: list[bytes],
    files: list[File],
) -> None:
    images = [
        InlineImage(name=f"{number}.png", octets=octets, content_id=f"{number}@acme.example", where="body.html")
        for number, octets in enumerate(image_files)
    ]
    content = Content(
        subject="Hello",
        text=tuple(chunk for chunk, _ in text) if which != "html" else (),
        html=tuple(chunk for chunk, _ in html) if which != "text" else (),
        attachments=tuple(f"files/{number}" for number, _ in enumerate(files)),
    )
    constants = tuple(chunk for chunk, recurs in text + html if recurs)

    message = composed(content, constants=constants, images=images, files=files)

    hold_the_wire_to_its_rules(message.data)
    parsed = read(message.data)
    assert tree(parsed) == tree(oracle(content, images=images, files=files))
    for part in parsed.walk():
        assert [value.defects for value in part.values() if value.defects] == []


@settings(max_examples=150)
@given(address=ADDRESSES, name=st.just("") | DISPLAY_NAMES, values=st.fixed_dictionaries(HEADERS))
def test_any_display_name_and_further_headers_are_read_as_they_were_written(
    address: str, name: str, values: dict[str, str]
) -> None:
    content = Content(subject="Hello", text=("a",), html=(), to_name=name, headers=tuple(values.values()))

    message = composed(content, address=address, headers=tuple(values))

    hold_the_wire_to_its_rules(message.data)
    parsed = read(message.data)
    standard = EmailMessage(policy=email.policy.SMTP)
    for field, value in values.items():
        if value.strip(" \t"):
            standard[field] = value.strip(" \t")
            assert parsed[field] == value.strip(" \t")
            assert parsed[field] == standard[field] or "=?" in value  # Which the standard library takes for encoded.
        else:
            assert field not in parsed
    assert {field for field in parsed if field in values} == set(standard.keys())
    # What programs read stands as it is, on one line.
    for field in ("Feedback-ID", "X-SES-MESSAGE-TAGS"):
        value = values[field].strip(" \t")
        assert not value or f"\r\n{field}: {value}\r\n".encode() in message.data
    written = email.message_from_bytes(message.data, policy=email.policy.compat32)["To"]
    phrase, recipient = email.utils.parseaddr(written)
    assert recipient == address
    assert str(email.header.make_header(email.header.decode_header(phrase.replace("\n", "")))) == name
