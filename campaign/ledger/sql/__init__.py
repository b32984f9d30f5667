"""What is done to a ledger by whatever database keeps it: SQL that SQLite and PostgreSQL understand alike.

Each module takes a `Database` (`campaign/ledger/database.py`) and is silent about which one it is.
"""
