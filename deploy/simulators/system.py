"""What every production system has: state of its own, and tasks that change it inside the journal's transaction."""

import sqlite3
from collections.abc import Mapping
from typing import Protocol

from contracts.base import Document
from contracts.steps import PRODUCTION_SYSTEMS, STEPS
from contracts.tasks import Task
from deploy.simulators.settings import System


class Refused(Exception):
    """The system will not do it; the text is the reason's code."""


class ProductionSystem(Protocol):
    """One production system with its state."""

    @property
    def tables(self) -> str:
        """The SQL that makes what it keeps, where it is not there yet."""
        ...

    def do(self, db: sqlite3.Connection, task: Task) -> Document:
        """Carry the task out and give its output. Raises Refused, and then nothing has changed."""
        ...

    def undo(self, db: sqlite3.Connection, task: Task) -> None:
        """Take back what the do of `task.does` did."""
        ...


def own_tasks(system: System) -> Mapping[str, str]:
    """The tasks of a system and their undos, by name, each with the name of the do."""
    found = {}
    for name, owner in PRODUCTION_SYSTEMS.items():
        if owner == system:
            found[name] = name
            undo = STEPS[name].undo
            if undo is not None:
                found[undo] = name
    return found
