"""Provisioning: the subscribers of the network."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from pydantic_core import from_json

from contracts.base import Document
from contracts.steps import (
    STEPS,
    ActivateSubscriber,
    ChangeServices,
    RemoveSubscriber,
    SetBarring,
    SwapCard,
)
from contracts.tasks import Task
from deploy.simulators.system import Refused
from libs.json_text import json_text
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
    CREATE TABLE IF NOT EXISTS barrings (
      node TEXT NOT NULL, number TEXT NOT NULL, barring TEXT NOT NULL, PRIMARY KEY (node, number)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS subscribers_before (
      task_id TEXT PRIMARY KEY, node TEXT NOT NULL, number TEXT NOT NULL, imsi TEXT NOT NULL, profile TEXT NOT NULL,
      networks TEXT NOT NULL, services TEXT NOT NULL, barring TEXT NOT NULL
    ) STRICT;
    """

    def do(self, db: sqlite3.Connection, task: Task) -> Document:
        match task.name:
            case "activate-subscriber":
                self._activate(db, task, ActivateSubscriber.model_validate(task.input))
            case "swap-card":
                self._swap(db, task, SwapCard.model_validate(task.input))
            case "set-barring":
                self._bar(db, task, SetBarring.model_validate(task.input))
            case "change-services":
                self._change(db, task, ChangeServices.model_validate(task.input))
            case _:
                self._remove(db, task, RemoveSubscriber.model_validate(task.input))
        return {}

    def undo(self, db: sqlite3.Connection, task: Task) -> None:
        if task.name == STEPS["activate-subscriber"].undo:
            wanted = ActivateSubscriber.model_validate(task.input)
            _forget(db, task.node, wanted.number)
        elif task.name == STEPS["swap-card"].undo:
            db.execute(
                "UPDATE subscribers SET imsi = former_imsi, profile = former_profile FROM swaps "
                "WHERE task_id = ? AND subscribers.node = swaps.node AND subscribers.number = swaps.number",
                (task.does,),
            )
        elif task.name == STEPS["set-barring"].undo:
            row = db.execute(
                "SELECT node, number, barring FROM subscribers_before WHERE task_id = ?", (task.does,)
            ).fetchone()
            _set_barring(db, *row)
        elif task.name == STEPS["change-services"].undo:
            db.execute(
                "UPDATE subscribers SET services = before.services FROM subscribers_before AS before "
                "WHERE task_id = ? AND subscribers.node = before.node AND subscribers.number = before.number",
                (task.does,),
            )
        else:
            self._restore(db, task.does)

    def _bar(self, db: sqlite3.Connection, task: Task, wanted: SetBarring) -> None:
        self._keep(db, task, wanted.number)
        _set_barring(db, task.node, wanted.number, wanted.barring)

    def _change(self, db: sqlite3.Connection, task: Task, wanted: ChangeServices) -> None:
        self._keep(db, task, wanted.number)
        db.execute(
            "UPDATE subscribers SET services = ? WHERE node = ? AND number = ?",
            (json_text(wanted.services), task.node, wanted.number),
        )

    def _remove(self, db: sqlite3.Connection, task: Task, wanted: RemoveSubscriber) -> None:
        found = db.execute(
            "SELECT imsi FROM subscribers WHERE node = ? AND number = ?", (task.node, wanted.number)
        ).fetchone()
        if found is not None and found[0] != wanted.imsi:
            raise Refused("imsi-differs")
        self._keep(db, task, wanted.number)
        _forget(db, task.node, wanted.number)

    def _restore(self, db: sqlite3.Connection, removed_by: str) -> None:
        db.execute(
            "INSERT OR IGNORE INTO subscribers SELECT node, number, imsi, profile, networks, services "
            "FROM subscribers_before WHERE task_id = ?",
            (removed_by,),
        )
        row = db.execute(
            "SELECT node, number, barring FROM subscribers_before WHERE task_id = ?", (removed_by,)
        ).fetchone()
        _set_barring(db, *row)

    def _keep(self, db: sqlite3.Connection, task: Task, number: str) -> None:
        """Note a subscriber before a change. Raises Refused where there is none."""
        row = db.execute(
            "SELECT imsi, profile, networks, services, barring FROM subscribers "
            "LEFT JOIN barrings USING (node, number) WHERE node = ? AND number = ?",
            (task.node, number),
        ).fetchone()
        if row is None:
            raise Refused("provisioning-failed")
        imsi, profile, networks, services, barring = row
        db.execute(
            "INSERT INTO subscribers_before VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (task.task_id, task.node, number, imsi, profile, networks, services, barring or "none"),
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
                json_text(wanted.networks),
                json_text(wanted.services),
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


def _set_barring(db: sqlite3.Connection, node: str, number: str, barring: str) -> None:
    """Whoever is barred from nothing has no row."""
    db.execute("DELETE FROM barrings WHERE node = ? AND number = ?", (node, number))
    if barring != "none":
        db.execute("INSERT INTO barrings VALUES (?, ?, ?)", (node, number, barring))


def _forget(db: sqlite3.Connection, node: str, number: str) -> None:
    db.execute("DELETE FROM subscribers WHERE node = ? AND number = ?", (node, number))
    db.execute("DELETE FROM barrings WHERE node = ? AND number = ?", (node, number))
