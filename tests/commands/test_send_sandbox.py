"""`campaign send --sandbox`: how to begin anew, and what that never takes away."""

import json

import pytest

from campaign.ledger.store import SqliteRunLedger
from tests.campaigns import SmallCampaign
from tests.command_line import Command, assert_three_parts
from tests.conftest import StartServer


class TestSandbox:
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
