"""What a person sees on a terminal.

console      a run while it goes on    live_line  its one moving line    summary    how it ended, and the next commands
exit_codes   how a command ends        usage      wrong usage, told      invocation the command line, to paste again
stdout       what programs read        colour     marks for words        pager      a page of the guide

Says no address, no link and no secret.
"""
