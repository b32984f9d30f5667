"""SMTP: bytes of a message in, the server's reply out.

streaming_pool      a pool whose connections may carry several whole messages at a time
pool                many connections, one thread, on an event_loop (the selector)
session_supply      new sessions for the pool, opened in threads (session_opener)
connection          one session's socket and its dialogue, and how much of a body has left
connection_lifetime when a connection is to be renewed
dialogue            the transaction, without a socket: commands out, replies in, dialogue_events of what they mean
reply_order         what can't be a reply that is due
reply_handling      tells the handler (delivery_handler) of these events, and of connections that have died
envelope_probe      tries an envelope from us to ourselves

chunking/           whole messages one after the other, without waiting for their replies
pipelining/         whether an envelope may stand behind a body
session/            a session is set up: connect, EHLO, STARTTLS, AUTH
reply/              bytes to replies, with secrets kept out of what they quote

Imports go down this list: reply/ knows no session, and session/ no message. What a reply *means* is not decided here:
see `campaign.worker.policy`.
"""
