"""`campaign send --sandbox --fresh`: it begins anew, and takes nothing away that is not the sandbox's, or too early."""

import json
import re

import pytest

from campaign.ledger.sqlite.store import SqliteRunLedger
from tests.campaigns import SmallCampaign
from tests.command_line import Command, assert_three_parts
from tests.conftest import StartServer


def files(small: SmallCampaign) -> dict[str, bytes]:
    """Every file of the campaign and of what was made of it."""
    return {
        str(path.relative_to(small.folder)): path.read_bytes() for path in small.folder.rglob("*") if path.is_file()
    }


class TestFresh:
    @pytest.fixture(autouse=True)
    def _sandboxed(self, small: SmallCampaign) -> None:
        small.contacts(
            [("ann@people.example", "Ann"), ("nobody", "B"), ("ANN@people.example", "C"), ("dan@people.example", "Dan")]
        ).load(25)

    def rows(self, small: SmallCampaign) -> list[tuple[int, str]]:
        lines = (small.folder / "small-sandbox" / "rows.jsonl").read_text().split("\n")
        return sorted((row[0], row[1]) for row in map(json.loads, filter(None, lines)))

    def test_a_second_run_says_how_to_begin_anew(self, command: Command, small: SmallCampaign) -> None:
        first = command("send", small.path, "--sandbox")
        assert "--fresh" not in first.err
        again = command("send", small.path, "--sandbox")
        assert "nothing was sent: nobody was left to send to" in again.err
        assert "to begin the sandbox anew:\n    campaign send" in again.err
        assert again.err.rstrip().endswith(f"send {small.path} --sandbox --fresh")
        fresh = command("send", small.path, "--sandbox", "--fresh")
        assert "sent 2 in" in fresh.err and fresh.code == first.code
        assert len(list((small.folder / "small-sandbox").glob("*.eml"))) == 2

    def test_its_rows_are_the_files(self, command: Command, small: SmallCampaign) -> None:
        command("send", small.path, "--sandbox")
        assert self.rows(small) == [(1, "ann@people.example"), (4, "dan@people.example")]
        assert (small.folder / "small-sandbox" / "0004-dan.eml").exists()

    def test_to_begin_anew_takes_nothing_but_the_sandboxs_own(
        self, command: Command, small: SmallCampaign, smtp_server: StartServer
    ) -> None:
        small.load(smtp_server().port)
        command("send", small.path)
        command("send", small.path, "--sandbox")
        mine = small.folder / "small-sandbox" / "my notes.txt"
        mine.write_text("mine")
        sandboxs = {"small-sandbox-results.csv", "small-sandbox.ledger", "small-sandbox"}
        before = {path: path.read_bytes() for path in small.folder.iterdir() if path.is_file()}
        assert sandboxs <= {path.name for path in small.folder.iterdir()}
        command("send", small.path, "--sandbox", "--fresh")
        for path, content in before.items():
            assert path.read_bytes() == content or path.name in sandboxs, path.name
        assert mine.read_text() == "mine"

    def test_results_that_may_be_the_real_runs_are_left_alone(
        self, command: Command, small: SmallCampaign, smtp_server: StartServer
    ) -> None:
        small.load(smtp_server().port)
        results = small.folder / "r.csv"
        command("send", small.path, "--output", results)
        before = results.read_bytes()
        said = command("send", small.path, "--output", results, "--sandbox", "--fresh")
        assert said.code == 2 and results.read_bytes() == before
        assert_three_parts(said)

    @pytest.mark.parametrize(
        ("name", "right", "wrong"),
        [
            ("template/body.txt", r"contact\.name", "contact.nmae"),
            ("template/subject.txt", r"\A", "{% if %}"),
            ("contacts.csv", r"\Aemail", "e-mail"),
            ("contacts.csv", r"(?s)\n.*", "\n"),
            ("campaign.toml", r"\[link\]", '[link]\nredirect_to = "https://elsewhere.example/x"'),
            ("campaign.toml", r"\Z", '\n[window]\nlasts = "soon"\n'),
        ],
        ids=["a column", "a syntax error", "the address's column", "no rows", "a redirect", "a setting"],
    )
    def test_a_fault_found_before_the_run_leaves_the_earlier_sandbox_as_it_is(
        self, command: Command, small: SmallCampaign, name: str, right: str, wrong: str
    ) -> None:
        command("send", small.path, "--sandbox")
        file = small.folder / name
        sound = file.read_bytes()
        text, count = re.subn(right, lambda _: wrong, sound.decode(), count=1)
        assert count == 1
        file.write_text(text, "utf-8")
        before = files(small)
        said = command("send", small.path, "--sandbox", "--fresh")
        assert said.code == 2
        assert_three_parts(said)
        assert files(small) == before
        assert {"small-sandbox.ledger", "small-sandbox-results.csv", "small-sandbox/0004-dan.eml"} <= before.keys()
        file.write_bytes(sound)
        assert "sent 2 in" in command("send", small.path, "--sandbox", "--fresh").err

    @pytest.mark.parametrize("more", [[], ["--output"]])
    def test_without_its_ledger_results_go_only_where_they_are_the_sandboxs_by_name(
        self, command: Command, small: SmallCampaign, more: list[str]
    ) -> None:
        results = small.folder / "r.csv" if more else small.folder / "small-sandbox-results.csv"
        words = [*more, *([results] if more else [])]
        command("send", small.path, "--sandbox", *words)
        (small.folder / "small-sandbox.ledger").unlink()
        before = files(small)
        said = command("send", small.path, "--sandbox", "--fresh", *words)
        if more:
            assert said.code == 2 and "its ledger is gone" in said.err
            assert files(small) == before
        else:
            assert "sent 2 in" in said.err

    def test_it_forgets_whom_it_has_put_off(self, command: Command, small: SmallCampaign) -> None:
        """Also where that memory can't be read any more."""
        state = small.folder / "small-sandbox" / ".sandbox-state.json"
        command("send", small.path, "--sandbox")
        state.write_text("nonsense")
        assert command("send", small.path, "--sandbox").code == 2
        assert "sent 2 in" in command("send", small.path, "--sandbox", "--fresh").err
        assert not state.exists()

    def test_nothing_begins_anew_while_a_run_goes_on(self, command: Command, small: SmallCampaign) -> None:
        command("send", small.path, "--sandbox")
        with SqliteRunLedger.open(small.folder / "small-sandbox.ledger", "small"):
            assert command("send", small.path, "--sandbox", "--fresh").code == 2
        assert (small.folder / "small-sandbox-results.csv").exists()

    @pytest.mark.parametrize("more", [(), ("--dry-run",), ("--dry-run", "--sandbox")])
    def test_only_a_run_of_the_sandbox_may_begin_anew(
        self, command: Command, small: SmallCampaign, more: tuple[str, ...]
    ) -> None:
        said = command("send", small.path, "--fresh", *more)
        assert said.code == 2
        assert_three_parts(said)
