"""Reading a customer by id and listing customers, against a bare handler that reads the same rows."""

from fastapi import FastAPI, Response

from libs.clock import SystemClock
from services.customer.app import SERVICE
from services.customer.customers.api import CUSTOMERS
from services.customer.tests.hall import Hall
from tests.bench.figures import Figure, compare
from tests.bench.serving import loaded, served
from tests.running import Bench, RunningService

READS_A_ROUND = 5_000
CUSTOMERS_THERE = 1_000
_COPIED = """
    INSERT INTO customers
    SELECT (jsonb_populate_record(c, jsonb_build_object(
        'id', made.id,
        'level', CASE WHEN made.n % 10 = 0 THEN 'gold' ELSE 'standard' END,
        'document', c.document || jsonb_build_object('id', made.id)
    ))).*
    FROM customers c, (
        SELECT n, left(c.id, 24) || lpad(to_hex(n), 12, '0') AS id FROM customers c, generate_series(1, $2::int) AS n
        WHERE c.id = $1
    ) AS made
    WHERE c.id = $1
    RETURNING id
"""


async def reading(bench: Bench) -> list[Figure]:
    """One customer by id, masked; a list of twenty by a filter, with the count of all that fit."""
    async with bench.running(SERVICE, "gd", clock=SystemClock(), pool_size=16) as service:
        ids = await _customers(service)
        async with served(service.app) as ours, served(_bare(service)) as bare:
            headers = service.bearer("hall-clerk", area="020")
            asked = [ids[place % len(ids)] for place in range(READS_A_ROUND)]
            listing = f"{CUSTOMERS.path}?level=gold&limit=20"

            async def one(_: int) -> float:
                wanted = (f"{ours}{CUSTOMERS.path}/{id}" for id in asked)
                return await loaded(
                    ({"method": "GET", "url": url, "headers": headers} for url in wanted), status=200
                )

            async def bare_one(_: int) -> float:
                return await loaded(({"method": "GET", "url": f"{bare}/{id}"} for id in asked), status=200)

            async def listed(_: int) -> float:
                wanted = {"method": "GET", "url": ours + listing, "headers": headers}
                return await loaded([wanted] * (READS_A_ROUND // 5), status=200)

            async def bare_listed(_: int) -> float:
                wanted = {"method": "GET", "url": f"{bare}/"}
                return await loaded([wanted] * (READS_A_ROUND // 5), status=200)

            return [
                await compare("read a customer by id", "ratio ≥ 0.6", one, bare_one),
                await compare("list twenty customers by level", "ratio ≥ 0.6", listed, bare_listed),
            ]


async def _customers(service: RunningService) -> list[str]:
    """One that came to the hall, and so many like it."""
    first = await Hall(service).customer()
    rows = await service.db.fetch(_COPIED, first, CUSTOMERS_THERE)
    await service.db.execute("ANALYZE customers")
    return [row["id"] for row in rows]


def _bare(service: RunningService) -> FastAPI:
    app = FastAPI()

    @app.get("/{id}")
    async def one(id: str) -> Response:
        async with service.db.pool.acquire() as connection:
            text = await connection.fetchval("SELECT document::text FROM customers WHERE id = $1", id)
        return Response(text, media_type="application/json")

    @app.get("/")
    async def listed() -> Response:
        async with service.db.pool.acquire() as connection:
            rows = await connection.fetch(
                """SELECT document::text AS document, count(*) OVER () FROM customers
                   WHERE level = 'gold' ORDER BY id DESC LIMIT 20"""
            )
        return Response(f"[{','.join(row['document'] for row in rows)}]", media_type="application/json")

    return app
