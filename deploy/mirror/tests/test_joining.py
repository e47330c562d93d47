"""Letting a province in, at a real broker: users and topics; what rights do, `make compose-check` shows."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, SecurityDisabled

from deploy.local.trouble import Trouble
from deploy.mirror.joining import join, leave, make_own_topics, password_of, province
from deploy.mirror.requests import forget_user, grant, set_password
from deploy.mirror.rules import own_topics, rights_of
from libs.messaging.topics import uplink
from libs.node import Settings


@pytest.fixture
async def admin(engines: Any) -> AsyncIterator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(bootstrap_servers=engines.kafka)
    await client.start()
    yield client
    await client.close()


async def test_a_user_gets_a_password_and_another_one_and_is_forgotten(admin: AIOKafkaAdminClient) -> None:
    await set_password(admin, "xz", "first")
    await set_password(admin, "xz", "second")
    await forget_user(admin, "xz")
    await forget_user(admin, "xz")


async def test_what_the_broker_refuses_is_an_error(admin: AIOKafkaAdminClient) -> None:
    with pytest.raises(KafkaError):
        await set_password(admin, "", "nobody's")
    # The engines of the tests judge nobody: rights cannot be given there, and that is said.
    with pytest.raises(SecurityDisabled):
        await grant(admin, "xz", rights_of("xz"))


async def test_the_mirror_s_own_topics_keep_the_newest_of_each_key(admin: AIOKafkaAdminClient) -> None:
    await make_own_topics(admin, "xz")
    await make_own_topics(admin, "xz")
    names = [topic.name for topic in own_topics("xz")]
    described = {one["topic"]: len(one["partitions"]) for one in await admin.describe_topics(names)}
    assert described == {topic.name: topic.partitions for topic in own_topics("xz")}
    for name in names:
        (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
        ((_, _, _, _, settings),) = answer.resources
        assert {one[0]: one[1] for one in settings}["cleanup.policy"] == "compact"
    await admin.delete_topics(names)


async def test_a_cluster_that_judges_nobody_lets_no_province_in(
    engines: Any, admin: AIOKafkaAdminClient
) -> None:
    """Else every province could do everything there."""
    with pytest.raises(Trouble, match="SecurityDisabled"):
        await join(engines.kafka, "xz", "secret", 1)
    with pytest.raises(Trouble, match="SecurityDisabled"):
        await leave(engines.kafka, "xz")
    with pytest.raises(Trouble, match=r"127\.0\.0\.1:1"):
        await leave("127.0.0.1:1", "xz")
    assert uplink("xz", "bills") not in await admin.list_topics()


def test_only_headquarters_lets_in_and_only_provinces(tmp_path: Path) -> None:
    hq = Settings(node="hq", postgres_url="postgresql://h", kafka="h:1")
    gd = Settings(node="gd", postgres_url="postgresql://h", kafka="h:1", hq_url="http://hq")
    assert province(hq, "gd") == "gd"
    for settings, code in ((gd, "bj"), (hq, "hq"), (hq, "xx")):
        with pytest.raises(Trouble):
            province(settings, code)
    (tmp_path / "gd").write_text("secret\n")
    assert password_of(tmp_path / "gd") == "secret"
    (tmp_path / "gd").write_text("\n")
    for file in (tmp_path / "gd", tmp_path / "none"):
        with pytest.raises(Trouble):
            password_of(file)
