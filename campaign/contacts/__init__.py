"""The contacts room: a CSV file and suppression lists in, rows and addresses out, every fault found and named.

    bytes ─ encoding ─▶ text ─ dialect ─▶ columns ─ quoting ─▶ well-formed lines ─ reader (pandas) ─▶ Row
                                    addresses: a cell ─ normal form ─ slips ─▶ the address to mail
    lists of who is not mailed ─ list_line ─▶ Suppression

Raises `ContactsError` for what concerns a file as a whole, before its first row is given; what concerns one row stands
in that row's `fault`. pandas is imported when rows are first read: `parse_address` alone need not wait for it.
"""

from campaign.contacts.addresses import contact_key, parse_address
from campaign.contacts.contacts_file import ContactsFile, open_contacts, with_digest
from campaign.contacts.normal_form import Mend
from campaign.contacts.recollection import remembered, to_remember
from campaign.contacts.suppression import ListReport, Suppression, SuppressionLists, read_suppressions

__all__ = [
    "ContactsFile",
    "ListReport",
    "Mend",
    "Suppression",
    "SuppressionLists",
    "contact_key",
    "open_contacts",
    "parse_address",
    "read_suppressions",
    "remembered",
    "to_remember",
    "with_digest",
]
