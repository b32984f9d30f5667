"""Wrong usage, told as any other error: in three parts, with exit code 2, and as JSON for a program.

    Program   the command line as a whole: what it can't be parsed for is told by `exits`
    Command   one command: an option that would do nothing in it, as it was called, is refused

Raises UsageError.
"""

import re
import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from campaign.errors import CampaignError, UsageError
from campaign.terminal.exit_codes import STOPPED, WRONG, exit_code, show_error
from campaign.terminal.help_text import in_order, write_example, write_options
from campaign.terminal.idle_options import given_options, refuse_idle
from campaign.terminal.stdout import patient_streams
from campaign.terminal.suggestions import command_meant, nearest

_MISUSE: type[Exception] = typer.BadParameter.__bases__[0]
"""Whatever can't be parsed. (Typer does not say where it has the class from.)"""

_ONE_OF = re.compile(r"Value error, '(.*)' is not one of (.*)", re.DOTALL)
"""What Typer says of a value that is none of those there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What to say to whoever gives an option to these commands, which have none of that name."""

    commands: Collection[str]
    words: str


_ANSWERS = {
    "--to": Answer(
        commands=("campaign send", "campaign resend", "campaign preview", "campaign sandbox"),
        words="messages to look at go to a folder: --folder (for send, with --dry-run). Whom mail goes to stands in "
        "the contacts file",
    )
}


class Command(TyperCommand):
    """A command that refuses options which would do nothing, and shows an example of its use."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write them in groups."""
        write_options(self, ctx, formatter)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the example."""
        write_example(self, ctx, formatter)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse them. Raises UsageError for an option and its opposite: one of the two would do nothing; and for an
        option in the place of another one's value, which would be taken for it (a list called "--dry-run").
        """
        given = args[: args.index("--")] if "--" in args else args
        options = {name for one in self.params for name in (*one.opts, *one.secondary_opts) if name.startswith("-")}
        flags = {
            name for one in self.params if getattr(one, "is_flag", False) for name in (*one.opts, *one.secondary_opts)
        }
        for option, value in pairwise(given):
            if option in options - flags and value in options:
                raise UsageError(
                    f"{option} wants a value, and {value} is an option",
                    where=f"{_named(ctx)} {option} {value}",
                    fix=f"write the value behind {option}; see {_named(ctx)} --help",
                )
        for parameter in self.params:
            both = [*parameter.opts, *parameter.secondary_opts]
            if parameter.secondary_opts and all(option in given for option in both):
                raise UsageError(
                    f"{' and '.join(both)} are opposites: only one of them would do anything",
                    where=f"{_named(ctx)} {' '.join(both)}",
                    fix="take one of them out",
                )
        try:
            return super().parse_args(ctx, args)
        except _MISUSE as error:
            if (
                getattr(error, "ctx", None) is None
            ):  # of an option without its value, the parser does not say whose it is
                error.ctx = ctx  # type: ignore[attr-defined]
            raise

    def invoke(self, ctx: Any) -> Any:
        """Run it. Raises UsageError."""
        if {"dry_run", "include", "offline", "watch"} & ctx.params.keys():
            refuse_idle(given_options(self, ctx), _named(ctx))
        return super().invoke(ctx)


def _named(context: Any) -> str:
    """Name the command as README does, however the program was called."""
    if context is None:
        return "campaign"
    called = (context.find_root().info_name or "").split()  # python -m campaign
    return " ".join(["campaign", *context.command_path.split()[len(called) :]])


class Group(TyperGroup):
    """Commands, in the order of use."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Give their names."""
        return in_order(self.commands)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Find the one that is called. Raises UsageError for one that there is not."""
        if args[0] not in self.commands and not ctx.resilient_parsing:
            group = _named(ctx)
            near = command_meant(args[0], group, self.commands)
            raise UsageError(
                f"no such command: {args[0]!r}",
                where=group,
                fix=f"did you mean {near}? Or see {group} --help" if near else f"see {group} --help",
            )
        return super().resolve_command(ctx, args)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write what stands at the end, and an example."""
        super().format_epilog(ctx, formatter)
        write_example(self, ctx, formatter)


class Program(Group):
    """The command line."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run it, and end the program, unless Typer's `standalone_mode` is off."""
        run = partial(super().main, args, prog_name, complete_var, False, windows_expand_args, **extra)
        if not standalone_mode:
            return run()
        with patient_streams():
            given = sys.argv[1:] if args is None else args
            as_event = "--log-format=json" in given or ("--log-format", "json") in pairwise(given)
            code = self._code(run, as_json="--json" in given, as_event=as_event)
        raise SystemExit(code or 0)

    def _code(self, run: Callable[[], Any], *, as_json: bool, as_event: bool) -> int | None:
        """Run it; gives the exit code."""
        code: int | None
        try:
            code = run()
        except CampaignError as error:
            code = exit_code(error)
            show_error(error, code, as_json=as_json, as_event=as_event)
        except typer.Abort:
            code = STOPPED
        except _MISUSE as error:
            code = WRONG
            if type(error).__name__ == "NoArgsIsHelpError":
                error.show()  # type: ignore[attr-defined]  # the help
            else:
                show_error(self._in_words(error), code, as_json=as_json, as_event=as_event)
        return code

    def _in_words(self, error: Any) -> UsageError:
        """Say what can't be parsed in our three parts."""
        command = _named(error.ctx)
        fix = f"see {command} --help"
        what = error.format_message().rstrip(".")
        option = getattr(error, "option_name", None)
        if type(error).__name__ == "NoSuchOption":
            what = f"no such option: {option}"
            homes = [name for name, options in self._options() if option in options]
            near = next(iter(error.possibilities or ()), "")
            if option in _ANSWERS and command in _ANSWERS[option].commands:
                fix = _ANSWERS[option].words
            elif homes:
                fix = f"it is an option of {', '.join(homes)}; {fix}"
            elif near:
                fix = f"did you mean {near}? Or {fix}"
        if one_of := _ONE_OF.search(what):
            given, choices = one_of[1], re.findall(r"'([^']*)'", one_of[2])
            what = f"invalid value for {error.param.opts[0]}: {given!r} is none of {', '.join(choices)}"
            near = nearest(given, choices)
            fix = f"did you mean {near}? Or {fix}" if near else f"take one of these; or {fix}"
        return UsageError(what[:1].lower() + what[1:], where=command, fix=fix)

    def _options(self) -> list[tuple[str, list[str]]]:
        """Every command, with its options."""
        found, waiting = [], [(f"campaign {name}", command) for name, command in self.commands.items()]
        while waiting:
            name, command = waiting.pop(0)
            found.append((name, [option for one in command.params for option in (*one.opts, *one.secondary_opts)]))
            waiting += [(f"{name} {inner}", one) for inner, one in getattr(command, "commands", {}).items()]
        return found
