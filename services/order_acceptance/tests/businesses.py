"""Orders on a subscription that exists, as front ends send them, and the offerings that their tests need."""

from typing import Any

from services.order_acceptance.tests.bodies import ORDERS, characteristics, presenter
from services.order_acceptance.tests.counter import Counter
from services.order_acceptance.tests.owners import PLAN

BIG_PLAN, OLD_NETWORK, NEW_NETWORK, RETIRED = "plan-2", "plan-gsm", "plan-nr", "plan-retired"
ONLY_WITH_PLAN, ELSEWHERE, THIRD = "option-2", "option-3", "option-4"


async def catalogue(counter: Counter) -> None:
    """More plans, options, and a fee, at the node of a counter."""
    made = counter.owners.offering
    offerings = [
        made(BIG_PLAN, "plan", ("recurring", "129.00")),
        made(OLD_NETWORK, "plan", ("recurring", "9.00"), networks=["gsm"]),
        made(NEW_NETWORK, "plan", ("recurring", "99.00"), networks=["lte", "nr"]),
        made(RETIRED, "plan", ("recurring", "1.00"), lifecycle_status="Retired"),
        made(ONLY_WITH_PLAN, "option", ("recurring", "10.00"), relies_on=[PLAN]),
        made(ELSEWHERE, "option", ("recurring", "10.00"), relies_on=[BIG_PLAN]),
        made(THIRD, "option", ("recurring", "3.00"), ("oneTime", "8.00")),
    ]
    await counter.owners.tell("product", *offerings)
    await counter.owners.until_known("known_offerings", *(one.id for one in offerings))


def _order(
    category: str, *items: dict[str, Any], check: str | None = None, payments: tuple[str, ...] = ()
) -> dict[str, Any]:
    return {
        "category": category,
        "relatedParty": [presenter(check)] if check else [],
        "payment": [{"id": one} for one in payments],
        "productOrderItem": list(items),
    }


def _modify(number: str, *, offering: str | None = None, **product: Any) -> dict[str, Any]:
    named = product.pop("named", {})
    item: dict[str, Any] = {
        "id": "1",
        "action": "modify",
        "product": {
            "productSerialNumber": number,
            "productCharacteristic": characteristics(**named),
            **product,
        },
    }
    return item | ({"productOffering": {"id": offering}} if offering else {})


def suspend(
    number: str, reason: str = "voluntary", barring: str | None = None, **more: Any
) -> dict[str, Any]:
    named = {"reason": reason} | ({"barring": barring} if barring else {})
    return _order("suspend", _modify(number, status="suspended", named=named), **more)


def resume(number: str, reason: str = "voluntary", **more: Any) -> dict[str, Any]:
    return _order("resume", _modify(number, status="active", named={"reason": reason}), **more)


def change_plan(number: str, plan: str, effective: str | None = None, **more: Any) -> dict[str, Any]:
    named = {"effective": effective} if effective else {}
    return _order("change-plan", _modify(number, offering=plan, named=named), **more)


def _relies_on(number: str) -> dict[str, Any]:
    return {
        "productRelationship": [
            {"relationshipType": "reliesOn", "product": {"productSerialNumber": number}},
        ]
    }


def subscribe(number: str, *options: str, **more: Any) -> dict[str, Any]:
    items = [
        {
            "id": str(i),
            "action": "add",
            "productOffering": {"id": option},
            "product": _relies_on(number),
        }
        for i, option in enumerate(options, 1)
    ]
    return _order("subscribe", *items, **more)


def unsubscribe(number: str, *options: str, **more: Any) -> dict[str, Any]:
    items = [
        {
            "id": str(i),
            "action": "delete",
            "productOffering": {"id": option},
            "product": _relies_on(number),
        }
        for i, option in enumerate(options, 1)
    ]
    return _order("unsubscribe", *items, **more)


def unsubscribe_product(product: str) -> dict[str, Any]:
    return _order("unsubscribe", {"id": "1", "action": "delete", "product": {"id": product}})


def terminate(number: str, check: str | None, **more: Any) -> dict[str, Any]:
    item = {"id": "1", "action": "delete", "product": {"productSerialNumber": number}}
    return _order("terminate", item, check=check, **more)


async def done(counter: Counter, body: dict[str, Any], role: str = "hall-clerk") -> str:
    """The order's id, once it is completed."""
    order = await counter.order(body, role=role)
    ended = await counter.ended(order["id"])
    assert ended["state"] == "completed", ended
    return str(order["id"])


async def refused(counter: Counter, body: dict[str, Any], role: str = "hall-clerk") -> tuple[int, list[str]]:
    """How an order is refused at the door: its status, and every code."""
    before = await counter.rows()
    answer = await counter.post(ORDERS, body, role=role)
    assert await counter.rows() == before, "what is refused leaves nothing"
    return answer.status_code, [one["code"] for one in answer.json()["reasons"]]
