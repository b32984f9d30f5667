"""The check of the servers: of each, the session, and an envelope from us to ourselves."""

import time

from campaign.check.findings import Findings, counted
from campaign.check.setup import Known
from campaign.message import ContactKeys, own_return_path
from campaign.model import Phase
from campaign.run.dry_run import size_with_little
from campaign.run.server_pace import ServerPace
from campaign.run.servers import configured_servers
from campaign.settings import Settings, SmtpSettings
from campaign.smtp.chunking.probe import ProbeResult, probe_chunking
from campaign.smtp.chunking.unused import UNSOUND, in_flight_unused, not_to_be_tried
from campaign.smtp.envelope_probe import EnvelopeProbe, probe_envelope
from campaign.smtp.session.connect import connect
from campaign.smtp.session.notes import session_notes
from campaign.smtp.session.server import Server
from campaign.smtp.session.session import Session
from campaign.worker.message_size import too_large
from campaign.worker.policy import judge, refusal, said


def server(settings: Settings, known: Known, found: Findings) -> None:
    """Whether each server lets us in, takes our sender, and takes what we have."""
    for smtp, to in zip(settings.servers, configured_servers(settings), strict=True):
        found.take(_OneServer(settings, smtp, to, known, found).ask)


_TOLD = ("pipelining", "chunking", "size", "smtputf8", "dsn")


class _OneServer:
    """One of the servers, and what is found of it, which names it where there are several."""

    def __init__(self, settings: Settings, smtp: SmtpSettings, to: Server, known: Known, found: Findings) -> None:
        self._settings = settings
        self._smtp = smtp
        self._to = to
        self._known = known
        self._found = found
        self._several = bool(to.name)
        self._names_it = f"{to.name}: " if to.name else ""

    def ask(self) -> None:
        """Connect, and see. Raises CampaignError."""
        smtp, to = self._smtp, self._to
        if smtp.lacks_password:
            self._note("the server was not asked: the password is missing", rule="server_not_asked")
            return
        began = time.monotonic()
        session = connect(to)
        opening = time.monotonic() - began
        signed_in = f"takes our sign-in by {session.auth}" if session.auth else "answers"
        offered = [name.upper() for name in _TOLD if name in session.features]
        self._ok("server", f"{smtp.host} {signed_in}; it offers {', '.join(offered) or 'nothing special'}")
        for words in session_notes(to, session):
            self._note(words, rule="session_odd")
        key = ContactKeys(None)("")
        return_path = self._settings.message.return_path
        probe = probe_envelope(
            session,
            return_path=own_return_path(return_path, key) if self._settings.bounces.verp else return_path,
            envelope_id=key,
            recipient=self._settings.message.sender_address,
            timeout=smtp.timeout.total_seconds(),
        )
        in_flight = self._in_flight(session)
        pace = ServerPace.of(session, probe, opening=opening, mode=smtp.pipelining, in_flight=in_flight)
        self._known.paces[smtp.name or smtp.host] = pace
        self._envelope(session, probe)
        if probe.dsn is False:
            self._note(
                "it offers DSN and refuses what messages ask of it, so they go without: a bounce may carry the whole "
                "message back, and its link",
                rule="dsn_refused",
            )
        seen = self._known.seen
        if session.size_limit is not None and seen.sizes.largest > session.size_limit:
            self._too_large(session.size_limit)
        if seen.smtputf8 and not session.smtputf8:
            then = "they go through another one, if it can" if self._several else "no message can go there"
            self._note(
                f"{counted(seen.smtputf8, 'address needs', 'addresses need')} SMTPUTF8, which the server lacks: {then}",
                rule="smtputf8_missing",
            )

    def _in_flight(self, session: Session) -> int:
        """Say whether several messages can be in flight, where that is wanted; give how many."""
        wanted = self._smtp.in_flight
        if wanted == 1:
            return 1
        why = not_to_be_tried(session)
        if why is None:
            timeout, sender = self._smtp.timeout.total_seconds(), self._settings.message.return_path
            result = probe_chunking(connect(self._to), sender=sender, timeout=timeout)
            if result is not ProbeResult.UNSOUND:
                return wanted
            why = UNSOUND
        self._note(in_flight_unused(wanted, why), rule="in_flight_unused")
        return 1

    def _too_large(self, limit: int) -> None:
        """Tell messages that the server finds too large; raise TemplateError where that is the templates' fault."""
        seen = self._known.seen
        assert seen.sizes.smallest_contact is not None
        size = size_with_little(self._settings, seen.sizes.smallest_contact)
        if size is not None and size > limit and not self._several:
            raise too_large(size, limit)
        count = sum(messages for size, messages in seen.sizes.counts.items() if size > limit)
        then = "go through another one, if it takes them" if self._several else "will be rejected"
        self._note(
            f"{counted(count, 'message is', 'messages are')} larger than the server takes ({limit:,} bytes; the "
            f"largest has {seen.sizes.largest:,}), and {then}: what stands in the cells is too long, or a file "
            "that they name too large",
            rule="message_too_large",
        )

    def _envelope(self, session: Session, probe: EnvelopeProbe) -> None:
        """Say what was heard at each step of an envelope from us to ourselves."""
        smtp, message = self._smtp, self._settings.message
        for one in probe.steps:
            verdict = judge(one.phase, one.reply)
            if verdict.stop:
                sender = "bounces.verp" if self._settings.bounces.verp else "message.return_path"
                setting = sender if one.phase is Phase.MAIL else "message.from"
                raise refusal(verdict, one.phase, one.reply, where=f"{self._to.place}, {setting}: {one.command}")
            if one.reply.code // 100 == 2:
                self._ok("envelope", f"{one.command}: {said(one.reply)}")
            elif one.phase is Phase.MAIL:
                self._note(f"the server does not take our sender now: {said(one.reply)}", rule="sender_deferred")
            else:
                why = "that may be as it should be, if nobody reads mail there"
                if verdict.suspect and smtp.username is None and "auth" in session.features:
                    why = "it offers sign-in, and smtp.username is not set"
                elif verdict.suspect:
                    why = "if it says so of everybody, the run stops and nobody is marked for it"
                self._note(
                    f"the server does not take mail for your own address {message.sender_address} "
                    f"({said(one.reply)}): {why}",
                    rule="own_address_refused",
                )

    def _ok(self, subject: str, words: str) -> None:
        self._found.ok(subject, f"{self._names_it}{words}")

    def _note(self, words: str, *, rule: str) -> None:
        self._found.note(f"{self._names_it}{words}", rule=rule)
