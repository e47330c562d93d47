"""`<node>.customer.tasks`: the steps of work orders that this service carries out.

Everything is kept under the task's id, in the transaction of the effect: a task that is asked again gets the same
answer. An undo that comes first closes the door for its do.
"""

from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from contracts.base import Reason
from contracts.steps import AccountOpened, BranchOpened, OpenBillingAccount, OpenBranch
from contracts.tasks import Task, TaskResult
from libs.messaging import Message, Outgoing, Work
from services.customer import errors
from services.customer.accounts.opening import account_document
from services.customer.branches import store as branches
from services.customer.branches.following import say_held
from services.customer.branches.rules import judge_branch
from services.customer.desk import SERVICE_NAME, Desk
from services.customer.facts.telling import customers_may_change, tell_accounts, tell_customers
from services.customer.tasks import store
from services.customer.tasks.rules import BRANCH, OPEN, Account, Owner, judge_opening
from services.customer.tasks.store import Recorded

P = TypeVar("P", bound=BaseModel)


async def on_tasks(work: Work, messages: list[Message[Task]]) -> None:
    """Carry out a batch in its order, with a fixed number of statements, and answer each message."""
    tasks = [message.data for message in messages]
    batch = _Batch(
        work.now, await store.results(work.tx, [id for task in tasks for id in (task.task_id, task.does)])
    )
    dos = [task for task in tasks if task.direction == "do"]
    inputs = {task.task_id: _input(task, OpenBillingAccount) for task in dos if task.name == OPEN}
    snapshots = {task.task_id: _input(task, OpenBranch) for task in dos if task.name == BRANCH}
    if snapshots:
        await customers_may_change(work.tx)
        batch.branches = await branches.known(work.tx, [one.customer for one in snapshots.values() if one])
    wanted = [one for one in inputs.values() if one is not None]
    batch.owners = await store.owners(work.tx, [one.customer for one in wanted], work.now)
    batch.accounts = await store.accounts(work.tx, [one.account for one in wanted])
    for task in tasks:
        if task.task_id not in batch.known:
            if task.direction == "do" and task.name == BRANCH:
                batch.open_branch(task, snapshots[task.task_id])
            elif task.direction == "do":
                batch.do(task, inputs.get(task.task_id))
            else:
                batch.undo(task)
        work.send(_answer(task, batch.known[task.task_id].result))
    await batch.write(work)


async def on_dead_task(work: Work, message: Message[Task], reason: str) -> None:
    """A do that could not be carried out is refused, unless it has to be done: then an operator sees to it."""
    task = message.data
    if task.direction != "do" or task.final:
        return
    known = await store.results(work.tx, [task.task_id])
    if task.task_id not in known:
        known[task.task_id] = Recorded(_refused(task, errors.TASK_DEAD_LETTERED, work.now))
        await store.keep_results(work.tx, [known[task.task_id]])
    work.send(_answer(task, known[task.task_id].result))


class _Batch:
    """What a batch found, and what it comes to; nothing is written before all is decided."""

    def __init__(self, now: datetime, known: dict[str, Recorded]) -> None:
        self.now = now
        self.known = known
        self.owners: dict[str, Owner] = {}
        self.accounts: dict[str, Account] = {}
        self.branches = branches.Known(frozenset(), {})
        self._snapshots: dict[str, OpenBranch] = {}
        self._made: list[Recorded] = []
        self._opened: list[dict[str, str | None]] = []
        self._closed: list[str] = []

    def do(self, task: Task, wanted: OpenBillingAccount | None) -> None:
        if wanted is None:
            unknown = task.name != OPEN
            self._keep(_refused(task, errors.TASK_UNKNOWN if unknown else errors.TASK_INVALID, self.now))
            return
        owner = self.owners.get(wanted.customer)
        opening = judge_opening(wanted.customer, task.work_order, owner, self.accounts.get(wanted.account))
        if opening.act == "refuse":
            self._keep(_refused(task, opening.refused, self.now))
            return
        if opening.act == "open" and owner is not None:
            self.accounts[wanted.account] = Account(wanted.customer, "active", task.work_order)
            self._opened.append(
                {
                    "id": wanted.account,
                    "customer": wanted.customer,
                    "area": wanted.area or owner.area,
                    "work_order": task.work_order,
                    "document": account_document(wanted.account, wanted.customer, owner.name, self.now),
                }
            )
        output = AccountOpened(account=wanted.account).model_dump(mode="json", by_alias=True)
        self._keep(_done(task, self.now, output), account=wanted.account)

    def open_branch(self, task: Task, wanted: OpenBranch | None) -> None:
        """A copy of headquarters' record, as new as the newest snapshot; nothing takes it back."""
        if wanted is None:
            self._keep(_refused(task, errors.TASK_INVALID, self.now))
            return
        before = self._snapshots.get(wanted.customer)
        version = before.version if before else self.branches.versions.get(wanted.customer)
        act = judge_branch(wanted, wanted.customer in self.branches.customers, version)
        if act == "taken":
            self._keep(_refused(task, errors.CUSTOMER_TAKEN, self.now))
            return
        if act != "nothing":
            self._snapshots[wanted.customer] = wanted
        output = BranchOpened(customer=wanted.customer).model_dump(mode="json", by_alias=True)
        self._keep(_done(task, self.now, output))

    def undo(self, task: Task) -> None:
        """Never refused. Of a do that is unknown, or was refused, nothing is left to undo."""
        before = self.known.get(task.does)
        if before is None:
            door_closed = _refused(task, errors.UNDONE_BEFORE, self.now).model_copy(
                update={"task_id": task.does, "direction": "do"}
            )
            self._keep(door_closed)
        elif before.result.outcome == "done" and before.account is not None:
            self._closed.append(before.account)
            if (account := self.accounts.get(before.account)) is not None:
                self.accounts[before.account] = Account(account.customer, "closed", account.work_order)
        self._keep(_done(task, self.now, {}))

    def _keep(self, result: TaskResult, account: str | None = None) -> None:
        recorded = self.known[result.task_id] = Recorded(result, account)
        self._made.append(recorded)

    async def write(self, work: Work) -> None:
        if not self._made:
            return
        if self._snapshots:
            await branches.write(work.tx, list(self._snapshots.values()), self.now)
            await tell_customers(work.runtime.state, work.tx, sorted(self._snapshots), self.now)
            held = {id: one.version for id, one in self._snapshots.items()}
            work.send(*say_held(work.runtime.settings.node, held, self.now))
        if self._opened:
            await store.open_accounts(work.tx, self._opened, self.now)
        if self._closed:
            await store.close_accounts(work.tx, self._closed, self.now)
        await store.keep_results(work.tx, self._made)
        touched = sorted({*(str(row["id"]) for row in self._opened), *self._closed})
        if touched:
            desk: Desk = work.runtime.state
            await tell_accounts(desk, work.tx, touched, self.now)


def _input(task: Task, model: type[P]) -> P | None:
    try:
        return model.model_validate(task.input)
    except ValidationError:
        return None


def _done(task: Task, now: datetime, output: dict[str, object]) -> TaskResult:
    return TaskResult(
        task_id=task.task_id,
        work_order=task.work_order,
        direction=task.direction,
        outcome="done",
        output=output,
        at=now,
        executor=SERVICE_NAME,
    )


def _refused(task: Task, code: str, now: datetime) -> TaskResult:
    return TaskResult(
        task_id=task.task_id,
        work_order=task.work_order,
        direction=task.direction,
        outcome="refused",
        reasons=[Reason(code=code, node=task.node, task=task.name)],
        at=now,
        executor=SERVICE_NAME,
    )


def _answer(task: Task, result: TaskResult) -> Outgoing:
    return Outgoing(task.reply_to, task.work_order, result, subject=task.task_id)
