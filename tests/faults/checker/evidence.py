"""What is known after a run: rows of databases and journals, the last events of orders, the client's own history."""

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer

Row = dict[str, Any]
Table = list[Row]

ACCEPTANCE = "order_acceptance"
TABLES: Mapping[str, Mapping[str, str]] = {
    ACCEPTANCE: {
        "orders": "SELECT id, document ->> 'externalId' AS key, category, state, number, document FROM product_orders",
        "work_orders": "SELECT id, order_id, business, part, origin, origin_transaction, home, number, state, "
        "attention, accounting_day::text, content, steps, created, updated FROM work_orders",
        "products": "SELECT id, number, status, kind, parent, customer, billing_account, offering, iccid, imsi, "
        "opened_by FROM products",
        "suspensions": "SELECT product, reason, barring FROM suspensions",
        "payments": "SELECT id, correlator AS key, account, number, amount, refunded, status FROM payments",
        "bindings": "SELECT payment, order_id FROM payment_bindings",
        "refunds": "SELECT payment, order_id, amount FROM refunds",
        "guards": "SELECT number, work_order FROM guards",
        "cancels": "SELECT id, order_id, state FROM cancel_requests",
        "checks_used": "SELECT identity_check, order_id FROM identity_check_uses",
        "groups": "SELECT order_id, policy, state, decision, because FROM group_orders",
        "children": "SELECT work_order, order_id, items, node, number, state FROM group_children",
        "group_locks": "SELECT number, order_id FROM group_locks",
    },
    "resource": {
        "resources": "SELECT category, value, state, reservation, work_order, held_by, bound_to FROM resources "
        "WHERE state NOT IN ('free', 'in-stock')",
        "profiles": "SELECT imsi, state, held_by, number, work_order FROM profiles WHERE state <> 'free'",
    },
    "customer": {
        "accounts": "SELECT id, state, work_order FROM billing_accounts WHERE work_order IS NOT NULL",
        "branches": "SELECT customer FROM branches",
    },
    "hq_router": {
        "forwards": "SELECT origin, origin_transaction, attempt, home, home_transaction, state, outcome, order_id, "
        "number, business, accounting_day::text FROM forwards",
        "bills": "SELECT collected_by, home, payment, work_order, kind, amount FROM bills",
        "reconciliations": "SELECT id, day::text, node, interface, direction, state FROM reconciliations",
        "differences": "SELECT reconciliation, record, kind FROM reconciliation_differences WHERE settled IS NULL",
    },
}
QUEUES = {
    "outbox": "SELECT id, topic, key, ce_type FROM outbox WHERE topic NOT LIKE '%.uplink.control'",
    "dead_letters": "SELECT topic, ce_type, reason, detail FROM dead_letters",
    "parked": "SELECT id, topic, key, ce_type FROM parked",
    "dead_inbox": "SELECT ce_id, source FROM inbox WHERE state <> 'done'",
}
PASSING = ("outbox", "parked")
"""Through these a message goes; in the others it stays."""
JOURNALS: Mapping[str, Mapping[str, str]] = {
    "accounting": {
        "accounts": "SELECT node, account, balance_fen FROM accounts",
        "postings": "SELECT task_id, does, node, account, kind, reference, amount_fen FROM postings",
    },
    "billing": {"billed": "SELECT node, subscription, number, account, offerings FROM billed"},
    "provisioning": {
        "subscribers": "SELECT node, number, imsi, services FROM subscribers",
        "barrings": "SELECT node, number, barring FROM barrings",
    },
}
TASKS = (
    'SELECT task_id, does, direction, name, node, work_order, "order", business, outcome, effect FROM tasks'
)


@dataclass
class Evidence:
    """Everything that the checker looks at; a test may doctor it."""

    nodes: tuple[str, ...]
    history: Table = field(default_factory=list)
    """Each thing that the client asked, once: key, node, business, body, number, amount, status, id."""
    rows: dict[tuple[str, str, str], Table] = field(default_factory=dict)
    """By node, package and name."""
    queues: dict[tuple[str, str, str], Table] = field(default_factory=dict)
    journals: dict[tuple[str, str], Table] = field(default_factory=dict)
    """By system and name."""
    events: dict[str, dict[str, Row]] = field(default_factory=dict)
    """By node: the newest event of each order, by its id."""
    heard: Table = field(default_factory=list)
    """What listeners were told of orders, as often as it came: node, event, order, state, happened, came."""
    listening: dict[str, str] = field(default_factory=dict)
    """By node: since when."""
    lost: Table = field(default_factory=list)
    """Messages that lie in a topic and never came into the inbox of whoever takes them: node, package, topic, id."""
    now: datetime | None = None
    """What time it was for the fleet in the end; None: nobody looked."""

    def of(self, node: str, name: str, package: str = ACCEPTANCE) -> Table:
        return self.rows.get((node, package, name), [])

    def all(self, name: str, package: str = ACCEPTANCE) -> list[tuple[str, Row]]:
        """Rows of every node, each with its node."""
        return [(node, row) for node in self.nodes for row in self.of(node, name, package)]


async def gather(
    *,
    nodes: Sequence[str],
    postgres: str,
    kafka: str,
    journals: Path,
    history: Path,
    heard: Sequence[Row] = (),
    listening: Mapping[str, str] = MappingProxyType({}),
    lost: Table = (),  # type: ignore[assignment]
    now: datetime | None = None,
) -> Evidence:
    """Read it all. `postgres` is the server's URL, without a database."""
    found = Evidence(tuple(nodes), history=read_history(history), lost=list(lost), now=now)
    found.heard, found.listening = list(heard), dict(listening)
    for name in await databases(postgres, nodes):
        node, _, package = name.partition("_")
        await read_service(found, f"{postgres}/{name}", node, package)
        await leave_out_what_passes(found, f"{postgres}/{name}", node, package)
    for system, tables in JOURNALS.items():
        _read_journal(found, journals / f"{system}.sqlite", system, tables)
    for node in nodes:
        found.events[node] = await newest_events(kafka, f"{node}.order-acceptance.events")
    return found


def read_history(file: Path) -> Table:
    """The client's lines, the newest of each key: what it asked, and what it was told."""
    newest: dict[str, Row] = {}
    for line in file.read_text().splitlines():
        entry = json.loads(line)
        newest[entry["key"]] = {**newest.get(entry["key"], {}), **entry}
    return list(newest.values())


async def databases(postgres: str, nodes: Sequence[str]) -> list[str]:
    """Of all services of these nodes: `<node>_<package>`."""
    connection = await asyncpg.connect(f"{postgres}/postgres", timeout=5)
    try:
        rows = await connection.fetch("SELECT datname FROM pg_database ORDER BY datname")
    finally:
        await connection.close()
    names = [str(row["datname"]) for row in rows]
    return [name for name in names if name.partition("_")[0] in nodes]


async def read_service(found: Evidence, database: str, node: str, package: str) -> None:
    """All rows of one service at one node, read from its database."""
    connection = await asyncpg.connect(database)
    try:
        for name, sql in QUEUES.items():
            found.queues[node, package, name] = [dict(row) for row in await connection.fetch(sql)]
        for name, sql in TABLES.get(package, {}).items():
            found.rows[node, package, name] = [_parsed(dict(row)) for row in await connection.fetch(sql)]
    finally:
        await connection.close()


async def leave_out_what_passes(
    found: Evidence, database: str, node: str, package: str, within: float = 15
) -> None:
    """Of the messages that were seen on their way, keep those that go no further, however long it is waited for them.

    A fleet's clock goes on while it is looked at: what it sends then was not left behind.
    """
    connection = await asyncpg.connect(database)
    end = time.monotonic() + within
    try:
        for name in PASSING:
            place = (node, package, name)
            while seen := found.queues[place]:
                sql = f"SELECT id FROM {name} WHERE id = ANY($1::bigint[])"
                there = {row["id"] for row in await connection.fetch(sql, [row["id"] for row in seen])}
                found.queues[place] = [row for row in seen if row["id"] in there]
                if not there or time.monotonic() > end:
                    break
                await asyncio.sleep(0.1)
    finally:
        await connection.close()


def _parsed(row: Row) -> Row:
    for name in ("document", "content", "steps"):
        if isinstance(row.get(name), str):
            row[name] = json.loads(row[name])
    return row


def _read_journal(found: Evidence, file: Path, system: str, tables: Mapping[str, str]) -> None:
    journal = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    journal.row_factory = sqlite3.Row
    try:
        for name, sql in {"tasks": TASKS, **tables}.items():
            found.journals[system, name] = [dict(row) for row in journal.execute(sql)]
    finally:
        journal.close()


async def newest_events(kafka: str, topic: str) -> dict[str, Row]:
    """What was told last of each order, by its id."""
    newest: dict[str, Row] = {}
    async for records in _read_topics(kafka, topic):
        _remember(newest, records)
    return newest


async def _read_topics(kafka: str, *topics: str) -> AsyncIterator[Sequence[Any]]:
    """All records of these topics that are there now."""
    consumer = AIOKafkaConsumer(
        *topics,
        bootstrap_servers=kafka,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        ends = await consumer.end_offsets(list(consumer.assignment()))
        left = {place for place, end in ends.items() if end > 0}
        while left:
            for records in (await consumer.getmany(*left, timeout_ms=1000)).values():
                yield records
            left = {place for place in left if await consumer.position(place) < ends[place]}
    finally:
        await consumer.stop()


def _takers(nodes: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Who takes the messages of a topic in, by node and package: of all topics that carry work."""
    found: dict[str, tuple[str, str]] = {}
    for node in nodes:
        found[f"{node}.order-acceptance.results"] = (node, ACCEPTANCE)
        found[f"{node}.downlink.work-orders"] = (node, ACCEPTANCE)
        found[f"{node}.resource.tasks"] = (node, "resource")
        found[f"{node}.customer.tasks"] = (node, "customer")
        for interface in ("work-orders", "bills"):
            found[f"{node}.uplink.{interface}"] = ("hq", "hq_router")
    return found


async def find_lost(*, nodes: Sequence[str], postgres: str, kafka: str, within: float = 30) -> Table:
    """The messages in topics that did not come into the inbox of their taker, however long it was waited for them."""
    takers = _takers(nodes)
    open_: dict[tuple[str, str], dict[tuple[str, str], str]] = {}
    async for records in _read_topics(kafka, *takers):
        for record in records:
            headers = {name: value.decode() for name, value in record.headers}
            sent = open_.setdefault(takers[record.topic], {})
            sent[headers["ce_id"], headers["ce_source"]] = record.topic
    end = time.monotonic() + within
    while True:
        for (node, package), sent in open_.items():
            if sent:
                await _strike_off(f"{postgres}/{node}_{package}", sent)
        if not any(open_.values()) or time.monotonic() > end:
            break
        await asyncio.sleep(0.5)
    return [
        {"node": node, "package": package, "topic": topic, "id": id_}
        for (node, package), sent in open_.items()
        for (id_, _), topic in sent.items()
    ]


async def _strike_off(database: str, sent: dict[tuple[str, str], str]) -> None:
    """What is in the inbox was not lost."""
    connection = await asyncpg.connect(database)
    try:
        rows = await connection.fetch(
            "SELECT ce_id, source FROM inbox WHERE ce_id = ANY($1::text[])", [id_ for id_, _ in sent]
        )
    finally:
        await connection.close()
    for row in rows:
        sent.pop((row["ce_id"], row["source"]), None)


def _remember(newest: dict[str, Row], records: Iterable[Any]) -> None:
    for record in records:
        if (
            dict(record.headers)
            .get("ce_type", b"")
            .decode()
            .startswith("unicrm.order-acceptance.order-state")
        ):
            told = json.loads(record.value)
            if told["version"] >= newest.get(told["id"], {"version": 0})["version"]:
                newest[told["id"]] = told
