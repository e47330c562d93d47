"""Tasks in, results out: `<node>.resource.tasks` → the topic that each task names.

A result is kept under its task id, in the transaction of the effect, and goes out again for every sending. An undo
that arrives before its do is kept, does nothing, and the do is refused for ever.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel

from contracts.base import Reason
from contracts.steps import (
    STEPS,
    AllocateProfile,
    BindCard,
    BindNumber,
    BindProfile,
    CoolNumber,
    PickCard,
    PickNumber,
    ReserveCard,
    ReserveNumber,
    RetireCard,
)
from contracts.tasks import Task, TaskResult
from libs.messaging import Message, Outgoing, Work
from services.resource.inventory.rules import MSISDN, SIM
from services.resource.tasks import rules, store
from services.resource.tasks.rules import UNDONE_BEFORE, Effect, Recorded, Refused, Shelf
from services.resource.tasks.sealing import Secrets
from services.resource.writings import telling

EXECUTOR = "resource"
TASK_FAILED = "task-failed"

_INPUTS: Mapping[str, type[BaseModel]] = {
    name: contract.takes for name, contract in STEPS.items() if contract.executor == EXECUTOR
}
_UNDOES: Mapping[str, str] = {
    contract.undo: name for name, contract in STEPS.items() if contract.executor == EXECUTOR and contract.undo
}


class TaskUnknown(ValueError):
    """No task of that name and direction is ours."""


async def carry_out(work: Work, messages: list[Message[Task]]) -> None:
    """Do what a batch of tasks asks, one after the other on one shelf, in a handful of statements for all."""
    asked = [(message, _input_of(message.data)) for message in messages]
    ids = {id for message in messages for id in (message.data.task_id, message.data.does)}
    known = await store.recorded(work.tx, list(ids))
    shelf = await store.take_in_hand(work.tx, _needed(asked))
    bench = Bench(shelf, Secrets(work.runtime), known, work)
    for message, wanted in asked:
        _answer(work, message, bench.result(message.data, wanted))
    new = await store.put_back(work.tx, shelf, bench.writings, work.now)
    if new:
        work.send(*telling.messages(work.runtime.settings.node, await telling.told(work.tx, new)))
    await store.record(work.tx, bench.fresh, work.now)


async def given_up(work: Work, message: Message[Task], reason: str) -> None:
    """A task that cannot be read or done became a dead letter: a do that may still be refused is refused for ever."""
    task = message.data
    if task.direction != "do" or task.final:
        return
    refused = _refused(task, TASK_FAILED, {"detail": reason}, work.runtime.settings.node)
    await store.record(work.tx, [refused], work.now, keep_first=True)
    kept = await store.recorded(work.tx, [task.task_id])
    _answer(work, message, kept[task.task_id])


def _input_of(task: Task) -> BaseModel:
    """What the task wants. Raises TaskUnknown, and ValidationError for an input that its contract does not know."""
    name = task.name if task.direction == "do" else _UNDOES.get(task.name, "")
    model = _INPUTS.get(name)
    if model is None:
        raise TaskUnknown(f"{task.direction} {task.name}")
    return model.model_validate(task.input)


def _needed(asked: list[tuple[Message[Task], BaseModel]]) -> store.Needed:
    needed = store.Needed()
    for message, wanted in asked:
        match wanted:
            case ReserveNumber() | BindNumber() | CoolNumber():
                needed.things.add((MSISDN, wanted.number))
            case ReserveCard() | BindCard():
                needed.things.add((SIM, wanted.iccid))
                if isinstance(wanted, ReserveCard) and wanted.broken and message.data.direction == "do":
                    needed.broken.add(wanted.broken.order)
            case PickNumber() | PickCard():
                needed.pickers.add(message.data.does)
                if isinstance(wanted, PickNumber) and wanted.number is not None:
                    needed.things.add((MSISDN, wanted.number))
                elif message.data.direction == "do":
                    needed.picks[message.data.does] = store.Pick.of(wanted)
            case AllocateProfile():
                needed.holders.add(message.data.does)
                if wanted.kind == "personalised":
                    needed.things.add((SIM, wanted.iccid))
                    needed.iccids.add(wanted.iccid)
                elif message.data.direction == "do":
                    needed.from_pool += 1
            case RetireCard():
                needed.things.add((SIM, wanted.iccid))
                needed.imsis.add(wanted.imsi)
            case BindProfile():
                needed.profiles.add(wanted.profile)
                if wanted.replaces_imsi:
                    needed.imsis.add(wanted.replaces_imsi)
                if wanted.replaces_card:
                    needed.things.add((SIM, wanted.replaces_card))
    return needed


class Bench:
    """Where the tasks of one batch are done, each in its turn."""

    def __init__(self, shelf: Shelf, secrets: Secrets, known: dict[str, Recorded], work: Work) -> None:
        self.fresh: list[Recorded] = []
        self.writings: list[store.NewWriting] = []
        self._shelf = shelf
        self._secrets = secrets
        self._known = known
        self._work = work

    def result(self, task: Task, wanted: BaseModel) -> Recorded:
        """What became of the task: now, or when it came first."""
        before = self._known.get(task.task_id)
        if before is not None:
            return before
        return self._undo(task, wanted) if task.direction == "undo" else self._do(task, wanted)

    def _keep(self, result: Recorded) -> Recorded:
        self._known[result.task_id] = result
        self.fresh.append(result)
        return result

    def _do(self, task: Task, wanted: BaseModel) -> Recorded:
        try:
            output = _DOES[task.name](self, task, wanted)
        except Refused as refusal:
            node = self._work.runtime.settings.node
            return self._keep(_refused(task, refusal.code, refusal.parameters, node))
        return self._keep(Recorded(task.task_id, task.name, task.work_order, "done", (), output))

    def _undo(self, task: Task, wanted: BaseModel) -> Recorded:
        do = self._known.get(task.does)
        if do is None:
            node = self._work.runtime.settings.node
            never = _refused(task, UNDONE_BEFORE, {}, node, task_id=task.does, effect=_UNDOES[task.name])
            self._keep(never)
        elif do.outcome == "done":
            by = self._effect(task)
            match wanted:
                case ReserveNumber():
                    rules.give_back(self._shelf, MSISDN, wanted.number, by)
                case ReserveCard():
                    rules.give_back(self._shelf, SIM, wanted.iccid, by)
                case PickNumber():
                    rules.put_picked_back(self._shelf, MSISDN, by)
                case PickCard():
                    rules.put_picked_back(self._shelf, SIM, by)
                case _:
                    rules.release_profile(self._shelf, by)
        return self._keep(Recorded(task.task_id, task.name, task.work_order, "done"))

    def _effect(self, task: Task) -> Effect:
        return Effect(task.does, task.work_order, task.acceptance.who, self._work.now)

    # -- the tasks

    def reserve_number(self, task: Task, wanted: ReserveNumber) -> dict[str, Any]:
        return _output(rules.reserve_number(self._shelf, wanted, self._effect(task)))

    def reserve_card(self, task: Task, wanted: ReserveCard) -> dict[str, Any]:
        return _output(rules.reserve_card(self._shelf, wanted, self._effect(task)))

    def pick_number(self, task: Task, wanted: PickNumber) -> dict[str, Any]:
        return _output(rules.pick_number(self._shelf, wanted, self._effect(task)))

    def pick_card(self, task: Task, wanted: PickCard) -> dict[str, Any]:
        return _output(rules.pick_card(self._shelf, wanted, self._effect(task)))

    def allocate_profile(self, task: Task, wanted: AllocateProfile) -> dict[str, Any]:
        profile = rules.allocate_profile(self._shelf, wanted, self._effect(task))
        return _output(self._secrets.allocated(profile, wanted))

    def bind_number(self, task: Task, wanted: BindNumber) -> dict[str, Any]:
        rules.bind_number(self._shelf, wanted, self._effect(task))
        return {}

    def bind_card(self, task: Task, wanted: BindCard) -> dict[str, Any]:
        rules.bind_card(self._shelf, wanted, self._effect(task))
        if wanted.write_data is not None:
            data = self._secrets.kept_for_writer(wanted.write_data, wanted.iccid)
            self.writings.append(store.NewWriting(task.order, task.acceptance.who, wanted.iccid, data))
        return {}

    def bind_profile(self, task: Task, wanted: BindProfile) -> dict[str, Any]:
        rules.bind_profile(self._shelf, wanted, self._effect(task))
        return {}

    def cool_number(self, task: Task, wanted: CoolNumber) -> dict[str, Any]:
        rules.cool_number(self._shelf, wanted, self._effect(task))
        return {}

    def retire_card(self, task: Task, wanted: RetireCard) -> dict[str, Any]:
        rules.retire_card(self._shelf, wanted, self._effect(task))
        return {}


_DOES: Mapping[str, Callable[[Bench, Task, Any], dict[str, Any]]] = {
    "reserve-number": Bench.reserve_number,
    "reserve-card": Bench.reserve_card,
    "pick-number": Bench.pick_number,
    "pick-card": Bench.pick_card,
    "allocate-profile": Bench.allocate_profile,
    "bind-number": Bench.bind_number,
    "bind-card": Bench.bind_card,
    "bind-profile": Bench.bind_profile,
    "cool-number": Bench.cool_number,
    "retire-card": Bench.retire_card,
}


def _output(part: BaseModel) -> dict[str, Any]:
    return part.model_dump(mode="json", by_alias=True, exclude_none=True)


def _refused(
    task: Task,
    code: str,
    parameters: Mapping[str, str],
    node: str,
    *,
    task_id: str | None = None,
    effect: str | None = None,
) -> Recorded:
    effect = effect or task.name
    reason = Reason(code=code, parameters=dict(parameters), node=node, task=effect)
    return Recorded(task_id or task.task_id, effect, task.work_order, "refused", (_output(reason),))


def _answer(work: Work, message: Message[Task], result: Recorded) -> None:
    task = message.data
    answer = TaskResult.model_validate(
        {
            "taskId": task.task_id,
            "workOrder": task.work_order,
            "direction": task.direction,
            "outcome": result.outcome,
            "reasons": result.reasons,
            "output": result.output,
            "at": work.now,
            "executor": EXECUTOR,
        }
    )
    work.send(Outgoing(task.reply_to, task.work_order, answer, traceparent=message.traceparent))
