"""TLS sessions are resumed by later connections of this process, and only where the server's identity was seen."""

import socket
import ssl
import time
from typing import Literal

import pytest

from campaign.smtp.session.connect import connect
from campaign.smtp.session.error import SessionError
from campaign.smtp.session.server import Server
from campaign.smtp.session.tls_resumption import TRUSTED_FOR, Place, ResumableSessions
from campaign.smtp.session.tls_socket import TlsSocket
from tests.conftest import StartServer
from tests.pem_files import Files
from tests.smtp.session.tls_greeter import Greeter, greeter
from tests.smtp.session.tls_sessions import to
from tests.smtp_server import Tls, client_context
from tests.smtp_server.certificates import server_context

V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


def context(version: ssl.TLSVersion = V13, *, tickets: bool = True, kind: Tls = Tls.GOOD) -> ssl.SSLContext:
    """A server's, with ticket keys of its own."""
    made = server_context.__wrapped__(kind)
    made.maximum_version = version
    made.num_tickets = 2 if tickets else 0
    if not tickets:
        made.options |= ssl.OP_NO_TICKET
    return made


def resumed(server: Server, tls: ssl.SSLContext | None) -> bool:
    """Connect, hang up; say whether it was a session from before."""
    session = connect(server, tls=tls)
    assert isinstance(session.sock, TlsSocket)
    found = session.sock.tls.session_reused
    session.hang_up()
    return bool(found)


def on(found: Greeter, host: str = "127.0.0.1") -> Server:
    return Server(host=host, port=found.port, security="tls", timeout=60)


class TestOverConnections:
    @pytest.mark.parametrize("version", [V12, V13])
    @pytest.mark.parametrize(("security", "implicit"), [("starttls", False), ("tls", True)])
    def test_the_next_one_resumes(
        self, smtp_server: StartServer, version: ssl.TLSVersion, security: Literal["starttls", "tls"], implicit: bool
    ) -> None:
        tls = client_context()
        tls.maximum_version = version
        server = to(smtp_server(tls=Tls.GOOD, implicit_tls=implicit), security=security)
        assert [resumed(server, tls) for _ in range(4)] == [False, True, True, True]

    def test_by_a_session_id_where_the_server_gives_no_ticket(self) -> None:
        tls = client_context()
        with greeter([context(V12, tickets=False)] * 3) as found:
            assert [resumed(on(found), tls) for _ in range(3)] == [False, True, True]
        assert found.resumed == [False, True, True]

    def test_a_server_that_resumes_nothing(self) -> None:
        tls = client_context()
        with greeter([context(tickets=False)] * 2) as found:
            assert [resumed(on(found), tls) for _ in range(2)] == [False, False]

    @pytest.mark.parametrize("version", [V12, V13])
    def test_a_server_that_has_forgotten_them_shakes_hands_in_full(self, version: ssl.TLSVersion) -> None:
        tls = client_context()
        first, restarted = context(version), context(version)
        with greeter([first, first, restarted, restarted]) as found:
            assert [resumed(on(found), tls) for _ in range(4)] == [False, True, False, True]

    def test_a_server_that_breaks_off_is_tried_in_full_at_once_and_offered_no_more(self) -> None:
        tls, good = client_context(), context()
        with greeter([good, None, good, good]) as found:
            assert [resumed(on(found), tls) for _ in range(3)] == [False, False, False]
        assert found.resumed == [False, False, False]

    def test_a_server_that_breaks_off_anyway_is_tried_once(self) -> None:
        with greeter([None]) as found, pytest.raises(SessionError) as caught:
            connect(on(found), tls=client_context())
        assert caught.value.__context__ is None


class TestNotResumed:
    def test_at_another_name(self, smtp_server: StartServer) -> None:
        """Of the same server, with a certificate for both (RFC 8446 section 4.6.1)."""
        tls, server = client_context(), smtp_server(tls=Tls.GOOD)
        assert [resumed(to(server, host=host), tls) for host in ("127.0.0.1", "localhost", "localhost")] == [
            False,
            False,
            True,
        ]

    def test_at_another_port(self) -> None:
        tls, shared = client_context(), context()
        for _ in range(2):
            with greeter([shared]) as found:
                assert not resumed(on(found), tls)

    def test_by_other_authorities(self) -> None:
        with greeter([context()] * 2) as found:
            assert [resumed(on(found), client_context()) for _ in range(2)] == [False, False]

    def test_with_a_certificate_of_ours(self, smtp_server: StartServer, files: Files) -> None:
        server = to(smtp_server(tls=Tls.GOOD), ca_file=files.ca, client_cert=files.both)
        assert [resumed(server, None) for _ in range(2)] == [False, False]

    def test_where_nothing_was_checked(self) -> None:
        tls = client_context()
        tls.check_hostname = False
        with greeter([context()] * 2) as found:
            assert [resumed(on(found), tls) for _ in range(2)] == [False, False]

    def test_a_certificate_that_was_changed_for_a_wrong_one_is_an_error(self) -> None:
        tls = client_context()
        with greeter([context(), context(kind=Tls.WRONG_HOST)]) as found:
            assert not resumed(on(found), tls)
            with pytest.raises(SessionError, match="not valid for"):
                connect(on(found), tls=tls)


class _Clock:
    """Both clocks of the kept sessions."""

    def __init__(self) -> None:
        self.monotonic = 0.0
        self.wall = time.time()
        self.sessions = ResumableSessions(clock=lambda: self.monotonic, now=lambda: self.wall)


def shake_hands(sessions: ResumableSessions, place: Place) -> bool:
    """One connection; whether it was resumed."""
    resumption = sessions.resumption(place)
    plain = socket.create_connection(("127.0.0.1", place.port))
    with TlsSocket(plain, place.context, place.host, session=resumption.offered) as sock:
        sock.do_handshake()
        assert sock.recv(1024).startswith(b"220")  # and with it the tickets
        resumption.keep(sock.tls)
        return bool(sock.tls.session_reused)


class TestForHowLong:
    def test_an_hour_after_the_certificate_was_shown_through_however_many_sessions(self) -> None:
        clock, shared = _Clock(), context()
        with greeter([shared] * 5) as found:
            place = Place(context=client_context(), host="127.0.0.1", port=found.port)
            seen = []
            for moment in (0.0, TRUSTED_FOR - 1, TRUSTED_FOR, TRUSTED_FOR + 1, TRUSTED_FOR + 2):
                clock.monotonic = moment
                seen.append(shake_hands(clock.sessions, place))
        assert seen == [False, True, True, False, True]

    def test_no_longer_than_the_certificate_is_valid(self) -> None:
        clock, shared = _Clock(), context()
        with greeter([shared] * 3) as found:
            place = Place(context=client_context(), host="127.0.0.1", port=found.port)
            seen = [shake_hands(clock.sessions, place) for _ in range(2)]
            clock.wall += 1e11  # in three thousand years
            seen.append(shake_hands(clock.sessions, place))
        assert seen == [False, True, False]


def test_each_ticket_goes_once_while_there_are_others() -> None:
    """RFC 8446 appendix C.4; the last is offered again."""
    sessions, shared = ResumableSessions(), context()
    with greeter([shared] * 2) as found:
        place = Place(context=client_context(), host="127.0.0.1", port=found.port)
        both = sessions.resumption(place), sessions.resumption(place)  # before there is any: two handshakes in full
        for resumption in both:
            with TlsSocket(
                socket.create_connection(("127.0.0.1", found.port)), place.context, place.host, session=None
            ) as sock:
                sock.do_handshake()
                sock.recv(1024)
                resumption.keep(sock.tls)
    offered = [sessions.resumption(place).offered for _ in range(3)]
    assert None not in offered and offered[0] is not offered[1] and offered[1] is offered[2]
