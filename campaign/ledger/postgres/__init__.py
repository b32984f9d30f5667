"""The ledger in a PostgreSQL database that several machines share. Importing it raises LedgerError where the library
for it is not installed: it is an extra, and most campaigns have a file.
"""

from campaign.errors import LedgerError
from campaign.extras import install_command

try:
    import psycopg as _  # noqa: F401 - also where its own libpq is missing, it says so here
except ImportError:
    raise LedgerError(
        "a ledger in a database takes the library psycopg, which is not installed",
        where="ledger.url",
        fix=f"install it: {install_command('postgres')}",
    ) from None
