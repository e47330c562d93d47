"""Every day both ends of every interface are compared: what got lost on the way is found, named, and sent again."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from libs.clock import accounting_day, closes_at
from libs.ids import new_id
from tests.engines import eventually
from tests.faults.fleet import BEIJINGS, GUANGDONGS, Fleet
from tests.running import RunningService

RECONCILIATIONS = "/api/hq-router/v1/reconciliations"
NEVER = timedelta(days=300)


@dataclass
class Books:
    """The day of a test, as headquarters' operators see it."""

    fleet: Fleet
    day: date

    async def paid(self, at: RunningService, *numbers: str) -> list[str]:
        """Payments of 50.00 each for numbers of another province, posted at home and known at headquarters."""
        payments = [await self.fleet.pay(at, number) for number in numbers]

        async def billed() -> bool:
            known = await self.fleet.hq.db.fetchval(
                "SELECT count(*) FROM bills WHERE payment = ANY($1::text[])", payments
            )
            return bool(known == len(payments))

        await eventually(billed, 20)
        return payments

    async def close(self) -> None:
        """The day closes, and both provinces report it."""
        wait = closes_at(self.day) - self.fleet.clock.now()
        await self.fleet.time_passes(wait, [self.fleet.bj, self.fleet.gd])
        for node in (self.fleet.bj, self.fleet.gd):
            await node.tick("report-days")

    async def look(self) -> None:
        """Time goes on by a little, and everybody looks at the day."""
        await self.fleet.time_passes(timedelta(seconds=61), [self.fleet.bj, self.fleet.gd])
        for node in (self.fleet.bj, self.fleet.gd):
            await node.tick("report-days")
        await self.fleet.hq.tick("reconcile")

    async def ask(self, path: str = "", role: str = "auditor") -> Any:
        answer = await self.fleet.hq.client.get(
            f"{RECONCILIATIONS}{path}", headers=self.fleet.hq.bearer(role)
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def one(self, node: str, interface: str, direction: str) -> Any:
        found = await self.ask(
            f"?accountingDay={self.day}&node={node}&interface={interface}&direction={direction}"
        )
        # As long as the node has not reported there is none: whoever waits for it goes on waiting.
        assert len(found) == 1, found
        return await self.ask(f"/{found[0]['id']}")

    async def states(self) -> dict[str, str]:
        listed = await self.ask(f"?accountingDay={self.day}&node=bj,gd")
        return {f"{one['node']} {one['interface']} {one['direction']}": one["state"] for one in listed}

    async def all_match(self, *, looking: bool = False) -> None:
        async def matched() -> bool:
            if looking:
                await self.look()
            states = await self.states()
            assert len(states) == 6
            assert set(states.values()) == {"matched"}, states
            return True

        await eventually(matched, 30, every=0.2)

    async def explained(self, node: str, interface: str, direction: str) -> Any:
        """What differs, once all records were compared."""

        async def found() -> Any:
            one = await self.one(node, interface, direction)
            assert one["state"] == "different", one
            assert one.get("explained"), one
            return one

        return await eventually(found, 20, every=0.1)

    async def repair(self, one: Any, status: int = 200, **given: Any) -> Any:
        answer = await self.fleet.hq.client.post(
            f"{RECONCILIATIONS}/{one['id']}/repair",
            json={"reason": "lost on the way"} | given,
            headers=self.fleet.hq.bearer("hq-operator", key=new_id()),
        )
        assert answer.status_code == status, answer.text
        return answer.json()


@pytest.fixture
async def books(one_fleet: Fleet) -> Books:
    """The fleet is the same for all tests; each has a day of its own, and ends after its close."""
    await one_fleet.time_passes(timedelta(hours=24), [one_fleet.bj, one_fleet.gd])
    return Books(one_fleet, accounting_day(one_fleet.clock.now()))


def end(one: Any, name: str) -> tuple[int, float]:
    return one[name]["count"], one[name]["amount"]["value"]


async def test_a_day_matches_at_both_ends_to_the_fen(books: Books) -> None:
    await books.paid(books.fleet.bj, GUANGDONGS[0], GUANGDONGS[1], GUANGDONGS[0])
    await books.paid(books.fleet.gd, BEIJINGS[0])
    await books.close()
    await books.all_match()
    bills = await books.one("bj", "bills", "up")
    assert end(bills, "router") == end(bills, "atNode") == (3, 150.0)
    assert [(one["business"], one["counterpart"], one["matches"]) for one in bills["figure"]] == [
        ("payment", "gd", True)
    ]
    up, down = await books.one("gd", "work-orders", "up"), await books.one("gd", "work-orders", "down")
    assert [(one["record"], end(one, "router"), end(one, "node")) for one in up["figure"]] == [
        ("forward", (1, 50.0), (1, 50.0)),
        ("outcome", (3, 150.0), (3, 150.0)),
    ]
    assert [(one["record"], one.get("counterpart")) for one in down["figure"]] == [
        ("forward", "bj"),
        ("outcome", None),
    ]
    assert (bills["version"], bills["reportVersion"], bills["difference"]) == (1, 1, [])


async def test_a_bill_that_got_lost_is_found_named_and_sent_again(books: Books) -> None:
    hq = books.fleet.hq
    lost, _ = await books.paid(books.fleet.bj, *GUANGDONGS)
    await hq.db.execute("DELETE FROM bills WHERE payment = $1", lost)
    await books.close()
    found = await books.explained("bj", "bills", "up")
    assert (end(found, "router"), end(found, "atNode")) == ((1, 50.0), (2, 100.0))
    (one,) = found["difference"]
    assert one["record"].startswith(f"bill/{lost}/")
    assert (one["kind"], one["repairable"]) == ("missing-at-router", True)
    assert (one["node"]["amount"]["value"], one["node"]["counterpart"]) == (50.0, "gd")
    assert "router" not in one

    asked = await books.repair(found)
    assert asked["difference"][0]["repairAsked"]
    await books.all_match(looking=True)
    mended = await books.one("bj", "bills", "up")
    assert end(mended, "router") == end(mended, "atNode") == (2, 100.0)
    assert (mended["version"], mended["difference"], mended["differences"]) == (2, [], 0)
    bill = await hq.db.fetchrow("SELECT accounting_day, late, amount FROM bills WHERE payment = $1", lost)
    assert bill is not None
    assert tuple(bill) == (books.day, True, Decimal("50.00"))
    (settled,) = await books.ask(f"/{mended['id']}/differences?settled=true")
    assert settled["record"] == one["record"]
    act = await hq.db.fetchrow(
        "SELECT act, node, reconciliation, reason FROM operator_acts WHERE reconciliation = $1", found["id"]
    )
    assert act is not None
    assert tuple(act) == ("repair", "bj", found["id"], "lost on the way")
    assert (await books.repair(found, 409))["code"] == "nothing-to-repair"


async def test_a_forward_that_never_reached_the_ledger_is_sent_again(books: Books) -> None:
    hq = books.fleet.hq
    (payment,) = await books.paid(books.fleet.bj, GUANGDONGS[0])
    await hq.db.execute("DELETE FROM forwards WHERE order_id = $1", payment)
    await books.close()
    found = await books.explained("bj", "work-orders", "up")
    (one,) = found["difference"]
    assert one["record"].startswith("forward/bj/")
    assert (one["kind"], one["repairable"]) == ("missing-at-router", True)

    await books.repair(found, record=[one["record"]])
    await books.all_match(looking=True)
    row = await hq.db.fetchrow(
        "SELECT state, outcome, accounting_day, late, attempt FROM forwards WHERE order_id = $1", payment
    )
    assert row is not None
    assert tuple(row) == ("ended", "completed", books.day, True, 1)
    done = await books.fleet.gd.db.fetchval(
        "SELECT count(*) FROM work_orders WHERE part = 'home' AND order_id = $1", payment
    )
    assert done == 1, "home did it once"


async def test_a_forward_that_never_reached_its_home_is_sent_again(books: Books) -> None:
    fleet = books.fleet
    payment = await fleet.pay(fleet.bj, GUANGDONGS[0])

    await eventually(
        lambda: fleet.hq.db.fetchval("SELECT state = 'ended' FROM forwards WHERE order_id = $1", payment)
    )
    # As if home had never had it: everybody is put back to where they were while it was on its way.
    await fleet.gd.db.execute("DELETE FROM work_orders WHERE part = 'home' AND order_id = $1", payment)
    await fleet.hq.db.execute(
        "UPDATE forwards SET state = 'sent', outcome = NULL, result = NULL, sequence = 0, ended = NULL, "
        "home_transaction = NULL, ask_at = $1 WHERE order_id = $2",
        fleet.clock.now() + NEVER,
        payment,
    )
    await books.close()
    found = await books.explained("gd", "work-orders", "down")
    (one,) = found["difference"]
    assert one["record"].startswith("forward/bj/")
    assert (one["kind"], one["repairable"]) == ("missing-at-node", True)
    assert one["router"]["amount"]["value"] == 50.0

    await books.repair(found)
    await books.all_match(looking=True)
    assert await fleet.status(fleet.bj, payment) == "done"


async def test_an_outcome_that_got_lost_on_the_way_up_is_sent_again(books: Books) -> None:
    fleet = books.fleet
    (payment,) = await books.paid(fleet.bj, GUANGDONGS[0])
    await fleet.hq.db.execute(
        "UPDATE forwards SET state = 'sent', outcome = NULL, result = NULL, sequence = 0, ended = NULL, ask_at = $1 "
        "WHERE order_id = $2",
        fleet.clock.now() + NEVER,
        payment,
    )
    await books.close()
    found = await books.explained("gd", "work-orders", "up")
    (one,) = found["difference"]
    assert (one["kind"], one["node"]["state"]) == ("missing-at-router", "completed")
    heard = await books.explained("bj", "work-orders", "down")
    (only_there,) = heard["difference"]
    assert (only_there["kind"], only_there["repairable"]) == ("missing-at-router", False)
    assert (await books.repair(heard, 409))["code"] == "nothing-to-repair"

    await books.repair(found)
    await books.all_match(looking=True)


async def test_a_cancel_that_was_home_before_its_forward_is_no_difference(books: Books) -> None:
    """Home keeps the forward as cancelled and has never seen its content: what was cancelled moves no money."""
    fleet = books.fleet
    (payment,) = await books.paid(fleet.bj, GUANGDONGS[0])
    await fleet.gd.db.execute(
        "UPDATE work_orders SET state = 'cancelled', content = '{}', steps = '[]' "
        "WHERE part = 'home' AND order_id = $1",
        payment,
    )
    await fleet.hq.db.execute("UPDATE forwards SET outcome = 'cancelled' WHERE order_id = $1", payment)
    await fleet.hq.db.execute("DELETE FROM bills WHERE payment = $1", payment)
    await fleet.bj.db.execute(
        "UPDATE work_orders SET state = 'cancelled', verdict = 'cancelled', "
        "steps = jsonb_set(steps, '{0,state}', '\"refused\"') WHERE order_id = $1",
        payment,
    )
    await books.close()
    await books.all_match()
    up = await books.one("bj", "work-orders", "up")
    assert end(up, "router") == end(up, "atNode") == (1, 0.0)


async def test_what_ends_after_the_close_makes_a_new_version_of_its_day(books: Books) -> None:
    fleet = books.fleet
    await books.paid(fleet.bj, GUANGDONGS[0])
    fleet.lose(fleet.gd)
    await fleet.time_passes(timedelta(seconds=61), [fleet.bj])
    late = await fleet.pay(fleet.bj, GUANGDONGS[1])
    await eventually(
        lambda: fleet.hq.db.fetchval("SELECT true FROM forwards WHERE order_id = $1 AND state = 'held'", late)
    )
    await fleet.time_passes(closes_at(books.day) - fleet.clock.now(), [fleet.bj])
    for node in (fleet.bj, fleet.gd):
        await node.tick("report-days")
    await books.all_match()
    bills = await books.one("bj", "bills", "up")
    assert (bills["version"], end(bills, "router")) == (1, (1, 50.0))

    await fleet.find_again(fleet.gd)
    await eventually(lambda: fleet.hq.db.fetchval("SELECT true FROM bills WHERE payment = $1", late), 20)
    await books.all_match(looking=True)

    async def counted() -> bool:
        await books.look()
        one = await books.one("bj", "bills", "up")
        assert (end(one, "router"), end(one, "atNode")) == ((2, 100.0), (2, 100.0))
        assert one["state"] == "matched"
        assert one["version"] > 1
        assert one["reportVersion"] > 1
        return True

    await eventually(counted, 20, every=0.2)
    day = await fleet.hq.db.fetchrow("SELECT accounting_day, late FROM bills WHERE payment = $1", late)
    assert day is not None
    assert tuple(day) == (books.day, True)
