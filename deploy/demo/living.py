"""The demonstration of a subscription's life: lost and found, another plan, an option, and its end."""

from typing import Any

from deploy.demo.counter import LOGICAL, ORDERS, PHYSICAL, PRODUCTS, Counter, characteristics, presenter
from deploy.demo.crossing import bj
from deploy.demo.frame import Stage
from deploy.demo.opening import OWNER, gd

ANOTHER_PLAN = "轻享4G 59元套餐"
OPTION = "来电显示"


def _order(category: str, item: dict[str, Any], *parties: dict[str, str]) -> dict[str, Any]:
    return {
        "category": category,
        "relatedParty": list(parties),
        "productOrderItem": [{"id": "1"} | item],
    }


async def _done(counter: Counter, body: dict[str, Any]) -> dict[str, Any]:
    """The order of this body, completed."""
    ended = await counter.ended((await counter.post(ORDERS, body))["id"])
    assert ended["state"] == "completed", ended.get("failure")
    return ended


async def _subscription(stage: Stage) -> dict[str, Any]:
    (product,) = await gd(stage).get(PRODUCTS, productSerialNumber=stage.kept["number"])
    found: dict[str, Any] = product
    return found


async def phone_is_lost_in_beijing(stage: Stage) -> str:
    product = {
        "productSerialNumber": stage.kept["number"],
        "status": "suspended",
        "productCharacteristic": characteristics(reason="lost", barring="all"),
    }
    await _done(bj(stage), _order("suspend", {"action": "modify", "product": product}))
    status = (await _subscription(stage))["status"]
    assert status == "suspended", status
    return f"{stage.kept['number']} is {status} at home"


async def phone_is_found_again(stage: Stage) -> str:
    counter = gd(stage)
    product = {
        "productSerialNumber": stage.kept["number"],
        "status": "active",
        "productCharacteristic": characteristics(reason="lost"),
    }
    asked = _order("resume", {"action": "modify", "product": product})
    codes = await counter.refused(ORDERS, asked, status=400)
    assert codes == ["presenter-required"], codes
    shown = presenter(await counter.check(OWNER))
    await _done(counter, _order("resume", {"action": "modify", "product": product}, shown))
    status = (await _subscription(stage))["status"]
    assert status == "active", status
    return f"without identity 400 {codes[0]}; with it {status}"


async def plan_is_changed(stage: Stage) -> str:
    counter = gd(stage)
    plan = await counter.offering(name=ANOTHER_PLAN)
    item = {
        "action": "modify",
        "productOffering": {"id": plan["id"]},
        "product": {
            "productSerialNumber": stage.kept["number"],
            "productCharacteristic": characteristics(effective="now"),
        },
    }
    await _done(counter, _order("change-plan", item))
    now = (await _subscription(stage))["productOffering"]["id"]
    assert now == plan["id"], now
    return f"{ANOTHER_PLAN}, from now on"


async def option_comes_and_goes(stage: Stage) -> str:
    counter, number = gd(stage), stage.kept["number"]
    option = await counter.offering(name=OPTION)
    relies = [{"relationshipType": "reliesOn", "product": {"productSerialNumber": number}}]
    item = {
        "action": "add",
        "productOffering": {"id": option["id"]},
        "product": {"productRelationship": relies},
    }
    await _done(counter, _order("subscribe", item))
    (installed,) = await counter.get(PRODUCTS, **{"productOffering.id": option["id"], "status": "active"})
    gone = {"action": "delete", "product": {"id": installed["id"], "productRelationship": relies}}
    await _done(bj(stage), _order("unsubscribe", gone | {"productOffering": {"id": option["id"]}}))
    status = (await counter.get(f"{PRODUCTS}/{installed['id']}"))["status"]
    assert status == "terminated", status
    return f"{OPTION} ordered in Guangdong, given up in Beijing"


async def subscription_is_terminated(stage: Stage) -> str:
    counter, number = gd(stage), stage.kept["number"]
    shown = presenter(await counter.check(OWNER))
    item = {"action": "delete", "product": {"productSerialNumber": number}}
    await _done(counter, _order("terminate", item, shown))
    status = (await counter.get(PRODUCTS, productSerialNumber=number))[0]["status"]
    state = await counter.resource_state(LOGICAL, number)
    assert (status, state) == ("terminated", "cooling"), (status, state)
    card = await counter.resource_state(PHYSICAL, stage.kept["first-card"])
    assert card == "retired", card
    return f"{status}; {number} is {state} and will be free in 90 days"
