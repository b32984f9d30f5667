"""The check of what the messages say, as an inbox and its reader see it: HTML, text and subject."""

from campaign.check.findings import Findings, counted
from campaign.content.template_folder import HTML, template_folder
from campaign.deliverability.mail import Inspection
from campaign.settings import Settings


def inspection_of(settings: Settings) -> Inspection:
    """Make ready to look at the messages of a campaign. Raises TemplateError."""
    files = template_folder(settings.message.template)
    return Inspection(
        unsubscribe_mailto=settings.message.unsubscribe_mailto,
        html_file=files.html or HTML,
        text_file=files.text,
    )


def tell_content(inspection: Inspection, found: Findings) -> None:
    """Say what was found; and, where that is nothing, that it was looked for."""
    findings = inspection.findings()
    for one in findings:
        found.tell(one)
    if inspection.looked_at and not findings:
        of = "" if inspection.looked_at == inspection.messages else f" of {inspection.messages:,}"
        words = f"{counted(inspection.looked_at, 'message', 'messages')}{of} looked at as an inbox would"
        found.ok("content", f"{words}: nothing against links, images, contrast, CSS, text or subject")
