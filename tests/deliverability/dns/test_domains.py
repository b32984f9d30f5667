"""A campaign's domains as a whole: from the records of a zone to what is said of them."""

import base64
import socket
from collections.abc import Callable
from dataclasses import replace

import dns.asyncresolver
import dns.resolver
import pytest

from campaign.deliverability import Finding, Severity
from campaign.deliverability.dns import DkimKey, MailDomains, NameServer, look_at
from campaign.deliverability.dns.domains import MANY
from tests.dns_server import Zone
from tests.smtp_server.server import HOST

_ED = "v=DKIM1; k=ed25519; p=" + base64.b64encode(bytes(32)).decode()
KEY = DkimKey(domain="acme.se", selector="2026a", record=_ED)
ACME = MailDomains(author="acme.se", return_path="acme.se", relay="smtp.acme.se", signed=True, keys=(KEY,))
RELAYED = replace(ACME, signed=False, keys=())
"""The relay has to sign."""
SPF = "v=spf1 a:smtp.acme.se ip4:5.6.7.9 -all"
DMARC = "v=DMARC1; p=reject; rua=mailto:reports@acme.se"

Change = Callable[[Zone], object]


def healthy(zone: Zone) -> Zone:
    """A domain as it should be."""
    zone.mx("acme.se", "mx.acme.se").address("mx.acme.se", "5.6.7.1").address("smtp.acme.se", "5.6.7.8")
    zone.txt("acme.se", SPF).txt("acme.se", "some-verification=1").txt("_dmarc.acme.se", DMARC)
    return zone.txt("2026a._domainkey.acme.se", _ED)


def without(name: str, kind: str) -> Change:
    return lambda zone: zone.records.pop((name, kind))


def instead(name: str, *texts: str) -> Change:
    def change(zone: Zone) -> None:
        zone.records.pop((name, "TXT"), None)
        for text in texts:
            zone.txt(name, text)

    return change


def bad(findings: list[Finding]) -> dict[str, str]:
    """All but what is well: severity by rule."""
    return {one.rule: one.severity.value for one in findings if one.severity is not Severity.OK}


def looked_at(zone: Zone, domains: MailDomains = ACME) -> dict[str, str]:
    findings = look_at(domains, zone.server(each=1))
    assert all(one.where and one.fix for one in findings if one.severity is not Severity.OK)
    assert not any(one.what.endswith(".") for one in findings)
    return bad(findings)


def test_where_all_is_well_only_that_is_said(zone: Zone) -> None:
    findings = look_at(ACME, healthy(zone).server())
    assert {one.rule for one in findings} == {"bounces", "spf_relay", "spf", "dkim", "dmarc", "return_path"}
    assert bad(findings) == {}


_SPF, _DMARC, _NULL = "acme.se", "_dmarc.acme.se", "."


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (instead(_SPF), {"spf_missing": "note"}),
        (instead(_SPF, "v=spf1 -all", SPF), {"spf_several": "wrong"}),
        (instead(_SPF, "v=spf1 ip4:x -all"), {"spf_syntax": "wrong"}),
        (instead(_SPF, "v=spf1 include:gone.se -all"), {"spf_include": "wrong"}),
        (instead(_SPF, f"v=spf1{' a:smtp.acme.se' * 11} -all"), {"spf_lookups": "wrong"}),
        (instead(_SPF, "v=spf1 a:smtp.acme.se a:x.se a:y.se a:z.se -all"), {"spf_void_lookups": "wrong"}),
        (instead(_SPF, "v=spf1 +all"), {"spf_pass_all": "note"}),
        (instead(_SPF, "v=spf1 a:smtp.acme.se ?all"), {"spf_neutral_all": "note"}),
        (instead(_SPF, "v=spf1 a:smtp.acme.se"), {"spf_no_all": "note"}),
        (instead(_SPF, "v=spf1 a:smtp.acme.se -all mx"), {"spf_after_all": "note"}),
        (instead(_SPF, "v=spf1 a:smtp.acme.se ptr -all"), {"spf_ptr": "note"}),
        (instead(_SPF, "v=spf1 mx -all"), {"spf_relay": "note"}),
        (instead(_DMARC), {"dmarc_missing": "note"}),
        (instead(_DMARC, DMARC, DMARC + ";"), {"dmarc_several": "wrong"}),
        (instead(_DMARC, "v=dmarc1; p=reject"), {"dmarc_syntax": "note"}),
        (instead(_DMARC, "v=DMARC1; p=rejct; rua=mailto:a@x.se"), {"dmarc_syntax": "note", "dmarc_none": "note"}),
        (instead(_DMARC, "v=DMARC1; p=none; rua=mailto:a@x.se"), {"dmarc_none": "note"}),
        (instead(_DMARC, f"{DMARC}; t=y"), {}),
        (instead(_DMARC, "v=DMARC1; p=quarantine; t=y; rua=mailto:a@x.se"), {"dmarc_none": "note"}),
        (instead(_DMARC, "v=DMARC1; p=reject"), {"dmarc_no_rua": "note"}),
        (instead(_DMARC, f"{DMARC}; pct=20"), {"dmarc_pct": "note"}),
        (instead("2026a._domainkey.acme.se"), {"dkim_missing": "wrong"}),
        (without("acme.se", "MX"), {"return_path_no_mail": "wrong", "reply_to_no_mail": "note"}),
        (without("mx.acme.se", "A"), {"return_path_mx_lost": "wrong", "reply_to_mx_lost": "note"}),
        (
            lambda zone: (without("acme.se", "MX")(zone), zone.mx("acme.se", ".")),
            {"return_path_null_mx": "wrong", "reply_to_null_mx": "note"},
        ),
        (lambda zone: (without("acme.se", "MX")(zone), zone.address("acme.se", "2001:db8::1")), {}),
        (lambda zone: (zone.clear(), zone.txt("com", "")), {"from_no_domain": "wrong", "dkim_missing": "wrong"}),
    ],
)
def test_each_thing_wrong_is_told_by_its_rule(zone: Zone, change: Change, expected: dict[str, str]) -> None:
    change(healthy(zone))
    assert looked_at(zone) == expected


@pytest.mark.parametrize(("rule", "change"), [("spf_missing", instead(_SPF)), ("dmarc_missing", instead(_DMARC))])
def test_who_sends_much_has_to_have_all_three(zone: Zone, rule: str, change: Change) -> None:
    change(healthy(zone))
    assert looked_at(zone, replace(ACME, messages=MANY - 1)) == {rule: "note"}
    assert looked_at(zone, replace(ACME, messages=MANY)) == {rule: "wrong"}


def test_without_spf_and_a_signature_of_ours_nothing_vouches(zone: Zone) -> None:
    instead(_SPF)(healthy(zone))
    assert looked_at(zone, RELAYED) == {"spf_missing": "wrong", "dkim_relay": "note"}


@pytest.mark.parametrize(
    ("host", "words"), [("smtp.acme.se", "; or set [dkim]"), ("smtp.sendgrid.net", "a page on SendGrid")]
)
def test_a_relay_that_would_break_our_signature_is_not_told_to_carry_one(zone: Zone, host: str, words: str) -> None:
    domains = replace(RELAYED, relay=host)
    (found,) = [one for one in look_at(domains, healthy(zone).server()) if one.rule == "dkim_relay"]
    assert found.fix.endswith(words)


def test_a_record_with_quotes_of_its_own_is_told_as_that(zone: Zone) -> None:
    """Forms of DNS providers put their own around what is typed."""
    instead(_SPF, f'"{SPF}"')(healthy(zone))
    (found,) = [one for one in look_at(ACME, zone.server()) if one.rule == "spf_missing"]
    assert "no SPF record that a receiver would know" in found.what and "without quotes" in found.fix


def test_the_record_to_publish_is_spelt_out(zone: Zone) -> None:
    zone.mx("acme.se", "mx.acme.se").address("mx.acme.se", "5.6.7.1")
    fixes = {one.rule: one.fix for one in look_at(ACME, zone.server())}
    assert 'TXT "v=spf1 a:smtp.acme.se ~all"' in fixes["spf_missing"]
    assert 'TXT "v=DMARC1; p=none; rua=mailto:dmarc-reports@acme.se"' in fixes["dmarc_missing"]
    assert f'TXT "{_ED}"' in fixes["dkim_missing"]


class TestAlignment:
    """The return path and the signing domain beside From's domain."""

    def _elsewhere(self, zone: Zone) -> Zone:
        healthy(zone).txt("other.se", "v=spf1 a:smtp.acme.se -all").mx("other.se", "mx.acme.se")
        return zone.txt("2026a._domainkey.other.se", _ED)

    @pytest.mark.parametrize("policy", ["none", "quarantine", "reject"])
    def test_a_return_path_of_an_unrelated_domain_never_passes_in_silence(self, zone: Zone, policy: str) -> None:
        instead(_DMARC, f"v=DMARC1; p={policy}; rua=mailto:a@x.se")(self._elsewhere(zone))
        assert looked_at(zone, replace(ACME, return_path="other.se"))["return_path_unaligned"] == "note"
        found = look_at(replace(RELAYED, return_path="other.se"), zone.server())
        told = bad(found)
        assert told["return_path_unaligned"] == told["dkim_relay"] == "note"
        (relay,) = [one for one in found if one.rule == "dkim_relay"]
        fate = {"none": "nothing is signed here", "quarantine": "spam folder", "reject": "refuse all of it"}
        assert fate[policy] in relay.what

    def test_without_a_policy_it_is_told_as_well(self, zone: Zone) -> None:
        instead(_DMARC)(self._elsewhere(zone))
        assert looked_at(zone, replace(ACME, return_path="other.se"))["return_path_unaligned"] == "note"

    def test_a_return_path_below_from_is_aligned_unless_it_is_to_be_the_same(self, zone: Zone) -> None:
        healthy(zone).txt("bounces.acme.se", SPF).mx("bounces.acme.se", "mx.acme.se")
        domains = replace(ACME, return_path="bounces.acme.se")
        assert looked_at(zone, domains) == {}
        instead(_DMARC, f"{DMARC}; aspf=s")(zone)
        assert looked_at(zone, domains) == {"return_path_unaligned": "note"}

    def test_a_key_of_another_domain_proves_nothing_for_from(self, zone: Zone) -> None:
        key = replace(KEY, domain="other.se")
        assert looked_at(self._elsewhere(zone), replace(ACME, keys=(key,))) == {"dkim_unaligned": "note"}
        assert looked_at(zone, replace(ACME, keys=(key, KEY))) == {"dkim_unaligned": "note"}

    @pytest.mark.parametrize(("policy", "severity"), [("none", None), ("quarantine", "wrong"), ("reject", "wrong")])
    def test_where_nothing_of_ours_is_aligned_a_strict_policy_loses_the_mail(
        self, zone: Zone, policy: str, severity: str | None
    ) -> None:
        instead(_DMARC, f"v=DMARC1; p={policy}; rua=mailto:a@x.se")(self._elsewhere(zone))
        domains = replace(ACME, return_path="other.se", keys=(replace(KEY, domain="other.se"),))
        assert looked_at(zone, domains).get("dmarc_unaligned") == severity

    def test_a_key_that_can_not_be_verified_vouches_for_nobody(self, zone: Zone) -> None:
        instead("2026a._domainkey.acme.se", "v=DKIM1; p=")(self._elsewhere(zone))
        told = looked_at(zone, replace(ACME, return_path="other.se"))
        assert told["dkim_revoked"] == told["dmarc_unaligned"] == "wrong"


class TestRelays:
    """Providers, by smtp.host."""

    @pytest.mark.parametrize(
        ("host", "include"),
        [("smtp.office365.com", "spf.protection.outlook.com"), ("smtp-relay.gmail.com", "_spf.google.com")],
    )
    def test_a_relay_that_keeps_our_return_path_must_be_included(self, zone: Zone, host: str, include: str) -> None:
        healthy(zone).txt(include, "v=spf1 ip4:5.6.0.0/16 -all")
        domains = replace(ACME, relay=host)
        assert looked_at(zone, domains) == {"spf_relay": "note"}  # an address that stands there may be the relay's
        instead(_SPF, "v=spf1 mx -all")(zone)
        assert looked_at(zone, domains) == {"spf_relay": "wrong"}
        instead(_SPF, f"v=spf1 mx include:{include} -all")(zone)
        assert looked_at(zone, domains) == {}
        instead(_SPF)(zone)
        (missing,) = [one for one in look_at(domains, zone.server()) if one.rule == "spf_missing"]
        assert f'TXT "v=spf1 include:{include} ~all"' in missing.fix

    @pytest.mark.parametrize(
        "host",
        [
            *("email-smtp.eu-west-1.amazonaws.com", "email-smtp-fips.us-east-1.amazonaws.com", "smtp.sendgrid.net"),
            *("smtp.postmarkapp.com", "smtp-broadcasts.postmarkapp.com", "smtp.mailgun.org", "smtp.eu.mailgun.org"),
        ],
    )
    def test_of_a_relay_with_a_return_path_of_its_own_our_spf_says_nothing(self, zone: Zone, host: str) -> None:
        instead(_SPF)(healthy(zone))
        assert looked_at(zone, replace(ACME, relay=host)) == {}
        instead(_SPF, "v=spf1 ip4:x -all")(zone)
        assert looked_at(zone, replace(ACME, relay=host)) == {"spf_syntax": "note"}

    def test_nor_does_it_matter_to_an_inbox_that_our_return_path_takes_no_mail(self, zone: Zone) -> None:
        healthy(zone).txt("deaf.se", "no mail here")
        told = looked_at(zone, replace(ACME, relay="smtp.postmarkapp.com", return_path="deaf.se"))
        assert told == {"return_path_no_mail": "note", "return_path_unaligned": "note"}

    def test_and_our_return_path_is_not_said_to_be_aligned(self, zone: Zone) -> None:
        ses = replace(RELAYED, relay="email-smtp.eu-west-1.amazonaws.com")
        findings = {one.rule: one for one in look_at(ses, healthy(zone).server())}
        assert "return_path" not in findings
        assert (
            "Amazon SES has to sign with acme.se, or receivers are asked to refuse all" in findings["dkim_relay"].what
        )
        zone.txt("other.se", SPF).mx("other.se", "mx.acme.se")
        findings = {one.rule: one for one in look_at(replace(ses, return_path="other.se"), zone.server())}
        assert "set up a custom MAIL FROM domain there" in findings["return_path_unaligned"].fix

    def test_a_key_that_the_relay_uses_is_looked_for(self, zone: Zone) -> None:
        healthy(zone).cname("s1._domainkey.acme.se", "s1.domainkey.u1.wl.sendgrid.net")
        domains = replace(RELAYED, relay="smtp.sendgrid.net")
        assert looked_at(zone, domains) == {"dkim_relay": "note"}
        zone.txt("s1.domainkey.u1.wl.sendgrid.net", "k=rsa; p=AAAA")
        assert looked_at(zone, domains) == {}

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "10.1.2.3", "::1", "mail.local", "smtp", "gone.se"])
    def test_of_a_relay_next_door_nothing_is_said(self, zone: Zone, host: str) -> None:
        """It hands on to a machine that is not known here."""
        assert looked_at(healthy(zone), replace(ACME, relay=host)) == {}

    @pytest.mark.parametrize(("host", "expected"), [("5.6.7.9", {}), ("5.6.7.10", {"spf_relay": "note"})])
    def test_an_address_is_held_against_the_record(self, zone: Zone, host: str, expected: dict[str, str]) -> None:
        assert looked_at(healthy(zone), replace(ACME, relay=host)) == expected


@pytest.mark.parametrize(("setting", "rule"), [("reply_to", "reply_to"), ("unsubscribe", "unsubscribe_mailto")])
def test_where_replies_go_is_looked_at(zone: Zone, setting: str, rule: str) -> None:
    healthy(zone).txt("there.se", "no mail here")
    for domain, why in (("gone.se", "no_domain"), ("there.se", "no_mail")):
        named = replace(ACME, reply_to=domain) if setting == "reply_to" else replace(ACME, unsubscribe=domain)
        findings = look_at(named, zone.server())
        assert bad(findings) == {f"{rule}_{why}": "note"}
        assert f"message.{rule}" in next(one.where for one in findings if one.rule == f"{rule}_{why}")


def test_an_international_domain_is_asked_for_in_ascii(zone: Zone) -> None:
    name = "xn--bcher-kva.se"
    healthy(zone).mx(name, "mx.acme.se").txt(name, SPF).txt(f"_dmarc.{name}", DMARC)
    zone.txt(f"2026a._domainkey.{name}", _ED)
    assert looked_at(zone, replace(ACME, author=name, return_path=name, keys=(replace(KEY, domain=name),))) == {}


class TestUnanswered:
    """What could not be asked is said once, and is nothing missing."""

    @pytest.mark.parametrize("wrong", ["SERVFAIL", "REFUSED"])
    def test_a_server_that_fails_is_one_note(self, zone: Zone, wrong: str) -> None:
        healthy(zone).wrong[""] = wrong  # type: ignore[assignment]
        (finding,) = look_at(ACME, zone.server())
        assert (finding.rule, finding.severity) == ("dns_not_asked", "note")
        assert f"says {wrong}" in finding.what

    def test_silence_is_one_note_too(self, zone: Zone) -> None:
        healthy(zone).wrong[""] = "silent"
        (finding,) = look_at(ACME, zone.server(each=0.3))
        assert finding.rule == "dns_not_asked"

    def test_so_is_no_network(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind((HOST, 0))
            port = free.getsockname()[1]
        (finding,) = look_at(ACME, NameServer(address=HOST, port=port, each=0.3))
        assert finding.rule == "dns_not_asked"

    def test_so_is_a_name_server_that_knows_nothing_of_the_world(self, zone: Zone) -> None:
        zone.txt("intranet", "")
        (finding,) = look_at(ACME, zone.server())
        assert finding.rule == "dns_not_asked" and "not even com" in finding.what

    def test_and_a_machine_that_knows_no_name_server(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def unconfigured(*_: object, **__: object) -> None:
            raise dns.resolver.NoResolverConfiguration

        monkeypatch.setattr(dns.asyncresolver, "Resolver", unconfigured)
        (finding,) = look_at(ACME, NameServer())
        assert finding.rule == "dns_not_asked" and "resolv.conf" in finding.what

    @pytest.mark.parametrize(
        "name", ["acme.se", "_dmarc.acme.se", "_dmarc.se", "mx.acme.se", "smtp.acme.se", "2026a._domainkey.acme.se"]
    )
    def test_one_name_that_fails_says_nothing_of_the_rest(self, zone: Zone, name: str) -> None:
        healthy(zone).wrong[name] = "SERVFAIL"
        assert looked_at(zone) == {"dns_unanswered": "note"}


@pytest.mark.parametrize(
    "domain", ["acme.example", "shop.test", "localhost", "example.com", "mail.corp.internal", "x.local"]
)
def test_what_can_not_be_in_the_dns_is_not_asked_for(zone: Zone, domain: str) -> None:
    for domains in (replace(ACME, author=domain), replace(ACME, author=domain, return_path=domain, reply_to=domain)):
        (finding,) = look_at(domains, zone.server())
        assert (finding.rule, finding.severity) == ("dns_special_name", "note")
        assert domain in finding.what
    assert not zone.asked


def test_beside_a_real_from_the_others_may_be_special(zone: Zone) -> None:
    assert looked_at(healthy(zone), replace(ACME, reply_to="acme.example")) == {"dns_special_name": "note"}
