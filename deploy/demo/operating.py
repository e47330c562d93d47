"""The demonstration of who operates the tier: a business is switched off at headquarters, and on again."""

from typing import Any

from deploy.demo.counter import FORWARDS, ORDERS, PRODUCTS, SUBSCRIBERS, SWITCHES, Counter, characteristics
from deploy.demo.crossing import AWAY, bj
from deploy.demo.frame import Stage
from deploy.demo.opening import HOME, gd


def _barring(number: str, business: str, status: str) -> dict[str, Any]:
    product = {
        "productSerialNumber": number,
        "status": status,
        "productCharacteristic": characteristics(reason="voluntary"),
    }
    item = {"id": "1", "action": "modify", "product": product}
    return {"category": business, "productOrderItem": [item]}


async def business_is_switched_off_and_on(stage: Stage) -> str:
    """What Beijing accepts meanwhile is held at headquarters, and goes through when the business is on again."""
    operator, counter, number = Counter(stage, "hq", "hq-operator"), bj(stage), stage.kept["number"]
    switch = {"node": HOME, "business": "suspend", "reason": "a fault in the network"}
    await operator.post(SWITCHES, switch | {"state": "off"})
    seen = await counter.get(f"{SUBSCRIBERS}/{number}")
    refused = {one["business"]: one["reasons"][0]["code"] for one in seen["refusedBusiness"]}
    assert refused.get("suspend") == "switched-off", refused
    order = await counter.post(ORDERS, _barring(number, "suspend", "suspended"))
    (held,) = await operator.some(FORWARDS, origin=AWAY, order=order["id"], held="true")
    assert held["heldBecause"] == "switched-off", held
    state = (await counter.get(f"{ORDERS}/{order['id']}"))["state"]
    assert state in ("acknowledged", "inProgress"), state
    await operator.post(SWITCHES, switch | {"state": "on", "reason": "mended"})
    ended = await counter.ended(order["id"])
    assert ended["state"] == "completed", ended.get("failure")
    back = await counter.ended((await counter.post(ORDERS, _barring(number, "resume", "active")))["id"])
    assert back["state"] == "completed", back.get("failure")
    (product,) = await gd(stage).get(PRODUCTS, productSerialNumber=number)
    assert product["status"] == "active", product["status"]
    return f"Beijing sees {refused['suspend']}; its order is held, and {ended['state']} when it is on again"
