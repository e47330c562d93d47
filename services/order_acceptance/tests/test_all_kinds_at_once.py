"""Orders of every kind for one subscriber, at the same moment and from both provinces: each has its turn, and what it
does is lawful after what those before it did."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import pytest

from contracts.tasks import Task
from services.order_acceptance.orders.businesses.suspension import SEVERITY
from services.order_acceptance.tests.bodies import ORDERS, replace_sim
from services.order_acceptance.tests.businesses import (
    BIG_PLAN,
    THIRD,
    catalogue,
    change_plan,
    done,
    resume,
    subscribe,
    suspend,
)
from services.order_acceptance.tests.counter import Counter, fresh_card
from services.order_acceptance.tests.others import Others
from services.order_acceptance.tests.owners import OPTION, PLAN
from services.order_acceptance.tests.router import Router
from services.order_acceptance.tests.test_one_at_a_time import turns
from tests.running import RunningService

LAWFUL = {
    "suspend": {"already-suspended"},
    "resume": {"not-suspended"},
    "change-plan": {"plan-unchanged"},
    "subscribe": {"option-already-there"},
    "replace-sim": set(),
}
"""Why an order of a business may be refused here: another came before it."""


@dataclass
class Subscriber:
    """What a subscriber of the test has; each order that is done is looked at in its turn."""

    plan: str = PLAN
    options: list[str] = field(default_factory=list)
    suspensions: dict[str, str] = field(default_factory=dict)
    imsi: str | None = None

    @property
    def barring(self) -> str:
        return max(self.suspensions.values(), key=list(SEVERITY).index, default="none")

    @property
    def offerings(self) -> list[str]:
        return sorted([self.plan, *self.options])

    def done(self, body: dict[str, Any], asked: list[Task]) -> None:
        """An order was done: it was lawful, and saw what was before it."""
        inputs = {task.name: task.input for task in asked if task.direction == "do"}
        item = body["productOrderItem"][0]
        named = {one["name"]: one["value"] for one in item["product"].get("productCharacteristic", [])}
        barring, offerings = self.barring, self.offerings
        match body["category"]:
            case "suspend":
                assert named["reason"] not in self.suspensions
                self.suspensions[named["reason"]] = named.get("barring", "all")
            case "resume":
                del self.suspensions[named["reason"]]
            case "change-plan":
                assert self.plan != item["productOffering"]["id"]
                self.plan = item["productOffering"]["id"]
            case "subscribe":
                assert item["productOffering"]["id"] not in self.options
                self.options.append(item["productOffering"]["id"])
            case "replace-sim":
                assert self.imsi in (None, inputs["swap-card"]["replacesImsi"])
                self.imsi = inputs["swap-card"]["imsi"]
                self.suspensions.pop("lost", None)
        if told := inputs.get("set-barring"):
            assert (told["before"], told["barring"]) == (barring, self.barring)
        else:
            assert barring == self.barring
        if told := inputs.get("change-billing"):
            assert (sorted(told["before"]), sorted(told["offerings"])) == (offerings, self.offerings)
        else:
            assert offerings == self.offerings


@pytest.fixture(scope="module", autouse=True)
async def offerings(counter: Counter, counter_in_bj: Counter) -> None:
    await catalogue(counter)
    await catalogue(counter_in_bj)


async def bodies(counter: Counter, number: str) -> list[dict[str, Any]]:
    """Ten orders of five businesses, as one node's counter sends them."""
    first, second, third = await counter.owners.checks(3)
    return [
        resume(number, "voluntary"),
        suspend(number, "voluntary"),
        suspend(number, "lost", "outgoing"),
        change_plan(number, BIG_PLAN),
        subscribe(number, OPTION),
        replace_sim(first, number=number, iccid=fresh_card()),
        resume(number, "lost", check=second),
        change_plan(number, PLAN),
        subscribe(number, THIRD),
        replace_sim(third, number=number, iccid=fresh_card()),
    ]


def asked_in_turn(others: Others, number: str) -> Iterator[tuple[str, list[Task]]]:
    """By order, in the order of their turns, what each asked for at home."""
    mine = [task for task in others.seen if task.number == number]
    for order, asked in groupby(mine, key=lambda task: task.order):
        yield order, list(asked)


async def test_twenty_orders_at_once_from_both_provinces_end_one_after_another(
    gd: RunningService,
    counter: Counter,
    counter_in_bj: Counter,
    router: Router,
    others: Others,
    others_in_bj: Others,
) -> None:
    number = await counter.subscriber()
    await done(counter, suspend(number, "voluntary"))
    before = len(others.seen)
    sent = [
        (at, body)
        for pair in zip(await bodies(counter, number), await bodies(counter_in_bj, number), strict=True)
        for at, body in zip((counter, counter_in_bj), pair, strict=True)
    ]
    answers = await asyncio.gather(*(at.post(ORDERS, body) for at, body in sent))
    completed: dict[str, dict[str, Any]] = {}
    for (at, body), answer in zip(sent, answers, strict=True):
        told = answer.json()
        if answer.status_code == 201:
            ended = await at.ended(told["id"], within=30)
            assert ended["state"] in ("completed", "rejected"), ended
            if ended["state"] == "completed":
                completed[told["id"]] = body
            reasons = ended.get("failure", [])
        else:
            assert (at, answer.status_code) == (counter, 409), "only home knows"
            reasons = told["reasons"]
        codes = {one["code"] for one in reasons}
        assert codes <= LAWFUL[body["category"]], body
        assert bool(codes) is (told["id"] not in completed if "id" in told else True)

    others.seen = others.seen[before:]
    assert len(turns(others, number)) == len(completed), "nobody's turn was interrupted by another"
    subscriber = Subscriber(suspensions={"voluntary": "all"})
    for order, asked in asked_in_turn(others, number):
        subscriber.done(completed.pop(order), asked)
    assert completed == {}, "whatever was done had its turn"

    kept = await gd.db.fetch(
        "SELECT s.reason, s.barring FROM suspensions s JOIN products p ON p.id = s.product WHERE p.number = $1",
        number,
    )
    assert {row["reason"]: row["barring"] for row in kept} == subscriber.suspensions
    product = await counter.product_of(number)
    assert product["status"] == ("suspended" if subscriber.suspensions else "active")
    assert product["productOffering"]["id"] == subscriber.plan
    assert sorted(subscriber.options) == sorted([OPTION, THIRD]), "each once"
    assert len(product["productRelationship"]) == 2
    assert await gd.db.fetchval("SELECT count(*) FROM guards WHERE number = $1", number) == 0
