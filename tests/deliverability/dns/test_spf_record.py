"""SPF records: each term of the grammar, and each way to get it wrong."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.deliverability.dns.spf_record import Term, is_spf, own_domain_in, parse_spf


@pytest.mark.parametrize(
    ("text", "whether"),
    [
        ("v=spf1", True),
        ("v=spf1 -all", True),
        ("V=SPF1 -all", True),
        ("v=spf10 -all", False),
        ("v=spf2 -all", False),
        (" v=spf1 -all", False),
        ("spf2.0/pra -all", False),
        ("google-site-verification=x", False),
    ],
)
def test_a_record_is_told_by_its_beginning(text: str, whether: bool) -> None:
    assert is_spf(text) is whether


@pytest.mark.parametrize(
    ("written", "term"),
    [
        ("-all", Term(written="-all", qualifier="-", name="all")),
        ("ALL", Term(written="ALL", qualifier="+", name="all")),
        ("a", Term(written="a", qualifier="+", name="a")),
        ("a/24", Term(written="a/24", qualifier="+", name="a", four=24)),
        ("mx//64", Term(written="mx//64", qualifier="+", name="mx", six=64)),
        ("~a:h.se/8//48", Term(written="~a:h.se/8//48", qualifier="~", name="a", domain="h.se", four=8, six=48)),
        ("?include:x.se", Term(written="?include:x.se", qualifier="?", name="include", domain="x.se")),
        ("ptr", Term(written="ptr", qualifier="+", name="ptr")),
        ("ptr:x.se.", Term(written="ptr:x.se.", qualifier="+", name="ptr", domain="x.se.")),
        (
            "exists:%{i}._s.x.se",
            Term(written="exists:%{i}._s.x.se", qualifier="+", name="exists", domain="%{i}._s.x.se"),
        ),
        ("include:%{d1r}", Term(written="include:%{d1r}", qualifier="+", name="include", domain="%{d1r}")),
        (
            "ip4:192.0.2.9/24",
            Term(written="ip4:192.0.2.9/24", qualifier="+", name="ip4", network=ip_network("192.0.2.0/24")),
        ),
        (
            "ip6:2001:db8::/32",
            Term(written="ip6:2001:db8::/32", qualifier="+", name="ip6", network=ip_network("2001:db8::/32")),
        ),
    ],
)
def test_each_mechanism(written: str, term: Term) -> None:
    record = parse_spf(f"v=spf1 {written}")
    assert record.faults == ()
    assert record.terms == (term,)


@pytest.mark.parametrize(
    "written",
    [
        *("all:x.se", "-all/8", "include", "include:", "include:x", "include:192.0.2.1", "include:a b", "exists"),
        *("ip4", "ip4:", "ip4:x.se", "ip4:192.0.2.1/33", "ip4:192.0.2.1/", "ip4:192.0.2.1/255.255.255.0", "ip4:::1"),
        *("ip4:192.0.2.1/032", "ip4:192.0.2", "ip6:192.0.2.1", "ip6:2001:db8::/129", "ip4/24", "ip4:192.0.2.0/24/8"),
        *("a/33", "a/8/8", "a//129", "a/024", "a:", "mx:/24", "a:x.se/", "a:%{x}.se", "a:%{c}.se", "a:100%.se"),
        *("foo", "+", "-", "redirect=", "redirect=x", "redirect=x.se redirect=y.se", "exp=", "foo=%abc", "a:ä.se"),
        *("ipv4:192.0.2.1", "include=x.se%", "=x", "-include"),
    ],
)
def test_a_term_that_breaks_the_record(written: str) -> None:
    assert parse_spf(f"v=spf1 {written} -all").faults


@pytest.mark.parametrize("written", ["exp=why.x.se", "unknown=anything", "moo.x_y-z=%{s}", "foo="])
def test_modifiers_that_concern_nobody_break_nothing(written: str) -> None:
    assert parse_spf(f"v=spf1 {written} -all").faults == ()


def test_after_all_nothing_counts() -> None:
    record = parse_spf("v=spf1 ~all a include:x.se redirect=y.se")
    assert [term.name for term in record.counting] == ["all"]
    assert (record.closing, record.follows, record.redirect) == ("~", "", "y.se")


def test_without_all_the_redirect_is_followed() -> None:
    record = parse_spf("v=spf1  redirect=Y.se   a")
    assert (record.closing, record.follows) == ("", "Y.se")


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("", "acme.se"),
        ("X.se.", "x.se"),
        ("%{d}.x.se", "acme.se.x.se"),
        ("%{o}", "acme.se"),
        ("%{i}.x.se", None),
        ("%{d2}", None),
    ],
)
def test_a_domain_that_depends_on_the_message_is_unknown(spec: str, name: str | None) -> None:
    assert own_domain_in(spec, "acme.se") == name


@given(st.text(alphabet=st.characters(codec="utf-8")) | st.text(alphabet="v=spf1 amx:/%{}di~-?+48.ncludeip\x00"))
def test_anything_can_be_looked_at(text: str) -> None:
    """A record is somebody else's text: it is taken apart or found fault with, and never more."""
    record = parse_spf(f"v=spf1 {text}")
    assert record.faults or all(term.qualifier in "+-~?" for term in record.terms)


@given(
    st.lists(
        st.builds(
            "".join,
            st.tuples(
                st.sampled_from(("", "+", "-", "~", "?")),
                st.one_of(
                    st.sampled_from(("a", "mx", "ptr", "all")),
                    st.ip_addresses(v=4).map(lambda one: f"ip4:{one}"),
                    st.ip_addresses(v=6).map(lambda one: f"ip6:{one}"),
                    st.from_regex(r"(include|a|mx|exists|ptr):[a-z]{1,9}\.[a-z]{2,5}", fullmatch=True),
                ),
            ),
        )
    )
)
def test_what_the_grammar_allows_is_read_as_written(terms: list[str]) -> None:
    record = parse_spf(" ".join(["v=spf1", *terms]))
    assert record.faults == ()
    assert [term.written for term in record.terms] == terms
