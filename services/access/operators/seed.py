"""The accounts that a node starts with: its services as clients, and in development one user of each kind."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from libs.service import Runtime
from services.access.operators import store
from services.access.operators.passwords import Passwords
from services.access.operators.rules import (
    Client,
    Operator,
    development_operators,
    development_partner,
    faults,
    service_clients,
)


@dataclass(frozen=True, slots=True)
class SeededUser:
    """What somebody needs to try the node: only ever of a development user."""

    username: str
    password: str
    roles: tuple[str, ...]
    area: str | None = None
    """What his rights end at, where they do."""


@dataclass(frozen=True, slots=True)
class SeededClient:
    id: str
    secret: str


@dataclass(frozen=True, slots=True)
class Seeded:
    """The accounts of development; empty and None in production."""

    users: tuple[SeededUser, ...] = ()
    client: SeededClient | None = None


async def seed(runtime: Runtime) -> Seeded:
    """Make the accounts that are missing, and mend those that differ. Repeating it changes nothing.

    Services' secrets come from the node's keys, so that a rotation of those is followed by the next seeding.
    """
    node, keys = runtime.settings.node, runtime.keys
    clients = service_clients()
    await save(runtime, (), clients, {one.id: keys.client_secret(one.id) for one in clients})
    if not runtime.settings.development:
        return Seeded()
    operators, partner = development_operators(node), development_partner()
    secrets = {one.id: development_password(node, one.username) for one in operators}
    secrets[partner.id] = development_password(node, partner.id)
    await save(runtime, operators, (partner,), secrets)
    return Seeded(
        users=tuple(
            SeededUser(
                one.username,
                secrets[one.id],
                tuple(sorted(one.roles)),
                one.area if one.area_bound else None,
            )
            for one in operators
        ),
        client=SeededClient(partner.id, secrets[partner.id]),
    )


def development_password(node: str, name: str) -> str:
    """Known to everybody who reads this, and therefore never anybody's outside of development."""
    return f"{node}-{name}-password"


async def save(
    runtime: Runtime, operators: Iterable[Operator], clients: Iterable[Client], secrets: Mapping[str, str]
) -> None:
    """Keep operators and clients with their passwords and secrets, by id; an unchanged one keeps its hash.

    Raises ValueError for whom this node cannot keep.
    """
    operators, clients = tuple(operators), tuple(clients)
    everybody: tuple[Operator | Client, ...] = (*operators, *clients)
    for who in everybody:
        if found := faults(who, runtime.settings.node):
            raise ValueError(f"{who.id}: {'; '.join(found)}")
    async with runtime.db.connection() as connection:
        kept = await store.password_hashes(connection, [one.id for one in operators])
        kept |= await store.secret_hashes(connection, [one.id for one in clients])
    passwords: Passwords = runtime.state.passwords
    hashes = {name: await _hash(passwords, secret, kept.get(name)) for name, secret in secrets.items()}
    now = runtime.clock.now()
    async with runtime.db.transaction() as tx:
        await store.save_operators(tx, operators, hashes, now)
        await store.save_clients(tx, clients, hashes, now)


async def _hash(passwords: Passwords, secret: str, kept: str | None) -> str:
    if kept is not None:
        fits, better = await passwords.verify(secret, kept)
        if fits:
            return better or kept
    return await passwords.hash(secret)
