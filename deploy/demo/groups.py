"""The demonstration at headquarters: a national group is opened in two provinces together, or in none."""

from typing import Any

from stdnum.cn import uscc

from deploy.demo.counter import (
    CUSTOMERS,
    INDIVIDUALS,
    LOGICAL,
    ORDERS,
    ORGANIZATIONS,
    PRODUCTS,
    Counter,
    Person,
    characteristics,
    presenter,
)
from deploy.demo.crossing import AWAY
from deploy.demo.frame import Stage
from deploy.demo.opening import HOME, PLAN, gd, resident_id

AGENT = Person("苏文清", resident_id("11010819880917002"))
GROUP = "云帆集团有限公司"
REFUSED = "13000409901"
"""The simulator of provisioning refuses numbers that end so; an earlier step has brought it into stock."""


def manager(stage: Stage) -> Counter:
    """An account manager at headquarters."""
    return Counter(stage, "hq", "account-manager")


async def group_is_registered(stage: Stage) -> str:
    counter = manager(stage)
    document = {"identificationType": AGENT.kind, "identificationId": AGENT.identification}
    agent = await counter.post(
        INDIVIDUALS, {"givenName": "文清", "familyName": "苏", "individualIdentification": [document]}
    )
    code = "91110000MA5900009"
    organization = await counter.post(
        ORGANIZATIONS,
        {
            "tradingName": GROUP,
            "name": GROUP,
            "isLegalEntity": True,
            "organizationIdentification": [
                {
                    "identificationType": "uscc",
                    "identificationId": code + str(uscc.calc_check_digit(code)),
                }
            ],
            "relatedParty": [
                {"id": agent["id"], "role": "agent", "name": AGENT.name, "@referredType": "Individual"}
            ],
        },
    )
    group = await counter.post(
        CUSTOMERS,
        {
            "name": GROUP,
            "status": "active",
            "engagedParty": {"id": organization["id"], "@referredType": "Organization"},
        },
    )
    stage.kept["group"] = group["id"]
    return f"{GROUP}, ordered for by {AGENT.name}"


async def _order(stage: Stage, *items: dict[str, Any]) -> dict[str, Any]:
    counter = manager(stage)
    body = {
        "category": "open-account",
        "relatedParty": [
            {"id": stage.kept["group"], "role": "customer", "@referredType": "Customer"},
            presenter(await counter.check(AGENT)),
        ],
        "productOrderItem": list(items),
    }
    return await counter.ended((await counter.post(ORDERS, body))["id"])


async def _member(stage: Stage, item: str, node: str, quantity: int = 1, **named: str) -> dict[str, Any]:
    plan = await manager(stage).offering(**PLAN)
    return {
        "id": item,
        "action": "add",
        "quantity": quantity,
        "productOffering": {"id": plan["id"]},
        "product": {
            "place": [{"id": node, "role": "province", "@referredType": "Node"}],
            "productCharacteristic": characteristics(**named),
        },
    }


async def group_is_opened_in_two_provinces(stage: Stage) -> str:
    ended = await _order(stage, await _member(stage, "1", AWAY), await _member(stage, "2", HOME, quantity=2))
    assert ended["state"] == "completed", ended.get("failure")
    got = sorted((one["node"], one["number"]) for one in ended["realized"])
    for node, number in got:
        (product,) = await Counter(stage, node).get(PRODUCTS, productSerialNumber=number)
        owner = product["relatedParty"][0]["id"]
        assert (product["status"], owner) == ("active", stage.kept["group"]), product
    return ", ".join(f"{node} {number}" for node, number in got)


async def province_that_refuses_undoes_the_other(stage: Stage) -> str:
    ended = await _order(
        stage, await _member(stage, "1", AWAY), await _member(stage, "2", HOME, msisdn=REFUSED)
    )
    assert ended["state"] == "failed", ended["state"]
    causes = [(one["code"], one["node"]) for one in ended["failure"]]
    assert causes == [("provisioning-failed", HOME), ("group-aborted", AWAY)], causes
    assert "realized" not in ended, ended["realized"]
    state = await gd(stage, "supervisor").resource_state(LOGICAL, REFUSED)
    assert state == "free", state
    return f"{causes[0][0]} in {HOME}, so {AWAY} has taken its work back too"
