"""A new SIM, accepted in Beijing for a subscriber of Guangdong: forwarded, done at home, reported back."""

import json

import pytest

from libs.security.sealing import unseal
from services.order_acceptance.tests.bodies import ORDERS, REFUNDS, replace_sim
from services.order_acceptance.tests.counter import Counter, fresh_card, fresh_number
from services.order_acceptance.tests.others import Others
from services.order_acceptance.tests.owners import STRANGER
from services.order_acceptance.tests.router import Router
from tests.running import Bench, RunningService

FEE = 10.00


@pytest.fixture
async def number(counter: Counter) -> str:
    """A subscriber of Guangdong."""
    return await counter.subscriber()


async def test_a_card_from_beijing_is_put_into_service_in_guangdong(
    counter: Counter,
    counter_in_bj: Counter,
    router: Router,
    others: Others,
    others_in_bj: Others,
    number: str,
    bench: Bench,
) -> None:
    card = fresh_card()
    before = (await counter.product_of(number))["realizingResource"]
    money = await counter_in_bj.pay(FEE)
    order = await counter_in_bj.order(
        replace_sim(await counter_in_bj.check(), money, number=number, iccid=card)
    )
    ended = await counter_in_bj.ended(order["id"])
    assert ended["state"] == "completed", ended
    assert "failure" not in ended

    assert others_in_bj.names(order["id"]) == ["reserve-card", "bind-card"]
    assert others_in_bj.input_of(order["id"], "reserve-card")["kinds"] == ["blank", "esim"]
    written = others_in_bj.input_of(order["id"], "bind-card")["writeData"]
    assert json.loads(unseal(written, bench.keys_of("bj").sealing))["iccid"] == card

    assert others.names(order["id"]) == ["allocate-profile", "swap-card", "bind-profile"]
    assert others.input_of(order["id"], "allocate-profile")["sealFor"] == "hq"
    assert others.input_of(order["id"], "bind-profile")["replacesCard"] == before[1]["id"]
    assert (await counter.product_of(number))["realizingResource"] == [
        before[0],
        {**before[1], "id": card, "value": card},
    ]
    assert (await counter_in_bj.payment(money))["status"] == "done"


async def test_the_identity_travels_sealed_and_no_secret_is_left_in_the_clear(
    counter_in_bj: Counter, router: Router, others: Others, others_in_bj: Others, number: str, bench: Bench
) -> None:
    order = await counter_in_bj.order(replace_sim(await counter_in_bj.check(), number=number))
    await counter_in_bj.ended(order["id"])
    forward = await router.forward_of(order["id"])
    assert forward.sealed
    shown = json.loads(unseal(forward.sealed, bench.keys_of("gd").sealing))
    assert shown["identificationId"] not in forward.model_copy(update={"sealed": None}).model_dump_json()
    assert "ki" not in json.loads((await router.outcome_of(forward)).model_dump_json())["output"]


async def test_who_is_not_the_owner_gets_no_card_and_the_fee_back(
    counter: Counter,
    counter_in_bj: Counter,
    router: Router,
    others: Others,
    others_in_bj: Others,
    number: str,
) -> None:
    money = await counter_in_bj.pay(FEE)
    check = await counter_in_bj.check(STRANGER)
    order = await counter_in_bj.order(replace_sim(check, money, number=number))
    ended = await counter_in_bj.ended(order["id"])
    assert ended["state"] == "rejected"
    assert [(one["code"], one["node"]) for one in ended["failure"]] == [("identity-mismatch", "gd")]
    assert others.of(order["id"]) == [], "nothing was begun at home"
    assert others_in_bj.names(order["id"], "undo") == ["release-card"]
    assert others_in_bj.left_behind(order["id"]) == []
    assert (await counter_in_bj.payment(money))["status"] == "failed"
    assert await counter_in_bj.refunded(money) == [FEE]


async def test_nobody_shown_at_the_counter_is_refused_at_home(
    counter_in_bj: Counter, router: Router, others: Others, others_in_bj: Others, number: str
) -> None:
    router.change = lambda forward: forward.model_copy(update={"sealed": None})
    order = await counter_in_bj.order(replace_sim(await counter_in_bj.check(), number=number))
    ended = await counter_in_bj.ended(order["id"])
    assert (ended["state"], ended["failure"][0]["code"]) == ("rejected", "presenter-required")


async def test_a_fee_that_rose_at_home_is_not_charged(
    counter: Counter,
    counter_in_bj: Counter,
    router: Router,
    others: Others,
    others_in_bj: Others,
    number: str,
) -> None:
    await counter.owners.new_card_costs("15.00", version=2)
    try:
        money = await counter_in_bj.pay(FEE)
        order = await counter_in_bj.order(replace_sim(await counter_in_bj.check(), money, number=number))
        ended = await counter_in_bj.ended(order["id"])
    finally:
        await counter.owners.new_card_costs("10.00", version=3)
    assert (ended["state"], ended["failure"][0]["code"]) == ("rejected", "price-changed")
    assert others.of(order["id"]) == []
    assert await counter_in_bj.refunded(money) == [FEE]


async def test_between_provinces_a_card_costs_what_headquarters_asks(
    counter: Counter,
    counter_in_bj: Counter,
    router: Router,
    others: Others,
    others_in_bj: Others,
    number: str,
) -> None:
    await counter.owners.new_card_costs("12.00", version=6, headquarters="10.00")
    await counter_in_bj.owners.new_card_costs("8.00", version=6, headquarters="10.00")
    try:
        money = await counter_in_bj.pay(FEE)
        order = await counter_in_bj.order(replace_sim(await counter_in_bj.check(), money, number=number))
        ended = await counter_in_bj.ended(order["id"])
    finally:
        await counter.owners.new_card_costs("10.00", version=7)
        await counter_in_bj.owners.new_card_costs("10.00", version=7)
    assert ended["state"] == "completed"
    assert await counter_in_bj.refunded(money) == []
    assert (await counter_in_bj.payment(money))["status"] == "done"


async def test_all_reasons_of_home_are_told_at_once(
    counter: Counter,
    counter_in_bj: Counter,
    router: Router,
    others: Others,
    others_in_bj: Others,
    number: str,
) -> None:
    await counter.owners.new_card_costs("15.00", version=8)
    try:
        check = await counter_in_bj.check(STRANGER)
        order = await counter_in_bj.order(replace_sim(check, number=number))
        ended = await counter_in_bj.ended(order["id"])
    finally:
        await counter.owners.new_card_costs("10.00", version=9)
    assert [one["code"] for one in ended["failure"]] == ["identity-mismatch", "price-changed"]


async def test_a_number_that_does_not_live_here_is_not_taken_in(
    gd: RunningService, counter_in_bj: Counter, router: Router, others: Others, others_in_bj: Others
) -> None:
    order = await counter_in_bj.order(replace_sim(await counter_in_bj.check(), number=fresh_number()))
    outcome = await router.outcome_of(await router.forward_of(order["id"]))
    assert (outcome.state, outcome.home) == ("not-mine", "gd")
    ended = await counter_in_bj.ended(order["id"])
    assert (ended["state"], ended["failure"][0]["code"]) == ("rejected", "number-unknown")
    assert ended["failure"][0]["node"] == "hq"
    taken = "SELECT count(*) FROM work_orders WHERE order_id = $1"
    assert await gd.db.fetchval(taken, order["id"]) == 0, "the router may send it again, or elsewhere"


async def test_what_home_fails_to_do_gives_the_counter_everything_back(
    counter: Counter,
    counter_in_bj: Counter,
    router: Router,
    others: Others,
    others_in_bj: Others,
    number: str,
) -> None:
    others.refuses = lambda task: task.name == "swap-card"
    card = (await counter.product_of(number))["realizingResource"][1]["id"]
    money = await counter_in_bj.pay(FEE)
    order = await counter_in_bj.order(replace_sim(await counter_in_bj.check(), money, number=number))
    ended = await counter_in_bj.ended(order["id"])
    assert ended["state"] == "failed"
    assert [(one["code"], one["node"], one["task"]) for one in ended["failure"]] == [
        ("provisioning-failed", "gd", "swap-card")
    ]
    assert others.left_behind(order["id"]) == others_in_bj.left_behind(order["id"]) == []
    assert await counter_in_bj.refunded(money) == [FEE]
    assert (await counter.product_of(number))["realizingResource"][1]["id"] == card
    assert {one.attempt for one in router.forwards if one.order == order["id"]} == {1}, "an end is an end"
    again = await counter_in_bj.post(
        ORDERS, replace_sim(await counter_in_bj.check(), money, number=number, iccid=fresh_card())
    )
    assert again.status_code == 409, "money that was given back pays for nothing more"


async def test_a_card_that_beijing_does_not_have_never_leaves_beijing(
    counter_in_bj: Counter, router: Router, others: Others, others_in_bj: Others, number: str
) -> None:
    others_in_bj.refuses = lambda task: task.name == "reserve-card"
    order = await counter_in_bj.order(replace_sim(await counter_in_bj.check(), number=number))
    assert (await counter_in_bj.ended(order["id"]))["state"] == "rejected"
    assert router.forwards == []


async def test_more_than_the_fee_is_posted_at_home_and_settled_between_the_provinces(
    bj: RunningService,
    counter_in_bj: Counter,
    router: Router,
    others: Others,
    others_in_bj: Others,
    number: str,
) -> None:
    money = await counter_in_bj.pay(60.01)
    order = await counter_in_bj.order(replace_sim(await counter_in_bj.check(), money, number=number))
    assert (await counter_in_bj.ended(order["id"]))["state"] == "completed"
    assert others.input_of(order["id"], "post-payment")["amount"] == "50.01"
    bill = (await bj.topics.wait("bj.uplink.bills", where=lambda one: one.data["payment"] == order["id"]))[
        0
    ].data
    assert (bill["amount"], bill["collectedBy"], bill["home"]) == ("50.01", "bj", "gd")
    refused = await counter_in_bj.post(
        REFUNDS,
        {
            "account": {"id": "counter"},
            "paymentMethod": {"@type": "cash"},
            "totalAmount": {"unit": "CNY", "value": 1.00},
            "payment": {"id": money},
        },
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "payment-in-use")
