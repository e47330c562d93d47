"""What nodes report of a day, as the router takes it in: only their own, only the newest, page by page."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from contracts.reconciliation import (
    Account,
    DayReported,
    Figure,
    Line,
    LinesAsked,
    LinesReported,
    ReplayAsked,
)
from libs.clock import closed_since, last_closed
from libs.database.digest import digest_of
from libs.ids import new_id
from libs.messaging.topics import downlink, uplink
from services.hq_router.bills.tests.test_bills import bill
from services.hq_router.bills.tests.test_bills import send as send_bill
from services.hq_router.reconciliation import messages
from services.hq_router.tests.nodes import Nodes
from tests.engines import eventually

RECONCILIATIONS = "/api/hq-router/v1/reconciliations"
NODE = "xz"


async def new_day(nodes: Nodes) -> date:
    """A day that has just closed, and that no other test has."""
    await nodes.pass_time(timedelta(hours=24))
    await nodes.router.tick("reconcile")
    return last_closed(nodes.now)


def lines_of(*amounts: str) -> list[Line]:
    """Bills that the node collected for Guangdong."""
    made = [
        Line(
            id=f"bill/{new_id()}/{new_id()}/payment",
            business="payment",
            counterpart="gd",
            amount=Decimal(one),
        )
        for one in amounts
    ]
    return sorted(made, key=lambda line: line.id)


def reported(nodes: Nodes, day: date, lines: list[Line], version: int = 1, node: str = NODE) -> DayReported:
    figures = []
    if lines:
        figures = [
            Figure(
                record="bill",
                business="payment",
                counterpart="gd",
                count=len(lines),
                amount=sum((line.amount for line in lines), Decimal()),
                digest=digest_of(line.text for line in lines),
            )
        ]
    accounts = [Account(interface="bills", direction="up", figures=figures)]
    return DayReported(node=node, day=day, version=version, accounts=accounts, at=nodes.now)


async def send(nodes: Nodes, message: Any, node: str = NODE, source: str | None = None) -> str:
    return await nodes.router.topics.put(
        uplink(node, "reports"),
        f"{node}/{message.day}",
        message,
        source=source or f"/{node}/order-acceptance",
        time=nodes.now,
    )


async def report(nodes: Nodes, day: date, lines: list[Line], version: int = 1) -> None:
    await nodes.taken_in(await send(nodes, reported(nodes, day, lines, version)))


async def asked(nodes: Nodes, model: Any, day: date, times: int) -> list[Any]:
    """So many questions of this kind about the day, as the node has them."""
    found = await nodes.router.topics.wait(
        downlink(NODE, "reports"),
        times,
        where=lambda one: one.type == model.ce_type and one.data["day"] == day.isoformat(),
    )
    return [model.model_validate(one.data) for one in found]


async def answer(nodes: Nodes, question: LinesAsked, lines: list[Line], *, last: bool = True) -> str:
    ce_id = await send(
        nodes,
        LinesReported(
            node=NODE,
            day=question.day,
            question=question.question,
            after=question.after,
            lines=lines,
            last=last,
            at=nodes.now,
        ),
    )
    return ce_id


async def collected(nodes: Nodes, day: date, lines: list[Line]) -> None:
    """The bills of these lines reach the router."""
    for line in lines:
        _, payment, work_order, _ = line.id.split("/")
        one = bill(
            nodes,
            payment=payment,
            work_order=work_order,
            collected_by=NODE,
            amount=line.amount,
            accounting_day=day,
        )
        await nodes.taken_in(await send_bill(nodes, one, NODE))


async def read(nodes: Nodes, path: str, role: str = "auditor", status: int = 200) -> Any:
    found = await nodes.router.client.get(f"{RECONCILIATIONS}{path}", headers=nodes.router.bearer(role))
    assert found.status_code == status, found.text
    return found.json()


async def bills_of(nodes: Nodes, day: date) -> Any:
    (one,) = await read(nodes, f"?accountingDay={day}&node={NODE}&interface=bills")
    return await read(nodes, f"/{one['id']}")


async def repair(nodes: Nodes, id: str, status: int = 200, role: str = "hq-operator", **body: Any) -> Any:
    found = await nodes.router.client.post(
        f"{RECONCILIATIONS}/{id}/repair",
        json={"reason": "lost"} | body,
        headers=nodes.router.bearer(role, key=new_id()),
    )
    assert found.status_code == status, found.text
    return found.json()


async def test_a_node_that_has_not_reported_is_missing(nodes: Nodes) -> None:
    day = await new_day(nodes)
    listed = await read(nodes, f"?accountingDay={day}&node={NODE}")
    assert {(one["interface"], one["direction"], one["state"], one["version"]) for one in listed} == {
        ("work-orders", "up", "missing", 0),
        ("work-orders", "down", "missing", 0),
        ("bills", "up", "missing", 0),
    }
    assert all("atNode" not in one for one in listed)
    await report(nodes, day, [])
    listed = await read(nodes, f"?accountingDay={day}&node={NODE}&state=matched")
    assert [one["version"] for one in listed] == [1, 1, 1]
    assert len(await read(nodes, f"?accountingDay={day}&node=bj&state=missing")) == 3


async def test_days_that_closed_while_the_router_stood_still_are_opened(nodes: Nodes) -> None:
    before = await new_day(nodes)
    await nodes.pass_time(timedelta(days=3))
    await nodes.router.tick("reconcile")
    days = closed_since(before, nodes.now)
    assert len(days) == 3
    listed = await read(
        nodes, f"?accountingDay={','.join(map(str, days))}&node={NODE}&interface=bills&sort=accountingDay"
    )
    assert [one["accountingDay"] for one in listed] == [day.isoformat() for day in days]


async def test_nobody_reports_in_anothers_name(nodes: Nodes) -> None:
    day = await new_day(nodes)
    for message in (
        reported(nodes, day, lines_of("50.00"), node="bj"),
        LinesReported(node="bj", day=day, question="q", lines=[], last=True, at=nodes.now),
    ):
        assert (await nodes.dead(await send(nodes, message))).startswith("Spoofed: ")
    own = reported(nodes, day, lines_of("50.00"))
    assert (await nodes.dead(await send(nodes, own, source="/bj/order-acceptance"))).startswith("Spoofed: ")
    assert (await bills_of(nodes, day))["state"] == "missing"


@pytest.mark.parametrize("days", [1, -40])
async def test_a_day_that_has_not_closed_or_is_long_past_is_no_report(nodes: Nodes, days: int) -> None:
    day = await new_day(nodes) + timedelta(days=days)
    ce_id = await send(nodes, reported(nodes, day, []))
    assert (await nodes.dead(ce_id)).startswith("DayNotClosed: ")


async def test_an_older_version_of_a_day_changes_nothing(nodes: Nodes) -> None:
    day = await new_day(nodes)
    await report(nodes, day, lines_of("50.00"), version=3)
    await report(nodes, day, [], version=2)
    one = await bills_of(nodes, day)
    assert (one["reportVersion"], one["atNode"]["count"], one["state"]) == (3, 1, "different")
    await report(nodes, day, [], version=4)
    one = await bills_of(nodes, day)
    assert (one["reportVersion"], one["state"], one["version"]) == (4, "matched", 2)


async def test_a_bill_that_comes_late_makes_the_day_match_by_itself(nodes: Nodes) -> None:
    day = await new_day(nodes)
    lines = lines_of("50.00", "0.01")
    await collected(nodes, day, lines[:1])
    await report(nodes, day, lines)
    assert (await bills_of(nodes, day))["state"] == "different"
    await collected(nodes, day, lines[1:])
    await nodes.pass_time(timedelta(minutes=1))
    await nodes.router.tick("reconcile")
    one = await bills_of(nodes, day)
    assert (one["state"], one["version"], one["router"]["amount"]["value"]) == ("matched", 2, 50.01)


async def test_records_are_compared_page_by_page(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    # The router's own steps through a page are as small as they can be.
    monkeypatch.setattr(messages, "LARGEST_PAGE", 2)
    day = await new_day(nodes)
    lines = lines_of(*["10.00"] * 9)
    theirs, ours = [*lines[:5], *lines[6:]], [*lines[:1], *lines[2:]]
    await collected(nodes, day, ours)
    await report(nodes, day, theirs)
    (first,) = await asked(nodes, LinesAsked, day, 1)
    assert [(group.record, group.business) for group in first.groups] == [("bill", "payment")]
    await answer(nodes, first, theirs[:4], last=False)
    _, second = await asked(nodes, LinesAsked, day, 2)
    assert (second.question, second.after) == (first.question, theirs[3].id)
    assert "explained" not in await bills_of(nodes, day)
    # The first page again, and an answer to a question that nobody asked: nothing.
    for stale in (first, second.model_copy(update={"question": f"{new_id()}/1"})):
        await nodes.taken_in(await answer(nodes, stale, theirs[:4], last=False))
    await nodes.taken_in(await answer(nodes, second, theirs[4:]))
    one = await bills_of(nodes, day)
    assert one["explained"]
    assert [(found["record"], found["kind"], found["repairable"]) for found in one["difference"]] == [
        (lines[1].id, "missing-at-router", True),
        (lines[5].id, "missing-at-node", False),
    ]
    only = await read(nodes, f"/{one['id']}/differences?kind=missing-at-node&settled=false")
    assert [found["record"] for found in only] == [lines[5].id]


async def test_lines_out_of_their_order_are_no_answer(nodes: Nodes) -> None:
    day = await new_day(nodes)
    lines = lines_of("1.00", "2.00")
    await report(nodes, day, lines)
    (question,) = await asked(nodes, LinesAsked, day, 1)
    ce_id = await answer(nodes, question, lines[::-1], last=False)
    assert (await nodes.dead(ce_id)).startswith("OutOfOrder: ")


async def test_a_question_that_stays_without_answer_is_asked_again(nodes: Nodes) -> None:
    day = await new_day(nodes)
    await report(nodes, day, lines_of("1.00"))
    await asked(nodes, LinesAsked, day, 1)
    await nodes.pass_time(timedelta(minutes=10))
    await nodes.router.tick("reconcile")
    first, again = await asked(nodes, LinesAsked, day, 2)
    assert again.question == first.question


async def different(nodes: Nodes) -> tuple[date, Any, list[Line]]:
    """A day of which two bills are missing at the router, and explained."""
    day = await new_day(nodes)
    lines = lines_of("1.00", "2.00")
    await report(nodes, day, lines)
    (question,) = await asked(nodes, LinesAsked, day, 1)
    await nodes.taken_in(await answer(nodes, question, lines))
    return day, await bills_of(nodes, day), lines


async def test_an_operator_has_records_sent_again_and_it_is_written_down(nodes: Nodes) -> None:
    day, one, lines = await different(nodes)
    shown = await repair(nodes, one["id"], record=[lines[0].id])
    assert ["repairAsked" in found for found in shown["difference"]] == [True, False]
    (replay,) = await asked(nodes, ReplayAsked, day, 1)
    assert replay.records == [lines[0].id]
    await repair(nodes, one["id"])
    _, both = await asked(nodes, ReplayAsked, day, 2)
    assert both.records == [line.id for line in lines]
    acts = await nodes.router.client.get(
        f"/api/hq-router/v1/operatorActs?reconciliation={one['id']}&sort=id",
        headers=nodes.router.bearer("auditor"),
    )
    assert [(act["act"], act["node"], act["actor"]) for act in acts.json()] == [
        ("repair", NODE, "hq-operator-1")
    ] * 2


async def test_what_is_no_difference_is_not_repaired(nodes: Nodes) -> None:
    _, one, lines = await different(nodes)
    refused = await repair(nodes, one["id"], 400, record=[lines[0].id, "bill/a/b/payment"])
    assert [reason["code"] for reason in refused["reasons"]] == ["difference-unknown"]
    await repair(nodes, one["id"], 400, reason=" ")
    await repair(nodes, new_id(), 404)
    day = await new_day(nodes)
    await report(nodes, day, [])
    assert (await repair(nodes, (await bills_of(nodes, day))["id"], 409))["code"] == "nothing-to-repair"


async def test_only_an_operator_of_headquarters_repairs(nodes: Nodes) -> None:
    _, one, _ = await different(nodes)
    for role in ("auditor", "supervisor"):
        await repair(nodes, one["id"], 403, role)
        await read(nodes, f"/{one['id']}", role)
    for path in ("", f"/{one['id']}", f"/{one['id']}/differences"):
        await read(nodes, path, "hall-clerk", 403)
    await read(nodes, f"/{new_id()}", status=404)
    await read(nodes, f"/{new_id()}/differences", status=404)
    await read(nodes, "?state=wrong", status=400)


async def test_a_day_is_compared_again_after_a_day_though_nothing_was_written(nodes: Nodes) -> None:
    day = await new_day(nodes)
    lines = lines_of("5.00")
    await collected(nodes, day, lines)
    await report(nodes, day, lines)
    assert (await bills_of(nodes, day))["state"] == "matched"
    payment = lines[0].id.split("/")[1]
    await nodes.router.db.execute("DELETE FROM bills WHERE payment = $1", payment)
    await nodes.pass_time(timedelta(hours=24))

    async def noticed() -> bool:
        await nodes.router.tick("reconcile")
        return bool((await bills_of(nodes, day))["state"] == "different")

    await eventually(noticed)
