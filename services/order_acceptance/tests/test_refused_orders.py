"""What stands against an order is said at once and in full; and an order is read for what it means."""

from services.order_acceptance.tests.bodies import (
    ORDERS,
    characteristics,
    open_account,
    presenter,
    replace_sim,
)
from services.order_acceptance.tests.businesses import change_plan, subscribe
from services.order_acceptance.tests.counter import Counter, fresh_number
from services.order_acceptance.tests.owners import CUSTOMER, PLAN, STRANGER

ITEM = "productOrderItem[0]"
NEW_CARD = replace_sim("no-check", number="13011110000")


async def test_everything_that_is_not_known_is_said_at_once(counter: Counter) -> None:
    body = open_account("no-check", "no-payment", number=fresh_number(), customer="nobody")
    body["productOrderItem"][0]["productOffering"]["id"] = "no-plan"
    body["productOrderItem"][1]["productOffering"]["id"] = "no-option"
    body["billingAccount"] = {"id": "no-account"}
    before = await counter.rows()
    answer = await counter.post(ORDERS, body)
    assert answer.status_code == 400
    assert [(one["code"], one.get("path")) for one in answer.json()["reasons"]] == [
        ("offering-unknown", f"{ITEM}.productOffering"),
        ("offering-unknown", "productOrderItem[1].productOffering"),
        ("customer-unknown", "relatedParty"),
        ("account-unknown", "billingAccount"),
        ("identity-check-unknown", "relatedParty"),
        ("payment-unknown", "payment[0]"),
    ]
    assert await counter.rows() == before


async def test_everything_that_stands_against_an_order_is_said_at_once(counter: Counter) -> None:
    number = await counter.subscriber()
    owners = counter.owners
    bad = await owners.customer("customer-bad", status="suspended", blacklisted=True)
    account = await owners.account("account-of-another", CUSTOMER)
    old = owners.offering("plan-old", "plan", ("recurring", "9.00"), lifecycle_status="Retired")
    narrow = owners.offering("option-narrow", "option", relies_on=["another-plan"])
    await owners.tell("product", old, narrow)
    await owners.until_known("known_offerings", "plan-old", "option-narrow")
    used = await counter.check()
    paid = await counter.pay(10.00)
    await counter.order(replace_sim(used, paid, number=fresh_number()))

    body = open_account(used, paid, number=number, customer=bad)
    body["productOrderItem"][0]["productOffering"]["id"] = "plan-old"
    body["productOrderItem"][1]["productOffering"]["id"] = "option-narrow"
    body["billingAccount"] = {"id": account}
    before = await counter.rows()
    answer = await counter.post(ORDERS, body)
    assert answer.status_code == 409
    assert [one["code"] for one in answer.json()["reasons"]] == [
        "offering-not-available",
        "option-not-for-plan",
        "customer-not-active",
        "customer-blacklisted",
        "account-not-of-customer",
        "identity-check-used",
        "payment-already-used",
        "number-in-use",
    ]
    assert await counter.rows() == before


async def test_what_no_process_carries_out_is_refused_by_its_name(counter: Counter) -> None:
    """A bundle and a leased line are in the catalogue; no business makes them yet."""
    owners = counter.owners
    bundle = owners.offering("bundle-1", "bundle", ("recurring", "219.00"), name="家庭融合套餐219元")
    line = owners.offering("line-1", "line", ("recurring", "6000.00"), name="集团专线100M")
    await owners.tell("product", bundle, line)
    await owners.until_known("known_offerings", "bundle-1", "line-1")
    before = await counter.rows()
    not_served = [("offering-not-served", f"{ITEM}.productOffering")]
    for offering in ("bundle-1", "line-1"):
        body = open_account(await counter.check(), number=fresh_number())
        body["productOrderItem"][0]["productOffering"]["id"] = offering
        as_a_plan = await counter.post(ORDERS, body)
        assert as_a_plan.status_code == 409
        assert [(one["code"], one["path"]) for one in as_a_plan.json()["reasons"]] == not_served
        # As it would be asked for: a line has neither number nor card.
        del body["productOrderItem"][1]
        body["productOrderItem"][0]["product"] = {"productCharacteristic": characteristics(bandwidth="100")}
        as_it_is = await counter.post(ORDERS, body)
        assert as_it_is.status_code == 409
        assert [(one["code"], one["path"]) for one in as_it_is.json()["reasons"]] == not_served
        moved = await counter.post(ORDERS, change_plan(await counter.subscriber(), offering))
        assert (moved.status_code, moved.json()["code"]) == (409, "offering-not-served")
        beside = await counter.post(ORDERS, subscribe(await counter.subscriber(), offering))
        assert (beside.status_code, beside.json()["code"]) == (409, "offering-not-served")
    after = await counter.rows()
    kept = ("product_orders", "work_orders", "identity_check_uses")
    assert [after[name] for name in kept] == [before[name] for name in kept], "nothing was accepted"


async def test_what_is_sold_to_groups_alone_is_not_sold_to_a_person(counter: Counter) -> None:
    owners = counter.owners
    plan = owners.offering("plan-groups", "plan", ("recurring", "49.00"), customer_kinds=["organization"])
    await owners.tell("product", plan)
    await owners.until_known("known_offerings", plan.id)
    body = open_account(await counter.check(), number=fresh_number())
    body["productOrderItem"][0]["productOffering"]["id"] = plan.id
    answer = await counter.post(ORDERS, body)
    assert (answer.status_code, answer.json()["code"]) == (409, "offering-not-for-customer")
    # Of another dealer's customer nothing is told, not even that it is a person.
    theirs = await owners.customer("customer-of-another-dealer", dealer="another")
    body = open_account(await counter.check(by="dealer-clerk-1"), number=fresh_number(), customer=theirs)
    body["productOrderItem"][0]["productOffering"]["id"] = plan.id
    answer = await counter.post(ORDERS, body, role="dealer-clerk")
    codes = [one["code"] for one in answer.json()["reasons"]]
    assert codes[0] == "customer-unknown"
    assert "offering-not-for-customer" not in codes


async def test_what_cannot_be_understood_decides_the_status_before_what_may_not_be_done(
    counter: Counter,
) -> None:
    number = await counter.subscriber()
    answer = await counter.post(ORDERS, open_account("no-check", number=number))
    assert answer.status_code == 400
    assert [one["code"] for one in answer.json()["reasons"]] == ["identity-check-unknown", "number-in-use"]


async def test_several_businesses_in_one_order_are_refused(counter: Counter) -> None:
    body = open_account("no-check", number=fresh_number())
    body["productOrderItem"].append(NEW_CARD["productOrderItem"][0] | {"id": "3"})
    answer = await counter.post(ORDERS, body)
    assert (answer.status_code, answer.json()["code"]) == (400, "business-mixed")


async def test_a_business_is_recognised_without_its_category(counter: Counter) -> None:
    body = open_account(await counter.check(), number=fresh_number())
    del body["category"]
    assert (await counter.order(body))["category"] == "open-account"


async def test_a_business_that_is_not_served_yet_is_said_so(counter: Counter) -> None:
    body = {
        "category": "port-in",
        "productOrderItem": [
            {
                "id": "1",
                "action": "add",
                "productOffering": {"id": PLAN},
                "product": {"productCharacteristic": characteristics(authorizationCode="1234")},
            }
        ],
    }
    answer = await counter.post(ORDERS, body)
    assert (answer.status_code, answer.json()["code"]) == (409, "business-not-offered")


async def test_a_subscription_of_another_province_is_named_by_its_number(counter: Counter) -> None:
    body = replace_sim(await counter.check(), number=fresh_number())
    del body["productOrderItem"][0]["product"]["productSerialNumber"]
    body["productOrderItem"][0]["product"]["id"] = "a-product-elsewhere"
    answer = await counter.post(ORDERS, body)
    assert (answer.status_code, answer.json()["code"]) == (400, "use-number")


async def test_the_channel_is_that_of_the_token(counter: Counter) -> None:
    before = await counter.rows()
    body = open_account("no-check", number=fresh_number(), channel=[{"id": "dealer"}])
    answer = await counter.post(ORDERS, body)
    assert (answer.status_code, answer.json()["code"]) == (403, "channel-differs")
    assert await counter.rows() == before


async def test_an_identity_check_of_another_clerk_is_not_known(counter: Counter) -> None:
    """Not even whose it is: somebody else's customer would be told apart by that."""
    check = await counter.check(STRANGER, by="hall-clerk-2")
    answer = await counter.post(ORDERS, replace_sim(check, number=await counter.subscriber()))
    assert [one["code"] for one in answer.json()["reasons"]] == ["identity-check-unknown"]


async def test_who_acts_for_the_owner_may_show_one_check_as_presenter_and_agent(counter: Counter) -> None:
    check = await counter.check()
    body = replace_sim(check, number=await counter.subscriber())
    body["relatedParty"] = [presenter(check), presenter(check) | {"role": "agent"}]
    await counter.order(body)


async def test_refusals_are_told_in_the_language_that_is_asked_for(counter: Counter) -> None:
    headers = counter.service.bearer("hall-clerk") | {"Accept-Language": "zh-CN"}
    chinese = await counter.service.client.post(ORDERS, json=NEW_CARD, headers=headers)
    english = await counter.post(ORDERS, NEW_CARD)
    assert chinese.json()["code"] == english.json()["code"] == "identity-check-unknown"
    assert chinese.json()["reason"] != english.json()["reason"]
