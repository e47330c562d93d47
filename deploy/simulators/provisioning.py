"""Provisioning: the subscribers of the network."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from pydantic_core import from_json

from contracts.base import Document
from contracts.steps import STEPS, ActivateSubscriber, SwapCard
from contracts.tasks import Task
from deploy.simulators.system import Refused, as_json
from libs.security.errors import KeyMissing, Undecipherable

Unseal = Callable[[str], bytes]


@dataclass
class Provisioning:
    """Subscribers of the network: which IMSI a number answers to. The ki stays as sealed as it came."""

    unseal: Unseal
    tables: str = """
    CREATE TABLE IF NOT EXISTS subscribers (
      node TEXT NOT NULL, number TEXT NOT NULL, imsi TEXT NOT NULL, profile TEXT NOT NULL, networks TEXT NOT NULL,
      services TEXT NOT NULL, PRIMARY KEY (node, number), UNIQUE (node, imsi)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS swaps (
      task_id TEXT PRIMARY KEY, node TEXT NOT NULL, number TEXT NOT NULL, imsi TEXT NOT NULL, former_imsi TEXT NOT NULL,
      former_profile TEXT NOT NULL
    ) STRICT;
    """

    def do(self, db: sqlite3.Connection, task: Task) -> Document:
        if task.name == "activate-subscriber":
            self._activate(db, task, ActivateSubscriber.model_validate(task.input))
        else:
            self._swap(db, task, SwapCard.model_validate(task.input))
        return {}

    def undo(self, db: sqlite3.Connection, task: Task) -> None:
        if task.name == STEPS["activate-subscriber"].undo:
            wanted = ActivateSubscriber.model_validate(task.input)
            db.execute("DELETE FROM subscribers WHERE node = ? AND number = ?", (task.node, wanted.number))
            return
        former = db.execute(
            "SELECT node, number, former_imsi, former_profile FROM swaps WHERE task_id = ?", (task.does,)
        ).fetchone()
        node, number, imsi, profile = former
        db.execute(
            "UPDATE subscribers SET imsi = ?, profile = ? WHERE node = ? AND number = ?",
            (imsi, profile, node, number),
        )

    def _activate(self, db: sqlite3.Connection, task: Task, wanted: ActivateSubscriber) -> None:
        self._check_profile(wanted.profile, wanted.imsi)
        made = db.execute(
            "INSERT INTO subscribers VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (
                task.node,
                wanted.number,
                wanted.imsi,
                wanted.profile,
                as_json(wanted.networks),
                as_json(wanted.services),
            ),
        )
        if made.rowcount == 0:
            raise Refused("provisioning-failed")

    def _swap(self, db: sqlite3.Connection, task: Task, wanted: SwapCard) -> None:
        self._check_profile(wanted.profile, wanted.imsi)
        found = db.execute(
            "SELECT imsi, profile FROM subscribers WHERE node = ? AND number = ?", (task.node, wanted.number)
        ).fetchone()
        taken = db.execute(
            "SELECT 1 FROM subscribers WHERE node = ? AND imsi = ? AND number <> ?",
            (task.node, wanted.imsi, wanted.number),
        ).fetchone()
        if found is None or taken is not None:
            raise Refused("provisioning-failed")
        if found[0] != wanted.replaces_imsi:
            raise Refused("imsi-differs")
        db.execute(
            "INSERT INTO swaps VALUES (?, ?, ?, ?, ?, ?)",
            (task.task_id, task.node, wanted.number, wanted.imsi, found[0], found[1]),
        )
        db.execute(
            "UPDATE subscribers SET imsi = ?, profile = ? WHERE node = ? AND number = ?",
            (wanted.imsi, wanted.profile, task.node, wanted.number),
        )

    def _check_profile(self, sealed: str, imsi: str) -> None:
        """Raises Refused for a profile that does not open, or is not that of this IMSI."""
        try:
            profile = from_json(self.unseal(sealed))
            if profile["imsi"] == imsi and profile["ki"]:
                return
        except (KeyMissing, Undecipherable, ValueError, KeyError, TypeError):
            pass
        raise Refused("provisioning-failed")
