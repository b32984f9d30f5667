"""Killing a campaign, and holding what is left against what the server accepted.

sender.py      the real command in a process group of its own: signal it, kill it, look for what is left
launcher.py    starts it, also forked from a process that has the imports behind it, so that a kill costs less
standing.py    the ledger as it stands, read from a copy, so that looking changes nothing
moments.py     when and whom a kill hits
siege.py       one campaign, killed again and again
record.py      who the server has accepted mail for

And cutting its power, by the log of what it wrote:

write_log.py   each write, rename and sync of a run, and each body it sent, in order (by strace)
disk.py        what a disk may have after a power cut at any of these moments
power_cut.py   the command run again on that, and held against the server
"""
