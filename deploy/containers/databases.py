"""A database and a role for each service of a node, on a server of the node's own; nobody opens another's."""

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote, urlsplit

import asyncpg
import httpx

from deploy.local.trouble import Trouble
from libs.node import Settings
from libs.service import Service

# Databases cannot be made inside a transaction, and one job does this before anything else runs: no lock is needed.
_ROLE = "SELECT true FROM pg_roles WHERE rolname = $1"
_DATABASE = "SELECT true FROM pg_database WHERE datname = $1"


def server_as(settings: Settings, user: str, password_file: Path) -> str:
    """The address of the node's server for another user. Raises Trouble where his password cannot be read."""
    try:
        password = password_file.read_text().strip()
    except OSError as error:
        raise Trouble(f"{password_file}: {error.strerror}") from error
    host = urlsplit(settings.postgres_url).netloc.rpartition("@")[2]
    return f"postgresql://{user}:{quote(password, safe='')}@{host}"


async def make_databases(services: Iterable[Service], settings: Settings, server_url: str) -> list[str]:
    """Make what is missing, and let each role have the password that the settings name; the databases.

    `server_url`, without a database, is that of a role that may make roles. Each service's role owns its database, has
    the same name, and is the only one that may connect to it. Repeating it changes nothing but passwords that changed.
    Raises SettingsInvalid where a password cannot be read, ValueError where two services share a role.
    """
    wanted = {settings.database_name(service.package): service.package for service in services}
    connection = await asyncpg.connect(f"{server_url}/postgres")
    try:
        for name, package in wanted.items():
            user, password = _account(settings.database_url(package))
            if user != name:
                raise ValueError(f"{name} would be opened by {user}: write {{database}} for the user")
            verb = "ALTER" if await connection.fetchval(_ROLE, name) else "CREATE"
            quoted = await connection.fetchval("SELECT quote_literal($1::text)", password)
            await connection.execute(
                f'{verb} ROLE "{name}" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {quoted}'
            )
            if not await connection.fetchval(_DATABASE, name):
                await connection.execute(f'CREATE DATABASE "{name}" OWNER "{name}"')
            await connection.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')
    finally:
        await connection.close()
    return list(wanted)


def _account(url: str) -> tuple[str, str]:
    address = httpx.URL(url)
    return address.username, address.password
