"""`unicrm rebuild` at a node: the copies of order acceptance are made whole by their owners, and orders go on."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from deploy.cli.nodes import Node
from deploy.cli.rebuild import rebuild
from deploy.local.trouble import Trouble
from libs.ids import new_id
from services.access.app import SERVICE as ACCESS
from services.customer.app import SERVICE as CUSTOMER
from services.customer.seed import PEOPLE, resident_id, seeded_id
from services.order_acceptance.app import SERVICE as ACCEPTANCE
from services.product.app import SERVICE as PRODUCT
from services.product.identifiers import fixed_id
from services.resource.app import SERVICE as RESOURCE
from tests.engines import eventually
from tests.running import Bench, RunningService, random_mark

ORDERS = "/tmf-api/productOrderingManagement/v4/productOrder"
OWNED = {
    "known_offerings": ("product", "SELECT id, version FROM offerings WHERE facts IS NOT NULL"),
    "known_customers": ("customer", "SELECT id, facts_version AS version FROM customers"),
    "known_accounts": ("customer", "SELECT id, version FROM billing_accounts"),
    "known_identity_checks": ("customer", "SELECT id, 1 AS version FROM identity_checks"),
    "known_card_writings": (
        "resource",
        "SELECT id, CASE WHEN confirmed IS NULL THEN 1 ELSE 2 END AS version FROM card_writings",
    ),
}


@dataclass
class Province:
    """Guangdong, with what it takes to accept an order."""

    bench: Bench
    prefix: str
    services: dict[str, RunningService]

    async def rebuild(self, projection: str) -> list[str]:
        """What the command says."""
        node = Node(
            "gd",
            self.services["product"].settings.public_url,
            self.bench.keys / "gd",
            self.services["product"].clock,
        )
        said: list[str] = []
        async with httpx.AsyncClient(transport=self.bench.neighbours(self.prefix)) as http:
            await rebuild(node, projection, said.append, http)
        return said

    async def differing(self, table: str) -> set[tuple[str, int]]:
        """What copy and owner do not have alike."""
        owner, query = OWNED[table]
        owned = {(row["id"], row["version"]) for row in await self.services[owner].db.fetch(query)}
        known = await self.services["order-acceptance"].db.fetch(
            f"SELECT id, version FROM {table} WHERE NOT deleted"
        )
        return owned ^ {(row["id"], row["version"]) for row in known}

    async def post(self, service: str, path: str, body: dict[str, Any]) -> httpx.Response:
        at = self.services[service]
        return await at.client.post(path, json=body, headers=at.bearer("hall-clerk", key=new_id()))

    async def cards_given_before(self, count: int) -> None:
        """Cards of orders from a time when nobody told of their writing; the first is written."""
        at = self.services["resource"].clock.now()
        for i in range(count):
            await self.services["resource"].db.execute(
                "INSERT INTO card_writings (id, order_id, actor, iccid, data, created, confirmed)"
                " VALUES ($1, $2, 'somebody', $3, 'x', $4, $5)",
                new_id(),
                new_id(),
                f"8986{i:016d}",
                at,
                None if i else at,
            )

    async def check(self) -> str:
        shown = {
            "identificationType": "resident-id",
            "identificationId": resident_id("gd", PEOPLE[0]),
            "name": PEOPLE[0].full_name,
            "method": "id-reader",
        }
        answer = await self.post("customer", "/api/customer/v1/identityChecks", shown)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def order(self, number: str) -> str:
        """An account is to be opened; the state of the order, or why there is none."""
        party = [
            {"id": seeded_id("gd", "customer", "chen"), "role": "customer", "@referredType": "Customer"},
            {"id": await self.check(), "role": "presenter", "@referredType": "IdentityCheck"},
        ]
        named = [{"name": "msisdn", "value": number}, {"name": "iccid", "value": "89860100000000000001"}]
        item = {
            "id": "1",
            "action": "add",
            "productOffering": {"id": fixed_id("offering", "plan-5g-99")},
            "product": {"productCharacteristic": named},
        }
        body = {"category": "open-account", "relatedParty": party, "productOrderItem": [item]}
        answer = (await self.post("order-acceptance", ORDERS, body)).json()
        return str(answer.get("state") or answer["reasons"])


@pytest.fixture(scope="module")
async def province(bench: Bench) -> AsyncIterator[Province]:
    prefix = f"{random_mark()}."
    async with (
        bench.running(ACCESS, topic_prefix=prefix) as access,
        bench.running(PRODUCT, topic_prefix=prefix, clock=access.clock) as product,
        bench.running(CUSTOMER, topic_prefix=prefix, clock=access.clock) as customer,
        bench.running(RESOURCE, topic_prefix=prefix, clock=access.clock) as resource,
        bench.running(ACCEPTANCE, topic_prefix=prefix, clock=access.clock) as acceptance,
    ):
        services = {one.service.name: one for one in (access, product, customer, resource, acceptance)}
        for one in (access, product, customer):
            assert one.service.seed is not None
            await one.service.seed(one.runtime)
        made = Province(bench, prefix, services)
        for _ in range(3):
            await made.check()
        await made.cards_given_before(3)
        await made.rebuild("order-acceptance.known_card_writings")
        for table in OWNED:
            await eventually(lambda table=table: _alike(made, table))
        yield made
    await bench.remove_topics(prefix)


async def _alike(province: Province, table: str) -> bool:
    return not await province.differing(table)


@pytest.mark.parametrize("table", sorted(OWNED))
async def test_a_damaged_copy_is_whole_when_the_command_ends(province: Province, table: str) -> None:
    db = province.services["order-acceptance"].db
    await db.execute(f"DELETE FROM {table} WHERE id IN (SELECT min(id) FROM {table})")
    await db.execute(
        f"UPDATE {table} SET version = 0, record = '{{}}' WHERE id IN (SELECT max(id) FROM {table})"
    )
    ghost = f"INSERT INTO {table} SELECT (jsonb_populate_record(t, $1)).* FROM {table} t ORDER BY id LIMIT 1"
    await db.execute(ghost, '{"id": "ghost"}')
    assert len(await province.differing(table)) == 4
    said = await province.rebuild(f"order-acceptance.{table}")
    assert await province.differing(table) == set()
    assert said[-1].startswith(f"order-acceptance.{table}: done"), said
    assert await db.fetchval(f"SELECT count(*) FROM {table} WHERE deleted") == 1
    await db.execute(f"DELETE FROM {table} WHERE id = 'ghost'")


async def test_orders_are_accepted_all_the_while(province: Province) -> None:
    db = province.services["order-acceptance"].db
    rebuilding = asyncio.gather(
        *(province.rebuild(f"order_acceptance.{table}") for table in ("known_offerings", "known_customers"))
    )
    answers = []
    while not rebuilding.done() or len(answers) < 5:
        answers.append(await province.order(str(13000440000 + len(answers))))
    await rebuilding
    assert set(answers) == {"acknowledged"}
    await eventually(lambda: _alike(province, "known_identity_checks"))
    assert await db.fetchval("SELECT count(*) FROM rebuilds WHERE state = 'done'") >= 2


async def test_what_is_no_projection_is_one_sentence_with_all_there_are(province: Province) -> None:
    with pytest.raises(Trouble, match=r"there are order-acceptance\.known_accounts, "):
        await province.rebuild("order-acceptance.known_things")
