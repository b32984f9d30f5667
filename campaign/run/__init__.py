"""A whole run, by its owner: plan, enrolment, the worker pool, progress, results.

start         settings and options in, the run run    destination    where mail goes;  fresh_sandbox  beginning anew
plan          from settings to what a run needs       preconditions  what must hold before the ledger is opened
runner        the order of a run                      continuation   whether it goes on with what earlier runs began
enrolment     the contacts into the ledger            contacts_loading, loading_notes, contacts_process  how
corrections   rows that a person has put right        worker_pool    the processes;  shutdown  what stops it
progress, callbacks  what is told, and to whom        finish         results and counts;  summary  how it ended
dry_run       every message made, and none sent       nobody_accepted  refusals looked at again, where all were refused
status_now, results_now, report_now  what the ledger says, also meanwhile
"""
