"""What the sections of `campaign.toml` have in common."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """What all sections share: they can't be changed, take no unknown keys, and their errors quote no input."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    def __setattr__(self, name: str, value: object) -> None:
        # Pydantic's own refusal quotes the value, whatever the configuration says.
        raise AttributeError(f"settings are frozen: {name}")
