"""Every kind of evidence that can be read: `make_readers` gives a reader of each, new for every run of `settle`.

They are imported when they are asked for: nobody else waits for them. Raises nothing.
"""

from campaign.settle.providers.reader import provider_readers
from campaign.settle.reader import Reader


def make_readers() -> tuple[Reader, ...]:
    """Give them, one of each kind. A file is read by the one that recognises it."""
    return (*provider_readers(),)
