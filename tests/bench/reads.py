"""Reading by id and listing, against a bare handler that reads the same rows."""

import json

from fastapi import FastAPI, Response

from libs.clock import SystemClock
from libs.ids import new_id
from services.order_acceptance.app import SERVICE
from services.order_acceptance.orders.resource import PRODUCT_ORDER
from tests.bench.figures import Figure, compare
from tests.bench.serving import loaded, served
from tests.running import Bench, RunningService

READS_A_ROUND = 5_000
ROWS = 1_000


async def reading(bench: Bench) -> list[Figure]:
    """One record by id; a list of twenty by a filter."""
    async with bench.running(SERVICE, "gd", clock=SystemClock(), pool_size=16) as service:
        ids = await _orders(service)
        async with served(service.app) as ours, served(_bare(service)) as bare:
            headers = service.bearer("hall-clerk")

            async def one(turn: int) -> float:
                asked = (ids[place % ROWS] for place in range(READS_A_ROUND))
                return await loaded(
                    (
                        {"method": "GET", "url": f"{ours}{PRODUCT_ORDER.path}/{id_}", "headers": headers}
                        for id_ in asked
                    ),
                    status=200,
                )

            async def bare_one(turn: int) -> float:
                asked = (ids[place % ROWS] for place in range(READS_A_ROUND))
                return await loaded(({"method": "GET", "url": f"{bare}/{id_}"} for id_ in asked), status=200)

            async def listed(turn: int) -> float:
                url = f"{ours}{PRODUCT_ORDER.path}?state=completed&limit=20"
                return await loaded(
                    [{"method": "GET", "url": url, "headers": headers}] * (READS_A_ROUND // 5), status=200
                )

            async def bare_listed(turn: int) -> float:
                return await loaded([{"method": "GET", "url": f"{bare}/"}] * (READS_A_ROUND // 5), status=200)

            return [
                await compare("read an order by id", 0.6, one, bare_one),
                await compare("list twenty orders by state", 0.6, listed, bare_listed),
            ]


async def _orders(service: RunningService) -> list[str]:
    document = {
        "@type": "ProductOrder",
        "category": "replace-sim",
        "state": "completed",
        "orderDate": "2026-11-24T00:00:00Z",
        "productOrderItem": [{"id": str(i), "action": "modify", "state": "completed"} for i in range(4)],
    }
    rows = await service.db.fetch(
        """INSERT INTO product_orders (id, version, document, created, last_update, actor, issuer, category, state,
                                       accounting_day)
           SELECT id, 1, $1::jsonb || jsonb_build_object('id', id), now(), now(), 'a', 'i', 'replace-sim',
                  CASE WHEN n % 10 = 0 THEN 'completed' ELSE 'failed' END, current_date
           FROM unnest($2::text[]) WITH ORDINALITY AS made(id, n) RETURNING id""",
        json.dumps(document),
        [new_id() for _ in range(ROWS)],
    )
    await service.db.execute("ANALYZE product_orders")
    return [row["id"] for row in rows]


def _bare(service: RunningService) -> FastAPI:
    app = FastAPI()

    @app.get("/{id}")
    async def one(id: str) -> Response:
        async with service.db.pool.acquire() as connection:
            text = await connection.fetchval("SELECT document::text FROM product_orders WHERE id = $1", id)
        return Response(text, media_type="application/json")

    @app.get("/")
    async def listed() -> Response:
        async with service.db.pool.acquire() as connection:
            rows = await connection.fetch(
                """SELECT document::text AS document, count(*) OVER () FROM product_orders
                   WHERE state = 'completed' ORDER BY id DESC LIMIT 20"""
            )
        return Response(f"[{','.join(row['document'] for row in rows)}]", media_type="application/json")

    return app
