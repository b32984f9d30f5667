"""Content → the octets of an RFC 5322 message.

`Composer` is made once per campaign and composes a message per contact; `message_id` tells a contact's Message-ID
without composing. `attachment_part` and `inline_image_part` make the parts of files, which a message takes as they are.
"""

from .composer import Composer
from .contact_key import ContactKeys
from .file_part import attachment_part, inline_image_part
from .message_id import MessageIds, message_id
from .return_path import own_return_path

__all__ = [
    "Composer",
    "ContactKeys",
    "MessageIds",
    "attachment_part",
    "inline_image_part",
    "message_id",
    "own_return_path",
]
