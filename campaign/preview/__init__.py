"""A folder of messages to look at before (or in place of) sending them: one `.eml` and one `.html` each, and a gallery.

In go the finished messages, or the raw bytes that an SMTP server received; out comes a folder whose `index.html`
works from disk: no server, no network. Every message is shown in a sandboxed frame, without scripts and under a
Content-Security-Policy that loads nothing from outside; a link opens only when a person clicks it.
Raises `ResultsError` for a folder that holds other people's files, or can't be written.

Limits: one writer to a folder, used by one thread. Attachments are named; the `.eml` has them.
"""

from campaign.preview.cells import has_invisible, visible_cell
from campaign.preview.erasure import remove_people
from campaign.preview.folder import withdraw
from campaign.preview.writer import PreviewWriter

__all__ = ["PreviewWriter", "has_invisible", "remove_people", "visible_cell", "withdraw"]
