"""Tasks that let this node choose: a number and a card for a subscription that headquarters ordered."""

from contracts.tasks import Task
from services.resource.tests.counter import Counter, iccid

FREE = ["13000400011", "13000400012", "13000400013"]
PREMIUM = "13000408888"


def pick(counter: Counter, work_order: str, **wanted: object) -> Task:
    return counter.task("pick-number", work_order, dict(wanted))


def card(counter: Counter, work_order: str, *kinds: str) -> Task:
    return counter.task("pick-card", work_order, {"kinds": list(kinds) or ["personalised", "esim"]})


async def test_each_gets_a_number_of_its_own_and_nobody_a_wanted_one(counter: Counter) -> None:
    await counter.numbers(PREMIUM, number_class="premium")
    await counter.numbers(*FREE)
    done = await counter.ask(*(pick(counter, f"w{i}") for i in range(4)))
    assert sorted(one.output["number"] for one in done if one.outcome == "done") == FREE
    assert [one.reasons[0].code for one in done if one.outcome == "refused"] == ["number-not-available"]
    assert await counter.state("msisdn", PREMIUM) == "free"
    assert {await counter.state("msisdn", number) for number in FREE} == {"reserved"}


async def test_the_same_task_keeps_its_number_however_often_it_is_asked(counter: Counter) -> None:
    await counter.numbers(*FREE)
    (first,) = await counter.ask(pick(counter, "w"))
    again = await counter.ask(pick(counter, "w"), pick(counter, "w"))
    assert {one.output["number"] for one in again} == {first.output["number"]}
    assert [await counter.state("msisdn", number) for number in FREE].count("reserved") == 1


async def test_an_undo_gives_back_whatever_was_picked(counter: Counter) -> None:
    await counter.numbers(FREE[0])
    await counter.cards(1)
    undo = counter.task("release-picked-number", "w", {}, undoes="pick-number")
    back = counter.task("release-picked-card", "w", {"kinds": ["blank"]}, undoes="pick-card")
    await counter.ask(pick(counter, "w"), card(counter, "w", "blank"))
    assert await counter.state("sim", iccid(1)) == "reserved"
    assert [one.outcome for one in await counter.ask(undo, back, undo)] == ["done"] * 3
    assert await counter.state("msisdn", FREE[0]) == "free"
    assert await counter.state("sim", iccid(1)) == "in-stock"
    (other,) = await counter.ask(pick(counter, "w2"))
    assert other.output["number"] == FREE[0]


async def test_an_undo_that_comes_first_refuses_the_pick_for_ever(counter: Counter) -> None:
    await counter.numbers(FREE[0])
    undo = counter.task("release-picked-number", "w", {}, undoes="pick-number")
    (_, late) = await counter.ask(undo, pick(counter, "w"))
    assert (late.outcome, late.reasons[0].code) == ("refused", "undone-before")
    assert await counter.state("msisdn", FREE[0]) == "free"


async def test_a_named_number_is_taken_and_not_picked_by_another(counter: Counter) -> None:
    await counter.numbers(*FREE[:2])
    named, other, taken = await counter.ask(
        pick(counter, "w1", number=FREE[0]), pick(counter, "w2"), pick(counter, "w3", number=FREE[1])
    )
    assert named.output["number"] == FREE[0]
    assert other.outcome == "refused" or other.output["number"] == FREE[1]
    assert (other.outcome, taken.outcome) in (("done", "refused"), ("refused", "done"))


async def test_only_what_fits_the_plans_networks_is_picked(counter: Counter) -> None:
    await counter.numbers(*FREE)
    (none,) = await counter.ask(pick(counter, "w", networks=["cdma"]))
    assert (none.outcome, none.reasons[0].code) == ("refused", "number-not-available")


async def test_a_card_of_the_first_kind_that_is_there(counter: Counter) -> None:
    (blank,) = await counter.cards(1)
    none, found = await counter.ask(card(counter, "w1", "personalised"), card(counter, "w2", "esim", "blank"))
    assert (none.outcome, none.reasons[0].code) == ("refused", "card-not-available")
    assert found.output["iccid"] == blank
