"""Tasks and their results: one step of a work order, asked of a service or a production system.

Asked on `<node>.<executor>.tasks`, answered on the topic that the task names, keyed by the work order.
"""

from typing import Literal

from pydantic import Field

from contracts.base import Acceptance, Contract, Digits, Document, Identifier, Instant, NodeCode, Reason

Direction = Literal["do", "undo"]


class Task(Contract):
    """Do, or undo, one step.

    `taskId` names the effect: an executor keeps its result under it and gives the same result to every sending.
    `does` is the id of the do that an undo takes back; an executor that sees the undo first records
    that and refuses the do.
    """

    ce_type = "unicrm.task.requested.v1"

    task_id: str = Field(
        max_length=200, description="work order / forward attempt / step / task attempt / do or undo"
    )
    does: str = Field(max_length=200, description="the task id of the do; for a do its own id")
    direction: Direction
    name: str = Field(
        max_length=64, description="what to do: `reserve-card`, `swap-card`; for an undo, the undo's name"
    )
    work_order: Identifier
    order: Identifier
    business: str = Field(max_length=64)
    node: NodeCode
    reply_to: str = Field(max_length=200, description="topic of the results")
    number: Digits | None = None
    final: bool = Field(False, description="after the point of no return: a refusal helps nobody")
    acceptance: Acceptance
    input: Document = Field(default_factory=dict, description="as the model of the named task says")


class TaskResult(Contract):
    """What came of a task."""

    ce_type = "unicrm.task.result.v1"

    task_id: str = Field(max_length=200)
    work_order: Identifier
    direction: Direction
    outcome: Literal["done", "refused"]
    reasons: list[Reason] = []
    output: Document = {}
    at: Instant
    executor: str = Field(max_length=64)
