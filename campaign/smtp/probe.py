"""Ask a server whether it takes our sender: MAIL and RSET over a fresh session, which is then closed; no mail is sent.

Takes a `Session` and the return path; gives the server's `Reply` to MAIL. Raises SessionError where none comes.
Limits: many servers judge the sender only at RCPT, or by what the message says.
"""

import contextlib
import time

from campaign.model import Phase, Reply
from campaign.smtp.connect import Session
from campaign.smtp.reply import ReplyError, ReplyParser
from campaign.smtp.session_error import SessionError


def ask_about_sender(session: Session, return_path: str, *, timeout: float) -> Reply:
    """Begin a message from `return_path` and take it back (RFC 5321 section 4.1.1.5). `timeout` is in seconds."""
    parameters = "" if return_path.isascii() or not session.smtputf8 else " SMTPUTF8"  # RFC 6531 section 3.4
    try:
        session.sock.settimeout(timeout)
        session.sock.sendall(f"MAIL FROM:<{return_path}>{parameters}\r\n".encode())
        reply = _one_reply(session, timeout)
        with contextlib.suppress(OSError):
            session.sock.sendall(b"RSET\r\nQUIT\r\n")
    except (OSError, ReplyError) as error:
        words = "no answer in time" if isinstance(error, TimeoutError) else "the server hung up or made no sense"
        raise SessionError(f"MAIL FROM was not answered: {words}", phase=Phase.MAIL) from None
    finally:
        session.sock.close()
    return reply


def _one_reply(session: Session, timeout: float) -> Reply:
    parser, data = ReplyParser(), session.leftover
    end = time.monotonic() + timeout
    while True:
        for reply in parser.feed(data):
            return reply
        if time.monotonic() > end:
            raise TimeoutError
        data = session.sock.recv(4096)
        if not data:
            raise ReplyError("the stream ended")
