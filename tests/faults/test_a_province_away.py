"""Nobody at headquarters hears Guangdong for two hours, and both sides go on accepting: everything ends once."""

from datetime import timedelta

from tests.engines import eventually
from tests.faults.fleet import BEIJINGS, GUANGDONGS, Fleet


async def test_both_sides_go_on_accepting_and_everything_ends_once(fleet: Fleet) -> None:
    bj, gd = fleet.bj, fleet.gd
    fleet.lose(gd)
    await fleet.time_passes(timedelta(seconds=61), [bj])
    in_beijing: list[str] = []
    in_guangdong: list[str] = []
    for _ in range(4):
        in_beijing += [await fleet.pay(bj, number) for number in GUANGDONGS]
        in_guangdong += [await fleet.pay(gd, number) for number in BEIJINGS]
        await fleet.time_passes(timedelta(minutes=30), [bj])
    held = len(in_beijing)

    async def all_held() -> bool:
        found = await fleet.hq.db.fetchval(
            "SELECT count(*) FROM forwards WHERE state = 'held' AND held_because = 'node-silent'"
        )
        return bool(found == held)

    await eventually(all_held)
    assert {await fleet.status(bj, payment) for payment in in_beijing} == {"authorized"}

    await fleet.find_again(gd)

    async def all_done() -> bool:
        found = [await fleet.status(bj, payment) for payment in in_beijing]
        found += [await fleet.status(gd, payment) for payment in in_guangdong]
        return set(found) == {"done"}

    await eventually(all_done, 20)
    states = await fleet.hq.db.fetch("SELECT state, outcome, count(*) AS n FROM forwards GROUP BY 1, 2")
    assert [tuple(row) for row in states] == [("ended", "completed", 16)]
    for home, numbers, paid in ((gd, GUANGDONGS, in_beijing), (bj, BEIJINGS, in_guangdong)):
        for number in numbers:
            done = await home.db.fetch(
                "SELECT content ->> 'payment' AS payment FROM work_orders "
                "WHERE part = 'home' AND number = $1 AND state = 'completed' ORDER BY created, id",
                number,
            )
            mine = paid[numbers.index(number) :: len(numbers)]
            assert [row["payment"] for row in done] == mine, "once, and in the order of acceptance"


async def test_an_end_that_was_lost_on_the_way_is_found_by_asking(fleet: Fleet) -> None:
    payment = await fleet.pay(fleet.bj, GUANGDONGS[0])

    async def done() -> bool:
        return bool(await fleet.status(fleet.bj, payment) == "done")

    await eventually(done)
    # As if home's last word had never come: ledger and acceptance node are put back to where they were.
    await fleet.hq.db.execute(
        "UPDATE forwards SET state = 'sent', outcome = NULL, result = NULL, sequence = 0, ended = NULL, ask_at = $1",
        fleet.clock.now(),
    )
    await fleet.time_passes(timedelta(minutes=5), [fleet.bj, fleet.gd])
    await fleet.hq.tick("ask-quiet")

    async def ended() -> bool:
        return bool(
            await fleet.hq.db.fetchval("SELECT state = 'ended' AND outcome = 'completed' FROM forwards")
        )

    await eventually(ended)
