"""The processes of a fleet under one eye: one that ends by itself is started again."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGTERM, Signals
from typing import Literal

from deploy.local.processes import Mark, last_lines

Kind = Literal["engine", "node", "door", "service", "relay", "simulator"]
LOOK_SECONDS = 0.1
SHORTEST_PAUSE, LONGEST_PAUSE = 0.25, 5.0
STEADY_SECONDS = 30.0
"""Whoever lived that long, and ends, waits no longer than at the first time."""


@dataclass
class Child:
    """One process: how it is started, and what became of it."""

    name: str
    kind: Kind
    node: str | None
    log: Path
    launch: Callable[[], Mark]
    stop_signal: Signals = SIGTERM
    mark: Mark | None = None
    held: bool = False
    """Ended on purpose: not to be started again."""
    _pause: float = field(default=SHORTEST_PAUSE, init=False)
    _due: float | None = field(default=None, init=False)
    _begun: float = field(default_factory=time.monotonic, init=False)

    def start(self) -> None:
        """Start it, or start it again."""
        self.held = False
        self._due = None
        self._begun = time.monotonic()
        self.mark = self.launch()

    @property
    def alive(self) -> bool:
        return self.mark is not None and self.mark.alive

    def missed(self) -> bool:
        """Note that it ended by itself; True at the first look that sees it."""
        if self._due is not None:
            return False
        now = time.monotonic()
        self._pause = SHORTEST_PAUSE if now - self._begun > STEADY_SECONDS else self._pause
        self._due = now + self._pause
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
        return True

    @property
    def due(self) -> bool:
        """Whether the pause after its end is over."""
        return self._due is not None and time.monotonic() >= self._due

    def last_words(self) -> str:
        return last_lines(self.log)


class Children:
    """All processes of a fleet, by name."""

    def __init__(self, say: Callable[[str], None], changed: Callable[[], None]) -> None:
        """`say` tells the person in front of the fleet; `changed` is called when a process has a new number."""
        self._all: dict[str, Child] = {}
        self._say = say
        self._changed = changed

    def __getitem__(self, name: str) -> Child:
        return self._all[name]

    def __iter__(self) -> Iterator[Child]:
        return iter(list(self._all.values()))

    def add(self, child: Child) -> Child:
        self._all[child.name] = child
        return child

    async def watch(self) -> None:
        """Start again what ends by itself, for ever."""
        while True:
            for child in self:
                if child.held or child.alive:
                    continue
                if child.missed():
                    self._say(f"{child.name} ended by itself and is started again; its log: {child.log}")
                if child.due:
                    child.start()
                    self._changed()
            await asyncio.sleep(LOOK_SECONDS)

    def end(self, *kinds: Kind, within: float = 15) -> None:
        """End all processes of these kinds at once, and wait for them; by force what does not end in time."""
        ending = [child for child in self if child.kind in kinds and child.mark is not None]
        for child in ending:
            child.held = True
            if child.mark is not None:
                child.mark.send(child.stop_signal)
        for child in ending:
            if child.mark is not None:
                child.mark.stop(child.stop_signal, within=within)
