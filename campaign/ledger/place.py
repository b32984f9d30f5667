"""Where a ledger is: `campaign/ledger_place.py`, which settings know, too."""

from campaign.ledger_place import DatabasePlace, Place

__all__ = ["DatabasePlace", "Place"]
