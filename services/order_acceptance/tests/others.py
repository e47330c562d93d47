"""The others, as order acceptance meets them: executors on their topics, owners by their events, clerks at a counter.

The messages are real and travel over Kafka; only who answers is played here, as the executors' own rules say.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from aiokafka import AIOKafkaConsumer

from contracts.events import CustomerChanged, IdentityChecked, OfferingChanged, Price
from contracts.processes import Presented
from contracts.tasks import Task, TaskResult
from libs.ids import new_id
from libs.messaging.topics import events, tasks
from libs.security.sealing import seal
from services.order_acceptance.app import EXECUTORS
from services.order_acceptance.engine.rules import Ask
from services.order_acceptance.processes.tests.world import OUTPUTS, Executor
from tests.running import RunningService

PLAN, OPTION, OPENING, NEW_CARD = "plan-1", "option-1", "fee-open", "fee-sim"
CUSTOMER = "customer-1"
OWNER = ("resident-id", "440103199001011234")


@dataclass
class Others:
    """Everything outside of one order acceptance."""

    service: RunningService
    outside: Executor = field(default_factory=Executor)
    silent: Callable[[Task], bool] = lambda _: False
    seen: list[Task] = field(default_factory=list)
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def answer(self, task: Task) -> None:
        self.seen.append(task)
        outcome, output = self.outside.carry_out(_asked(task))
        if self.silent(task):
            return
        if task.name in OUTPUTS and outcome == "done":
            output = {**OUTPUTS[task.name], **_echo(task), **self.outputs.get(task.name, {})}
        reasons = [{"code": "provisioning-failed"}] if outcome == "refused" else []
        result = TaskResult.model_validate(
            {
                "taskId": task.task_id,
                "workOrder": task.work_order,
                "direction": task.direction,
                "outcome": outcome,
                "output": output,
                "reasons": reasons,
                "at": self.service.clock.now(),
                "executor": "played",
            }
        )
        await self.service.topics.put(task.reply_to, task.work_order, result)

    def names(self, direction: str = "do") -> list[str]:
        """The tasks that were asked, each once, in their order."""
        return list(dict.fromkeys(task.name for task in self.seen if task.direction == direction))


def _asked(task: Task) -> Ask:
    from services.order_acceptance.engine.rules import StepRecord

    return Ask(StepRecord(task.name, "", None, False, False), task.direction, task.task_id, task.does)


def _echo(task: Task) -> dict[str, Any]:
    return {name: task.input[name] for name in ("number", "iccid", "account") if name in task.input}


@asynccontextmanager
async def played(service: RunningService) -> AsyncIterator[Others]:
    """Executors that answer this service's tasks until the end of the block."""
    others = Others(service)
    prefix = service.topics.prefix
    names = [prefix + tasks(service.node, executor) for executor in EXECUTORS]
    consumer = AIOKafkaConsumer(
        *names, bootstrap_servers=service.settings.kafka, auto_offset_reset="earliest", group_id=None
    )
    await consumer.start()

    async def play() -> None:
        async for record in consumer:
            await others.answer(Task.model_validate_json(record.value))

    playing = asyncio.create_task(play())
    try:
        yield others
    finally:
        playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)
        await consumer.stop()


class Owners:
    """The records of others: told by their events, as product and customer tell them."""

    def __init__(self, service: RunningService) -> None:
        self.service = service

    async def tell(self, owner: str, *records: Any) -> None:
        for record in records:
            await self.service.topics.put(events(self.service.node, owner), record.id, record)

    async def offerings(self) -> None:
        now = self.service.clock.now()

        def offering(
            id_: str, kind: str, *prices: tuple[str, str], business: str | None = None
        ) -> OfferingChanged:
            return OfferingChanged(
                id=id_,
                version=1,
                name=business or id_,
                kind=kind,  # type: ignore[arg-type]
                business=business,
                lifecycle_status="Launched",
                prices=[
                    Price(id=f"{id_}-{i}", name=f"{id_} {type_}", price_type=type_, amount=Decimal(amount))  # type: ignore[arg-type]
                    for i, (type_, amount) in enumerate(prices)
                ],
                record={"id": id_},
                at=now,
            )

        await self.tell(
            "product",
            offering(PLAN, "plan", ("recurring", "59.00"), ("oneTime", "30.00")),
            offering(OPTION, "option", ("recurring", "5.00")),
            offering(OPENING, "business-fee", ("oneTime", "20.00"), business="open-account"),
            offering(NEW_CARD, "business-fee", ("oneTime", "10.00"), business="replace-sim"),
        )

    def digest(self, owner: tuple[str, str] = OWNER) -> str:
        return self.service.runtime.cipher.digest(*owner)

    async def customer(self, id_: str = CUSTOMER, **more: Any) -> None:
        given: dict[str, Any] = {
            "id": id_,
            "version": 1,
            "kind": "individual",
            "status": "active",
            "party": "party-1",
            "identityDigests": [self.digest()],
            "at": self.service.clock.now(),
        }
        await self.tell("customer", CustomerChanged.model_validate(given | more))

    async def check(
        self, owner: tuple[str, str] = OWNER, *, by: str = "hall-clerk-1", minutes: int = 30
    ) -> str:
        """An identity check that the clerk `by` has just made."""
        id_ = new_id()
        shown = Presented(identification_type=owner[0], identification_id=owner[1], name="陈晓明")
        keys = self.service.runtime.keys
        await self.tell(
            "customer",
            IdentityChecked(
                id=id_,
                actor=f"{self.service.settings.public_url} {by}",
                method="id-reader",
                identity_digest=self.digest(owner),
                name_digest="n",
                sealed=seal(shown.model_dump_json(by_alias=True).encode(), keys.recipient(self.service.node)),
                valid_until=self.service.clock.now() + timedelta(minutes=minutes),
                at=self.service.clock.now(),
            ),
        )
        return id_
