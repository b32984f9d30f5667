"""What each command of the command line does: what was typed in, exit code out.

starting    init
check       check
previewing  preview, send --dry-run
sending     send, resend     serving    where their mail goes; sandbox
looking     status, results, report
links       link mint, link inspect

Nothing is imported here, so that each command waits for its own rooms only. All raise CampaignError.
"""
