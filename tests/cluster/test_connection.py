"""The connection to a scheduler: what is no address, who does not answer, and what does not fit."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from campaign.cluster import connection
from campaign.cluster.connection import Connection, require_address
from campaign.errors import UsageError
from tests.ports import silent_port


@pytest.mark.parametrize(
    "address", ["local", "tcp://10.0.0.1:8786", "tls://scheduler.acme.example:8786", "tcp://[fd00::1]:8786"]
)
def test_an_address_is_taken(address: str) -> None:
    require_address(address)


@pytest.mark.parametrize(
    "address", ["", "localhost", "scheduler:8786", "http://scheduler:8786", "tcp://scheduler", "tcp://a:b@scheduler:1"]
)
def test_what_is_none_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="no address of a cluster"):
        require_address(address)


def test_without_the_library_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match="not installed: distributed") as caught:
        Connection("tcp://127.0.0.1:1", workers=1)
    assert "'campaign[dask]'" in caught.value.fix


def test_the_room_costs_nothing_until_it_is_entered() -> None:
    """Whoever imports it has not imported Dask."""
    source = "import sys, campaign.cluster; sys.exit('distributed' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", source], check=False).returncode == 0


@pytest.mark.postgres
def test_a_scheduler_that_does_not_answer_is_told_with_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_PATIENCE", 0.5)
    with silent_port() as port:
        address = f"tcp://127.0.0.1:{port.getsockname()[1]}"
        with pytest.raises(UsageError, match="can't be reached") as caught:
            Connection(address, workers=1)
    assert caught.value.where == f"--cluster {address}" and "dask scheduler" in caught.value.fix


@pytest.mark.postgres
def test_tls_without_certificates_is_refused_with_where_they_belong() -> None:
    with pytest.raises(UsageError, match="no certificates are named for the cluster") as caught:
        Connection("tls://127.0.0.1:8786", workers=1)
    assert "DASK_DISTRIBUTED__COMM__TLS__CA_FILE" in caught.value.fix


@pytest.mark.postgres
def test_certificates_that_are_not_there_are_told(tmp_path: Path) -> None:
    import dask

    none = str(tmp_path / "none.pem")
    named = {f"distributed.comm.tls.{name}": none for name in ("ca-file", "client.cert", "client.key")}
    with dask.config.set(named), pytest.raises(UsageError, match="certificates for the cluster can't be read"):
        Connection("tls://127.0.0.1:8786", workers=1)


@pytest.mark.postgres
def test_where_dask_wants_tls_an_address_without_it_is_refused() -> None:
    import dask

    with (
        dask.config.set({"distributed.comm.require-encryption": True}),
        pytest.raises(UsageError, match="Dask's configuration wants TLS"),
    ):
        Connection("tcp://127.0.0.1:8786", workers=1)


def test_another_python_or_another_dask_is_refused() -> None:
    def told(python: str, release: str) -> dict[str, Any]:
        return {"host": (("python", python), ("OS", "Linux")), "packages": {"distributed": release}}

    class Client:
        def get_versions(self, *, check: bool) -> dict[str, Any]:
            return {"client": told("3.11.2.final.0", "2026.8.0"), "scheduler": self.scheduler, "workers": {}}

        def __init__(self, scheduler: dict[str, Any]) -> None:
            self.scheduler = scheduler

    def checked(scheduler: dict[str, Any]) -> None:
        made = Connection.__new__(Connection)
        made.client, made._where = Client(scheduler), "--cluster x"
        made._require_fitting_versions()

    checked(told("3.11.9.final.0", "2026.8.0"))
    with pytest.raises(UsageError, match=r"has Python 3\.12, and this machine has 3\.11"):
        checked(told("3.12.1.final.0", "2026.8.0"))
    with pytest.raises(UsageError, match=r"has distributed 2025\.1\.0, and this machine has 2026\.8\.0"):
        checked(told("3.11.2.final.0", "2025.1.0"))
