"""The tables of a ledger in PostgreSQL: those of SQLite's (`campaign/ledger/sqlite/tables.py`), column by column, so
that the same SQL asks both; and, for a run that several machines share, what SQLite needs no table for.

    run           the runs, one of which goes on at most: its owner's lease, what its workers work by, its rows
    bundle_file   templates, settings and whatever else workers work by, by digest
    worker        whoever works for a run: its lease, the last round that it has committed, its last report
    news          what workers have told, until the run's owner has heard it
    block         parts of the roster that a worker has been given and not come to the end of
    worker_tally  what workers' rounds have moved, each in rows of its own, so that none waits for another; `tally` is
                  what remains (the sum of both is the truth)
    daily_count   messages begun on a day, by name: each worker's, and 0 for all that came before
    rate          when the next message of a rate may begin, and what was given last: so one statement gives it
    budget        who has how much of what all workers share

`delivery` has one column more: `worker`, whose claim it is, or was. So a worker that comes back late knows its own.
`set_aside` has it, too: who has taken the row since, and has not come to its end. `worker.losses`: how often it has
been called lost; `told`: how many of its reports are on record.

Moments that leases are measured by are the database's (timestamptz); whatever is shown of rows is in Unix seconds, as
in SQLite.
"""

VERSION = 1

TABLES = """
CREATE TABLE facts (name text PRIMARY KEY, value text);
CREATE TABLE contact (address text COLLATE "C" PRIMARY KEY, id bigint NOT NULL, roster bigint NOT NULL,
    row bigint NOT NULL);
CREATE TABLE suppressed (address text COLLATE "C" PRIMARY KEY, list text, line bigint);
CREATE TABLE entry (
    row bigint PRIMARY KEY, line bigint NOT NULL, contact bigint, email text, status text, detail text,
    chosen boolean NOT NULL DEFAULT false, cells text NOT NULL);
CREATE TABLE delivery (
    contact bigint PRIMARY KEY, status text NOT NULL, attempts integer NOT NULL DEFAULT 0,
    tries integer NOT NULL DEFAULT 0, smtp_code integer, enhanced text, detail text, settled_at bigint,
    link_expires_at bigint, link_fingerprint text, server text, worker integer) WITH (fillfactor = 70);
CREATE TABLE tally (entry text NOT NULL, delivery text NOT NULL, rows bigint NOT NULL, PRIMARY KEY (entry, delivery));
CREATE TABLE worker_tally (worker integer NOT NULL, delivery text NOT NULL, rows bigint NOT NULL,
    PRIMARY KEY (worker, delivery)) WITH (fillfactor = 50);
CREATE TABLE set_aside (queue text COLLATE "C" NOT NULL, row bigint NOT NULL, worker integer, PRIMARY KEY (queue, row));
CREATE INDEX set_aside_taken ON set_aside (worker) WHERE worker IS NOT NULL;
CREATE TABLE timeline (
    begins bigint PRIMARY KEY, seconds bigint NOT NULL, rate double precision, allowed double precision,
    accepted text NOT NULL, put_off text NOT NULL);
CREATE TABLE live_state ("only" integer PRIMARY KEY CHECK ("only" = 1), value text NOT NULL);
CREATE TABLE erased (mark text PRIMARY KEY, day text NOT NULL);
CREATE TABLE evidence (
    contact bigint NOT NULL, kind text NOT NULL, id text NOT NULL, moment bigint, source text NOT NULL,
    place text NOT NULL, code integer, enhanced text, detail text, recorded_at bigint NOT NULL, word text NOT NULL,
    word_before text NOT NULL, code_before integer, enhanced_before text, detail_before text, settled_before bigint,
    PRIMARY KEY (contact, kind, id));
CREATE TABLE later_word (
    contact bigint PRIMARY KEY, evidence text, feedback text, reopened_at bigint, came_back_at bigint,
    left_at bigint, reply text);
ALTER TABLE contact ALTER address SET STATISTICS 0;
ALTER TABLE suppressed ALTER address SET STATISTICS 0;
ALTER TABLE entry ALTER email SET STATISTICS 0, ALTER cells SET STATISTICS 0, ALTER detail SET STATISTICS 0;
ALTER TABLE delivery ALTER detail SET STATISTICS 0, ALTER link_fingerprint SET STATISTICS 0;
ALTER TABLE evidence ALTER id SET STATISTICS 0, ALTER place SET STATISTICS 0, ALTER detail SET STATISTICS 0,
    ALTER detail_before SET STATISTICS 0;
ALTER TABLE later_word ALTER evidence SET STATISTICS 0, ALTER reply SET STATISTICS 0;

CREATE TABLE run (
    number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, state text NOT NULL, bundle text NOT NULL DEFAULT '',
    secrets_check text NOT NULL DEFAULT '', draining boolean NOT NULL DEFAULT false,
    owner text NOT NULL, owner_host text NOT NULL, owner_pid integer NOT NULL, owner_until timestamptz NOT NULL,
    began_at timestamptz NOT NULL DEFAULT now(),
    cursor bigint NOT NULL DEFAULT 0, allowance bigint NOT NULL DEFAULT -1, chosen_only boolean NOT NULL DEFAULT false,
    reading boolean NOT NULL DEFAULT false, queues text NOT NULL DEFAULT '["", []]') WITH (fillfactor = 50);
CREATE UNIQUE INDEX run_going_on ON run ((true)) WHERE state <> 'ended';
CREATE TABLE bundle_file (digest text PRIMARY KEY, content bytea NOT NULL);
CREATE TABLE worker (
    number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, run integer NOT NULL, host text NOT NULL,
    pid integer NOT NULL, name text NOT NULL DEFAULT '', state text NOT NULL DEFAULT 'working',
    lease_until timestamptz NOT NULL, round bigint NOT NULL DEFAULT 0, losses integer NOT NULL DEFAULT 0,
    report text NOT NULL DEFAULT '', told bigint NOT NULL DEFAULT 0,
    joined_at timestamptz NOT NULL DEFAULT now()) WITH (fillfactor = 50);
CREATE TABLE news (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, worker integer NOT NULL, report text NOT NULL);
CREATE TABLE block (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, first bigint NOT NULL, last bigint NOT NULL, worker integer)
    WITH (fillfactor = 50);
CREATE TABLE daily_count (day date NOT NULL, name text NOT NULL, worker integer NOT NULL, began bigint NOT NULL,
    leave bigint NOT NULL, PRIMARY KEY (day, name, worker)) WITH (fillfactor = 50);
CREATE TABLE rate (name text PRIMARY KEY, next double precision NOT NULL, first double precision,
    given double precision) WITH (fillfactor = 50);
CREATE TABLE budget (name text NOT NULL, worker integer NOT NULL, share integer NOT NULL, used integer NOT NULL,
    wanted integer NOT NULL, PRIMARY KEY (name, worker)) WITH (fillfactor = 50);
"""
"""Statements, each ended by a semicolon at the end of a line. Statistics would keep samples of people's data where an
erasure does not reach, and no plan needs them. No index on `entry` or `delivery` but the key: each would
cost every row's enrolment, and every message, a write more.
"""
