"""The check of the server: the session, and an envelope from us to ourselves."""

import time

from campaign.check.findings import Findings, counted
from campaign.check.setup import Known
from campaign.model import Phase
from campaign.run.dry_run import size_with_little
from campaign.run.plan import configured_server
from campaign.run.server_pace import ServerPace
from campaign.settings import Settings
from campaign.smtp.envelope_probe import EnvelopeProbe, probe_envelope
from campaign.smtp.session.connect import connect
from campaign.smtp.session.notes import session_notes
from campaign.smtp.session.session import Session
from campaign.worker.message_size import too_large
from campaign.worker.policy import judge, refusal, said


def server(settings: Settings, known: Known, found: Findings) -> None:
    """Whether it lets us in, takes our sender, and takes what we have."""
    smtp = settings.smtp
    if smtp.needs_password and smtp.password is None:
        found.note("the server was not asked: the password is missing", rule="server_not_asked")
        return
    to = configured_server(settings)
    began = time.monotonic()
    session = connect(to)
    opening = time.monotonic() - began
    signed_in = f"takes our sign-in by {session.auth}" if session.auth else "answers"
    offered = [name.upper() for name in ("pipelining", "size", "smtputf8") if name in session.features]
    found.ok("server", f"{smtp.host} {signed_in}; it offers {', '.join(offered) or 'nothing special'}")
    for words in session_notes(to, session):
        found.note(words, rule="session_odd")
    probe = probe_envelope(
        session,
        return_path=settings.message.return_path,
        recipient=settings.message.sender_address,
        timeout=smtp.timeout.total_seconds(),
    )
    known.pace = ServerPace.of(session, probe, opening=opening, mode=smtp.pipelining)
    _envelope(settings, session, probe, found)
    if session.size_limit is not None and known.seen.sizes.largest > session.size_limit:
        _too_large(settings, known, session.size_limit, found)
    if known.seen.smtputf8 and not session.smtputf8:
        found.note(
            f"{counted(known.seen.smtputf8, 'address needs', 'addresses need')} SMTPUTF8, which the server lacks: "
            "no message can go there",
            rule="smtputf8_missing",
        )


def _too_large(settings: Settings, known: Known, limit: int, found: Findings) -> None:
    """Tell messages that the server finds too large; raise TemplateError where that is the templates' fault."""
    seen = known.seen
    assert seen.sizes.smallest_contact is not None
    size = size_with_little(settings, seen.sizes.smallest_contact)
    if size is not None and size > limit:
        raise too_large(size, limit)
    count = sum(messages for size, messages in seen.sizes.counts.items() if size > limit)
    found.note(
        f"{counted(count, 'message is', 'messages are')} larger than the server takes ({limit:,} bytes; the largest "
        f"has {seen.sizes.largest:,}), and will be rejected: what stands in the cells is too long, or a file "
        "that they name too large",
        rule="message_too_large",
    )


def _envelope(settings: Settings, session: Session, probe: EnvelopeProbe, found: Findings) -> None:
    """Say what was heard at each step of an envelope from us to ourselves."""
    smtp, message = settings.smtp, settings.message
    for one in probe.steps:
        verdict = judge(one.phase, one.reply)
        if verdict.stop:
            setting = "message.return_path" if one.phase is Phase.MAIL else "message.from"
            raise refusal(verdict, one.phase, one.reply, where=f"smtp.host {smtp.host}, {setting}: {one.command}")
        if one.reply.code // 100 == 2:
            found.ok("envelope", f"{one.command}: {said(one.reply)}")
        elif one.phase is Phase.MAIL:
            found.note(f"the server does not take our sender now: {said(one.reply)}", rule="sender_deferred")
        else:
            why = "that may be as it should be, if nobody reads mail there"
            if verdict.suspect and smtp.username is None and "auth" in session.features:
                why = "it offers sign-in, and smtp.username is not set"
            elif verdict.suspect:
                why = "if it says so of everybody, the run stops and nobody is marked for it"
            found.note(
                f"the server does not take mail for your own address {message.sender_address} "
                f"({said(one.reply)}): {why}",
                rule="own_address_refused",
            )
