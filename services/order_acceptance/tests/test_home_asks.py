"""Home takes a forward in that names what its copies lack: its owner is asked, once, before anything is refused."""

import pytest

from contracts.events import CustomerChanged
from libs.ids import new_id
from services.order_acceptance.forwards import asking
from services.order_acceptance.tests.asked import Asked
from services.order_acceptance.tests.businesses import done, subscribe, suspend
from services.order_acceptance.tests.counter import Counter
from services.order_acceptance.tests.others import Others
from services.order_acceptance.tests.router import Router
from tests.engines import eventually


async def known_in_beijing(counter_in_bj: Counter) -> str:
    """An option that was told to Beijing, and not to Guangdong."""
    told = counter_in_bj.owners
    option = told.offering(new_id(), "option", ("recurring", "3.00"))
    await told.tell("product", option)
    await told.until_known("known_offerings", option.id)
    return option.id


async def refused_at_home(counter_in_bj: Counter, number: str, option: str) -> list[tuple[str, str]]:
    order = await counter_in_bj.order(subscribe(number, option))
    ended = await counter_in_bj.ended(order["id"])
    assert ended["state"] == "rejected", ended
    return [(one["code"], one["node"]) for one in ended["failure"]]


@pytest.fixture(autouse=True)
def everybody(router: Router, others: Others, others_in_bj: Others) -> None:
    """The router and the executors of both provinces play."""


async def test_an_offering_that_home_lacks_is_asked_for_and_sold(
    counter: Counter, counter_in_bj: Counter, owners: Asked
) -> None:
    option, number = await known_in_beijing(counter_in_bj), await counter.subscriber()
    owners.kept[option] = counter.owners.offering(option, "option", ("recurring", "3.00"))
    await done(counter_in_bj, subscribe(number, option))
    assert owners.asked == [option]
    await done(counter_in_bj, subscribe(await counter.subscriber(), option))
    assert owners.asked == [option], "what was learned is kept"


async def test_the_owner_of_the_subscription_is_asked_for_too(
    counter: Counter, counter_in_bj: Counter, owners: Asked
) -> None:
    owner = new_id()
    party = [{"id": owner, "role": "customer", "@referredType": "Customer"}]
    number = await counter.subscriber(relatedParty=party)
    owners.kept[owner] = CustomerChanged(
        id=owner, version=1, kind="individual", status="active", party="p", at=counter.service.clock.now()
    )
    await done(counter_in_bj, suspend(number))
    assert owners.asked == [owner]


async def test_what_its_owner_does_not_have_either_is_refused(
    counter: Counter, counter_in_bj: Counter, owners: Asked
) -> None:
    option, number = await known_in_beijing(counter_in_bj), await counter.subscriber()
    assert await refused_at_home(counter_in_bj, number, option) == [("offering-unknown", "gd")]
    assert owners.asked == [option]


async def test_a_number_that_is_not_at_home_is_no_reason_to_ask(
    counter: Counter, counter_in_bj: Counter, owners: Asked
) -> None:
    option = await known_in_beijing(counter_in_bj)
    assert await refused_at_home(counter_in_bj, "13099999998", option) == [("number-unknown", "hq")]
    assert owners.asked == []


async def test_what_is_to_be_opened_without_a_number_is_asked_for_with_its_options(
    counter: Counter, counter_in_bj: Counter, owners: Asked, router: Router
) -> None:
    """Home chooses the number: it is at home by that, whatever it then says of the order."""
    order = await counter_in_bj.order(suspend(await counter.subscriber()))
    forward = await router.forward_of(order["id"])
    await counter_in_bj.ended(order["id"])
    plan, option = new_id(), new_id()
    content = {"offering": plan, "options": [{"offering": option}], "adds": "no list"}
    more = {"number": None, "content": content, "origin_transaction": new_id()}
    await router.send("gd", forward.model_copy(update=more))
    await eventually(lambda: sorted(owners.asked) == sorted([plan, option]))


async def test_an_owner_that_is_away_leaves_the_refusal(counter: Counter, counter_in_bj: Counter) -> None:
    option, number = await known_in_beijing(counter_in_bj), await counter.subscriber()
    assert await refused_at_home(counter_in_bj, number, option) == [("offering-unknown", "gd")]


async def test_an_owner_that_is_silent_holds_nobody_up_for_long(
    counter: Counter, counter_in_bj: Counter, owners: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "LONGEST", 0.3)
    option, number = await known_in_beijing(counter_in_bj), await counter.subscriber()
    owners.speaking.clear()
    try:
        assert await refused_at_home(counter_in_bj, number, option) == [("offering-unknown", "gd")]
        assert owners.asked == [option]
        await done(counter_in_bj, suspend(number))
    finally:
        owners.speaking.set()
