"""A word between a group at headquarters and a child's home is lost at the router: the group ends as it was to."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from contracts.work_orders import CancelAsked, GoAhead, OfForward, ReadyTold
from services.order_acceptance.app import SERVICE as ACCEPTANCE
from services.order_acceptance.groups.tests.headquarters import Headquarters, asked, left, member, ready
from services.order_acceptance.tests.counter import Counter
from tests.engines import eventually
from tests.faults.fleet import Fleet
from tests.running import Bench

QUIET = timedelta(minutes=5)
LOSING = """
CREATE TABLE lost (ce_type text, topic text, times int DEFAULT 0);
CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE lost SET times = 1 WHERE times = 0 AND ce_type = NEW.ce_type AND NEW.topic LIKE '%' || topic;
    RETURN CASE WHEN FOUND THEN NULL ELSE NEW END;
END $$;
CREATE TRIGGER losing BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION lose();
"""


@pytest.fixture(scope="module")
async def office(bench: Bench, one_fleet: Fleet) -> AsyncIterator[Headquarters]:
    """Headquarters' own counter, with a group, in a fleet whose router loses what it is told to."""
    await one_fleet.hq.db.execute(LOSING)
    prefix = one_fleet.hq.settings.topic_prefix
    async with bench.running(ACCEPTANCE, "hq", clock=one_fleet.clock, topic_prefix=prefix) as service:
        for node in (one_fleet.bj, one_fleet.gd):
            await Counter(node).owners.catalogue()
        made = Headquarters(service)
        await made.owners.catalogue()
        await made.group()
        yield made


async def loses(fleet: Fleet, word: type[OfForward], to: str) -> None:
    """The next word of this kind to a node is lost."""
    topic = f"{to}.downlink.work-orders"
    await fleet.hq.db.execute("INSERT INTO lost (ce_type, topic) VALUES ($1, $2)", word.ce_type, topic)


async def is_lost(fleet: Fleet) -> None:
    await eventually(lambda: fleet.hq.db.fetchval("SELECT count(*) = sum(times) FROM lost"), 15)


async def five_minutes_later(fleet: Fleet, office: Headquarters) -> None:
    await fleet.time_passes(QUIET, [office.service, fleet.bj, fleet.gd])
    await office.service.tick("ask")


@pytest.mark.parametrize(("word", "to"), [(ReadyTold, "hq"), (GoAhead, "gd")])
async def test_a_group_goes_ahead_though_a_word_of_it_was_lost(
    one_fleet: Fleet, office: Headquarters, word: type[OfForward], to: str
) -> None:
    await loses(one_fleet, word, to)
    order = await office.order(await office.opening(member("1", "bj"), member("2", "gd")))
    await is_lost(one_fleet)
    await five_minutes_later(one_fleet, office)
    ended = await office.ended(order["id"])
    assert ended["state"] == "completed", ended
    assert sorted(one["node"] for one in ended["realized"]) == ["bj", "gd"]


async def test_a_group_is_aborted_though_a_home_was_not_told(one_fleet: Fleet, office: Headquarters) -> None:
    in_beijing, in_guangdong = one_fleet.others["bj"], one_fleet.others["gd"]
    await loses(one_fleet, CancelAsked, "gd")
    in_beijing.refuses = lambda task: task.name == "start-billing"
    in_beijing.silent = lambda task: task.name == "start-billing" and not heard
    heard: list[str] = []
    order = await office.order(await office.opening(member("1", "bj"), member("2", "gd")))
    task = await asked(in_beijing, order["id"], "start-billing")
    await eventually(lambda: ready(one_fleet.gd, order["id"]), 15)
    heard.append(task.task_id)
    await in_beijing.answer(task)
    await is_lost(one_fleet)
    await five_minutes_later(one_fleet, office)
    ended = await office.ended(order["id"])
    assert (ended["state"], [one["code"] for one in ended["failure"]]) == (
        "failed",
        ["provisioning-failed", "group-aborted"],
    )
    assert left(order["id"], in_beijing, in_guangdong) == []
