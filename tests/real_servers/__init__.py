"""Real mail servers on loopback, each with a configuration, a queue and mailboxes of its own, started by the tests.

relay.py      what every server gives: where it listens, what it has delivered
install.py    `python -m tests.real_servers.install`: fetches the servers from Debian's packages and from npm
<server>.py   how one server is set up, started and stopped

They deliver only to local mailboxes and resolve nothing. A server that is not installed is skipped, and said so.
"""
