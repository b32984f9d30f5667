"""How commands end: the exit code of every error, and what an unforeseen one may say."""

from collections.abc import Callable

import pytest
import typer

from campaign import errors
from campaign.terminal.exit_codes import exit_code, unforeseen, with_exit_code

SECRET = "https://acme.example/sso?token=eyJ0aGlz"


def ended(function: Callable[[], int | None]) -> int:
    with pytest.raises(typer.Exit) as caught:
        with_exit_code(function)()
    return caught.value.exit_code


def raising(error: BaseException) -> Callable[[], int]:
    def function() -> int:
        raise error

    return function


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("CampaignError", 3),
        ("StoppedError", 3),
        ("UsageError", 2),
        ("SettingsError", 2),
        ("WindowError", 2),
        ("ContactsError", 2),
        ("TemplateError", 2),
        ("LinkError", 2),
        ("ResultsError", 2),
        ("LedgerError", 2),
        ("LedgerBusyError", 2),
        ("InvalidContactError", 2),
    ],
)
def test_every_error_has_its_exit_code(name: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    error = getattr(errors, name)("it is wrong", where="there", fix="put it right")
    assert exit_code(error) == code
    assert ended(raising(error)) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "error: it is wrong\n  where: there\n  to do: put it right\n"


def test_a_code_is_passed_on_and_none_is_zero() -> None:
    assert ended(lambda: 3) == 3
    assert ended(lambda: None) == 0


def test_an_interrupt_is_a_stop() -> None:
    assert ended(raising(KeyboardInterrupt())) == 3


@pytest.mark.parametrize("error", [ValueError(SECRET), KeyError(SECRET), RuntimeError(SECRET), MemoryError()])
def test_what_nobody_foresaw_is_told_without_its_words(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(raising(error)) == 3
    said = capsys.readouterr().err
    assert type(error).__name__ in said
    assert "test_exit_codes.py, line " in said
    assert "report it" in said
    assert SECRET not in said
    assert "Traceback" not in said


def test_the_causes_of_what_nobody_foresaw_are_not_told_either(capsys: pytest.CaptureFixture[str]) -> None:
    def function() -> int:
        try:
            raise ValueError(SECRET)
        except ValueError as cause:
            raise RuntimeError("x") from cause

    assert ended(function) == 3
    assert SECRET not in capsys.readouterr().err


def test_what_the_system_refuses_is_told_in_its_words() -> None:
    error = unforeseen(OSError(28, "No space left on device", "/data/x.csv"))
    assert error.what == "the system refused: No space left on device"
    assert error.where == "/data/x.csv"
    assert error.fix


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    with pytest.raises(BrokenPipeError):
        with_exit_code(raising(BrokenPipeError()))()
