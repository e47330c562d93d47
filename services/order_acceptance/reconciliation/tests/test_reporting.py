"""A node reports its closed days, names single records, and sends again what got lost."""

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic_core import to_json

from contracts.bills import CrossProvinceBill
from contracts.reconciliation import DayReported, Group, Line, LinesAsked, LinesReported, ReplayAsked
from contracts.work_orders import Forward, Outcome
from libs.clock import SHANGHAI, ManualClock, accounting_day
from libs.database.digest import digest_of
from libs.ids import new_id
from services.order_acceptance.app import SERVICE
from services.order_acceptance.engine.process import FORWARD, Part
from services.order_acceptance.engine.rules import StepRecord, StepState, WorkOrder, WorkState
from services.order_acceptance.engine.store import Stored, row_of
from tests.engines import eventually
from tests.running import Bench, RunningService
from tests.topics import Published

ROUTER = "/hq/hq-router"
NIGHT = timedelta(hours=24)


@pytest.fixture(scope="module")
async def node(bench: Bench) -> AsyncIterator[RunningService]:
    start = datetime(2026, 11, 24, 12, tzinfo=SHANGHAI)
    async with bench.running(SERVICE, "bj", clock=ManualClock(start)) as service:
        yield service


@pytest.fixture
async def day(node: RunningService) -> date:
    """The day on which a test works; it closes with `close`."""
    node.clock.advance(NIGHT)
    await node.tick("report-days")
    return accounting_day(node.clock.now())


async def close(node: RunningService) -> None:
    node.clock.advance(NIGHT)
    await node.tick("report-days")


async def reports(node: RunningService, day: date, times: int) -> list[DayReported]:
    """So many reports of the day, and no more."""
    found = await node.topics.wait(
        "bj.uplink.reports",
        times,
        where=lambda one: one.type == DayReported.ce_type and one.data["day"] == day.isoformat(),
    )
    assert len(found) == times
    return [DayReported.model_validate(one.data) for one in found]


async def work_order(node: RunningService, day: date, part: Part, **given: Any) -> str:
    """A row as the engine leaves it: of a payment for another province, or of one that another province took."""
    id = new_id()
    now = node.clock.now()
    away = part == "acceptance"
    step = StepRecord(
        name=FORWARD if away else "post-payment",
        executor=FORWARD if away else "production",
        undo=None,
        counter=away,
        after=False,
        state=StepState(given.pop("forward", "done")),
    )
    work = WorkOrder(
        id=id,
        order=new_id(),
        process="pay",
        version=1,
        part=part,
        node="bj",
        origin="bj" if part != "home" else "gd",
        number="13000400001",
        content={"payment": new_id(), "amount": "50.00", "number": "13000400001"},
        deadline=now + timedelta(hours=72),
        steps=(step,),
        state=WorkState.COMPLETED,
        position=1,
    )
    stored = Stored(
        work=work,
        business="pay",
        origin_transaction=new_id() if part == "home" else id,
        home="gd" if away else "bj",
        guarded=False,
        sequence=4,
        accounting_day=day,
        acceptance={
            "node": "bj",
            "issuer": "http://bj.unicrm.test",
            "actor": "clerk-7",
            "at": now.isoformat(),
        },
        sealed=None,
        digest="d1",
        test=False,
        created=now,
        output={},
    )
    await node.db.execute(
        "INSERT INTO work_orders SELECT * FROM jsonb_populate_record(NULL::work_orders, $1::jsonb)",
        to_json(row_of(stored, "bj", now) | given).decode(),
    )
    return id


def figures(report: DayReported) -> dict[tuple[str, str, str, str], tuple[int, Decimal]]:
    return {
        (account.interface, account.direction, one.record, one.business): (one.count, one.amount)
        for account in report.accounts
        for one in account.figures
    }


async def ask(node: RunningService, message: Any, source: str = ROUTER) -> str:
    return await node.topics.put("bj.downlink.reports", "bj", message, source=source, time=node.clock.now())


async def lines(node: RunningService, day: date, record: str, direction: str, **given: Any) -> LinesReported:
    """One page of lines, as the node answers the router."""
    question = new_id()
    usual: dict[str, Any] = {
        "node": "bj",
        "day": day,
        "interface": "bills" if record == "bill" else "work-orders",
        "direction": direction,
        "question": question,
        "groups": [
            Group.model_validate({"record": record, "business": "payment" if record == "bill" else "pay"})
        ],
        "at": node.clock.now(),
    }
    await ask(node, LinesAsked(**{**usual, **given}))
    (answer,) = await node.topics.wait(
        "bj.uplink.reports",
        where=lambda one: one.type == LinesReported.ce_type and one.data["question"] == question,
    )
    return LinesReported.model_validate(answer.data)


async def sent(node: RunningService, topic: str, model: Any, subject: str, times: int) -> list[Published]:
    """So many messages of this kind that name this work order, and no more."""
    found = await node.topics.wait(
        topic, times, where=lambda one: one.type == model.ce_type and subject in str(one.data)
    )
    assert len(found) == times
    return found


async def taken_in(node: RunningService, ce_id: str) -> None:
    await eventually(
        lambda: node.db.fetchval("SELECT true FROM inbox WHERE ce_id = $1 AND state = 'done'", ce_id)
    )


async def test_a_day_is_reported_once_it_has_closed_and_counts_what_was_sent_and_taken_in(
    node: RunningService, day: date
) -> None:
    await work_order(node, day, "acceptance")
    await work_order(node, day, "acceptance", forward="asked", state="running", position=0)
    await work_order(node, day, "acceptance", forward="refused", state="rejected", verdict="rejected")
    # Refused at the counter: it never left.
    await work_order(node, day, "acceptance", forward="planned", state="rejected", verdict="rejected")
    await work_order(node, day, "home")
    await work_order(node, day, "home", state="running")
    await work_order(node, day, "whole")
    await reports(node, day, 0)
    await close(node)
    (report,) = await reports(node, day, 1)
    assert (report.node, report.version) == ("bj", 1)
    assert figures(report) == {
        ("bills", "up", "bill", "payment"): (1, Decimal("50.00")),
        ("work-orders", "up", "forward", "pay"): (3, Decimal("150.00")),
        ("work-orders", "up", "outcome", "pay"): (1, Decimal("50.00")),
        ("work-orders", "down", "forward", "pay"): (2, Decimal("100.00")),
        ("work-orders", "down", "outcome", "pay"): (2, Decimal("100.00")),
    }
    (bill,) = [one for account in report.accounts for one in account.figures if one.record == "bill"]
    assert bill.counterpart == "gd"


async def test_the_lines_are_what_the_digest_is_made_of(node: RunningService, day: date) -> None:
    for _ in range(3):
        await work_order(node, day, "home")
    await close(node)
    (report,) = await reports(node, day, 1)
    (account,) = [one for one in report.accounts if one.direction == "up"]
    (figure,) = account.figures
    first = await lines(node, day, "outcome", "up", most=2)
    assert (len(first.lines), first.last) == (2, False)
    rest = await lines(node, day, "outcome", "up", most=2, after=first.lines[-1].id)
    assert (len(rest.lines), rest.last) == (1, True)
    every: list[Line] = [*first.lines, *rest.lines]
    assert figure.digest == digest_of(line.text for line in every)
    assert {(line.state, line.counterpart, line.amount) for line in every} == {
        ("completed", "gd", Decimal("50.00"))
    }


async def test_only_what_changes_the_figures_is_a_new_version(node: RunningService, day: date) -> None:
    await work_order(node, day, "home")
    await close(node)
    await reports(node, day, 1)
    node.clock.advance(timedelta(minutes=1))
    await node.tick("report-days")
    await reports(node, day, 1)
    await work_order(node, day, "home")
    node.clock.advance(timedelta(minutes=1))
    await node.tick("report-days")
    first, second = await reports(node, day, 2)
    assert (first.version, second.version) == (1, 2)
    assert figures(second)["work-orders", "down", "forward", "pay"] == (2, Decimal("100.00"))


async def test_days_of_a_long_night_are_caught_up_with(node: RunningService, day: date) -> None:
    await work_order(node, day, "home")
    await node.stop()
    node.clock.advance(3 * NIGHT)
    await node.start()
    for n in range(3):
        (report,) = await reports(node, day + timedelta(days=n), 1)
        assert len(report.accounts) == (2 if n == 0 else 0)


async def test_a_content_that_nobody_can_read_does_not_spoil_the_day(node: RunningService, day: date) -> None:
    await work_order(node, day, "home", state="rejected", content={"amount": "a lot"})
    await work_order(node, day, "home", state="rejected", content={"money": "none"})
    await work_order(
        node,
        day,
        "home",
        business="replace-sim",
        content={"money": {"collected": "60.00", "remainder": "49.99"}},
    )
    await close(node)
    (report,) = await reports(node, day, 1)
    assert figures(report)["work-orders", "up", "outcome", "pay"] == (2, Decimal("0.00"))
    assert figures(report)["work-orders", "up", "outcome", "replace-sim"] == (1, Decimal("49.99"))


async def test_a_forward_is_sent_again_unless_it_was_refused(node: RunningService, day: date) -> None:
    done = await work_order(node, day, "acceptance")
    waits = await work_order(node, day, "acceptance", forward="asked", state="running", position=0)
    refused = await work_order(node, day, "acceptance", forward="refused", state="rejected")
    records = [f"forward/bj/{id}/1" for id in (done, waits, refused)]
    await taken_in(
        node, await ask(node, ReplayAsked(node="bj", day=day, records=records, at=node.clock.now()))
    )
    for id in (done, waits):
        (forward,) = await sent(node, "bj.uplink.work-orders", Forward, id, 1)
        assert (forward.data["accountingDay"], forward.data["attempt"]) == (day.isoformat(), 1)
    await sent(node, "bj.uplink.work-orders", Forward, refused, 0)


async def test_an_outcome_and_a_bill_are_sent_again_with_their_day(node: RunningService, day: date) -> None:
    home = await work_order(node, day, "home")
    paid = await work_order(node, day, "acceptance")
    transaction = await node.db.fetchval("SELECT origin_transaction FROM work_orders WHERE id = $1", home)
    records = [f"outcome/gd/{transaction}/1", f"bill/whatever/{paid}/payment"]
    await ask(node, ReplayAsked(node="bj", day=day, records=records, at=node.clock.now()))
    (outcome,) = await sent(node, "bj.uplink.work-orders", Outcome, transaction, 1)
    assert (outcome.data["state"], outcome.data["accountingDay"]) == ("completed", day.isoformat())
    (bill,) = await sent(node, "bj.uplink.bills", CrossProvinceBill, paid, 1)
    assert (bill.data["amount"], bill.data["accountingDay"], bill.data["home"]) == (
        "50.00",
        day.isoformat(),
        "gd",
    )


@pytest.mark.parametrize(
    "record", ["", "gift/bj/w-1/1", "forward/bj/w-1", "forward/bj/w-1/one", "outcome/bj/w-1/1/1"]
)
async def test_a_record_that_no_node_could_have_named_is_a_dead_letter(
    node: RunningService, day: date, record: str
) -> None:
    ce_id = await ask(node, ReplayAsked(node="bj", day=day, records=[record], at=node.clock.now()))
    assert (await dead(node, ce_id)).startswith("RecordUnknown: ")


async def dead(node: RunningService, ce_id: str) -> str:
    detail = await eventually(
        lambda: node.db.fetchval("SELECT detail FROM dead_letters WHERE ce_id = $1", ce_id)
    )
    return str(detail)


async def test_only_the_router_asks(node: RunningService, day: date) -> None:
    id = await work_order(node, day, "acceptance")
    replay = ReplayAsked(node="bj", day=day, records=[f"forward/bj/{id}/1"], at=node.clock.now())
    question = LinesAsked(
        node="bj",
        day=day,
        interface="bills",
        direction="up",
        question="q-1",
        groups=[],
        at=node.clock.now(),
    )
    for message in (replay, question):
        ce_id = await ask(node, message, source="/gd/order-acceptance")
        assert (await dead(node, ce_id)).startswith("Spoofed: ")
    await sent(node, "bj.uplink.work-orders", Forward, id, 0)
