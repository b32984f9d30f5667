"""`Settings`: all that `campaign.toml` says, with the environment and options over it.

Made by `load_settings` from three sources; made directly, it checks its values but reads no file and no environment.
Raises pydantic's `ValidationError`, which `load_settings` translates.
"""

from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, PlainValidator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from campaign.settings.faults import RefusedValueError
from campaign.settings.field_types import campaign_name
from campaign.settings.sections.bounces import BouncesSettings, require_room_for_key
from campaign.settings.sections.contacts import ContactsSettings
from campaign.settings.sections.dkim import DkimKeys
from campaign.settings.sections.ledger import LedgerSettings
from campaign.settings.sections.limits import Limits
from campaign.settings.sections.link import LinkSettings
from campaign.settings.sections.mailbox import MailboxSettings
from campaign.settings.sections.message import MessageSettings
from campaign.settings.sections.results import ResultsSettings
from campaign.settings.sections.retry import RetrySettings
from campaign.settings.sections.smtp import Servers, SmtpSettings
from campaign.settings.sections.window import WindowSettings


class Settings(BaseSettings):
    """A campaign's settings, checked once. `path` is campaign.toml's own; relative paths were relative to it."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    path: Path
    name: Annotated[str, PlainValidator(campaign_name)] = Field(
        description="a name for the campaign", examples=['"autumn-orders"']
    )
    contacts: ContactsSettings
    message: MessageSettings
    window: WindowSettings = WindowSettings()
    link: LinkSettings
    servers: Servers = Field(alias="smtp")
    """In order of priority: one, as a rule."""
    dkim: DkimKeys = ()
    limits: Limits = {}
    """By recipient domain."""
    retry: RetrySettings = RetrySettings()
    ledger: LedgerSettings = LedgerSettings()
    results: ResultsSettings = ResultsSettings()
    bounces: BouncesSettings = BouncesSettings()
    mailbox: MailboxSettings = Field(default=MailboxSettings(), alias="bounces.mailbox")

    @model_validator(mode="after")
    def _spread_on_one_clock(self) -> Self:
        """By one rate for all, a zone that closes early would not be done when it does."""
        if self.window.pace == "spread" and self.contacts.timezone_column is not None:
            raise RefusedValueError(
                "it goes by one clock, and contacts.timezone_column gives each contact its own",
                fix='take one of the two away; with pace "fast", smtp.rate or window.daily_limit slow it down, too',
                setting="window.pace",
            )
        return self

    @model_validator(mode="after")
    def _room_for_keys(self) -> Self:
        if self.bounces.verp:
            require_room_for_key(self.message.return_path)
        return self

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"settings are frozen: {name}")

    @classmethod
    def from_sources(cls, *sources: PydanticBaseSettingsSource) -> Self:
        """Read sources, the one with most say first. Raises pydantic's `ValidationError`."""
        values: dict[str, Any] = {"sources": sources}
        return cls(**values)

    @property
    def smtp(self) -> SmtpSettings:
        """The server; the first one, where there are several."""
        return self.servers[0]

    @property
    def folder(self) -> Path:
        """The folder of campaign.toml, absolute."""
        return self.path.parent

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the sources that `load_settings` brings, and none of the library's own: they read the real environment,
        ignore variables that name no setting, and know nothing of `_FILE`.
        """
        given: tuple[PydanticBaseSettingsSource, ...] = getattr(init_settings, "init_kwargs", {}).get("sources", ())
        return given or (init_settings,)
