"""What is said between a group and the homes of its children gets lost once: after five minutes it is asked for."""

import pytest

from contracts.control import ASK_AFTER
from contracts.work_orders import CancelAsked, GoAhead, OfForward, ReadyTold
from libs.clock import ManualClock
from services.order_acceptance.groups.tests.headquarters import Headquarters, asked, left, member, ready
from services.order_acceptance.tests.others import Others
from services.order_acceptance.tests.router import Router
from tests.engines import eventually
from tests.running import RunningService


async def is_lost(router: Router, word: type[OfForward]) -> None:
    await eventually(lambda: [type(one) for one in router.lost] == [word])


async def five_minutes_later(hq: RunningService, clock: ManualClock) -> None:
    clock.advance(ASK_AFTER)
    await hq.tick("ask")


@pytest.mark.parametrize("word", [ReadyTold, GoAhead])
async def test_a_group_goes_ahead_though_a_word_of_it_was_lost(
    headquarters: Headquarters,
    hq: RunningService,
    gd: RunningService,
    router: Router,
    others: Others,
    others_in_bj: Others,
    clock: ManualClock,
    word: type[OfForward],
) -> None:
    router.loses_next[word] = "gd"
    order = await headquarters.order(await headquarters.opening(member("1", "bj"), member("2", "gd")))
    await is_lost(router, word)
    await eventually(lambda: ready(gd, order["id"]))
    assert (await headquarters.seen(order["id"]))["state"] == "inProgress"
    await five_minutes_later(hq, clock)
    ended = await headquarters.ended(order["id"])
    assert ended["state"] == "completed", ended
    assert sorted(one["node"] for one in ended["realized"]) == ["bj", "gd"]
    for province in (others, others_in_bj):
        assert province.names(order["id"]).count("bind-profile") == 1


@pytest.mark.parametrize(
    ("policy", "is_ready"), [("all-or-nothing", True), ("all-or-nothing", False), ("best-effort", False)]
)
async def test_a_group_is_taken_back_though_a_home_was_not_told(
    headquarters: Headquarters,
    hq: RunningService,
    gd: RunningService,
    router: Router,
    others: Others,
    others_in_bj: Others,
    clock: ManualClock,
    policy: str,
    is_ready: bool,
) -> None:
    """The home that does not hear it waits for the others, or is still at work."""
    others.silent = lambda task: task.direction == "do" and task.name == "start-billing" and not is_ready
    others_in_bj.silent = lambda task: task.direction == "do" and task.name == "start-billing"
    order = await headquarters.order(
        await headquarters.opening(member("1", "bj"), member("2", "gd"), policy=policy)
    )
    await asked(others_in_bj, order["id"], "start-billing")
    await asked(others, order["id"], "start-billing")
    await eventually(lambda: ready(gd, order["id"]) if is_ready else True)
    router.loses_next[CancelAsked] = "gd"
    wish = await headquarters.cancel(order["id"])
    await is_lost(router, CancelAsked)
    assert (await headquarters.seen(order["id"]))["state"] == "assessingCancellation"
    await five_minutes_later(hq, clock)
    ended = await headquarters.ended(order["id"])
    assert ended["state"] == "cancelled", ended
    assert {one["code"] for one in ended["failure"]} == {"cancelled-on-request"}
    assert await headquarters.wish(wish) == "done"
    assert left(order["id"], others, others_in_bj) == []


async def test_a_group_is_aborted_though_a_home_was_not_told(
    headquarters: Headquarters,
    hq: RunningService,
    gd: RunningService,
    router: Router,
    others: Others,
    others_in_bj: Others,
    clock: ManualClock,
) -> None:
    others_in_bj.refuses = lambda task: task.name == "start-billing"
    router.loses_next[CancelAsked] = "gd"
    order = await headquarters.order(await headquarters.opening(member("1", "bj"), member("2", "gd")))
    await is_lost(router, CancelAsked)
    await eventually(lambda: ready(gd, order["id"]))
    await five_minutes_later(hq, clock)
    ended = await headquarters.ended(order["id"])
    assert (ended["state"], [one["code"] for one in ended["failure"]]) == (
        "failed",
        ["provisioning-failed", "group-aborted"],
    )
    assert left(order["id"], others, others_in_bj) == []
