"""What MAIL asks of the bounces that may follow (RFC 3461), where the server offers DSN: for as long as it takes that.

`ENVID` is an identifier that a bounce gives back (section 4.4): whose it was, whatever became of the Message-ID.
`RET=HDRS` asks for the header alone (section 4.3): a bounce then carries no live link to where it is read. NOTIFY is
left to its default, bounces and no more. Neither costs a round trip.

A server that offers DSN and refuses a parameter is asked for the same message without. Some name none in such a
refusal: so it is with every 5xx, until a MAIL that has them was taken.

    asked ──▶ MAIL refused as a parameter is ──▶ the same MAIL without
                ├─▶ taken    they were to blame: never again in this campaign; in this process, if none was named
                └─▶ refused  the sender is; that reply counts, and the next MAIL has them, but not for ever

Behind a body (`pipelining`) MAIL has them only once the server has taken them elsewhere, so that what it says of where
the envelope stands and what it says of them are told apart.

Nothing here raises. Limits: a server may take the parameters and not keep to them, and so may those behind it; where
mail goes on to one without DSN, the bounce of the one before it, which is the one that we asked, does.
"""

from collections.abc import Callable

from campaign.model import Reply
from campaign.smtp.envelope_refusals import may_name_parameter
from campaign.smtp.pipelining.known_servers import kind_of_server
from campaign.smtp.pipelining.server_memory import PrivateMemory, ServerMemory
from campaign.smtp.session.session import Session

ABILITY = "dsn"
_IN_VAIN = 3
"""How often another MAIL may be spent on a refusal that was not about the parameters."""
_LOST = 3
"""How many sessions in a row may end in place of the answer to the first MAIL that has them."""


class DsnUse:
    """Whether one kind of server is asked, for all connections of this process."""

    def __init__(self, learn: Callable[[], None], *, able: bool) -> None:
        """`learn` remembers that it can't."""
        self.asked = able
        """Whether MAIL has the parameters."""
        self._learn = learn
        self._known = False
        self._in_vain = 0
        self._lost = 0
        self._blamed: bool | None = None
        """Whether a refusal named them, where whole messages are to show whether they were to blame; None: none is."""

    def parameters(self, envelope_id: str, *, behind_body: bool) -> str:
        """Give what MAIL has of it, a space before each; empty where it has nothing."""
        wanted = self.asked and envelope_id and (self._known or not behind_body)
        return f" RET=HDRS ENVID={xtext(envelope_id)}" if wanted else ""

    def may_be_to_blame(self, reply: Reply) -> bool:
        """Whether MAIL, which had them, may have been refused for them."""
        return may_name_parameter(reply) or (reply.code >= 500 and not self._known)

    def taken(self) -> None:
        """A MAIL that had them was accepted."""
        self._known = True

    def refused(self) -> None:
        """A MAIL that had them was refused as a parameter is; it goes again without."""
        self.asked = False

    def taken_without(self, *, named: bool) -> None:
        """Without them it was accepted. Where the refusal named none, it may have had a reason that has passed."""
        self.asked = False
        if named:
            self._learn()

    def refused_without(self) -> None:
        """Without them it was refused as well."""
        self._in_vain += 1
        self.asked = self._in_vain < _IN_VAIN

    def whole_refused(self, reply: Reply, *, had_them: bool) -> bool:
        """MAIL was refused, of a message that went with its chunk: whether that goes again without them."""
        if had_them and self.may_be_to_blame(reply):
            self._blamed = self._blamed or may_name_parameter(reply)
            self.refused()
            return True
        if not had_them and self._blamed is not None:
            self._blamed = None
            self.refused_without()
        return False

    def whole_taken(self, *, had_them: bool) -> None:
        """MAIL was accepted, of such a message."""
        if had_them:
            self.taken()
        elif self._blamed is not None:
            named, self._blamed = self._blamed, None
            self.taken_without(named=named)

    def connection_lost(self) -> None:
        """The session has ended in place of the answer to a MAIL that had them."""
        self._lost += not self._known
        if self._lost >= _LOST:
            self.asked = False


class SessionDsn:
    """One session's: what the MAIL that is under way has, and what its answer says of that."""

    def __init__(self, use: DsnUse | None) -> None:
        """`use`: of the session's server; None where it does not offer DSN."""
        self._use = use
        self._parameters = ""
        self._without = False
        self._named = False
        self._behind_body = False

    def begin(self, envelope_id: str, *, behind_body: bool) -> str:
        """Give the parameters for a new message's MAIL, a space before each."""
        if self._use is None:
            return ""
        self._without, self._behind_body = False, behind_body
        self._parameters = self._use.parameters(envelope_id, behind_body=behind_body)
        return self._parameters

    def accepted(self) -> None:
        """MAIL was accepted."""
        if self._use is not None:
            if self._parameters:
                self._use.taken()
            elif self._without:
                self._use.taken_without(named=self._named)

    def goes_without(self, reply: Reply) -> bool:
        """MAIL was refused: whether the same goes again without the parameters."""
        if self._use is None:
            return False
        if self._without:
            self._use.refused_without()
        elif self._parameters and self._use.may_be_to_blame(reply):
            self._named = may_name_parameter(reply)
            if not self._behind_body:  # there it may be about where the envelope stood: nothing is learned of that
                self._use.refused()
                self._without = True
            self._parameters = ""
            return True
        return False

    def connection_lost(self) -> None:
        """The session has ended in place of the answer to MAIL."""
        if self._use is not None and self._parameters:
            self._use.connection_lost()


class DsnUses:
    """Those of one process, by kind of server: behind one name there may be several."""

    def __init__(self, memory: ServerMemory | None = None) -> None:
        self._memory: ServerMemory = memory or PrivateMemory()
        self._uses: dict[str, DsnUse] = {}

    def of(self, session: Session) -> DsnUse | None:
        """Give that of the server behind a session; None where it does not offer DSN."""
        if "dsn" not in session.features:
            return None
        server = kind_of_server(session.greeting, session.features)
        use = self._uses.get(server)
        if use is None:
            able = self._memory.look_up(server, ABILITY) is not False
            use = DsnUse(lambda: self._memory.learn(server, ABILITY, able=False), able=able)
            self._uses[server] = use
        return use


def xtext(text: str) -> str:
    """RFC 3461 section 4: printable ASCII, what stands for something else in hex."""
    if text.isalnum() and text.isascii():
        return text
    octets = text.encode("utf-8", "surrogatepass")
    return "".join(chr(one) if 33 <= one <= 126 and one not in b"+=" else f"+{one:02X}" for one in octets)
