"""Content → the octets of an RFC 5322 message.

`Composer` is made once per campaign and composes a message per contact; `message_id` tells a contact's Message-ID
without composing.
"""

from .composer import Composer
from .contact_key import ContactKeys
from .message_id import MessageIds, message_id

__all__ = ["Composer", "ContactKeys", "MessageIds", "message_id"]
