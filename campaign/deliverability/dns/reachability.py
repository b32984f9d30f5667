"""What is to be said of the way back: bounces to the return path, replies, and what unsubscribes.

In: domains with their `MailExchange`s. Out: findings. Raises nothing.
"""

from collections.abc import Iterator, Mapping

from campaign.deliverability.dns.mail_exchange import MailExchange, Takes
from campaign.deliverability.finding import Finding, Severity

_WHY = {
    Takes.NO_DOMAIN: "there is no domain {}",
    Takes.NOTHING: "{} takes no mail (it has no MX record, and no address either)",
    Takes.NULL_MX: "{} says by a null MX record that it takes no mail (RFC 7505)",
    Takes.LOST: "{} takes no mail (its MX records name hosts without an address)",
}
_RULES = {
    Takes.NO_DOMAIN: "no_domain",
    Takes.NOTHING: "no_mail",
    Takes.NULL_MX: "null_mx",
    Takes.LOST: "mx_lost",
}
_SUFFERS = {
    "message.from": "most inboxes refuse such a sender",
    "message.return_path": "bounces get lost, and many servers refuse such a sender",
    "message.reply_to": "replies get lost",
    "message.unsubscribe_mailto": "nobody can unsubscribe by mail",
}


def reachability_findings(
    settings: Mapping[str, str], exchanges: Mapping[str, MailExchange], *, replaced: bool
) -> Iterator[Finding]:
    """Say what can't be reached. `settings`: domains by the setting that names them, "" where it is not set.
    `replaced`: whether the relay puts a return path of its own in place of ours, so that no inbox sees ours.
    """
    told = set()
    for setting, domain in settings.items():
        exchange = exchanges.get(domain)
        if exchange is None or exchange.takes is Takes.UNKNOWN:
            continue
        if exchange.takes is Takes.MAIL:
            if setting == "message.return_path":
                shown = ", ".join(exchange.hosts[:2]) + (", …" if len(exchange.hosts) > 2 else "")
                yield Finding(severity=Severity.OK, rule="bounces", what=f"{domain} takes mail at {shown}")
            continue
        if setting == "message.from" and exchange.takes is not Takes.NO_DOMAIN:
            setting = "message.reply_to" if not settings.get("message.reply_to") else ""
            # Whoever answers writes to Reply-To, if there is one; to From there is nothing to be said then.
        if not setting or domain in told:
            continue
        if exchange.takes is Takes.NO_DOMAIN:  # once is enough, whatever else names it
            told.add(domain)
        yield _lost(setting, exchange, settings, replaced)


def _lost(setting: str, exchange: MailExchange, settings: Mapping[str, str], replaced: bool) -> Finding:
    of_relay = replaced and setting == "message.return_path"
    grave = setting in ("message.from", "message.return_path") and not of_relay
    suffers = "what the relay forwards there of its bounces gets lost" if of_relay else _SUFFERS[setting]
    where = "message.from" if setting == "message.reply_to" and not settings["message.reply_to"] else setting
    name = setting.removeprefix("message.")
    return Finding(
        severity=Severity.WRONG if grave else Severity.NOTE,
        rule=f"{name}_{_RULES[exchange.takes]}",
        what=f"{_WHY[exchange.takes].format(exchange.domain)}: {suffers}",
        where=f"{where}, MX record of {exchange.domain}",
        fix="correct the address"
        if exchange.takes is Takes.NO_DOMAIN
        else "name an address that somebody reads, or give the domain an MX record with the name of a mail server",
    )
