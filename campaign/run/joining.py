"""A run that goes on elsewhere, joined: its bundle (`campaign.run.bundle`) out of the ledger, and a worker's orders
made of it with this machine's own secrets, by the same steps as the owner's.

What does not fit is refused: another version, another link secret or DKIM key, settings in the environment that the run
has otherwise, libraries and files that are not here. Raises SettingsError, LinkError, TemplateError, LedgerError; then
nothing was done.
"""

import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from campaign import __version__
from campaign.dkim import SigningKey, load_key, public_key_record
from campaign.errors import LedgerError, SettingsError
from campaign.ledger.interface import BundleOnRecord, JoinableRun, RunOnRecord
from campaign.ledger_place import DatabasePlace
from campaign.run.bundle import sha256
from campaign.run.bundle_files import (
    TEMPLATES,
    own_attachments,
    require_folder_of_files,
    require_same_files,
    write_out,
)
from campaign.run.own_settings import own_settings
from campaign.run.plan import RunPlan
from campaign.run.secrets_check import checks
from campaign.run.servers import configured_servers, read_signing_keys
from campaign.run.signing_secret import signing_secret
from campaign.run.window_json import window_from_json
from campaign.schedule import Schedule
from campaign.settings import Settings, require_secrets
from campaign.worker.job import Job
from campaign.worker.message_factory import MessageFactory


def window_of(run: BundleOnRecord, bundle: str) -> Schedule:
    """Give the window that a run on record goes by: whoever takes it over goes on with that one."""
    return window_from_json(_document(run, bundle.partition(".")[2])["window"])


def join(
    run: JoinableRun,
    found: RunOnRecord,
    *,
    place: DatabasePlace,
    folder: Path,
    environ: Mapping[str, str],
    files: Path | None = None,
) -> Job:
    """Give a worker its orders for the run that was `found`. `folder`: an empty one of its own, for as long as it
    works; `environ`: its machine's; `files`: where contacts' own attachments lie, as below the campaign's folder.
    """
    orders_digest, _, facts_digest = found.bundle.partition(".")
    orders = _document(run, orders_digest)
    if orders.get("package") != __version__:
        raise SettingsError(
            f"the run was begun by campaign {orders.get('package')}, and this is campaign {__version__}",
            where=str(place),
            fix="install the same version on all machines, then start the worker again",
        )
    facts = _document(run, facts_digest)
    settings = own_settings(orders["settings"], folder, environ)
    require_secrets(settings, sandbox=False)
    secret = signing_secret(settings)
    if not checks(run.check(), secret, found.bundle):
        raise SettingsError(
            "the link secret here is not the run's: links signed with it would sign nobody in",
            where="CAMPAIGN_LINK__SECRET, or CAMPAIGN_LINK__SECRET_FILE",
            fix="give all machines the same one; only if it is the same, find out who else writes in the database",
        )
    keys = _signing_keys(settings, orders["keys"])
    write_out({f"{TEMPLATES}/{name}": run_file(run, one) for name, one in orders["templates"].items()}, folder)
    write_out({name: run_file(run, one) for name, one in orders["authorities"].items()}, folder)
    plan = _plan(settings, place, secret, keys, facts)
    job = replace(
        plan.job(
            window_from_json(facts["window"]),
            facts["message_id_domain"],
            _octets(facts["message_id_secret"]),
            _octets(facts["contact_key_salt"]),
            {path: run_file(run, one) for path, one in orders["attached"].items()} or None,
            rows_beyond=facts["rows_beyond"],
        ),
        by_ledger=True,
        events=facts["events"],
        event_addresses=facts["event_addresses"],
    )
    message = job.message_plan
    if facts["own_attachments"] is not None:
        files = require_folder_of_files(files)
        message = replace(message, folder=files, private=tuple(files / name for name in orders["private"]))
    factory = MessageFactory(message)  # what it takes is installed, or it ends here
    if facts["own_attachments"] is not None:
        here = own_attachments(factory, message.folder, message.private) or {}
        require_same_files(json.loads(run_file(run, facts["own_attachments"])), here, message.folder)
    return replace(job, message_plan=message)


def run_file(run: BundleOnRecord, digest: str) -> bytes:
    """Give one of the bundle's contents, whole. Raises LedgerError."""
    octets = run.file(digest)
    if sha256(octets) != digest:
        raise LedgerError(
            "the run's bundle is not what its owner has put there",
            where="the ledger",
            fix="find out who else writes in the database; end the run, and begin it again",
        )
    return octets


def _signing_keys(settings: Settings, wanted: list[list[str]]) -> tuple[SigningKey, ...]:
    """Read this machine's keys, and see that they are the run's."""
    keys = read_signing_keys(settings)
    for key, (domain, selector, record) in zip(keys, wanted, strict=True):
        if public_key_record(load_key(key)) != record:
            raise SettingsError(
                f"the DKIM key here is not the run's: the DNS has another for {selector}._domainkey.{domain}",
                where=key.source,
                fix="give all machines the same key: CAMPAIGN_DKIM__KEY_FILE",
            )
    return keys


def _plan(
    settings: Settings, place: DatabasePlace, secret: str, keys: tuple[SigningKey, ...], facts: Mapping[str, Any]
) -> RunPlan:
    """The owner's plan, as far as a worker's orders are made from it."""
    servers = configured_servers(settings, commands_in=Path.cwd())
    return RunPlan(
        settings=settings,
        results=settings.folder / f"{settings.name}-results.csv",
        ledger=place,
        server=servers[0],
        servers=servers,
        secret=secret,
        signing_keys=keys,
        wait=facts["wait"],
        backoff=facts["backoff"],
        profile=facts["profile"],
    )


def _document(run: BundleOnRecord, digest: str) -> dict[str, Any]:
    try:
        found = json.loads(run_file(run, digest))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise LedgerError("the run's bundle can't be read", where="the ledger", fix="end the run, and begin it again")
    return found


def _octets(text: str | None) -> bytes | None:
    return None if text is None else b64decode(text)
