"""The demonstration of the catalogue: headquarters publishes, a province copies, and differs within bounds."""

from deploy.demo.counter import OFFERING_PRICES, OFFERINGS, PUBLICATIONS, Counter
from deploy.demo.frame import Stage
from deploy.demo.opening import HOME
from libs.ids import new_id


async def option_is_launched_everywhere(stage: Stage) -> str:
    """What headquarters launches is sold in every province, and each says that it has it."""
    operator, clerk = Counter(stage, "hq", "hq-operator"), Counter(stage, HOME)
    (like,) = await operator.get(OFFERINGS, name="10GB月流量包")
    price = {"name": "50GB", "priceType": "recurring", "recurringChargePeriodType": "month"}
    charge = await operator.post(
        OFFERING_PRICES, price | {"price": {"unit": "CNY", "value": 45.00}, "lifecycleStatus": "Launched"}
    )
    named = {"productOfferingPrice": [{"id": charge["id"]}], "lifecycleStatus": "Launched"}
    kept = {name: like[name] for name in ("category", "productSpecification")}
    option = await operator.post(OFFERINGS, {"name": f"50GB月流量包 {new_id()[-6:]}"} | named | kept)
    (there,) = await clerk.some(OFFERINGS, id=option["id"])
    assert there["name"] == option["name"], there
    (copy,) = await operator.some(PUBLICATIONS, node=HOME, state="current")
    return f"Guangdong sells {there['name']}, and says that it has everything up to {copy['position']}"


async def province_asks_its_own_fee(stage: Stage) -> str:
    """A new card for less, as far as headquarters lets a province; then as headquarters has it."""
    supervisor = Counter(stage, HOME, "supervisor")
    (fee,) = await supervisor.get(OFFERINGS, name="replace-sim")
    path = f"{OFFERING_PRICES}/{fee['productOfferingPrice'][0]['id']}"
    bounds = (await supervisor.get(path))["priceBounds"]
    highest = float(bounds["highest"]["value"])
    answer = await supervisor.ask("PATCH", path, json={"price": {"unit": "CNY", "value": highest + 1}})
    codes = [reason["code"] for reason in answer.json()["reasons"]]
    assert (answer.status_code, codes) == (409, ["outside-bounds"]), answer.text
    answer = await supervisor.ask("PATCH", path, json={"price": {"unit": "CNY", "value": 8.00}})
    assert answer.status_code == 200, answer.text
    asked = (await supervisor.get(path))["price"]["value"]
    national = (await Counter(stage, "hq", "hq-operator").get(path))["price"]["value"]
    assert (asked, national) == (8.0, 10.0), (asked, national)
    answer = await supervisor.ask("PATCH", path, json={"price": None})
    assert answer.json()["price"]["value"] == national, answer.text
    return f"{highest + 1:.2f} is {codes[0]}; 8.00 is asked where headquarters asks {national:.2f}"
