"""`campaign check` on what the messages will hold: empty cells, missing links, where links lead, sizes."""

import csv
from pathlib import Path
from typing import Any

import pytest

from campaign.links import LinkMinter
from tests.campaigns import SECRET, SmallCampaign
from tests.command_line import Command, template
from tests.conftest import StartServer


class TestCheck:
    def test_empty_cells_are_counted_by_column(self, command: Command, small: SmallCampaign) -> None:
        rows = [("a@x.example", "Ann", "pro"), ("nobody", "B", "pro"), *((f"p{n}@x.example", "", "") for n in range(9))]
        small.contacts([*rows, ("z@x.example", "Zoë", " ")], ("email", "name", "plan"))
        template(small, body_txt="{{ contact.name }} {{ contact.plan }} {{ link.url }}")
        small.load(25)
        said = command("check", small.path, "--offline")
        way = "fill it in, or write {{{{ contact.{0} | default('friend') }}}} (default('') leaves the gap)"
        assert f"  plan is empty in 10 rows (3, 4, 5, 6, 7, …): {way.format('plan')}" in said.out
        assert f"  name is empty in 9 rows (3, 4, 5, 6, 7, …): {way.format('name')}" in said.out
        assert "  row 2: the address has no @-sign" in said.out
        assert "row 3: " not in said.out
        assert "1 can be mailed" in said.out
        assert said.out.count("is empty in") == 2
        shown = command("preview", small.path)
        assert "plan is empty in 10 rows (3, 4, 5, 6, 7, …)" in shown.err

    def test_a_column_that_is_misspelt_under_default_is_noted(self, command: Command, small: SmallCampaign) -> None:
        """Everybody would be greeted as "friend", and nothing else says so."""
        small.contacts([("a@x.example", "A", "Ann", "x")], ("email", "name", "first_name", "line_1"))
        body = "Hello {{ contact.firstname | default('friend') }} {{ contact.line_2 | default }} {{ link.url }}"
        template(small, body_txt=body, body_html="{{ link.url }} {{ contact.region | default('all') }}")
        small.load(25)
        said = command("check", small.path, "--offline")
        assert said.out.count("the templates ask for a column") == 1
        assert "a column 'firstname'" in said.out and "did you mean 'first_name'?" in said.out

    def test_one_row_is_not_said_to_be_several(self, command: Command, small: SmallCampaign) -> None:
        small.contacts([("a@x.example", "Ann"), ("b@x.example", "")]).load(25)
        assert "  name is empty in 1 row (2): fill it in" in command("check", small.path, "--offline").out

    def test_the_row_of_a_fault_is_named_once(self, command: Command, small: SmallCampaign) -> None:
        small.contacts([("a@x.example", "1"), ("b@x.example", "one")])
        template(small, body_txt="{{ 6 // (contact.name | int) }} {{ link.url }}")
        small.load(25)
        for words in (("check", "--offline"), ("preview",)):
            said = command(words[0], small.path, *words[1:])
            (line,) = [line for line in (said.out + said.err).splitlines() if "row 2: " in line]
            assert "body.txt" in line and line.count("row 2") == 1

    @pytest.mark.parametrize(
        "markup",
        [
            '<a href="{{ link.url[-60:] }}">in</a>',
            '<img alt="" src="http://{{ link.url[-60:] }}.acme.example/open.gif">',
            "<style>@media print { @{{ link.url[-60:] }} {} }</style>",
        ],
        ids=["path", "host", "at-rule"],
    )
    def test_no_finding_quotes_a_link_that_signs_somebody_in(
        self, command: Command, small: SmallCampaign, markup: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whatever a template makes of it: the links that are looked at are signed with a throw-away secret."""
        given: list[str] = []
        make = LinkMinter.__init__

        def heard(self: LinkMinter, *, secret: str, **more: Any) -> None:
            given.append(secret)
            make(self, secret=secret, **more)

        monkeypatch.setattr(LinkMinter, "__init__", heard)
        template(small, body_html="<p>Hello <a href='{{ link.url }}'>in</a></p>" + markup)
        small.load(25)
        monkeypatch.setattr("campaign.run.dry_run.throwaway_secret", lambda: "f" * 64)
        assert "body.html" in command("check", small.path, "--offline").out
        assert given.count(SECRET) == 1  # to see whether it will do
        assert given[1:] == ["f" * 64] * (len(given) - 1) != []

    def test_nobody_to_mail_is_not_ready(self, command: Command, small: SmallCampaign) -> None:
        small.contacts([("a@x.example", ""), ("b@x.example", " ")]).load(25)
        said = command("check", small.path, "--offline")
        assert said.code == 2
        assert "nobody can be mailed" in said.out
        assert "ready to send" not in said.out

    @pytest.mark.parametrize(
        ("files", "words"),
        [
            (
                {"body_txt": "Hello", "body_html": "<p>Hello</p>"},
                "the messages have no sign-in link: {{ link.url }} is in none of the bodies",
            ),
            (
                {"body_txt": "Hello"},
                "the messages have no sign-in link in the plain text, only in the html: add {{ link.url }} to body.txt",
            ),
            (
                {"body_html": "<p>Hello</p>"},
                "the messages have no sign-in link in the HTML, only in the text: add {{ link.url }} to body.html",
            ),
            (
                {
                    "body_txt": "{% if contact.name != 'Person 3' %}{{ link.url }}{% endif %}",
                    "body_html": "{% if contact.name != 'Person 3' %}{{ link.url }}{% endif %}",
                },
                "1 of 5 messages has no sign-in link: ",
            ),
        ],
    )
    def test_messages_without_their_link_are_named(
        self, command: Command, small: SmallCampaign, files: dict[str, str], words: str
    ) -> None:
        template(small, **files)
        small.load(25)
        said = command("check", small.path, "--offline")
        assert f"note   {words}" in said.out
        assert said.code == 0

    def test_the_note_names_the_file_that_the_html_is_in(self, command: Command, small: SmallCampaign) -> None:
        (small.folder / "template" / "body.html").unlink()
        template(small, body_mjml="<mjml><mj-body></mj-body></mjml>")
        small.load(25)
        assert "add {{ link.url }} to body.mjml" in command("check", small.path, "--offline").out

    def test_a_text_made_from_the_html_has_its_link(self, command: Command, small: SmallCampaign) -> None:
        (small.folder / "template" / "body.txt").unlink()
        small.load(25)
        assert "sign-in link" not in command("check", small.path, "--offline").out

    def test_a_redirect_to_a_host_that_is_not_listed_is_wrong(self, command: Command, small: SmallCampaign) -> None:
        small.settings = {"link": {"redirect_to": "https://Shop.acme.example/orders"}}
        small.load(25)
        for words in (("check", "--offline"), ("preview",), ("send", "--yes")):
            said = command(words[0], small.path, *words[1:])
            assert said.code == 2
            assert "another host, 'shop.acme.example'" in said.out + said.err
            assert "where: link.redirect_to" in said.out + said.err
            assert 'link.redirect_hosts = ["shop.acme.example"]' in said.out + said.err
        small.settings["link"]["redirect_hosts"] = ["shop.acme.example"]
        small.load(25)
        assert command("check", small.path, "--offline").code == 0

    def test_a_cell_that_makes_another_host_of_the_redirect_makes_its_row_invalid(
        self, command: Command, small: SmallCampaign
    ) -> None:
        small.settings = {"link": {"redirect_to": "https://acme.myclickfunnels.com{{ contact.name }}"}}
        small.contacts([("a@x.example", "/orders"), ("b@x.example", ".evil.example"), ("c@x.example", "?q=1")])
        small.load(25)
        said = command("check", small.path, "--offline")
        assert "2 can be mailed" in said.out
        assert "row 2: link.redirect_to leads to another host, 'acme.myclickfunnels.com.evil.example'" in said.out

    def test_the_default_domain_behind_a_custom_one_is_told(self, command: Command, small: SmallCampaign) -> None:
        small.settings = {"link": {"domain": "www.acme.example", "redirect_to": "https://acme.myclickfunnels.com/x"}}
        small.settings["link"]["redirect_hosts"] = ["acme.myclickfunnels.com"]
        small.load(25)
        said = command("check", small.path, "--offline").out
        assert "the default domain signs nobody in once a custom one is connected" in said

    @pytest.mark.parametrize(
        ("window", "grace", "noted"),
        [("6d", "23h", False), ("7d", "1h", True), ("1h", "30d", True), (None, "8d", True), (None, "7d", False)],
    )
    def test_links_that_live_long_are_named(
        self, command: Command, small: SmallCampaign, window: str | None, grace: str, noted: bool
    ) -> None:
        small.settings = {"link": {"grace": grace}, "window": {"lasts": window} if window else {}}
        small.load(25)
        said = command("check", small.path, "--offline")
        assert ("note   links live" in said.out) == noted
        assert said.code == 0

    @pytest.mark.parametrize(
        "window",
        [{"timezone": "America/New_Yrok"}, {"timezone": "Mars/Olympus", "lasts": "8h"}, {"closes": "2020-01-01T08:00"}],
    )
    def test_a_fault_of_the_window_is_told_once(
        self, command: Command, small: SmallCampaign, window: dict[str, object]
    ) -> None:
        small.settings = {"window": window}
        small.load(25)
        said = command("check", small.path, "--offline")
        assert said.code == 2
        assert said.out.count("WRONG") == 1
        assert "5 can be mailed" in said.out

    def test_a_template_too_large_for_the_server_is_wrong(
        self, command: Command, small: SmallCampaign, smtp_server: StartServer
    ) -> None:
        template(small, body_txt="Hello {{ contact.name }}, {{ link.url }}\n" + "news " * 2_000)
        small.load(smtp_server(size=9_000).port)
        said = command("check", small.path)
        assert said.code == 2
        assert "where: message.template" in said.out
        assert "the server takes 9,000 at most" in said.out

    def test_cells_too_large_for_the_server_are_their_rows_own(
        self, command: Command, small: SmallCampaign, smtp_server: StartServer
    ) -> None:
        small.contacts([("a@x.example", "Ann"), ("b@x.example", "B" * 9_000)])
        small.load(smtp_server(size=9_000).port)
        said = command("check", small.path)
        assert said.code == 0
        assert "note   1 message is larger than the server takes (9,000 bytes; the largest has" in said.out


def test_the_sample_has_a_gap_on_purpose_and_says_so(command: Command) -> None:
    """A contact without names, to whom both templates write all the same."""
    sample = Path(__file__).parents[2] / "sample_data"
    with (sample / "contacts.csv").open(newline="", encoding="utf-8") as file:
        assert [row["email"] for row in csv.DictReader(file) if not row["first_name"]] == [
            "anon.reader+news@library.example"
        ]
    said = command("preview", sample / "campaign.toml", "--folder", "shown")
    assert "is empty" not in said.err
    assert "25 messages written" in said.err
