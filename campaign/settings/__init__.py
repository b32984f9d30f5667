"""A campaign's settings: `campaign.toml`, the environment and options, validated once.

    option ─▶ environment ─▶ campaign.toml     (sources: the first that says something wins)
         names no setting, a secret in the file … ─▶ faults ┐
    sections: types, bounds, addresses, hosts … ─▶ faults ┴─▶ one SettingsError, or Settings

`load_settings` takes the path of a campaign.toml and gives a frozen `Settings`; it raises `SettingsError` and nothing
else. Secrets come from the environment or from a file that it names, leave as `SecretStr`, and are never quoted.

Limits: what is checked is what can be known without looking: not the server, not the template, not the contacts.
"""

from campaign.settings.addresses import is_loopback
from campaign.settings.document import as_document
from campaign.settings.joined_ledger import joined_ledger
from campaign.settings.link_secret import link_from_environment
from campaign.settings.load import load_document, load_settings, require_secrets
from campaign.settings.names import SETTING_HELP
from campaign.settings.output_paths import STDOUT, OutputPaths, output_paths
from campaign.settings.own_files import own_files
from campaign.settings.secrets import open_to_others, secret_files
from campaign.settings.sections.contacts import ContactsSettings
from campaign.settings.sections.dkim import DkimSettings
from campaign.settings.sections.ledger import LedgerSettings
from campaign.settings.sections.link import LinkSettings
from campaign.settings.sections.message import MessageSettings
from campaign.settings.sections.results import ResultsSettings
from campaign.settings.sections.retry import RetrySettings
from campaign.settings.sections.smtp import SmtpSettings
from campaign.settings.sections.window import WindowSettings
from campaign.settings.settings import Settings

__all__ = [
    "SETTING_HELP",
    "STDOUT",
    "ContactsSettings",
    "DkimSettings",
    "LedgerSettings",
    "LinkSettings",
    "MessageSettings",
    "OutputPaths",
    "ResultsSettings",
    "RetrySettings",
    "Settings",
    "SmtpSettings",
    "WindowSettings",
    "as_document",
    "is_loopback",
    "joined_ledger",
    "link_from_environment",
    "load_document",
    "load_settings",
    "open_to_others",
    "output_paths",
    "own_files",
    "require_secrets",
    "secret_files",
]
