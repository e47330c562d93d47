"""The demonstration at home: an account is opened in Guangdong, once and only once."""

from typing import Any

from stdnum.cn import ric

from deploy.demo.counter import (
    CUSTOMERS,
    INDIVIDUALS,
    LOGICAL,
    ORDERS,
    PHYSICAL,
    PRODUCTS,
    RESERVATIONS,
    Counter,
    Person,
    characteristics,
    presenter,
)
from deploy.demo.frame import Stage
from libs.ids import new_id

HOME = "gd"
PLAN = {"category.name": "postpaid-plans", "lifecycleStatus": "Launched"}


def resident_id(body: str) -> str:
    """A resident id with its check digit."""
    return body + str(ric.calc_check_digit(body + "0"))


OWNER = Person("陈晓明", resident_id("44010419910423125"))
STRANGER = Person("王建国", resident_id("11010519850712003"))


def gd(stage: Stage, role: str = "hall-clerk") -> Counter:
    return Counter(stage, HOME, role)


async def customer_is_registered(stage: Stage) -> str:
    counter = gd(stage)
    individual = await counter.post(
        INDIVIDUALS,
        {
            "givenName": "晓明",
            "familyName": "陈",
            "individualIdentification": [
                {"identificationType": OWNER.kind, "identificationId": OWNER.identification}
            ],
        },
    )
    customer = await counter.post(
        CUSTOMERS,
        {
            "name": OWNER.name,
            "status": "active",
            "engagedParty": {"id": individual["id"], "@referredType": "Individual"},
        },
    )
    shown = await counter.get(f"{INDIVIDUALS}/{individual['id']}")
    number = shown["individualIdentification"][0]["identificationId"]
    assert OWNER.identification not in str(shown), "the identity number is shown in full"
    stage.kept["customer"] = customer["id"]
    return f"customer {customer['id'][-6:]}, identity number shown as {number}"


async def number_is_reserved(stage: Stage) -> str:
    counter = gd(stage)
    reserved = await counter.post(
        RESERVATIONS,
        {"pick": {"category": "msisdn", "pattern": "130????02*", "count": 1}, "validMinutes": 30},
    )
    stage.kept["number"] = reserved["resource"][0]["value"]
    stage.kept["reservation"] = reserved["id"]
    state = await counter.resource_state(LOGICAL, stage.kept["number"])
    assert state == "reserved", state
    return f"{stage.kept['number']}, until {reserved['validUntil'][11:16]} UTC"


async def _opening(stage: Stage, number: str, check: str, *payments: str, **named: str) -> dict[str, Any]:
    counter = gd(stage)
    plan = await counter.offering(**PLAN)
    iccid = await counter.card("personalised")
    return {
        "category": "open-account",
        "payment": [{"id": payment} for payment in payments],
        "relatedParty": [
            {"id": stage.kept["customer"], "role": "customer", "@referredType": "Customer"},
            presenter(check),
        ],
        "productOrderItem": [
            {
                "id": "1",
                "action": "add",
                "quantity": 1,
                "productOffering": {"id": plan["id"]},
                "product": {"productCharacteristic": characteristics(msisdn=number, iccid=iccid, **named)},
            }
        ],
    }


async def account_is_opened(stage: Stage) -> str:
    counter, number = gd(stage), stage.kept["number"]
    money = await counter.pay(100.00)
    body = await _opening(
        stage, number, await counter.check(OWNER), money, reservation=stage.kept["reservation"]
    )
    key = new_id()
    order = await counter.post(ORDERS, body, key=key)
    stage.kept |= {"opening": body, "opening-key": key, "opening-order": order["id"]}
    ended = await counter.ended(order["id"])
    assert ended["state"] == "completed", ended.get("failure")
    (product,) = await counter.get(PRODUCTS, productSerialNumber=number)
    assert product["status"] == "active", product["status"]
    card = next(
        one["value"] for one in product["realizingResource"] if one["@referredType"] == "PhysicalResource"
    )
    states = (await counter.resource_state(LOGICAL, number), await counter.resource_state(PHYSICAL, card))
    assert states == ("in-use", "bound"), states
    paid = await counter.settled(money)
    assert paid["status"] == "done", paid["status"]
    stage.kept["first-card"] = card
    return f"{number} is active with card …{card[-6:]}, the payment is done"


async def same_again_is_the_first_answer(stage: Stage) -> str:
    counter = gd(stage)
    again = await counter.post(ORDERS, stage.kept["opening"], key=stage.kept["opening-key"])
    assert again["id"] == stage.kept["opening-order"], "another order was made"
    listed = await counter.ask("GET", ORDERS, params={"category": "open-account"})
    assert listed.headers["X-Total-Count"] == "1", listed.headers["X-Total-Count"]
    return f"order {again['id'][-6:]} again, and still one order"


async def same_key_with_another_body_is_refused(stage: Stage) -> str:
    body = stage.kept["opening"] | {"description": "another"}
    codes = await gd(stage).refused(ORDERS, body, status=409, key=stage.kept["opening-key"])
    assert codes == ["idempotency-key-reused"], codes
    return f"409 {codes[0]}"


async def three_faults_are_told_at_once(stage: Stage) -> str:
    counter = gd(stage)
    body = await _opening(stage, "13000400399", new_id(), new_id())
    body["productOrderItem"][0]["productOffering"]["id"] = new_id()
    codes = await counter.refused(ORDERS, body, status=400)
    assert sorted(codes) == ["identity-check-unknown", "offering-unknown", "payment-unknown"], codes
    return f"400 {', '.join(codes)}"


async def provisioning_fails_and_all_is_taken_back(stage: Stage) -> str:
    counter = gd(stage)
    number = "13000409901"  # the simulator of provisioning refuses numbers that end so
    keeper = gd(stage, "supervisor")
    await keeper.post(
        "/api/resource/v1/numbers", {"first": number, "count": 1, "area": "020", "network": "lte"}
    )
    money = await counter.pay(80.00)
    body = await _opening(stage, number, await counter.check(OWNER), money)
    card = body["productOrderItem"][0]["product"]["productCharacteristic"][1]["value"]
    ended = await counter.ended((await counter.post(ORDERS, body))["id"])
    assert ended["state"] == "failed", ended["state"]
    why = ended["failure"][0]
    assert why["code"] == "provisioning-failed", why
    states = (await counter.resource_state(LOGICAL, number), await counter.resource_state(PHYSICAL, card))
    assert states == ("free", "in-stock"), states
    paid = await counter.settled(money)
    assert paid["status"] == "failed", paid["status"]
    (refund,) = await counter.get("/tmf-api/paymentManagement/v4/refund", **{"payment.id": money})
    assert refund["totalAmount"]["value"] == 80, refund["totalAmount"]
    return f"failed at {why['task']} ({why['code']}); number free, card in stock, 80.00 refunded"


async def bad_identity_number_stores_nothing(stage: Stage) -> str:
    counter = gd(stage)
    before = (await counter.ask("GET", INDIVIDUALS)).headers["X-Total-Count"]
    wrong = OWNER.identification[:-1] + ("0" if OWNER.identification[-1] != "0" else "1")
    body = {
        "givenName": "晓明",
        "familyName": "陈",
        "individualIdentification": [{"identificationType": "resident-id", "identificationId": wrong}],
    }
    codes = await counter.refused(INDIVIDUALS, body, status=400)
    assert codes == ["identity-number-invalid"], codes
    after = (await counter.ask("GET", INDIVIDUALS)).headers["X-Total-Count"]
    assert after == before, f"{before} individuals before, {after} after"
    return f"400 {codes[0]}; {after} individuals as before"
