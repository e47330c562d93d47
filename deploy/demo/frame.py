"""How a demonstration runs: step by step, each saying what was asked, what came back, and how long it took."""

import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import httpx
from rich.console import Console
from rich.markup import escape

from deploy.local.accounts import Accounts
from libs.clock import ShiftedClock

_RENEW_AFTER = 600.0
"""Seconds after which a token is asked for again; it lives fifteen minutes."""


class Shown(Protocol):
    """A fleet that can be shown: where its nodes are, who may sign in, and how one is killed and comes back."""

    accounts: dict[str, Accounts]

    @property
    def clock_file(self) -> Path | None:
        """Where the offset of the fleet's clock stands; None where its time is the world's."""
        ...

    @property
    def addresses(self) -> Mapping[str, str]:
        """The front door of every node, by its code."""
        ...

    def kill(self, name: str) -> None: ...

    async def revive(self, name: str) -> None: ...


@dataclass
class Stage:
    """What a step works with: the fleet, a client for each node, and what earlier steps left."""

    fleet: Shown
    clients: dict[str, httpx.AsyncClient]
    kept: dict[str, Any] = field(default_factory=dict)
    _tokens: dict[tuple[str, str], tuple[str, float]] = field(default_factory=dict)

    async def signed_in(self, node: str, role: str, *, key: str | None = None) -> dict[str, str]:
        """Headers of a request by the node's development user with this role; `key` is its Idempotency-Key.

        Raises AssertionError where the node has no such user or gives no token.
        """
        token, since = self._tokens.get((node, role), ("", 0.0))
        if not token or time.monotonic() - since > _RENEW_AFTER:
            user = next((one for one in self.fleet.accounts[node].users if role in one["roles"]), None)
            assert user is not None, f"{node} has no user with the role {role}"
            form = {"grant_type": "password", "username": user["username"], "password": user["password"]}
            answer = await self.clients[node].post("/oauth2/token", data=form)
            assert answer.status_code == 200, f"{node} gave no token: {answer.text}"
            token = answer.json()["access_token"]
            self._tokens[node, role] = (token, time.monotonic())
        headers = {"Authorization": f"Bearer {token}"}
        return headers if key is None else headers | {"Idempotency-Key": key}

    def clock(self) -> ShiftedClock:
        """The time of the whole fleet. Raises AssertionError where it is the world's."""
        file = self.fleet.clock_file
        assert file is not None, "the clock of this fleet cannot be moved"
        return ShiftedClock(file)

    def time_passes(self, by: timedelta) -> None:
        """The fleet's clock goes on; whoever was signed in signs in again."""
        self.clock().advance(by)
        self._tokens.clear()


@dataclass(frozen=True)
class Step:
    """One thing asked of the fleet. `do` checks what came back by AssertionErrors, and answers it in a few words."""

    asked: str
    do: Callable[[Stage], Awaitable[str]]
    moves_clock: bool = False
    """Whether it can only be shown where the fleet's time is its own."""


async def run_demonstration(fleet: Shown, console: Console, steps: Sequence[Step] | None = None) -> int:
    """Every step in turn, a failed one not ending the others; 0 only if all passed."""
    if steps is None:
        from deploy.demo.steps import STEPS

        steps = STEPS
    async with staged(fleet) as stage:
        failed = await play(steps, stage, console)
    console.print(f"demo: {len(steps) - failed} passed, {failed} failed")
    return 1 if failed else 0


@asynccontextmanager
async def staged(fleet: Shown, trusting: ssl.SSLContext | bool = True) -> AsyncIterator[Stage]:
    """A stage with a client for each node; `trusting` says whose certificates they believe."""
    async with AsyncExitStack() as stack:
        clients = {
            node: await stack.enter_async_context(
                httpx.AsyncClient(base_url=address, timeout=30, verify=trusting)
            )
            for node, address in fleet.addresses.items()
        }
        yield Stage(fleet, clients)


async def play(steps: Sequence[Step], stage: Stage, console: Console) -> int:
    """Every step in turn, a failed one not ending the others; how many failed."""
    return sum([not await _run(step, stage, console) for step in steps])


async def _run(step: Step, stage: Stage, console: Console) -> bool:
    began = time.perf_counter()
    try:
        said, passed = await step.do(stage), True
    except Exception as error:
        said, passed = str(error) if isinstance(error, AssertionError) else repr(error), False
    took = (time.perf_counter() - began) * 1000
    mark = "[green]✓[/]" if passed else "[red]✗[/]"
    console.print(f"{mark} {escape(step.asked)} → {escape(said)} [dim]({took:.0f} ms)[/]")
    return passed
