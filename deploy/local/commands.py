"""What `unicrm up`, `unicrm demo` and `unicrm engines` do: a fleet or engines in the foreground."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from signal import SIGINT, SIGTERM
from typing import Any

from rich.console import Console

from deploy.demo.frame import run_demonstration
from deploy.local.fleet import Fleet
from deploy.local.page import show_page
from deploy.local.plan import FleetPlan
from deploy.local.shared_engines import shared_engines
from deploy.local.trouble import Trouble


def up(provinces: str, **more: Any) -> int:
    """A fleet until Ctrl-C or SIGTERM; 0 when it stopped as it was told, 1 when it did not start."""
    console = Console()
    plan = FleetPlan.of(provinces, **more)

    async def stand() -> int:
        async with Fleet.standing(plan, _teller(console)) as fleet:
            show_page(plan, fleet.accounts, console)
            await asyncio.Event().wait()
        return 0

    return _until_told(stand, console)


def demo(provinces: str, **more: Any) -> int:
    """The demonstration on data of its own; 0 only if every step passed."""
    console = Console(highlight=False, soft_wrap=True)
    plan = FleetPlan.of(provinces, place="demo", fresh=True, **more)

    async def show() -> int:
        try:
            async with Fleet.standing(plan, _teller(console)) as fleet:
                return await run_demonstration(fleet, console)
        except Trouble as trouble:
            console.print(str(trouble), markup=False)
            console.print("demo: 0 passed, 1 failed")
            return 1

    return _until_told(show, console, stopped=130)


def keep_test_engines() -> int:
    """The engines that test sessions share, until Ctrl-C or SIGTERM."""
    console = Console()

    async def keep() -> int:
        async with shared_engines() as engines:
            where = f"PostgreSQL {engines.postgres_url}, Kafka {engines.kafka}. Ctrl-C stops them."
            console.print(where, soft_wrap=True, highlight=False)
            await asyncio.Event().wait()
        return 0

    return _until_told(keep, console)


def _until_told(work: Callable[[], Awaitable[int]], console: Console, *, stopped: int = 0) -> int:
    """Run until the work is done or a signal says stop; then the work cleans up behind itself."""

    async def run() -> int:
        loop = asyncio.get_running_loop()
        task = asyncio.ensure_future(work())
        told = False

        def stop() -> None:
            nonlocal told
            if not told:
                console.print("\nStopping …")
                told = True
                task.cancel()

        for number in (SIGINT, SIGTERM):
            loop.add_signal_handler(number, stop)
        try:
            return await task
        except asyncio.CancelledError:
            return stopped

    return asyncio.run(run())


def _teller(console: Console) -> Callable[[str], None]:
    began = time.monotonic()

    def say(text: str) -> None:
        console.print(f"[dim]{time.monotonic() - began:5.1f} s[/]  {text}", soft_wrap=True, highlight=False)

    return say
