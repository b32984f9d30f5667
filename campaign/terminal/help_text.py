"""What `--help` says besides each option's own words: the order of the commands, groups of options, an example each.

    ORDER      commands, in the order in which a campaign needs them
    GROUPS     heading → options, for commands that have many
    EXAMPLES   command → a line to type, with what it does

Takes Typer's commands; writes into its formatter. Raises nothing. `tests/test_examples.py` runs the examples.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

ORDER = (
    *("init", "preview", "check", "send", "status", "resend", "settle", "results", "report"),
    *("erase", "work", "sandbox", "link", "guide"),
)
_MANY = 10
"""Options, from which on they stand in groups."""
GROUPS: Mapping[str, Sequence[str]] = {
    "To try it": ("--sandbox", "--fresh", "--dry-run", "--folder", "--test-to", "--rows", "--live-links"),
    "Which contacts": ("--from", "--include", "--limit", "--allow-empty"),
    "When": ("--wait", "--opens", "--closes", "--lasts"),
    "The server, and how fast": ("--host", "--port", "--connections", "--rate", "--processes"),
    "Other machines": ("--cluster", "--workers"),
    "What is asked and said": (
        *("--yes", "--output", "--json", "--profile"),
        *("--log-format", "--log-addresses", "--metrics", "--help"),
    ),
}
_OTHERS = "Options"
EXAMPLES: Mapping[str, tuple[str, str]] = {
    "": ("campaign init autumn", "and from there on as it says"),
    "init": ("campaign init autumn", "a new folder, autumn, with all that a campaign needs"),
    "preview": ("campaign preview --limit 20", "the first 20 messages, to look at in a browser"),
    "check": ("campaign check", "what is wrong, or to be noted, before anybody is mailed"),
    "send": ("campaign send --limit 3", "the first three who have not been mailed yet"),
    "status": ("campaign status", "how far it is, from another terminal"),
    "resend": ("campaign resend", "what failed, and rows that you have corrected, again"),
    "settle": ("campaign settle mail.log", "whom the server took mail for, and who bounced, by its log"),
    "results": ("campaign results --output -", "what became of every row, as CSV on the terminal"),
    "report": ("campaign report", "a page to show, welcome-report.html"),
    "erase": ("campaign erase zoe@gone.example", "nothing of her is left, and she is not mailed again"),
    "work": ("campaign work --name web-2", "this machine helps with the run that another one has begun"),
    "sandbox": ("campaign sandbox --port 2525", "a server that sends nothing on, for other programs to try"),
    "link": ("campaign link inspect -", "what is wrong with the link in a text that you paste"),
    "link mint": ("campaign link mint campaign.toml ada.lovelace@engine.example", "a link that signs Ada in"),
    "link inspect": ("campaign link inspect -", "paste the link, or the mail that it is in, then Ctrl-D"),
    "guide": ("campaign guide first-send", "what an inbox wants of you"),
}


def in_order(names: Iterable[str]) -> list[str]:
    """Give the commands' names in the order of use, those that have no place in it last."""
    return sorted(names, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))


def write_options(command: Any, context: Any, formatter: Any) -> None:
    """Write arguments, then options: in groups, where there are many."""
    arguments: list[Any] = []
    options: list[Any] = []
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None:
            (arguments if parameter.param_type_name == "argument" else options).append((parameter, record))
    _write(formatter, "Arguments", [record for _, record in arguments])
    if len(options) <= _MANY:
        _write(formatter, _OTHERS, [record for _, record in options])
        return
    grouped = {option for names in GROUPS.values() for option in names}
    _write(formatter, _OTHERS, [record for one, record in options if not grouped.intersection(one.opts)])
    for heading, names in GROUPS.items():
        _write(formatter, heading, [record for one, record in options if set(names).intersection(one.opts)])


def write_example(command: Any, context: Any, formatter: Any) -> None:
    """Write the example of a command."""
    words = context.command_path.split()[len((context.find_root().info_name or "").split()) :]
    line, meaning = EXAMPLES.get(" ".join(words), ("", ""))
    if line:
        with formatter.section("Example"):
            formatter.write(f"{'':>{formatter.current_indent}}{line}\n")
            with formatter.indentation():
                formatter.write_text(meaning)


def _write(formatter: Any, heading: str, records: Sequence[tuple[str, str]]) -> None:
    if records:
        with formatter.section(heading):
            formatter.write_dl(records)
