"""Whether a server takes the next envelope behind the end of a body (RFC 2920): learned, remembered, never assumed.

trials          one message finds out, for all connections of a run
ability         what one kind of server can, found out and remembered: chunking has its own
known_servers   those of which it is known that they can't;  server_memory  what a run and the next ones remember
"""
