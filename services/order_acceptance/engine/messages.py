"""Results of tasks, by the batch."""

from contracts.tasks import TaskResult
from libs.messaging import Message, Work
from services.order_acceptance.engine import rules, store
from services.order_acceptance.engine.carry import move, patience_of
from services.order_acceptance.engine.rules import Moved
from services.order_acceptance.engine.store import Stored
from services.order_acceptance.engine.words import process_of


def reasons_of(result: TaskResult) -> list[rules.Reason]:
    """The reasons of an executor, each with the task that it is about."""
    return [
        rules.Reason(
            code=reason.code,
            path=reason.path,
            parameters=reason.parameters,
            node=reason.node,
            task=reason.task or result.task_id.split("/")[2],
        )
        for reason in result.reasons
    ]


async def on_results(work: Work, messages: list[Message[TaskResult]]) -> None:
    """A batch of answers moves their work orders in one transaction; an answer nobody waits for is recorded."""
    patience = patience_of(work.runtime.settings)

    def decide(stored: Stored, result: TaskResult) -> Moved | None:
        return rules.answered(
            stored.work,
            process_of(stored.work),
            result.task_id,
            result.outcome,
            result.output,
            reasons_of(result),
            work.now,
            patience,
        )

    idle, strange = await move(work, [(one.data.work_order, one.data) for one in messages], decide)
    late = [(one.work_order, one.task_id, one.outcome, one.output) for one in (*idle, *strange)]
    await store.record_late(work.tx, late, work.now)
