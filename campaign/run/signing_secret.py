"""The secret that links are signed with, out of its wrapping. Raises LinkError, which names where it came from."""

from campaign.errors import LinkError
from campaign.links import LinkMinter
from campaign.settings import Settings, secret_files


def signing_secret(settings: Settings) -> str:
    """Give the secret, as links are signed with it. Raises LinkError for one that will not do."""
    assert settings.link.secret is not None, "require_secrets has seen that it is there"
    secret = settings.link.secret.get_secret_value()
    try:
        LinkMinter(domain=settings.link.domain, secret=secret, expiry=lambda issued: issued)
    except LinkError as error:
        name = f"{error.where}_FILE"
        file = secret_files(settings).get(name)
        where = error.where if file is None else f"{name}: {file}"
        raise LinkError(error.what, where=where, fix=error.fix) from None
    return secret
