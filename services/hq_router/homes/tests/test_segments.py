"""The numbering plan in the database."""

import time

from services.hq_router.homes.segments import load_segments
from services.hq_router.homes.store import what_is_known
from services.hq_router.tests.nodes import ANOTHER_OPERATORS, BEIJING, GUANGDONG, NOBODYS, Nodes
from tests.engines import MakeDatabase


async def test_the_plan_is_loaded_once_for_each_version(nodes: Nodes, database: MakeDatabase) -> None:
    db = await database("hq_router")
    loaded = await load_segments(db, nodes.now)
    assert 129_000 < loaded < 140_000
    assert await db.fetchval("SELECT count(*) FROM segments") == loaded
    await db.execute("UPDATE segments SET node = 'xz' WHERE prefix = $1", GUANGDONG)
    started = time.perf_counter()
    assert await load_segments(db, nodes.now) == 0
    assert time.perf_counter() - started < 0.5
    # Another version of the library brings another plan, whole.
    await db.execute("UPDATE segment_versions SET version = 'an older one'")
    assert await load_segments(db, nodes.now) == loaded
    assert await db.fetchval("SELECT node FROM segments WHERE prefix = $1", GUANGDONG) == "gd"
    assert await db.fetchval("SELECT count(*) FROM segments") == loaded


async def test_many_numbers_are_looked_up_together_each_by_its_longest_segment(nodes: Nodes) -> None:
    numbers = [f"{prefix}9999" for prefix in (GUANGDONG, BEIJING, ANOTHER_OPERATORS, NOBODYS)]
    async with nodes.router.db.transaction() as tx:
        known = await what_is_known(tx, [*numbers, "02088886666", "x"], nodes.now)
    found = [known[number].segment for number in numbers]
    assert [(one.prefix, one.operator, one.node) for one in found if one is not None] == [
        (GUANGDONG, "unicom", "gd"),
        (BEIJING, "unicom", "bj"),
        (ANOTHER_OPERATORS, "mobile", "xj"),
        ("130", "unicom", None),
    ]
    assert known["02088886666"].segment is None
    assert known["x"].segment is None
