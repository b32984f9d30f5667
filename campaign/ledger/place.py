"""Where a ledger is, as this room knows it: named below the settings, which say it (`campaign/ledger_place.py`)."""

from campaign.ledger_place import DatabasePlace, Place

__all__ = ["DatabasePlace", "Place"]
