"""A return path for each contact (VERP): `bounces+KEY@acme.example`.

In: the campaign's return path, `contact.key`. Out: an address that most mail servers deliver to the same mailbox
(RFC 5233 section 4 calls what follows the `+` the detail). Raises nothing; whether there is room is for the settings to
say.
"""


def own_return_path(return_path: str, key: str) -> str:
    """Give the contact's return path."""
    local, _, domain = return_path.rpartition("@")
    return f"{local}+{key}@{domain}"
