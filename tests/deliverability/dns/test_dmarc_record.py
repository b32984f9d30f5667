"""DMARC records: what is read, what is ignored, and what no receiver takes for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.deliverability.dns.dmarc_record import is_dmarc, is_nearly_dmarc, parse_dmarc


@pytest.mark.parametrize(
    ("text", "is_one", "nearly"),
    [
        ("v=DMARC1; p=none", True, False),
        ("v=DMARC1", True, False),
        ("v = DMARC1 ;p=reject", True, False),
        ("v=DMARC1 p=none", False, True),
        ("v=dmarc1; p=none", False, True),
        ("v=DMARC; p=none", False, True),
        ("v:DMARC1; p=none", False, True),
        (" v=DMARC1; p=none", False, True),
        ('"v=DMARC1; p=none"', False, True),
        ("p=none; v=DMARC1", False, False),
        ("v=spf1 -all", False, False),
    ],
)
def test_a_record_is_told_by_its_beginning(text: str, is_one: bool, nearly: bool) -> None:
    assert (is_dmarc(text), is_nearly_dmarc(text)) == (is_one, nearly)


def test_all_tags_are_read() -> None:
    record = parse_dmarc(
        "v=DMARC1; p=Quarantine; sp=reject; adkim=s; aspf=S; psd=n; t=y; pct=50; rua=mailto:a@x.se, mailto:b@y.se; z=1"
    )
    assert (record.policy, record.subdomains, record.psd, record.testing) == ("quarantine", "reject", "n", True)
    assert (record.strict_spf, record.strict_dkim, record.percent) == (True, True, "50")
    assert record.reports == ("mailto:a@x.se", "mailto:b@y.se")
    assert record.faults == ()
    assert (record.policy_for(subdomain=False), record.policy_for(subdomain=True)) == ("quarantine", "reject")


def test_what_is_not_there_has_its_default() -> None:
    record = parse_dmarc("v=DMARC1")
    assert (record.policy, record.subdomains, record.psd, record.testing) == ("none", "", "u", False)
    assert not record.strict_spf and not record.strict_dkim and not record.reports and not record.faults


@pytest.mark.parametrize(
    "tag", ["p=rejct", "p=", "sp=all", "adkim=strict", "aspf=x", "psd=1", "t=true", "rua=a@x.se", "p", "p=none; p=none"]
)
def test_what_can_not_be_read_is_told_and_ignored(tag: str) -> None:
    record = parse_dmarc(f"v=DMARC1; {tag}")
    assert len(record.faults) == 1
    assert record.policy == "none"


PIECES = st.sampled_from(
    ["p", "sp", "=", ";", " ", "none", "quarantine", "REJECT", "rua", "mailto:", "a@x.se", ",", "é", "t", "y"]
)


@given(st.lists(PIECES, max_size=12).map("".join))
def test_anything_can_be_looked_at(tags: str) -> None:
    record = parse_dmarc(f"v=DMARC1;{tags}")
    assert record.policy in ("none", "quarantine", "reject")
    assert record.subdomains in ("", "none", "quarantine", "reject")
    assert all(report.strip() == report != "" and "," not in report for report in record.reports)
