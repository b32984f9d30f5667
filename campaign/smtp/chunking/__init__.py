"""Whole messages one after the other over one connection, without waiting for their replies (CHUNKING, RFC 3030).

feed      which message goes over which connection, and when;  depth  how many a connection may have in flight
replies   what is said of them, told to the handler
dialogue  the transactions, without a socket: MAIL, RCPT, BDAT, RSET out, replies in
trials    whether a server takes this: learned with two messages, once it has passed the probe
unused    why a server gets them one by one, in words
probe     whether it throws away a chunk that it has refused: otherwise what we send would be read as commands
"""
