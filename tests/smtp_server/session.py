"""One SMTP session: RFC 5321, with STARTTLS (RFC 3207), AUTH (RFC 4954), PIPELINING (RFC 2920), CHUNKING (RFC 3030)."""

from collections.abc import Callable
from functools import partial

from campaign.model import Phase
from tests.smtp_server.certificates import Tls
from tests.smtp_server.chunking import Chunking
from tests.smtp_server.command import LONGEST_BY_VERB, LONGEST_COMMAND
from tests.smtp_server.misbehaviours import Action
from tests.smtp_server.sign_in import SignIn
from tests.smtp_server.state import ServerState

ENDLESS = 1 << 16
"""A line of so many bytes without an end is not waited for."""


class Session(Chunking):
    """The dialogue. `step` is the hot path: a message is four calls of it."""

    def __init__(self, state: ServerState) -> None:
        super().__init__(state)
        self._unwelcome = True
        self._sign_in: SignIn | None = None
        self._resets = 0
        self._all_resets = 0
        self._reset_after = -1
        self._verbs: dict[bytes, Callable[[bytes], None]] = {
            **({b"LHLO": self._ehlo} if state.features.lmtp else {b"EHLO": self._ehlo, b"HELO": self._helo}),
            b"STARTTLS": self._starttls,
            b"AUTH": self._auth,
            b"MAIL": self.mail,
            b"RCPT": self.rcpt,
            b"DATA": self.data,
            b"BDAT": self.bdat,
            b"RSET": self._rset,
            b"NOOP": partial(self.say, "ok"),
            b"HELP": partial(self.say, "ok"),
            b"VRFY": partial(self.say, "cannot_verify"),
            b"EXPN": partial(self.say, "not_offered"),
            b"QUIT": self._quit,
        }

    def greet(self) -> None:
        """Says the banner, or that there is no room."""
        limit = self.state.features.max_connections
        if limit is not None and len(self.state.open) > limit:
            self.say("enough_connections")
            self.finish(Action.CUT)
        else:
            self.answer(Phase.CONNECT, "banner", self._welcome)

    def step(self) -> bool:
        """Takes one command or body from the buffer."""
        if self.in_body:
            return self.step_body()
        if self.in_chunk:
            return self.step_chunk()
        buffer = self.buffer
        end = buffer.find(b"\n")
        if end < 0:
            if len(buffer) > ENDLESS:
                self.defect("command without an end", bytes(buffer[:100]))
                self.say("too_long")
                self.finish(Action.CUT)
            return False
        line = bytes(buffer[:end])
        del buffer[: end + 1]
        if self.spilled > 0:
            self._step_spilled(line, end + 1)
            return True
        if line.endswith(b"\r"):
            line = line[:-1]
        else:
            self.defect("command ends in a bare LF", line)
        if self._sign_in is None:
            self._step_command(line)
        else:
            self.events.append(b"***")
            self._step_sign_in(line)
        self.behind = max(0, self.behind - end - 1)
        return True

    def _step_spilled(self, line: bytes, size: int) -> None:
        """A line of a chunk as a command. The client did not mean it as one: nothing in it is a defect of its own."""
        self.connection.spilled.append(line.removesuffix(b"\r"))
        self.muted = True
        self._step_command(line.removesuffix(b"\r"))
        self.muted = False
        self.spilled = max(0, self.spilled - size)
        self.behind = max(0, self.behind - size)
        self.last_verb = b"BDAT"

    def _step_command(self, line: bytes) -> None:
        verb, _, argument = line.partition(b" ")
        verb = verb.upper()
        self.last_verb = verb
        self.events.append(line if verb != b"AUTH" else _without_credentials(line))
        self.state.record.commands[verb.decode("ascii", "replace")] += 1
        act = self._verbs.get(verb)
        if len(line) + 2 > LONGEST_BY_VERB.get(verb, LONGEST_COMMAND):
            self.defect(f"command of {len(line) + 2} bytes", line)
            self.say("too_long")
        elif b"\r" in line or b"\0" in line:
            self.defect("control character in a command", line)
            self.say("syntax")
        elif act is None:
            self.defect("unknown command", line)
            self.say("unknown")
        elif self._unwelcome and verb != b"QUIT":
            self.say("sequence")  # RFC 5321 section 3.1: all that may follow a 554 at connect is QUIT
        else:
            act(argument)

    def _welcome(self) -> None:
        self._unwelcome = False

    def _quit(self, _: bytes) -> None:
        self.say("bye")
        self.quit()

    def _rset(self, _: bytes) -> None:
        refused = self.state.features.resets_until_refused
        self._all_resets += 1
        if refused is not None and self._all_resets > refused:
            return self.say("not_offered")
        self.forget()
        self._resets += self._reset_after == self.connection.accepted
        self._reset_after = self.connection.accepted
        most = self.state.features.resets
        if most is not None and self._resets > most:
            self.say("enough_resets")
            return self.finish(Action.CUT)
        return self.say("ok")

    def _ehlo(self, argument: bytes) -> None:
        if not argument.strip():
            return self.say("syntax")
        answer = self.state.features.ehlo(encrypted=self.connection.encrypted)
        return self.answer(Phase.EHLO, answer, partial(self._hello, self.state.features.pipelining))

    def _helo(self, _: bytes) -> None:
        self._hello(pipelining=False)
        self.say("helo")

    def _hello(self, pipelining: bool) -> None:
        self.forget()
        self.said_hello = True
        self.pipelining = pipelining

    def _starttls(self, _: bytes) -> None:
        if self.state.features.tls is Tls.NONE or self.connection.encrypted:
            return self.say("not_offered")
        return self.answer(Phase.STARTTLS, "starttls", self._encrypt)

    def _encrypt(self) -> None:
        self.forget()
        self.said_hello = False
        self.pipelining = False
        self.upgrade = True

    def _auth(self, argument: bytes) -> None:
        features = self.state.features
        if features.logins is None:
            return self.say("not_offered")
        if not self.said_hello or self.connection.user is not None or self.mail_from is not None:
            return self.say("sequence")
        name, _, first = argument.partition(b" ")
        mechanism = name.upper().decode("ascii", "replace")
        if mechanism not in features.auth_mechanisms or (features.auth_after_tls and not self.connection.encrypted):
            return self.say("bad_mechanism")
        self._sign_in = SignIn(mechanism, features.logins, features.tokens, self.certified)
        return self._step_sign_in(first or None)

    def _step_sign_in(self, line: bytes | None) -> None:
        assert self._sign_in is not None
        if line == b"*":  # RFC 4954 section 4
            self._sign_in = None
            return self.say("cancelled")
        challenge = self._sign_in.step(line)
        if challenge is not None:
            return self.finish(Action.CUT) if self.state.features.auth_cut else self.put(challenge)
        user, malformed = self._sign_in.user, self._sign_in.malformed
        self._sign_in = None
        if malformed:
            self.defect("a SASL response that makes no sense")
            return self.say("syntax")
        if user is None:
            return self.say("wrong_password")
        return self.answer(Phase.AUTH, "signed_in", partial(setattr, self.connection, "user", user))


def _without_credentials(line: bytes) -> bytes:
    verb, *rest = line.split(b" ", 2)
    return b" ".join([verb, *rest[:1], *[b"***"] * (len(rest) > 1)])
