"""Group orders that are refused: what is wrong with them, all of it at once, and nothing is stored."""

from typing import Any

import pytest

from services.order_acceptance.groups.tests.headquarters import (
    AGENT,
    GROUP,
    Headquarters,
    member,
    of_group,
    together,
)
from services.order_acceptance.tests.bodies import (
    LEFT_OUT,
    ORDERS,
    changed,
    characteristics,
    presenter,
    replace_sim,
)
from services.order_acceptance.tests.businesses import (
    BIG_PLAN,
    RETIRED,
    catalogue,
    change_plan,
    resume,
    subscribe,
    suspend,
    terminate,
    unsubscribe,
)
from services.order_acceptance.tests.counter import Counter
from services.order_acceptance.tests.others import Others
from services.order_acceptance.tests.owners import CUSTOMER, OPTION, PLAN
from services.order_acceptance.tests.router import Router

FIRST, SECOND = "13012340001", "13012340002"
ITEM, PRODUCT = "productOrderItem.1", "productOrderItem.1.product"
SAYS = f"{PRODUCT}.productCharacteristic"


@pytest.fixture(scope="module", autouse=True)
async def offerings(headquarters: Headquarters) -> None:
    await catalogue(headquarters)


async def is_refused(
    headquarters: Headquarters, body: dict[str, Any], status: int, code: str, **claims: Any
) -> list[tuple[str, str]]:
    """Every reason, as code and path; the first has this code, and nothing is stored."""
    before = await headquarters.rows()
    answer = await headquarters.post(ORDERS, body, **claims)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert await headquarters.rows() == before
    told = headquarters.service.app.openapi()["paths"][ORDERS]["post"]["responses"][str(status)]
    assert code in told["description"].split(", ")
    return [(one["code"], one.get("path", "")) for one in answer.json()["reasons"]]


@pytest.mark.parametrize(
    ("where", "value", "status", "code"),
    [
        ("productOrderItem.0.product.place", LEFT_OUT, 400, "province-required"),
        ("productOrderItem.0.product.place.0.id", "zz", 400, "province-unknown"),
        ("productOrderItem.0.product.place.0.id", "hq", 400, "province-unknown"),
        ("productOrderItem.0.productOffering.id", "nothing", 400, "offering-unknown"),
        ("productOrderItem.0.quantity", 0, 400, "invalid"),
        ("productOrderItem.0.quantity", 1000, 400, "item-not-fitting"),
        ("relatedParty.0", LEFT_OUT, 400, "customer-required"),
        ("relatedParty.1", LEFT_OUT, 400, "presenter-required"),
        ("relatedParty.0.id", "nobody", 400, "customer-unknown"),
        ("policy", "some-of-it", 400, "invalid"),
        ("payment", [{"id": "p"}], 409, "payment-not-bindable"),
    ],
)
async def test_an_opening_that_is_wrong_stores_nothing(
    headquarters: Headquarters, where: str, value: Any, status: int, code: str
) -> None:
    body = await headquarters.opening(member("1", "gd"), member("2", "bj"))
    await is_refused(headquarters, changed(body, where, value), status, code)


SUSPENDED = together(suspend(FIRST), suspend(SECOND))
RESUMED = together(resume(FIRST), resume(SECOND))
PLANS = together(change_plan(FIRST, BIG_PLAN), change_plan(SECOND, BIG_PLAN))
OPTIONS = together(subscribe(FIRST, OPTION), subscribe(SECOND, OPTION))
GIVEN_UP = together(unsubscribe(FIRST, OPTION), unsubscribe(SECOND, OPTION))
ENDED = together(terminate(FIRST, None), terminate(SECOND, None))
CARDS = together(*(replace_sim("check", number=one) for one in (FIRST, SECOND)))
RELIED_ON = f"{PRODUCT}.productRelationship.0.product"
AT = "productOrderItem[1]"
WHO = "relatedParty"


@pytest.mark.parametrize(
    ("body", "where", "value", "status", "code", "path"),
    [
        (SUSPENDED, f"{PRODUCT}.productSerialNumber", LEFT_OUT, 400, "number-required", f"{AT}.product"),
        (SUSPENDED, PRODUCT, {"id": "p", "status": "suspended"}, 400, "use-number", f"{AT}.product"),
        (
            SUSPENDED,
            f"{PRODUCT}.productSerialNumber",
            "130-1234",
            400,
            "characteristic-invalid",
            f"{AT}.product.productSerialNumber",
        ),
        (SUSPENDED, f"{PRODUCT}.productSerialNumber", FIRST, 400, "item-not-fitting", AT),
        (SUSPENDED, f"{ITEM}.id", "1", 400, "item-not-fitting", f"{AT}.id"),
        (SUSPENDED, SAYS, [], 400, "characteristic-missing", f"{AT}.product.productCharacteristic"),
        (
            SUSPENDED,
            f"{SAYS}.0.value",
            "bored",
            400,
            "characteristic-invalid",
            f"{AT}.product.productCharacteristic",
        ),
        (
            SUSPENDED,
            f"{SAYS}.0.value",
            "arrears",
            403,
            "reason-not-yours",
            f"{AT}.product.productCharacteristic",
        ),
        (SUSPENDED, f"{PRODUCT}.status", "active", 400, "business-mixed", "productOrderItem"),
        (SUSPENDED, f"{PRODUCT}.status", LEFT_OUT, 400, "business-not-recognised", "category"),
        (SUSPENDED, "category", "resume", 400, "business-not-recognised", "category"),
        (SUSPENDED, "payment", [{"id": "p"}], 409, "payment-not-bindable", "payment[0]"),
        (SUSPENDED, "policy", "some-of-it", 400, "invalid", "policy"),
        (SUSPENDED, WHO, of_group("nobody"), 400, "customer-unknown", "relatedParty"),
        (SUSPENDED, WHO, of_group(CUSTOMER), 409, "group-required", "relatedParty"),
        (
            SUSPENDED,
            WHO,
            [{"id": GROUP, "role": "customer", "@referredType": "Organization"}],
            400,
            "customer-unknown",
            "relatedParty",
        ),
        (RESUMED, f"{SAYS}.0.value", "lost", 400, "presenter-required", "relatedParty"),
        (PLANS, f"{ITEM}.productOffering.id", "nothing", 400, "offering-unknown", f"{AT}.productOffering"),
        (PLANS, f"{ITEM}.productOffering.id", OPTION, 400, "item-not-fitting", f"{AT}.productOffering"),
        (
            PLANS,
            f"{ITEM}.productOffering.id",
            RETIRED,
            409,
            "offering-not-available",
            f"{AT}.productOffering",
        ),
        (
            PLANS,
            SAYS,
            characteristics(effective="some-day"),
            400,
            "characteristic-invalid",
            f"{AT}.product.productCharacteristic",
        ),
        (
            PLANS,
            SAYS,
            characteristics(effective="next-cycle"),
            400,
            "item-not-fitting",
            f"{AT}.product.productCharacteristic",
        ),
        (OPTIONS, f"{RELIED_ON}.productSerialNumber", LEFT_OUT, 400, "number-required", f"{AT}.product"),
        (OPTIONS, f"{ITEM}.productOffering.id", PLAN, 400, "item-not-fitting", f"{AT}.productOffering"),
        (OPTIONS, f"{ITEM}.productOffering", LEFT_OUT, 400, "item-not-fitting", f"{AT}.productOffering"),
        (GIVEN_UP, f"{ITEM}.productOffering", LEFT_OUT, 400, "item-not-fitting", AT),
        (ENDED, WHO, [], 400, "presenter-required", "relatedParty"),
        (CARDS, "policy", "best-effort", 409, "business-not-offered", "category"),
    ],
)
async def test_a_change_that_is_wrong_stores_nothing(
    headquarters: Headquarters,
    body: dict[str, Any],
    where: str,
    value: Any,
    status: int,
    code: str,
    path: str,
) -> None:
    await headquarters.owners.customer(CUSTOMER)
    wrong = changed(body, where, value)
    assert (code, path) in await is_refused(headquarters, wrong, status, code)


async def test_everything_that_is_wrong_is_said_at_once(headquarters: Headquarters) -> None:
    body = together(suspend(FIRST, "bored"), suspend("130-1"), suspend(SECOND), suspend(SECOND))
    reasons = await is_refused(headquarters, body, 400, "characteristic-invalid")
    assert reasons == [
        ("characteristic-invalid", "productOrderItem[0].product.productCharacteristic"),
        ("characteristic-invalid", "productOrderItem[1].product.productSerialNumber"),
        ("item-not-fitting", "productOrderItem[3]"),
    ]
    body = together(*(change_plan(number, RETIRED) for number in (FIRST, SECOND)))
    reasons = await is_refused(headquarters, body | {WHO: of_group("nobody")}, 400, "customer-unknown")
    assert reasons == [
        ("customer-unknown", "relatedParty"),
        ("offering-not-available", "productOrderItem[0].productOffering"),
        ("offering-not-available", "productOrderItem[1].productOffering"),
    ]


MANAGER: dict[str, Any] = {"role": "account-manager", "subject": "manager-of-another"}


async def test_an_account_manager_names_his_own_customers_alone(headquarters: Headquarters) -> None:
    """What another's customer is, and what may be sold to it, he is not told either."""
    theirs = await headquarters.owners.customer("group-of-theirs", kind="organization", accountManager="them")
    for body in (SUSPENDED, PLANS | {"policy": "best-effort"}):
        wrong = body | {WHO: of_group(theirs)}
        assert await is_refused(headquarters, wrong, 400, "customer-unknown", **MANAGER) == [
            ("customer-unknown", "relatedParty")
        ]


async def test_only_its_agent_stands_there_for_a_group(headquarters: Headquarters) -> None:
    async def ended(check: str) -> dict[str, Any]:
        return together(*(terminate(number, None) for number in (FIRST, SECOND))) | {
            WHO: [*of_group(GROUP), presenter(check)]
        }

    # Whether the business crosses is another question, and the answer comes with it.
    stranger = await is_refused(
        headquarters, await ended(await headquarters.check()), 409, "identity-mismatch"
    )
    agent = await is_refused(headquarters, await ended(await headquarters.check(AGENT)), 409, "home-only")
    assert {code for code, _ in stranger} - {code for code, _ in agent} == {"identity-mismatch"}


async def number_of(counter: Counter, customer: str) -> str:
    """A number in Guangdong that belongs to this customer."""
    return await counter.subscriber(relatedParty=of_group(customer))


async def test_the_numbers_of_a_group_are_changed_in_its_name_and_its_manager_sees_it(
    headquarters: Headquarters, counter: Counter, router: Router, others: Others
) -> None:
    his = {"subject": "manager-1"}
    ours = await headquarters.owners.customer("group-of-his", kind="organization", accountManager="manager-1")
    numbers = [await number_of(counter, ours) for _ in range(2)]
    body = together(*(suspend(number) for number in numbers)) | {WHO: of_group(ours)}
    order = await headquarters.order(body)
    ended = await headquarters.ended(order["id"])
    assert ended["state"] == "completed", ended
    assert (await headquarters.get(f"{ORDERS}/{order['id']}", "account-manager", his)).status_code == 200
    another = {"subject": "manager-2"}
    assert (await headquarters.get(f"{ORDERS}/{order['id']}", "account-manager", another)).status_code == 404


async def test_a_number_of_another_customer_is_refused_by_its_home(
    headquarters: Headquarters, counter: Counter, router: Router, others: Others
) -> None:
    ours, strange = await number_of(counter, GROUP), await counter.subscriber()
    body = together(suspend(ours), suspend(strange)) | {WHO: of_group(GROUP)}
    order = await headquarters.order(body)
    ended = await headquarters.ended(order["id"])
    assert ended["state"] == "rejected"
    assert [(one["code"], one["node"]) for one in ended["failure"]] == [
        ("subscription-not-of-customer", "gd"),
        ("group-aborted", "gd"),
    ]
    for number in (ours, strange):
        assert (await counter.product_of(number))["status"] == "active"


async def test_only_an_organization_is_a_group_and_only_its_agent_orders(headquarters: Headquarters) -> None:
    person = await headquarters.owners.customer("person-1")
    body = await headquarters.opening(member("1", "gd"))
    as_person = changed(body, "relatedParty.0.id", person)
    answer = await headquarters.post(ORDERS, as_person)
    assert {one["code"] for one in answer.json()["reasons"]} >= {"group-required"}
    stranger = await headquarters.check()
    answer = await headquarters.post(ORDERS, changed(body, "relatedParty.1.id", stranger))
    assert (answer.status_code, answer.json()["code"]) == (409, "identity-mismatch")
