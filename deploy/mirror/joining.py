"""Joining a province to headquarters' broker, and taking it away again: an act of headquarters."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from deploy.local.trouble import Trouble
from deploy.mirror.requests import forget_user, grant, revoke_all, set_password
from deploy.mirror.rules import carried_topics, own_topics, rights_of
from libs.messaging.topics import ensure_topics
from libs.node import HQ, PROVINCES, Settings


def province(settings: Settings, code: str) -> str:
    """The code, where this is headquarters and it is a province's. Raises Trouble."""
    if settings.node != HQ:
        raise Trouble(f"Provinces are let in by headquarters; this node is {settings.node}.")
    if code not in PROVINCES:
        raise Trouble(f"There is no province {code!r}; there are {', '.join(PROVINCES)}.")
    return code


def password_of(file: Path) -> str:
    """What a province's user signs in with. Raises Trouble where the file cannot be read, or is empty."""
    try:
        password = file.read_text().strip()
    except OSError as error:
        raise Trouble(f"{file}: {error.strerror}; `unicrm secrets init` makes it for a trial.") from error
    if not password:
        raise Trouble(f"{file} is empty.")
    return password


async def join(kafka: str, node: str, password: str, partitions: int) -> None:
    """Make the topics of a province, let its user in, and give it its rights; repeating it changes only the password.

    `kafka` is the broker's address inside headquarters. Raises Trouble where the broker is away or refuses.
    """
    async with _admin(kafka) as admin:
        # First, for where a broker judges nobody this fails, and a province is not to be let in.
        await grant(admin, node, rights_of(node))
        await ensure_topics(kafka, carried_topics(node), partitions)
        await make_own_topics(admin, node)
        await set_password(admin, node, password)


async def leave(kafka: str, node: str) -> None:
    """Let a province in no more. Its topics stay, with what nobody has taken in yet. Raises Trouble as `join`."""
    async with _admin(kafka) as admin:
        await forget_user(admin, node)
        await revoke_all(admin, node)


@asynccontextmanager
async def _admin(kafka: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka, client_id="unicrm-provinces")
    try:
        await admin.start()
        yield admin
    except KafkaError as error:
        raise Trouble(f"The broker at {kafka}: {error}") from error
    finally:
        await admin.close()


async def make_own_topics(admin: AIOKafkaAdminClient, node: str) -> None:
    """Make the topics in which a province's mirror keeps what it must know, where they are missing.

    Raises KafkaError.
    """
    replicas = min(3, len((await admin.describe_cluster())["brokers"]))
    made = await admin.create_topics(
        [
            NewTopic(topic.name, topic.partitions, replicas, topic_configs={"cleanup.policy": "compact"})
            for topic in own_topics(node)
        ]
    )
    for name, code, *_ in made.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            raise error(f"topic {name} could not be made")
