"""Balances: accounting's, asked as a task whenever somebody looks; kept here are copies with the time of each."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from contracts.base import Acceptance
from contracts.steps import AskBalance, BalanceTold
from contracts.subscribers import BalanceSeen
from contracts.tasks import Task, TaskResult
from libs.ids import new_id
from libs.messaging import Outgoing, Work
from libs.messaging.topics import results, tasks
from services.order_acceptance.engine.words import SERVICE
from services.order_acceptance.orders.facts import Installed
from services.order_acceptance.subscribers import store

LOOK = "look-"
"""How the id begins that stands for the work order in a task, where somebody only looks."""
STEP = "ask-balance"
MISSING = "accounting-not-answering"


def new_look() -> str:
    return LOOK + new_id()


async def ask(work: Work, asked: Sequence[tuple[str, Installed, Acceptance]]) -> None:
    """Ask accounting for the balance behind each subscription: (look, subscription, who looks)."""
    if not asked:
        return
    await store.note_askings(work.tx, [(look, one.billing_account) for look, one, _ in asked], work.now)
    node = str(work.runtime.settings.node)
    work.send(*(_task(look, installed, by, node) for look, installed, by in asked))


def _task(look: str, installed: Installed, by: Acceptance, node: str) -> Outgoing:
    task_id = f"{look}/1/{STEP}/1/do"
    wanted = AskBalance(account=installed.billing_account, number=installed.number)
    task = Task(
        task_id=task_id,
        does=task_id,
        direction="do",
        name=STEP,
        work_order=look,
        order=look,
        business="look",
        node=node,
        reply_to=results(node, SERVICE),
        number=installed.number,
        acceptance=by,
        input=wanted.model_dump(mode="json", by_alias=True),
    )
    return Outgoing(topic=tasks(node, "production"), key=look, data=task, subject=look)


async def learn(work: Work, told: Sequence[TaskResult]) -> dict[str, BalanceSeen]:
    """Keep what accounting has told, and what it says for each look; nothing for those that it refused."""
    accounts = await store.end_askings(work.tx, [one.work_order for one in told])
    answered = [one for one in told if one.outcome == "done" and one.work_order in accounts]
    read = {one.work_order: (BalanceTold.model_validate(one.output).balance, one.at) for one in answered}
    await store.keep_balances(
        work.tx, [(accounts[look], balance, at) for look, (balance, at) in read.items()]
    )
    return {look: BalanceSeen(balance=balance, at=at) for look, (balance, at) in read.items()}


async def last_copies(work: Work, accounts: Sequence[str]) -> Mapping[str, BalanceSeen]:
    """Of accounts that accounting did not tell of in time: the last copy, or that there is none."""
    kept = await store.balances(work.tx, accounts)
    return {account: copy_of(kept.get(account)) for account in accounts}


def copy_of(kept: tuple[Decimal, datetime] | None) -> BalanceSeen:
    balance, at = kept or (None, None)
    return BalanceSeen(balance=balance, at=at, missing=MISSING)
