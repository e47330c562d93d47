"""Group orders: decomposed at headquarters, carried out in provinces, together or each on its own."""

from datetime import timedelta
from typing import Any

from contracts.work_orders import Forward
from libs.clock import ManualClock
from services.order_acceptance.groups.begin import begin_group
from services.order_acceptance.groups.tests.headquarters import (
    CANCELS,
    GROUP,
    Headquarters,
    asked,
    left,
    member,
    option,
    ready,
)
from services.order_acceptance.tests.bodies import ORDERS, WORK_ORDERS
from services.order_acceptance.tests.businesses import suspend
from services.order_acceptance.tests.counter import Counter, fresh_number
from services.order_acceptance.tests.others import Others
from services.order_acceptance.tests.router import Router
from tests.engines import eventually
from tests.running import RunningService


async def test_a_group_is_opened_in_two_provinces_together(
    headquarters: Headquarters,
    gd: RunningService,
    router: Router,
    others: Others,
    others_in_bj: Others,
) -> None:
    body = await headquarters.opening(member("1", "bj"), member("2", "gd", quantity=2), option("3", "2"))
    order = await headquarters.order(body)
    assert (order["state"], order["policy"]) == ("acknowledged", "all-or-nothing")
    ended = await headquarters.ended(order["id"])
    assert ended["state"] == "completed", ended
    assert {item["state"] for item in ended["productOrderItem"]} == {"completed"}
    assert sorted((one["item"], one["node"]) for one in ended["realized"]) == [
        ("1", "bj"),
        ("2", "gd"),
        ("2", "gd"),
    ]
    mine = [one for one in router.forwards if one.order == order["id"]]
    assert sorted((one.route_type, one.route_value, one.group) for one in mine) == [
        ("node", "bj", "all-or-nothing"),
        ("node", "gd", "all-or-nothing"),
        ("node", "gd", "all-or-nothing"),
    ]
    branch = others.input_of(order["id"], "open-branch")
    assert (branch["customer"], branch["name"]) == (GROUP, "云帆集团")
    installed = await gd.db.fetch(
        "SELECT kind, customer, status, area FROM products WHERE opened_by = $1 ORDER BY kind", order["id"]
    )
    assert [tuple(row) for row in installed] == [
        ("option", GROUP, "active", "020"),
        ("option", GROUP, "active", "020"),
        ("subscription", GROUP, "active", "020"),
        ("subscription", GROUP, "active", "020"),
    ]


async def test_nobody_goes_beyond_the_point_of_no_return_before_all_are_ready(
    headquarters: Headquarters,
    gd: RunningService,
    bj: RunningService,
    router: Router,
    others: Others,
    others_in_bj: Others,
    clock: ManualClock,
) -> None:
    others_in_bj.silent = lambda task: task.name == "activate-subscriber"
    order = await headquarters.order(await headquarters.opening(member("1", "bj"), member("2", "gd")))
    await eventually(lambda: ready(gd, order["id"]))
    assert "bind-profile" not in others.names(order["id"])
    clock.advance(timedelta(minutes=5))
    await gd.tick("sweep")
    assert await ready(gd, order["id"]) == 1, "the clock does not end what is ready"
    others_in_bj.silent = lambda task: False
    await others_in_bj.answer(await asked(others_in_bj, order["id"], "activate-subscriber"))
    assert (await headquarters.ended(order["id"]))["state"] == "completed"


async def test_a_province_that_refuses_undoes_the_work_of_the_other(
    headquarters: Headquarters, gd: RunningService, router: Router, others: Others, others_in_bj: Others
) -> None:
    others_in_bj.refuses = lambda task: task.name == "start-billing"
    others_in_bj.silent = lambda task: task.name == "start-billing" and not released
    released: list[bool] = []
    order = await headquarters.order(await headquarters.opening(member("1", "bj"), member("2", "gd")))
    await eventually(lambda: ready(gd, order["id"]))
    released.append(True)
    await others_in_bj.answer(await asked(others_in_bj, order["id"], "start-billing"))
    ended = await headquarters.ended(order["id"])
    assert ended["state"] == "failed"
    assert left(order["id"], others, others_in_bj) == []
    assert [(one["code"], one["node"]) for one in ended["failure"]] == [
        ("provisioning-failed", "bj"),
        ("group-aborted", "gd"),
    ]
    assert [item["state"] for item in ended["productOrderItem"]] == ["failed", "cancelled"]
    assert "realized" not in ended


async def test_best_effort_keeps_what_could_be_done(
    headquarters: Headquarters, router: Router, others: Others, others_in_bj: Others
) -> None:
    others_in_bj.refuses = lambda task: task.name == "activate-subscriber"
    body = await headquarters.opening(member("1", "bj"), member("2", "gd"), policy="best-effort")
    order = await headquarters.order(body)
    ended = await headquarters.ended(order["id"])
    assert ended["state"] == "partial"
    assert [item["state"] for item in ended["productOrderItem"]] == ["failed", "completed"]
    assert [one["item"] for one in ended["realized"]] == ["2"]
    assert left(order["id"], others_in_bj) == []


async def test_a_price_that_is_higher_in_the_province_is_not_charged(
    headquarters: Headquarters, counter: Counter, router: Router, others: Others, others_in_bj: Others
) -> None:
    dear = counter.owners.offering("plan-dear", "plan", ("recurring", "99.00"))
    cheap = headquarters.owners.offering("plan-dear", "plan", ("recurring", "89.00"))
    await counter.owners.tell("product", dear)
    await headquarters.owners.tell("product", cheap)
    await counter.owners.until_known("known_offerings", "plan-dear")
    await headquarters.owners.until_known("known_offerings", "plan-dear")
    body = await headquarters.opening(member("1", "gd", plan="plan-dear"), member("2", "bj"))
    order = await headquarters.order(body)
    ended = await headquarters.ended(order["id"])
    assert (ended["state"], ended["failure"][0]["code"]) == ("rejected", "price-changed")
    assert left(order["id"], others, others_in_bj) == []


async def test_a_group_that_is_wanted_back_is_taken_back_everywhere(
    headquarters: Headquarters, gd: RunningService, router: Router, others: Others, others_in_bj: Others
) -> None:
    others_in_bj.silent = lambda task: task.direction == "do" and task.name == "start-billing"
    order = await headquarters.order(await headquarters.opening(member("1", "bj"), member("2", "gd")))
    await eventually(lambda: ready(gd, order["id"]))
    made = await headquarters.post(CANCELS, {"productOrder": {"id": order["id"]}})
    assert made.status_code == 201, made.text
    ended = await headquarters.ended(order["id"])
    assert ended["state"] == "cancelled"
    assert {one["code"] for one in ended["failure"]} == {"cancelled-on-request"}
    assert left(order["id"], others, others_in_bj) == []
    wish = (await headquarters.get(f"{CANCELS}/{made.json()['id']}")).json()
    assert wish["state"] == "done"


async def test_what_was_let_go_is_too_late_to_cancel(
    headquarters: Headquarters, router: Router, others: Others, others_in_bj: Others
) -> None:
    others.silent = lambda task: task.name == "bind-profile"
    order = await headquarters.order(await headquarters.opening(member("1", "bj"), member("2", "gd")))
    await eventually(lambda: "bind-profile" in others.names(order["id"]))
    answer = await headquarters.post(CANCELS, {"productOrder": {"id": order["id"]}})
    assert (answer.status_code, answer.json()["code"]) == (409, "too-late-to-cancel")
    others.silent = lambda task: False
    await others.answer(await asked(others, order["id"], "bind-profile"))
    assert (await headquarters.ended(order["id"]))["state"] == "completed"


async def test_a_child_that_is_not_ready_at_the_deadline_takes_the_others_back(
    headquarters: Headquarters,
    hq: RunningService,
    gd: RunningService,
    router: Router,
    others: Others,
    others_in_bj: Others,
    clock: ManualClock,
) -> None:
    lost = {"bj"}
    router.loses_for = lost
    order = await headquarters.order(await headquarters.opening(member("1", "bj"), member("2", "gd")))
    await eventually(lambda: ready(gd, order["id"]))
    clock.advance(timedelta(hours=73))
    await hq.tick("groups")
    lost.clear()
    ended = await headquarters.ended(order["id"])
    assert ended["state"] in ("cancelled", "rejected")
    assert left(order["id"], others, others_in_bj) == []


async def test_a_group_of_subscriptions_is_suspended_together(
    headquarters: Headquarters,
    counter: Counter,
    router: Router,
    others: Others,
    others_in_bj: Others,
) -> None:
    numbers = [await counter.subscriber() for _ in range(3)]
    items = [{**suspend(number)["productOrderItem"][0], "id": str(i)} for i, number in enumerate(numbers, 1)]
    order = await headquarters.order({"category": "suspend", "productOrderItem": items})
    ended = await headquarters.ended(order["id"])
    assert ended["state"] == "completed", ended
    for number in numbers:
        assert (await counter.product_of(number))["status"] == "suspended"
    assert await headquarters.service.db.fetchval("SELECT count(*) FROM group_locks") == 0


async def test_one_that_may_not_be_suspended_keeps_the_others_from_it(
    headquarters: Headquarters, counter: Counter, router: Router, others: Others
) -> None:
    first, second = await counter.subscriber(), await counter.subscriber()
    (await counter.ended((await counter.order(suspend(second)))["id"]))
    items = [{**suspend(number)["productOrderItem"][0], "id": number} for number in (first, second)]
    order = await headquarters.order({"category": "suspend", "productOrderItem": items})
    ended = await headquarters.ended(order["id"])
    assert ended["state"] == "rejected"
    assert ("already-suspended", second) in [
        (one["code"], one["path"].removeprefix("productOrderItem[id=").rstrip("]"))
        if "id=" in one["path"]
        else (one["code"], second)
        for one in ended["failure"]
    ]
    assert (await counter.product_of(first))["status"] == "active"


async def test_two_groups_for_the_same_numbers_go_one_after_the_other(
    headquarters: Headquarters,
    hq: RunningService,
    counter: Counter,
    router: Router,
    others: Others,
) -> None:
    numbers = [await counter.subscriber() for _ in range(3)]
    others.silent = lambda task: task.name == "set-barring"

    def body(reason: str, *of: str) -> dict[str, Any]:
        items = [{**suspend(number, reason)["productOrderItem"][0], "id": number} for number in of]
        return {"category": "suspend", "productOrderItem": items}

    first = await headquarters.order(body("voluntary", numbers[0], numbers[1]))
    second = await headquarters.order(body("lost", numbers[1], numbers[2]))
    await eventually(lambda: len(others.of(first["id"])) == 2)
    await hq.tick("groups")
    assert [one for one in router.forwards if one.order == second["id"]] == [], "it waits for all its numbers"
    others.silent = lambda task: False
    for task in list(others.of(first["id"])):
        await others.answer(task)
    assert (await headquarters.ended(first["id"]))["state"] == "completed"
    assert (await headquarters.ended(second["id"]))["state"] == "completed"


async def test_a_group_that_waits_for_its_numbers_is_cancelled_at_once(
    headquarters: Headquarters, hq: RunningService, counter: Counter, router: Router, others: Others
) -> None:
    numbers = [await counter.subscriber() for _ in range(2)]
    others.silent = lambda task: task.name == "set-barring"
    items = [{**suspend(number)["productOrderItem"][0], "id": number} for number in numbers]
    first = await headquarters.order({"category": "suspend", "productOrderItem": items})
    await eventually(lambda: len(others.of(first["id"])) == 2)
    second = await headquarters.order({"category": "suspend", "productOrderItem": items})
    answer = await headquarters.post(CANCELS, {"productOrder": {"id": second["id"]}})
    assert answer.status_code == 201, answer.text
    assert answer.json()["state"] == "done"
    assert (await headquarters.seen(second["id"]))["state"] == "cancelled"
    others.silent = lambda task: False
    for task in list(others.of(first["id"])):
        await others.answer(task)
    assert (await headquarters.ended(first["id"]))["state"] == "completed"
    # The clock that had seen it wait comes too late: the group stays ended, and its numbers are free.
    async with hq.runtime.unit() as unit:
        await begin_group(unit, second["id"])
    state = "SELECT state FROM group_orders WHERE order_id = $1"
    assert await hq.db.fetchval(state, second["id"]) == "ended"
    assert await hq.db.fetchval("SELECT count(*) FROM group_locks") == 0


async def test_a_child_that_does_not_get_its_turn_in_ten_minutes_is_refused(
    headquarters: Headquarters,
    gd: RunningService,
    counter: Counter,
    router: Router,
    others: Others,
    clock: ManualClock,
) -> None:
    busy, idle = await counter.subscriber(), await counter.subscriber()
    others.silent = lambda task: task.name == "set-barring" and task.number == busy
    before = await counter.order(suspend(busy, "lost"))
    await eventually(lambda: others.of(before["id"]))
    items = [{**suspend(number)["productOrderItem"][0], "id": number} for number in (busy, idle)]
    order = await headquarters.order({"category": "suspend", "productOrderItem": items})
    await eventually(lambda: ready(gd, order["id"]))
    clock.advance(timedelta(minutes=11))
    await gd.tick("sweep")
    ended = await headquarters.ended(order["id"])
    assert (ended["state"], ended["failure"][0]["code"]) == ("rejected", "subscription-busy")
    assert (await counter.product_of(idle))["status"] == "active"
    others.silent = lambda task: False
    await others.answer(others.of(before["id"])[0])
    assert (await counter.ended(before["id"]))["state"] == "completed"


async def test_a_home_that_is_told_twice_goes_ahead_once_and_one_that_asks_is_told_again(
    headquarters: Headquarters, gd: RunningService, router: Router, others: Others, others_in_bj: Others
) -> None:
    order = await headquarters.order(await headquarters.opening(member("1", "gd"), member("2", "gd")))
    ended = await headquarters.ended(order["id"])
    assert ended["state"] == "completed"
    forward = next(one for one in router.forwards if one.order == order["id"])
    await router.send("gd", Forward.model_validate(forward.model_dump()))
    again = await router.outcome_of(forward, times=2)
    assert (again.state, again.duplicate) == ("completed", True)
    names = others.names(order["id"])
    assert names.count("bind-profile") == 1


async def test_children_are_shown_with_their_order(
    headquarters: Headquarters, router: Router, others: Others, others_in_bj: Others
) -> None:
    order = await headquarters.order(await headquarters.opening(member("1", "bj"), member("2", "gd")))
    await headquarters.ended(order["id"])
    found = await headquarters.get(WORK_ORDERS, role="hq-operator", order=order["id"])
    assert [(one["business"], one["state"]) for one in found.json()] == [("open-account", "completed")] * 2
    assert {one["home"] for one in found.json()} == {"bj", "gd"}


async def test_a_province_takes_no_group_orders(counter: Counter, headquarters: Headquarters) -> None:
    body = await headquarters.opening(member("1", "gd"))
    answer = await counter.post(ORDERS, body | {"policy": "best-effort"})
    assert (answer.status_code, answer.json()["code"]) == (400, "cannot-be-set")


async def test_a_member_that_another_than_headquarters_forwards_is_refused(
    headquarters: Headquarters, router: Router, others: Others, others_in_bj: Others
) -> None:
    order = await headquarters.order(await headquarters.opening(member("1", "gd")))
    await headquarters.ended(order["id"])
    forward = next(one for one in router.forwards if one.order == order["id"])
    forged = forward.model_copy(update={"origin": "bj", "origin_transaction": fresh_number()})
    router.homes[forged.origin_transaction] = "gd"
    await router.send("gd", forged)
    told = await router.outcome_of(forged)
    assert (told.state, told.reasons[0].code) == ("rejected", "home-only")
