"""Figures beside their bare counterparts: measured in turn, in one run, the median of the rounds."""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

ROUNDS = 5


@dataclass(frozen=True)
class Figure:
    """`ours` and `bare` in `unit`, `ratio` of the one to the other; `goal` is what one of these should be."""

    name: str
    unit: str
    ours: float
    bare: float
    ratio: float
    goal: str

    @classmethod
    def of(cls, name: str, unit: str, ours: Sequence[float], bare: Sequence[float], goal: str) -> "Figure":
        """The medians of what was measured."""
        mine, other = median(ours), median(bare)
        return cls(name, unit, mine, other, mine / other, goal)


async def compare(
    name: str,
    goal: str,
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
    return Figure.of(name, unit, mine[1:], other[1:], goal)


def report(figures: list[Figure], file: Path) -> None:
    """The table on the terminal, and the same for programs."""
    table = Table("", "unit", "ours", "bare", "ratio", "goal")
    for one in figures:
        table.add_row(
            one.name, one.unit, f"{one.ours:,.0f}", f"{one.bare:,.0f}", f"{one.ratio:.2f}", one.goal
        )
    Console(width=120).print(table)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps([asdict(one) for one in figures], indent=1, ensure_ascii=False) + "\n")


def kept(file: Path, newer: Sequence[Figure]) -> list[Figure]:
    """The figures of earlier runs, each that was measured again replaced: a part of the bench leaves the rest be."""
    names = {one.name for one in newer}
    before = [Figure(**one) for one in json.loads(file.read_text())] if file.exists() else []
    return [*(one for one in before if one.name not in names), *newer]
