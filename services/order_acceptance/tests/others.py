"""The executors, as order acceptance meets them: resource, customer and production, on their topics.

The messages are real and travel over Kafka; only who answers is played here, as the executors' own rules say: each
keeps its results by task, remembers an undo that overtakes its do, and refuses what cannot be right.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from contracts.tasks import Task, TaskResult
from libs.ids import new_id
from libs.messaging.envelope import headers, to_bytes
from libs.messaging.topics import tasks
from libs.security.sealing import seal
from services.order_acceptance.app import EXECUTORS
from services.order_acceptance.engine.rules import Ask, StepRecord
from services.order_acceptance.processes.tests.world import Executor
from tests.running import RunningService

_imsi = count(460010000000001)
_picked = count(1)


def nothing(_: Task) -> bool:
    return False


@dataclass
class Others:
    """All executors of one node."""

    service: RunningService
    producer: AIOKafkaProducer
    outside: Executor = field(default_factory=Executor)
    silent: Callable[[Task], bool] = nothing
    """What is done and not answered."""
    refuses: Callable[[Task], bool] = nothing
    seen: list[Task] = field(default_factory=list)
    """Every sending, in the order of arrival."""
    imsi: dict[str, str] = field(default_factory=dict)
    """What the network knows of each number; of one that was brought over, nothing."""
    _results: dict[str, tuple[str, dict[str, Any], str]] = field(default_factory=dict)

    def behave(self) -> None:
        """As at the beginning of a test: everything is done and answered, nothing was seen."""
        self.silent = self.refuses = nothing
        self.seen = []
        self.outside.outputs = {}

    async def answer(self, task: Task) -> None:
        self.seen.append(task)
        if task.task_id not in self._results:
            self._results[task.task_id] = self._carry_out(task)
        if self.silent(task):
            return
        outcome, output, code = self._results[task.task_id]
        result = TaskResult.model_validate(
            {
                "taskId": task.task_id,
                "workOrder": task.work_order,
                "direction": task.direction,
                "outcome": outcome,
                "output": output,
                "reasons": [{"code": code}] if outcome == "refused" else [],
                "at": self.service.clock.now(),
                "executor": "played",
            }
        )
        await self.send(task.reply_to, result)

    async def send(self, topic: str, result: TaskResult) -> None:
        made = headers(
            id=new_id(),
            type=TaskResult.ce_type,
            source=f"/{self.service.node}/played",
            subject=None,
            time=self.service.clock.now(),
            traceparent=None,
        )
        await self.producer.send_and_wait(
            self.service.topics.prefix + topic, to_bytes(result), result.work_order.encode(), headers=made
        )

    def _carry_out(self, task: Task) -> tuple[str, dict[str, Any], str]:
        code = "provisioning-failed" if self.refuses(task) else ""
        if task.name == "swap-card" and not code:
            former = self.imsi.get(task.input["number"], "")
            code = "" if former == task.input["replacesImsi"] else "imsi-differs"
        self.outside.refuses = lambda _: bool(code)
        outcome, told = self.outside.carry_out(_asked(task))
        if outcome == "refused":
            return outcome, {}, code or "undone-before"
        if task.name in ("swap-card", "activate-subscriber"):
            self.imsi[task.input["number"]] = task.input["imsi"]
        if task.name == "swap-card-back":
            self.imsi[task.input["number"]] = task.input["replacesImsi"]
        if task.direction == "undo":
            return outcome, {}, ""
        echoed = {name: task.input[name] for name in ("number", "iccid", "account") if task.input.get(name)}
        made = self._allocated(task) if task.name == "allocate-profile" else {}
        if task.name == "pick-number":
            made = {"number": task.input.get("number") or f"1301{next(_picked):07d}"}
        elif task.name == "pick-card":
            made = {"iccid": f"8986017{next(_picked):013d}"}
        return outcome, {**told, **echoed, **made}, ""

    def _allocated(self, task: Task) -> dict[str, Any]:
        imsi = str(next(_imsi))
        reader = task.input.get("sealFor")
        if task.input["kind"] == "personalised" or reader is None:
            return {"imsi": imsi, "sealedForWriter": None}
        data = json.dumps({"imsi": imsi, "ki": "0" * 32, "iccid": task.input["iccid"]}).encode()
        return {"imsi": imsi, "sealedForWriter": seal(data, self.service.runtime.keys.recipient(reader))}

    def of(self, order: str) -> list[Task]:
        """What was asked for one order (or payment)."""
        return [task for task in self.seen if task.order == order]

    def names(self, order: str, direction: str = "do") -> list[str]:
        """The tasks that were asked for an order, each once, in their order."""
        return list(dict.fromkeys(task.name for task in self.of(order) if task.direction == direction))

    def input_of(self, order: str, name: str) -> dict[str, Any]:
        return next(task.input for task in self.of(order) if task.name == name)

    def left_behind(self, order: str) -> list[str]:
        """Steps of an order that were done and not taken back."""
        mine = {task.task_id for task in self.of(order)}
        return sorted(name for task_id, name in self.outside.done.items() if task_id in mine)


def _asked(task: Task) -> Ask:
    return Ask(StepRecord(task.name, "", None, False, False), task.direction, task.task_id, task.does)


@asynccontextmanager
async def played(service: RunningService) -> AsyncIterator[Others]:
    """Executors that answer this service's tasks until the end of the block."""
    prefix = service.topics.prefix
    names = [prefix + tasks(service.node, executor) for executor in EXECUTORS]
    consumer = AIOKafkaConsumer(
        *names, bootstrap_servers=service.settings.kafka, auto_offset_reset="earliest", group_id=None
    )
    producer = AIOKafkaProducer(bootstrap_servers=service.settings.kafka)
    await consumer.start()
    await producer.start()
    others = Others(service, producer)

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
        await producer.stop()
