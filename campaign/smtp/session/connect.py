"""Open an SMTP session: `Server` → `Session`.

    dial ─▶ greeting ─▶ EHLO ─▶ STARTTLS, EHLO again ─▶ AUTH ─▶ handed over

Raises `SessionError`, which says at which phase it failed and what the server said; whether that is worth another try
is for `campaign.worker.policy` to say. TLS is always verified, certificate and host name; a server without STARTTLS is
an error, never a silent downgrade (RFC 8314 section 3). Each reply is awaited for `Server.timeout`, all of it for three
times as long.

Not by smtplib: that waits anew for each packet and reads lines without end, forgets the greeting, tries one password
with every mechanism in turn, and knows neither SCRAM, EXTERNAL nor OAuth.
"""

import contextlib
import ssl
import time
from typing import Any

from campaign.errors import SettingsError
from campaign.model import Phase, Reply
from campaign.smtp.reply.parser import ReplyError
from campaign.smtp.session.access_token import access_token, forget_token
from campaign.smtp.session.address_history import HISTORY
from campaign.smtp.session.channel import Channel, Clock, CommandReply
from campaign.smtp.session.dialing import dial
from campaign.smtp.session.ehlo_name import ehlo_name
from campaign.smtp.session.error import SessionError, refusal_error, translate
from campaign.smtp.session.mechanisms import Credentials
from campaign.smtp.session.server import Server
from campaign.smtp.session.session import Session, features_of
from campaign.smtp.session.sign_in import SignInError, choose_mechanism, sign_in
from campaign.smtp.session.tls import client_context
from campaign.smtp.session.tls_resumption import SESSIONS, Place, Resumption
from campaign.smtp.session.tls_socket import TlsSocket

_IN_ALL = 3
"""Time-outs for everything together."""


def connect(server: Server, *, tls: ssl.SSLContext | None = None, clock: Clock = time.monotonic) -> Session:
    """Open, secure and sign in one connection; blocks for at most three `timeout`s. Raises SessionError.

    A refused access token is fetched anew and tried once more, over a connection of its own.

    `tls` is by what the server's certificate is verified; None: what the settings of `server` say. A command that
    prints access tokens has a `timeout` of its own.
    """
    token = _token(server)
    outcome = _open(server, tls, clock, token)
    if isinstance(outcome, SignInError) and outcome.final and server.token_command is not None:
        forget_token(server.token_command, token)  # it may be over: one more, with a fresh one
        fresh = _token(server)
        if fresh != token:
            outcome = _open(server, tls, clock, fresh)
    if isinstance(outcome, SessionError):
        raise outcome  # out here, it carries no context: that could hold the password
    return outcome


def _token(server: Server) -> str:
    """Before the server is asked: it does not wait while a command runs."""
    if server.token_command is None:
        return ""
    return access_token(server.token_command, timeout=server.timeout)


def _open(server: Server, tls: ssl.SSLContext | None, clock: Clock, token: str) -> Session | SessionError:
    """One attempt."""
    setup = _SessionSetup(server, tls, clock, token)
    again = False
    try:
        return setup.run()
    except SessionError as error:
        setup.blame_address()
        failure = error
    except SettingsError as error:  # a file that was there when the run began
        reply = Reply(code=500, enhanced=None, text=error.what)
        failure = SessionError(error.what, phase=Phase.STARTTLS, reply=reply, where=error.where, fix=error.fix)
    except (OSError, ReplyError, ValueError) as error:  # ValueError: a name that can't be encoded
        if isinstance(error, TimeoutError | ConnectionError):
            setup.blame_address()
        failure = setup.translate(error)
        again = setup.resumption_failed(error)
    setup.close()
    if again:  # out here, for the same reason
        return _open(server, tls, clock, token)
    failure.where = failure.where or f"{server.place}, port {server.port}"
    return failure


class _SessionSetup:
    """One session on its way."""

    def __init__(self, server: Server, tls: ssl.SSLContext | None, clock: Clock, token: str) -> None:
        self._server = server
        self._tls = tls
        self._clock = clock
        self._token = token
        self._phase = Phase.CONNECT
        self._channel: Channel | None = None
        self._features: dict[str, str] = {}
        self._encrypted = False
        self._secured: TlsSocket | None = None
        self._resumption: Resumption | None = None
        self._address_without_greeting: tuple[Any, ...] | None = None
        """The server's address, until it has greeted us."""

    def run(self) -> Session:
        """Go all the way. Raises SessionError, OSError, ReplyError."""
        server = self._server
        deadline = self._clock() + server.timeout * _IN_ALL
        sock = dial(server.host, server.port, timeout=server.timeout, clock=self._clock)
        with contextlib.suppress(OSError):  # it may be gone already
            self._address_without_greeting = sock.getpeername()
        self._channel = channel = Channel(sock, timeout=server.timeout, deadline=deadline, clock=self._clock)
        if server.password is not None:  # an earlier session has told it to the server
            channel.censor.hide(server.password.encode("utf-8", "surrogatepass"))
        if server.security == "tls":
            self._start_tls(channel)
        self._phase = Phase.CONNECT
        greeting = self._require_2xx(channel.reply(), fix=self._certificate_fix())
        self._address_without_greeting = None
        name = server.ehlo_name or ehlo_name(channel.local_address)
        self._ehlo(channel, name)
        if server.security == "starttls":
            self._phase = Phase.STARTTLS
            self._ask_for_tls(channel)
            self._start_tls(channel)
            self._ehlo(channel, name)
        self._phase = Phase.AUTH
        offered = self._features.get("auth", "").upper().split()
        mechanism = choose_mechanism(server, offered, encrypted=self._encrypted)
        if mechanism is not None:
            sign_in(channel, mechanism, self._credentials())
        sock, leftover = channel.hand_over()
        return Session(
            sock=sock,
            features=self._features,
            leftover=leftover,
            greeting=greeting.reply.text,
            ehlo_name=name,
            auth=mechanism,
            censor=channel.censor,
        )

    def translate(self, error: Exception) -> SessionError:
        """Give the error for what has gone wrong."""
        channel, server = self._channel, self._server
        failure = translate(
            error,
            self._phase,
            timeout=server.timeout,
            quotable=self._phase is not Phase.AUTH,
            client_cert=server.client_cert is not None and self._encrypted,
        )
        if channel is not None:
            failure.what = channel.censor.censored_text(failure.what)
        return failure

    def resumption_failed(self, error: Exception) -> bool:
        """Say whether another attempt may do: one that resumes no TLS session."""
        return self._resumption is not None and self._resumption.failed(error)

    def blame_address(self) -> None:
        """Have the other addresses of the name tried before this one, where it has not even greeted us."""
        if self._address_without_greeting is not None:
            HISTORY.record_failure(self._address_without_greeting)

    def close(self) -> None:
        """Hang up."""
        if self._channel is not None:
            self._channel.close()

    def _require_2xx(self, answer: CommandReply, *, fix: str = "") -> CommandReply:
        if not 200 <= answer.code <= 299:
            raise refusal_error(answer.reply, self._phase, fix=fix)
        return answer

    def _ehlo(self, channel: Channel, name: str) -> None:
        """EHLO; HELO where that is refused and will do (RFC 5321 section 3.2): it offers no STARTTLS. Or LHLO."""
        self._phase = Phase.EHLO
        lmtp = self._server.protocol == "lmtp"
        answer = channel.command(f"{'LHLO' if lmtp else 'EHLO'} {name}".encode())
        known = answer.code < 500 or self._server.security == "starttls" or lmtp
        if not known:
            answer = self._helo(channel, name, answer)
        self._require_2xx(answer, fix=self._greeting_fix(answer.code, name))
        self._features = features_of(answer.lines[1:]) if known else {}
        if self._resumption is not None and self._secured is not None:
            self._resumption.keep(self._secured.tls)

    def _helo(self, channel: Channel, name: str, refusal: CommandReply) -> CommandReply:
        """HELO; where the server hangs up on it, its last word is the `refusal` of EHLO."""
        try:
            return channel.command(f"HELO {name}".encode())
        except (ConnectionError, ssl.SSLError):
            return refusal

    def _greeting_fix(self, code: int, name: str) -> str:
        if code in (500, 502):
            other = "smtp" if self._server.protocol == "lmtp" else "lmtp"
            return f'perhaps the server speaks another protocol: smtp.protocol = "{other}"'
        if code >= 500 and code not in (530, 538):
            return f"it was told {name}: set smtp.ehlo_name to the full name of this machine, if it minds that"
        return self._certificate_fix()

    def _certificate_fix(self) -> str:
        """Some servers look at our certificate late, and hang up with a reply that does not say why."""
        if self._encrypted and self._server.client_cert is not None:
            return "perhaps the server does not take smtp.client_cert: its log says so"
        return ""

    def _ask_for_tls(self, channel: Channel) -> None:
        if "starttls" not in self._features:
            raise SessionError(
                "the server offers no STARTTLS, and mail is not sent over an open line unasked",
                phase=Phase.STARTTLS,
                reply=Reply(code=502, enhanced=None, text="STARTTLS is not offered"),
                fix='use smtp.security = "tls" (port 465), or "none" if the server is on a network you trust',
            )
        answer = channel.command(b"STARTTLS")
        if answer.code != 220:
            raise refusal_error(answer.reply, self._phase)

    def _start_tls(self, channel: Channel) -> None:
        self._phase = Phase.STARTTLS
        self._encrypted = True
        server = self._server
        context = self._tls or client_context(
            ca_file=server.ca_file, client_cert=server.client_cert, client_key=server.client_key
        )
        if server.client_cert is None:
            self._resumption = SESSIONS.resumption(Place(context=context, host=server.host, port=server.port))
        session = self._resumption.offered if self._resumption is not None else None
        self._secured = channel.start_tls(context, server.host, session=session)

    def _credentials(self) -> Credentials:
        server = self._server
        return Credentials(
            username=server.username or "",
            password=server.password or "",
            token=self._token,
            host=server.host,
            port=server.port,
        )
