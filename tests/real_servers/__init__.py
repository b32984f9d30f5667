"""Real mail servers on loopback, each with a configuration, a queue and mailboxes of its own, started by the tests.

    python -m tests.real_servers.install
    pytest -m real_servers tests/real_servers

install.py      fetches the servers from Debian's packages, each into a root of its own
chroot.py       one of them at work: a copy of its root, its processes, its log (syslog.py)
relay.py        what every server gives the tests: where it listens, what it has delivered
arrivals.py     waits for listeners, empty queues, mailboxes
<server>.py     how one server is set up; servers.py has them all by name
opendkim.py     verifies signatures for Postfix; signatures.py has keys, their records, and dkimpy, which verifies, too
parsers.py      what Python and Perl (mime_tools.pl) make of a message
letters.py      odd contacts, and the judge of what arrived; sending.py runs the command and holds its results
sample.py       the sample campaign with everything on that makes mail arrive
pipelining.py   what a server makes of an envelope behind a body
page.py         the tables of campaign/guide/relays.md

They deliver only to local mailboxes and resolve nothing. A server that is not there is skipped, and the test says why.
The tests that need one are marked `real_servers`, and left out unless they are asked for.
"""
