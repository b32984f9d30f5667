"""What workers on other machines need of a run, and no secret: made by its owner, kept in the ledger by digest, taken out
and made into a `Job` by each worker with its own machine's secrets.

    RunPlan + Job ─▶ Bundle ─▶ ledger ─▶ folder at the worker ─▶ RunPlan ─▶ Job

A bundle is two documents and the files that they name, all by their SHA-256. The first has what is to be sent (settings,
templates, files for all, which rows): two runs that have it alike send alike, and one may go on where the other's owner
died. The second has the facts of one run: its window, what its Message-IDs are made with.
Its digest is that of both. Raises SettingsError, TemplateError, LinkError, LedgerError.
"""

import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from campaign import __version__
from campaign.dkim import load_key, public_key_record
from campaign.errors import LedgerError, SettingsError
from campaign.ledger.interface import JoinableRun, RunOnRecord
from campaign.ledger.place import DatabasePlace
from campaign.run.bundle_files import TEMPLATES, own_attachments, require_same_files, template_files, write_out
from campaign.run.own_settings import own_settings
from campaign.run.plan import Resend, RunPlan
from campaign.run.secrets_check import checks, secrets_check
from campaign.run.servers import configured_servers, read_signing_keys
from campaign.run.signing_secret import signing_secret
from campaign.run.window_json import window_from_json, window_to_json
from campaign.settings import Settings, as_document, require_secrets
from campaign.worker.job import Job
from campaign.worker.message_factory import MessageFactory

_BESIDE = "the ledger"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """One run's."""

    digest: str
    """Of both documents: `SHA256.SHA256`."""
    files: Mapping[str, bytes] = field(repr=False)
    """Contents by their digests."""
    check: str = field(repr=False)
    """The check value of its secrets."""

    def sends_as(self, other: str) -> bool:
        """Whether a run with that bundle, by its digest, sends what this one does: it may be gone on with."""
        return self.digest.partition(".")[0] == other.partition(".")[0]


def make_bundle(plan: RunPlan, job: Job, factory: MessageFactory) -> Bundle:
    """Make the bundle of a run, by the orders that its own workers get. `factory`: the campaign's messages, compiled."""
    settings, message = plan.settings, job.message_plan
    document = as_document(settings)
    files: dict[str, bytes] = {}

    def kept(octets: bytes) -> str:
        digest = _sha256(octets)
        files[digest] = octets
        return digest

    # Where files lie is the owner's machine's own affair.
    document["contacts"] = {
        key: value for key, value in document["contacts"].items() if key not in ("suppress", "encoding")
    }
    document["contacts"]["file"] = settings.contacts.file.name
    template = settings.message.template
    document["message"]["template"] = f"{TEMPLATES}/{template.name}"
    given = document["smtp"] if isinstance(document["smtp"], list) else [document["smtp"]]
    authorities = {}
    for number, (table, server) in enumerate(zip(given, settings.servers, strict=True)):
        if server.ca_file is not None:
            table["ca_file"] = name = f"authorities/{number}.pem"
            authorities[name] = kept(server.ca_file.read_bytes())
    folder = settings.folder
    orders = {
        "package": __version__,
        "settings": document,
        "templates": {name: kept(octets) for name, octets in template_files(factory, template).items()},
        "authorities": authorities,
        "attached": {path: kept(octets) for path, octets in (message.attached or {}).items()},
        "private": sorted(one.relative_to(folder).as_posix() for one in message.private if one.is_relative_to(folder)),
        "keys": [[key.domain, key.selector, public_key_record(load_key(key))] for key in plan.signing_keys],
        "limit": plan.limit,
        "resend": _resend(plan.resend),
    }
    own = own_attachments(factory, folder, message.private)
    facts = {
        "window": window_to_json(message.window),
        "message_id_domain": message.message_id_domain,
        "message_id_secret": _text(message.message_id_secret),
        "contact_key_salt": _text(message.contact_key_salt),
        "own_attachments": None if own is None else kept(_canonical(own)),
        "rows_beyond": job.rows_beyond,
        "wait": job.wait,
        "profile": job.profile,
        "events": job.events,
        "event_addresses": job.event_addresses,
        "backoff": job.backoff,
    }
    digest = f"{kept(_canonical(orders))}.{kept(_canonical(facts))}"
    return Bundle(digest=digest, files=files, check=secrets_check(plan.secret, digest))


def window_of(run: JoinableRun, bundle: str) -> Any:
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
    """Give a worker its orders for the run that was `found`. `folder`: an empty one of its own, for as long as it works;
    `environ`: its machine's; `files`: where contacts' own attachments lie, as below the campaign's folder.

    Raises UsageError for whatever does not fit: then nothing was done.
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
    keys = read_signing_keys(settings)
    for key, (domain, selector, record) in zip(keys, orders["keys"], strict=False):
        if public_key_record(load_key(key)) != record:
            raise SettingsError(
                f"the DKIM key here is not the run's: the DNS has another for {selector}._domainkey.{domain}",
                where=key.source,
                fix="give all machines the same key: CAMPAIGN_DKIM__KEY_FILE",
            )
    write_out({f"{TEMPLATES}/{name}": run_file(run, one) for name, one in orders["templates"].items()}, folder)
    write_out({name: run_file(run, one) for name, one in orders["authorities"].items()}, folder)
    plan = _plan(settings, place, secret, wait=facts["wait"], backoff=facts["backoff"], profile=facts["profile"])
    job = replace(
        replace(plan, signing_keys=keys).job(
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
        files = require_same_files(json.loads(run_file(run, facts["own_attachments"])), files)
        private = tuple(files / name for name in orders["private"])
        message = replace(message, folder=files, private=(*message.private, *private))
    job = replace(job, message_plan=message)
    MessageFactory(message)  # what it takes is installed, or it ends here
    return job


def run_file(run: JoinableRun, digest: str) -> bytes:
    """Give one of the bundle's contents, whole. Raises LedgerError."""
    octets = run.file(digest)
    if _sha256(octets) != digest:
        raise LedgerError(
            "the run's bundle is not what its owner has put there",
            where=_BESIDE,
            fix="find out who else writes in the database; end the run, and begin it again",
        )
    return octets


def _plan(
    settings: Settings, place: DatabasePlace, secret: str, *, wait: bool, backoff: float, profile: bool
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
        signing_keys=(),
        wait=wait,
        backoff=backoff,
        profile=profile,
    )


def _document(run: JoinableRun, digest: str) -> dict[str, Any]:
    try:
        found = json.loads(run_file(run, digest))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise LedgerError("the run's bundle can't be read", where=_BESIDE, fix="end the run, and begin it again")
    return found


def _resend(resend: Resend | None) -> dict[str, Any] | None:
    if resend is None:
        return None
    source = None if resend.source is None else _sha256(resend.source.read_bytes())
    return {"include": sorted(resend.include), "source": source}


def _canonical(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _sha256(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()


def _text(octets: bytes | None) -> str | None:
    return None if octets is None else b64encode(octets).decode()


def _octets(text: str | None) -> bytes | None:
    return None if text is None else b64decode(text)
