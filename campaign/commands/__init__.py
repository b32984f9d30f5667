"""What each command of the command line does: what was typed in, exit code out. One file a command, named as typed.

options         every option, once          run_order       those of send and resend, as one set
run_campaign    the run of both             destination     where mail goes     fresh_sandbox   --fresh
ledger_view     what status, results and report read first
folders         to write to                 signing_secret  that of the links
json_documents  what a program is told

Nothing is imported here, so that each command waits for its own rooms only. All raise CampaignError.
"""
