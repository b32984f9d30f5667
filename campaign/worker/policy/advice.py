"""A refusal that stops the run → an error: what the server refuses, in its words, and what to do about it."""

from campaign.errors import CampaignError
from campaign.model import Phase, Reply
from campaign.worker.policy.verdict import About, Verdict

_AGAIN = "then run the same command again"
_FIXES = {
    About.SENDER: "set message.from and message.return_path to addresses that this account may send for, or have them "
    f"verified by whoever runs the server; {_AGAIN}",
    About.CLIENT: "have the server let this machine in, give its address a name in the DNS that leads back to it, or "
    f"sign in (smtp.username, usually on port 587); {_AGAIN}",
    About.GREETING: "set smtp.ehlo_name to a fully qualified name that the DNS has for this machine; " + _AGAIN,
    About.RELAYING: "sign in (smtp.username and its password, usually on port 587), or have the server relay for this "
    f"machine; {_AGAIN}. If it relays to other domains, leave out the contacts of this one",
    About.SIGN_IN: "set smtp.username and CAMPAIGN_SMTP__PASSWORD; most servers want them over TLS: port 587 with "
    f"smtp.security starttls, or 465 with tls; {_AGAIN}",
    About.ENCRYPTION: 'set smtp.security to "starttls" (usually on port 587), or to "tls" (port 465): the server wants '
    f"TLS first; {_AGAIN}",
    About.ACCOUNT: f"ask whoever runs the server what holds the account back; {_AGAIN}",
}
_REASONS = {
    About.SENDER: "sender_refused",
    About.CLIENT: "client_refused",
    About.GREETING: "greeting_refused",
    About.RELAYING: "relaying_refused",
    About.SIGN_IN: "sign_in_wanted",
    About.ENCRYPTION: "tls_wanted",
    About.ACCOUNT: "account_refused",
}
"""For a program: one word that says which stop it was."""
_NOT_KNOWN = f"ask whoever runs the server; {_AGAIN}"


def refusal(verdict: Verdict, phase: Phase, reply: Reply, *, where: str = "") -> CampaignError:
    """Give the error for a reply whose verdict stops the run. `where` names the server."""
    if verdict.about is About.QUOTA:
        what, fix = _quota(reply)
        return CampaignError(f"{what}: {said(reply)}", where=where, fix=fix, reason="quota")
    refused = "our mail" if verdict.about is None else verdict.about.value
    fix = _NOT_KNOWN if verdict.about is None else _FIXES[verdict.about]
    reason = "server_refused" if verdict.about is None else _REASONS[verdict.about]
    what = f"the server refuses {refused} {step(phase)}: {said(reply)}"
    return CampaignError(what, where=where, fix=fix, reason=reason)


def step(phase: Phase) -> str:
    """Say where in the dialogue a reply came."""
    return "after the message" if phase is Phase.BODY else f"at {phase}"


def said(reply: Reply) -> str:
    """Give a reply's code and words."""
    return f"{reply.code} {reply.text}".rstrip()


def _quota(reply: Reply) -> tuple[str, str]:
    words = reply.text.lower()
    if "hour" in words and "24" not in words:
        return "our quota for this hour is used up", f"wait an hour, {_AGAIN}; a lower smtp.rate keeps within it"
    if "month" in words or "credit" in words:
        return "our quota is used up", f"ask the provider when it is renewed, or for more; {_AGAIN}"
    return (
        "our quota for today is used up",
        "run the same command again tomorrow (most providers count the last 24 hours), or ask the provider for more",
    )
