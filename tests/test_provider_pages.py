"""The pages of the guide on providers: alike in build, settings that load, and replies that mean what is written there.

What a provider says of itself (limits, names of headers) is from its documentation, and no test of ours can hold it.
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from campaign.commands.guide import GROUPS, page
from campaign.model import Phase
from campaign.settings import load_settings
from campaign.smtp.reply.parser import parse_reply
from campaign.worker.policy import About, Action, Verdict, judge
from tests.settings.campaign_files import MINIMAL, toml

PROVIDERS = [
    name for heading, names in GROUPS.items() if heading.startswith("The server") for name in names if name != "relays"
]
EVENTS = ("ses", "sendgrid", "postmark", "mailgun")
SECTIONS = [
    "Settings",
    "Who signs, return path",
    "Limits",
    "What its replies say",
    "Headers",
    "When mail does not arrive",
]
SETTLED = "What settles a row"
"""The last section of those whose events, or whose log, are read."""
PHASES = {
    "connect": Phase.CONNECT,
    "EHLO": Phase.EHLO,
    "sign-in": Phase.AUTH,
    "MAIL": Phase.MAIL,
    "RCPT": Phase.RCPT,
    "message": Phase.BODY,
}


def _blocks() -> Iterator[tuple[str, str]]:
    for name in (*PROVIDERS, "first-send"):
        for block in re.findall(r"^```toml\n(.*?)^```", page(name), re.MULTILINE | re.DOTALL):
            yield name, block


def _replies() -> Iterator[tuple[str, str, str, str]]:
    """Page, reply, where it comes, what is said to follow."""
    for name in PROVIDERS:
        for reply, where, follows in re.findall(
            r"^\| `(\d{3} [^|]*)` \| ([^|]+) \| ([^|]+) \|$", page(name), re.MULTILINE
        ):
            yield name, reply, where, follows


def _in_words(verdict: Verdict) -> str:
    """Say in the words of these pages what follows from a reply."""
    if verdict.stop:
        return "the run stops (`quota`)" if verdict.about is About.QUOTA else "the run stops"
    if verdict.fewer:
        return "fewer connections"
    if verdict.renew:
        return "new connection"
    if verdict.slow:
        return "slower"
    if verdict.action is Action.RETRY:
        return "tried again"
    if verdict.action is Action.REJECTED:
        return "suspicious" if verdict.suspect else "`rejected`"
    return str(verdict.action.value)


def _headers(name: str) -> dict[str, str]:
    """What the page's settings put into `[message.headers]`."""
    found: dict[str, str] = {}
    for page_of, block in _blocks():
        if page_of == name:
            found |= tomllib.loads(block).get("message", {}).get("headers", {})
    return found


@pytest.mark.parametrize("name", EVENTS)
def test_a_page_on_events_has_the_header_that_carries_the_key_and_the_command_that_reads_them(name: str) -> None:
    carrying = {header: value for header, value in _headers(name).items() if "{{ contact.key }}" in value}
    assert len(carrying) == 1
    header, value = carrying.popitem()
    assert header.endswith("-key") or re.search(r"""(?:^|[ ,{"])key"?(?:=|: )"?\{\{ contact\.key \}\}""", value)
    assert "campaign settle" in page(name) and "](settle.md)" in page(name)


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    both = dict(below)
    for key, value in above.items():
        both[key] = _merged(both.get(key, {}), value) if isinstance(value, dict) else value
    return both


@pytest.mark.parametrize("name", PROVIDERS)
def test_every_page_has_the_same_sections_and_is_short(name: str) -> None:
    more = [SETTLED] if name in (*EVENTS, "postfix") else []
    assert re.findall(r"^## (.*)$", page(name), re.MULTILINE) == [*SECTIONS, *more]
    assert len(page(name).partition(f"## {SETTLED}")[0].splitlines()) <= 110


@pytest.mark.parametrize("name", [*PROVIDERS, "first-send"])
def test_what_is_to_be_copied_fits_on_a_terminal_and_into_no_second_line(name: str) -> None:
    for block in re.findall(r"^```\w*\n(.*?)^```", page(name), re.MULTILINE | re.DOTALL):
        assert [line for line in block.splitlines() if len(line) > 78] == []


def test_every_page_has_settings_and_replies() -> None:
    assert {name for name, block in _blocks() if "[smtp]" in block} == set(PROVIDERS)
    assert {name for name, *_ in _replies()} == set(PROVIDERS)


@pytest.mark.parametrize(("name", "block"), list(_blocks()))
def test_settings_of_the_page_load_in_the_least_campaign_there_can_be(name: str, block: str, tmp_path: Path) -> None:
    path = tmp_path / "campaign.toml"
    path.write_text(toml(_merged(MINIMAL, tomllib.loads(block))), "utf-8")
    settings = load_settings(path, environ={})
    assert settings.smtp.security != "none", name


@pytest.mark.parametrize(("name", "reply", "where", "follows"), list(_replies()))
def test_a_reply_is_taken_as_the_page_says(name: str, reply: str, where: str, follows: str) -> None:
    said = parse_reply([reply.encode()])
    verdicts = [_in_words(judge(PHASES[where], said, served=served)) for served in (False, True)]
    assert re.split(r"[;,:]", follows)[0] in verdicts, name
