"""A short form of `make fuzz`: whatever is sent, no service answers 5xx, or otherwise than its document says."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from deploy import services
from tests.fuzz import report
from tests.fuzz.bodies import MADE
from tests.fuzz.callers import CALLERS, calls_at
from tests.fuzz.drawn import Drawer
from tests.fuzz.fleet import Target, targets
from tests.fuzz.settling import able_at, checked, settle
from tests.fuzz.stream import send
from tests.fuzz.world import World
from tests.running import Bench

SEED = 1
"""Sends the same again: `make fuzz ARGS="--service … --role … --seed 1"` sends that and more."""
FOR_EACH = 25
"""Mutated requests to each service in each role."""
OF_A_SCHEMA = 1
"""Requests that schemathesis draws for each operation, and chains of them."""
NEEDS_MORE = frozenset(
    {"/api/resource/v1/cardWritings", "/tmf-api/paymentManagement/v4/refund", "/oauth2/token"}
)
"""What is not made at once: a card that is bound, a payment that has arrived, a password that is right."""


@dataclass
class Node:
    """A province and headquarters' router, with one of everything, and how that was answered."""

    there: dict[str, Target]
    worlds: dict[str, World]
    answered: dict[str, set[int]]


@pytest.fixture(scope="module")
async def node(bench: Bench) -> AsyncIterator[Node]:
    async with targets(bench, "gd", "hq", at_headquarters=("hq-router",)) as made:
        worlds = {target.node: World(target.node) for target in made}
        answered = await settle(worlds, made, str(SEED))
        for world in worlds.values():
            await checked(world, [target for target in made if target.node == world.node], CALLERS, 3)
        yield Node({target.running.service.package: target for target in made}, worlds, answered)


@pytest.fixture(scope="module")
async def drawer() -> AsyncIterator[Drawer]:
    async with Drawer.open() as opened:
        yield opened


def test_what_is_changed_was_valid(node: Node) -> None:
    refused = {path for path in MADE if 201 not in node.answered.get(path, set())}
    assert refused <= NEEDS_MORE, {path: node.answered.get(path) for path in refused}


@pytest.mark.parametrize("package", services.packages())
async def test_nothing_that_was_valid_is_answered_wrongly_in_any_role(node: Node, package: str) -> None:
    target = node.there[package]
    world = node.worlds[target.node]
    sent = await asyncio.gather(
        *(
            send(target, world, role, FOR_EACH, f"{SEED}:0:{target.place}:{role}")
            for role in CALLERS
            if calls_at(role, target.node)
        )
    )
    assert all(one.requests for one in sent)
    assert not report.wrongs(sent), report.wrongs(sent)


@pytest.mark.parametrize("package", services.packages())
async def test_nothing_that_is_drawn_is_answered_wrongly(node: Node, drawer: Drawer, package: str) -> None:
    target = node.there[package]
    role = able_at(target.judge.operations)
    sent = await drawer.send(
        target,
        node.worlds[target.node],
        role,
        phases=("fuzzing", "stateful"),
        seed=SEED,
        examples=OF_A_SCHEMA,
    )
    assert sent.requests
    assert sent.scenarios
    assert not sent.wrong, report.wrongs([sent])
