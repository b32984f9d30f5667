"""What has happened, durably: one SQLite file beside the results, or a schema in a PostgreSQL database that machines
share. It is the truth; the results CSV is its picture.

    opening     a ledger's place (`campaign/ledger_place.py`) ─▶ what is needed of it, as `interface` says: for a run, a
                worker, a reader (`location`, `moving`: one that is at an earlier place, or in a file until now)
    values      what it gives, besides the words of `campaign/model.py`

Behind these, and nobody else's to hold, are three rooms. `sql` is what is done alike in both databases, over a
connection of either (`database`); it knows neither:

    run_ledger, contacts_store, reading, settling, erasure   what is given, as far as it is alike
    facts, words, tally, newest, roster_places      what holds for all; a row's word; counts
    enrolled_rows, suppressed, broken_off           the contacts file as it was read
    queries, due_counts, history, written_results, timeline, live_state   questions; earlier runs; what we wrote
    recovery, reversal                              rows that are made pending again, or in doubt
    corrections (with corrected_columns, row_matching, spreadsheet_changes, stored_rows, unknown_rows)   what an
                                                    operator has corrected in a results file
    later_words, later_counts, weighing, settling_record   what came after a message was sent
    erased, server_memory, earlier_days             who is gone; what servers can do; days that nobody counted

`sqlite` and `postgres` are what each does for itself, and do not know each other. SQLite's:

    store, contacts_store, worker_store, reading, erasure    what is given
    schema, tables, connection, sqlite_errors       tables, connections, errors
    run_connection, lock, files                     one run at a time; where the files are
    verification, generation                        whether the ledger is whole, and the latest there is
    enrolment, due_rows                             the contacts file written; its rows handed out
    journal (outbox), wal_sync, checkpoints         claims and outcomes; durability
    rate_limit, daily_count                         what the processes of a run share
    settling_open, throwaway_copy                   beside a run; a ledger of which nothing stays

PostgreSQL's are named alike (`tables` draws what it has). What it has besides, for several machines:

    ownership, shared_run, preparing, joining       the run's owner, its lease and its workers; a worker that joins
    lease, membership, lost_workers                 who is alive; who is taken for gone, and comes back
    journal ─▶ round (batch, round_sql)             claims and outcomes, in a thread: each round once (round_parts,
                                                    worker_tally, recent_rounds)
    due_rows ─▶ blocks, set_aside_rows              rows read ahead, in blocks (outstanding_rows, row_reading)
    budgets ─▶ budget (shares), rate_limit,         limits that all workers share (fetch_ahead, database_clock)
        daily_count (daily_record)
    session (pooler) ─▶ reconnecting                how a session begins; one that is opened again when it breaks
    locks                                           who waits for whom
    statements, errors                              SQL as psycopg takes it; its errors in our words
    staging, copied_tables                          rows on their way in; a ledger copied from or to a file

`cells`, `standing`, `row_queues` and `outbox` know no database at all.
"""
