"""How many messages a connection may have in flight in tests that do not say it: one, or what CAMPAIGN_IN_FLIGHT says.

    CAMPAIGN_IN_FLIGHT=8 pytest tests/crashes tests/end_to_end/test_stops.py

Then small campaigns have it in their settings, and the fault servers offer CHUNKING, which it needs. So whatever holds
the promise can be held at either depth.
"""

import os

DEPTH = int(os.environ.get("CAMPAIGN_IN_FLIGHT", "1"))
"""In tests that do not say it."""
DEPTHS = (1, 8)
"""For tests that do: as today, and as a run that is set to be fast."""
