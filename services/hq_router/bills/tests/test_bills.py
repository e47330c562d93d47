"""What provinces collected for each other: recorded once, summed for each pair and day."""

from decimal import Decimal
from typing import Any

import pytest

from contracts.bills import CrossProvinceBill
from libs.ids import new_id
from libs.messaging.topics import uplink
from services.hq_router.tests.nodes import Nodes, fresh_number

BILLS = "/api/hq-router/v1/bills"
TOTALS = "/api/hq-router/v1/billTotals"


def bill(nodes: Nodes, **given: Any) -> CrossProvinceBill:
    usual: dict[str, Any] = {
        "payment": new_id(),
        "work_order": new_id(),
        "collected_by": "bj",
        "home": "gd",
        "number": fresh_number(),
        "kind": "payment",
        "amount": Decimal("50.00"),
        "accounting_day": nodes.day(0),
        "acceptance": nodes.acceptance("bj"),
        "at": nodes.now,
    }
    return CrossProvinceBill(**{**usual, **given})


async def send(nodes: Nodes, one: CrossProvinceBill, node: str = "bj", source: str | None = None) -> str:
    source = source or f"/{node}/order-acceptance"
    return await nodes.router.topics.put(
        uplink(node, "bills"), one.number, one, source=source, time=nodes.now
    )


async def read(nodes: Nodes, path: str) -> Any:
    answer = await nodes.router.client.get(path, headers=nodes.router.bearer("auditor"))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_bill_is_recorded_once_whatever_is_delivered_twice(nodes: Nodes) -> None:
    one = bill(nodes)
    for _ in range(2):
        ce_id = await send(nodes, one)
    await nodes.taken_in(ce_id)
    (shown,) = await read(nodes, f"{BILLS}?payment={one.payment}")
    assert shown["amount"] == {"unit": "CNY", "value": 50.0}
    assert (shown["collectedBy"], shown["home"], shown["kind"]) == ("bj", "gd", "payment")
    assert (shown["version"], shown["late"]) == (1, False)
    assert one.number not in str(shown)
    (full,) = await read(nodes, f"{BILLS}?number={one.number}&purpose=audit")
    assert full["number"] == one.number


async def test_the_sums_of_each_pair_and_day(nodes: Nodes) -> None:
    day = nodes.day(10)
    amounts = {("bj", "gd"): ["50.00", "0.01"], ("bj", "sh"): ["7.00"], ("gd", "bj"): ["100.10"]}
    last = []
    for (collector, home), listed in amounts.items():
        for amount in listed:
            one = bill(nodes, collected_by=collector, home=home, amount=Decimal(amount), accounting_day=day)
            last.append(await send(nodes, one, collector))
    refund = bill(nodes, kind="refund", amount=Decimal("20.00"), accounting_day=day)
    last.append(await send(nodes, refund))
    for ce_id in last:
        await nodes.taken_in(ce_id)
    totals = await read(nodes, f"{TOTALS}?accountingDay={day}&sort=collectedBy")
    assert [
        (one["collectedBy"], one["home"], one["payments"], one["collected"]["value"], one["net"]["value"])
        for one in totals
    ] == [("bj", "gd", 2, 50.01, 30.01), ("bj", "sh", 1, 7.0, 7.0), ("gd", "bj", 1, 100.1, 100.1)]
    (first,) = await read(nodes, f"{TOTALS}?accountingDay={day}&collectedBy=bj&home=gd")
    assert (first["refunds"], first["refunded"]["value"]) == (1, 20.0)


async def test_what_comes_after_the_close_keeps_its_day_and_makes_a_new_version(nodes: Nodes) -> None:
    day = nodes.day(20)
    for _ in range(2):
        await nodes.taken_in(await send(nodes, bill(nodes, accounting_day=day)))
    listed = await read(nodes, f"{BILLS}?accountingDay={day}&sort=received")
    assert [(one["version"], one["late"]) for one in listed] == [(1, True), (2, True)]
    (total,) = await read(nodes, f"{TOTALS}?accountingDay={day}")
    assert (total["version"], total["late"], total["payments"]) == (2, True, 2)


async def test_a_repetition_makes_no_new_version(nodes: Nodes) -> None:
    day = nodes.day(21)
    one = bill(nodes, accounting_day=day)
    for _ in range(3):
        await nodes.taken_in(await send(nodes, one))
    (total,) = await read(nodes, f"{TOTALS}?accountingDay={day}")
    assert (total["version"], total["payments"]) == (1, 1)


async def test_nobody_bills_in_anothers_name(nodes: Nodes) -> None:
    other = bill(nodes, collected_by="sh")
    assert (await nodes.dead(await send(nodes, other, "bj"))).startswith("Spoofed: ")
    sender = bill(nodes)
    assert "Spoofed" in await nodes.dead(await send(nodes, sender, "bj", source="/gd/order-acceptance"))
    for one in (other, sender):
        assert await read(nodes, f"{BILLS}?payment={one.payment}") == []


async def test_a_node_has_no_bill_with_itself(nodes: Nodes) -> None:
    assert (await nodes.dead(await send(nodes, bill(nodes, home="bj")))).startswith("NotBetweenTwo: ")


async def test_a_known_bill_with_another_amount_is_kept_aside_and_shown(nodes: Nodes) -> None:
    one = bill(nodes)
    await nodes.taken_in(await send(nodes, one))
    ce_id = await send(nodes, one.model_copy(update={"amount": Decimal("500.00")}))
    assert (await nodes.dead(ce_id)).startswith("BillDiffers: ")
    (shown,) = await read(nodes, f"{BILLS}?payment={one.payment}")
    assert shown["amount"]["value"] == 50.0


@pytest.mark.parametrize(
    "path", [f"{BILLS}?kind=gift", f"{TOTALS}?home=xx", f"{TOTALS}?sort=amount", f"{BILLS}?x=1"]
)
async def test_a_question_that_makes_no_sense_is_400(nodes: Nodes, path: str) -> None:
    answer = await nodes.router.client.get(path, headers=nodes.router.bearer("auditor"))
    assert answer.status_code == 400
