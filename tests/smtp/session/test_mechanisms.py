"""SASL mechanisms without a server: the standards' own examples, byte for byte."""

import base64

import pytest
import scramp
from hypothesis import given
from hypothesis import strategies as st

from campaign.smtp.session.mechanisms import MECHANISMS, Credentials, ExchangeError
from tests.smtp_server.sign_in import SignIn

TIM = Credentials(username="tim", password="tanstaaftanstaaf")


def test_plain_is_rfc_4616s_example() -> None:
    assert next(MECHANISMS["PLAIN"](TIM)) == b"\0tim\0tanstaaftanstaaf"


def test_cram_md5_is_rfc_2195s_example() -> None:
    steps = MECHANISMS["CRAM-MD5"](TIM)
    assert next(steps) is None, "the server speaks first"
    answer = steps.send(b"<1896.697170952@postoffice.reston.mci.net>")
    assert answer == b"tim b913a602c7eda7a495b4e6e7334d3890"


def test_scram_sha_256_is_rfc_7677s_example(monkeypatch: pytest.MonkeyPatch) -> None:
    class Client(scramp.ScramClient):  # type: ignore[misc]
        def __init__(self, mechanisms: list[str], username: str, password: str) -> None:
            super().__init__(mechanisms, username, password, c_nonce="rOprNGfwEbeRWgbNEkqO")

    monkeypatch.setattr(scramp, "ScramClient", Client)
    steps = MECHANISMS["SCRAM-SHA-256"](Credentials(username="user", password="pencil"))
    assert next(steps) == b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
    nonce = b"rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    final = steps.send(b"r=" + nonce + b",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")
    assert final == b"c=biws,r=" + nonce + b",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    assert steps.send(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=") == b""


def test_xoauth2_is_googles_form() -> None:
    ours = Credentials(username="someuser@example.com", token="ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg")
    steps = MECHANISMS["XOAUTH2"](ours)
    assert base64.b64encode(next(steps) or b"") == (
        b"dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0"
        b"Q2cBAQ=="
    )
    assert steps.send(b'{"status":"401","schemes":"bearer mac"}') == b""


def test_oauthbearer_is_rfc_7628s_example() -> None:
    ours = Credentials(username="user@example.com", token="vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==",
                       host="server.example.com", port=587)  # fmt: skip
    steps = MECHANISMS["OAUTHBEARER"](ours)
    assert next(steps) == (
        b"n,a=user@example.com,\1host=server.example.com\1port=587\1"
        b"auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\1\1"
    )
    assert steps.send(b'{"status":"invalid_token"}') == b"\1"


def test_external_says_nothing_or_whom_it_wants_to_be() -> None:
    assert next(MECHANISMS["EXTERNAL"](Credentials())) == b""
    assert next(MECHANISMS["EXTERNAL"](Credentials(username="us"))) == b"us"


@pytest.mark.parametrize(
    ("final", "words"),
    [
        (b"v=AAAA", "did not prove"),
        (b"", "did not prove"),
        (b"e=invalid-proof", "the server says invalid-proof"),
        (b"\xff", "is not text"),
    ],
)
def test_a_server_that_does_not_know_the_password_is_not_believed(final: bytes, words: str) -> None:
    """RFC 5802 section 5: the client checks the server's signature."""
    steps = MECHANISMS["SCRAM-SHA-256"](TIM)
    first = (next(steps) or b"").decode()
    nonce = first.partition("r=")[2]
    steps.send(f"r={nonce}more,s={base64.b64encode(b'saltsaltsalt').decode()},i=4096".encode())
    with pytest.raises(ExchangeError, match=words):
        steps.send(final)


def test_a_count_of_iterations_that_would_keep_us_busy_for_hours_is_refused() -> None:
    steps = MECHANISMS["SCRAM-SHA-256"](TIM)
    nonce = (next(steps) or b"").decode().partition("r=")[2]
    with pytest.raises(ExchangeError):
        steps.send(f"r={nonce}more,s={base64.b64encode(b'saltsaltsalt').decode()},i=2000000000".encode())


@pytest.mark.parametrize("name", ["XOAUTH2", "OAUTHBEARER"])
def test_a_challenge_that_is_no_error_report_ends_it(name: str) -> None:
    steps = MECHANISMS[name](Credentials(username="us", token="abc"))
    next(steps)
    with pytest.raises(ExchangeError):
        steps.send(b"what is your password?")


def test_plain_can_not_say_a_nul() -> None:
    with pytest.raises(ExchangeError):
        next(MECHANISMS["PLAIN"](Credentials(username="us", password="a\0b")))


words = st.text(st.characters(exclude_categories=["C", "Z"], max_codepoint=0x24FF), min_size=1, max_size=20)


@pytest.mark.parametrize("name", ["PLAIN", "LOGIN", "CRAM-MD5"])
@given(username=words, password=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
def test_whatever_the_password_the_server_hears_the_same(name: str, username: str, password: str) -> None:
    """UTF-8 in every mechanism. The server's side is the tests' own, written apart."""
    server = SignIn(name, {username: password}, {}, None)
    steps = MECHANISMS[name](Credentials(username=username, password=password))
    line = next(steps)
    challenge = server.step(None if line is None else base64.b64encode(line))
    while challenge is not None:
        answer = steps.send(base64.b64decode(challenge.removeprefix(b"334 ")))
        challenge = server.step(base64.b64encode(answer or b""))
    assert server.user == username
