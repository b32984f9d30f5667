"""A private key from its file: what will do, what will not, and that nothing of it is ever shown."""

import base64
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from campaign.dkim import SigningKey, load_key, public_key_record, read_key
from campaign.errors import SettingsError
from tests.dkim.keys import ed25519, key_file, mersenne, pem, rsa
from tests.smtp_server.certificates import authority_pem

PKCS1 = PrivateFormat.TraditionalOpenSSL


def read(path: Path, content: bytes) -> SigningKey:
    return read_key(key_file(path / "dkim.pem", content), domain="acme.example", selector="2026a")


def refusal(path: Path, content: bytes) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        read(path, content)
    error = caught.value
    assert error.what.startswith("dkim.key_file won't do: ")
    assert error.where == str(path / "dkim.pem")
    assert error.fix
    for line in content.splitlines():
        if len(line) > 30 and not line.startswith(b"-----"):
            assert line.decode("latin-1") not in str(error)
    assert error.__cause__ is None
    return error


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PKCS1])
def test_rsa_will_do(tmp_path: Path, form: PrivateFormat) -> None:
    key = load_key(read(tmp_path, pem(rsa(), form)))
    assert (key.algorithm, key.domain, key.selector) == ("rsa", "acme.example", "2026a")
    rsa().public_key().verify(key.sign(bytes(32)), bytes(32), PKCS1v15(), Prehashed(SHA256()))


def test_ed25519_will_do(tmp_path: Path) -> None:
    key = load_key(read(tmp_path, pem(ed25519())))
    assert key.algorithm == "ed25519"
    ed25519().public_key().verify(key.sign(bytes(32)), bytes(32))


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"a note\n", authority_pem()])
def test_what_stands_around_the_key_does_not_matter(tmp_path: Path, before: bytes) -> None:
    public = rsa().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    key = read(tmp_path, (before + pem(rsa()) + public).replace(b"\n", b"\r\n"))
    assert load_key(key).public == load_key(read(tmp_path, pem(rsa()))).public
    assert b"note" not in key.pem and b"CERT" not in key.pem and b"PUBLIC" not in key.pem


def not_an_rsa_key_any_more() -> bytes:
    """A key whose numbers do not belong together: one of its primes is another number."""
    numbers = rsa().private_numbers()
    mine, others = (number.to_bytes(128, "big") for number in (numbers.q, numbers.q ^ 1 << 77))
    encoded = rsa().private_bytes(Encoding.DER, PKCS1, NoEncryption())
    assert encoded.count(mine) == 1
    body = base64.encodebytes(encoded.replace(mine, others))
    return b"-----BEGIN RSA PRIVATE KEY-----\n" + body + b"-----END RSA PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (lambda: pem(mersenne(521, 607)), "1128 bits"),
        (lambda: pem(mersenne(2203, 2281)), "4484 bits"),
        (lambda: rsa().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")), "encrypted"),
        (lambda: rsa().private_bytes(Encoding.PEM, PKCS1, BestAvailableEncryption(b"x")), "encrypted"),
        (
            lambda: rsa().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            "that is a public key",
        ),
        (lambda: rsa().public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1), "that is a public key"),
        (authority_pem, "but a certificate"),
        (lambda: pem(rsa()) + pem(ed25519()), "more than one private key"),
        (lambda: rsa().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()), "OpenSSH"),
        (
            lambda: ec.generate_private_key(ec.SECP256R1()).private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
            ),
            "neither RSA nor Ed25519",
        ),
        (
            lambda: dsa.generate_private_key(1024).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
            "neither RSA nor Ed25519",
        ),
        (lambda: rsa().private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()), "that is DER"),
        (lambda: pem(rsa())[:300] + b"\n-----END PRIVATE KEY-----\n", "damaged"),
        (lambda: pem(rsa())[:300], "has no end"),
        (lambda: b"MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj", "no private key in it"),
        (not_an_rsa_key_any_more, "damaged"),
        (lambda: b"", "no private key in it"),
        (lambda: b"x" * 70_000, "larger than 64 KiB"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_will_not_do_is_refused_and_nothing_of_it_is_shown(
    tmp_path: Path, content: Callable[[], bytes], words: str
) -> None:
    assert words in refusal(tmp_path, content()).what


@pytest.mark.parametrize(("name", "words"), [("nowhere.pem", "No such file"), (".", "Is a directory"), ("a\0b", "NUL")])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words) as caught:
        read_key(tmp_path / name, domain="acme.example", selector="s")
    assert caught.value.where == str(tmp_path / name)


def test_a_key_is_seen_nowhere_and_travels(tmp_path: Path) -> None:
    key = read(tmp_path, pem(rsa()))
    body = key.pem.splitlines()[1].decode()
    shown = f"{key!r} {key} {load_key(key)!r}"
    assert body not in shown and "PRIVATE" not in shown
    assert pickle.loads(pickle.dumps(key)) == key


@pytest.mark.parametrize("make", [rsa, ed25519])
def test_the_record_is_the_public_key(tmp_path: Path, make: Callable[[], RSAPrivateKey | Ed25519PrivateKey]) -> None:
    """What openssl says of the public key stands in the record: RFC 6376 appendix C, RFC 8463 section 4.2."""
    record = public_key_record(load_key(read(tmp_path, pem(make()))))
    tags = dict(tag.split("=", 1) for tag in record.split("; "))
    spki = subprocess.run(
        ["openssl", "pkey", "-in", str(tmp_path / "dkim.pem"), "-pubout", "-outform", "DER"],
        capture_output=True, check=True,
    ).stdout  # fmt: skip
    published = base64.b64decode(tags["p"], validate=True)
    assert tags["v"] == "DKIM1"
    assert published == (spki if tags["k"] == "rsa" else spki[-32:])
    assert list(tags) == ["v", "k", "p"]


def test_without_the_library_it_says_how_to_install_it(tmp_path: Path) -> None:
    key_file(tmp_path / "dkim.pem")
    program = (
        "import sys, pathlib; sys.modules['cryptography'] = None\n"
        "from campaign.dkim import read_key\n"
        "from campaign.errors import SettingsError\n"
        "try: read_key(pathlib.Path(sys.argv[1]), domain='acme.example', selector='s')\n"
        "except SettingsError as error: print(error)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "dkim.pem")], capture_output=True, text=True, check=True
    )
    assert "cryptography" in ran.stdout
    assert f"{sys.executable} -m pip install 'campaign[dkim]'" in ran.stdout


def test_the_library_is_not_asked_for_before_a_key_is_read() -> None:
    """PyJWT imports it where it is installed; we don't."""
    program = "import sys, campaign.cli, campaign.run.runner; print('campaign.dkim.pem' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
