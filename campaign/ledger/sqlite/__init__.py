"""The ledger in one SQLite file: its tables, its durability, and the parts of a run that must be fast."""
