"""The PEM files of [smtp]: whom we trust and what we show; a file that will not do is named before anything is sent."""

import ssl
import subprocess
from typing import Any

import pytest
import trustme

from campaign.errors import SettingsError
from campaign.model import Phase
from campaign.smtp.session.connect import connect
from campaign.smtp.session.server import Server
from campaign.smtp.session.tls import client_context, readable_by_others
from campaign.worker.policy import judge
from tests.conftest import StartServer
from tests.pem_files import Files
from tests.smtp.session.tls_sessions import refused, to
from tests.smtp_server import Tls
from tests.smtp_server.handshaker import handshaker


class TestFiles:
    def test_an_authority_is_added_to_those_of_the_system(
        self, smtp_server: StartServer, files: Files, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A server by the one, then a server by the other."""
        system = trustme.CA()
        monkeypatch.setenv("SSL_CERT_FILE", str(files.file("system.pem", system.cert_pem.bytes())))
        connect(to(smtp_server(tls=Tls.GOOD), ca_file=files.ca)).sock.close()
        theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        system.issue_cert("127.0.0.1").configure_cert(theirs)
        with handshaker(theirs, lambda sock: sock.sendall(b"554 No\r\n")) as port:
            error = refused(Server(host="127.0.0.1", port=port, security="tls", timeout=5, ca_file=files.ca))
        assert error.phase is Phase.CONNECT and error.reply is not None and error.reply.code == 554

    def test_tls_1_2_at_least(self) -> None:
        context = client_context()
        assert context.minimum_version is ssl.TLSVersion.TLSv1_2
        assert context.check_hostname and context.verify_mode is ssl.CERT_REQUIRED

    @pytest.mark.parametrize(
        ("setting", "content", "what"),
        [
            ("ca_file", None, "it can't be read: No such file"),
            ("ca_file", b"hello", "there is no certificate in it"),
            ("ca_file", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "can't be read"),
            ("client_cert", None, "it can't be read: No such file"),
            ("client_cert", b"", "there is no certificate in it"),
            ("client_cert", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "can't be read"),
            ("client_key", None, "it can't be read: No such file"),
            ("client_key", b"\x30\x82\x01", "there is no private key in it"),
            ("client_key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "can't be read"),
            ("client_key", trustme.CA().private_key_pem.bytes(), "not that of the certificate in"),
        ],
    )
    def test_a_file_that_will_not_do_is_named(
        self, files: Files, setting: str, content: bytes | None, what: str
    ) -> None:
        bad = files.folder / "bad.pem" if content is None else files.file("bad.pem", content)
        given: dict[str, Any] = {"client_cert": files.cert, "client_key": files.key} | {setting: bad}
        with pytest.raises(SettingsError) as caught:
            client_context(**given)
        assert f"smtp.{setting} won't do" in caught.value.what and what in caught.value.what
        assert caught.value.where == str(bad) and caught.value.fix
        assert caught.value.__context__ is None or caught.value.__suppress_context__

    def test_a_certificate_without_its_key(self, files: Files) -> None:
        with pytest.raises(SettingsError, match=r"smtp\.client_cert won't do: there is no private key in it"):
            client_context(client_cert=files.cert)

    def test_an_encrypted_key_is_refused_not_asked_for(self, files: Files) -> None:
        locked = files.folder / "locked.key"
        subprocess.run(
            ["openssl", "pkey", "-aes256", "-passout", "pass:x", "-in", files.key, "-out", locked], check=True
        )
        with pytest.raises(SettingsError, match="its private key is encrypted") as caught:
            client_context(client_cert=files.cert, client_key=locked)
        assert caught.value.where == str(locked)

    def test_a_file_that_went_away_during_the_run_stops_it(self, smtp_server: StartServer, files: Files) -> None:
        error = refused(to(smtp_server(tls=Tls.GOOD), ca_file=files.folder / "gone.pem"))
        assert error.where == str(files.folder / "gone.pem") and judge(error.phase, error.reply).stop

    @pytest.mark.parametrize(("mode", "readable"), [(0o600, False), (0o640, False), (0o644, True), (0o604, True)])
    def test_who_may_read_the_key(self, files: Files, mode: int, readable: bool) -> None:
        files.key.chmod(mode)
        assert readable_by_others(files.key) is readable
