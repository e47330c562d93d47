"""Where the counter's money goes: fees, prepayment, what is charged, what is given back; never a fen more or less."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from services.order_acceptance.tests.bodies import ORDERS, REFUNDS, open_account, refund, replace_sim
from services.order_acceptance.tests.counter import Counter, fresh_number
from services.order_acceptance.tests.others import Others
from tests.engines import eventually

FEES = Decimal("50.00")
"""Opening an account: 20 at the counter, 30 for the plan."""


async def opened(counter: Counter, *payments: str) -> dict[str, Any]:
    return await counter.order(open_account(await counter.check(), *payments, number=fresh_number()))


def moved(others: Others, order: str) -> tuple[Decimal, Decimal]:
    """Yuan posted to the account, and yuan charged to it."""
    posted = sum(
        (Decimal(task.input["amount"]) for task in others.of(order) if task.name == "post-payment"),
        Decimal(0),
    )
    charged = [task.input["charges"] for task in others.of(order) if task.name == "charge-fees"]
    return posted, sum((Decimal(one["amount"]) for some in charged for one in some), Decimal(0))


@pytest.mark.parametrize(
    "amounts", [[], [0.01], [49.99], [50.00], [50.01], [20.00, 30.00], [33.33, 33.33, 33.34]]
)
async def test_what_was_collected_is_fees_and_prepayment_and_what_is_missing_is_charged(
    counter: Counter, others: Others, amounts: list[float]
) -> None:
    payments = [await counter.pay(amount) for amount in amounts]
    order = await opened(counter, *payments)
    assert (await counter.ended(order["id"]))["state"] == "completed"
    collected = sum((Decimal(str(amount)) for amount in amounts), Decimal(0))
    posted, charged = moved(others, order["id"])
    assert collected + charged == FEES + posted
    assert (posted, charged) == (max(collected - FEES, Decimal(0)), max(FEES - collected, Decimal(0)))
    assert [(await counter.payment(one))["status"] for one in payments] == ["done"] * len(payments)
    assert [await counter.refunded(one) for one in payments] == [[]] * len(payments)


@pytest.mark.parametrize("step", ["reserve-number", "post-payment", "activate-subscriber"])
async def test_what_was_collected_is_given_back_to_the_fen_when_nothing_came_of_it(
    counter: Counter, others: Others, step: str
) -> None:
    others.refuses = lambda task: task.name == step
    payments = [await counter.pay(amount) for amount in (33.33, 66.68)]
    order = await opened(counter, *payments)
    assert (await counter.ended(order["id"]))["state"] in ("failed", "rejected")
    assert [await counter.refunded(one) for one in payments] == [[33.33], [66.68]]
    assert [(await counter.payment(one))["status"] for one in payments] == ["failed", "failed"]
    assert others.left_behind(order["id"]) == [], "what was posted was reversed before"


async def test_nothing_is_refunded_before_everything_is_undone(counter: Counter, others: Others) -> None:
    others.refuses = lambda task: task.name == "activate-subscriber"
    others.silent = lambda task: task.name == "release-number"
    money = await counter.pay(100.00)
    order = await opened(counter, money)
    await eventually(lambda: "release-number" in others.names(order["id"], "undo"))
    assert await counter.refunded(money) == []
    assert (await counter.seen(order["id"]))["state"] == "inProgress"


async def test_what_is_left_of_a_payment_pays_for_an_order_and_only_that_is_given_back(
    counter: Counter, others: Others
) -> None:
    others.refuses = lambda task: task.name == "activate-subscriber"
    money = await counter.pay(100.00)
    assert (await counter.post(REFUNDS, refund(money, 40.00))).status_code == 201
    order = await opened(counter, money)
    await counter.ended(order["id"])
    assert moved(others, order["id"])[0] == Decimal("10.00"), "60 were left"
    assert sorted(await counter.refunded(money)) == [40, 60]


async def test_a_payment_is_given_back_in_parts_and_never_more_than_it_was(counter: Counter) -> None:
    money = await counter.pay(100.00)
    first = await counter.post(REFUNDS, refund(money, 30.00))
    assert (first.status_code, first.json()["status"]) == (201, "done")
    assert first.headers["Location"].endswith(f"/refund/{first.json()['id']}")
    assert (await counter.payment(money))["status"] == "authorized"
    above = await counter.post(REFUNDS, refund(money, 70.01))
    assert (above.status_code, above.json()["code"]) == (409, "refund-exceeds")
    assert "70.00" in above.json()["reason"]
    assert (await counter.post(REFUNDS, refund(money, 70.00))).status_code == 201
    assert (await counter.payment(money))["status"] == "failed"
    again = await counter.post(REFUNDS, refund(money, 0.01))
    assert (again.status_code, again.json()["code"]) == (409, "refund-exceeds")
    assert sorted(await counter.refunded(money)) == [30, 70]


async def test_ten_refunds_at_once_give_back_no_more_than_there_was(counter: Counter) -> None:
    money = await counter.pay(50.00)
    answers = await asyncio.gather(*(counter.post(REFUNDS, refund(money, 20.00)) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [201] * 2 + [409] * 8
    assert await counter.refunded(money) == [20, 20]


async def test_what_belongs_to_an_order_is_not_given_back(counter: Counter, others: Others) -> None:
    others.silent = lambda task: True
    money = await counter.pay(100.00)
    await opened(counter, money)
    answer = await counter.post(REFUNDS, refund(money, 1.00))
    assert (answer.status_code, answer.json()["code"]) == (409, "payment-in-use")
    assert await counter.refunded(money) == []


async def test_money_that_was_given_back_pays_for_nothing(counter: Counter, others: Others) -> None:
    money = await counter.pay(100.00)
    await counter.post(REFUNDS, refund(money, 100.00))
    body = open_account(await counter.check(), money, number=fresh_number())
    answer = await counter.post(ORDERS, body)
    assert (answer.status_code, answer.json()["code"]) == (409, "payment-not-bindable")


@pytest.mark.parametrize("amount", [100.00, 1.00])
async def test_of_a_refund_and_an_order_at_the_same_moment_one_has_the_money(
    counter: Counter, others: Others, amount: float
) -> None:
    for turn in range(12):
        money = await counter.pay(100.00)
        body = open_account(await counter.check(), money, number=fresh_number())
        calls = [counter.post(ORDERS, body), counter.post(REFUNDS, refund(money, amount))]
        if turn % 2:
            calls.reverse()
        answers = await asyncio.gather(*calls)
        if turn % 2:
            answers.reverse()
        ordered, refunded = answers
        if ordered.status_code == 409:
            assert ordered.json()["code"] == "payment-not-bindable"
            assert (refunded.status_code, await counter.refunded(money)) == (201, [amount])
            continue
        assert ordered.status_code == 201, ordered.text
        if refunded.status_code == 409:
            assert refunded.json()["code"] == "payment-in-use"
        await counter.ended(ordered.json()["id"])
        # Both have some of it only where the order was judged after the refund, and by what that had left.
        posted = moved(others, ordered.json()["id"])[0]
        given_back = sum((Decimal(str(one)) for one in await counter.refunded(money)), Decimal(0))
        assert posted + FEES + given_back == 100
        assert (await counter.payment(money))["status"] == "done"


async def test_of_ten_orders_for_one_payment_one_has_it(counter: Counter, others: Others) -> None:
    money = await counter.pay(100.00)
    checks = await counter.owners.checks(10)
    answers = await asyncio.gather(
        *(counter.post(ORDERS, open_account(check, money, number=fresh_number())) for check in checks)
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {
        "payment-already-used"
    }


async def test_of_ten_orders_with_one_identity_check_one_is_accepted(
    counter: Counter, others: Others
) -> None:
    check = await counter.check()
    answers = await asyncio.gather(
        *(counter.post(ORDERS, open_account(check, number=fresh_number())) for _ in range(10))
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {
        "identity-check-used"
    }


async def test_a_refund_keeps_who_gave_it_back_and_on_which_day(counter: Counter) -> None:
    money = await counter.pay(10.00)
    made = (await counter.post(REFUNDS, refund(money, 10.00))).json()
    row = await counter.service.db.fetchrow("SELECT * FROM refunds WHERE id = $1", made["id"])
    assert row is not None
    assert (row["actor"], row["hall"], row["channel"]) == ("hall-clerk-1", "gd-hall-1", "hall")
    assert (row["payment"], row["order_id"], row["amount"]) == (money, None, Decimal("10.00"))


async def test_fees_of_a_new_card_are_charged_where_nothing_was_paid(
    counter: Counter, others: Others
) -> None:
    order = await counter.order(replace_sim(await counter.check(), number=await counter.subscriber()))
    assert (await counter.ended(order["id"]))["state"] == "completed"
    assert moved(others, order["id"]) == (Decimal(0), Decimal("10.00"))
    assert others.input_of(order["id"], "charge-fees")["account"] == "account-1"
