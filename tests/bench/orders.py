"""Accepting an order, against a bare handler that inserts the same rows in one statement."""

import json
from datetime import timedelta
from typing import Any

from fastapi import FastAPI, Request, Response

from contracts.events import CustomerChanged, OfferingChanged
from contracts.processes import Presented
from libs.clock import SystemClock
from libs.ids import new_id
from libs.security.sealing import seal
from services.order_acceptance.app import SERVICE
from services.order_acceptance.orders.resource import PRODUCT_ORDER
from services.order_acceptance.projections.messages import CUSTOMERS, OFFERINGS
from tests.bench.figures import Figure, compare
from tests.bench.serving import loaded, served
from tests.running import Bench, RunningService

ORDERS_A_ROUND = 3_000
OWNER = ("resident-id", "440103199001011234")


async def accepting(bench: Bench) -> list[Figure]:
    """Authenticated, validated, idempotent, priced, judged, stored with its work order and messages."""
    # Accepting ends with the commit: what is sent afterwards is another process's work here, and no task is missed.
    calm = {"pool_size": 16, "task_deadline_seconds": 3600}
    async with bench.running(SERVICE, "gd", clock=SystemClock(), relay=False, **calm) as service:
        await _catalogue_and_customer(service)
        checks = await _checks(service, ORDERS_A_ROUND * 6)
        rows: list[Any] = []
        await service.db.execute(_BARE_OUTBOX)
        bare_app = _bare(service, rows)
        async with served(service.app) as ours, served(bare_app) as bare:

            async def measure_ours(turn: int) -> float:
                mine = checks[turn * ORDERS_A_ROUND : (turn + 1) * ORDERS_A_ROUND]
                headers = service.bearer("hall-clerk") | {"Content-Type": "application/json"}
                return await loaded(
                    (
                        {
                            "method": "POST",
                            "url": ours + PRODUCT_ORDER.path,
                            "headers": headers | {"Idempotency-Key": check},
                            "body": json.dumps(_body(check, f"{13000000000 + place}")),
                        }
                        for place, check in enumerate(mine, turn * ORDERS_A_ROUND)
                    ),
                    status=201,
                )

            async def measure_bare(turn: int) -> float:
                if not rows:
                    rows.append(await _template(service))
                body = json.dumps(_body(checks[0], "13000000000"))
                one = {"method": "POST", "url": bare + "/", "body": body}
                return await loaded([one] * ORDERS_A_ROUND, status=201)

            return [await compare("accept an order", "ratio ≥ 0.5", measure_ours, measure_bare)]


async def _catalogue_and_customer(service: RunningService) -> None:
    """A plan with an option, the fee of opening, and one customer, as their events would have left them."""
    now = service.clock.now()

    def offering(
        id_: str, kind: str, price_type: str, amount: str, business: str | None = None
    ) -> OfferingChanged:
        prices = [{"id": f"{id_}-p", "name": id_, "priceType": price_type, "amount": amount}]
        return OfferingChanged.model_validate(
            {
                "id": id_,
                "version": 1,
                "name": id_,
                "kind": kind,
                "business": business,
                "lifecycleStatus": "Launched",
                "prices": prices,
                "record": {},
                "at": now,
            }
        )

    customer = CustomerChanged(
        id="customer",
        version=1,
        kind="individual",
        status="active",
        party="party",
        identity_digests=[service.runtime.cipher.digest(*OWNER)],
        at=now,
    )
    async with service.db.transaction() as tx:
        await CUSTOMERS.keep(tx, [customer])
        await OFFERINGS.keep(
            tx,
            [
                offering("plan", "plan", "recurring", "59.00"),
                offering("option", "option", "recurring", "5.00"),
                offering("fee", "business-fee", "oneTime", "20.00", "open-account"),
            ],
        )


def _body(check: str, number: str) -> dict[str, Any]:
    """An account with a plan and an option."""
    named = {"msisdn": number, "iccid": "89860100000000000001"}
    return {
        "category": "open-account",
        "relatedParty": [
            {"id": "customer", "role": "customer", "@referredType": "Customer"},
            {"id": check, "role": "presenter", "@referredType": "IdentityCheck"},
        ],
        "productOrderItem": [
            {
                "id": "1",
                "action": "add",
                "productOffering": {"id": "plan"},
                "product": {
                    "productCharacteristic": [{"name": name, "value": value} for name, value in named.items()]
                },
            },
            {
                "id": "2",
                "action": "add",
                "productOffering": {"id": "option"},
                "productOrderItemRelationship": [{"id": "1", "relationshipType": "reliesOn"}],
            },
        ],
    }


async def _checks(service: RunningService, count: int) -> list[str]:
    """So many identity checks, as their events would have left them."""
    shown = Presented(identification_type=OWNER[0], identification_id=OWNER[1], name="陈晓明")
    keys = service.runtime.keys
    record = {
        "actor": f"{service.settings.public_url} hall-clerk-1",
        "method": "id-reader",
        "version": 1,
        "identityDigest": service.runtime.cipher.digest(*OWNER),
        "nameDigest": "n",
        "sealed": seal(shown.model_dump_json(by_alias=True).encode(), keys.recipient(service.node)),
        "validUntil": (service.clock.now() + timedelta(days=1)).isoformat(),
        "at": service.clock.now().isoformat(),
    }
    ids = [new_id() for _ in range(count)]
    await service.db.execute(
        """INSERT INTO known_identity_checks (id, version, deleted, valid_until, record)
           SELECT id, 1, false, now() + interval '1 day', $2::jsonb || jsonb_build_object('id', id)
           FROM unnest($1::text[]) AS id""",
        ids,
        json.dumps(record),
    )
    return ids


async def _template(service: RunningService) -> dict[str, Any]:
    """The rows of one order that was accepted, as JSON."""
    row = await service.db.fetchrow(
        """SELECT to_jsonb(o) AS made, to_jsonb(w) AS work FROM product_orders o
           JOIN work_orders w ON w.order_id = o.id LIMIT 1"""
    )
    assert row is not None, "an order was accepted before"
    return {"order": json.loads(row["made"]), "work": json.loads(row["work"])}


_BARE = """
    WITH made AS (
        INSERT INTO product_orders SELECT * FROM jsonb_populate_record(NULL::product_orders, $1::jsonb)
    ), work AS (
        INSERT INTO work_orders SELECT * FROM jsonb_populate_record(NULL::work_orders, $2::jsonb)
    ), guard AS (
        INSERT INTO guards (number, work_order, since) VALUES ($3, $3, now())
    ), used AS (
        INSERT INTO identity_check_uses (identity_check, order_id, used) VALUES ($3, $3, now())
    ), kept AS (
        INSERT INTO idempotency_keys (digest, body, status, headers, answer, encrypted, created)
        VALUES ($4, $4, 201, '{}', $1::text, false, now())
    )
    INSERT INTO bare_outbox (share, topic, key, ce_id, ce_type, payload, created)
    SELECT 9, 'bench', $3, $3 || n, 'bench', $4, now() FROM generate_series(1, 2) AS n
"""
# Like the outbox, but no relay reads it: what the bare handler writes stays where it is.
_BARE_OUTBOX = "CREATE TABLE bare_outbox (LIKE outbox INCLUDING ALL)"


def _bare(service: RunningService, rows: list[Any]) -> FastAPI:
    app = FastAPI()

    @app.post("/", status_code=201)
    async def accept(request: Request) -> Response:
        await request.json()
        id_ = new_id()
        answer = json.dumps(rows[0]["order"] | {"id": id_})
        work = json.dumps(rows[0]["work"] | {"id": id_, "order_id": id_, "origin_transaction": id_})
        async with service.db.pool.acquire() as connection:
            await connection.execute(_BARE, answer, work, id_, id_.encode())
        return Response(answer, 201, media_type="application/json")

    return app
