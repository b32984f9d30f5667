"""A batch e-mail campaign: nobody lost, nobody mailed twice, one final word for every contact.

    from campaign import Campaign

is the Python face (`campaign guide python`): `Campaign`, the values that it gives, and what it raises. Each is imported
when it is first asked for, so that `campaign --help` does not wait for it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from campaign.api import Campaign as Campaign
    from campaign.check import CheckResult as CheckResult
    from campaign.deliverability import Finding as Finding
    from campaign.deliverability import Severity as Severity
    from campaign.errors import CampaignError as CampaignError
    from campaign.errors import ContactsError as ContactsError
    from campaign.errors import LedgerBusyError as LedgerBusyError
    from campaign.errors import LedgerError as LedgerError
    from campaign.errors import LinkError as LinkError
    from campaign.errors import ResultsError as ResultsError
    from campaign.errors import SettingsError as SettingsError
    from campaign.errors import StoppedError as StoppedError
    from campaign.errors import TemplateError as TemplateError
    from campaign.errors import UsageError as UsageError
    from campaign.errors import WindowError as WindowError
    from campaign.model import Status as Status
    from campaign.run.preview_result import PreviewResult as PreviewResult
    from campaign.run.progress import Progress as Progress
    from campaign.run.run_forecast import RunForecast as RunForecast
    from campaign.run.status_now import StatusNow as StatusNow
    from campaign.run.summary import RunSummary as RunSummary
    from campaign.run.trial_run import TrialResult as TrialResult

_HOMES = {
    "Campaign": "api",
    "CheckResult": "check",
    "Finding": "deliverability",
    "Severity": "deliverability",
    **dict.fromkeys(
        (
            *("CampaignError", "UsageError", "SettingsError", "WindowError", "ContactsError", "TemplateError"),
            *("LinkError", "ResultsError", "LedgerError", "LedgerBusyError", "StoppedError"),
        ),
        "errors",
    ),
    "Status": "model",
    "PreviewResult": "run.preview_result",
    "Progress": "run.progress",
    "StatusNow": "run.status_now",
    "RunForecast": "run.run_forecast",
    "RunSummary": "run.summary",
    "TrialResult": "run.trial_run",
}
"""Every name of the face, and the module that has it."""

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
