"""What has happened, durably: one SQLite file beside the results. It is the truth; the results CSV is its picture.

    opening     a ledger's place ─▶ what is needed of it, as `interface` says: for a run, a worker, a reader, a dry run
    values      what it gives, besides the words of `campaign/model.py`

Behind these two, and nobody else's to hold, is SQLite:

    store, contacts_store, worker_store, reading    the four that are given: each hands on to what follows
    schema, facts, sqlite_errors, cells             tables, connections, errors
    run_connection, lock, files, location           one run at a time; where the files are
    verification, generation                        whether the ledger is whole, and the latest there is
    enrolment, suppressed, enrolled_rows            the contacts file, written and read
    due_rows, row_queues                            rows handed out, but for those that something holds back
    journal (outbox), wal_sync, checkpoints         claims and outcomes; durability
    rate_limit, daily_count (earlier_days), server_memory   what the processes of a run share
    tally, queries, history, written_results        counts; questions; earlier runs; results that we wrote
    recovery, reversal                              rows that are made pending again, or in doubt
    corrections (with corrected_columns, row_matching, spreadsheet_changes, stored_rows, unknown_rows)   what an
                                                    operator has corrected in a results file
    erased, erasure                                 people whose data is gone, and how it goes
    throwaway_copy                                  a ledger of which nothing stays
"""
