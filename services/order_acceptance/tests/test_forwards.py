"""What a home does with forwards that come late, twice, broken, or in words it does not know; and outcomes alike."""

from datetime import timedelta
from typing import Any

from contracts.base import Reason
from contracts.work_orders import Forward, Outcome
from libs.clock import ManualClock
from services.order_acceptance.tests.bodies import DEAD_LETTERS, replace_sim
from services.order_acceptance.tests.counter import Counter
from services.order_acceptance.tests.others import Others
from services.order_acceptance.tests.router import Router
from tests.engines import eventually
from tests.running import RunningService


async def accepted(counter: Counter, counter_in_bj: Counter, payment: str | None = None) -> dict[str, Any]:
    """An order accepted in Beijing for a subscriber of Guangdong."""
    check = await counter_in_bj.check()
    paid = [payment] if payment else []
    return await counter_in_bj.order(replace_sim(check, *paid, number=await counter.subscriber()))


async def test_a_forward_that_comes_after_its_deadline_is_rejected(
    counter: Counter,
    counter_in_bj: Counter,
    router: Router,
    others: Others,
    others_in_bj: Others,
    clock: ManualClock,
) -> None:
    past = clock.now() - timedelta(seconds=61)
    router.change = lambda forward: forward.model_copy(update={"deadline": past})
    order = await accepted(counter, counter_in_bj)
    ended = await counter_in_bj.ended(order["id"])
    assert (ended["state"], ended["failure"][0]["code"]) == ("rejected", "deadline-passed")
    assert others.of(order["id"]) == []


async def test_a_minute_of_difference_between_the_clocks_is_allowed(
    counter: Counter,
    counter_in_bj: Counter,
    router: Router,
    others: Others,
    others_in_bj: Others,
    clock: ManualClock,
) -> None:
    just = clock.now() - timedelta(seconds=59)
    router.change = lambda forward: forward.model_copy(update={"deadline": just})
    order = await accepted(counter, counter_in_bj)
    assert (await counter_in_bj.ended(order["id"]))["state"] == "completed"


async def test_a_version_that_home_does_not_know_is_held_by_the_router_and_done_once_it_is_known(
    gd: RunningService,
    counter: Counter,
    counter_in_bj: Counter,
    router: Router,
    others: Others,
    others_in_bj: Others,
) -> None:
    router.change = lambda forward: forward.model_copy(update={"version": 99})
    order = await accepted(counter, counter_in_bj)
    forward = await router.forward_of(order["id"])
    assert (await router.outcome_of(forward)).state == "version-unknown"
    assert (await counter_in_bj.seen(order["id"]))["state"] == "inProgress"
    await router.send("gd", forward.model_copy(update={"version": 1}))
    assert (await counter_in_bj.ended(order["id"]))["state"] == "completed"


async def test_a_business_that_is_done_at_home_only_is_rejected(
    counter: Counter, counter_in_bj: Counter, router: Router, others: Others, others_in_bj: Others
) -> None:
    router.change = lambda forward: forward.model_copy(
        update={"business": "open-account", "process": "open-account"}
    )
    order = await accepted(counter, counter_in_bj)
    ended = await counter_in_bj.ended(order["id"])
    assert (ended["state"], ended["failure"][0]["code"]) == ("rejected", "home-only")


async def test_a_duplicate_of_what_has_ended_hears_the_first_result_and_has_no_second_effect(
    gd: RunningService,
    counter: Counter,
    counter_in_bj: Counter,
    router: Router,
    others: Others,
    others_in_bj: Others,
) -> None:
    order = await accepted(counter, counter_in_bj)
    await counter_in_bj.ended(order["id"])
    forward = await router.forward_of(order["id"])
    first = await router.outcome_of(forward)
    asked = len(others.of(order["id"]))
    await router.send("gd", forward)
    again = await router.outcome_of(forward, times=2)
    assert again == first.model_copy(update={"duplicate": True, "sealed": again.sealed, "at": again.at})
    assert len(others.of(order["id"])) == asked
    assert await gd.db.fetchval("SELECT count(*) FROM work_orders WHERE order_id = $1", order["id"]) == 1


async def test_a_duplicate_of_what_is_rejected_hears_the_same_reasons(
    counter: Counter, counter_in_bj: Counter, router: Router, others: Others, others_in_bj: Others
) -> None:
    router.change = lambda forward: forward.model_copy(update={"sealed": None})
    order = await accepted(counter, counter_in_bj)
    await counter_in_bj.ended(order["id"])
    forward = await router.forward_of(order["id"])
    first = await router.outcome_of(forward)
    await router.send("gd", forward)
    again = await router.outcome_of(forward, times=2)
    assert (again.state, again.reasons, again.duplicate) == (first.state, first.reasons, True)


async def test_a_duplicate_of_what_is_under_way_hears_how_far_it_is(
    counter: Counter, counter_in_bj: Counter, router: Router, others: Others, others_in_bj: Others
) -> None:
    others.silent = lambda task: task.name == "swap-card"
    order = await accepted(counter, counter_in_bj)
    await eventually(lambda: "swap-card" in others.names(order["id"]))
    forward = await router.forward_of(order["id"])
    await router.send("gd", forward)
    told = await router.outcome_of(forward)
    assert (told.state, told.duplicate) == ("in-progress", True)
    assert (await counter_in_bj.seen(order["id"]))["state"] == "inProgress", "it is no end"


async def test_a_new_attempt_after_a_failure_is_new_work(
    gd: RunningService,
    counter: Counter,
    counter_in_bj: Counter,
    router: Router,
    others: Others,
    others_in_bj: Others,
) -> None:
    others.refuses = lambda task: task.name == "swap-card"
    order = await accepted(counter, counter_in_bj)
    await counter_in_bj.ended(order["id"])
    others.behave()
    forward = await router.forward_of(order["id"])
    await router.send("gd", forward.model_copy(update={"attempt": 2}))
    second = await router.outcome_of(forward, times=2)
    assert (second.state, second.attempt, second.duplicate) == ("completed", 2, False)
    assert {task.task_id.split("/")[1] for task in others.of(order["id"])} == {"2"}


async def test_a_forward_that_cannot_be_unsealed_is_refused_for_good(
    gd: RunningService,
    counter: Counter,
    counter_in_bj: Counter,
    router: Router,
    others: Others,
    others_in_bj: Others,
) -> None:
    def broken(forward: Forward) -> Forward:
        head, rest = str(forward.sealed).split(".", 1)
        return forward.model_copy(update={"sealed": f"{head}.{rest[:-4]}AAAA"})

    router.change = broken
    money = await counter_in_bj.pay(10.00)
    order = await accepted(counter, counter_in_bj, money)
    ended = await counter_in_bj.ended(order["id"])
    assert (ended["state"], ended["failure"][0]["code"]) == ("rejected", "task-dead-lettered")
    assert await counter_in_bj.refunded(money) == [10]

    number = order["productOrderItem"][0]["product"]["productSerialNumber"]
    letters = (await counter.get(DEAD_LETTERS, role="supervisor", key=number)).json()
    assert [letter["reason"] for letter in letters] == ["failed"]
    replayed = await counter.post(f"{DEAD_LETTERS}/{letters[0]['id']}/replay", {}, role="supervisor")
    assert (replayed.status_code, replayed.json()["state"]) == (200, "replayed")
    again = await router.outcome_of(await router.forward_of(order["id"]), times=2)
    assert (again.state, again.duplicate) == ("rejected", True)
    assert others.of(order["id"]) == [], "its replay does nothing"


async def test_a_forward_of_a_stranger_does_not_end_the_work_whose_ids_it_names(
    gd: RunningService,
    counter: Counter,
    counter_in_bj: Counter,
    router: Router,
    others: Others,
    others_in_bj: Others,
    clock: ManualClock,
) -> None:
    router.loses = True
    order = await accepted(counter, counter_in_bj)
    forward = await router.forward_of(order["id"])
    await gd.topics.put(
        "gd.downlink.work-orders", str(forward.number), forward, source="/sh/hq-router", time=clock.now()
    )
    await eventually(
        lambda: gd.db.fetchval("SELECT true FROM dead_letters WHERE key = $1", str(forward.number))
    )
    await router.send("gd", forward)
    assert (await counter_in_bj.ended(order["id"]))["state"] == "completed"


async def test_one_broken_forward_does_not_hold_up_the_others(
    counter: Counter, counter_in_bj: Counter, router: Router, others: Others, others_in_bj: Others
) -> None:
    bad = await counter.subscriber()
    router.change = lambda forward: (
        forward.model_copy(update={"content": {"number": "x"}}) if forward.number == bad else forward
    )
    first = await counter_in_bj.order(replace_sim(await counter_in_bj.check(), number=bad))
    second = await accepted(counter, counter_in_bj)
    assert (await counter_in_bj.ended(second["id"]))["state"] == "completed"
    assert (await counter_in_bj.ended(first["id"]))["state"] == "rejected"


async def test_a_second_word_of_home_is_recorded_and_changes_nothing(
    bj: RunningService,
    counter: Counter,
    counter_in_bj: Counter,
    router: Router,
    others: Others,
    others_in_bj: Others,
) -> None:
    order = await accepted(counter, counter_in_bj)
    ended = await counter_in_bj.ended(order["id"])
    outcome = await router.outcome_of(await router.forward_of(order["id"]))
    await router.send("bj", outcome.model_copy(update={"state": "failed", "sequence": 99, "sealed": None}))
    assert await recorded(bj, outcome) == ["failed"]
    assert await counter_in_bj.seen(order["id"]) == ended


async def test_an_outcome_of_another_attempt_is_recorded_and_changes_nothing(
    bj: RunningService,
    counter: Counter,
    counter_in_bj: Counter,
    router: Router,
    others: Others,
    others_in_bj: Others,
) -> None:
    others.silent = lambda task: task.name == "swap-card"
    order = await accepted(counter, counter_in_bj)
    forward = await router.forward_of(order["id"])
    stray = Outcome(
        origin="bj",
        origin_transaction=forward.origin_transaction,
        attempt=7,
        home="gd",
        number=forward.number,
        state="rejected",
        sequence=1,
        reasons=[Reason(code="identity-mismatch")],
        accounting_day=forward.accounting_day,
        at=bj.clock.now(),
    )
    await router.send("bj", stray)
    assert await recorded(bj, stray) == ["rejected"]
    assert (await counter_in_bj.seen(order["id"]))["state"] == "inProgress"


async def test_an_outcome_of_nothing_that_is_known_is_recorded(bj: RunningService, router: Router) -> None:
    stray = Outcome(
        origin="bj",
        origin_transaction="nobody-knows",
        home="gd",
        state="completed",
        sequence=1,
        accounting_day=bj.clock.now().date(),
        at=bj.clock.now(),
    )
    await router.send("bj", stray)
    assert await recorded(bj, stray) == ["completed"]


async def recorded(service: RunningService, outcome: Outcome) -> list[str]:
    """The states of outcomes that nobody waited for."""
    return [
        row["outcome"]
        for row in await eventually(
            lambda: service.db.fetch(
                "SELECT outcome FROM late_results WHERE work_order = $1", outcome.origin_transaction
            )
        )
    ]
