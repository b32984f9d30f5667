"""The preview: faithful to the message, harmless to open, and careful with other people's files."""

import json
import re
import stat
from base64 import b64encode
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.errors import ResultsError
from campaign.preview import PreviewWriter, visible_cell
from campaign.visible import visible
from tests.markup import Markup

NOTE = "Links in these previews are signed with a throw-away key: they sign nobody in."
EXPIRES = datetime(2026, 11, 23, 18, tzinfo=ZoneInfo("America/New_York"))
# Anything a cell can hold: surrogates without a partner and NUL among it.
ANYTHING = st.text(st.characters(exclude_categories=())) | st.sampled_from(
    [
        "</script><script>alert(1)</script>",
        "\"'><img src=x onerror=alert(1)>",
        "<!--",
        "]]>",
        "${note}",
        "$note",
        "\u202e",
    ]
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "preview"


def writer(folder: Path, *, campaign: str = "welcome", note: str = NOTE, keep: bool = False) -> PreviewWriter:
    return PreviewWriter(folder, campaign=campaign, note=note, keep=keep)


def add(to: PreviewWriter, number: int = 1, email: str = "ada@x.example", html: str = "<p>Hello</p>") -> bytes:
    message = EmailMessage(policy=SMTP)
    message["Subject"] = "Zoë, your link"
    message["To"] = "ada@x.example"
    message.set_content("Hello, in text")
    message.add_alternative(html, subtype="html")
    data = message.as_bytes()
    to.add(
        number=number,
        email=email,
        status="ready",
        message=data,
        subject="Zoë, your link",
        text="Hello, in text",
        html=html,
        expires_at=EXPIRES,
    )
    return data


def rows_of(index: Path) -> list[list[object]]:
    page = Markup(index.read_text("utf-8"))
    assert page.tags.count("script") == 2  # the data and our own: nothing else has become one
    rows: list[list[object]] = json.loads(page.text["script"][0])
    return rows


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_message_is_written_as_it_is(folder: Path) -> None:
    with writer(folder) as preview:
        data = add(preview)
    eml = (folder / "0001-ada.eml").read_bytes()
    assert eml == data
    assert str(message_from_bytes(eml, policy=SMTP)["Subject"]) == "Zoë, your link"
    page = Markup((folder / "0001-ada.html").read_text("utf-8"))
    assert page.attributes("srcdoc") == ['<base target="_blank"><p>Hello</p>']
    assert "Hello, in text" in page.text["pre"]
    assert any("Subject: =?utf-8?" in text for text in page.text["pre"])
    assert NOTE in page.text["p"]
    assert rows_of(folder / "index.html") == [
        [1, "ada@x.example", "ready", "Zoë, your link", "", "0001-ada", "2026-11-23 18:00 EST", "", ""]
    ]


def test_a_row_without_a_message_is_listed_with_its_reason(folder: Path) -> None:
    with writer(folder) as preview:
        preview.add(
            number=7, email="", status="invalid", message=None, subject="", text="", html="", detail="No address."
        )
    assert rows_of(folder / "index.html") == [[7, "", "invalid", "", "No address.", "", "", "", ""]]
    assert not [name for name in names(folder) if name.startswith("0007")]


@settings(max_examples=60)
@given(email=ANYTHING, subject=ANYTHING, text=ANYTHING, detail=ANYTHING, status=ANYTHING, name=ANYTHING, note=ANYTHING)
def test_no_value_becomes_markup(
    tmp_path_factory: pytest.TempPathFactory,
    email: str,
    subject: str,
    text: str,
    detail: str,
    status: str,
    name: str,
    note: str,
) -> None:
    folder = tmp_path_factory.mktemp("preview")
    plain = folder / "plain"
    with writer(plain) as preview:
        add(preview)
    with writer(folder / "hostile", campaign=name, note=note) as preview:
        preview.add(
            number=1,
            email=email,
            status=status,
            message=text.encode("utf-8", "replace"),
            subject=subject,
            text=text,
            html=f"<p>{text}</p>",
            detail=detail,
            expires_at=EXPIRES,
        )
    index = folder / "hostile" / "index.html"
    (row,) = rows_of(index)
    assert row[1:5] == [visible(email), status, subject, visible(detail)]
    assert Markup(index.read_text("utf-8")).tags == Markup((plain / "index.html").read_text("utf-8")).tags
    (own,) = (folder / "hostile").glob("0001-*.html")
    assert Markup(own.read_text("utf-8")).tags == Markup((plain / "0001-ada.html").read_text("utf-8")).tags


def test_nothing_runs_and_nothing_loads(folder: Path) -> None:
    hostile = (
        '<!DOCTYPE html><html><head><title>x</title><LINK rel="preconnect" href="https://spy.example"></head><body>'
        '<script>top.location = "https://spy.example"</script><iframe src="https://spy.example"></iframe></body></html>'
    )
    with writer(folder) as preview:
        add(preview, html=hostile)
    page = Markup((folder / "0001-ada.html").read_text("utf-8"))
    (frame,) = [attrs for tag, attrs in page.elements if tag == "iframe"]
    assert "allow-scripts" not in frame["sandbox"]
    assert "allow-same-origin" not in frame["sandbox"]
    assert (
        frame["srcdoc"].startswith('<!DOCTYPE html><base target="_blank">')
        or '<head><base target="_blank">' in frame["srcdoc"]
    )
    assert "<iframe" not in frame["srcdoc"]
    assert "<LINK" not in frame["srcdoc"]
    assert "script" not in page.tags
    (policy,) = [
        attrs["content"] for tag, attrs in page.elements if attrs.get("http-equiv") == "Content-Security-Policy"
    ]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "http" not in policy


def test_the_gallery_runs_its_own_script_and_no_other(folder: Path) -> None:
    with writer(folder) as preview:
        add(preview)
    page = Markup((folder / "index.html").read_text("utf-8"))
    (policy,) = [attrs["content"] for _, attrs in page.elements if attrs.get("http-equiv") == "Content-Security-Policy"]
    hashed = b64encode(sha256(page.text["script"][1].encode()).digest()).decode()
    assert f"script-src 'sha256-{hashed}'" in policy
    assert page.attributes("src") == []
    assert "//" not in "".join(page.attributes("href"))
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))
    wanted = set(re.findall(r'el\("([a-z]+)"\)', page.text["script"][1]))
    assert wanted <= set(ids)  # the script finds every element that it asks for


@pytest.mark.parametrize("kind", ["file", "folder", "hidden file", "index of another"])
def test_other_peoples_files_are_left_alone(folder: Path, kind: str) -> None:
    folder.mkdir()
    if kind == "folder":
        (folder / "photos").mkdir()
    else:
        name = {"file": "thesis.odt", "hidden file": ".env", "index of another": "index.html"}[kind]
        (folder / name).write_text("<!DOCTYPE html>years of work")
    before = names(folder)
    with pytest.raises(ResultsError) as caught:
        writer(folder)
    assert caught.value.where == str(folder)
    assert caught.value.fix
    assert names(folder) == before


def test_an_older_preview_is_replaced_and_a_note_beside_it_stays(folder: Path) -> None:
    with writer(folder) as preview:
        add(preview, 1)
        add(preview, 2, "grace@x.example")
    (folder / "2024-notes.html").write_text("mine")
    with writer(folder) as preview:
        add(preview, 3, "zoe@x.example")
    assert names(folder) == {"index.html", "rows.jsonl", "0003-zoe.eml", "0003-zoe.html", "2024-notes.html"}
    assert [row[0] for row in rows_of(folder / "index.html")] == [3]


def test_a_run_that_was_cut_short_leaves_a_folder_of_ours(folder: Path) -> None:
    add(writer(folder))  # killed before finish()
    with (folder / "rows.jsonl").open("ab") as rows:
        rows.write(b'\n[2, "half a li')
    with writer(folder, keep=True) as preview:
        add(preview, 3)
    assert [row[0] for row in rows_of(folder / "index.html")] == [1, 3]


@pytest.mark.parametrize("name", ["../victim", "/etc/victim", "0001-a/../../victim", "0001-x\n", "", ".."])
def test_a_forged_list_deletes_nothing_elsewhere(tmp_path: Path, folder: Path, name: str) -> None:
    victim = tmp_path / "victim.html"
    victim.write_text("mine")
    with writer(folder) as preview:
        add(preview)
    row = [1, "e", "ready", "s", "", name, ""]
    (folder / "rows.jsonl").write_text(json.dumps(row) + "\n" + "nonsense\n[]\n{}\n17\n")
    with writer(folder) as preview:
        add(preview, 2)
    assert victim.read_text() == "mine"


def test_a_message_that_comes_twice_overwrites_nothing(folder: Path) -> None:
    with writer(folder) as preview:
        first = add(preview, html="<p>one</p>")
        second = add(preview, html="<p>two</p>")
    assert (folder / "0001-ada.eml").read_bytes() == first
    assert (folder / "0001-ada-2.eml").read_bytes() == second
    assert [row[5] for row in rows_of(folder / "index.html")] == ["0001-ada", "0001-ada-2"]


def test_keep_goes_on_and_finish_can_be_repeated(folder: Path) -> None:
    with writer(folder) as preview:
        add(preview, 1)
    preview = writer(folder, keep=True)
    assert [row[0] for row in rows_of(folder / "index.html")] == [1]  # still whole, while more come
    add(preview, 2)
    preview.finish()
    add(preview, 3)
    assert [row[0] for row in rows_of(preview.finish())] == [1, 2, 3]


def test_clear_takes_away_what_earlier_runs_added_and_nothing_else(folder: Path) -> None:
    with writer(folder) as preview:
        add(preview, 1)
    (folder / "mine.txt").write_text("mine")
    with writer(folder, keep=True) as preview:
        preview.clear()
        add(preview, 3, "zoe@x.example")
    assert names(folder) == {"index.html", "rows.jsonl", "0003-zoe.eml", "0003-zoe.html", "mine.txt"}
    assert [row[0] for row in rows_of(folder / "index.html")] == [3]


number = count(1)


@settings(max_examples=100)
@given(email=ANYTHING)
def test_file_names_are_safe_whatever_the_address(tmp_path_factory: pytest.TempPathFactory, email: str) -> None:
    folder = tmp_path_factory.mktemp("preview")
    with writer(folder) as preview:
        add(preview, next(number), email)
    made = names(folder) - {"index.html", "rows.jsonl"}
    assert len(made) == 2
    assert all(re.fullmatch(r"\d{4,}-[a-z0-9_][a-z0-9._-]{0,42}\.(eml|html)", name) for name in made)
    writer(folder)  # knows them all for its own
    assert names(folder) == {"index.html"}


def test_a_received_message_shows_what_it_says(folder: Path) -> None:
    with writer(folder) as preview:
        data = add(preview)
        preview.add_eml(data, number=2, email="ada@x.example", status="delivered", expires_at=EXPIRES)
    ours, received = (Markup((folder / name).read_text("utf-8")) for name in ("0001-ada.html", "0002-ada.html"))
    assert received.text["h1"] == ours.text["h1"]
    assert [text.strip() for text in received.text["pre"]] == [text.strip() for text in ours.text["pre"]]
    assert [text.strip() for text in received.attributes("srcdoc")] == ours.attributes("srcdoc")


@settings(max_examples=150)
@given(
    data=st.binary()
    | st.builds(
        lambda header, body: header + b"\r\n\r\n" + body,
        st.sampled_from(
            [
                b"Subject: =?x?q?y?=\r\nContent-Type: text/html; charset=nonsense",
                b"Content-Type: multipart/alternative; boundary=",
                b"Content-Type: multipart/alternative; boundary=b\r\nContent-Transfer-Encoding: base64",
                b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\nSubject: \r\n\t",
                b"Content-Type: text/html; charset*=;\r\nSubject: =?utf-8?b?=F?=",
                b"Content-Type: message/rfc822\r\nTo: <",
            ]
        ),
        st.binary(),
    )
)
def test_any_bytes_can_be_received(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.mktemp("preview")
    with writer(folder) as preview:
        preview.add_eml(data, number=1, email="a@x.example", status="delivered")
    assert (folder / "0001-a.eml").read_bytes() == data
    Markup((folder / "0001-a.html").read_text("utf-8"))
    assert len(rows_of(folder / "index.html")) == 1


def test_what_cannot_be_written_is_said_in_three_parts(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "preview"):
        with pytest.raises(ResultsError) as caught:
            writer(folder)
        assert caught.value.where
        assert caught.value.fix
    preview = writer(tmp_path / "gone")
    (tmp_path / "gone" / "index.html").unlink()
    (tmp_path / "gone").rmdir()
    with pytest.raises(ResultsError):
        add(preview)
    with pytest.raises(ResultsError):
        preview.finish()


def test_the_folder_is_its_owners_alone(folder: Path) -> None:
    with writer(folder) as preview:
        assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
        add(preview)
    assert stat.S_IMODE(folder.stat().st_mode) & 0o077 == 0
    assert len(list(folder.iterdir())) == 4
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_so_are_the_files_of_a_folder_that_was_there_before(folder: Path) -> None:
    folder.mkdir(mode=0o755)
    with writer(folder) as preview:
        add(preview)
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("ada(at)x.example", '"ada(at)x.example"'),
        ("ada\u200b@x.example ", '"ada\\u200b@x.example "'),
        ("two\nlines\ttab\x00", '"two\\nlines\\ttab\\x00"'),
        ("\u202egnp.exe", '"\\u202egnp.exe"'),
        ("nbsp\xa0", '"nbsp\\xa0"'),
        ("Zoë 日本", '"Zoë 日本"'),
        ("<b>", '"<b>"'),
        ("", '""'),
        ("x" * 100, '"' + "x" * 80 + '…"'),
    ],
)
def test_a_cell_is_shown_so_that_nothing_of_it_stays_unseen(cell: str, shown: str) -> None:
    assert visible_cell(cell) == shown


def test_the_cells_of_an_invalid_row_are_listed(folder: Path) -> None:
    with writer(folder) as preview:
        preview.add(
            number=7, line=9, email="", status="invalid", message=None, subject="", text="", html="",
            cells=[("email", "ada\n@x", True), ("a\tcolumn", "</script>", False)],
        )  # fmt: skip
    ((*_, line, cells),) = rows_of(folder / "index.html")
    assert (line, cells) == ("9", '!\temail\t"ada\\n@x"\n\ta\\tcolumn\t"</script>"')
