"""The tables of a ledger in SQLite, and what makes them of those of an earlier version's.

facts      what holds for the whole campaign: its name, the file's columns, when the window opened
contact    everybody this campaign ever knew, by address (compared without case): `row` in the roster `roster`
entry      the contacts file as it was last read, row by row, with the faults found then
delivery   what became of a contact: the only table that is written while mail goes out
suppressed the suppression lists as last read: addresses, and domains with an @-sign in front, each with its place
tally      how many rows stand where (`tally`)
set_aside  rows of this run that were passed, since their queue was held (`due_rows`)
timeline   what was measured while mail went out (`timeline`)
live_state how the run that goes on goes just now (`live_state`)
generation which WAL is the file's own, and how many checkpoints there were (`generation`)
erased     people whose data is gone: a keyed hash of each address, and the day (`erased`)
evidence   proofs that moved a word after "sent", with what stood there before (`later_words`)
later_word what of it is shown, and who wants no more (`later_words`)
"""

import sqlite3

from campaign.ledger.sql.history import FIRST_RUN

VERSION = 5
APPLICATION = 0x434D5047  # "CMPG": says what the file is

_STRICT = "STRICT" if sqlite3.sqlite_version_info >= (3, 37) else ""  # an older SQLite finds less of the damage
_INDEX = "CREATE INDEX entry_by_status ON entry (status, row, contact)"
"""Who is due, in order, and how many there are, without a look at the rows with all their cells."""
_SET_ASIDE = """
CREATE TABLE set_aside (queue TEXT NOT NULL, row INTEGER NOT NULL, PRIMARY KEY (queue, row)) WITHOUT ROWID
"""
_GENERATION = "CREATE TABLE generation (only INTEGER PRIMARY KEY CHECK (only = 1), value TEXT NOT NULL)"
_FIRST_GENERATION = "INSERT INTO generation VALUES (1, '')"
_LIVE_STATE = "CREATE TABLE live_state (only INTEGER PRIMARY KEY CHECK (only = 1), value TEXT NOT NULL)"
_TALLY = """
CREATE TABLE tally (entry TEXT NOT NULL, delivery TEXT NOT NULL, rows INTEGER NOT NULL, PRIMARY KEY (entry, delivery))
    WITHOUT ROWID
"""
_TIMELINE = """
CREATE TABLE timeline (
    begins INTEGER PRIMARY KEY, seconds INTEGER NOT NULL, rate REAL, allowed REAL, accepted TEXT NOT NULL,
    put_off TEXT NOT NULL)
"""
_ERASED = "CREATE TABLE erased (mark TEXT NOT NULL PRIMARY KEY, day TEXT NOT NULL) WITHOUT ROWID"
_EVIDENCE = """
CREATE TABLE evidence (
    contact INTEGER NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, moment INTEGER, source TEXT NOT NULL,
    place TEXT NOT NULL, code INTEGER, enhanced TEXT, detail TEXT, recorded_at INTEGER NOT NULL, word TEXT NOT NULL,
    word_before TEXT NOT NULL, code_before INTEGER, enhanced_before TEXT, detail_before TEXT, settled_before INTEGER,
    PRIMARY KEY (contact, kind, id)) WITHOUT ROWID
"""
_LATER_WORD = """
CREATE TABLE later_word (
    contact INTEGER PRIMARY KEY, evidence TEXT, feedback TEXT, reopened_at INTEGER, came_back_at INTEGER,
    left_at INTEGER, reply TEXT)
"""
_FIRST_RUN_OF_OLD = f"""
INSERT OR IGNORE INTO facts SELECT '{FIRST_RUN}', min(moment) FROM (
    SELECT min(begins) AS moment FROM timeline UNION ALL SELECT min(settled_at) FROM delivery
    UNION ALL SELECT CAST(strftime('%s', value) AS INTEGER) FROM facts WHERE name = 'opened')
HAVING min(moment) IS NOT NULL
"""  # noqa: S608 - our own name
"""As near as a ledger of an earlier version can tell."""
TABLES = f"""
CREATE TABLE facts (name TEXT NOT NULL PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE contact (
    address TEXT NOT NULL PRIMARY KEY, id INTEGER NOT NULL, roster INTEGER NOT NULL, row INTEGER NOT NULL)
    WITHOUT ROWID;
CREATE TABLE suppressed (address TEXT NOT NULL PRIMARY KEY, list TEXT, line INTEGER) WITHOUT ROWID;
CREATE TABLE entry (
    row INTEGER PRIMARY KEY, line INTEGER NOT NULL, contact INTEGER, email TEXT, status TEXT, detail TEXT,
    chosen INTEGER NOT NULL DEFAULT 0, cells TEXT NOT NULL) {_STRICT};
CREATE TABLE delivery (
    contact INTEGER PRIMARY KEY, status TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0, smtp_code INTEGER, enhanced TEXT, detail TEXT, settled_at INTEGER,
    link_expires_at INTEGER, link_fingerprint TEXT, server TEXT) {_STRICT};
{_INDEX};
{_TALLY};
{_SET_ASIDE};
{_TIMELINE};
{_LIVE_STATE};
{_GENERATION};
{_FIRST_GENERATION};
{_ERASED};
{_EVIDENCE};
{_LATER_WORD};
"""

MIGRATIONS = {
    1: ("ALTER TABLE suppressed ADD COLUMN list TEXT", "ALTER TABLE suppressed ADD COLUMN line INTEGER"),
    2: (_INDEX, _TALLY),
    3: (_SET_ASIDE, "ALTER TABLE delivery ADD COLUMN server TEXT", _TIMELINE, _LIVE_STATE, _ERASED),
    4: (_EVIDENCE, _LATER_WORD, _FIRST_RUN_OF_OLD, _GENERATION, _FIRST_GENERATION),
}
"""What makes a ledger of the version after this one, by version. Nothing that is there may be changed or lost."""
