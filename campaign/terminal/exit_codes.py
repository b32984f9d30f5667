"""How a command ends: its exit code, and an error's words.

0 nothing left to do; 1 finished, with rows that need a look; 2 wrong usage or settings, nothing sent; 3 stopped before
the end. An error that nobody foresaw is told by its kind and place only: its own words could quote a link.
"""

import functools
import traceback
from collections.abc import Callable
from typing import Any

import typer

from campaign.core_dumps import switch_off_core_dumps
from campaign.errors import CampaignError, InvalidContactError, SettingsError, UsageError
from campaign.terminal.event_line import write_event
from campaign.terminal.stderr import say_aside
from campaign.terminal.stdout import say_json
from campaign.visible import without_addresses

WRONG, STOPPED = 2, 3


def with_exit_code(function: Callable[..., int | None]) -> Callable[..., None]:
    """End the program with the code that the function gives (None is 0), or with its error's."""

    @functools.wraps(function)
    def ending(*args: Any, **kwargs: Any) -> None:
        switch_off_core_dumps()  # before any secret is read
        as_json, as_event = bool(kwargs.get("json")), kwargs.get("log_format") == "json"
        try:
            code = function(*args, **kwargs)
        except CampaignError as error:
            code = exit_code(error)
            show_error(error, code, as_json=as_json, as_event=as_event)
        except KeyboardInterrupt:
            code, stopped = STOPPED, CampaignError("stopped", fix="run the same command again")
            if as_event:
                _write_event(stopped, code)
            else:
                say_aside("stopped")
            if as_json:
                say_json(error_document(stopped, code))
        except BrokenPipeError:
            raise  # whoever read our output has seen enough: Typer ends the program quietly
        except Exception as error:
            code = STOPPED
            show_error(unforeseen(error), code, as_json=as_json, as_event=as_event)
        raise typer.Exit(code or 0)

    return ending


def show_error(error: CampaignError, code: int, *, as_json: bool, as_event: bool = False) -> None:
    """Say an error on stderr, `as_event` in a line of JSON; for a program, `as_json` on stdout as well."""
    if as_event:
        _write_event(error, code)
    else:
        say_aside(f"error: {error}")
    if as_json:
        say_json(error_document(error, code))


def _write_event(error: CampaignError, code: int) -> None:
    what, fix = error.what, error.fix
    if not isinstance(error, SettingsError):  # which can be about an address of the operator's own
        what, fix = without_addresses(what), without_addresses(fix)
    write_event("error", {"what": what, "where": error.where, "fix": fix, "exit_code": code})


def error_document(error: CampaignError, code: int) -> dict[str, object]:
    """Give what a program is told of an error."""
    return {"error": {"what": error.what, "where": error.where, "fix": error.fix}, "exit_code": code}


def exit_code(error: CampaignError) -> int:
    """Give 2 for what has to be put right before anything is sent, 3 for a stop on the way."""
    return WRONG if isinstance(error, UsageError | InvalidContactError) else STOPPED


def unforeseen(error: Exception) -> CampaignError:
    """Put an error of ours, or of the system's, into words that hold no value of anybody's."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else ""
    again = "run the same command again: what was sent is on record, and is not sent twice"
    if isinstance(error, OSError) and error.strerror:
        what = f"the system refused: {error.strerror}"
        return CampaignError(what, where=str(error.filename or place), fix=f"put it right, then {again}")
    steps = "".join(f"\n    {frame.filename}, line {frame.lineno}, in {frame.name}" for frame in frames)
    return CampaignError(
        f"something unforeseen happened: {type(error).__name__}",
        where=place,
        fix=f"{again}.\n  If it happens again, report it where you got this program, with these lines:{steps}",
    )
