"""The Python face: `from campaign import Campaign`. `campaign` has it as a whole, with what comes before mail goes out
and the sending; `afterwards` what comes then.
"""

from campaign.api.campaign import Campaign

__all__ = ["Campaign"]
