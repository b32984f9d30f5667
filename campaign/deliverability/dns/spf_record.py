"""SPF records taken apart: RFC 7208 sections 4.5, 4.6, 5 to 7 and 12.

In: the text of a TXT record. Out: an `SpfRecord` with its terms, and with what is wrong in it, since one bad term makes
the whole record worth nothing (permerror). Raises nothing. Nothing is asked here.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

Network = IPv4Network | IPv6Network

ASKING = frozenset({"include", "a", "mx", "ptr", "exists", "redirect"})
"""Terms that cost a receiver DNS lookups: ten at most (section 4.6.4)."""

_VERSION = re.compile(r"v=spf1(?= |$)", re.IGNORECASE)
_MODIFIER = re.compile(r"(?P<name>[a-z][a-z0-9_.-]*)=(?P<value>.*)", re.IGNORECASE)
_DIRECTIVE = re.compile(r"(?P<qualifier>[+?~-]?)(?P<name>[a-z][a-z0-9_.-]*)(?P<rest>[:/].*)?", re.IGNORECASE)
_CIDR = re.compile(r"(?:/(?P<four>\d{1,3}))?(?://(?P<six>\d{1,3}))?$")
_PREFIX = re.compile(r"0|[1-9]\d{0,2}")
_MACRO = re.compile(r"%(?:\{[slodiphv]\d*r?[.+,/_=-]*\}|[%_-])", re.IGNORECASE)
_TOP_LABEL = re.compile(r"(?!\d+$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", re.IGNORECASE)
_OWN_DOMAIN = re.compile(r"%\{[do]\}", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One mechanism with its qualifier."""

    written: str
    qualifier: str
    """One of + - ~ ?"""
    name: str
    domain: str = ""
    """As written, macros and all; "" is the record's own domain."""
    network: Network | None = None
    """Of ip4 and ip6."""
    four: int = 32
    six: int = 128
    """Lengths of the prefixes that a and mx compare."""

    @property
    def asks(self) -> bool:
        """Whether it counts as a DNS lookup."""
        return self.name in ASKING


@dataclass(frozen=True, slots=True, kw_only=True)
class SpfRecord:
    """A record taken apart."""

    terms: tuple[Term, ...]
    redirect: str = ""
    faults: tuple[str, ...] = ()

    @property
    def counting(self) -> tuple[Term, ...]:
        """The terms that can count: none after `all`, which always matches (section 5.1)."""
        for number, term in enumerate(self.terms):
            if term.name == "all":
                return self.terms[: number + 1]
        return self.terms

    @property
    def closing(self) -> str:
        """The qualifier of `all`; "" where there is none."""
        last = self.counting[-1:]
        return last[0].qualifier if last and last[0].name == "all" else ""

    @property
    def follows(self) -> str:
        """Where `redirect` leads, if it counts: with `all` it does not (section 6.1)."""
        return "" if self.closing else self.redirect


def is_spf(text: str) -> bool:
    """Whether a TXT record is one of SPF (section 4.5)."""
    return _VERSION.match(text) is not None


def parse_spf(text: str) -> SpfRecord:
    """Take a record apart; it begins with v=spf1."""
    terms, faults = [], []
    modifiers: dict[str, str] = {}
    for written in text.split(" ")[1:]:
        if not written:
            continue
        modifier = _MODIFIER.fullmatch(written)
        if modifier is not None:
            name = modifier["name"].lower()
            if name in modifiers and name in ("redirect", "exp"):
                faults.append(f"{name}= stands in it twice")
            elif name in ("redirect", "exp") and not _is_domain_spec(modifier["value"]):
                faults.append(f'"{written[:80]}" names no domain')
            elif not _is_macro_string(modifier["value"]):
                faults.append(f'"{written[:80]}" is no term of SPF')
            modifiers[name] = modifier["value"]
            continue
        term = _directive(written)
        if isinstance(term, str):
            faults.append(term)
        else:
            terms.append(term)
    return SpfRecord(terms=tuple(terms), redirect=modifiers.get("redirect", ""), faults=tuple(faults))


def own_domain_in(spec: str, domain: str) -> str | None:
    """Give the name that a domain-spec stands for, or None where that depends on who sends what from where."""
    spelt = _OWN_DOMAIN.sub(lambda _: domain, spec or domain)  # of a bounce address, %{o} is the domain, too
    return None if "%" in spelt else spelt.lower().removesuffix(".")


def _directive(written: str) -> Term | str:
    """Give a mechanism, or what is wrong with it."""
    found = _DIRECTIVE.fullmatch(written)
    shown = f'"{written[:80]}"'
    if found is None:
        return f"{shown} is no term of SPF"
    name, rest, qualifier = found["name"].lower(), found["rest"] or "", found["qualifier"] or "+"
    if name == "all":
        return f"{shown}: all stands alone" if rest else Term(written=written, qualifier=qualifier, name=name)
    if name in ("ip4", "ip6"):
        return _network_term(written, qualifier, name, rest)
    if name in ("include", "exists", "ptr"):
        if not _is_domain_spec(rest[1:]) and not (name == "ptr" and not rest):
            return f"{shown} names no domain"
        return Term(written=written, qualifier=qualifier, name=name, domain=rest[1:])
    if name in ("a", "mx"):
        return _address_term(written, qualifier, name, rest)
    return f"{shown} is no term of SPF"


def _network_term(written: str, qualifier: str, name: str, rest: str) -> Term | str:
    if "/" in rest and _PREFIX.fullmatch(rest.rpartition("/")[2]) is None:  # a length, and no mask
        return f'"{written[:80]}" is no network'
    try:
        network = ip_network(rest[1:], strict=False)
    except ValueError:
        return f'"{written[:80]}" is no network'
    if not rest.startswith(":") or network.version != int(name[-1]):
        return f'"{written[:80]}" is no network of {name}'
    return Term(written=written, qualifier=qualifier, name=name, network=network)


def _address_term(written: str, qualifier: str, name: str, rest: str) -> Term | str:
    # A slash may also be a delimiter within a macro, so the prefixes are looked for from the end.
    cidr = _CIDR.search(rest)
    assert cidr is not None  # it matches nothing at the end, too
    domain = rest[: cidr.start()]
    lengths = (cidr["four"] or "32", cidr["six"] or "128")
    four, six = map(int, lengths)
    if four > 32 or six > 128 or not all(map(_PREFIX.fullmatch, lengths)):
        return f'"{written[:80]}" has no length of a prefix behind its slash'
    if domain and not (domain.startswith(":") and _is_domain_spec(domain[1:])):
        return f'"{written[:80]}" names no domain'
    return Term(written=written, qualifier=qualifier, name=name, domain=domain[1:], four=four, six=six)


def _is_domain_spec(spec: str) -> bool:
    """Whether it is a macro-string that ends as a domain does: in a top label, or in a macro (section 7.1)."""
    if not spec or not _is_macro_string(spec):
        return False
    if spec.endswith("}") and _MACRO.search(spec) is not None:
        return True
    before, dot, label = spec.removesuffix(".").rpartition(".")
    return bool(dot and before) and _TOP_LABEL.fullmatch(label) is not None


def _is_macro_string(text: str) -> bool:
    plain = _MACRO.sub("", text)
    return "%" not in plain and all("!" <= character <= "~" for character in plain)
