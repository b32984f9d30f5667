"""The same SQL for both databases, as psycopg takes it."""

import pytest

from campaign.ledger.postgres.statements import translated, without_nuls


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT ? WHERE x = :name", "SELECT %s WHERE x = %(name)s"),
        ("SELECT 'what?' LIKE 'a:b %'", "SELECT 'what?' LIKE 'a:b %%'"),
        ("SELECT 7 % 3, x::text", "SELECT 7 %% 3, x::text"),
        ("FROM entry NOT INDEXED LEFT JOIN b", "FROM entry LEFT JOIN b"),
        ("FROM entry INDEXED BY entry_by_status WHERE", "FROM entry WHERE"),
        ("THEN sending_word() ELSE 'sending_word()'", "THEN 'pending' ELSE 'sending_word()'"),
    ],
)
def test_sql_goes_as_psycopg_takes_it(sql: str, expected: str) -> None:
    assert translated(sql, "pending") == expected


def test_what_no_text_can_hold_is_left_out() -> None:
    assert without_nuls(["a\0b", 7, None]) == ["a\ufffdb", 7, None]
    assert without_nuls({"name": "\0"}) == {"name": "\ufffd"}
