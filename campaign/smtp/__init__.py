"""The SMTP adapter: bytes of a message in, the server's reply out.

connect        a session: TLS, sign-in, by smtplib;  session_error  why there is none;  probe  asks about the sender
dialogue       the transaction, without a socket;  reply  bytes to replies
connection     a session's socket and its dialogue, with an exact count of what has left
hearing        what a server says, told to the courier (courier.py: what the adapter needs of whoever has the messages)
pool           many connections, one thread, on waiting (the selector) and opening (sessions, in threads)

What a reply *means* is not decided here: see `campaign.delivery`.
"""
