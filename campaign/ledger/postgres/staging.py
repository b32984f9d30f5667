"""Rows of a contacts file that are in a temporary table, and from there on their way into a roster: the statements.

All of them are for the connection that made the table, within a transaction. Raises psycopg's errors.

`add_contacts` must come before the entries: these go by which row a contact has. In the roster as it stands, a contact
may have the row of an earlier reading; whether that row is of this one is told by its entry, which this reading has
written already if the row comes before the part (`_MOVED`).
"""

from collections.abc import Callable, Iterator, Sequence

from campaign.ledger.cells import encode_cells
from campaign.ledger.postgres.connection import PostgresConnection
from campaign.ledger.postgres.statements import without_nul
from campaign.ledger.sql.erased import Erased, blank, detail
from campaign.model import Row

INCOMING = """
CREATE TEMPORARY TABLE IF NOT EXISTS incoming (
    row bigint NOT NULL, line bigint NOT NULL, address text COLLATE "C", email text, fault text, gone text,
    cells text NOT NULL)
"""
LISTED = """
CREATE TEMPORARY TABLE IF NOT EXISTS listed (place bigint NOT NULL, address text COLLATE "C", list text, line bigint)
"""
_CONTACTS = """
WITH added AS (
    INSERT INTO contact (address, id, roster, row)
    SELECT DISTINCT ON (address) address, :first_id + row, :roster, row FROM incoming WHERE address IS NOT NULL
    ORDER BY address, row
    ON CONFLICT DO NOTHING RETURNING id)
SELECT count(*), coalesce(max(id), 0), (SELECT count(address) FROM incoming) FROM added
"""
"""In the order of the addresses: neighbours in the index are written together."""
_MOVED = """
UPDATE contact SET row = first.row, roster = :roster
FROM (SELECT address, min(row) AS row FROM incoming WHERE address IS NOT NULL GROUP BY address) AS first
WHERE contact.address = first.address AND contact.row <> first.row
    AND NOT (contact.row < :begin AND EXISTS (
        SELECT 1 FROM entry WHERE entry.row = contact.row AND entry.contact = contact.id
            AND (entry.status IS NULL OR entry.status = 'suppressed')))
"""
_OF_DOMAIN = "LEFT JOIN suppressed AS domain ON domain.address = substring(incoming.address FROM '@[^@]*$')"
_OF_NONE = "CROSS JOIN (SELECT CAST(NULL AS text) AS address, CAST(NULL AS text) AS list, 0 AS line) AS domain"
"""Where no domain is listed, nobody's need be looked for."""
_SAID = """
SELECT incoming.row, incoming.line, contact.id AS contact,
    CASE WHEN incoming.gone IS NULL THEN incoming.email END AS email,
    CASE WHEN incoming.address IS NULL THEN 'invalid'
        WHEN contact.row <> incoming.row THEN 'duplicate'
        WHEN coalesce(incoming.gone, own.address, domain.address) IS NOT NULL THEN 'suppressed' END AS status,
    CASE WHEN contact.row <> incoming.row THEN 'the address of row ' || contact.row
        WHEN incoming.gone IS NOT NULL THEN incoming.gone
        WHEN incoming.address IS NULL THEN incoming.fault
        WHEN own.address IS NOT NULL THEN {own}
        WHEN domain.address IS NOT NULL THEN {domain} END AS detail,
    false AS chosen, incoming.cells
FROM incoming LEFT JOIN contact USING (address) LEFT JOIN suppressed AS own USING (address) {of_domain}
"""
_WORDS = "coalesce('on suppression list ' || {0}.list || ', line ' || {0}.line, 'on a suppression list')"
"""As in `campaign/ledger/sql/suppressed.py`; the address's own line goes before that of its domain."""
_COLUMNS = "row, line, contact, email, status, detail, chosen, cells"
_ENTRIES = f"INSERT INTO entry ({_COLUMNS}) {{said}} ORDER BY incoming.row"
_DIFFERENCES = f"""
INSERT INTO entry ({_COLUMNS})
SELECT said.* FROM ({{said}}) AS said LEFT JOIN entry AS old USING (row)
WHERE old.row IS NULL OR (said.line, said.contact, said.email, said.status, said.detail, said.chosen, said.cells)
    IS DISTINCT FROM (old.line, old.contact, old.email, old.status, old.detail, old.chosen, old.cells)
ON CONFLICT (row) DO UPDATE SET line = excluded.line, contact = excluded.contact, email = excluded.email,
    status = excluded.status, detail = excluded.detail, chosen = excluded.chosen, cells = excluded.cells
"""  # noqa: S608 - our own columns


def copied_rows(
    part: Sequence[Row], key: Callable[[str], str], erased: Erased
) -> Iterator[tuple[int, int, str | None, str | None, str | None, str | None, str]]:
    """Give rows as `incoming` has them. Of somebody who was erased, nothing is left but the mark and the words."""
    addresses = [None if row.fault is not None or row.email is None else key(row.email) for row in part]
    gone: Sequence[str | None] = [None] * len(part)
    if erased:
        addresses, gone = erased.among(part, addresses)
    for row, address, day in zip(part, addresses, gone, strict=True):
        if day is None:
            cells = encode_cells(row.cells)  # NUL is written as \u0000 there
            known, email, fault = map(without_nul, (address, row.email, row.fault))
            yield row.number, row.line, known, email, fault, None, cells
        else:
            yield row.number, row.line, address, None, None, detail(day), blank(row.cells)


def add_contacts(database: PostgresConnection, *, begin: int, first_id: int, roster: int) -> int:
    """Put those on record that are new or stand elsewhere. Gives the highest number of a new one; 0 without any.
    `begin`: the part's first row.
    """
    given = {"begin": begin, "first_id": first_id, "roster": roster}
    added, newest, mailable = database.execute(_CONTACTS, given).fetchone()
    if added != mailable:  # somebody was known, or an address comes twice
        database.execute(_MOVED, given)
    return int(newest)


def add_entries(database: PostgresConnection, *, by_domain: bool) -> None:
    """Write the rows' entries, where none of them is there."""
    database.execute(_ENTRIES.format(said=_said(by_domain)))


def differences(database: PostgresConnection, *, by_domain: bool) -> None:
    """Write those of them that are another than before."""
    database.execute(_DIFFERENCES.format(said=_said(by_domain)))


def _said(by_domain: bool) -> str:
    return _SAID.format(
        own=_WORDS.format("own"), domain=_WORDS.format("domain"), of_domain=_OF_DOMAIN if by_domain else _OF_NONE
    )
