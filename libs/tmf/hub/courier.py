"""The courier: takes what the hub has noted to the listeners, outside of every transaction.

A listener has one courier at a time, also where a service runs in several processes; so what is told of one record
arrives in the order of its changes. Each listener is served by a task of its own: one that is slow or dead delays
nobody else, and gives its place up after some seconds. What is not taken stays in the database, and is sent again:
after any failure a listener may hear the same twice, under the same `eventId`.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from datetime import timedelta
from typing import Any

import structlog

from libs.fail_points import reach
from libs.ids import new_id
from libs.json_text import json_bytes
from libs.messaging.failures import BackOff, is_infrastructure
from libs.tmf.hub import rules, store
from libs.tmf.hub.asking import Wanted, read_query
from libs.tmf.hub.callbacks import Permitted, Resolver
from libs.tmf.hub.declaration import Hub
from libs.tmf.hub.notifications import events_of, notification
from libs.tmf.hub.sending import TAKEN, Line, Lines, Outcome
from libs.tmf.hub.store import Delivery, Subscription
from libs.tmf.render import href_of, represent
from libs.tmf.write import moment
from libs.web.errors import Refusal
from libs.web.runtime import Runtime

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.5
HELD = timedelta(seconds=60)
OWN_PAUSE = timedelta(seconds=10)
SLICE_SECONDS = 10.0
LISTENERS_AT_ONCE = 32
RECORDS_AT_ONCE = 4
BATCH = 100


class Courier:
    """The courier of one service's process."""

    def __init__(self, runtime: Runtime, hubs: Sequence[Hub]) -> None:
        self._runtime = runtime
        self._hubs: Mapping[str, Hub] = {hub.base: hub for hub in hubs}
        self._name = new_id()
        settings = runtime.settings
        self._resolver = Resolver(Permitted.of(settings.callbacks, development=settings.development))
        self._lines = Lines(self._resolver)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._more = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._loop = asyncio.create_task(self._run(), name=f"courier {self._runtime.service.name}")

    async def stop(self) -> None:
        """Stop at once: what is on its way is sent again by the next courier."""
        tasks = [task for task in (self._loop, *self._tasks.values()) if task is not None]
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
        self._resolver.close()

    async def _run(self) -> None:
        waits = BackOff()
        while True:
            try:
                await self._take_in_hand()
                waits.reset()
            except Exception as error:
                if not is_infrastructure(error):
                    log.exception("courier.failed", service=self._runtime.service.name)
                await waits.wait(asyncio.Event())
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._more.wait()
            self._more.clear()

    async def _take_in_hand(self) -> None:
        free = LISTENERS_AT_ONCE - len(self._tasks)
        if free <= 0:
            return
        now = self._runtime.clock.now()
        for one in await store.hold_due(self._runtime.db, self._name, now, now + HELD, free):
            task = asyncio.create_task(self._serve(one), name=f"listener {one.id}")
            self._tasks[one.id] = task
            task.add_done_callback(lambda _, id=one.id: self._tasks.pop(id, None))  # type: ignore[misc]

    async def _serve(self, subscription: Subscription) -> None:
        """Tell one listener what is new, until there is nothing left, or it is the others' turn."""
        next_at = now = self._runtime.clock.now()
        try:
            if await Turn(self._runtime, self._hubs, self._lines, subscription, self._name).run():
                self._more.set()
        except Exception as error:
            # Our own failure counts against no listener; it is only not repeated at once.
            next_at = now + OWN_PAUSE
            if not is_infrastructure(error):
                log.exception("courier.listener-failed", subscription=subscription.id)
        with suppress(Exception):
            await store.let_go(self._runtime.db, subscription.id, self._name, next_at)


class Turn:
    """One listener's turn with the courier."""

    def __init__(
        self,
        runtime: Runtime,
        hubs: Mapping[str, Hub],
        lines: Lines,
        subscription: Subscription,
        holder: str,
    ) -> None:
        self._runtime = runtime
        self._hub = hubs.get(subscription.base)
        self._lines = lines
        self._subscription = subscription
        self._holder = holder
        self._failures = subscription.failures
        self._since = subscription.failing_since

    async def run(self) -> bool:
        """Tell what there is; whether there may be more than there was time for."""
        wanted = self._wanted()
        end = time.monotonic() + SLICE_SECONDS
        async with self._lines.open(self._subscription.callback) as line:
            while time.monotonic() < end:
                now = self._runtime.clock.now()
                id = self._subscription.id
                if not await store.still_held(self._runtime.db, id, self._holder, now + HELD):
                    return False
                found = await store.waiting(self._runtime.db, id, now, BATCH)
                if not found or not await self._tell(line, wanted, found):
                    return False
        return True

    def _wanted(self) -> list[Wanted]:
        """What the query asks for; an API that is not served any more, or a query that no longer means anything,
        asks for nothing."""
        if self._hub is None:
            return []
        one = self._subscription
        try:
            return read_query(self._hub, self._runtime, one.actor, one.query)
        except Refusal as refusal:
            log.warning("courier.query-refused", subscription=one.id, reason=str(refusal))
            return []

    async def _tell(self, line: Line | Outcome, wanted: Sequence[Wanted], found: Sequence[Delivery]) -> bool:
        """Tell one batch, records beside each other, each in the order of its changes; whether to go on."""
        bodies = await self._bodies(wanted, found)
        unasked = [one.change for one in found if not bodies[one.change]]
        if unasked:
            await store.done(self._runtime.db, self._subscription.id, unasked, answering=False)
        records: dict[str, list[Delivery]] = defaultdict(list)
        for one in found:
            if bodies[one.change]:
                records[one.record].append(one)
        if not records:
            return True
        if isinstance(line, Outcome):
            await self._away(line)
            return False
        # While it is failing, one attempt is enough to know.
        chains = list(records.values())[: 1 if self._failures else None]
        places = asyncio.Semaphore(RECORDS_AT_ONCE)
        gone = asyncio.Event()

        async def in_order(deliveries: Sequence[Delivery]) -> Outcome:
            async with places:
                return await self._in_order(line, deliveries, bodies, gone)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(in_order(deliveries)) for deliveries in chains]
        silent = next((task.result() for task in tasks if task.result().what == "away"), None)
        if silent is not None:
            await self._away(silent)
            return False
        self._failures = 0
        self._since = None
        return True

    async def _in_order(
        self,
        line: Line,
        deliveries: Sequence[Delivery],
        bodies: Mapping[int, Sequence[bytes]],
        gone: asyncio.Event,
    ) -> Outcome:
        """Tell the changes of one record, until one of them is not taken."""
        taken: list[int] = []
        outcome = TAKEN
        for one in deliveries:
            if gone.is_set():
                break
            outcome = await self._send(line, bodies[one.change])
            if outcome.what != "taken":
                break
            taken.append(one.change)
        db, id = self._runtime.db, self._subscription.id
        if taken:
            reach("courier.taken")
            await store.done(db, id, taken, answering=True)
            reach("courier.noted")
        if outcome.what == "away":
            gone.set()
        elif outcome.what == "refused":
            next_at = rules.again_after_refusal(one.attempts + 1, self._runtime.clock.now())
            await store.refused(db, id, one.change, outcome.detail, next_at)
            if next_at is None:
                log.warning("courier.notification-given-up", subscription=id, detail=outcome.detail)
        return outcome

    @staticmethod
    async def _send(line: Line, bodies: Sequence[bytes]) -> Outcome:
        for body in bodies:
            outcome = await line.send(body)
            if outcome.what != "taken":
                return outcome
        return TAKEN

    async def _away(self, outcome: Outcome) -> None:
        now = self._runtime.clock.now()
        next_at = rules.again_after_silence(self._failures + 1, self._since, now)
        await store.away(self._runtime.db, self._subscription.id, outcome.detail, now, next_at)
        if next_at is None:
            log.warning(
                "courier.subscription-ended", subscription=self._subscription.id, detail=outcome.detail
            )

    async def _bodies(self, wanted: Sequence[Wanted], found: Sequence[Delivery]) -> dict[int, list[bytes]]:
        """The notifications of each change; none for what was not asked for, or is not the subscriber's to see."""
        bodies: dict[int, list[bytes]] = {one.change: [] for one in found}
        for one in wanted:
            mine = [d for d in found if d.source == one.told.resource.table.name]
            if not mine:
                continue
            seen = await store.matching(self._runtime.db, one, [d.change for d in mine])
            for delivery in mine:
                if delivery.change in seen:
                    bodies[delivery.change] += self._notifications(one, delivery)
        return bodies

    def _notifications(self, wanted: Wanted, delivery: Delivery) -> list[bytes]:
        events = events_of(wanted.told, delivery.kind, delivery.document, delivery.was)
        asked = [event for event in events if event.type in wanted.types]
        if not asked:
            return []
        assert self._hub is not None
        resource = wanted.told.resource
        record = represent(
            resource,
            wanted.call,
            deepcopy(delivery.document) if resource.mask else delivery.document,
            href=href_of(resource, wanted.call, delivery.document["id"]),
            full=resource.mask is None,
            fields=wanted.fields,
        )
        at = moment(delivery.at or self._runtime.clock.now())
        bodies: list[Any] = [
            notification(
                self._hub,
                wanted.told,
                event,
                change=delivery.event,
                at=at,
                domain=self._runtime.service.name,
                record=record,
            )
            for event in asked
        ]
        return [json_bytes(body) for body in bodies]
