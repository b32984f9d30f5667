"""Any document, any bytes, any environment: settings come of it, or one error in words."""

import copy
from datetime import UTC

from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.settings import SETTING_HELP, load_settings
from tests.settings.campaign_files import GOOD, MINIMAL, PROPERTY, Document, Folder, variable, with_setting

SCALARS = (
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | st.integers()
    | st.floats()
    | st.booleans()
    | st.datetimes(timezones=st.none() | st.just(UTC))
    | st.dates()
    | st.times()
    | st.sampled_from([text for pairs in GOOD.values() for text, _ in pairs])
)
VALUES = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(st.text("abc", max_size=3), SCALARS, max_size=2)
SETTING_NAMES = st.sampled_from(sorted({key.rpartition(".")[2] for key in SETTING_HELP}))
SECTION_NAMES = st.sampled_from(sorted({key.partition(".")[0] for key in SETTING_HELP}))
KEYS = SETTING_NAMES | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
DOCUMENTS = st.dictionaries(SECTION_NAMES | KEYS, VALUES | st.dictionaries(KEYS, VALUES, max_size=4), max_size=5)


@settings(PROPERTY, max_examples=200)
@given(DOCUMENTS, st.booleans())
def test_no_document_is_answered_by_anything_but_settings_or_one_error(
    folder: Folder, document: Document, minimal: bool
) -> None:
    if minimal:
        base = copy.deepcopy(MINIMAL)
        for name, value in document.items():
            if isinstance(value, dict) and isinstance(base.get(name), dict):
                base[name] |= value
            else:
                base[name] = value
        document = base
    error = folder.attempt(document)
    if error is not None:
        str(error).encode()
        assert "pydantic" not in str(error)


@settings(PROPERTY, max_examples=200)
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_no_bytes_are_answered_by_anything_but_one_error(folder: Folder, content: bytes) -> None:
    error = folder.attempt(content)
    assert error is not None  # nothing so short holds all that must be there
    str(error).encode()


@settings(PROPERTY, max_examples=200)
@given(
    st.dictionaries(
        st.sampled_from([variable(key) for key in SETTING_HELP])
        | st.text(st.characters(exclude_characters="\0="), max_size=10).map(lambda name: f"CAMPAIGN_{name}"),
        st.text(st.characters(exclude_characters="\0"), max_size=20)
        | st.sampled_from([text for pairs in GOOD.values() for text, _ in pairs]),
        max_size=5,
    )
)
def test_no_environment_is_answered_by_anything_but_settings_or_one_error(
    folder: Folder, environ: dict[str, str]
) -> None:
    error = folder.attempt(MINIMAL, environ)
    if error is not None:
        str(error).encode()


@settings(PROPERTY, max_examples=300)
@given(st.text(max_size=30) | st.from_regex(r'["A-Za-z ,.<>@]{1,25}@[a-z.]{1,8}>?', fullmatch=True))
def test_whatever_sender_is_accepted_is_one_address_on_one_line(folder: Folder, sender: str) -> None:
    if any("\ud800" <= character <= "\udfff" for character in sender):
        sender = "a@b.example"
    error = folder.attempt(with_setting("message.from", sender))
    if error is None:
        loaded = load_settings(folder.file, environ={}).message
        assert loaded.sender.endswith((loaded.sender_address, f"<{loaded.sender_address}>"))
        assert loaded.sender_address.count("@") == 1
        assert not set(loaded.sender_address) & set(' <>",;:\r\n')
        assert len(loaded.sender.splitlines()) == 1
