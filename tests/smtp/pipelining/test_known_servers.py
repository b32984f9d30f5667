"""Servers recognised by what they say of themselves: the same whichever machine of a fleet answers, and whenever."""

import pytest

from campaign.smtp.pipelining.known_servers import kind_of_server, known_server


def test_the_same_fleet_is_one_server_whatever_differs_from_session_to_session() -> None:
    said = [
        "mail7.acme.example ESMTP Sendmail 8.17.1/8.17.1; Thu, 26 Nov 2026 10:00:01 +0100",
        "mail12.acme.example ESMTP Sendmail 8.17.1/8.17.1; Thu, 26 Nov 2026 23:59:59 +0100",
    ]
    assert len({kind_of_server(words, {"pipelining": "", "size": words[4]}) for words in said}) == 1


def test_other_words_or_other_keywords_are_another_server() -> None:
    seen = {
        kind_of_server("mx.example ESMTP Postfix", {"pipelining": ""}),
        kind_of_server("mx.example ESMTP Exim", {"pipelining": ""}),
        kind_of_server("mx.example ESMTP Postfix", {"pipelining": "", "chunking": ""}),
    }
    assert len(seen) == 3


@pytest.mark.parametrize(
    ("greeting", "features", "name"),
    [
        ("mail.acme.example ESMTP Haraka/3.3.0 ready", {}, "Haraka"),
        ("mail.acme.example Dovecot ready.", {}, "Dovecot submission"),
        ("mail.acme.example ready", {"burl": "imap"}, "Dovecot submission"),
        ("mail.acme.example ESMTP", {"xverp": "=Courier"}, "Courier"),
        ("mail.acme.example ESMTP Postfix", {"pipelining": "", "xverp": ""}, None),
        ("mail.acme.example ESMTP Exim 4.96", {"pipelining": ""}, None),
    ],
)
def test_a_known_server_is_recognised_by_its_greeting_or_a_keyword(
    greeting: str, features: dict[str, str], name: str | None
) -> None:
    found = known_server(greeting, features)
    assert (found.name if found else None) == name
