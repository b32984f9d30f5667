"""No error and no settings show a secret, wherever it stands."""

import json
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.settings.campaign_files import MINIMAL, PROPERTY, SECRETS, Folder, changed, toml

PLACES = [*SECRETS, "smtp.passwd", "link.secrets", "password", "lnk.secret", "smtp.password.value"]
SECRET_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp"]), min_size=8, max_size=30).map(
    lambda text: f"§{text}§"
)
BAD_ELSEWHERE = st.fixed_dictionaries(
    {},
    optional={
        "CAMPAIGN_SMTP__PORT": st.just("x"),
        "CAMPAIGN_SMTP__HOST": st.sampled_from(["a b", "smtp://x"]),
        "CAMPAIGN_SMTP__SECURITY": st.sampled_from(["none", "some"]),
        "CAMPAIGN_LINK__GRACE": st.just("1"),
        "CAMPAIGN_ZZZ": st.just("1"),
    },
)


@PROPERTY
@given(SECRET_TEXT, st.lists(st.sampled_from(PLACES), unique=True), BAD_ELSEWHERE, st.integers(0, 5), st.booleans())
def test_no_error_ever_shows_a_secret(
    folder: Folder, secret: str, places: list[str], environ: dict[str, str], how: int, broken: bool
) -> None:
    document = changed(smtp={"username": "u"})
    for place in places:
        section, _, name = place.partition(".")
        if name:
            document.setdefault(section, {})[name.partition(".")[0]] = {"value": secret} if "." in name else secret
        else:
            document[section] = secret
    content = toml(document) + ("\n= broken" if broken else "")
    environ = dict(environ)
    overrides: dict[str, object] = {"smtp.stop": 1}  # so that it fails whatever is drawn
    if how == 0:
        environ["CAMPAIGN_SMTP__PASSWORD"] = secret
    elif how == 1:
        environ["CAMPAIGN_LINK__SECRET_FILE"] = secret  # the secret where its path should be
    elif how == 2:
        (folder.path / "secret").write_text(secret, encoding="utf-8", newline="")
        environ |= {"CAMPAIGN_LINK__SECRET_FILE": "secret", "CAMPAIGN_LINK__SECRET": secret}
    elif how == 3:
        overrides["smtp.password"] = secret
    elif how == 4:
        environ["CAMPAIGN_SMTP__HOST"] = f"smtp://user:{secret}@smtp.acme.example"
    else:
        environ["CAMPAIGN_SMTP__PASWORD"] = secret
    error = folder.refusal(content, environ, overrides)
    told = [str(error), repr(error), *traceback.format_exception(error), repr(error.__context__), repr(error.__cause__)]
    for text in told:
        assert secret not in text
        assert repr(secret)[1:-1] not in text
        assert json.dumps(secret)[1:-1] not in text


@PROPERTY
@given(SECRET_TEXT)
def test_settings_never_show_a_secret(folder: Folder, secret: str) -> None:
    loaded = folder.load(MINIMAL, {"CAMPAIGN_LINK__SECRET": secret, "CAMPAIGN_SMTP__PASSWORD": secret})
    assert loaded.link.secret is not None
    assert loaded.link.secret.get_secret_value() == secret
    for text in (str(loaded), repr(loaded), repr(loaded.smtp), str(loaded.link), loaded.model_dump_json()):
        assert secret not in text
        assert repr(secret)[1:-1] not in text
    with pytest.raises(AttributeError, match="frozen") as caught:
        loaded.smtp.password = secret  # type: ignore[assignment]
    assert secret not in str(caught.value)
