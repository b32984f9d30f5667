"""The ledger in a PostgreSQL database that several machines share."""
