"""The executor, spoken to as the process engine does: over Kafka, and by batches of whatever order."""

import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.base import Acceptance
from contracts.tasks import Task, TaskResult
from libs.ids import new_id
from libs.messaging import Message
from libs.messaging.envelope import to_bytes
from libs.messaging.topics import results, tasks
from services.customer.tasks.messages import on_dead_task, on_tasks
from services.customer.tests.hall import ACCOUNT, CUSTOMER, Hall

TASKS = tasks("gd", "customer")
RESULTS = results("gd", "order-acceptance")
AT = datetime.fromisoformat("2026-11-24T08:00:00+08:00")


def task(
    direction: str = "do",
    *,
    work_order: str = "w-1",
    account: str = "a-1",
    customer: str = "c-1",
    attempt: int = 1,
    **more: Any,
) -> Task:
    do = f"{work_order}/1/open-billing-account/{attempt}/do"
    given = {
        "task_id": do if direction == "do" else do.removesuffix("do") + "undo",
        "does": do,
        "direction": direction,
        "name": "open-billing-account" if direction == "do" else "close-billing-account",
        "work_order": work_order,
        "order": "o-1",
        "business": "open-account",
        "node": "gd",
        "reply_to": RESULTS,
        "acceptance": Acceptance(node="gd", issuer="http://gd.unicrm.test", actor="x", at=AT),
        "input": {"account": account, "customer": customer, "area": "0755"},
    }
    return Task.model_validate(given | more)


def message(data: Task) -> Message[Task]:
    return Message(
        id=new_id(),
        type=Task.ce_type,
        source="/gd/order-acceptance",
        subject=None,
        time=AT,
        key=data.work_order,
        topic=TASKS,
        data=data,
        payload=to_bytes(data),
    )


async def carry_out(hall: Hall, *asked: Task) -> list[TaskResult]:
    """One batch, in one transaction; what is answered to each message."""
    async with hall.service.runtime.unit() as work:
        await on_tasks(work, [message(one) for one in asked])
        answers = [one for one in work.outgoing if isinstance(one.data, TaskResult)]
    assert [answer.topic for answer in answers] == [one.reply_to for one in asked]
    assert [answer.key for answer in answers] == [one.work_order for one in asked]
    return [TaskResult.model_validate(answer.data) for answer in answers]


async def state_of(hall: Hall, account: str) -> str | None:
    row = await hall.db.fetchrow("SELECT state, document FROM billing_accounts WHERE id = $1", account)
    if row is None:
        return None
    assert json.loads(row["document"])["state"] == row["state"]
    return str(row["state"])


def outcome(result: TaskResult) -> tuple[str, list[str]]:
    return result.outcome, [reason.code for reason in result.reasons]


async def test_an_account_is_opened_by_a_task_and_told(hall: Hall) -> None:
    customer, account, order = await hall.customer(), new_id(), new_id()
    asked = task(work_order=order, account=account, customer=customer)
    await hall.service.topics.put(TASKS, order, asked)
    (answer,) = await hall.service.topics.wait(RESULTS, where=lambda one: one.key == order)
    result = TaskResult.model_validate(answer.data)
    assert (result.task_id, result.outcome, result.executor) == (asked.task_id, "done", "customer")
    assert result.output == {"account": account}
    (event,) = await hall.told(account)
    assert event.data == await hall.facts("billingAccounts", account)
    assert (event.data["customer"], event.data["state"], event.data["area"]) == (customer, "active", "0755")
    shown = (await hall.get(f"{ACCOUNT}/{account}")).json()
    assert shown["relatedParty"] == [
        {"id": customer, "role": "customer", "name": "张三", "@referredType": "Customer"}
    ]
    assert (shown["name"], shown["@type"]) == ("张三", "BillingAccount")


async def test_every_sending_gets_the_same_answer_and_one_effect(hall: Hall) -> None:
    customer, account, order = await hall.customer(), new_id(), new_id()
    asked = task(work_order=order, account=account, customer=customer)
    for _ in range(2):
        await hall.service.topics.put(TASKS, order, asked)
    sent_twice = await hall.service.topics.put(TASKS, order, asked)
    await hall.service.topics.put(TASKS, order, asked, id=sent_twice)
    last = task("undo", work_order=order, account=account, customer=customer)
    await hall.service.topics.put(TASKS, order, last)
    answers = await hall.service.topics.wait(RESULTS, 4, where=lambda one: one.key == order)
    assert [answer.data["taskId"] for answer in answers] == [asked.task_id] * 3 + [last.task_id]
    assert answers[0].data == answers[1].data == answers[2].data
    assert await state_of(hall, account) == "closed"


async def test_an_undo_closes_what_its_do_opened(hall: Hall) -> None:
    customer, account, order = await hall.customer(), new_id(), new_id()
    place: dict[str, Any] = {"work_order": order, "account": account, "customer": customer}
    await carry_out(hall, task(**place))
    (result,) = await carry_out(hall, task("undo", **place))
    assert outcome(result) == ("done", [])
    assert (await hall.facts("billingAccounts", account))["state"] == "closed"
    assert (await hall.told(account, 2))[-1].data["version"] == 2


async def test_an_undo_that_comes_first_closes_the_door_for_its_do(hall: Hall) -> None:
    customer, account, order = await hall.customer(), new_id(), new_id()
    place: dict[str, Any] = {"work_order": order, "account": account, "customer": customer}
    (undone,) = await carry_out(hall, task("undo", **place))
    assert outcome(undone) == ("done", [])
    for _ in range(2):
        (late,) = await carry_out(hall, task(**place))
        assert outcome(late) == ("refused", ["undone-before"])
    assert await state_of(hall, account) is None
    (again,) = await carry_out(hall, task(attempt=2, **place))
    assert outcome(again) == ("done", [])


async def test_the_owner_is_judged_again_when_the_task_runs(hall: Hall) -> None:
    suspended, listed = await hall.customer(), await hall.customer()
    await hall.patch(f"{CUSTOMER}/{suspended}", {"status": "suspended"})
    entry = {"customer": {"id": listed}, "reason": "fraud"}
    await hall.post("/api/customer/v1/blacklist", entry, "supervisor")
    for customer, code in (
        (suspended, "customer-not-active"),
        (listed, "customer-blacklisted"),
        ("nobody", "customer-unknown"),
    ):
        order = new_id()
        place: dict[str, Any] = {"work_order": order, "account": new_id(), "customer": customer}
        do, undo = await carry_out(hall, task(**place), task("undo", **place))
        assert outcome(do) == ("refused", [code])
        assert (do.reasons[0].node, do.reasons[0].task) == ("gd", "open-billing-account")
        assert outcome(undo) == ("done", [])
        assert await state_of(hall, place["account"]) is None


async def test_an_account_of_the_counter_is_not_taken_over(hall: Hall) -> None:
    customer = await hall.customer()
    account, order = await hall.account(customer), new_id()
    place: dict[str, Any] = {"work_order": order, "account": account, "customer": customer}
    do, undo = await carry_out(hall, task(**place), task("undo", **place))
    assert outcome(do) == ("refused", ["account-taken"])
    assert outcome(undo) == ("done", [])
    assert await state_of(hall, account) == "active"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"name": "make-coffee"}, "task-unknown"),
        ({"input": {}}, "task-invalid"),
        ({"input": {"account": "", "customer": "x"}}, "task-invalid"),
    ],
)
async def test_what_nobody_understands_is_refused_and_kept(
    hall: Hall, more: dict[str, Any], code: str
) -> None:
    asked = task(work_order=new_id(), **more)
    first, again = await carry_out(hall, asked, asked)
    assert outcome(first) == ("refused", [code])
    assert first == again
    assert await hall.db.fetchval("SELECT count(*) FROM billing_accounts") == 0


@pytest.mark.parametrize(
    ("direction", "final", "answers"), [("do", False, 1), ("do", True, 0), ("undo", False, 0)]
)
async def test_only_a_dead_do_before_the_point_of_no_return_is_refused(
    hall: Hall, direction: str, final: bool, answers: int
) -> None:
    customer, account = await hall.customer(), new_id()
    asked = task(direction, work_order=new_id(), account=account, customer=customer, final=final)
    async with hall.service.runtime.unit() as work:
        await on_dead_task(work, message(asked), "it broke")
        sent = [one.data for one in work.outgoing if isinstance(one.data, TaskResult)]
    assert [outcome(one) for one in sent] == [("refused", ["task-dead-lettered"])] * answers
    if answers:
        (replayed,) = await carry_out(hall, asked)
        assert replayed == sent[0]
        assert await state_of(hall, account) is None


moves = st.lists(st.tuples(st.integers(1, 3), st.sampled_from(["do", "undo"])), min_size=1, max_size=10)
cuts = st.lists(st.booleans(), min_size=10, max_size=10)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves, cuts)
async def test_whatever_the_order_and_the_batches_the_account_is_open_or_nothing_is_left(
    hall: Hall, steps: list[tuple[int, str]], batches: list[bool]
) -> None:
    """Dos and undos of up to three attempts, repeated, in any order, cut into batches anywhere."""
    customer = await hall.customer()
    account, order = new_id(), new_id()
    place: dict[str, Any] = {"work_order": order, "account": account, "customer": customer}
    asked = [task(direction, attempt=attempt, **place) for attempt, direction in steps]
    answered: dict[str, TaskResult] = {}
    batch: list[Task] = []
    for one, cut in zip(asked, batches, strict=False):
        batch.append(one)
        if cut or one is asked[-1]:
            for result in await carry_out(hall, *batch):
                assert answered.setdefault(result.task_id, result) == result
            batch = []
    assert all(one.outcome == "done" for one in answered.values() if one.direction == "undo")

    # A model of what must be: the first sending of each task counts, in its order.
    opened, closed, shut = False, False, set[int]()
    seen: set[tuple[int, str]] = set()
    did: set[int] = set()
    for attempt, direction in steps:
        if (attempt, direction) in seen:
            continue
        seen.add((attempt, direction))
        if direction == "do" and attempt not in shut and not closed:
            opened = True
            did.add(attempt)
        elif direction == "undo" and attempt in did:
            closed = True
        elif direction == "undo":
            shut.add(attempt)
    assert await state_of(hall, account) == (None if not opened else "closed" if closed else "active")
    for attempt in {attempt for attempt, direction in steps if direction == "do"}:
        result = answered[task(attempt=attempt, **place).task_id]
        assert (result.outcome == "done") == (attempt in did)
