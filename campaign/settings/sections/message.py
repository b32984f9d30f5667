"""[message]: the template, and the addresses that a message names."""

from typing import Annotated

from pydantic import Field, PlainValidator, ValidationInfo, field_validator

from campaign.settings.addresses import address, mailbox, web_address
from campaign.settings.field_types import FilePath, Texts, text
from campaign.settings.header_names import header_templates
from campaign.settings.sections.base import Section


class MessageSettings(Section):
    """[message]: what they are mailed, and by whom."""

    template: FilePath = Field(description="the path of a template's folder", examples=['"../templates/login_link"'])
    inline_css: bool = Field(
        default=False, description="whether rules of <style> become style attributes", examples=["true"]
    )
    sender: Annotated[str, PlainValidator(mailbox)] = Field(
        alias="from", description="an address, with or without a name", examples=['"Acme <hello@acme.example>"']
    )
    reply_to: Annotated[str, PlainValidator(mailbox)] | None = Field(
        default=None, description="an address, with or without a name", examples=['"support@acme.example"']
    )
    return_path: str = Field(
        default=None, validate_default=True, description="a bare address", examples=['"bounces@acme.example"']
    )
    to_name: Annotated[str, PlainValidator(text)] | None = Field(
        default=None, description="text, which may be a template", examples=['"{{ contact.name }}"']
    )
    headers: Annotated[dict[str, str], PlainValidator(header_templates)] = Field(
        default={},
        description="a table of header names and texts, which may be templates",
        examples=['{ "Feedback-ID" = "{{ campaign.name }}:acme" }'],
    )
    unsubscribe_url: Annotated[str, PlainValidator(web_address)] | None = Field(
        default=None,
        description="an https URL, which may be a template",
        examples=['"https://acme.example/unsubscribe?e={{ contact.email | urlencode }}"'],
    )
    unsubscribe_mailto: Annotated[str, PlainValidator(address)] | None = Field(
        default=None, description="a bare address", examples=['"unsubscribe@acme.example"']
    )

    attachments: Texts = Field(
        default=(),
        description="a list of paths of files, which may be templates",
        examples=['["terms.pdf", "invoices/{{ contact.invoice }}"]'],
    )

    @field_validator("return_path", mode="plain")
    @classmethod
    def _from_the_sender(cls, value: object, info: ValidationInfo) -> str:
        # The sender is absent here only when it was refused itself.
        return _bare(info.data.get("sender", "")) if value is None else address(value)

    @property
    def sender_domain(self) -> str:
        """The domain of `sender`, in ASCII."""
        return self.sender_address.rpartition("@")[2]

    @property
    def sender_address(self) -> str:
        """The bare address of `sender`."""
        return _bare(self.sender)


def _bare(mailbox: str) -> str:
    return mailbox.rpartition("<")[2].rstrip(">")
