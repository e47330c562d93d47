"""A connection to the broker that breaks is opened anew, and nobody waits for ever for what was to go over it.

On uvloop, as nodes run: there a write to a connection that has just broken raises what aiokafka does not expect.
"""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

import pytest
import uvloop
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.metadata import MetadataRequest

from libs.messaging import connections
from tests.engines import eventually

if TYPE_CHECKING:
    from deploy.local.engines import Engines

T = TypeVar("T")


@asynccontextmanager
async def broken(kafka: str) -> AsyncIterator[tuple[AIOKafkaClient, AIOKafkaConnection]]:
    """A client of the broker, and its connection, which the other end has just reset: it does not know that yet."""
    client = AIOKafkaClient(bootstrap_servers=kafka, client_id="broken")
    await client.bootstrap()
    try:
        node = client.get_random_node()
        assert await client.ready(node)
        (connection,) = (conn for id, conn in client._conns.items() if id[0] == node)
        await reset(connection)
        assert connection.connected()
        yield client, connection
    finally:
        await client.close()


async def reset(connection: AIOKafkaConnection) -> None:
    """Put a socket under the connection whose other end resets it; over before the connection has heard of it."""

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        taken = writer.get_extra_info("socket")
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        connection._read_task.cancel()
        connection._writer.close()
        connection._reader, connection._writer = reader, writer
        connection._read_task = connection._create_reader_task()
        await eventually(lambda: reader.exception() is not None, every=0)


async def on_uvloop(scene: Callable[[], Awaitable[T]]) -> T:
    async def bounded() -> T:
        async with asyncio.timeout(20):
            return await scene()

    return await asyncio.to_thread(uvloop.run, bounded())


async def test_who_asked_over_it_is_told_so_and_asks_again_over_a_new_one(engines: "Engines") -> None:
    async def scene() -> list[bool]:
        async with broken(engines.kafka) as (client, _):
            asked = await client._metadata_update(client.cluster, set())
            return [asked, await client.force_metadata_update()]

    assert await on_uvloop(scene) == [False, True]


async def test_what_is_written_to_it_is_told_as_a_broken_connection(engines: "Engines") -> None:
    async def scene() -> bool:
        async with broken(engines.kafka) as (_, connection):
            with pytest.raises(KafkaConnectionError):
                await connection.send(MetadataRequest([]))
            return bool(connection.connected())

    assert not await on_uvloop(scene)


async def test_another_error_of_the_runtime_is_left_as_it_is(
    engines: "Engines", monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("something else")

    async def scene() -> None:
        client = AIOKafkaClient(bootstrap_servers=engines.kafka, client_id="well")
        await client.bootstrap()
        try:
            node = client.get_random_node()
            assert await client.ready(node)
            monkeypatch.setattr(connections, "_send", fails)
            with pytest.raises(RuntimeError, match="something else"):
                await client.send(node, MetadataRequest([]))
        finally:
            monkeypatch.undo()
            await client.close()

    await on_uvloop(scene)


async def test_aiokafka_by_itself_still_needs_mending(
    engines: "Engines", monkeypatch: pytest.MonkeyPatch
) -> None:
    """When this fails, a new version does it by itself, and `connections` can go."""
    monkeypatch.setattr(AIOKafkaConnection, "send", connections._send)

    async def scene() -> None:
        async with broken(engines.kafka) as (_, connection):
            with pytest.raises(RuntimeError, match="closed"):
                connection.send(MetadataRequest([]))

    await on_uvloop(scene)
