"""Access tokens: one run of the command for everybody, another when the token is over, and its output never shown."""

import base64
import json
import os
import shlex
import sys
import threading
import time
import traceback
from pathlib import Path

import pytest

from campaign.model import Phase
from campaign.smtp.session.access_token import TokenCommand, _Source, access_token, forget_token
from campaign.smtp.session.error import SessionError
from tests.crashes.sender import wait_until


def jwt(exp: object, extra: str = "") -> str:
    parts = [json.dumps({"alg": "none"}), json.dumps({"exp": exp, "x": extra}), "signature"]
    return ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts)


class Desk:
    """A token command in a folder of its own: a script that counts its runs and prints what `says` has."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "token.sh").write_text('#!/bin/sh\necho run >> runs\nif [ -e code ]; then read c < code; fi\n'
                                         'cat says; echo secret-of-stderr >&2; exit ${c:-0}\n')  # fmt: skip
        (folder / "token.sh").chmod(0o700)
        self.command = TokenCommand(arguments=("./token.sh",), folder=folder)

    def says(self, words: str, code: int = 0) -> None:
        (self.folder / "says").write_text(words)
        (self.folder / "code").write_text(f"{code}\n")

    @property
    def runs(self) -> int:
        return len((self.folder / "runs").read_text().splitlines()) if (self.folder / "runs").exists() else 0

    def token(self) -> str:
        return access_token(self.command, timeout=60)

    def fault(self) -> SessionError:
        with pytest.raises(SessionError) as caught:
            self.token()
        error = caught.value
        assert error.phase is Phase.AUTH and error.where == "smtp.token_command" and error.fix and error.reply
        assert error.__cause__ is None and error.__context__ is None
        for shown in (str(error), repr(error), repr(error.reply), "".join(traceback.format_exception(error))):
            assert "sesame" not in shown and "secret-of-stderr" not in shown
        return error


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_the_last_line_is_the_token(desk: Desk) -> None:
    desk.says("Opening the vault ...\n\n  ya29.abc-DEF_~+/123==  \n\n")
    assert desk.token() == "ya29.abc-DEF_~+/123=="


def test_it_is_kept_until_it_is_refused(desk: Desk) -> None:
    desk.says("first")
    assert [desk.token(), desk.token()] == ["first", "first"] and desk.runs == 1
    desk.says("second")
    forget_token(desk.command, "first")
    assert [desk.token(), desk.token()] == ["second", "second"] and desk.runs == 2
    forget_token(desk.command, "first")  # another connection's, late: the new one stays
    assert desk.token() == "second" and desk.runs == 2


@pytest.mark.parametrize(("seconds", "runs"), [(3600, 1), (10, 2), (-10, 2)])
def test_a_jwt_is_kept_until_it_expires(desk: Desk, seconds: int, runs: int) -> None:
    desk.says(jwt(int(time.time()) + seconds))
    desk.token()
    desk.token()
    assert desk.runs == runs


@pytest.mark.parametrize("token", ["a.b.c", "....", jwt("soon"), jwt(None), jwt(1e400), "a.W10.c", jwt([])])
def test_what_only_looks_like_a_jwt_is_kept(desk: Desk, token: str) -> None:
    if token == "....":
        token = "a.e30.c"
    desk.says(token)
    assert [desk.token(), desk.token()] == [token, token] and desk.runs == 1


def test_threads_share_one_run(desk: Desk) -> None:
    desk.says("sesame")
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(desk.token())) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["sesame"] * 16 and desk.runs == 1


def has_asked(thread: threading.Thread) -> bool:
    """Whether it is in `token`, and has noted when it came."""
    frame = sys._current_frames().get(thread.ident or 0)
    while frame is not None and frame.f_code is not _Source.token.__code__:
        frame = frame.f_back
    return frame is not None and "asked" in frame.f_locals


def test_threads_share_one_failure(desk: Desk, tmp_path: Path) -> None:
    """Who waited for a run that failed is not to run the command again, one after the other."""
    os.mkfifo(tmp_path / "says")  # the command waits until somebody writes
    (tmp_path / "code").write_text("3\n")
    found: list[SessionError] = []
    threads = [threading.Thread(target=lambda: found.append(desk.fault())) for _ in range(4)]
    for thread in threads:
        thread.start()
    with (tmp_path / "says").open("w") as pipe:  # opens when the command reads
        wait_until(lambda: all(map(has_asked, threads)))
        pipe.write("sesame")
    for thread in threads:
        thread.join()
    assert len(found) == 4 and desk.runs == 1


@pytest.mark.parametrize(
    ("says", "code", "words"),
    [
        ("sesame", 1, "the token command failed: exit code 1"),
        ("sesame", 77, "the token command failed: exit code 77"),
        ("", 0, "the token command printed nothing"),
        ("\n \n", 0, "the token command printed nothing"),
        ("open sesame", 0, "the token command's last line is no access token"),
        ('{"access_token": "sesame"}', 0, "the token command's last line is no access token"),
        ("sésame", 0, "the token command's last line is no access token"),
        ("sesame\r\nsesame\1", 0, "the token command's last line is no access token"),
        ("sesame" * 20_000, 0, "the token command printed more than 64 KiB"),
    ],
)
def test_a_command_that_gives_none(desk: Desk, says: str, code: int, words: str) -> None:
    desk.says(says, code)
    error = desk.fault()
    assert error.what == words
    assert error.reply is not None and error.reply.code == 535, "our own fault: the run stops"


def test_a_command_that_has_worked_may_work_again(desk: Desk) -> None:
    """A token service that is away for a moment stops no run of hours."""
    desk.says("first")
    desk.token()
    forget_token(desk.command, "first")
    desk.says("", 1)
    error = desk.fault()
    assert error.reply is not None and error.reply.code == 454
    desk.says("second")
    assert desk.token() == "second"


def test_a_command_that_is_not_there(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.command = TokenCommand(arguments=("./no-such-command",), folder=tmp_path)
    assert desk.fault().what == "the token command can't be run: No such file or directory"


def test_no_shell_reads_it(tmp_path: Path) -> None:
    arguments = tuple(shlex.split("printf '%s' '$HOME;$(id)'"))
    desk = Desk(tmp_path)
    desk.command = TokenCommand(arguments=arguments, folder=tmp_path)
    assert desk.fault().what == "the token command's last line is no access token"


def test_a_command_that_does_not_end_is_ended_with_what_it_started(tmp_path: Path) -> None:
    """It leaves a child behind that holds the pipe open, and would do so for an hour."""
    command = TokenCommand(arguments=("sh", "-c", "sleep 3600 & echo $! > child"), folder=tmp_path)
    with pytest.raises(SessionError, match="did not end within 2 s"):
        access_token(command, timeout=2)
    child = int((tmp_path / "child").read_text())
    wait_until(lambda: not _runs(child))


def _runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except FileNotFoundError:
        return False
    except ProcessLookupError:
        return False


def test_what_the_command_is_is_not_shown(tmp_path: Path) -> None:
    assert "sesame" not in repr(TokenCommand(arguments=("curl", "-d", "refresh_token=sesame"), folder=tmp_path))
