"""Reserving a number where a million of them lie, against bare handlers that take the next free one.

One takes it from the same table. The other has a table of its own with nothing but what the question needs: beside it
shows what the resource's document, checks and indexes cost.
"""

import json
from collections.abc import Awaitable, Callable
from itertools import count

from fastapi import FastAPI, Request, Response

from libs.clock import SystemClock
from libs.ids import new_id
from services.resource.app import SERVICE
from services.resource.reservations.api import PATH
from services.resource.tests.counter import Counter
from tests.bench.figures import Figure, compare
from tests.bench.serving import loaded, served
from tests.running import Bench, RunningService

NUMBERS = 1_000_000
RESERVED_A_ROUND = 3_000
_COPIED = """
    INSERT INTO resources
    SELECT (jsonb_populate_record(r, jsonb_build_object(
        'id', made.id,
        'value', made.value,
        'document', r.document || jsonb_build_object('id', made.id, 'value', made.value)
    ))).*
    FROM resources r, (
        SELECT left(r.id, 24) || lpad(to_hex(n), 12, '0') AS id, (13010000000 + n)::text AS value
        FROM resources r, generate_series(1, $2::int) AS n WHERE r.id = $1
    ) AS made
    WHERE r.id = $1
"""
_BARE = """
    UPDATE resources SET state = 'reserved', reservation = $1, until = now() + interval '15 minutes'
    WHERE id = (
        SELECT id FROM resources
        WHERE category = 'msisdn' AND state = 'free' AND value LIKE '130109%' ORDER BY value LIMIT 1
        FOR UPDATE SKIP LOCKED
    )
    RETURNING id, value
"""
# Number, state, and the index that finds a free one.
_NARROW_TABLE = (
    "CREATE TABLE bare_numbers (id text PRIMARY KEY, value text NOT NULL, state text NOT NULL, holder text)",
    "INSERT INTO bare_numbers SELECT id, value, 'free' FROM resources WHERE category = 'msisdn'",
    "CREATE INDEX ON bare_numbers (value) WHERE state = 'free'",
    "VACUUM ANALYZE bare_numbers",
)
_NARROW = """
    UPDATE bare_numbers SET state = 'reserved', holder = $1
    WHERE id = (
        SELECT id FROM bare_numbers WHERE state = 'free' AND value LIKE '1301%' ORDER BY value LIMIT 1
        FOR UPDATE SKIP LOCKED
    )
    RETURNING id, value
"""


async def reserving(bench: Bench) -> list[Figure]:
    """Any number that begins with 1301, held for the clerk who asks, with an Idempotency-Key."""
    async with bench.running(SERVICE, "gd", clock=SystemClock(), pool_size=16) as service:
        await _stock(service)
        async with (
            served(service.app) as ours,
            served(_bare(service, _BARE)) as bare,
            served(_bare(service, _NARROW)) as narrow,
        ):
            headers = service.bearer("hall-clerk", area="020") | {"Content-Type": "application/json"}
            wanted = json.dumps({"pick": {"category": "msisdn", "pattern": "1301*"}})
            asking = count()

            async def reserve(_: int) -> float:
                return await loaded(
                    (
                        {
                            "method": "POST",
                            "url": ours + PATH,
                            "headers": headers | {"Idempotency-Key": f"key-{next(asking)}"},
                            "body": wanted,
                        }
                        for _ in range(RESERVED_A_ROUND)
                    ),
                    status=201,
                )

            def bare_reserve(url: str) -> Callable[[int], Awaitable[float]]:
                async def measure(_: int) -> float:
                    one = {"method": "POST", "url": f"{url}/", "body": wanted}
                    return await loaded([one] * RESERVED_A_ROUND, status=201)

                return measure

            name = f"reserve one of {NUMBERS:,} numbers"
            return [
                await compare(name, "ratio ≥ 0.5", reserve, bare_reserve(bare)),
                await compare(f"{name}, beside a narrow table", "", reserve, bare_reserve(narrow)),
            ]


async def _stock(service: RunningService) -> None:
    (first,) = await Counter(service).numbers("13009999999")
    async with service.db.pool.acquire() as connection:
        await connection.execute(_COPIED, first, NUMBERS, timeout=300)
        await connection.execute("VACUUM ANALYZE resources", timeout=300)
        for statement in _NARROW_TABLE:
            await connection.execute(statement, timeout=300)


def _bare(service: RunningService, statement: str) -> FastAPI:
    app = FastAPI()

    @app.post("/", status_code=201)
    async def reserve(request: Request) -> Response:
        await request.json()
        async with service.db.pool.acquire() as connection:
            row = await connection.fetchrow(statement, new_id())
        return Response(json.dumps(dict(row)), 201, media_type="application/json")

    return app
