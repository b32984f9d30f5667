"""Whole messages one after the other over one connection, without waiting for their replies (CHUNKING, RFC 3030).

shared_queue  the messages that are next: which goes over which connection, and when
replies       what is said of them, told to the handler
stream        what there is to know of one connection's;  depth  how many it may have in flight
dialogue      the transactions, without a socket: MAIL, RCPT, BDAT, RSET out, replies in
trials        whether a server takes this: learned with two messages, once it has passed the probe
unused        why a server gets them one by one, in words
probe         whether it throws away a chunk that it has refused: otherwise what we send would be read as commands

RFC 3030 section 2 has a client wait for the replies to MAIL and RCPT before it sends BDAT. RFC 2920 section 3.1, which
is older, does not know BDAT. Exim takes it in one group with its envelope, since it comes so from Google (says the
comment at its `BDAT_CMD`), and so does Postfix; others may not. Hence the probe and the trial.
"""
