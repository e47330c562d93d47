"""A province is away for two hours, and both sides go on accepting: everything ends once, and in order."""

from datetime import datetime, timedelta

from contracts.work_orders import Forward
from services.hq_router.tests.nodes import BEIJING, GUANGDONG, Nodes, fresh_number
from tests.engines import eventually

AWAY = timedelta(hours=2)
STEP = timedelta(minutes=15)


async def answer(nodes: Nodes, home: str, forwards: list[Forward]) -> None:
    """The home does what lies on its downlink, in that order, and says so; what comes twice it does once."""
    wanted = {one.origin_transaction: one for one in forwards}
    lying = await nodes.router.topics.wait(
        f"{home}.downlink.work-orders",
        len(forwards),
        where=lambda one: "forwarded" in one.type and one.data["originTransaction"] in wanted,
    )
    for transaction in dict.fromkeys(one.data["originTransaction"] for one in lying):
        await nodes.send(nodes.outcome(wanted[transaction], home, "completed", 3), home)


async def test_a_province_away_for_two_hours_while_both_sides_go_on_accepting(nodes: Nodes) -> None:
    at_home = [fresh_number(GUANGDONG) for _ in range(3)]
    in_beijing = [fresh_number(BEIJING) for _ in range(3)]
    before = [nodes.forward(number) for number in at_home]
    for forward in before:
        await nodes.send(forward, "bj")
    for forward in before:
        await nodes.forwarded(forward, "gd")

    for_guangdong: list[Forward] = []
    of_guangdong: list[tuple[Forward, datetime]] = []
    await nodes.pass_time(timedelta(seconds=61), silent=["gd"])
    for _ in range(AWAY // STEP):
        for number in at_home:
            forward = nodes.forward(number)
            for_guangdong.append(forward)
            last = await nodes.send(forward, "bj")
        # Guangdong goes on as well; what it accepts lies in its own cluster until the line is there again.
        of_guangdong += [(nodes.forward(number, origin="gd"), nodes.now) for number in in_beijing]
        await nodes.taken_in(last)
        await nodes.pass_time(STEP, silent=["gd"])
        await nodes.router.tick("release-held")
        await nodes.router.tick("ask-quiet")
    for forward in for_guangdong:
        assert (await nodes.ledger(forward))["state"] == "held"

    for forward, accepted in of_guangdong:
        await nodes.send(forward, "gd", time=accepted)
    await nodes.beat("gd")
    await nodes.router.tick("release-held")
    await answer(nodes, "gd", before + for_guangdong)
    await answer(nodes, "bj", [forward for forward, _ in of_guangdong])

    every = [*before, *for_guangdong, *(forward for forward, _ in of_guangdong)]
    transactions = [one.origin_transaction for one in every]

    async def all_ended() -> bool:
        open_ones = await nodes.router.db.fetchval(
            "SELECT count(*) FROM forwards WHERE origin_transaction = ANY($1::text[]) AND state <> 'ended'",
            transactions,
        )
        return bool(open_ones == 0)

    await eventually(all_ended)
    await nodes.told(every[-1])
    for node, mine in (("bj", [*before, *for_guangdong]), ("gd", [forward for forward, _ in of_guangdong])):
        ids = {one.origin_transaction for one in mine}
        told = await nodes.router.topics.wait(
            f"{node}.downlink.work-orders",
            len(mine),
            where=lambda one, ids=ids: "outcome" in one.type and one.data["originTransaction"] in ids,  # type: ignore[misc]
        )
        assert sorted(one.data["originTransaction"] for one in told) == sorted(ids), "each ends once"
        assert {one.data["state"] for one in told} == {"completed"}
    for home, numbers in (("gd", at_home), ("bj", in_beijing)):
        for number in numbers:
            accepted_in_order = [one.origin_transaction for one in every if one.number == number]
            assert await nodes.order_of_arrival(home, number) == accepted_in_order
    for forward in every:
        assert (await nodes.ledger(forward))["accounting_day"] == forward.accounting_day
