"""A card that broke before it was written: the next one costs nothing, once, at home and from another province."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from contracts.events import CardWritingChanged
from libs.clock import ManualClock
from libs.ids import new_id
from services.order_acceptance.tests.asked import Asked
from services.order_acceptance.tests.bodies import ORDERS, open_account, replace_sim
from services.order_acceptance.tests.businesses import done, suspend
from services.order_acceptance.tests.counter import Counter, fresh_card, fresh_number
from services.order_acceptance.tests.others import Others
from services.order_acceptance.tests.owners import STRANGER
from services.order_acceptance.tests.router import Router
from tests.engines import eventually

PATH = "orderRelationship[0]"
FEE = 10.00


def in_place_of(order: str, **more: Any) -> dict[str, Any]:
    """What an order says of the former one whose card broke."""
    return {
        "orderRelationship": [
            {"id": order, "relationshipType": "replacesCardOf", "@referredType": "ProductOrder", **more}
        ]
    }


@dataclass
class Cards:
    """A counter that hands out blank cards, and its stock, which tells what becomes of them."""

    counter: Counter

    async def told(self, order: str, iccid: str, *, written: bool = False, id_: str | None = None) -> str:
        """Stock tells that a card of an order is to be written, or is written; the id of the writing."""
        told = self.event(order, iccid, written=written, id_=id_)
        await self.counter.owners.tell("resource", told)
        await self.counter.owners.until_known("known_card_writings", told.id, version=told.version)
        return told.id

    def event(
        self, order: str, iccid: str, *, written: bool = False, id_: str | None = None
    ) -> CardWritingChanged:
        return CardWritingChanged(
            id=id_ or new_id(),
            version=2 if written else 1,
            order=order,
            iccid=iccid,
            written=written,
            at=self.counter.service.clock.now(),
        )

    async def replaced(self, number: str, **more: Any) -> tuple[str, str]:
        """An order that has replaced the card of a number, and that card."""
        card = fresh_card()
        body = replace_sim(await self.counter.check(), number=number, iccid=card, **more)
        return await done(self.counter, body), card

    async def broken(self, number: str, **more: Any) -> str:
        """An order whose card was given and never written."""
        order, card = await self.replaced(number, **more)
        await self.told(order, card)
        return order

    async def again(self, number: str, former: str, *payments: str, **more: Any) -> dict[str, Any]:
        """The body of the order that names the former one."""
        check = await self.counter.check()
        return replace_sim(check, *payments, number=number, iccid=fresh_card(), **in_place_of(former), **more)

    async def refused(self, body: dict[str, Any], **claims: Any) -> tuple[int, list[tuple[str, str]]]:
        before = await self.counter.rows()
        answer = await self.counter.post(ORDERS, body, **claims)
        assert await self.counter.rows() == before, "what is refused leaves nothing"
        return answer.status_code, [(one["code"], one.get("path", "")) for one in answer.json()["reasons"]]


@pytest.fixture
def cards(counter: Counter) -> Cards:
    return Cards(counter)


@pytest.fixture
def cards_in_bj(counter_in_bj: Counter) -> Cards:
    return Cards(counter_in_bj)


@pytest.fixture
async def number(counter: Counter) -> str:
    return await counter.subscriber()


def charged(others: Others, order: str) -> list[str]:
    """Yuan that an order charges to the account."""
    return [
        one["amount"]
        for task in others.of(order)
        if task.name == "charge-fees" and task.direction == "do"
        for one in task.input["charges"]
    ]


async def test_a_broken_card_is_replaced_without_fee(cards: Cards, others: Others, number: str) -> None:
    former, card = await cards.replaced(number)
    assert charged(others, former) == ["10.00"]
    await cards.told(former, card)
    body = await cards.again(number, former)
    order = await cards.counter.order(body)
    assert order["orderRelationship"] == body["orderRelationship"]
    ended = await cards.counter.ended(order["id"])
    assert ended["state"] == "completed", ended
    assert ended["orderRelationship"] == body["orderRelationship"]
    assert "charge-fees" not in others.names(order["id"])
    assert others.input_of(order["id"], "reserve-card")["broken"] == {"order": former, "iccid": card}
    assert others.input_of(order["id"], "bind-profile")["replacesCard"] == card


async def test_the_card_of_a_new_account_that_broke_is_replaced_without_fee(
    cards: Cards, others: Others
) -> None:
    number = fresh_number()
    opened = await done(cards.counter, open_account(await cards.counter.check(), number=number))
    card = others.input_of(opened, "bind-card")["iccid"]
    await cards.told(opened, card)
    order = await done(cards.counter, await cards.again(number, opened))
    assert "charge-fees" not in others.names(order)


async def test_money_that_is_paid_all_the_same_becomes_prepayment(
    cards: Cards, others: Others, number: str
) -> None:
    former = await cards.broken(number)
    money = await cards.counter.pay(FEE)
    order = await done(cards.counter, await cards.again(number, former, money))
    assert others.input_of(order, "post-payment")["amount"] == "10.00"


async def test_each_broken_card_is_replaced_without_fee_once(
    cards: Cards, others: Others, number: str
) -> None:
    first = await cards.broken(number)
    body = await cards.again(number, first)
    second = await cards.counter.order(body, key="once")
    assert (await cards.counter.ended(second["id"]))["state"] == "completed"
    repeated = await cards.counter.post(ORDERS, body, key="once")
    assert repeated.json()["id"] == second["id"], "the same wish is answered alike"
    assert await cards.refused(await cards.again(number, first)) == (
        409,
        [("card-already-replaced", PATH)],
    )
    card = others.input_of(second["id"], "bind-card")["iccid"]
    await cards.told(second["id"], card)
    third = await done(cards.counter, await cards.again(number, second["id"]))
    assert "charge-fees" not in others.names(third), "the second card broke as well"


async def test_of_two_at_once_one_is_accepted(cards: Cards, others: Others, number: str) -> None:
    former = await cards.broken(number)
    bodies = [await cards.again(number, former) for _ in range(4)]
    others.silent = lambda task: task.name == "reserve-card"
    answers = await asyncio.gather(*(cards.counter.post(ORDERS, body) for body in bodies))
    assert sorted(one.status_code for one in answers) == [201, 409, 409, 409]
    assert {one.json()["code"] for one in answers if one.status_code == 409} == {"card-already-replaced"}


async def test_an_order_that_ends_badly_leaves_the_next_one_without_fee(
    cards: Cards, others: Others, number: str
) -> None:
    former = await cards.broken(number)
    others.refuses = lambda task: task.name == "reserve-card"
    order = await cards.counter.order(await cards.again(number, former))
    assert (await cards.counter.ended(order["id"]))["state"] == "rejected"
    others.behave()
    await done(cards.counter, await cards.again(number, former))


async def test_a_written_card_costs_the_fee_again(cards: Cards, others: Others, number: str) -> None:
    former, card = await cards.replaced(number)
    writing = await cards.told(former, card)
    await cards.told(former, card, written=True, id_=writing)
    assert await cards.refused(await cards.again(number, former)) == (409, [("card-already-written", PATH)])


async def test_news_that_come_late_do_not_make_a_written_card_unwritten(
    cards: Cards, others: Others, number: str
) -> None:
    former, card = await cards.replaced(number)
    writing = await cards.told(former, card, written=True)
    await cards.counter.owners.tell("resource", cards.event(former, card, id_=writing))
    await cards.told("another", fresh_card())
    assert await cards.refused(await cards.again(number, former)) == (409, [("card-already-written", PATH)])


async def test_a_card_that_was_written_in_the_last_moment_is_refused_by_stock(
    cards: Cards, others: Others, number: str
) -> None:
    former = await cards.broken(number)
    others.refuses = lambda task: bool(task.input.get("broken"))
    order = await cards.counter.order(await cards.again(number, former))
    ended = await cards.counter.ended(order["id"])
    assert (ended["state"], ended["failure"][0]["task"]) == ("rejected", "reserve-card")


async def test_a_writing_that_nobody_told_of_is_asked_for(
    cards: Cards, others: Others, owners: Asked, number: str
) -> None:
    former, card = await cards.replaced(number)
    owners.asked.clear()
    owners.kept[former] = cards.event(former, card)
    await done(cards.counter, await cards.again(number, former))
    assert owners.asked == [former]


async def test_a_card_that_needs_no_writing_does_not_break_in_it(
    cards: Cards, others: Others, number: str
) -> None:
    former, _ = await cards.replaced(number)
    assert await cards.refused(await cards.again(number, former)) == (
        409,
        [("former-order-not-fitting", PATH)],
    )


async def test_an_order_of_another_number_or_business_or_without_end_does_not_fit(
    cards: Cards, others: Others, number: str
) -> None:
    not_fitting = (409, [("former-order-not-fitting", PATH)])
    former = await cards.broken(await cards.counter.subscriber())
    assert await cards.refused(await cards.again(number, former)) == not_fitting
    suspended = await done(cards.counter, suspend(number))
    assert await cards.refused(await cards.again(number, suspended)) == not_fitting
    others.silent = lambda task: task.name == "bind-profile"
    running = (await cards.counter.order(replace_sim(await cards.counter.check(), number=number)))["id"]
    await eventually(lambda: "bind-profile" in others.names(running))
    assert await cards.refused(await cards.again(number, running)) == not_fitting


async def test_a_card_that_another_has_replaced_since_is_not_the_broken_one(
    cards: Cards, others: Others, number: str
) -> None:
    former = await cards.broken(number)
    await cards.replaced(number)
    assert await cards.refused(await cards.again(number, former)) == (
        409,
        [("former-order-not-fitting", PATH)],
    )


async def test_what_waited_while_another_replaced_the_card_is_rejected(
    cards: Cards, others: Others, number: str, clock: ManualClock
) -> None:
    former = await cards.broken(number)
    others.silent = lambda task: task.name == "bind-profile"
    paid = await cards.counter.order(
        replace_sim(await cards.counter.check(), number=number, iccid=fresh_card())
    )
    await eventually(lambda: "bind-profile" in others.names(paid["id"]))
    waits = await cards.counter.order(await cards.again(number, former))
    others.behave()
    clock.advance(timedelta(minutes=1))
    await cards.counter.service.tick("sweep")
    assert (await cards.counter.ended(paid["id"]))["state"] == "completed"
    ended = await cards.counter.ended(waits["id"])
    assert (ended["state"], ended["failure"][0]["code"]) == ("rejected", "former-order-not-fitting")


async def test_who_does_not_see_the_former_order_may_not_name_it(
    cards: Cards, others: Others, number: str
) -> None:
    former = await cards.broken(number)
    body = await cards.again(number, former)
    check = await cards.counter.check(by="dealer-clerk-1")
    body["relatedParty"][0]["id"] = check
    unknown = (400, [("order-unknown", PATH)])
    assert await cards.refused(body, role="dealer-clerk") == unknown
    body["relatedParty"][0]["id"] = await cards.counter.check()
    assert await cards.refused(body, area="0755", area_bound=True) == unknown
    # Another clerk of the node sees it: whoever comes back need not find the same one.
    body["relatedParty"][0]["id"] = await cards.counter.check(by="hall-clerk-2")
    order = await cards.counter.order(body, subject="hall-clerk-2")
    assert (await cards.counter.ended(order["id"]))["state"] == "completed"


async def test_the_owner_has_to_stand_there_as_for_every_new_card(
    cards: Cards, others: Others, number: str
) -> None:
    former = await cards.broken(number)
    body = await cards.again(number, former)
    body["relatedParty"][0]["id"] = await cards.counter.check(STRANGER)
    status, reasons = await cards.refused(body)
    assert (status, reasons[0][0]) == (409, "identity-mismatch")


@pytest.mark.parametrize(
    ("relationships", "reasons"),
    [
        ("former", [("invalid", "orderRelationship")]),
        ([{}], [("missing", f"{PATH}.id"), ("missing", f"{PATH}.relationshipType")]),
        (
            [{"id": "x", "relationshipType": "reliesOn"}],
            [("invalid", f"{PATH}.relationshipType")],
        ),
        ([{"id": 7, "relationshipType": "replacesCardOf"}], [("invalid", f"{PATH}.id")]),
        (
            [{"id": "x", "relationshipType": "replacesCardOf", "@referredType": "Quote"}],
            [("invalid", f"{PATH}.@referredType")],
        ),
        (
            [{"id": "x", "relationshipType": "replacesCardOf", "card": "y"}],
            [("unknown-attribute", f"{PATH}.card")],
        ),
        ([{"id": one, "relationshipType": "replacesCardOf"} for one in "xy"], [("too-many", PATH[:-3])]),
        ([{"id": "x", "relationshipType": "replacesCardOf"}], [("order-unknown", PATH)]),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_a_former_order_that_cannot_be_understood_is_refused(
    cards: Cards, number: str, relationships: Any, reasons: list[tuple[str, str]]
) -> None:
    body = replace_sim(await cards.counter.check(), number=number) | {"orderRelationship": relationships}
    assert await cards.refused(body) == (400, reasons)


async def test_only_a_new_card_stands_in_for_a_broken_one(cards: Cards, others: Others, number: str) -> None:
    former = await cards.broken(number)
    body = suspend(number) | in_place_of(former)
    assert await cards.refused(body) == (400, [("cannot-be-set", "orderRelationship")])


async def test_beijing_replaces_its_own_broken_card_without_fee(
    cards_in_bj: Cards, router: Router, others: Others, others_in_bj: Others, number: str
) -> None:
    former, card = await cards_in_bj.replaced(number)
    assert charged(others, former) == ["10.00"], "of the account in Guangdong"
    await cards_in_bj.told(former, card)
    order = await done(cards_in_bj.counter, await cards_in_bj.again(number, former))
    assert charged(others, order) == []
    assert others_in_bj.input_of(order, "reserve-card")["broken"] == {"order": former, "iccid": card}
    assert others.input_of(order, "bind-profile")["replacesCard"] == card
    assert await cards_in_bj.refused(await cards_in_bj.again(number, former)) == (
        409,
        [("card-already-replaced", PATH)],
    )


async def test_an_order_of_another_node_is_unknown(
    cards: Cards, cards_in_bj: Cards, router: Router, others: Others, others_in_bj: Others, number: str
) -> None:
    former = await cards.broken(number)
    assert await cards_in_bj.refused(await cards_in_bj.again(number, former)) == (
        400,
        [("order-unknown", PATH)],
    )


async def test_home_refuses_where_the_number_has_another_card_by_now(
    cards: Cards, cards_in_bj: Cards, router: Router, others: Others, others_in_bj: Others, number: str
) -> None:
    former = await cards_in_bj.broken(number)
    await cards.replaced(number)
    order = await cards_in_bj.counter.order(await cards_in_bj.again(number, former))
    ended = await cards_in_bj.counter.ended(order["id"])
    assert (ended["state"], [(one["code"], one["node"]) for one in ended["failure"]]) == (
        "rejected",
        [("former-order-not-fitting", "gd")],
    )
    assert others_in_bj.left_behind(order["id"]) == []
