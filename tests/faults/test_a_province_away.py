"""Guangdong is away for two hours, and everybody goes on accepting: everything ends once, and the books agree."""

from datetime import timedelta

from services.order_acceptance.groups.tests.headquarters import member
from services.order_acceptance.tests.bodies import replace_sim
from services.order_acceptance.tests.businesses import BIG_PLAN, change_plan, resume, subscribe, suspend
from services.order_acceptance.tests.counter import Counter, fresh_card
from services.order_acceptance.tests.owners import OPTION
from tests.engines import eventually
from tests.faults.fleet import GUANGDONGS, Fleet
from tests.faults.nation import Nation


async def done(home: Counter, number: str) -> list[str]:
    """The payments for a number that were posted at its home, in the order in which it took them in."""
    rows = await home.service.db.fetch(
        "SELECT content ->> 'payment' AS payment FROM work_orders "
        "WHERE part = 'home' AND number = $1 AND state = 'completed' ORDER BY created, id",
        number,
    )
    return [row["payment"] for row in rows]


async def test_both_sides_go_on_accepting_and_everything_ends_once(nation: Nation) -> None:
    """For half an hour its line is down, and it goes on by itself; then it is stopped, for longer than an hour."""
    fleet, hq, bj, gd = nation.fleet, nation.office, nation.in_beijing, nation.in_guangdong
    paid_for, moved, changed, renewed, regretted, twice, under_way = [
        await gd.subscriber(f"130004001{n:02d}") for n in range(7)
    ]
    paid_in_beijing, moved_in_beijing, renewed_in_beijing, last = [
        await bj.subscriber(f"130001001{n:02d}") for n in range(4)
    ]
    at_headquarters_and_in_beijing = [hq.service, bj.service]
    # One order is in the middle of its work when it happens.
    fleet.others["gd"].silent = lambda task: task.name == "set-barring" and task.number == under_way
    begun = await nation.order(bj, suspend(under_way))
    await eventually(lambda: fleet.others["gd"].of(begun), 15)

    fleet.lose(gd.service)
    await fleet.time_passes(timedelta(seconds=61), at_headquarters_and_in_beijing)
    payments: dict[str, list[str]] = {paid_for: [], paid_in_beijing: []}
    for _ in range(2):
        payments[paid_for].append(await nation.pay(bj, paid_for))
        payments[paid_in_beijing].append(await nation.pay(gd, paid_in_beijing))
        await fleet.time_passes(timedelta(minutes=15), at_headquarters_and_in_beijing)
    await nation.order(bj, suspend(moved))
    await nation.order(bj, change_plan(changed, BIG_PLAN, "now"))
    group = await nation.order(hq, await hq.opening(member("1", "bj"), member("2", "gd")))
    # Guangdong serves its own, and whoever comes to it from elsewhere.
    await nation.order(gd, suspend(twice))
    await nation.order(gd, suspend(moved_in_beijing))
    await nation.order(gd, resume(moved_in_beijing))
    card_in_guangdong = fresh_card()
    money = await nation.counter_money(gd, 10.00)
    await nation.order(
        gd, replace_sim(await gd.check(), money, number=renewed_in_beijing, iccid=card_in_guangdong)
    )
    await nation.held(2 + 2 + 1)

    # What Guangdong accepts last it hears the end of only when it is there again.
    payments[paid_in_beijing].append(await nation.pay(gd, paid_in_beijing))
    await nation.order(gd, subscribe(last, OPTION))
    await gd.service.stop()
    await fleet.time_passes(timedelta(minutes=45), at_headquarters_and_in_beijing)
    await nation.order(bj, resume(moved))
    await nation.order(bj, subscribe(changed, OPTION))
    card_in_beijing = fresh_card()
    money = await nation.counter_money(bj, 10.00)
    await nation.order(bj, replace_sim(await bj.check(), money, number=renewed, iccid=card_in_beijing))
    await nation.order(bj, suspend(twice), "rejected")
    regret = await nation.order(bj, suspend(regretted))
    await nation.held(5 + 5)
    await nation.cancel(bj, regret)
    await nation.held(9)
    payments[paid_for].append(await nation.pay(bj, paid_for))
    await fleet.time_passes(timedelta(minutes=45), at_headquarters_and_in_beijing)
    await nation.held(10)
    because = await fleet.hq.db.fetch("SELECT DISTINCT held_because FROM forwards WHERE state = 'held'")
    assert {row["held_because"] for row in because} <= {"node-silent", "queued"}
    in_beijing = await nation.states(bj)
    assert in_beijing[regret] == "cancelled", "what is held needs nobody to be taken back"
    assert {in_beijing[one] for one in payments[paid_for]} == {"authorized"}

    fleet.others["gd"].behave()
    await gd.service.start()
    await nation.as_expected()
    for home, number in ((gd, paid_for), (bj, paid_in_beijing)):
        assert await done(home, number) == payments[number], "once, and in the order of acceptance"
    for order in (order for asked in nation.expected.values() for order in asked):
        nation.done_once(order)
    assert nation.left_behind(regret) == []
    assert len((await hq.seen(group))["realized"]) == 2
    assert (await gd.product_of(moved))["status"] == "active"
    assert (await bj.product_of(moved_in_beijing))["status"] == "active"
    assert (await gd.product_of(twice))["status"] == "suspended"
    assert (await gd.product_of(regretted))["status"] == "active"
    for home, number, card in ((gd, renewed, card_in_beijing), (bj, renewed_in_beijing, card_in_guangdong)):
        assert (await home.product_of(number))["realizingResource"][1]["id"] == card

    await nation.close_the_day()
    await nation.without_violation()


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
