"""MAIL, RCPT, DATA and the message: RFC 5321 section 3.3, with SIZE, 8BITMIME and SMTPUTF8."""

import time
from functools import partial

from campaign.model import Phase
from tests.smtp_server import body
from tests.smtp_server.answering import Answering
from tests.smtp_server.command import Path, parse_path, unfit_for_bounces
from tests.smtp_server.misbehaviours import Action, Misbehaviour
from tests.smtp_server.record import Accepted
from tests.smtp_server.state import ServerState


class Transaction(Answering):
    """At most one transaction at a time."""

    def __init__(self, state: ServerState) -> None:
        super().__init__(state)
        self.said_hello = False
        self.forget()

    def forget(self) -> None:
        """Ends the transaction."""
        self.later = ()
        self.discards = False
        self.in_body = False
        self.mail_from: str | None = None
        self._envelope_id: str | None = None
        self._returns: str | None = None
        self._recipients: tuple[str, ...] = ()
        self._named_recipient = False
        self._eight_bit = False
        self._utf8 = False
        self._searched = 0
        self._inside: Misbehaviour | None = None

    def mail(self, argument: bytes) -> None:
        """MAIL FROM:<...>."""
        features = self.state.features
        self.state.messages += 1
        limit = features.messages_per_connection
        if limit is not None and self.connection.accepted >= limit:
            self.say("enough_messages")
            return self.finish(Action.CUT)
        if not self.said_hello or self.mail_from is not None:
            return self.say("sequence")
        if features.logins is not None and not features.auth_optional and self.connection.user is None:
            return self.say("sign_in_first")
        path = parse_path(b"FROM", argument)
        if path is None:
            self.defect("malformed MAIL", argument)
            return self.say("syntax")
        if (wrong := self._wrong_with(path)) is not None:
            return self.say(wrong)
        named = path.parameters.keys() & set(features.dsn_refused)
        if features.dsn_refusal is not None and named and self.connection.encrypted >= features.dsn_refused_encrypted:
            return self.put(features.dsn_refusal)
        self.forget()
        return self.answer(Phase.MAIL, "sender_ok", partial(self._begin, path))

    def _wrong_with(self, path: Path) -> str | None:
        features, parameters = self.state.features, path.parameters
        offered = {"SIZE": features.size is not None, "BODY": features.eight_bit_mime, "SMTPUTF8": features.smtputf8}
        offered |= {"RET": features.dsn, "ENVID": features.dsn}
        if (unfit := unfit_for_bounces(parameters)) is not None:
            self.defect(unfit)
            return "syntax"
        for name in parameters:
            if not offered.get(name):
                self.defect(f"MAIL with {name}, which was not offered")
                return "bad_parameter"
        if not path.address.isascii() and "SMTPUTF8" not in parameters:
            self.defect("address needs SMTPUTF8", path.address.encode("utf-8", "surrogateescape"))
            return "not_ascii"
        size = parameters.get("SIZE", "0")
        if not size.isdecimal():
            self.defect("SIZE is not a number", size.encode())
            return "syntax"
        return "too_big" if features.size is not None and int(size) > features.size else None

    def _begin(self, path: Path) -> None:
        self.mail_from = path.address
        self._envelope_id, self._returns = path.parameters.get("ENVID"), path.parameters.get("RET")
        self._utf8 = "SMTPUTF8" in path.parameters
        self._eight_bit = path.parameters.get("BODY", "").upper() == "8BITMIME"

    def rcpt(self, argument: bytes) -> None:
        """RCPT TO:<...>."""
        if self.mail_from is None:
            return self.say("sequence")
        path = parse_path(b"TO", argument)
        if path is not None and not path.address and self.state.features.chunking:
            self._named_recipient = True  # a probe's, to be refused
            return self.say("syntax")
        if path is None or not path.address:
            self.defect("malformed RCPT", argument)
            return self.say("syntax")
        if path.parameters.keys() - ({"ORCPT", "NOTIFY"} if self.state.features.dsn else set()):
            self.defect("RCPT with a parameter that was not offered", argument)
            return self.say("bad_parameter")
        if not path.address.isascii() and not self._utf8:
            self.defect("address needs SMTPUTF8", argument)
            return self.say("not_ascii")
        self._named_recipient = True
        return self.answer(Phase.RCPT, "recipient_ok", partial(self._add, path.address), (path.address,))

    def _add(self, address: str) -> None:
        self._recipients += (address,)

    def data(self, argument: bytes) -> None:
        """DATA; without a recipient it is refused, unless a misbehaviour takes it (RFC 2920 section 3.1)."""
        if argument:
            return self.say("syntax")
        if self._recipients:
            return self.answer(Phase.DATA, "go_ahead", self._begin_body, self._recipients)
        right = "no_recipients" if self._named_recipient else "sequence"
        if (following := self.following(Phase.DATA)) is None:
            return self.say(right)
        return self.misbehave(following, self.replies[right], self._begin_body)

    def _begin_body(self) -> None:
        self.in_body = True
        self.start_inside()

    def start_inside(self) -> None:
        """Finds what will go wrong inside the message that begins."""
        if self.state.inside_body:
            self._inside = self.first(self.state.inside_body, Phase.BODY, self._recipients)

    def step_body(self) -> bool:
        """Takes the message from the buffer, if its end is there."""
        buffer = self.buffer
        # The CRLF before the lone dot may be the one that ended DATA: RFC 5321 section 4.1.1.4.
        if self._searched == 0 and buffer.startswith(b".\r\n"):
            size = 0
        else:
            found = buffer.find(b"\r\n.\r\n", self._searched)
            size = found + 2 if found >= 0 else -1
        if (inside := self._inside) is not None and (size >= 0 or len(buffer) >= (inside.after_bytes or 0)):
            self._inside = None
            if inside.action is Action.ANSWER:
                self.misbehave(inside, b"", None)
                return self.step_body()
            self.give_up_body()
            self.misbehave(inside, b"", None)
            return True
        if size < 0:
            self._searched = max(0, len(buffer) - 4)
            return False
        wire = bytes(buffer[:size])
        del buffer[: size + 3]
        self.behind = len(buffer)
        self.last_verb = b"."
        self.events.append(b".")
        self._end_body(wire)
        return True

    def hung_up(self) -> None:
        """Notes a body that never ended."""
        if self.in_body:
            self.give_up_body()

    def give_up_body(self) -> None:
        """Notes a message that began and will never end."""
        self.state.record.unfinished += 1
        self.forget()

    def _end_body(self, wire: bytes) -> None:
        data = body.unstuff(wire)
        for what, where in body.defects(wire, data, eight_bit=self._eight_bit):
            self.defect(what, where)
        self.in_body = False
        limit = self.state.features.size
        if not self._recipients:
            self._end_body_for_nobody(data)
        elif limit is not None and len(data) > limit:
            self.say("too_big")
        elif self.state.features.quotes is not None:
            self.put(self.quote(data))
        else:
            self.answer(Phase.BODY, "accepted", partial(self.accept, data), self._recipients)
        self.forget()

    def _end_body_for_nobody(self, data: bytes) -> None:
        if data:
            self.defect("a message though every recipient was refused", data)
        if (following := self.following(Phase.BODY)) is None:
            self.say("no_recipients")
        else:
            self.misbehave(following, self.replies["no_recipients"], None)

    def accept(self, data: bytes, *, chunked: bool = False) -> None:
        """Takes the message down."""
        message = Accepted(
            recipients=self._recipients,
            mail_from=self.mail_from or "",
            message_id=body.message_id(data),
            size=len(data),
            connection=self.connection.number,
            time=time.time(),
            envelope_id=self._envelope_id,
            returns=self._returns,
            discarded=self.discards,
            chunked=chunked,
        )
        self.connection.accepted += 1
        self.owed = self.state.record.accept(message, data)

    def quote(self, data: bytes) -> bytes:
        """A reply of many lines, as a filter writes it that quotes what it dislikes."""
        assert self.state.features.quotes is not None
        code, width = self.state.features.quotes
        url = body.link(data)
        self.state.record.quoted.append(url.partition("&token=")[2])
        text = f"refused for {url}"
        parts = [text[at : at + width] for at in range(0, len(text), width)]
        return b"".join(
            f"{code}{'-' if number < len(parts) else ' '}{part}\r\n".encode() for number, part in enumerate(parts, 1)
        )
