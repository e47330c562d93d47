"""Who lives in the fleet, and what they ask for: every business, at home and from another province."""

import asyncio
import random
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from libs.ids import new_id
from services.customer.seed import PEOPLE, resident_id
from services.resource.cards.rules import check_digit
from tests.faults.bodies import (
    CANCELS,
    CARDS,
    CHECKS,
    CUSTOMERS,
    NUMBERS,
    OFFERINGS,
    OPTIONS,
    ORDERS,
    PAYMENTS,
    PLANS,
    SUBSCRIBERS,
    on_option,
    on_subscriber,
    opening,
    payment,
)
from tests.faults.client import Client, Unanswered
from tests.faults.group import BY_NUMBER, HQ, MANAGER, Group

SEGMENTS = {"bj": ("010", "1300010"), "gd": ("020", "1300040")}
TROUBLE = ("9901", "9902", "9903", "9904", "9905", "9907")
"""Numbers that production refuses, answers late, or not at once: see the simulators' page."""
OWNER = PEOPLE[0]
WEIGHTS = {
    "pay": 46,
    "suspend": 11,
    "resume": 10,
    "change-plan": 7,
    "change-plan-later": 2,
    "subscribe": 9,
    "unsubscribe": 6,
    "replace-sim": 5,
    "open-account": 3,
    "terminate": 1,
    "group": 3,
    "look": 6,
}
CANCELLED = 0.04
"""The share of orders that somebody regrets at once."""
UNKNOWN = 0.05
"""The share of looks at a number that nobody has."""
AT_HOME_ONLY = frozenset({"open-account", "terminate"})


@dataclass(eq=False)
class Subscriber:
    """As the client remembers him; what really is, only the fleet knows."""

    node: str
    number: str
    plan: int = 0
    suspended: str | None = None
    options: list[str] = field(default_factory=list)


@dataclass
class Place:
    """What a province has to give out."""

    node: str
    customer: str
    plans: list[str]
    options: list[str]
    numbers: deque[str]
    cards: deque[str]


@dataclass
class Town:
    """Everybody, and everything that they may ask for."""

    client: Client
    chance: random.Random
    places: dict[str, Place] = field(default_factory=dict)
    subscribers: list[Subscriber] = field(default_factory=list)
    group: Group = field(init=False)
    accepted: int = 0
    """Orders, of the group too, and payments."""
    patience: float = 90.0
    """Seconds for which a new subscriber is waited for: before the trouble longer than in it."""

    def __post_init__(self) -> None:
        self.group = Group(self.client, self.chance)

    def serve_by(self, client: Client) -> None:
        """From now on they ask through this client."""
        self.client = self.group.client = client

    @property
    def provinces(self) -> list[str]:
        return list(self.places)

    async def settle(self, provinces: Sequence[str], *, numbers: int, cards: int, first: int = 5000) -> None:
        """Stock and catalogue of each province; before anything is broken."""
        for node in provinces:
            area, segment = SEGMENTS[node]
            lines = [f"{segment}{first + n:04d}" for n in range(numbers)]
            special = [f"{segment}{last}" for last in TROUBLE]
            await self._stock(node, NUMBERS, first=lines[0], count=numbers, area=area, network="lte")
            for number in special:
                await self._stock(node, NUMBERS, first=number, count=1, area=area, network="lte")
            blanks = [_iccid(node, first + n) for n in range(cards)]
            await self._stock(node, CARDS, kind="blank", iccid=blanks, area=area)
            (customer,) = await self.client.get(node, CUSTOMERS, name=OWNER.full_name)
            self.places[node] = Place(
                node,
                customer["id"],
                [await self._offering(node, one) for one in PLANS],
                [await self._offering(node, one) for one in OPTIONS],
                deque(_mixed(lines, special)),
                deque(blanks),
            )
        await self.group.settle()

    async def populate(self, count: int, *, at_once: int = 8) -> None:
        """Open so many accounts in each province, by orders like all others, and wait for their ends."""
        wanted = [node for node in self.provinces for _ in range(count)]
        places = asyncio.Semaphore(at_once)

        async def open_one(node: str) -> None:
            async with places:
                await self.ask("open-account", node, node, None)

        await asyncio.gather(*(open_one(node) for node in wanted))

    async def what_is_seldom(self) -> None:
        """One of each of what chance may leave out in a short time."""
        first = self.subscribers[0]
        await self.order_together()
        await self.look()
        await self.ask("change-plan-later", first.node, first.node, first)

    async def wish(self) -> str | None:
        """Somebody asks for something; the business, or None where nothing could be asked."""
        try:
            return await self._wish()
        except Unanswered:
            # Not even what it needs could be prepared in all that time.
            return None

    async def _wish(self) -> str | None:
        business = self.chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        if business == "open-account":
            node = self.chance.choice(self.provinces)
            await self.ask(business, node, node, None)
            return business
        if not self.subscribers:
            # Whoever has nothing to do lets the others go on.
            await asyncio.sleep(0.1)
            return None
        if business == "look":
            await self.look()
            return None
        if business == "group":
            return business if await self.order_together() else None
        subscriber = self.chance.choice(self.subscribers)
        home = subscriber.node
        elsewhere = [node for node in self.provinces if node != home]
        away = business not in AT_HOME_ONLY and bool(elsewhere) and self.chance.random() < 0.5
        node = self.chance.choice(elsewhere) if away else home
        return business if await self.ask(business, node, home, subscriber) else None

    async def ask(self, business: str, node: str, home: str, subscriber: Subscriber | None) -> bool:
        """Ask, and do what follows from the answer; False where nothing could be asked. Raises Unanswered."""
        known: dict[str, Any] = {}
        made = await self._made(business, node, home, subscriber, known)
        if made is None:
            return False
        answer = await self._send(business, node, made, known)
        if answer is None or answer.status_code != 201 or business == "pay":
            return True
        if self.chance.random() < CANCELLED:
            # It comes in time or not: home says which, and both are an end.
            await self.client.post(node, CANCELS, {"productOrder": {"id": answer.json()["id"]}})
        if business == "open-account":
            await self._moves_in(node, answer.json()["id"], known["number"])
        elif subscriber is not None:
            self._remember(business, subscriber, made)
        return True

    async def place(
        self, business: str, node: str, home: str, subscriber: Subscriber | None
    ) -> httpx.Response | None:
        """Only ask; the answer, None where there is none. Raises Unanswered."""
        known: dict[str, Any] = {}
        made = await self._made(business, node, home, subscriber, known)
        return None if made is None else await self._send(business, node, made, known)

    async def _made(
        self, business: str, node: str, home: str, subscriber: Subscriber | None, known: dict[str, Any]
    ) -> dict[str, Any] | None:
        known |= {"home": home, "number": subscriber.number if subscriber else None}
        if business == "pay" and subscriber is not None:
            known["amount"] = self.chance.choice((10.00, 30.00, 50.00, 100.00))
            return payment(f"tel:+86{subscriber.number}", known["amount"], "")
        return await self._order(business, node, home, subscriber, known)

    async def _send(
        self, business: str, node: str, made: dict[str, Any], known: dict[str, Any]
    ) -> httpx.Response | None:
        key = new_id()
        path, named = (PAYMENTS, "correlatorId") if business == "pay" else (ORDERS, "externalId")
        answer = await self.client.wish(node, path, made | {named: key}, business=business, key=key, **known)
        self._count(answer)
        return answer

    def _count(self, answer: httpx.Response | None) -> None:
        self.accepted += answer is not None and answer.status_code == 201

    async def order_together(self) -> bool:
        """The national group opens subscriptions in provinces, or buys an option for several; once in a while it
        regrets it."""
        key = new_id()
        provinces: dict[str, list[str]] = {}
        for node in self.chance.sample(self.provinces, self.chance.choice((1, 2, 2))):
            free = self.places[node].numbers
            provinces[node] = [free.popleft()] if free and self.chance.random() < BY_NUMBER else []
        several = self.chance.sample(self.subscribers, min(len(self.subscribers), 3))
        numbers = [one.number for one in several]
        body = await self.group.order(provinces, numbers, self.places[self.provinces[0]].options)
        if body is None:
            return False
        known = {"policy": body["policy"], "home": None, "number": None}
        answer = await self.client.wish(
            HQ, ORDERS, body | {"externalId": key}, business="group", key=key, role=MANAGER, **known
        )
        self._count(answer)
        if answer is not None and answer.status_code == 201 and self.chance.random() < 2 * CANCELLED:
            regret = {"productOrder": {"id": answer.json()["id"]}}
            await self.client.post(HQ, CANCELS, regret, role=MANAGER)
        return True

    async def look(self) -> None:
        """Somebody looks at a subscriber before he acts, at home, from afar, or at headquarters."""
        one = self.chance.choice(self.subscribers)
        stranger = self.chance.random() < UNKNOWN
        number = f"{SEGMENTS[one.node][1]}8{self.chance.randrange(1000):03d}" if stranger else one.number
        node = self.chance.choice([*self.provinces, HQ])
        await self.client.look(
            node, f"{SUBSCRIBERS}/{number}", number=number, role=MANAGER if node == HQ else "hall-clerk"
        )

    async def _moves_in(self, node: str, order: str, number: str) -> None:
        """Whoever has an account now may ask for things; whoever waits for too long is not waited for."""
        end = time.monotonic() + self.patience
        while time.monotonic() < end:
            found = await self.client.get(node, f"{ORDERS}/{order}")
            if found.get("state") == "completed":
                self.subscribers.append(Subscriber(node, number))
            if found.get("state") in ("completed", "failed", "rejected", "cancelled"):
                return
            await asyncio.sleep(0.2)

    # -- orders

    async def _order(
        self, business: str, node: str, home: str, subscriber: Subscriber | None, known: dict[str, Any]
    ) -> dict[str, Any] | None:
        place = self.places[home]
        if business == "open-account":
            return await self._opening(place, known)
        assert subscriber is not None
        number = subscriber.number
        match business:
            case "suspend":
                reason = self.chance.choice(("voluntary", "lost"))
                return on_subscriber(
                    business, number, status="suspended", characteristics={"reason": reason, "barring": "all"}
                )
            case "resume":
                reason = subscriber.suspended or "voluntary"
                check = await self._check(node, home) if reason == "lost" else None
                if reason == "lost" and check is None:
                    return None
                return on_subscriber(
                    business, number, status="active", characteristics={"reason": reason}, check=check
                )
            case "change-plan" | "change-plan-later":
                plan = place.plans[(subscriber.plan + 1) % len(place.plans)]
                effective = "now" if business == "change-plan" else "next-cycle"
                return on_subscriber(
                    "change-plan", number, offering=plan, characteristics={"effective": effective}
                )
            case "subscribe":
                return _of_option(business, number, self.chance.choice(place.options))
            case "unsubscribe":
                return _of_option(business, number, self.chance.choice(subscriber.options or place.options))
            case "replace-sim":
                check, money = await self._check(node, home), await self._counter(node, 10.00)
                cards = self.places[node].cards
                if check is None or not cards:
                    return None
                return on_subscriber(
                    business, number, characteristics={"iccid": cards.popleft()}, check=check, money=money
                )
            case "terminate":
                check = await self._check(node, home)
                return (
                    None if check is None else on_subscriber(business, number, check=check, action="delete")
                )
        raise ValueError(business)

    async def _opening(self, place: Place, known: dict[str, Any]) -> dict[str, Any] | None:
        check = await self._check(place.node, place.node)
        money = await self._counter(place.node, 100.00)
        if check is None or not place.numbers or not place.cards:
            return None
        number = known["number"] = place.numbers.popleft()
        iccid = place.cards.popleft()
        return opening(place.customer, place.plans[0], number, iccid, check=check, money=money)

    def _remember(self, business: str, subscriber: Subscriber, made: dict[str, Any]) -> None:
        """What was accepted will most likely be done; where not, the next wish is refused, which is as good."""
        item = made["productOrderItem"][0]
        match business:
            case "suspend":
                subscriber.suspended = item["product"]["productCharacteristic"][0]["value"]
            case "resume":
                subscriber.suspended = None
            case "change-plan" | "change-plan-later":
                subscriber.plan += 1
            case "subscribe":
                subscriber.options.append(item["productOffering"]["id"])
            case "unsubscribe" if item["productOffering"]["id"] in subscriber.options:
                subscriber.options.remove(item["productOffering"]["id"])
            case "terminate" if subscriber in self.subscribers:
                # Two may ask for it at once, and both be accepted: the second one fails later.
                self.subscribers.remove(subscriber)

    # -- what orders need

    async def _check(self, node: str, home: str) -> str | None:
        body = {
            "identificationType": "resident-id",
            "identificationId": resident_id(home, OWNER),
            "name": OWNER.full_name,
            "method": "id-reader",
        }
        made = await self.client.post(node, CHECKS, body)
        return str(made["id"]) if made else None

    async def _counter(self, node: str, amount: float) -> str | None:
        """Money on the counter, in the history too."""
        key = new_id()
        body = payment("counter", amount, key)
        answer = await self.client.wish(node, PAYMENTS, body, business="counter", key=key, amount=amount)
        return str(answer.json()["id"]) if answer is not None and answer.status_code == 201 else None

    async def _offering(self, node: str, name: str) -> str:
        found = await self.client.get(node, OFFERINGS, name=name, limit=1)
        return str(found[0]["id"])

    async def _stock(self, node: str, path: str, **body: Any) -> None:
        made = await self.client.post(node, path, body, role="supervisor")
        assert made is not None, f"{node} took no stock in: {body}"


def _mixed(lines: Sequence[str], special: Sequence[str]) -> Iterator[str]:
    """The special ones after every third of the others."""
    rest = deque(special)
    for n, line in enumerate(lines):
        if n % 3 == 2 and rest:
            yield rest.popleft()
        yield line


def _of_option(business: str, number: str, offering: str) -> dict[str, Any]:
    return {"category": business, "productOrderItem": [on_option(business, number, offering)]}


def _iccid(node: str, serial: int) -> str:
    body = f"89860127{list(SEGMENTS).index(node):02d}1{serial:08d}"
    return body + check_digit(body)
