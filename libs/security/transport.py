"""Whom we believe at the other end of a connection."""

import ssl
from functools import cache
from pathlib import Path

import httpx


@cache
def trusted_authorities(more: Path | None = None) -> ssl.SSLContext:
    """The authorities that the system trusts, and those whose certificates are in a file beside them.

    Raises FileNotFoundError without the file, ssl.SSLError where it holds no certificate.
    """
    context = httpx.create_ssl_context()
    if more is not None:
        context.load_verify_locations(more)
    return context
