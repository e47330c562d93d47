"""Mutated requests to one service in one role, one after the other, each answer judged.

A stream is made of its seed, and of what was there before it: the same seed sends the same again, with other ids.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from random import Random

import httpx

from libs.web.routes import KIB
from tests.fuzz.asked import Asked
from tests.fuzz.asking import Request, spoilt, valid
from tests.fuzz.fleet import Target
from tests.fuzz.judging import Operation
from tests.fuzz.world import CHECKS, World

TOGETHER = 0.04
"""Of the requests that are sent a few times at the same moment."""
LARGE = 8 * KIB
"""Bytes of a body: the smallest limit that there is."""
REFUSED_SHARE = 0.1
"""Of the requests to operations that do not admit the role: they all end at the same door."""


@dataclass
class Sent:
    """So many requests of one kind to one service in one role, how they were answered, and what was wrong."""

    place: str
    role: str
    by: str
    seed: str
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    scenarios: int = 0
    """Of them, how many chains of requests that follow from each other."""

    @property
    def requests(self) -> int:
        return self.statuses.total()


async def send(target: Target, world: World, role: str, requests: int, seed: str) -> Sent:
    """Send so many requests."""
    chance = Random(seed)
    sent = Sent(target.place, role, "mutated", seed)
    world = world.copy()
    asked = Asked(world, role, chance)
    admitted = [one for one in target.judge.operations if one.admits(role)]
    others = [one for one in target.judge.operations if not one.admits(role)]
    before: list[Request] = []
    token = target.bearer(role)
    async with httpx.AsyncClient(base_url=target.url, timeout=60) as client:
        for _ in range(requests):
            refused = others and (not admitted or chance.random() < REFUSED_SHARE)
            operation = _one_of(others if refused else admitted, chance)
            make_valid = chance.random() < 0.2
            request = (
                valid(operation, asked, token) if make_valid else spoilt(operation, asked, token, before)
            )
            times = chance.choice((2, 4)) if chance.random() < TOGETHER else 1
            answers = await asyncio.gather(*(asked_for(client, request) for _ in range(times)))
            for answer in (one for one in answers if one is not None):
                sent.statuses[answer.status_code] += 1
                if wrong := _judged(target, request, answer):
                    sent.wrong.append(f"{wrong}\n  sent {times} times at once" if times > 1 else wrong)
                if answer.status_code == 201:
                    learn(world, request.operation, role, answer)
                    before = [*before[-20:], request]
    return sent


def _judged(target: Target, request: Request, answer: httpx.Response) -> str:
    """What is wrong with an answer, and what to send to see it again; or nothing."""
    wrong = target.judge.wrong(
        request.operation,
        answer.status_code,
        answer.headers.get("content-type", ""),
        answer.content,
        elsewhere=request.elsewhere,
    )
    label = f"{request.operation.label}, {request.made}"
    return wrong and f"{label}: {wrong}\n  {answer.text[:600]}\n  {request.curl(target.url)}"


async def asked_for(client: httpx.AsyncClient, request: Request) -> httpx.Response | None:
    """The answer; None where there may be none: who refuses a large body hangs up while it still comes, and the
    refusal can be lost on its way (RFC 9112, 9.6)."""
    try:
        return await ask(client, request)
    except (httpx.NetworkError, httpx.RemoteProtocolError):
        if len(request.content or b"") < LARGE:
            raise
        return None


async def ask(client: httpx.AsyncClient, request: Request) -> httpx.Response:
    headers = [(name.encode(), value.encode("latin-1")) for name, value in request.headers.items()]
    return await client.request(
        request.operation.method, request.target, headers=headers, content=request.content
    )


def learn(world: World, operation: Operation, role: str, answer: httpx.Response) -> None:
    """Remember what was made."""
    made = answer.json()
    if isinstance(made, dict) and "id" in made:
        if operation.path == CHECKS:
            world.checks[role].append(made["id"])
        world.keep(operation.path, made)


def _one_of(operations: list[Operation], chance: Random) -> Operation:
    """Rather one that takes a body: there is more that can be wrong."""
    weights = [
        0.1 if "public" in one.roles and one.method == "GET" else 4 if one.media_types else 2
        for one in operations
    ]
    return chance.choices(operations, weights)[0]
