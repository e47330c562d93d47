"""A projection follows its owner's versions, in whatever order they come."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Boolean, Column, DateTime, MetaData, Numeric, Table, Text
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.schema import CreateTable

from libs.messaging.projection import Projection
from libs.messaging.tests.stage import Stage

FACTS = Table(
    "customer_facts",
    MetaData(),
    Column("id", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("name", Text),
    Column("credit", Numeric(14, 2)),
    Column("deleted", Boolean, nullable=False),
    Column("order", JSONB),
    Column("last_update", DateTime(timezone=True)),
)
PROJECTION = Projection(FACTS)


def fact(id: str, version: int, *, deleted: bool = False) -> dict[str, object]:
    return {
        "id": id,
        "version": version,
        "name": f"{id} at {version}",
        "credit": None,
        "deleted": deleted,
        "order": '{"of": "things"}',
        "last_update": None,
    }


@pytest.fixture
async def facts(stage: Stage) -> Stage:
    await stage.db.execute(str(CreateTable(FACTS).compile(dialect=postgresql.dialect())))  # type: ignore[no-untyped-call]
    return stage


async def kept(stage: Stage) -> dict[str, int]:
    return {
        row["id"]: row["version"] for row in await stage.db.fetch("SELECT id, version FROM customer_facts")
    }


async def test_a_newer_version_replaces_and_an_older_one_is_ignored(facts: Stage) -> None:
    async with facts.db.transaction() as tx:
        assert await PROJECTION.apply(tx, [fact("a", 5), fact("b", 1)]) == [("a",), ("b",)]
        assert await PROJECTION.apply(tx, [fact("a", 4), fact("a", 5), fact("b", 9)]) == [("b",)]
        assert await PROJECTION.apply(tx, []) == []
    assert await kept(facts) == {"a": 5, "b": 9}
    assert await facts.db.fetchval("SELECT name FROM customer_facts WHERE id = 'b'") == "b at 9"


async def test_of_one_batch_the_newest_version_counts(facts: Stage) -> None:
    async with facts.db.transaction() as tx:
        await PROJECTION.apply(tx, [fact("a", 2), fact("a", 7), fact("a", 3, deleted=True)])
    assert await kept(facts) == {"a": 7}
    assert await facts.db.fetchval("SELECT deleted FROM customer_facts") is False


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 9)), min_size=1, max_size=12))
def test_the_order_of_arrival_never_matters(changes: list[tuple[str, int]]) -> None:
    newest: dict[str, int] = {}
    for id, version in changes:
        newest[id] = max(version, newest.get(id, 0))
    seen: list[list[object]] = []

    class Recorded:
        async def fetch(self, _: str, *arrays: list[object]) -> list[tuple[object, ...]]:
            seen.extend(list(array) for array in arrays[:2])
            return []

    asyncio.run(PROJECTION.apply(Recorded(), [fact(id, version) for id, version in changes]))  # type: ignore[arg-type]
    assert dict(zip(*seen, strict=True)) == newest


async def test_two_batches_at_once_wait_for_each_other(facts: Stage) -> None:
    async def apply(version: int, ids: str) -> None:
        async with facts.db.transaction() as tx:
            await PROJECTION.apply(tx, [fact(id, version) for id in ids])

    await asyncio.gather(apply(1, "abcdef"), apply(2, "fedcba"), apply(3, "cafebd"))
    assert await kept(facts) == dict.fromkeys("abcdef", 3)


def test_a_table_that_cannot_be_a_projection_is_refused_when_it_is_declared() -> None:
    without_key = Table("t", MetaData(), Column("version", BigInteger))
    with_array = Table(
        "t",
        MetaData(),
        Column("id", Text, primary_key=True),
        Column("version", BigInteger),
        Column("x", ARRAY(Text)),
    )
    for table in (without_key, with_array):
        with pytest.raises(ValueError, match="t"):
            Projection(table)
