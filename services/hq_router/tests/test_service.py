"""The service as a whole: its schema, its topics, its texts."""

from libs.database.migrations import difference
from libs.node import NODES
from libs.service import topics_of
from libs.web import texts
from services.hq_router.app import SERVICE
from services.hq_router.tables import METADATA
from tests.running import RunningService


async def test_the_migrations_make_the_declared_tables(router: RunningService) -> None:
    assert await difference(router.runtime.url, METADATA) == []


def test_it_listens_to_every_node_and_writes_to_every_node() -> None:
    topics = topics_of(SERVICE, "hq")
    for node in NODES:
        assert {f"{node}.uplink.work-orders", f"{node}.uplink.bills", f"{node}.downlink.work-orders"} <= set(
            topics
        )


def test_it_runs_at_headquarters_only() -> None:
    assert SERVICE.tiers == {"hq"}


def test_every_code_has_its_texts() -> None:
    assert [fault for fault in texts.completeness() if "hq_router" in fault] == []


async def test_it_is_ready(router: RunningService) -> None:
    assert (await router.client.get("/health/ready")).status_code == 200
