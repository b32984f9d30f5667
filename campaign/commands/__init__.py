"""What each command of the command line does: what was typed in, exit code out. One file a command, named as typed.

options         every option, once          run_order       those of send and resend, as one set
run_campaign    the run of both             ledger_view     what can be done next, for status and report
folders         to write to                 json_documents  what a program is told (and *_document)

Each calls the Python face (campaign/api/), says what it gave, and gives the exit code. Nothing is imported here, so
that each command waits for its own rooms only. All raise CampaignError.
"""
