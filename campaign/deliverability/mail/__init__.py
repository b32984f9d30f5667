"""A campaign's mail as an inbox and its reader see it: what is in the HTML, the text and the subject."""

from campaign.deliverability.mail.inspection import Inspection

__all__ = ["Inspection"]
"""Imported where it is used, and not with the room: an HTML and a CSS parser come with it."""
