"""What workers on other machines need of a run, and no secret: made by its owner, kept in the ledger by digest.

    RunPlan + Job ─▶ Bundle ─▶ ledger ─▶ `campaign.run.joining` ─▶ Job, with that machine's own secrets

A bundle is two documents and the files that they name, all by their SHA-256. The first has what is to be sent
(settings, templates, files for all, which rows): two runs that have it alike send alike, and one may go on where the
other's owner died. The second has the facts of one run: its window, what its Message-IDs are made with. The digest of
both is the bundle's. Raises TemplateError, SettingsError for a file that is gone.
"""

import hashlib
import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from campaign import __version__
from campaign.dkim import load_key, public_key_record
from campaign.errors import SettingsError
from campaign.run.bundle_files import AUTHORITIES, TEMPLATES, own_attachments, template_files
from campaign.run.plan import Resend, RunPlan
from campaign.run.secrets_check import secrets_check
from campaign.run.window_json import window_to_json
from campaign.settings import as_document
from campaign.worker.job import Job
from campaign.worker.message_factory import MessageFactory


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
    """Make the bundle of a run, by the orders that its own workers get. `factory`: its messages, compiled."""
    settings, message = plan.settings, job.message_plan
    document = as_document(settings)
    files: dict[str, bytes] = {}

    def kept(octets: bytes) -> str:
        digest = sha256(octets)
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
            table["ca_file"] = name = f"{AUTHORITIES}/{number}.pem"
            authorities[name] = kept(_octets_of(server.ca_file, "smtp.ca_file"))
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


def _resend(resend: Resend | None) -> dict[str, Any] | None:
    if resend is None:
        return None
    source = None if resend.source is None else sha256(_octets_of(resend.source, "--from"))
    return {"include": sorted(resend.include), "source": source}


def _canonical(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha256(octets: bytes) -> str:
    """Give the digest by which contents are kept: in hex."""
    return hashlib.sha256(octets).hexdigest()


def _text(octets: bytes | None) -> str | None:
    return None if octets is None else b64encode(octets).decode()


def _octets_of(file: Path, setting: str) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        what = f"{file} can't be read: {error.strerror}"
        raise SettingsError(what, where=setting, fix="put it back, then run the command again") from None
