"""Sign in (AUTH, RFC 4954): the best mechanism that both sides know and we have the means for, in one attempt.

`choose_mechanism` takes what the server offers and gives a mechanism's name, or None where none is wanted; `sign_in`
does its exchange. Both raise `SessionError` at phase AUTH: one that says what was offered and what to set, or, as a
`SignInError`, what the server said. One wrong password is one failed attempt: no second mechanism is tried with it,
which could lock the account.
"""

import base64
import binascii
import contextlib
from collections.abc import Sequence

from campaign.model import Phase, Reply
from campaign.smtp.session.channel import Channel
from campaign.smtp.session.error import SessionError, spelled
from campaign.smtp.session.mechanisms import BY_PASSWORD, BY_TOKEN, MECHANISMS, Credentials, ExchangeError
from campaign.smtp.session.server import Server
from campaign.smtp.session.sign_in_advice import no_mechanism_advice, refusal_advice

_LONGEST_COMMAND = 512
"""With CRLF: RFC 5321 section 4.5.3.1.4. A longer initial response waits for its challenge (RFC 4954 section 4)."""


class SignInError(SessionError):
    """The exchange was had, and we are not signed in."""

    @property
    def final(self) -> bool:
        """Whether the same will not do another time."""
        return self.reply is not None and self.reply.code >= 500


def choose_mechanism(server: Server, offered: Sequence[str], *, encrypted: bool) -> str | None:
    """Give the mechanism to sign in by. `offered`: their names in capitals. Raises SessionError where none fits."""
    means = _usable_mechanisms(server)
    for name in MECHANISMS:
        if name in means and name in offered:
            return name
    if server.auth == "auto" and server.username is None:
        return None
    what, fix = no_mechanism_advice(server, offered, means, encrypted=encrypted)
    reply = Reply(code=504, enhanced=None, text=what)
    raise SessionError(what, phase=Phase.AUTH, reply=reply, fix=fix)


def _usable_mechanisms(server: Server) -> frozenset[str]:
    """The mechanisms that we have the means for."""
    if server.auth != "auto":
        return frozenset({server.auth.upper()})
    if server.token_command is not None:
        return BY_TOKEN
    if server.client_cert is not None and server.password is None:
        return frozenset({"EXTERNAL"})
    return BY_PASSWORD if server.username is not None else frozenset()


def sign_in(channel: Channel, name: str, credentials: Credentials) -> None:
    """Do the exchange of the mechanism `name`. Raises SessionError, and what the channel raises."""
    for secret in (credentials.password, credentials.token):
        channel.censor.hide(secret.encode("utf-8", "surrogatepass"))
    steps = MECHANISMS[name](credentials)
    try:
        first = next(steps)
        command = f"AUTH {name}".encode()
        initial = None if first is None else _encoded(channel, first) or b"="  # an empty one: RFC 4954 section 4
        if initial is not None and len(command) + len(initial) + 3 <= _LONGEST_COMMAND:
            first = None
            command += b" " + initial
        answer = channel.command(command)
        if answer.code == 334 and first is not None:
            answer = channel.command(_encoded(channel, first))
        while answer.code == 334:
            try:
                response = steps.send(_decoded(answer.lines))
            except StopIteration:
                raise ExchangeError(f"the server asks for more than {name} has") from None
            answer = channel.command(_encoded(channel, response or b""))
        if answer.code == 235:
            with contextlib.suppress(StopIteration):
                steps.send(b"")
            return
    except ExchangeError as error:
        what = f"sign-in failed: {error}"
    else:
        words = "refused" if answer.code >= 500 else "put off"
        what = f"sign-in {words}: {spelled(answer.reply)}"
        raise SignInError(what, phase=Phase.AUTH, reply=answer.reply, fix=refusal_advice(name, answer.reply))
    channel.command(b"*")  # RFC 4954 section 4: we give up; whatever the answer, we are not signed in
    reply = Reply(code=535, enhanced=None, text=what)
    raise SignInError(what, phase=Phase.AUTH, reply=reply, fix=refusal_advice(name, reply))


def _encoded(channel: Channel, response: bytes) -> bytes:
    """A response as it goes out; a server that repeats it is not to betray it."""
    encoded = base64.b64encode(response)
    channel.censor.hide_as_sent(encoded)
    return encoded


def _decoded(lines: Sequence[bytes]) -> bytes:
    try:
        return base64.b64decode(b"".join(lines).strip(), validate=True)
    except binascii.Error:
        raise ExchangeError("the server's challenge is not base64") from None
