"""A template's own fault stops every command before the first message, once, and is charged to nobody."""

from collections import Counter

import pytest

from tests.campaigns import SmallCampaign
from tests.command_line import Command, template
from tests.conftest import StartServer

EVERY_COMMAND = [
    ("send", "--yes"),
    ("send", "--sandbox"),
    ("send", "--dry-run"),
    ("resend", "--yes"),
    ("preview",),
    ("check", "--offline"),
]


@pytest.mark.parametrize("words", EVERY_COMMAND)
def test_every_command_says_the_same_and_marks_nobody(
    command: Command, small: SmallCampaign, smtp_server: StartServer, words: tuple[str, ...]
) -> None:
    template(small, body_txt="Hello\n{{ contact.nmae }}, {{ link.url }}\n", body_html="<p>{{ contact.nmae }}</p>")
    server = smtp_server()
    small.load(server.port)
    said = command(words[0], small.path, *words[1:])
    assert said.code == 2
    told = said.out + said.err
    assert told.count("there is no column 'nmae'; did you mean 'name'?") == 1
    assert "where: body.html line 1, body.txt line 2" in told
    assert "the columns are 'email', 'name'" in told
    assert server.record.commands["MAIL"] == 0
    assert not small.ledger.exists()
    assert not list(small.folder.rglob("*results.csv"))


@pytest.mark.parametrize(
    ("settings", "where", "what"),
    [
        (
            {"link": {"redirect_to": "https://acme.myclickfunnels.com/{{ contact.nmae }}"}},
            "link.redirect_to",
            "there is no column 'nmae'; did you mean 'name'?",
        ),
        (
            {"message": {"unsubscribe_url": "https://acme.example/{{ contact.nmae }}"}},
            "message.unsubscribe_url",
            "there is no column 'nmae'; did you mean 'name'?",
        ),
        (
            {"link": {"redirect_to": "https://acme.myclickfunnels.com/{{ link.url }}"}},
            "link.redirect_to",
            "there is no variable 'link'",
        ),
        (
            {"link": {"redirect_to": "https://me@acme.example/{{ contact.name }}"}},
            "link.redirect_to",
            "not an https URL",
        ),
        (
            {"message": {"unsubscribe_url": "https://acme.example/abbestellen/für/{{ contact.name | urlencode }}"}},
            "message.unsubscribe_url",
            "whatever a row holds: it has 'ü'",
        ),
        ({"message": {"unsubscribe_url": "https://müller.example/u"}}, "message.unsubscribe_url", "it has 'ü'"),
        (
            {"message": {"unsubscribe_url": "https://acme.example/" + "u" * 900 + "{{ contact.name }}"}},
            "message.unsubscribe_url",
            "the URL has at least 921 characters",
        ),
    ],
)
@pytest.mark.parametrize("words", [("send", "--yes"), ("preview",), ("check", "--offline")])
def test_settings_that_are_templates_alike(
    command: Command,
    small: SmallCampaign,
    settings: dict[str, dict[str, object]],
    where: str,
    what: str,
    words: tuple[str, ...],
) -> None:
    small.settings = settings
    small.load(25)
    said = command(words[0], small.path, *words[1:])
    assert said.code == 2
    told = said.out + said.err
    assert what in told
    assert f"where: {where}" in told
    assert not small.ledger.exists()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("{% set c = contact %}{{ c.nmae }}", "there is no column 'nmae'; did you mean 'name'?"),
        ("{% macro hi(c) %}{{ c.nmae }}{% endmacro %}{{ hi(contact) }}", "there is no column 'nmae'"),
        ("{% set a = link %}{{ a }}", "link can't be printed whole: write link.url"),
        ("{% macro hi(x) %}{{ x }}{% endmacro %}{{ hi() }}", "parameter 'x' was not provided"),
        ("{{ link.expires_at.strftiem('%d') }}", "datetime has no 'strftiem'"),
    ],
)
def test_what_only_running_a_template_shows_is_shown_by_one_that_is_nobodys(
    command: Command, small: SmallCampaign, body: str, words: str
) -> None:
    template(small, body_txt=f"\n{body}")
    small.load(25)
    for order in (("send", "--yes"), ("preview",)):
        said = command(order[0], small.path, *order[1:])
        assert said.code == 2
        assert words in said.err
        assert "body.txt line 2" in said.err
    assert not small.ledger.exists()


def test_several_faults_are_told_at_once(command: Command, small: SmallCampaign) -> None:
    template(small, subject_txt="{{ contact.nmae }}", body_txt="{{ lnk.url }}\n{{ contact.nmae }}")
    small.load(25)
    said = command("send", small.path, "--yes")
    assert said.code == 2
    assert "  subject.txt line 1, body.txt line 2: there is no column 'nmae'; did you mean 'name'?" in said.err
    assert "  body.txt line 1: there is no variable 'lnk'; did you mean 'link'?" in said.err


def test_of_several_faults_each_list_says_of_what_it_is(command: Command, small: SmallCampaign) -> None:
    template(small, body_txt="{{ link.href }}\n{{ lnk.url }}\n{{ contact.nmae }}\n{{ campaign.title }}")
    small.load(25)
    said = " ".join(command("send", small.path, "--yes").err.split())
    assert (
        "correct the template; a link has 'url', 'expires_at', 'issued_at'; the variables are 'contact', 'link', "
        "'campaign'; the columns are 'email', 'name'; a campaign has 'name'"
    ) in said


def test_a_name_that_hangs_on_the_row_is_that_rows_own(small: SmallCampaign, smtp_server: StartServer) -> None:
    template(small, body_txt="{{ contact[contact.lang ~ '_text'] }} {{ link.url }}")
    header = ("email", "name", "lang", "en_text")
    small.contacts([("a@x.example", "A", "en", "hi"), ("b@x.example", "B", "xx", "hi")], header)
    server = smtp_server()
    small.send(server.port)
    assert small.statuses() == {"a@x.example": "sent", "b@x.example": "invalid"}


def test_an_empty_cell_is_the_rows_own_and_the_results_say_what_to_do(
    small: SmallCampaign, smtp_server: StartServer
) -> None:
    small.contacts([("a@x.example", "Ann"), ("b@x.example", " "), ("c@x.example", "")])
    small.settings = {"link": {"redirect_to": "https://acme.myclickfunnels.com/{{ contact.name }}"}}
    server = smtp_server()
    summary = small.send(server.port)
    assert +Counter(summary.counts) == Counter(sent=1, invalid=2)
    details = [row["detail"] for row in small.results()]
    assert details[1] == details[2].replace("row 3", "row 2")
    assert details[1] == (
        "link.redirect_to: name is empty: fill it in, or write {{ contact.name | default('none') }} "
        "(default('') leaves the gap) (row 2)"
    )
    small.settings = {"link": {"redirect_to": "https://acme.myclickfunnels.com/{{ contact.name | d('all') }}"}}
    template(small, subject_txt="Hi {{ contact.name | default('friend') }}", body_html="{{ link.url }}")
    template(small, body_txt="Dear {{ contact.name | trim | default('friend') }}, {{ link.url }}")
    assert +Counter(small.resend(server.port).counts) == Counter(sent=3)
    assert b"Dear friend, " in (server.accepted[-1].data or b"")


def test_a_message_too_large_by_its_template_stops_the_run(small: SmallCampaign, smtp_server: StartServer) -> None:
    template(small, body_txt="Hello {{ contact.name }}, {{ link.url }}\n" + "news " * 2_000)
    server = smtp_server(size=9_000)
    summary = small.send(server.port)
    assert +Counter(summary.counts) == Counter(pending=5)
    assert summary.trouble is not None
    assert summary.trouble.where == "message.template"
    assert "9,000" in summary.trouble.what
    assert server.accepted == []
    template(small, body_txt="Hello {{ contact.name }}, {{ link.url }}\n")
    assert +Counter(small.send(server.port).counts) == Counter(sent=5)


def test_a_message_too_large_by_its_cells_is_rejected_and_the_others_go(
    small: SmallCampaign, smtp_server: StartServer
) -> None:
    small.contacts([("a@x.example", "Ann"), ("b@x.example", "B" * 9_000), ("c@x.example", "Cy")])
    server = smtp_server(size=9_000)
    assert +Counter(small.send(server.port).counts) == Counter(sent=2, rejected=1)
    row = small.results()[1]
    assert (row["status"], row["smtp_code"], row["enhanced_status"]) == ("rejected", "552", "5.3.4")


def test_a_sandbox_run_that_is_refused_leaves_no_folder(command: Command, small: SmallCampaign) -> None:
    small.load(25)
    folder = small.folder / "small-sandbox"
    sound = (small.folder / "template" / "body.txt").read_text()
    template(small, body_txt="{{ contact.nmae }} {{ link.url }}")
    assert command("send", small.path, "--sandbox").code == 2
    assert not folder.exists()
    template(small, body_txt=sound)
    assert command("send", small.path, "--sandbox").code == 0
    before = sorted(path.name for path in folder.iterdir())
    template(small, body_txt="{{ contact.nmae }} {{ link.url }}")
    assert command("send", small.path, "--sandbox").code == 2
    assert sorted(path.name for path in folder.iterdir()) == before, "what arrived in an earlier run stays"


@pytest.mark.parametrize("wrong", ["contact.name / 2", "contact.name + 1", "contact.name > 3", "contact.name | round"])
@pytest.mark.parametrize("words", EVERY_COMMAND)
def test_a_cell_taken_for_a_number_is_the_templates_fault(
    command: Command, small: SmallCampaign, smtp_server: StartServer, words: tuple[str, ...], wrong: str
) -> None:
    template(small, body_txt="Hello\n{{ " + wrong + " }}, {{ link.url }}\n")
    server = smtp_server()
    small.load(server.port)
    said = command(words[0], small.path, *words[1:])
    told = said.out + said.err
    assert said.code == 2 and "where: body.txt line 2" in told and told.count("TypeError") == 1
    assert "`| int` or `| float` makes a number" in told
    assert server.record.commands["MAIL"] == 0 and not small.ledger.exists()


def test_a_templates_fault_that_only_some_rows_come_to_stops_the_run(
    command: Command, small: SmallCampaign, smtp_server: StartServer
) -> None:
    template(small, body_txt="{% if contact.name == 'Pro' %}{{ contact.name / 2 }}{% endif %}{{ link.url }}\n")
    small.contacts([("a@people.example", "Pro"), ("b@people.example", "Pro")])
    server = smtp_server()
    small.load(server.port)
    said = command("send", small.path, "--yes")
    assert said.code == 2 and "body.txt line 1" in said.out + said.err
    assert set(small.statuses().values()) == {"pending"}
    assert server.record.commands["MAIL"] == 0


@pytest.mark.parametrize(
    ("expression", "cell", "good"),
    [
        ("6 // (contact.name | int)", "0", "3"),
        ("(contact.name | int('none')) + 1", "abc", "3"),
        ("contact.name | default(none) | length", "", "3"),
    ],
)
def test_what_hangs_on_the_cell_is_the_rows_fault(
    command: Command, small: SmallCampaign, smtp_server: StartServer, expression: str, cell: str, good: str
) -> None:
    template(small, body_txt="{{ " + expression + " }} {{ link.url }}\n", body_html="<p>{{ link.url }}</p>")
    template(small, subject_txt="Hello")
    small.contacts([("a@people.example", cell), ("b@people.example", good)])
    small.load(smtp_server().port)
    assert command("send", small.path, "--yes").code == 1
    assert sorted(small.statuses().values()) == ["invalid", "sent"]
