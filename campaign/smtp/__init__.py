"""The SMTP adapter: bytes of a message in, the server's reply out.

`connect` opens a session with smtplib (TLS, sign-in); `dialogue` is the transaction, without a socket; `connection`
joins the two; `pool` drives many connections from one thread. What a reply *means* is not decided here: see
`campaign.delivery`.
"""
