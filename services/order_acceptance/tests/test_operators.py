"""What waits for an operator is shown to one; and the one thing that an operator decides is done."""

from datetime import timedelta
from typing import Any

import pytest

from contracts.tasks import TaskResult
from libs.clock import ManualClock
from services.order_acceptance.engine import timers
from services.order_acceptance.tests.bodies import WORK_ORDERS, open_account, replace_sim
from services.order_acceptance.tests.counter import Counter, fresh_number
from services.order_acceptance.tests.others import Others
from tests.engines import eventually
from tests.running import RunningService


async def shown(counter: Counter, **query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await counter.get(WORK_ORDERS, role="supervisor", **query)).json()
    return found


async def stuck(counter: Counter, others: Others) -> tuple[str, dict[str, Any]]:
    """An order whose card could not be bound, beyond its point of no return; and its work order."""
    others.refuses = lambda task: task.name == "bind-card"
    order = await counter.order(
        open_account(await counter.check(), await counter.pay(), number=fresh_number())
    )
    found = await eventually(lambda: shown(counter, order=order["id"], attention="true"))
    return order["id"], found[0]


async def test_a_refusal_beyond_the_point_of_no_return_waits_for_an_operator_whose_retry_completes_it(
    counter: Counter, others: Others
) -> None:
    order, work = await stuck(counter, others)
    assert (work["state"], work["nextAt"]) == ("running", None), "nobody asks again by himself"
    assert (await counter.seen(order))["state"] == "inProgress"
    assert [(one["name"], one["state"]) for one in work["steps"]][-1] == ("bind-card", "refused")
    assert work["reasons"][0]["code"] == "provisioning-failed"

    others.behave()
    answer = await counter.post(f"{WORK_ORDERS}/{work['id']}/retry", {}, role="supervisor")
    assert answer.status_code == 200, answer.text
    assert answer.json()["attention"] is False
    ended = await counter.ended(order)
    assert ended["state"] == "completed"
    assert "failure" not in ended
    asked = [task.task_id for task in others.seen if task.name == "bind-card" and task.order == order]
    assert asked == [f"{work['id']}/1/bind-card/2/do"], "the next attempt of the task"


async def test_only_what_was_refused_there_can_be_retried(counter: Counter, others: Others) -> None:
    order, work = await stuck(counter, others)
    others.behave()
    path = f"{WORK_ORDERS}/{work['id']}/retry"
    assert (await counter.post(path, {}, role="supervisor")).status_code == 200
    await counter.ended(order)
    again = await counter.post(path, {}, role="supervisor")
    assert (again.status_code, again.json()["code"]) == (409, "nothing-to-retry")
    others.silent = lambda task: True
    running = await counter.order(open_account(await counter.check(), number=fresh_number()))
    found = await shown(counter, order=running["id"])
    none = await counter.post(f"{WORK_ORDERS}/{found[0]['id']}/retry", {}, role="supervisor")
    assert (none.status_code, none.json()["code"]) == (409, "nothing-to-retry")


async def test_the_same_retry_again_asks_no_second_time(counter: Counter, others: Others) -> None:
    order, work = await stuck(counter, others)
    others.behave()
    path = f"{WORK_ORDERS}/{work['id']}/retry"
    first = await counter.post(path, {}, key=f"retry-{order}", role="supervisor")
    await counter.ended(order)
    again = await counter.post(path, {}, key=f"retry-{order}", role="supervisor")
    assert (again.status_code, again.json()) == (200, first.json())
    assert len([task for task in others.seen if task.name == "bind-card" and task.order == order]) == 1


async def test_work_orders_are_found_by_what_they_are(counter: Counter, others: Others) -> None:
    order = await counter.order(replace_sim(await counter.check(), number=await counter.subscriber()))
    await counter.ended(order["id"])
    found = (await shown(counter, order=order["id"], business="replace-sim", state="completed", home="gd"))[0]
    assert (await counter.get(f"{WORK_ORDERS}/{found['id']}", role="auditor")).json() == found
    assert "input" not in found["steps"][0], "inputs and outputs stay inside"
    listed = await counter.get(WORK_ORDERS, role="auditor", limit="1")
    assert listed.headers["X-Result-Count"] == "1"
    assert int(listed.headers["X-Total-Count"]) >= 1
    assert found["id"] not in [one["id"] for one in await shown(counter, attention="true", limit="100")]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"attention": "yes"}, "invalid"),
        ({"colour": "red"}, "unknown-parameter"),
        ({"limit": "100000"}, "page-too-large"),
    ],
)
async def test_what_cannot_be_asked_of_work_orders_is_refused(
    counter: Counter, query: dict[str, str], code: str
) -> None:
    answer = await counter.get(WORK_ORDERS, role="supervisor", **query)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


async def test_a_work_order_that_is_not_there_is_not_found(counter: Counter) -> None:
    assert (await counter.get(f"{WORK_ORDERS}/none", role="supervisor")).status_code == 404
    assert (await counter.post(f"{WORK_ORDERS}/none/retry", {}, role="supervisor")).status_code == 404


async def test_a_step_without_an_answer_beyond_the_point_of_no_return_is_asked_for_ever_and_shown(
    gd: RunningService, counter: Counter, others: Others, clock: ManualClock
) -> None:
    others.silent = lambda task: task.name == "bind-number"
    order = await counter.order(open_account(await counter.check(), number=fresh_number()))
    await eventually(lambda: "bind-number" in others.names(order["id"]))
    for _ in range(7):
        clock.advance(timedelta(minutes=16))
        await gd.tick("sweep")
    assert [one["state"] for one in await shown(counter, order=order["id"], attention="true")] == ["running"]
    others.behave()
    clock.advance(timedelta(minutes=16))
    await gd.tick("sweep")
    assert (await counter.ended(order["id"]))["state"] == "completed"
    assert await shown(counter, order=order["id"], attention="true") == []


async def test_an_answer_that_nobody_waits_for_is_recorded_and_kept_for_a_season(
    gd: RunningService, counter: Counter, others: Others, clock: ManualClock
) -> None:
    order = await counter.order(replace_sim(await counter.check(), number=await counter.subscriber()))
    await counter.ended(order["id"])
    work = (await shown(counter, order=order["id"]))[0]
    late = TaskResult(
        task_id=f"{work['id']}/1/swap-card/1/do",
        work_order=work["id"],
        direction="do",
        outcome="refused",
        at=gd.clock.now(),
        executor="played",
    )
    await others.send("gd.order-acceptance.results", late)
    found = await eventually(
        lambda: gd.db.fetch("SELECT task_id, outcome FROM late_results WHERE work_order = $1", work["id"])
    )
    assert [tuple(row) for row in found] == [(late.task_id, "refused")]
    assert (await counter.seen(order["id"]))["state"] == "completed"
    for days, kept in ((89, 1), (2, 0)):
        clock.advance(timedelta(days=days))
        await gd.tick("forget-late-results")
        sql = "SELECT count(*) FROM late_results WHERE work_order = $1"
        assert await gd.db.fetchval(sql, work["id"]) == kept


async def test_a_work_order_that_cannot_be_moved_does_not_keep_the_clock_from_the_others(
    gd: RunningService, counter: Counter, others: Others, clock: ManualClock
) -> None:
    others.silent = lambda task: True
    bad = await counter.order(open_account(await counter.check(), number=fresh_number()))
    good = await counter.order(open_account(await counter.check(), number=fresh_number()))
    await gd.db.execute("UPDATE work_orders SET process_version = 99 WHERE order_id = $1", bad["id"])
    others.behave()
    clock.advance(timedelta(minutes=1))
    await timers.sweep(gd.runtime)
    assert (await counter.ended(good["id"]))["state"] == "completed"
    assert [one["order"] for one in await shown(counter, order=bad["id"], attention="true")] == [bad["id"]]


async def test_the_age_of_the_oldest_work_order_under_way_is_measured(
    counter: Counter, others: Others
) -> None:
    await stuck(counter, others)
    counter.service.clock.advance(timedelta(minutes=20))
    await counter.service.tick("count")
    told = (await counter.service.client.get("/metrics")).text
    (age,) = [
        float(line.rpartition(" ")[2])
        for line in told.splitlines()
        if line.startswith('unicrm_oldest_work_order_seconds{node="gd",service="order-acceptance"}')
    ]
    assert age >= 20 * 60
