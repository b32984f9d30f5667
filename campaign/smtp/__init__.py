"""The SMTP adapter: bytes of a message in, the server's reply out.

connect        a session: Server (server) to Session (session);  session_error, tls_fault  why there is none
dialing        the address of the server's name that answers first;  address_history  which are dead
channel        commands and replies meanwhile, bounded;  tls, ehlo_name  who is whom;  censor  secrets stay out of words
sign_in        AUTH, by one of the mechanisms;  sign_in_advice  what to set where none fits
probe          tries an envelope from us to ourselves;  notes  what is worth knowing of a session
dialogue       the transaction, without a socket;  reply  bytes to replies;  events  what they say
pipelining     whether an envelope may stand behind a body;  known_servers, server_memory  what is known and learned
stretches      where a text repeats a secret;  decodings  in what encodings
connection     a session's socket and its dialogue, with an exact count of what has left;  lifetime  when to renew it
hearing        what a server says, told to the handler (handler.py: what the adapter needs of whoever has the messages)
pool           many connections, one thread, on waiting (the selector);  admission, opening  its sessions, in threads

What a reply *means* is not decided here: see `campaign.worker.policy`.
"""
