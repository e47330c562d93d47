"""What runs for every order reads by index, however much has piled up."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from contracts.work_orders import Forward
from libs.clock import ManualClock, accounting_day
from libs.database import Database
from libs.messaging import Outbox, Work
from services.order_acceptance.engine import store as engine
from services.order_acceptance.engine.rules import WorkState
from services.order_acceptance.engine.subscriptions import as_they_are
from services.order_acceptance.forwards.store import facts_of, taken_in
from services.order_acceptance.orders.store import Asked, know, know_sql
from services.order_acceptance.settlement.store import settle
from tests.running import Bench

ROWS, FEWER = 100_000, 20_000
BIG = {
    "work_orders",
    "product_orders",
    "products",
    "payments",
    "payment_bindings",
    "guards",
    "known_customers",
}
BIG |= {"known_identity_checks", "identity_check_uses", "known_accounts"}

FILL = f"""
INSERT INTO work_orders (id, order_id, business, process, process_version, part, origin, origin_transaction,
    forward_attempt, home, number, guarded, state, sequence, position, attention, next_at, deadline, accounting_day,
    content, steps, reasons, output, acceptance, digest, test, created, updated)
SELECT 'w' || i, 'o' || i, 'replace-sim', 'replace-sim', 1, 'home', 'bj', 't' || i, 1, 'gd', '130' || i, true,
       CASE WHEN i % 1000 = 0 THEN 'waiting' WHEN i % 100 = 0 THEN 'running' ELSE 'completed' END, 9, 1, false,
       CASE WHEN i % 100 = 0 THEN now() + make_interval(secs => i) END, now(), current_date,
       '{{}}', '[]', '[]', '{{}}', '{{}}', 'd', false, now(), now()
FROM generate_series(1, {ROWS}) i;
INSERT INTO guards (number, work_order, since) SELECT '130' || i, 'w' || i, now() FROM generate_series(1, {ROWS}) i;
INSERT INTO products (id, version, document, created, last_update, number, status, kind, customer, billing_account,
                      offering, opened_by)
SELECT 's' || i, 1, '{{}}', now(), now(), '130' || i, 'active', 'subscription', 'c' || i, 'a', 'p', 'o'
FROM generate_series(1, {ROWS}) i;
INSERT INTO payments (id, version, document, created, last_update, actor, issuer, account, amount, method, status,
                      accounting_day)
SELECT 'm' || i, 1, '{{}}', now(), now(), 'a', 'i', 'counter', 1, 'cash', 'authorized', current_date
FROM generate_series(1, {ROWS}) i;
INSERT INTO payment_bindings (payment, order_id, bound)
SELECT 'm' || i, 'o' || i, now() FROM generate_series(1, {FEWER}) i;
INSERT INTO product_orders (id, version, document, created, last_update, actor, issuer, category, state,
                            accounting_day)
SELECT 'o' || i, 1, '{{}}', now(), now(), 'a', 'i', 'replace-sim', 'inProgress', current_date
FROM generate_series(1, {ROWS}) i;
INSERT INTO known_customers (id, version, deleted, record)
SELECT 'c' || i, 1, false, jsonb_build_object('id', 'c' || i, 'version', 1, 'kind', 'individual', 'status',
       'active', 'party', 'p', 'at', now()) FROM generate_series(1, {FEWER}) i;
INSERT INTO known_accounts (id, version, deleted, customer, record)
SELECT 'a' || i, 1, false, 'c', jsonb_build_object('id', 'a' || i, 'version', 1, 'customer', 'c', 'state', 'active',
       'at', now()) FROM generate_series(1, {FEWER}) i;
INSERT INTO known_identity_checks (id, version, deleted, valid_until, record)
SELECT 'k' || i, 1, false, now(), jsonb_build_object('id', 'k' || i, 'actor', 'a', 'method', 'id-reader',
       'identityDigest', 'd', 'nameDigest', 'n', 'sealed', 's', 'validUntil', now(), 'at', now())
FROM generate_series(1, {FEWER}) i;
INSERT INTO identity_check_uses (identity_check, order_id, used)
SELECT 'k' || i, 'o' || i, now() FROM generate_series(1, {FEWER}) i;
"""


@pytest.fixture(scope="module")
async def full(bench: Bench) -> AsyncIterator[Database]:
    async with bench.database("order_acceptance") as db:
        await db.execute(FILL)
        await db.execute("ANALYZE")
        yield db


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for part in plan.get("Plans", []) for node in nodes(part))]


@dataclass
class Watched:
    """A connection that notes which large tables its statements read from end to end."""

    connection: Any
    read_whole: list[str] = field(default_factory=list)
    statements: int = 0

    async def _look(self, sql: str, values: tuple[Any, ...]) -> None:
        self.statements += 1
        plan = json.loads(await self.connection.fetchval(f"EXPLAIN (FORMAT JSON) {sql}", *values))
        self.read_whole += [
            f"{node['Relation Name']}: {sql}"
            for node in nodes(plan[0]["Plan"])
            if node["Node Type"] == "Seq Scan" and node["Relation Name"] in BIG
        ]

    async def fetch(self, sql: str, *values: Any) -> Any:
        await self._look(sql, values)
        return await self.connection.fetch(sql, *values)

    async def fetchrow(self, sql: str, *values: Any) -> Any:
        await self._look(sql, values)
        return await self.connection.fetchrow(sql, *values)

    async def fetchval(self, sql: str, *values: Any) -> Any:
        await self._look(sql, values)
        return await self.connection.fetchval(sql, *values)

    async def execute(self, sql: str, *values: Any) -> Any:
        await self._look(sql, values)
        return await self.connection.execute(sql, *values)


@pytest.fixture
async def watched(full: Database) -> AsyncIterator[Any]:
    """What the statement of a test reads; nothing of it is kept."""
    async with full.connection() as connection:
        transaction = connection.transaction()
        await transaction.start()
        try:
            watched = Watched(connection)
            yield watched
            assert watched.statements > 0
            assert watched.read_whole == []
        finally:
            await transaction.rollback()


async def test_what_is_known_of_an_order_is_read_by_index(watched: Any) -> None:
    shown = {"presenter": "k7", "agent": "k8", "payments": ("m7", "m8"), "number": "1307"}
    await know(watched, Asked(business="replace-sim", offerings=("p",), **shown))
    await know(
        watched, Asked(business="open-account", offerings=("p",), customer="c7", account="a7", **shown)
    )
    await know(watched, Asked(business="replace-sim", product="s7"))
    await know(watched, Asked(business="replace-sim", payments=("m1", "m2", "m3", "m4")))


@pytest.mark.parametrize("named", [{}, {"customer": "c7", "account": "a7"}])
@pytest.mark.parametrize("shown", [{}, {"presenter": "k7", "agent": "k8"}])
@pytest.mark.parametrize("payments", [(), ("m7",), ("m1", "m2", "m3")])
async def test_what_is_known_of_an_order_is_planned_once_and_not_for_each_order(
    full: Database, named: dict[str, str], shown: dict[str, str], payments: tuple[str, ...]
) -> None:
    async with full.connection() as connection:
        for i in range(1, 21):
            asked = Asked(
                business="a", offerings=("p",), number=f"130{i}", payments=payments, **named, **shown
            )
            await know(connection, asked)
        plans = await connection.fetchrow(
            "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement = $1",
            know_sql(bool(named), bool(named), bool(shown), len(payments)),
        )
    assert plans["generic_plans"] > plans["custom_plans"]


async def test_work_orders_are_locked_by_index(watched: Any, clock: ManualClock) -> None:
    assert len(await engine.lock(watched, [f"w{i}" for i in range(1, 501)], "gd")) == 500
    assert len(await engine.lock_due(watched, clock.now() + timedelta(days=1), 200, "gd")) == 200


async def test_guards_are_taken_and_passed_on_by_index(watched: Any, clock: ManualClock) -> None:
    known = await engine.lock(watched, ["w1000", "w2000"], "gd")
    assert await engine.take_guards(watched, list(known.values()), clock.now()) == {"w1000", "w2000"}
    assert await engine.pass_guards_on(watched, ["w1000"], ["w1"], clock.now()) == ["w1000"]
    assert await engine.pass_guards_on(watched, ["w7", "w8"], ["w1"], clock.now()) == []


async def test_work_orders_are_written_by_index(watched: Any, clock: ManualClock) -> None:
    known = await engine.lock(watched, [f"w{i}" for i in range(1, 101)], "gd")
    await engine.save(watched, list(known.values()), "gd", clock.now())
    await engine.record_late(watched, [("w7", "t", "done", {})], clock.now())


async def test_forwards_and_their_subscribers_are_looked_up_by_index(
    watched: Any, clock: ManualClock
) -> None:
    forward = Forward.model_validate(
        {
            "origin": "bj",
            "originTransaction": "t7",
            "order": "o7",
            "business": "replace-sim",
            "process": "replace-sim",
            "version": 1,
            "routeValue": "1307",
            "number": "1307",
            "accountingDay": accounting_day(clock.now()),
            "deadline": clock.now(),
            "acceptance": {"node": "bj", "issuer": "i", "actor": "a", "at": clock.now()},
            "content": {},
            "digest": "d",
        }
    )
    assert list((await taken_in(watched, [forward])).values()) == ["w7"]
    assert list(await facts_of(watched, [forward])) == ["replace-sim 1307"]
    known = await engine.lock(watched, ["w7"], "gd")
    waits = [
        replace(one, work=replace(one.work, content={"home": {"customer": "c7"}})) for one in known.values()
    ]
    await as_they_are(watched, waits)


@pytest.mark.parametrize("state", [WorkState.COMPLETED, WorkState.FAILED])
async def test_orders_and_their_money_are_settled_by_index(
    watched: Any, clock: ManualClock, state: WorkState
) -> None:
    runtime: Any = SimpleNamespace(settings=SimpleNamespace(node="gd"))
    unit = Work(watched, clock.now(), runtime, Outbox("gd", "order-acceptance"))
    known = await engine.lock(watched, ["w7", "w8"], "gd")
    ended = [replace(one, work=replace(one.work, state=state)) for one in known.values()]
    await settle(unit, ended)
    assert len(unit.outgoing) == 4, "two orders and their two payments are told of"
