"""A forward that got lost on its way is found by asking, and sent again; whatever comes twice is done once."""

from datetime import timedelta

import pytest

from tests.engines import eventually
from tests.faults.fleet import GUANGDONGS, Fleet
from tests.running import RunningService

QUIET = timedelta(minutes=5)


async def lost_before(fleet: Fleet, node: RunningService) -> str:
    """A payment in Beijing whose forward this node never gets: the row that it made of it is not there any more.

    Everybody is put back to where they were while the forward was on its way.
    """
    payment = await fleet.pay(fleet.bj, GUANGDONGS[0])

    async def done() -> bool:
        return bool(await fleet.status(fleet.bj, payment) == "done")

    await eventually(done, 20)
    await fleet.gd.db.execute("DELETE FROM work_orders WHERE part = 'home' AND order_id = $1", payment)
    if node is fleet.hq:
        await fleet.hq.db.execute("DELETE FROM forwards WHERE order_id = $1", payment)
    await reopened(fleet, payment)
    await fleet.bj.db.execute(
        "UPDATE work_orders SET state = 'running', position = 0, steps = jsonb_set(steps, '{0,state}', '\"asked\"') "
        "WHERE order_id = $1",
        payment,
    )
    await fleet.bj.db.execute("UPDATE payments SET status = 'authorized' WHERE id = $1", payment)
    return payment


async def reopened(fleet: Fleet, payment: str) -> None:
    """The ledger has heard nothing of this forward."""
    await fleet.hq.db.execute(
        "UPDATE forwards SET state = 'sent', outcome = NULL, result = NULL, sequence = 0, ended = NULL, "
        "home_transaction = NULL, ask_at = $1 WHERE order_id = $2",
        fleet.clock.now() + QUIET,
        payment,
    )


async def all_is_done(fleet: Fleet, payment: str) -> None:
    async def done() -> bool:
        return bool(await fleet.status(fleet.bj, payment) == "done")

    await eventually(done, 20)
    ledger = await fleet.hq.db.fetch(
        "SELECT state, outcome, attempt FROM forwards WHERE order_id = $1", payment
    )
    assert [tuple(row) for row in ledger] == [("ended", "completed", 1)]
    at_home = await fleet.gd.db.fetch(
        "SELECT state FROM work_orders WHERE part = 'home' AND order_id = $1", payment
    )
    assert [row["state"] for row in at_home] == ["completed"]


async def test_a_forward_lost_on_the_way_down_is_sent_again(one_fleet: Fleet) -> None:
    fleet = one_fleet
    payment = await lost_before(fleet, fleet.gd)
    await fleet.time_passes(QUIET, [fleet.bj, fleet.gd])
    await fleet.hq.tick("ask-quiet")
    await all_is_done(fleet, payment)
    # Asked once more, home has it, and nothing is done again.
    await reopened(fleet, payment)
    await fleet.time_passes(QUIET, [fleet.bj, fleet.gd])
    await fleet.hq.tick("ask-quiet")
    await eventually(
        lambda: fleet.hq.db.fetchval("SELECT state = 'ended' FROM forwards WHERE order_id = $1", payment)
    )
    await all_is_done(fleet, payment)


async def test_a_forward_lost_on_the_way_up_is_handed_over_again(one_fleet: Fleet) -> None:
    payment = await lost_before(one_fleet, one_fleet.hq)
    await one_fleet.time_passes(QUIET, [one_fleet.bj, one_fleet.gd])
    await one_fleet.bj.tick("ask")
    await all_is_done(one_fleet, payment)


@pytest.mark.parametrize("where", ["gd", "hq"])
async def test_past_its_deadline_a_lost_forward_is_refused_like_any_other(
    one_fleet: Fleet, where: str
) -> None:
    fleet = one_fleet
    payment = await lost_before(fleet, fleet.gd if where == "gd" else fleet.hq)
    await fleet.time_passes(timedelta(hours=72, minutes=2), [fleet.bj, fleet.gd])
    await (fleet.hq.tick("ask-quiet") if where == "gd" else fleet.bj.tick("ask"))

    async def refused() -> bool:
        return bool(await fleet.status(fleet.bj, payment) == "failed")

    await eventually(refused, 20)
    row = await fleet.hq.db.fetchrow(
        "SELECT outcome, reasons -> 0 ->> 'node' AS by FROM forwards WHERE order_id = $1", payment
    )
    assert row is not None
    assert tuple(row) == ("rejected", where)
