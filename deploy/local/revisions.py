"""Revisions of a service's schema, written from its tables as they are declared now."""

import secrets
from pathlib import Path

from sqlalchemy import MetaData

from deploy.local.databases import DatabaseServer, Schema
from deploy.local.shared_engines import shared_engines
from deploy.local.trouble import Trouble
from libs.database.migrations import difference, new_revision, versions_of


async def write_revision(package: str, tables: MetaData, message: str) -> Path:
    """The file of the revision that leads from the revisions written so far to `tables`.

    Works in a database made for it, on the engines of the tests or the servers that the environment names.
    Raises Trouble when the revisions make these tables already, or an engine does not start.
    """
    versions = versions_of(package)
    versions.mkdir(parents=True, exist_ok=True)
    known = set(versions.glob("*.py"))
    so_far = Schema(package, versions if known else None)
    name = f"revision_{secrets.token_hex(6)}"
    async with shared_engines() as engines, DatabaseServer.open(engines.postgres_url) as server:
        url = await server.clone(so_far, name)
        try:
            if not await difference(url, tables):
                raise Trouble(f"The revisions of {package} make its tables as they are declared.")
            await new_revision(package, url, tables, message)
        finally:
            await server.drop(name)
    (written,) = set(versions.glob("*.py")) - known
    return written
