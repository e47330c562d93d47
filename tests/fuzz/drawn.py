"""Requests that schemathesis draws from a service's document, one by one and in chains that follow from each other."""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.fuzz.callers import role_of
from tests.fuzz.fleet import Target
from tests.fuzz.judging import READINESS
from tests.fuzz.stream import Sent
from tests.fuzz.world import World

ROOT = Path(__file__).parents[2]
GRACE = 120.0
"""Seconds beyond its time in which a run ends: it finishes what it has begun."""
LONGEST_LINE = 64 * 2**20


class Drawer:
    """The process that draws; one run at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator["Drawer"]:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.fuzz.worker"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LONGEST_LINE,
            cwd=ROOT,
        )
        try:
            yield cls(process)
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def send(
        self,
        target: Target,
        world: World,
        role: str,
        *,
        phases: Sequence[str],
        seed: int,
        seconds: int | None = None,
        examples: int | None = None,
    ) -> Sent:
        """One run. Raises RuntimeError where schemathesis ends, or does not end."""
        job = {
            "document": _admitting(target, role),
            "url": target.url,
            "headers": {"Authorization": f"Bearer {target.bearer(role)}"},
            "known": _known(target, world),
            "phases": phases,
            "seed": seed,
            "seconds": seconds,
            "examples": examples,
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(job).encode() + b"\n")
        try:
            line = await asyncio.wait_for(self._process.stdout.readline(), (seconds or 0) + GRACE)
        except TimeoutError:
            raise RuntimeError(f"{target.name} as {role}: schemathesis does not end") from None
        if not line:
            raise RuntimeError(f"{target.name} as {role}: schemathesis has ended")
        told: dict[str, Any] = json.loads(line)
        statuses = Counter({int(status): times for status, times in told["statuses"].items()})
        sent = Sent(target.place, role, "drawn", str(seed), statuses, told["wrong"], told["scenarios"])
        return sent


def _admitting(target: Target, role: str) -> dict[str, Any]:
    """The document without what does not admit the role: how that is refused, others find out faster."""
    paths = {
        path: {
            method: told for method, told in methods.items() if {"public", role_of(role)} & {*told["x-roles"]}
        }
        for path, methods in target.document["paths"].items()
        # Whether it is ready depends on how busy the machine is; schemathesis would call it a failure.
        if path != READINESS[0]
    }
    return {**target.document, "paths": {path: methods for path, methods in paths.items() if methods}}


def _known(target: Target, world: World) -> dict[str, list[str]]:
    """The ids of what is there, by the paths that name one."""
    found = {}
    for operation in target.judge.operations:
        if "{number}" in operation.path:
            kept = [one.get("productSerialNumber") for one in world.records[world.behind(operation.path)]]
        elif "{" in operation.path:
            kept = [one.get("id") for one in world.records[world.behind(operation.path)]]
        else:
            continue
        found[operation.path] = [one for one in kept if isinstance(one, str)][:20]
    return found
