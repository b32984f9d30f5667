"""Lists of tag=value, as DKIM and DMARC have them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.deliverability.dns.tag_list import parse_tags


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("v=DKIM1; k=rsa; p=AB/c+d==", {"v": "DKIM1", "k": "rsa", "p": "AB/c+d=="}),
        (" v = DMARC1 ;p=none;", {"v": "DMARC1", "p": "none"}),
        ("p=", {"p": ""}),
        ("n=a b  c; t=y:s", {"n": "a b  c", "t": "y:s"}),
        ("P=1; p=2", {"P": "1", "p": "2"}),
    ],
)
def test_what_is_written_is_read(text: str, tags: dict[str, str]) -> None:
    read = parse_tags(text)
    assert (read.tags, read.faults) == (tags, ())


@pytest.mark.parametrize("text", ["v=DKIM1;; p=x", "v=DKIM1; p", "=x", "1a=x", "a=1; a=2", "v=DKIM1 p=x, y"])
def test_what_can_not_be_read_is_a_fault_or_a_part_of_a_value(text: str) -> None:
    assert parse_tags(text).faults or "p" not in parse_tags(text).tags


_NAMES = st.from_regex(r"[a-zA-Z][a-zA-Z0-9_]{0,8}", fullmatch=True)
_VALUES = st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=";"))


@given(st.dictionaries(_NAMES, _VALUES, min_size=1), st.sampled_from((";", "; ", " ;\t")))
def test_any_list_is_read_as_written(tags: dict[str, str], between: str) -> None:
    read = parse_tags(between.join(f"{name}={value}" for name, value in tags.items()))
    assert (read.tags, read.faults) == (tags, ())


@given(st.text())
def test_anything_can_be_looked_at(text: str) -> None:
    parse_tags(text)
