"""One contact's way from row to message: link, content, message, in this order.

Raises InvalidContactError where the row can't be mailed, LinkError where no link can be made at all.
"""

import hashlib
import time
from collections.abc import Callable
from datetime import datetime, tzinfo

from campaign.content import load_templates, text_template
from campaign.errors import TemplateError
from campaign.links import LinkMinter
from campaign.message import Composer
from campaign.model import Contact, Content, LoginLink, Message
from campaign.pipeline.job import LetterPlan


class Assembly:
    """The letter plan, compiled. Raises SettingsError, TemplateError and LinkError when it can't be."""

    def __init__(self, plan: LetterPlan) -> None:
        templates = load_templates(plan.template, campaign_name=plan.campaign, unsubscribe_url=plan.unsubscribe_url)
        self.required = templates.columns.required
        """The columns without which a row can't be mailed."""
        redirect = None
        if plan.redirect_to is not None:
            redirect = text_template(plan.redirect_to, name="link.redirect_to", campaign_name=plan.campaign)
            self.required |= redirect.columns.required
        self.templates = templates
        self.minter = LinkMinter(
            domain=plan.link_domain,
            secret=plan.link_secret,
            expiry=lambda issued: plan.window.link_expiry(issued, plan.grace),
            redirect=redirect,
        )
        self.composer = Composer(
            campaign=plan.campaign,
            sender=plan.sender,
            return_path=plan.return_path,
            reply_to=plan.reply_to,
            unsubscribe_mailto=plan.unsubscribe_mailto,
            shortest_unsubscribe_url=templates.shortest_unsubscribe_url,
            constants=templates.constants,
            message_id_domain=plan.message_id_domain,
        )

    def digest(self) -> str:
        """Give what tells, another time, whether the templates are the same: SHA-256, in hex. Raises TemplateError."""
        try:
            digests = [hashlib.sha256(file.read_bytes()).hexdigest() for file in self.templates.files]
        except OSError as error:
            where = str(error.filename)
            raise TemplateError(f"it can't be read: {error.strerror}", where=where, fix="put it back") from None
        return hashlib.sha256(" ".join(digests).encode()).hexdigest()

    def assemble(self, contact: Contact, now: datetime) -> tuple[LoginLink, Content, Message]:
        """Make the contact's link, content and message. `now` is aware, in the zone that the message is dated in."""
        link = self.minter.mint(contact, now)
        content = self.templates.render(contact, link)
        return link, content, self.composer.compose(contact, content, now=now)

    def assemble_timed(
        self, contact: Contact, now: datetime, spent: Callable[[str, float], None]
    ) -> tuple[LoginLink, Content, Message]:
        """The same, telling the seconds that each stage took."""
        start = time.perf_counter()
        link = self.minter.mint(contact, now)
        minted = time.perf_counter()
        content = self.templates.render(contact, link)
        rendered = time.perf_counter()
        message = self.composer.compose(contact, content, now=now)
        composed = time.perf_counter()
        spent("mint", minted - start)
        spent("render", rendered - minted)
        spent("compose", composed - rendered)
        return link, content, message


def this_second(zone: tzinfo, clock: Callable[[], float] = time.time) -> Callable[[], datetime]:
    """Give a clock of whole seconds (what a JWT and a Date header can say) in `zone`: one object a second."""
    known_second, known = -1, datetime.fromtimestamp(0, zone)

    def now() -> datetime:
        nonlocal known_second, known
        second = int(clock())
        if second != known_second:
            known_second, known = second, datetime.fromtimestamp(second, zone)
        return known

    return now
