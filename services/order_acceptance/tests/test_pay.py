"""Money for a number or an account: posted once where it belongs, or given back; what is unknown is neither."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from libs.clock import ManualClock, accounting_day
from libs.ids import new_id
from services.order_acceptance.tests.bodies import PAYMENTS, REFUNDS, payment, refund
from services.order_acceptance.tests.counter import Counter, fresh_number
from services.order_acceptance.tests.others import Others
from services.order_acceptance.tests.router import Router
from tests.engines import eventually
from tests.running import RunningService

LONG = timedelta(minutes=20)
"""Longer than the longest pause between two askings."""


async def bills(bj: RunningService, number: str) -> list[dict[str, Any]]:
    found = await bj.topics.wait("bj.uplink.bills", where=lambda one: one.data["number"] == number)
    return [one.data for one in found]


async def test_money_for_a_number_reaches_the_account_that_pays_for_it(
    counter: Counter, others: Others
) -> None:
    number = await counter.subscriber()
    paid = await counter.pay(50.00, f"tel:+86{number}")
    assert (await counter.payment_is(paid, "done"))["account"] == {"id": f"tel:+86{number}"}
    posted = others.input_of(paid, "post-payment")
    assert (posted["account"], posted["amount"], posted["kind"]) == ("account-1", "50.00", "payment")
    assert posted["reference"] == paid


async def test_money_for_an_account_of_this_node_is_posted_to_it(counter: Counter, others: Others) -> None:
    account = await counter.owners.account(new_id())
    paid = await counter.pay(20.10, account)
    await counter.payment_is(paid, "done")
    assert others.input_of(paid, "post-payment") == {
        "reference": paid,
        "account": account,
        "number": None,
        "amount": "20.10",
        "kind": "payment",
    }


async def test_money_for_a_fixed_line_goes_to_its_number_with_the_area_code(
    counter: Counter, others: Others
) -> None:
    await counter.subscriber("02012345678")
    paid = await counter.pay(5.00, "tel:+862012345678")
    await counter.payment_is(paid, "done")
    assert others.input_of(paid, "post-payment")["number"] == "02012345678"


async def test_money_at_the_counter_stays_there_until_an_order_takes_it(
    counter: Counter, others: Others
) -> None:
    paid = await counter.pay(30.00)
    assert (await counter.payment(paid))["status"] == "authorized"
    assert others.of(paid) == []


async def test_money_for_a_subscriber_of_another_province_is_posted_there_and_settled_to_the_fen(
    bj: RunningService,
    counter: Counter,
    counter_in_bj: Counter,
    router: Router,
    others: Others,
    others_in_bj: Others,
    clock: ManualClock,
) -> None:
    number = await counter.subscriber()
    paid = await counter_in_bj.pay(33.33, f"tel:+86{number}")
    await counter_in_bj.payment_is(paid, "done")
    assert others_in_bj.of(paid) == [], "nothing is done in Beijing but taking it"
    assert others.input_of(paid, "post-payment")["account"] == "account-1"
    bill = (await bills(bj, number))[0]
    assert Decimal(bill["amount"]) == Decimal("33.33")
    assert {name: bill[name] for name in ("payment", "collectedBy", "home", "kind", "accountingDay")} == {
        "payment": paid,
        "collectedBy": "bj",
        "home": "gd",
        "kind": "payment",
        "accountingDay": accounting_day(clock.now()).isoformat(),
    }
    assert bill["acceptance"]["hall"] == "bj-hall-1"


async def test_money_for_a_number_that_nobody_has_is_refunded_in_full(
    counter_in_bj: Counter, counter: Counter, router: Router, others: Others, others_in_bj: Others
) -> None:
    paid = await counter_in_bj.pay(12.50, f"tel:+86{fresh_number()}")
    await counter_in_bj.payment_is(paid, "failed")
    assert await counter_in_bj.refunded(paid) == [12.5]


async def test_what_accounting_refuses_is_refunded_in_full_and_not_settled(
    bj: RunningService,
    counter: Counter,
    counter_in_bj: Counter,
    router: Router,
    others: Others,
    others_in_bj: Others,
) -> None:
    others.refuses = lambda task: task.name == "post-payment"
    number = await counter.subscriber()
    paid = await counter_in_bj.pay(7.00, f"tel:+86{number}")
    await counter_in_bj.payment_is(paid, "failed")
    assert await counter_in_bj.refunded(paid) == [7]
    assert [one for one in await bj.topics.read("bj.uplink.bills") if one.data["number"] == number] == []


async def test_an_unknown_answer_is_asked_again_and_taken_back_before_anything_is_refunded(
    gd: RunningService, counter: Counter, others: Others, clock: ManualClock
) -> None:
    others.silent = lambda task: True
    number = await counter.subscriber()
    paid = await counter.pay(50.00, f"tel:+86{number}")
    for asked in range(1, 6):
        await eventually(lambda asked=asked: len(others.of(paid)) == asked)
        assert (await counter.payment(paid))["status"] == "authorized"
        clock.advance(LONG)
        await gd.tick("sweep")
    dos = [task for task in others.of(paid) if task.direction == "do"]
    assert (len(dos), len({task.task_id for task in dos})) == (5, 1), "five times the same task"

    await eventually(lambda: others.names(paid, "undo") == ["reverse-payment"])
    for _ in range(6):
        assert await counter.refunded(paid) == [], "it may have been posted: nothing is given back"
        clock.advance(LONG)
        await gd.tick("sweep")
    others.silent = lambda task: False
    clock.advance(LONG)
    await gd.tick("sweep")
    await counter.payment_is(paid, "failed")
    undos = [task for task in others.of(paid) if task.direction == "undo"]
    assert {task.does for task in undos} == {dos[0].task_id}
    assert others.left_behind(paid) == []
    assert await counter.refunded(paid) == [50]


async def test_an_answer_that_comes_after_the_second_asking_is_as_good_as_the_first(
    gd: RunningService, counter: Counter, others: Others, clock: ManualClock
) -> None:
    others.silent = lambda task: True
    paid = await counter.pay(50.00, f"tel:+86{await counter.subscriber()}")
    await eventually(lambda: others.of(paid))
    others.silent = lambda task: False
    clock.advance(LONG)
    await gd.tick("sweep")
    await counter.payment_is(paid, "done")
    assert others.left_behind(paid) == ["post-payment"]


async def test_an_undo_without_an_answer_is_shown_to_an_operator_and_goes_on(
    gd: RunningService, counter: Counter, others: Others, clock: ManualClock
) -> None:
    others.silent = lambda task: True
    paid = await counter.pay(9.00, f"tel:+86{await counter.subscriber()}")
    for _ in range(12):
        clock.advance(LONG)
        await gd.tick("sweep")
    shown = (await counter.get("/api/order-acceptance/v1/workOrders", role="supervisor", order=paid)).json()
    assert [(one["state"], one["attention"]) for one in shown] == [("undoing", True)]
    others.silent = lambda task: False
    clock.advance(LONG)
    await gd.tick("sweep")
    await counter.payment_is(paid, "failed")


@pytest.mark.parametrize(
    ("account", "code"),
    [
        ("no-such-account", "account-unknown"),
        ("tel:13012345678", "account-invalid"),
        ("tel:+8613", "account-invalid"),
        ("tel:+85213012345678", "account-invalid"),
        ("tel:+86130123456781234", "account-invalid"),
    ],
)
async def test_money_for_an_account_that_cannot_be_is_not_taken(
    counter: Counter, others: Others, account: str, code: str
) -> None:
    before = await counter.rows()
    answer = await counter.post(PAYMENTS, payment(1.00, account))
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer.json()["reasons"][0]["path"] == "account.id"
    assert await counter.rows() == before


async def test_what_is_on_its_way_or_posted_is_not_given_back(counter: Counter, others: Others) -> None:
    others.silent = lambda task: True
    number = await counter.subscriber()
    under_way = await counter.pay(5.00, f"tel:+86{number}")
    answer = await counter.post(REFUNDS, refund(under_way, 5.00))
    assert (answer.status_code, answer.json()["code"]) == (409, "payment-under-way")
    others.behave()
    posted = await counter.pay(5.00, f"tel:+86{number}")
    await counter.payment_is(posted, "done")
    answer = await counter.post(REFUNDS, refund(posted, 5.00))
    assert (answer.status_code, answer.json()["code"]) == (409, "payment-posted")
