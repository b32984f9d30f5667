"""One SMTP session until it can take messages: connect, greeting, EHLO, STARTTLS, AUTH.

connect        the order of it: `Server` (server) in, `Session` (session) out;  error  why there is none
dialing        the address of the server's name that answers first;  address_history  which addresses are dead
channel        commands and replies while the session is set up, bounded in bytes and time
ehlo_name      what we call ourselves;  tls  how TLS is verified;  tls_fault  what to do where there is none
tls_socket     a socket in TLS that says exactly what has left;  tls_resumption  which TLS session is taken up again
sign_in        AUTH by one of the SASL mechanisms;  sign_in_advice  what to set where none fits or it is refused
access_token   OAuth tokens, printed by a command of the operator's
notes          what an operator should know of a session that could be had
"""
