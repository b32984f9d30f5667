"""How TLS is checked on our side, and by what certificate we are known: an `SSLContext`, made once for each choice.

Certificate and host name are always verified; TLS 1.2 or later (RFC 8996, RFC 9325).
"""

import os
import ssl
from functools import cache


def client_context() -> ssl.SSLContext:
    """Give the context for a server's clients."""
    return _made(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@cache
def _made(cert_file: str | None, cert_dir: str | None) -> ssl.SSLContext:
    """What OpenSSL trusts, for each of its own settings."""
    context = ssl.create_default_context()  # checks certificate and host name
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
