"""What tests do with a resource service: lay stock in, ask, and send tasks and wait for their results."""

import json
from collections import Counter as Counted
from typing import Any

import httpx

from contracts.base import Acceptance
from contracts.tasks import Task, TaskResult
from libs.ids import new_id
from libs.messaging.topics import results, tasks
from services.resource.cards.rules import check_digit
from services.resource.inventory.loading import id_of
from services.resource.inventory.rules import MSISDN, SIM, Category, Stock
from services.resource.inventory.store import into_stock
from services.resource.profiles.store import NewProfile, lay_in
from tests.engines import eventually
from tests.running import RunningService

RESERVATIONS = "/api/resource/v1/reservations"


def iccid(serial: int) -> str:
    body = f"898601{serial:013d}"
    return body + check_digit(body)


class Counter:
    """A running service, and the people and systems around it."""

    def __init__(self, service: RunningService) -> None:
        self.service = service
        self.db = service.db
        self.clock = service.clock
        self._sendings: Counted[str] = Counted()

    # -- stock

    async def numbers(
        self,
        *digits: str,
        network: str = "lte",
        area: str = "020",
        state: str = "free",
        number_class: str = "ordinary",
    ) -> list[str]:
        stock = [
            Stock(id_of(MSISDN, one), MSISDN, one, state, None, area, network, number_class) for one in digits
        ]
        async with self.db.transaction() as tx:
            await into_stock(tx, stock, self.clock.now())
        return [one.id for one in stock]

    async def cards(self, *serials: int, kind: str = "blank", network: str | None = None) -> list[str]:
        """Their ICCIDs."""
        stock = [
            Stock(id_of(SIM, iccid(one)), SIM, iccid(one), "in-stock", kind, "020", network)
            for one in serials
        ]
        async with self.db.transaction() as tx:
            await into_stock(tx, stock, self.clock.now())
        return [one.value for one in stock]

    async def profiles(self, *serials: int, card: str | None = None, state: str = "free") -> list[str]:
        """Their IMSIs; the ki of each is its serial number."""
        cipher = self.service.runtime.cipher
        fresh = [
            NewProfile(f"profile-{one}", f"46001{one:010d}", cipher.encrypt(f"{one:032x}"), card)
            for one in serials
        ]
        async with self.db.transaction() as tx:
            await lay_in(tx, fresh, "nr", state, None, self.clock.now())
        return [one.imsi for one in fresh]

    async def state(self, category: Category, value: str) -> str:
        """The state in its column; that the document says the same is checked on the way."""
        row = await self.db.fetchrow(
            "SELECT state, document FROM resources WHERE category = $1 AND value = $2", category, value
        )
        assert row is not None
        told = json.loads(row["document"])["resourceCharacteristic"][0]
        assert told == {"name": "state", "valueType": "string", "value": row["state"]}
        return str(row["state"])

    async def profile_state(self, imsi: str) -> str:
        return str(await self.db.fetchval("SELECT state FROM profiles WHERE imsi = $1", imsi))

    # -- people

    async def post(
        self, path: str, body: Any, role: str = "hall-clerk", *, key: str | None = None, **claims: Any
    ) -> httpx.Response:
        headers = self.service.bearer(role, key=key or new_id(), **claims)
        return await self.service.client.post(path, json=body, headers=headers)

    async def get(self, path: str, role: str = "hall-clerk", **claims: Any) -> httpx.Response:
        return await self.service.client.get(path, headers=self.service.bearer(role, **claims))

    async def delete(self, path: str, role: str = "hall-clerk", **claims: Any) -> httpx.Response:
        return await self.service.client.delete(path, headers=self.service.bearer(role, **claims))

    async def reserve(
        self, pattern: str = "*", count: int = 1, role: str = "hall-clerk", **more: Any
    ) -> httpx.Response:
        claims = {"subject": more.pop("subject")} if "subject" in more else {}
        minutes = {"validMinutes": more.pop("minutes")} if "minutes" in more else {}
        pick = {"category": "msisdn", "pattern": pattern, "count": count, **more}
        return await self.post(RESERVATIONS, {"pick": pick, **minutes}, **claims)

    # -- order acceptance

    def task(
        self,
        name: str,
        work_order: str,
        wanted: dict[str, Any],
        *,
        undoes: str | None = None,
        actor: str = "hall-clerk-1",
        attempt: int = 1,
        final: bool = False,
        order: str | None = None,
    ) -> Task:
        """A do; with `undoes`, the undo of that step."""
        does = f"{work_order}/1/{undoes or name}/{attempt}/do"
        direction = "undo" if undoes else "do"
        return Task(
            task_id=f"{work_order}/1/{undoes}/{attempt}/undo" if undoes else does,
            does=does,
            direction=direction,
            name=name,
            work_order=work_order,
            order=order or f"order-of-{work_order}",
            business="open-account",
            node="gd",
            reply_to=results("gd", "order-acceptance"),
            final=final,
            acceptance=Acceptance(
                node="gd", issuer=self.service.settings.public_url, actor=actor, at=self.clock.now()
            ),
            input=wanted,
        )

    async def ask(self, *asked: Task) -> list[TaskResult]:
        """Send tasks, one after the other, without waiting between; the result of each sending."""
        for task in asked:
            self._sendings[task.task_id] += 1
            await self.service.topics.put(
                tasks("gd", "resource"), task.work_order, task, source="/gd/order-acceptance"
            )
        answers: dict[str, list[TaskResult]] = {}

        async def answered() -> bool:
            answers.clear()
            for one in await self.service.topics.read(results("gd", "order-acceptance")):
                assert one.key == one.data["workOrder"]
                answers.setdefault(one.data["taskId"], []).append(TaskResult.model_validate(one.data))
            return all(len(answers.get(task.task_id, [])) >= self._sendings[task.task_id] for task in asked)

        await eventually(answered)
        return [answers[task.task_id][-1] for task in asked]
