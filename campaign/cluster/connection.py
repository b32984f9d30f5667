"""The connection to Dask's scheduler, or to a cluster of this machine's own, for a try.

Takes the address as `--cluster` has it: `tcp://HOST:PORT`, `tls://HOST:PORT`, or `local`. The certificates of TLS are
those of Dask's own configuration (its files, or `DASK_DISTRIBUTED__COMM__TLS__…`): `Security()` finds them, as it does
for schedulers and workers elsewhere. Raises UsageError, in our words. Dask's own log and warnings are silenced: what
they tell is for whoever operates the cluster, and stands in its logs.
"""

import contextlib
import logging
import re
import warnings
from typing import Any

from campaign.errors import UsageError
from campaign.extras import install_command

LOCAL = "local"
_ADDRESS = re.compile(r"(?:tcp|tls|ws|wss|ucx)://(?:\[[0-9a-fA-F:.]+\]|[^\s/:@\[\]]+):\d{1,5}").fullmatch
_ENCRYPTED = ("tls://", "wss://")
_PATIENCE = 10.0
"""Seconds that a scheduler has to answer."""
_TLS_FIX = (
    "name the files in Dask's own configuration: DASK_DISTRIBUTED__COMM__TLS__CA_FILE, "
    "DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT and …__CLIENT__KEY (`campaign guide machines`)"
)


class Connection:
    """A client of a scheduler, and the cluster itself where it is `local`."""

    def __init__(self, address: str, *, workers: int) -> None:
        """`workers`: how many a cluster of this machine's own has room for."""
        require_address(address)
        _require_library()
        self._where = f"--cluster {address}"
        self._cluster = _local_cluster(workers) if address == LOCAL else None
        try:
            self.client: Any = self._connect(address)
            self._require_fitting_versions()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of it. What has been placed stays; but a cluster of this machine's own ends."""
        client: Any = getattr(self, "client", None)
        for part in filter(None, (client, self._cluster)):
            with contextlib.suppress(OSError, TimeoutError):
                part.close(timeout=_PATIENCE)

    def _connect(self, address: str) -> Any:
        from distributed import Client

        try:
            if self._cluster is not None:
                return Client(self._cluster, timeout=_PATIENCE, set_as_default=False)
            security = self._security(address)
            return Client(address, timeout=_PATIENCE, set_as_default=False, security=security, name="campaign")
        except (OSError, ValueError) as error:  # a time that is up is an OSError, too
            fix = "see that `dask scheduler` runs there, and that this machine can reach it"
            if address.startswith(_ENCRYPTED):
                fix = f"{fix}; or {_TLS_FIX}"
            words = str(error).partition("\n")[0] or type(error).__name__
            raise UsageError(f"the cluster's scheduler can't be reached: {words}", where=self._where, fix=fix) from None

    def _security(self, address: str) -> Any:
        """Give what TLS takes, by Dask's configuration. Looked at here, since a client that can't begin can't end."""
        from distributed import Security

        security, encrypted = Security(), address.startswith(_ENCRYPTED)
        try:
            found = security.get_connection_args("client")
        except OSError as error:  # a file that is not there, or is no certificate (ssl.SSLError)
            raise UsageError(
                f"the certificates for the cluster can't be read: {error}", where=self._where, fix=_TLS_FIX
            ) from None
        if encrypted and found.get("ssl_context") is None:
            raise UsageError("no certificates are named for the cluster", where=self._where, fix=_TLS_FIX)
        if security.require_encryption and not encrypted:
            raise UsageError(
                "Dask's configuration wants TLS, and this address has none",
                where=self._where,
                fix="give the scheduler's tls:// address",
            )
        return security

    def _require_fitting_versions(self) -> None:
        """Raise UsageError where the scheduler has another Python or another Dask: tasks would be misunderstood."""
        told: dict[str, Any] = self.client.get_versions(check=False)
        ours, theirs = _versions(told["client"]), _versions(told["scheduler"])
        for what, version in ours.items():
            if theirs.get(what) != version:
                raise UsageError(
                    f"the cluster's scheduler has {what} {theirs.get(what)}, and this machine has {version}",
                    where=self._where,
                    fix=f"have the same {what} on this machine and on all of the cluster",
                )


def require_address(address: str) -> None:
    """Raise UsageError for what is no address of a cluster."""
    if address != LOCAL and not _ADDRESS(address):
        raise UsageError(
            f"{address!r} is no address of a cluster",
            where="--cluster",
            fix="give the scheduler's, as tcp://HOST:8786 or tls://HOST:8786, or `local` for a try on this machine",
        )


def _versions(told: dict[str, Any]) -> dict[str, str]:
    """What must be equal: Python's first two numbers, whose code is carried; and Dask's release."""
    host = dict(told["host"])
    return {
        "Python": ".".join(str(host["python"]).split(".")[:2]),
        "distributed": str(told["packages"]["distributed"]),
    }


def _require_library() -> None:
    try:
        import distributed
    except ImportError:
        raise UsageError(
            "a library that clusters need is not installed: distributed",
            where="--cluster",
            fix=f"install it: {install_command('dask')}",
        ) from None
    for name in ("distributed", *(f"distributed.{name}" for name in ("client", "core", "comm", "nanny", "deploy"))):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", category=distributed.versions.VersionMismatchWarning)


def _local_cluster(workers: int) -> Any:
    from distributed import LocalCluster, Security

    try:
        secured = Security.temporary()  # whoever reaches a scheduler can have code run: others on this machine, too
    except ImportError:
        raise UsageError(
            "a library that --cluster local needs is not installed: cryptography",
            where="--cluster local",
            fix=f"install it: {install_command('dask')}",
        ) from None
    return LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        host="127.0.0.1",
        protocol="tls://",
        security=secured,
        dashboard_address="127.0.0.1:0",
        silence_logs=logging.CRITICAL,
        memory_limit=None,
        preload="campaign.cluster.no_interrupt",
    )
