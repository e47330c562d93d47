"""Before anything is fuzzed: everything that can be made is made once, and what is there is looked up."""

from collections.abc import Iterable, Mapping, Sequence
from random import Random

import httpx

from tests.fuzz.asked import Asked
from tests.fuzz.asking import valid
from tests.fuzz.bodies import MADE
from tests.fuzz.callers import calls_at
from tests.fuzz.fleet import Target
from tests.fuzz.judging import Operation
from tests.fuzz.stream import ask, learn
from tests.fuzz.world import CANCELS, CHECKS, ORDERS, PAYMENTS, PRODUCTS, REFUNDS, World

ABLE = ("supervisor", "hq-operator", "migration", "hall-clerk", "account-manager", "service", "auditor")
"""Who is asked to make something, or to look: the first who may."""
OFTEN = {
    CHECKS: 4,
    PAYMENTS: 12,
    PRODUCTS: 6,
    ORDERS: 24,
    REFUNDS: 3,
    CANCELS: 3,
    "/api/hq-router/v1/switches": 4,
}
TRIES = 4
"""At most, for all others: not every customer has an account, and what is drawn may be taken."""
LAST = (CHECKS, PAYMENTS, PRODUCTS, ORDERS, REFUNDS, CANCELS, "/api/resource/v1/cardWritings")
"""What needs what is made before."""


def able(operation: Operation) -> str | None:
    return next((role for role in ABLE if role in operation.roles), None)


def able_at(operations: Sequence[Operation]) -> str:
    """Who may do most at a service."""
    return max(ABLE, key=lambda role: sum(role in one.roles for one in operations))


async def look_around(world: World, targets: Sequence[Target]) -> None:
    """What every list shows."""
    for target in targets:
        async with httpx.AsyncClient(base_url=target.url, timeout=60) as client:
            for operation in target.judge.operations:
                role = able(operation)
                if operation.method != "GET" or "{" in operation.path or role is None:
                    continue
                headers = {"Authorization": f"Bearer {target.bearer(role)}"}
                answer = await client.get(operation.path, params={"limit": 50}, headers=headers)
                found = answer.json() if answer.status_code == 200 else None
                for record in found if isinstance(found, list) else ():
                    if "id" in record:
                        world.keep(operation.path, record)


async def settle(worlds: Mapping[str, World], targets: Sequence[Target], seed: int) -> dict[str, set[int]]:
    """Look around, and make one of everything at each node; how each was answered, by its path."""
    answered: dict[str, set[int]] = {}
    for node, world in worlds.items():
        there = [target for target in targets if target.node == node]
        await look_around(world, there)
        await checked(world, there, ("hall-clerk",), 12)
        await _make_all(world, there, Random(f"{seed}:{node}"), answered)
    return answered


async def _make_all(
    world: World, targets: Sequence[Target], chance: Random, answered: dict[str, set[int]]
) -> None:
    operations = {
        operation.path: (target, operation)
        for target in targets
        for operation in target.judge.operations
        if operation.method == "POST"
    }
    for path in (*(one for one in MADE if one not in LAST), *LAST):
        if path not in operations:
            continue
        target, operation = operations[path]
        role = "hall-clerk" if path in (ORDERS, PAYMENTS) else able(operation)
        if role is None or not operation.admits(role):
            continue
        async with httpx.AsyncClient(base_url=target.url, timeout=60) as client:
            for _ in range(OFTEN.get(path, TRIES)):
                answer = await ask(client, valid(operation, Asked(world, role, chance), target.bearer(role)))
                answered.setdefault(path, set()).add(answer.status_code)
                if answer.status_code == 201:
                    learn(world, operation, role, answer)
                    if path not in OFTEN:
                        break


async def checked(world: World, targets: Sequence[Target], roles: Iterable[str], count: int) -> None:
    """Identity checks for those who take orders in these roles."""
    for target in targets:
        for operation in target.judge.operations:
            if operation.path != CHECKS or operation.method != "POST":
                continue
            async with httpx.AsyncClient(base_url=target.url, timeout=60) as client:
                for role in roles:
                    for _ in range(count if operation.admits(role) and calls_at(role, target.node) else 0):
                        asked = Asked(world, role, Random(role))
                        answer = await ask(client, valid(operation, asked, target.bearer(role)))
                        if answer.status_code == 201:
                            learn(world, operation, role, answer)
