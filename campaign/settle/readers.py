"""Every kind of evidence that can be read: `make_readers` gives a reader of each, new for every run of `settle`.

They are imported when they are asked for: nobody else waits for them. Raises nothing.
"""

from campaign.settle.reader import Reader


def make_readers(*, unsubscribe_address: str | None = None, is_shared: bool = False) -> tuple[Reader, ...]:
    """Give them, one of each kind. A file is read by the one that recognises it. `unsubscribe_address`: where people
    write who want no more; `is_shared`: they write there about other things, too.
    """
    from campaign.settle.logs.reader import MailLogs
    from campaign.settle.mail.reader import Mails
    from campaign.settle.providers.reader import provider_readers

    return (MailLogs(), *provider_readers(), Mails(unsubscribe_address, is_shared=is_shared))
