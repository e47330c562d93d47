"""A demonstration tells what it saw, goes on after a failure, and does not call that a success."""

import io
from typing import Any

from rich.console import Console

from deploy.demo.frame import Stage, Step, run_demonstration


class _NoFleet:
    addresses = dict.fromkeys(("hq", "bj", "gd"), "http://127.0.0.1")


async def _works(stage: Stage) -> str:
    stage.kept["order"] = "7"
    return f"{len(stage.clients)} nodes [ok]"


async def _sees_the_former(stage: Stage) -> str:
    return f"order {stage.kept['order']}"


async def _fails(_: Stage) -> str:
    raise AssertionError("the number is still taken")


async def _told(*steps: Step) -> tuple[int, list[str]]:
    output = io.StringIO()
    fleet: Any = _NoFleet()
    status = await run_demonstration(fleet, Console(file=output, width=200), steps)
    return status, output.getvalue().splitlines()


async def test_each_step_is_a_line_with_what_was_asked_what_came_back_and_how_long_it_took() -> None:
    status, lines = await _told(Step("Who is there?", _works), Step("What was ordered?", _sees_the_former))
    assert status == 0
    assert lines[0].startswith("✓ Who is there? → 3 nodes [ok] (")
    assert lines[1].startswith("✓ What was ordered? → order 7 (")
    assert lines[0].endswith(" ms)")
    assert lines[-1] == "demo: 2 passed, 0 failed"


async def test_a_failed_step_ends_nothing_but_the_success() -> None:
    status, lines = await _told(Step("Is it free?", _fails), Step("Who is there?", _works))
    assert status == 1
    assert lines[0].startswith("✗ Is it free? → the number is still taken (")
    assert lines[-1] == "demo: 1 passed, 1 failed"
