"""What the checker sees of a fleet whose clock goes on while it looks."""

import asyncio

from deploy.local.engines import Engines
from libs.database import Database
from tests.engines import MakeDatabase
from tests.faults.checker.evidence import Evidence, leave_out_what_passes

PLACE = ("gd", "order_acceptance", "outbox")


async def sent(database: Database, key: str) -> int:
    return int(
        await database.fetchval(
            "INSERT INTO outbox (share, topic, key, ce_id, ce_type, payload, created) "
            "VALUES (0, 'gd.uplink.reports', $1, $1, 'a type', '', now()) RETURNING id",
            key,
        )
    )


async def test_only_what_stays_in_an_outbox_was_left_behind(engines: Engines, database: MakeDatabase) -> None:
    made = await database()
    url = f"{engines.postgres_url}/{await made.fetchval('SELECT current_database()')}"
    stays, goes = await sent(made, "stays"), await sent(made, "goes")
    found = Evidence(("gd",))
    found.queues = {PLACE: [{"id": stays}, {"id": goes}], (*PLACE[:2], "parked"): []}
    looking = asyncio.create_task(leave_out_what_passes(found, url, *PLACE[:2], within=1))
    await made.execute("DELETE FROM outbox WHERE id = $1", goes)
    await looking
    assert found.queues[PLACE] == [{"id": stays}]
