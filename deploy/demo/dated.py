"""The demonstration of what is ordered for the 1st: taken back before its time, or carried out when it has come."""

from datetime import datetime, timedelta
from typing import Any

from deploy.demo.counter import CANCELS, ORDERS, PRODUCTS, characteristics
from deploy.demo.crossing import bj
from deploy.demo.frame import Stage
from deploy.demo.opening import PLAN, gd
from libs.clock import SHANGHAI

LONGEST_STEP = timedelta(days=10)
"""Time goes on in steps that are far shorter than anything is remembered for."""


async def _plan_from_the_first(stage: Stage) -> dict[str, Any]:
    """An order of Beijing for another plan of the subscriber, from the 1st; it is pending."""
    counter = bj(stage)
    plan = await counter.offering(**PLAN)
    item = {
        "id": "1",
        "action": "modify",
        "productOffering": {"id": plan["id"]},
        "product": {
            "productSerialNumber": stage.kept["number"],
            "productCharacteristic": characteristics(effective="next-cycle"),
        },
    }
    order = await counter.post(ORDERS, {"category": "change-plan", "productOrderItem": [item]})
    assert order["state"] == "pending", order["state"]
    stage.kept["plan"] = plan
    return order


async def dated_order_is_cancelled_from_afar(stage: Stage) -> str:
    counter, order = bj(stage), await _plan_from_the_first(stage)
    wish = await counter.post(CANCELS, {"productOrder": {"id": order["id"]}})
    ended = await counter.ended(order["id"])
    assert ended["state"] == "cancelled", ended["state"]
    done = await counter.get(f"{CANCELS}/{wish['id']}")
    assert done["state"] == "done", done["state"]
    return f"it was {order['state']} until the 1st, and is {ended['state']} at its home"


async def dated_order_waits(stage: Stage) -> str:
    order = await _plan_from_the_first(stage)
    due = datetime.fromisoformat(order["expectedCompletionDate"]).astimezone(SHANGHAI)
    stage.kept |= {"dated-order": order["id"], "due": due}
    return f"{stage.kept['plan']['name']}: {order['state']} until {due:%Y-%m-%d %H:%M}"


async def dated_order_is_carried_out(stage: Stage) -> str:
    """The clock of the whole fleet goes on to the 1st; nobody asks for anything."""
    clock, number, due = stage.clock(), stage.kept["number"], stage.kept["due"]
    # On the last day of a month the close of the day was later than that.
    if clock.now() < due:
        waiting = await bj(stage).get(f"{ORDERS}/{stage.kept['dated-order']}")
        assert waiting["state"] == "pending", waiting["state"]
    while (left := due - clock.now()) > timedelta():
        stage.time_passes(min(left, LONGEST_STEP))
    ended = await bj(stage).ended(stage.kept["dated-order"])
    assert ended["state"] == "completed", ended.get("failure")
    (product,) = await gd(stage).get(PRODUCTS, productSerialNumber=number)
    assert product["productOffering"]["id"] == stage.kept["plan"]["id"], product["productOffering"]
    return f"{due:%Y-%m-%d %H:%M}: {number} has {stage.kept['plan']['name']}, and Beijing knows it"
