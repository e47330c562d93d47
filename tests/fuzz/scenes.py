"""Where messages are sent to: a service at a node, what it knows already, and what is usually said to it."""

from collections.abc import Mapping
from random import Random
from typing import Any

from pydantic import BaseModel

from contracts.bills import CrossProvinceBill
from contracts.control import Heartbeat, NotReceived, StateAsked
from contracts.events import CustomerChanged
from contracts.processes import OpenMember
from contracts.reconciliation import DayReported, LinesAsked, LinesReported, ReplayAsked
from contracts.steps import STEPS
from contracts.subscribers import SubscriberAsked, SubscriberTold
from contracts.tasks import TaskResult
from contracts.work_orders import CancelAsked, CancelTooLate, Forward, GoAhead, Outcome, ReadyTold
from libs.clock import last_closed
from libs.messaging.topics import downlink, results, tasks, uplink
from libs.node import HQ
from services.order_acceptance.tests.counter import Counter
from tests.fuzz.copies import Copies
from tests.fuzz.examples import Json
from tests.fuzz.scene import Scene, Send
from tests.fuzz.spoiling import Word
from tests.running import RunningService

ROUTER = "/hq/hq-router"
PROVINCES = ("gd", "bj")
"""Whose uplinks are written on."""
KNOWN = 8
"""Records of a kind that a service is given beforehand, for messages to be about."""


class Executor(Scene):
    """A service that carries out tasks."""

    def given(self, topic: str, model: type[BaseModel], about_known: bool) -> Json:
        name = self.random.choice(
            [n for n, one in STEPS.items() if one.executor == self.running.service.name]
        )
        order = self.examples.identifier()
        does = f"{order}/1/{name}/1/do"
        undoes = STEPS[name].undo is not None and self.random.random() < 0.3
        return {
            "taskId": f"{order}/1/{name}/1/undo" if undoes else does,
            "does": does,
            "direction": "undo" if undoes else "do",
            "name": STEPS[name].undo if undoes else name,
            "workOrder": order,
            "node": self.node,
            "replyTo": results(self.node, "order-acceptance"),
            "acceptance": self.acceptance(self.node),
            "input": self.examples.of(STEPS[name].takes),
        }

    async def prepare(self, send: Send) -> None:
        seed = self.running.service.seed
        if seed is not None:
            await seed(self.running.runtime)


class Customers(Executor):
    """Carries out tasks, and has its part of the publications and of branches."""

    def __init__(self, running: RunningService, random: Random) -> None:
        super().__init__(running, random)
        self._copies = Copies(running, random)

    def given(self, topic: str, model: type[BaseModel], about_known: bool) -> Json:
        if model is CustomerChanged:
            return {"kind": "organization"}
        of = self._copies if _between_tiers(topic) else super()
        return of.given(topic, model, about_known)

    def source(self, topic: str) -> str:
        return (self._copies if _between_tiers(topic) else super()).source(topic)

    def stranger(self, word: Word) -> str | None:
        return self._copies.stranger(word) if _between_tiers(word.topic) else super().stranger(word)

    def foreign_data(self, word: Word) -> Json | None:
        return self._copies.foreign_data(word)


class RouterScene(Scene):
    """The router: what it was told by two provinces that it has heard of."""

    def __init__(self, running: RunningService, random: Random) -> None:
        super().__init__(running, random)
        self._forwards: dict[str, list[str]] = {node: [] for node in PROVINCES}
        """The transactions of each node that the router has sent to the other."""
        self._looks: dict[str, list[tuple[str, str]]] = {node: [] for node in PROVINCES}
        """Looks, and their numbers, that each node was asked for."""

    async def prepare(self, send: Send) -> None:
        await send([self.good(f"{node}.uplink.control", Heartbeat) for node in PROVINCES])
        made = []
        for node in PROVINCES:
            for _ in range(KNOWN):
                forward = self.good(f"{node}.uplink.work-orders", Forward)
                made.append(forward)
                self._forwards[node].append(_field(forward, "originTransaction"))
                look = self.good(f"{node}.uplink.customer-data", SubscriberAsked)
                made.append(look)
                self._looks[_other(node)].append((_field(look, "id"), _field(look, "number")))
        await send(made)

    def given(self, topic: str, model: type[BaseModel], about_known: bool) -> Json:
        sender = topic.split(".", 1)[0]
        other = _other(sender)
        number = self.examples.digits({"gd": "1300040", "bj": "1300010"}[other])
        if model in (Forward, CancelAsked, GoAhead, StateAsked):
            known = self._forwards[sender]
            named = (
                self.random.choice(known) if known and model is not Forward else self.examples.identifier()
            )
            return {
                "origin": sender,
                "originTransaction": named,
                "attempt": 1,
                "askedBy": sender,
                "home": None,
                "number": number,
                "routeType": "node",
                "routeValue": other,
                "accountingDay": self.today,
                "deadline": self.deadline(),
                "hops": 0,
                "acceptance": self.acceptance(sender),
                "sealed": None,
                "sequence": 0,
            }
        match model:
            case _ if model in (Outcome, CancelTooLate, ReadyTold, NotReceived):
                return {
                    "origin": other,
                    "originTransaction": self.random.choice(self._forwards[other]),
                    "attempt": 1,
                    "home": sender,
                    "node": sender,
                    "state": "in-progress",
                    "accountingDay": self.today,
                    "sealed": None,
                }
            case _ if model is CrossProvinceBill:
                acceptance = self.acceptance(sender)
                return {"collectedBy": sender, "home": other, "number": number, "acceptance": acceptance}
            case _ if model in (Heartbeat, LinesReported):
                return {"node": sender}
            case _ if model is DayReported:
                return {"node": sender, "day": last_closed(self.now).isoformat()}
            case _ if model is SubscriberAsked:
                return {
                    "origin": sender,
                    "number": number,
                    "askedBy": self.acceptance(sender),
                    "deadline": self.deadline(seconds=30),
                    "home": None,
                }
            case _:
                # Nobody waits for what comes an hour late; what is in time has to be what was asked.
                look, asked = self.random.choice(self._looks[sender])
                of_it = {"id": look, "number": asked, "deadline": self.deadline(seconds=30)}
                late = {"deadline": self.deadline(hours=-1)}
                told = {"origin": other, "home": sender, "sealed": None, "found": "told"}
                view = {"view": {"status": "active", "owner": {}, "plan": {"id": "plan-1"}}}
                return {**told, **view, **(of_it if about_known else late)}

    def stranger(self, word: Word) -> str | None:
        sender = word.topic.split(".", 1)[0]
        return self.random.choice(
            [f"/{_other(sender)}/order-acceptance", ROUTER, f"{sender}/order-acceptance"]
        )

    def foreign_data(self, word: Word) -> Json | None:
        other = _other(word.topic.split(".", 1)[0])
        names = {
            CrossProvinceBill: "collectedBy",
            NotReceived: "node",
            Heartbeat: "node",
            DayReported: "node",
            LinesReported: "node",
        }
        upwards = (Outcome, CancelTooLate, ReadyTold, SubscriberTold)
        return {names.get(word.model, "home" if word.model in upwards else "origin"): other}


class Acceptance(Scene):
    """Order acceptance: work that came from the router, tasks and forwards of its own that are not answered yet."""

    def __init__(self, running: RunningService, random: Random) -> None:
        super().__init__(running, random)
        self._numbers: list[str] = []
        self._taken: list[str] = []
        self._asked: list[tuple[str, str]] = []
        """Work orders, and the task of each that waits for its result."""
        self._forwarded: list[str] = []

    async def prepare(self, send: Send) -> None:
        if self.node != HQ:
            counter = Counter(self.running)
            await counter.owners.catalogue()
            await counter.owners.customer()
            self._numbers = [await counter.subscriber() for _ in range(KNOWN)]
            for number in self._numbers:
                await counter.pay(10.00, f"tel:+86{number}")
                await counter.pay(10.00, f"tel:+86{self.examples.digits('1300010')}")
            topics = self.running.topics
            asked = await topics.wait(tasks(self.node, "production"), KNOWN)
            self._asked = [(one.data["workOrder"], one.data["taskId"]) for one in asked]
            left = await topics.wait(uplink(self.node, "work-orders"), KNOWN)
            self._forwarded = [one.data["originTransaction"] for one in left]
        made = [self.good(downlink(self.node, "work-orders"), Forward) for _ in range(KNOWN)]
        self._taken = [_field(one, "originTransaction") for one in made]
        await send(made)

    def given(self, topic: str, model: type[BaseModel], about_known: bool) -> Json:
        origin = "hq" if self.node != "hq" else "bj"
        usual = {
            "origin": origin,
            "originTransaction": self.examples.identifier(),
            "attempt": 1,
            "home": self.node,
            "number": self.examples.digits(),
            "accountingDay": self.today,
            "deadline": self.deadline(),
            "acceptance": self.acceptance(origin),
            "sealed": None,
        }
        known = {"originTransaction": self.random.choice(self._taken)} if self._taken else {}
        match model:
            case _ if model is Forward:
                return usual | self._wanted()
            case _ if model in (CancelAsked, GoAhead, StateAsked):
                return {**usual, **known} if about_known else usual
            case _ if model in (Outcome, NotReceived, CancelTooLate, ReadyTold):
                ours = self.random.choice(self._forwarded) if about_known and self._forwarded else "nobody's"
                return usual | {"origin": self.node, "originTransaction": ours}
            case _ if model is TaskResult:
                if about_known and self._asked:
                    order, task = self.random.choice(self._asked)
                    return {"workOrder": order, "taskId": task, "direction": "do"}
                order = self.examples.identifier()
                return {"workOrder": order, "taskId": f"{order}/1/swap-card/1/do"}
            case _ if model in (LinesAsked, ReplayAsked):
                asked = [
                    f"forward/bj/{self.examples.identifier()}/1",
                    f"outcome/gd/{self.examples.identifier()}/2",
                ]
                return {"node": self.node, "day": last_closed(self.now).isoformat(), "records": asked}
            case _ if model is SubscriberAsked:
                asker = self.acceptance(origin)
                look = {
                    "home": self.node,
                    "origin": origin,
                    "askedBy": asker,
                    "deadline": self.deadline(seconds=30),
                }
                return look | ({"number": self.random.choice(self._numbers)} if self._numbers else {})
            case _ if model is SubscriberTold:
                return {"origin": self.node, "home": origin}
            case _:
                # An event: there is a version before this one.
                return {"version": self.random.randint(2, 50)}

    def _wanted(self) -> Mapping[str, Any]:
        """A group's member to be opened here, money for a number that lives here or does not, or what nobody does."""
        which = self.random.randrange(3)
        if which == 0:
            content = self.examples.of(OpenMember, money={})
            named = {"business": "open-group-member", "process": "open-group-member"}
            return {**named, "version": 1, "number": None, "routeType": "node", "content": content}
        if which == 1:
            content = {"payment": self.examples.identifier(), "amount": "10.00"}
            here = {"number": self.random.choice(self._numbers)} if self._numbers else {}
            return {"business": "pay", "process": "pay", "version": 1, "content": content, **here}
        return {"business": "open-account", "process": "open-account", "version": 1, "content": {}}

    def source(self, topic: str) -> str:
        if ".downlink." in topic:
            return ROUTER
        if topic.endswith(".events"):
            return f"/{self.node}/{topic.split('.')[1]}"
        return f"/{self.node}/resource"

    def stranger(self, word: Word) -> str | None:
        if ".downlink." not in word.topic:
            return None
        return self.random.choice(
            ["/bj/order-acceptance", "/bj/hq-router", f"/{self.node}/order-acceptance", "hq"]
        )

    def foreign_data(self, word: Word) -> Json | None:
        if word.model is SubscriberAsked:
            return {"home": "sh"}
        return {"origin": "sh"} if word.model is SubscriberTold else None


SCENES: Mapping[str, type[Scene]] = {
    "customer": Customers,
    "product": Copies,
    "resource": Executor,
    "hq_router": RouterScene,
    "order_acceptance": Acceptance,
}
"""By package: a service that takes messages in and has no scene cannot be sent any, and the suite says so."""


def _between_tiers(topic: str) -> bool:
    return ".uplink." in topic or ".downlink." in topic


def _other(node: str) -> str:
    return "bj" if node == "gd" else "gd"


def _field(word: Word, name: str) -> str:
    data = word.model.model_validate_json(word.value or b"").model_dump(mode="json", by_alias=True)
    return str(data[name])
