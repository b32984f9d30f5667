"""What a person sees on a terminal, and how a command ends.

a run while it goes on   console, with live_line (the one that moves) and progress_words (what it says)
how it ended             summary, with next_commands, which invocation makes to be pasted
a settling               settlement, with reading_line while it is read
a check                  findings
wrong usage              usage, idle_options (those that would do nothing)
errors, exit codes       exit_codes
where words go           stdout, stderr, colour (marks for words), pager (a page of the guide)

Says no address, no link and no secret.
"""
