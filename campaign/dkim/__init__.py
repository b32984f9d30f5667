"""DKIM signatures (RFC 6376, RFC 8463): a private key and a message in, header fields out.

    SigningKey (domain, selector, PEM) ─▶ Signer ─▶ sign(header, body) ─▶ DKIM-Signature fields, one for each key
                                       └▶ public_key_record: the TXT record to publish

`cryptography` lives here and nowhere else, is an extra of this package, and is imported when the first key is read.
Raises `SettingsError` for a key that will not do; signing itself raises nothing. No key is ever shown.
"""

from campaign.dkim.keys import PrivateKey, SigningKey, load_key, public_key_record, read_key
from campaign.dkim.signer import Signer

__all__ = [
    "PrivateKey",
    "Signer",
    "SigningKey",
    "load_key",
    "public_key_record",
    "read_key",
]
