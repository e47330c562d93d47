"""What a fleet needs before its nodes start: databases, keys, topics, and what a node is seeded with."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient

from deploy.local.accounts import Accounts
from deploy.local.databases import DatabaseServer, Schema
from deploy.local.engines import external
from deploy.services import services_at
from libs.clock import clock_from
from libs.messaging.topics import ensure_topics
from libs.node import Settings
from libs.service import Runtime, Service, topics_of


async def prepare_databases(nodes: Sequence[Settings], *, anew: bool) -> None:
    """The database of every service at every node, at the newest revision.

    `anew` removes what is there. A database remembers as its comment from which revisions it is.
    """
    async with DatabaseServer.open(nodes[0].postgres_url) as server:
        wanted = [
            (node.database_name(service.package), Schema.of(service.package, service.tables))
            for node in nodes
            for service in services_at(node.tier)
        ]
        if anew:
            prefix = nodes[0].database_prefix
            there = await server.names()
            await server.drop(*sorted(name for name in there if prefix and name.startswith(prefix)))
        present = await server.comments()

        async def prepare(name: str, schema: Schema) -> None:
            if name not in present:
                await server.clone(schema, name)
            elif present[name] != schema.template:
                await server.bring_up(schema, name)
            else:
                return
            await server.comment(name, schema.template)

        await asyncio.gather(*(prepare(name, schema) for name, schema in wanted))
        if not anew and not external():
            kept = [Schema("ground"), *(schema for _, schema in wanted)]
            await server.forget_templates({schema.template for schema in kept})


async def prepare_topics(nodes: Sequence[Settings], *, anew: bool) -> None:
    """The topics of every service at every node. `anew` removes those with the fleet's prefix first."""
    first = nodes[0]
    if anew and first.topic_prefix:
        admin = AIOKafkaAdminClient(bootstrap_servers=first.kafka)
        await admin.start()
        try:
            mine = [name for name in await admin.list_topics() if name.startswith(first.topic_prefix)]
            if mine:
                await admin.delete_topics(mine)
        finally:
            await admin.close()
    names = [
        node.topic_prefix + topic
        for node in nodes
        for service in services_at(node.tier)
        for topic in topics_of(service, node.node)
    ]
    await ensure_topics(first.kafka, names, first.topic_partitions)


async def seed(services: Iterable[Service], settings: Settings) -> Accounts:
    """Fill the services of a node with what it starts with, through their own writes; repeating changes nothing.

    Answers the development users, where the settings are those of development.
    """
    clock = clock_from(settings.clock_file)

    async def fill(service: Service) -> Any:
        if service.seed is None:
            return None
        async with Runtime(service, settings, clock).opened() as runtime:
            return await service.seed(runtime)

    accounts = Accounts()
    for made in await asyncio.gather(*(fill(service) for service in services)):
        for user in getattr(made, "users", ()):
            bound = {"area": user.area} if user.area else {}
            accounts.users.append(
                {"username": user.username, "password": user.password, "roles": list(user.roles), **bound}
            )
        client = getattr(made, "client", None)
        if client is not None:
            accounts.client = {"id": client.id, "secret": client.secret}
    return accounts
