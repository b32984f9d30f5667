"""Encoding for URLs, as plain Jinja2 does it."""

from hypothesis import given
from hypothesis import strategies as st
from jinja2.filters import do_urlencode

from campaign.content.urls import urlencode


@given(value=st.text() | st.emails() | st.from_regex(r"[a-z0-9.+@/~_-]*\Z") | st.dictionaries(st.text(), st.text()))
def test_urlencode_is_that_of_plain_jinja(value: object) -> None:
    assert urlencode(value) == do_urlencode(value)  # type: ignore[arg-type]
