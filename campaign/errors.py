"""Everything that can go wrong, and who it concerns.

    CampaignError
    ├── UsageError            wrong usage or settings: nothing was sent (exit code 2)
    │   ├── SettingsError         campaign.toml, the environment, an option
    │   ├── WindowError           a time that does not exist, a window that is over
    │   ├── ContactsError         the contacts file or a suppression list as a whole
    │   ├── TemplateError         a template that cannot be loaded or compiled, or names what nobody has
    │   ├── LinkError             a secret, a domain or an expiry that no link can be made with
    │   ├── ResultsError          a results file that cannot be read or written
    │   └── LedgerError           a ledger of another campaign, damaged, or out of reach
    │       └── LedgerBusyError       another run holds it
    ├── InvalidContactError   this row can't be mailed as it stands; the others can
    │   └── EmptyCellError        a template writes a cell of it that is empty
    └── StoppedError          the run had to stop before its end; rows stay pending (exit code 3)

An error that a person sees has three parts: what is wrong, where, and what to do. None ever quotes a secret or a link.
The errors of third-party libraries are translated in the room that uses the library; none passes through.
"""


class CampaignError(Exception):
    """Base of all. `what` is a sentence; `where` names file, row, column or setting; `fix` says what to do. `reason` is
    one word for a program, where such an error stops a run.
    """

    reason = ""

    def __init__(self, what: str, *, where: str = "", fix: str = "", reason: str = "") -> None:
        super().__init__(what)
        self.reason = reason or self.reason
        self.what = what
        self.where = where
        self.fix = fix

    def __str__(self) -> str:
        """One line a part: for the terminal and for cron's mail."""
        parts = [self.what]
        if self.where:
            parts.append(f"  where: {self.where}")
        if self.fix:
            parts.append(f"  to do: {self.fix}")
        return "\n".join(parts)


class UsageError(CampaignError):
    """Wrong usage or settings; nothing was sent."""


class SettingsError(UsageError):
    """campaign.toml, the environment or an option does not say what it must."""


class WindowError(UsageError):
    """The send window can't be understood, or is over."""


class ContactsError(UsageError):
    """The contacts file or a suppression list can't be read as a whole."""

    reason = "contacts"


class TemplateError(UsageError):
    """A template can't be loaded or compiled, or it names what no contact has."""

    reason = "template"


class LinkError(UsageError):
    """No link can be made with this secret, domain, redirect or expiry."""

    reason = "link"


class ResultsError(UsageError):
    """A results file can't be read or written."""

    reason = "results"


class LedgerError(UsageError):
    """The ledger belongs to another campaign, is damaged, or can't be reached."""

    reason = "ledger"


class LedgerBusyError(LedgerError):
    """Another run holds the ledger."""


class RunEndedError(LedgerError):
    """The run that was to be joined goes on no more."""


class InvalidContactError(CampaignError):
    """This contact can't be mailed as it stands."""


class EmptyCellError(InvalidContactError):
    """A template writes a cell of this contact that is empty. `column` is the cell's."""

    def __init__(self, what: str, *, where: str = "", fix: str = "", column: str) -> None:
        super().__init__(what, where=where, fix=fix)
        self.column = column


class StoppedError(CampaignError):
    """The run had to stop before its end; what was not sent stays pending."""
