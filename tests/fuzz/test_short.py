"""A short form of `make fuzz`: whatever is sent, no service answers 5xx, or otherwise than its document says."""

from collections.abc import AsyncIterator

import pytest

from deploy import services
from tests.fuzz.fleet import Target, targets
from tests.fuzz.sending import send
from tests.running import Bench

FOR_EACH = 4
"""Requests to each operation, as far as the time allows."""
LONGEST = 8
"""Seconds for a service; `make fuzz` takes longer."""
WORKS_THERE = {"hq_router": "hq-operator"}
"""Who may do most at a service, where that is not the supervisor."""


@pytest.fixture(scope="module")
async def node(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, Target]]:
    async with targets(bench, tmp_path_factory.mktemp("documents")) as made:
        yield {target.running.service.package: target for target in made}


@pytest.mark.parametrize("package", services.packages())
async def test_nothing_that_is_sent_is_answered_wrongly(node: dict[str, Target], package: str) -> None:
    role = WORKS_THERE.get(package, "supervisor")
    examples = ("--phases", "fuzzing", "--max-examples", str(FOR_EACH), "--seed", "1")
    sent = await send(node[package], role, LONGEST, *examples)
    assert sent.requests
    assert not sent.wrong, sent.wrong
