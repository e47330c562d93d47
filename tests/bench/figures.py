"""Figures beside their bare counterparts: measured in turn, in one run, the median of the rounds."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

ROUNDS = 5


@dataclass(frozen=True)
class Figure:
    """`ours` and `bare` in `unit`; `goal` is what ours should be of bare, at least."""

    name: str
    unit: str
    ours: float
    bare: float
    ratio: float
    goal: float


async def compare(
    name: str,
    goal: float,
    ours: Callable[[int], Awaitable[float]],
    bare: Callable[[int], Awaitable[float]],
    unit: str = "requests/s",
) -> Figure:
    """Both in turn, one round to warm up and ROUNDS that count; each gets the number of its round."""
    mine: list[float] = []
    other: list[float] = []
    for turn in range(ROUNDS + 1):
        mine.append(await ours(turn))
        other.append(await bare(turn))
        print(f"{name}, round {turn}: ours {mine[-1]:,.0f}, bare {other[-1]:,.0f} {unit}", flush=True)
    return Figure(name, unit, median(mine[1:]), median(other[1:]), median(mine[1:]) / median(other[1:]), goal)


def report(figures: list[Figure], file: Path) -> None:
    """The table on the terminal, and the same for programs."""
    table = Table("", "unit", "ours", "bare", "ratio", "goal")
    for one in figures:
        table.add_row(
            one.name, one.unit, f"{one.ours:,.0f}", f"{one.bare:,.0f}", f"{one.ratio:.2f}", f"≥ {one.goal}"
        )
    Console().print(table)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps([asdict(one) for one in figures], indent=1) + "\n")
