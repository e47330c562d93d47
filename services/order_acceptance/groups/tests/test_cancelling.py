"""Best-effort group orders that are wanted back: what is done stays done, what can end ends, and the order says it."""

from collections.abc import Callable

import pytest

from contracts.tasks import Task
from services.order_acceptance.groups.tests.headquarters import Headquarters, asked, left, member
from services.order_acceptance.tests.others import Others
from services.order_acceptance.tests.router import Router
from tests.engines import eventually
from tests.running import RunningService

WORKED_ON = "start-billing"
"""A step before the point of no return."""
BEYOND = "bind-profile"


def silent_at(name: str) -> Callable[[Task], bool]:
    return lambda task: task.direction == "do" and task.name == name


async def ordered(headquarters: Headquarters) -> str:
    body = await headquarters.opening(member("1", "bj"), member("2", "gd"), policy="best-effort")
    return str((await headquarters.order(body))["id"])


async def until_one_has(hq: RunningService, order: str, state: str) -> None:
    count = "SELECT count(*) FROM group_children WHERE order_id = $1 AND state = $2"
    await eventually(lambda: hq.db.fetchval(count, order, state))


async def test_what_is_done_stays_done_and_the_wish_has_failed(
    headquarters: Headquarters, hq: RunningService, router: Router, others: Others, others_in_bj: Others
) -> None:
    others.silent = silent_at(WORKED_ON)
    order = await ordered(headquarters)
    await until_one_has(hq, order, "completed")
    await asked(others, order, WORKED_ON)
    wish = await headquarters.cancel(order)
    ended = await headquarters.ended(order)
    assert ended["state"] == "partial"
    assert [item["state"] for item in ended["productOrderItem"]] == ["completed", "cancelled"]
    assert [(one["code"], one["node"]) for one in ended["failure"]] == [("cancelled-on-request", "gd")]
    assert [one["item"] for one in ended["realized"]] == ["1"]
    assert await headquarters.wish(wish) == "terminatedWithError"
    assert left(order, others) == []
    assert "bind-profile" in left(order, others_in_bj)
    assert [one.origin_transaction for one in router.cancels] == [
        one.origin_transaction for one in router.forwards if one.route_value == "gd"
    ], "only whoever can still take it back is asked"


async def test_when_all_can_be_taken_back_it_is_cancelled(
    headquarters: Headquarters, router: Router, others: Others, others_in_bj: Others
) -> None:
    others.silent = others_in_bj.silent = silent_at(WORKED_ON)
    order = await ordered(headquarters)
    for province in (others, others_in_bj):
        await asked(province, order, WORKED_ON)
    wish = await headquarters.cancel(order)
    ended = await headquarters.ended(order)
    assert {one["state"] for one in (ended, *ended["productOrderItem"])} == {"cancelled"}
    assert {one["code"] for one in ended["failure"]} == {"cancelled-on-request"}
    assert "realized" not in ended
    assert await headquarters.wish(wish) == "done"
    assert left(order, others, others_in_bj) == []


@pytest.mark.parametrize(("in_beijing", "end"), [(WORKED_ON, "partial"), (BEYOND, "completed")])
async def test_what_is_beyond_its_point_of_no_return_goes_on(
    headquarters: Headquarters,
    router: Router,
    others: Others,
    others_in_bj: Others,
    in_beijing: str,
    end: str,
) -> None:
    others.silent, others_in_bj.silent = silent_at(BEYOND), silent_at(in_beijing)
    order = await ordered(headquarters)
    begun = await asked(others, order, BEYOND), await asked(others_in_bj, order, in_beijing)
    wish = await headquarters.cancel(order)
    await eventually(lambda: len(router.too_late) == (1 if end == "partial" else 2))
    assert (await headquarters.seen(order))["state"] == "assessingCancellation"
    others.silent = others_in_bj.silent = lambda task: False
    await others.answer(begun[0])
    if end == "completed":
        await others_in_bj.answer(begun[1])
    assert (await headquarters.ended(order))["state"] == end
    assert await headquarters.wish(wish) == "terminatedWithError"
