"""What we write is its owner's alone, and goes through no link, FIFO or second name that somebody else has planted."""

import ast
import contextlib
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest
from typer.testing import CliRunner

import campaign
from campaign.cli import app
from campaign.commands.init import make_campaign
from campaign.errors import CampaignError, ResultsError
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.preview import PreviewWriter
from campaign.preview.folder import MARK
from campaign.private_files import append, create, make_folder, read, replacing, resolved
from campaign.sandbox.behaviours import BEHAVIOURS, Tries
from campaign.sandbox.mailbox import Mailbox
from tests.campaigns import SECRET, SmallCampaign

ROOT = Path(campaign.__file__).parent


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """A file of the user's that nobody named."""
    path = tmp_path / "victim"
    path.write_text("mine\n")
    return path


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def plant_link(path: Path, victim: Path) -> None:
    path.symlink_to(victim)


def plant_second_name(path: Path, victim: Path) -> None:
    os.link(victim, path)


def plant_fifo(path: Path, victim: Path) -> None:
    os.mkfifo(path)


PLANTED = pytest.mark.parametrize("plant", [plant_link, plant_second_name, plant_fifo])
Plant = Callable[[Path, Path], None]


@PLANTED
@pytest.mark.parametrize("opening", [append, read])
def test_what_is_gone_on_with_is_a_plain_file_of_one_name(
    tmp_path: Path, victim: Path, plant: Plant, opening: Callable[[Path], object]
) -> None:
    path = tmp_path / "rows"
    plant(path, victim)
    with pytest.raises(ResultsError) as caught:
        opening(path)
    assert str(path) in caught.value.where and caught.value.fix
    assert victim.read_text() == "mine\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
@pytest.mark.parametrize("opening", [append, read])
def test_a_strangers_file_is_not_gone_on_with(tmp_path: Path, opening: Callable[[Path], BinaryIO]) -> None:
    """It is plain and has one name; but whoever owns it reads what we add. The folder's owner may have it: that is who
    we work for, or a mount that gives all files one owner.
    """
    path = tmp_path / "rows"
    path.touch()
    path.chmod(0o666)
    os.chown(path, 65534, 65534)
    with pytest.raises(ResultsError, match="somebody else's") as caught:
        opening(path)
    assert str(path) in caught.value.where and caught.value.fix
    os.chown(tmp_path, 65534, 65534)
    opening(path).close()


@PLANTED
def test_what_is_new_is_really_new(tmp_path: Path, victim: Path, plant: Plant) -> None:
    plant(tmp_path / "new", victim)
    (tmp_path / "nowhere").symlink_to(tmp_path / "elsewhere")
    for name in ("new", "nowhere"):
        with pytest.raises(FileExistsError):
            create(tmp_path / name)
    assert not (tmp_path / "elsewhere").exists()


@PLANTED
def test_what_is_replaced_is_the_name_and_not_what_it_leads_to(tmp_path: Path, victim: Path, plant: Plant) -> None:
    path = tmp_path / "page"
    plant(path, victim)
    with replacing(path) as file:
        file.write(b"page")
    assert (path.read_bytes(), path.is_symlink(), mode(path), victim.read_text()) == (b"page", False, 0o600, "mine\n")


def test_files_and_folders_are_their_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        make_folder(tmp_path / "a" / "b")
        create(tmp_path / "a" / "new").close()
        append(tmp_path / "a" / "rows").close()
        with replacing(tmp_path / "a" / "page"):
            pass
        made = make_campaign(tmp_path / "autumn")
    finally:
        os.umask(before)
    made_files = [path for path in made.parent.rglob("*") if path.is_file()]
    assert len(made_files) > 5
    assert {mode(path) for path in (*(tmp_path / "a").glob("[!b]*"), *made_files)} == {0o600}
    assert {mode(path) for path in tmp_path.rglob("*") if path.is_dir()} == {0o700}


def test_a_link_of_the_users_own_is_followed_at_every_step(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "folder").symlink_to("real")
    (tmp_path / "real" / "latest").symlink_to("page.html")
    assert resolved(tmp_path / "folder" / "latest") == (tmp_path / "real" / "page.html").resolve()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a link to somebody else")
@pytest.mark.parametrize("planted", ["out/page", "out", "real/inner"])
def test_a_link_of_somebody_elses_is_refused_at_every_step(tmp_path: Path, planted: str) -> None:
    """`out` leads to `real`, where `page` leads to `inner`, which leads to a file: each of them may be planted."""
    (tmp_path / "real").mkdir()
    (tmp_path / "out").symlink_to("real")
    (tmp_path / "real" / "page").symlink_to("inner")
    (tmp_path / "real" / "inner").symlink_to(tmp_path / "elsewhere")
    os.chown(tmp_path / planted, 65534, 65534, follow_symlinks=False)
    with pytest.raises(ResultsError, match="somebody else") as caught:
        resolved(tmp_path / "out" / "page")
    assert Path(caught.value.where).name == Path(planted).name
    assert not (tmp_path / "elsewhere").exists()


def test_links_that_lead_round_in_a_circle_end(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    with pytest.raises((OSError, CampaignError)), replacing(resolved(tmp_path / "one" / "page")):
        raise AssertionError("nothing can be written there")


@PLANTED
@pytest.mark.parametrize("name", ["index.html.part", "0001-ann.html", "0001-ann.eml", "index.html", "rows.jsonl"])
def test_a_preview_writes_through_nothing_in_its_folder(tmp_path: Path, victim: Path, plant: Plant, name: str) -> None:
    """Neither into a fresh folder nor into one that was made to look like an earlier preview."""
    folder = tmp_path / "preview"
    folder.mkdir()
    if name != "index.html":
        (folder / "index.html").write_text(MARK)
    else:
        victim.write_text(f"{MARK}\n")
    before = victim.read_text()
    plant(folder / name, victim)
    with contextlib.suppress(ResultsError), PreviewWriter(folder, campaign="x", note="", keep=True) as writer:
        writer.add_eml(b"Subject: x\r\n\r\nx\r\n", number=1, email="ann@a.example", status="delivered")
    assert victim.read_text() == before


@PLANTED
@pytest.mark.parametrize("name", ["state.json", "state.json.part"])
def test_the_sandbox_remembers_through_nothing_planted(tmp_path: Path, victim: Path, plant: Plant, name: str) -> None:
    victim.write_text("{}")
    plant(tmp_path / name, victim)
    with contextlib.suppress(ResultsError):
        assert Tries(tmp_path / "state.json").strikes(BEHAVIOURS[1], "greylisted@a.example")
    assert victim.read_text() == "{}"


@PLANTED
def test_the_sandboxs_messages_go_through_nothing_planted(tmp_path: Path, victim: Path, plant: Plant) -> None:
    mailbox = Mailbox(tmp_path / "arrived")
    plant(tmp_path / "arrived" / "0001-a@b.example.eml", victim)
    assert mailbox.keep("a@b.example", b"x").name == "0002-a@b.example.eml"
    assert victim.read_text() == "mine\n"


@pytest.mark.parametrize("beside", ["-wal", "-shm", "-generation"])
def test_a_ledger_is_not_written_through_a_link_beside_it(tmp_path: Path, victim: Path, beside: str) -> None:
    ledger = tmp_path / "small.ledger"
    (tmp_path / f"small.ledger{beside}").symlink_to(victim)
    with pytest.raises(CampaignError) as caught:
        SqliteRunLedger.open(ledger, "small")
    assert caught.value.where and caught.value.fix
    assert victim.read_text() == "mine\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a link to somebody else")
@pytest.mark.parametrize(
    "words", [("preview", "--folder"), ("send", "--output"), ("results", "--output"), ("report", "--to")]
)
def test_no_command_writes_where_a_link_of_somebody_elses_leads(
    tmp_path: Path, words: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMPAIGN_LINK__SECRET", SECRET)
    small = SmallCampaign(tmp_path / "small").people(1)
    small.load(1)
    SqliteRunLedger.open(small.ledger, "small").close()
    planted = tmp_path / "out"
    planted.symlink_to(tmp_path / "elsewhere")
    os.chown(planted, 65534, 65534, follow_symlinks=False)
    result = CliRunner().invoke(app, [words[0], str(small.path), words[1], str(planted)])
    assert result.exit_code == 2, result.output
    assert str(planted) in result.stderr and "somebody else" in result.stderr and "to do: " in result.stderr
    assert not (tmp_path / "elsewhere").exists()


def _makes_files(call: ast.Call) -> bool:
    """Whether a call could make a file or a folder, by its words. (Click's formatter writes help.)"""
    if ast.unparse(call.func).startswith("formatter."):
        return False
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in ("write_text", "write_bytes", "touch", "mkdir", "makedirs", "mkstemp", "mkdtemp", "mkfifo", "mknod"):
        return True
    if name in ("NamedTemporaryFile", "TemporaryDirectory", "copyfile", "copy", "copy2", "copytree", "move"):
        return isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", "") in ("shutil", "tempfile")
    if name not in ("open", "fdopen"):
        return False
    words = [word.value for word in (*call.args[:2], *(one.value for one in call.keywords if one.arg == "mode"))
             if isinstance(word, ast.Constant)]  # fmt: skip
    makes = any(isinstance(word, str) and set(word) <= set("rwaxbt+") and set(word) & set("wax+") for word in words)
    return makes or any(getattr(node, "attr", "") == "O_CREAT" for argument in call.args for node in ast.walk(argument))


def test_no_other_module_makes_files_or_folders() -> None:
    """There is one way, so that none can be forgotten. (The ledger's lock asks it for a file that may be there; a
    worker elsewhere has a temporary folder, which nobody but mkdtemp makes.)
    """
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in ROOT.rglob("*.py")
        if path.name not in ("private_files.py", "work_folder.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and _makes_files(node) and "open_own" not in ast.unparse(node.func)
    ]
    assert found == []


def test_what_a_killed_writer_has_left_is_taken_away(tmp_path: Path) -> None:
    """Its name holds the number of a process that is no more."""
    writer = "\n".join([
        "import os, sys", "from pathlib import Path", "from campaign.private_files import replacing",
        "with replacing(Path(sys.argv[1])) as file:", "    os._exit(9)",
    ])  # fmt: skip
    subprocess.run([sys.executable, "-c", writer, str(tmp_path / "page")], check=False)
    assert len(list(tmp_path.iterdir())) == 1
    with replacing(tmp_path / "page"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["page"]
