"""The engines of the tests as containers: `make test ENGINES=docker`. Nothing else of the tests knows the difference.

They end with the session that started them, and listen on 127.0.0.1 only.
"""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from testcontainers.core.container import DockerContainer

from deploy.local.engines import Engines
from deploy.local.processes import free_port
from deploy.local.trouble import Trouble

POSTGRES_IMAGE = os.environ.get("POSTGRES_IMAGE", "postgres:18.6")
KAFKA_IMAGE = os.environ.get("KAFKA_IMAGE", "apache/kafka:4.3.1")
_READY_WITHIN = 90.0


@asynccontextmanager
async def docker_engines() -> AsyncIterator[Engines]:
    """PostgreSQL and Kafka in containers, ready. Raises Trouble where there is no engine, or one does not start."""
    postgres_port, kafka_port = free_port(), free_port()
    password = secrets.token_hex(16)
    containers = (_postgres(postgres_port, password), _kafka(kafka_port))
    try:
        for container in containers:
            try:
                await asyncio.to_thread(container.start)
            except Exception as error:
                raise Trouble(f"No container of {container.image}: {error}") from error
        url = f"postgresql://postgres:{password}@127.0.0.1:{postgres_port}"
        address = f"127.0.0.1:{kafka_port}"
        await asyncio.gather(_answers(url), _broker_answers(address))
        yield Engines(url, address)
    finally:
        for container in containers:
            if container.get_wrapped_container() is not None:
                await asyncio.to_thread(container.stop)


def _postgres(port: int, password: str) -> DockerContainer:
    container = DockerContainer(POSTGRES_IMAGE).with_env("POSTGRES_PASSWORD", password)
    # As locally: what tests write need not survive a power cut, and many of them run beside each other.
    settings = {
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": "400",
    }
    words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    container.with_command(["postgres", *words])
    container.ports["5432/tcp"] = ("127.0.0.1", port)
    return container


def _kafka(port: int) -> DockerContainer:
    told = {
        "KAFKA_HEAP_OPTS": "-Xmx320m",
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://127.0.0.1:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://127.0.0.1:{port}",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@127.0.0.1:9093",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
    }
    container = DockerContainer(KAFKA_IMAGE).with_envs(**told)
    container.ports["9092/tcp"] = ("127.0.0.1", port)
    return container


async def _answers(url: str) -> None:
    """Once the server of the image is the last one: the first one, which fills its data, listens to nobody outside."""
    loop = asyncio.get_running_loop()
    end = loop.time() + _READY_WITHIN
    while True:
        try:
            connection = await asyncpg.connect(f"{url}/postgres", timeout=5)
        except (OSError, asyncpg.PostgresError, TimeoutError) as error:
            if loop.time() > end:
                raise Trouble(f"PostgreSQL in its container does not answer: {error!r}") from error
            await asyncio.sleep(0.1)
        else:
            await connection.close()
            return


async def _broker_answers(address: str) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + _READY_WITHIN
    while True:
        admin = AIOKafkaAdminClient(bootstrap_servers=address)
        try:
            await admin.start()
            await admin.describe_cluster()
        except (OSError, KafkaError) as error:
            if loop.time() > end:
                raise Trouble(f"Kafka in its container does not answer: {error!r}") from error
            await asyncio.sleep(0.2)
        else:
            return
        finally:
            await admin.close()
