"""A valid body for everything that order acceptance takes: orders of every business, money, what is brought over."""

from typing import Any

from tests.fuzz.asked import Asked, named, yuan
from tests.fuzz.world import ACCOUNTS, LOGICAL, PAYMENTS, PHYSICAL, Document


def payment(asked: Asked) -> Document:
    accounts = ("counter", f"tel:+86{asked.subscriber}", "tel:+8613000101234", asked.id(ACCOUNTS))
    return {
        "account": {"id": asked.chance.choice(accounts)},
        "paymentMethod": {"@type": asked.chance.choice(("cash", "bankCard"))},
        "totalAmount": yuan(asked.chance.choice((10.0, 50.0, 99.99, 100.0))),
        "correlatorId": f"till-{asked.world.serial()}",
    }


def refund(asked: Asked) -> Document:
    payment = asked.world.pick(PAYMENTS, asked.chance) or {"id": "p-1", "totalAmount": yuan(1.0)}
    return {
        "account": {"id": "counter"},
        "paymentMethod": {"@type": "cash"},
        "totalAmount": payment["totalAmount"],
        "payment": {"id": payment["id"]},
    }


def open_account(asked: Asked) -> Document:
    plan, option = asked.world.offering(asked.chance, "plans"), asked.world.offering(asked.chance, "option")
    card = asked.world.pick(PHYSICAL, asked.chance) or {"value": asked.world.iccid()}
    iccid = card.get("serialNumber") or asked.world.iccid()
    number = (asked.world.pick(LOGICAL, asked.chance) or {}).get("value") or asked.world.number()
    return {
        "category": "open-account",
        "payment": [{"id": asked.money}],
        "relatedParty": [asked.customer, asked.presenter],
        "productOrderItem": [
            {
                "id": "1",
                "action": "add",
                "quantity": 1,
                "productOffering": {"id": plan},
                "product": {"productCharacteristic": named(msisdn=number, iccid=iccid)},
            },
            {
                "id": "2",
                "action": "add",
                "productOffering": {"id": option},
                "productOrderItemRelationship": [{"id": "1", "relationshipType": "reliesOn"}],
            },
        ],
        "note": [{"text": "两张卡"}],
    }


def open_plan_alone(asked: Asked) -> Document:
    body = open_account(asked)
    return body | {"productOrderItem": body["productOrderItem"][:1], "payment": []}


def open_group(asked: Asked) -> Document:
    plan = asked.world.offering(asked.chance, "plans")
    items = [
        {
            "id": str(n),
            "action": "add",
            "quantity": n,
            "productOffering": {"id": plan},
            "product": {"place": [{"id": node, "role": "province", "@referredType": "Node"}]},
        }
        for n, node in enumerate(("bj", "gd"), 1)
    ]
    return {
        "category": "open-account",
        **(
            {"policy": asked.chance.choice(("all-or-nothing", "best-effort"))}
            if asked.world.node == "hq"
            else {}
        ),
        "relatedParty": [asked.customer, asked.presenter],
        "productOrderItem": items,
    }


def on(asked: Asked, category: str, action: str = "modify", **item: Any) -> Document:
    product = {"productSerialNumber": asked.subscriber, **item.pop("product", {})}
    return {
        "category": category,
        "productOrderItem": [{"id": "1", "action": action, "product": product, **item}],
    }


def suspend(asked: Asked) -> Document:
    reason = asked.chance.choice(("voluntary", "lost", "arrears"))
    said = named(reason=reason, barring=asked.chance.choice(("outgoing", "all")))
    return on(asked, "suspend", product={"status": "suspended", "productCharacteristic": said})


def resume(asked: Asked) -> Document:
    reason = asked.chance.choice(("voluntary", "lost", "arrears"))
    body = on(asked, "resume", product={"status": "active", "productCharacteristic": named(reason=reason)})
    return body | ({"relatedParty": [asked.presenter]} if reason == "lost" else {})


def change_plan(asked: Asked) -> Document:
    said = named(effective=asked.chance.choice(("now", "next-cycle")))
    plan = {"id": asked.world.offering(asked.chance, "plans")}
    return on(asked, "change-plan", productOffering=plan, product={"productCharacteristic": said})


def option(asked: Asked) -> Document:
    category, action = asked.chance.choice((("subscribe", "add"), ("unsubscribe", "delete")))
    relies = {"relationshipType": "reliesOn", "product": {"productSerialNumber": asked.subscriber}}
    item = {
        "id": "1",
        "action": action,
        "productOffering": {"id": asked.world.offering(asked.chance, "option")},
        "product": {"productRelationship": [relies]},
    }
    return {"category": category, "productOrderItem": [item]}


def replace_sim(asked: Asked) -> Document:
    said = named(iccid=asked.world.iccid())
    body = on(asked, "replace-sim", product={"productCharacteristic": said})
    return body | {"relatedParty": [asked.presenter], "payment": [{"id": asked.money}]}


def terminate(asked: Asked) -> Document:
    return on(asked, "terminate", "delete") | {"relatedParty": [asked.presenter]}


def product(asked: Asked) -> Document:
    """A subscription that is brought over from a former system."""
    number, iccid = asked.world.number(), asked.world.iccid()
    customer = asked.customer
    accounts = [
        one["id"]
        for one in asked.world.records.get(ACCOUNTS, ())
        if any(party.get("id") == customer["id"] for party in one.get("relatedParty", ()))
    ]
    return {
        "name": number,
        "productSerialNumber": number,
        "status": "active",
        "billingAccount": {"id": accounts[0] if accounts else asked.id(ACCOUNTS)},
        "productOffering": {"id": asked.world.offering(asked.chance, "plans")},
        "relatedParty": [customer],
        "realizingResource": [
            {"id": number, "value": number, "@referredType": "LogicalResource"},
            {"id": iccid, "value": iccid, "@referredType": "PhysicalResource"},
        ],
    }
