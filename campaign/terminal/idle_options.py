"""Options that would do nothing where they stand: beside another one, or without it. They are refused.

Raises UsageError.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from campaign.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleOption:
    """An option that does nothing beside another one, or without it."""

    option: str
    beside: str = ""
    without: str = ""
    why: str

    def applies(self, given: Collection[str]) -> bool:
        """Whether it does nothing among the options that were given."""
        return self.option in given and (self.beside in given if self.beside else self.without not in given)


_NO_RUN = "a dry run sends nothing: it has no server, no window to wait for and no results"
_NO_LEDGER = "a test mails a few rows to you: it has no results, no window to wait for and one connection"
_NO_CLUSTER = "only a run that mails people needs other machines"
_OWN_SERVER = "the sandbox is its own server"
IDLE_OPTIONS = (
    IdleOption(option="--folder", without="--dry-run", why="messages go to a folder in a dry run only"),
    IdleOption(option="--fresh", without="--sandbox", why="only the sandbox can be begun anew"),
    *(
        IdleOption(option=option, beside="--dry-run", why=_NO_RUN)
        for option in (
            *("--sandbox", "--output", "--wait", "--no-wait", "--host", "--port"),
            *("--connections", "--rate", "--processes", "--profile", "--fresh", "--test-to"),
            *("--log-format", "--log-addresses", "--metrics"),
        )
    ),
    IdleOption(option="--rows", without="--test-to", why="a run sends every row that is due"),
    IdleOption(option="--live-links", without="--test-to", why="a run's links are live"),
    IdleOption(option="--live-links", beside="--sandbox", why="links to the sandbox sign nobody in"),
    IdleOption(option="--limit", beside="--test-to", why="--rows says which rows are tried"),
    *(
        IdleOption(option=option, beside="--test-to", why=_NO_LEDGER)
        for option in (
            *("--output", "--wait", "--no-wait", "--fresh", "--allow-empty"),
            *("--connections", "--rate", "--processes", "--profile"),
            *("--log-format", "--log-addresses", "--metrics"),
        )
    ),
    *(
        IdleOption(option="--cluster", beside=option, why=_NO_CLUSTER)
        for option in ("--sandbox", "--dry-run", "--test-to")
    ),
    IdleOption(option="--workers", without="--cluster", why="on this machine, --processes says how many work"),
    IdleOption(option="--processes", beside="--cluster", why="the cluster's machines send, as many as --workers says"),
    IdleOption(option="--log-addresses", without="--log-format", why="only the events of a JSON log name contacts"),
    IdleOption(option="--every", without="--watch", why="what is looked at once has no pace"),
    IdleOption(option="--nameserver", beside="--offline", why="offline, no name server is asked"),
    *(IdleOption(option=option, beside="--sandbox", why=_OWN_SERVER) for option in ("--host", "--port")),
)
"""For the commands that have these options. `--yes` is at home everywhere: it answers questions."""


def given_options(command: Any, ctx: Any) -> list[str]:
    """Give the options that stand on the command line, each by its long name."""
    given = []
    for parameter in command.params:
        source = ctx.get_parameter_source(parameter.name)
        if source is not None and source.name == "COMMANDLINE":
            off = parameter.secondary_opts and ctx.params[parameter.name] is False
            given.append((parameter.secondary_opts if off else parameter.opts)[0])
    return given


def refuse_idle(given: Sequence[str], command: str) -> None:
    """Raise UsageError for an option that would do nothing."""
    for idle in IDLE_OPTIONS:
        if idle.applies(given):
            fix = f"take {idle.option} out, or add {idle.without}" if idle.without else (
                f"take {idle.option} out, or {idle.beside}"
            )  # fmt: skip
            beside = f"beside {idle.beside}" if idle.beside else f"without {idle.without}"
            raise UsageError(
                f"{idle.option} does nothing {beside}: {idle.why}", where=f"{command} {idle.option}", fix=fix
            )
