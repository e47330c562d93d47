"""Headquarters' router, as far as nodes see it: it finds the home, seals again, passes down and back.

What the contracts and the design say of it is played here; the router itself has tests of its own.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer
from pydantic import BaseModel

from contracts.control import NotReceived, StateAsked
from contracts.work_orders import (
    ENDED,
    CancelAsked,
    CancelTooLate,
    Forward,
    GoAhead,
    OfForward,
    Outcome,
    ReadyTold,
)
from libs.messaging.topics import downlink, uplink
from libs.security.sealing import seal, unseal
from tests.engines import eventually
from tests.running import Bench, RunningService

SOURCE = "/hq/hq-router"


def as_it_is(forward: Forward) -> Forward:
    return forward


@dataclass
class Router:
    bench: Bench
    service: RunningService
    """Any service of the test: its topics are everybody's."""
    home: str = "gd"
    elsewhere: dict[str, str] = field(default_factory=dict)
    """The homes of numbers that live at another node."""
    change: Callable[[Forward], Forward] = as_it_is
    """What is done to a forward before it goes down."""
    forwards: list[Forward] = field(default_factory=list)
    """As they went down."""
    outcomes: list[Outcome] = field(default_factory=list)
    """As they came up."""
    cancels: list[CancelAsked] = field(default_factory=list)
    too_late: list[CancelTooLate] = field(default_factory=list)
    """The wishes that homes could not fulfil any more."""
    homes: dict[str, str] = field(default_factory=dict)
    """Where each transaction was sent."""
    loses: bool = False
    """Whether what should go down goes astray."""
    loses_for: set[str] = field(default_factory=set)
    """The homes whose forwards go astray."""
    loses_next: dict[type[OfForward], str] = field(default_factory=dict)
    """The next word of a kind to or from a home (its code) that goes astray."""
    lost: list[OfForward] = field(default_factory=list)
    """The words that did."""

    def behave(self) -> None:
        self.change, self.forwards, self.outcomes, self.cancels = as_it_is, [], [], []
        self.too_late = []
        self.loses, self.loses_for = False, set()
        self.loses_next, self.lost = {}, []

    def sealed_again(self, sealed: str | None, reader: str) -> str | None:
        if sealed is None:
            return None
        keys = self.bench.keys_of("hq")
        return seal(unseal(sealed, keys.sealing), keys.recipient(reader))

    async def take_forward(self, forward: Forward) -> None:
        home = forward.route_value if forward.route_type == "node" else self.home
        home = self.elsewhere.get(forward.number or "", home)
        self.homes[forward.origin_transaction] = home
        down = forward.model_copy(
            update={
                "home": home,
                "hops": forward.hops + 1,
                "sealed": self.sealed_again(forward.sealed, home),
            }
        )
        down = self.change(down)
        self.forwards.append(down)
        if not self.loses and home not in self.loses_for:
            await self.send(home, down)

    async def take_outcome(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        if outcome.state == "not-mine":
            reasons = [{"code": "number-unknown", "node": "hq"}]
            told = {**outcome.model_dump(), "state": "rejected", "home": None, "reasons": reasons}
            await self.send(outcome.origin, Outcome.model_validate(told))
        elif outcome.state in ENDED or outcome.duplicate:
            # What home says when it is asked is passed on too.
            again = self.sealed_again(outcome.sealed, outcome.origin)
            await self.send(outcome.origin, outcome.model_copy(update={"sealed": again}))

    async def take_cancel(self, asked: CancelAsked) -> None:
        self.cancels.append(asked)
        if not self.loses:
            await self.take_word_down(asked)

    async def take_word_down(self, word: OfForward) -> None:
        home = self.homes[word.origin_transaction]
        if not self.goes_astray(word, home):
            await self.send(home, word.model_copy(update={"home": home}))

    async def take_too_late(self, word: CancelTooLate) -> None:
        self.too_late.append(word)
        await self.take_word(word)

    async def take_word(self, word: OfForward) -> None:
        """What a home says that is no outcome goes to the origin as it is."""
        if not self.goes_astray(word, word.home):
            await self.send(word.origin, word)

    def goes_astray(self, word: OfForward, home: str | None) -> bool:
        if self.loses_next.get(type(word)) != home:
            return False
        del self.loses_next[type(word)]
        self.lost.append(word)
        return True

    async def take_question(self, asked: StateAsked) -> None:
        """How a forward stands is for its home to say."""
        home = self.homes[asked.origin_transaction]
        await self.send(home, asked.model_copy(update={"home": home}))

    async def take_not_received(self, told: NotReceived) -> None:
        """What a home never got goes down to it again."""
        forward = next(one for one in self.forwards if one.origin_transaction == told.origin_transaction)
        await self.send(told.node, forward)

    async def send(self, node: str, message: Forward | Outcome | OfForward | StateAsked | NotReceived) -> str:
        """Put a message on a node's downlink; its ce_id."""
        key = message.number or message.origin_transaction
        return await self.service.topics.put(
            downlink(node, "work-orders"), key, message, source=SOURCE, time=self.service.clock.now()
        )

    async def outcome_of(self, forward: Forward, times: int = 1) -> Outcome:
        """The last of so many outcomes that home gave for a forward."""

        def told() -> list[Outcome]:
            found = [one for one in self.outcomes if one.origin_transaction == forward.origin_transaction]
            return found if len(found) >= times else []

        return (await eventually(told))[-1]

    async def forward_of(self, order: str) -> Forward:
        """The forward of an order (or payment), once it went down."""
        found = await eventually(lambda: [one for one in self.forwards if one.order == order])
        return found[0]


@asynccontextmanager
async def routed(bench: Bench, service: RunningService, nodes: tuple[str, ...]) -> AsyncIterator[Router]:
    """A router between these nodes until the end of the block."""
    router = Router(bench, service)
    names = [service.topics.prefix + uplink(node, "work-orders") for node in nodes]
    consumer = AIOKafkaConsumer(
        *names, bootstrap_servers=service.settings.kafka, auto_offset_reset="earliest", group_id=None
    )
    await consumer.start()
    takes: dict[str, tuple[type[BaseModel], Callable[..., object]]] = {
        Forward.ce_type: (Forward, router.take_forward),
        Outcome.ce_type: (Outcome, router.take_outcome),
        CancelAsked.ce_type: (CancelAsked, router.take_cancel),
        CancelTooLate.ce_type: (CancelTooLate, router.take_too_late),
        ReadyTold.ce_type: (ReadyTold, router.take_word),
        GoAhead.ce_type: (GoAhead, router.take_word_down),
        StateAsked.ce_type: (StateAsked, router.take_question),
        NotReceived.ce_type: (NotReceived, router.take_not_received),
    }

    async def route() -> None:
        async for record in consumer:
            model, take = takes.get(dict(record.headers)["ce_type"].decode(), (None, None))
            if model is None or take is None:
                continue  # what nodes ask of headquarters beside work is not played here
            await take(model.model_validate_json(record.value))  # type: ignore[misc]

    routing = asyncio.create_task(route())
    try:
        yield router
    finally:
        routing.cancel()
        await asyncio.gather(routing, return_exceptions=True)
        await consumer.stop()
