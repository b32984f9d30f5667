"""BDAT: RFC 3030 section 2. A chunk is read by its length; one that is refused is read all the same, and thrown away.

What is wrong on purpose: a chunk that is refused and then read as commands (`Misbehaviour.spill`, as servers built on
emersion/go-smtp do), and what becomes of a transaction whose chunk was refused (`Features.refused_chunk_ends`).
"""

import re
from functools import partial

from campaign.model import Phase
from tests.smtp_server import body
from tests.smtp_server.misbehaviours import Action, Misbehaviour
from tests.smtp_server.state import ServerState
from tests.smtp_server.transaction import Transaction

_ARGUMENT = re.compile(rb"(\d{1,20})( LAST)?", re.IGNORECASE)


class Chunking(Transaction):
    """A transaction whose message may come in chunks."""

    def __init__(self, state: ServerState) -> None:
        self.spilled = 0
        """Octets of a refused chunk that are still to be read as commands."""
        self._size = 0
        self._last = False
        self._taken = False
        """Whether the chunk under way is one that may come."""
        self._refusal: Misbehaviour | None = None
        super().__init__(state)

    def forget(self) -> None:
        """Ends the transaction."""
        super().forget()
        self._chunks = b""
        self._chunk_refused = False

    def bdat(self, argument: bytes) -> None:
        """BDAT n [LAST]; its octets follow at once."""
        if not self.state.features.chunking:
            self.defect("BDAT, which was not offered", argument)
            return self.say("not_offered")
        if (found := _ARGUMENT.fullmatch(argument)) is None:
            self.defect("malformed BDAT", argument)
            return self.say("syntax")
        self._size, self._last = int(found[1]), found[2] is not None
        self._taken = bool(self._recipients) and not self._chunk_refused
        self._refusal = None
        if self._taken:
            self.start_inside()
        else:
            self._refusal = self.following(Phase.BODY) or self.first(
                self.state.refused_chunks,
                Phase.BODY,
                (),
                in_transaction=self.mail_from is not None,
                named_recipient=self._named_recipient,
            )
            if self._refusal is not None and self._refusal.spill:
                self.spilled = self._size
                return self.misbehave(self._refusal, self._right_refusal(), None)
        self.in_chunk = True
        return None if self._size else self._end_chunk()  # nobody would look at an empty buffer

    def step_chunk(self) -> bool:
        """Takes the chunk from the buffer, if it is there."""
        inside = self._inside
        if inside is not None and len(self.buffer) >= min(inside.after_bytes or 0, self._size):
            self._inside = None
            if inside.action is not Action.ANSWER:
                self.in_chunk = False
                self.give_up_body()
            self.misbehave(inside, b"", None)
            return True
        if len(self.buffer) < self._size:
            return False
        self._end_chunk()
        return True

    def hung_up(self) -> None:
        """Notes a chunk that never came whole."""
        super().hung_up()
        if self.in_chunk and self._taken:
            self.in_chunk = False
            self.give_up_body()

    def _end_chunk(self) -> None:
        chunk = bytes(self.buffer[: self._size])
        del self.buffer[: self._size]
        self.in_chunk = False
        self.behind = len(self.buffer)
        self.events.append(b".")
        if not self._taken:
            return self._refuse()
        self._chunks += chunk
        limit = self.state.features.size
        if limit is not None and len(self._chunks) > limit:
            self.say("too_big")
            return self._fail(ends=True)
        if not self._last:
            return self.say("chunk_taken")
        return self._end_message(self._chunks)

    def _end_message(self, data: bytes) -> None:
        for what, where in body.defects(b"", data, eight_bit=self._eight_bit):
            self.defect(what, where)
        if not data.endswith(b"\r\n"):
            self.defect("a message that does not end in CRLF", data[-40:])
        before = self.connection.accepted
        if self.state.features.quotes is not None:
            self.put(self.quote(data))
        else:
            self.answer(Phase.BODY, "accepted", partial(self.accept, data, chunked=True), self._recipients)
        if self.connection.accepted > before:
            return self.forget()
        return self._fail(ends=True)

    def _right_refusal(self) -> bytes:
        named = self._named_recipient and not self._chunk_refused
        return self.replies["no_recipients" if named else "sequence"]

    def _refuse(self) -> None:
        right = self._right_refusal()
        if self._refusal is None:
            self.put(right)
        else:
            self.misbehave(self._refusal, right, None)
        self._fail(ends=False)

    def _fail(self, *, ends: bool) -> None:
        """The chunk was refused. `ends`: whether that ends the transaction at a server that does as most do."""
        given = self.state.features.refused_chunk_ends
        if ends if given is None else given:
            return self.forget()
        self.later = ()
        self._chunks = b""
        self._chunk_refused = self.mail_from is not None
        return None
