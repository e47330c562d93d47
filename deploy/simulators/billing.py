"""Billing: the subscriptions that are rated and billed."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from contracts.base import Document
from contracts.steps import STEPS, ChangeBilling, Charge, EndBilling, StartBilling
from contracts.tasks import Task
from deploy.simulators.system import Refused
from libs.json_text import json_text


@dataclass
class Billing:
    """Subscriptions that are rated and billed, and how they were before each change."""

    tables: str = """
    CREATE TABLE IF NOT EXISTS billed (
      node TEXT NOT NULL, subscription TEXT NOT NULL, number TEXT NOT NULL, account TEXT NOT NULL,
      customer TEXT NOT NULL, offerings TEXT NOT NULL, recurring TEXT NOT NULL, started_by TEXT NOT NULL,
      PRIMARY KEY (node, subscription)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS billed_before (
      task_id TEXT PRIMARY KEY, node TEXT NOT NULL, subscription TEXT NOT NULL, number TEXT NOT NULL,
      account TEXT NOT NULL, customer TEXT NOT NULL, offerings TEXT NOT NULL, recurring TEXT NOT NULL,
      started_by TEXT NOT NULL
    ) STRICT;
    """

    def do(self, db: sqlite3.Connection, task: Task) -> Document:
        match task.name:
            case "start-billing":
                self._start(db, task, StartBilling.model_validate(task.input))
            case "change-billing":
                self._change(db, task, ChangeBilling.model_validate(task.input))
            case _:
                self._end(db, task, EndBilling.model_validate(task.input))
        return {}

    def undo(self, db: sqlite3.Connection, task: Task) -> None:
        if task.name == STEPS["start-billing"].undo:
            db.execute("DELETE FROM billed WHERE node = ? AND started_by = ?", (task.node, task.does))
            return
        db.execute(
            f"INSERT OR REPLACE INTO billed ({_COLUMNS}) SELECT {_COLUMNS} FROM billed_before WHERE task_id = ?",
            (task.does,),
        )

    def _start(self, db: sqlite3.Connection, task: Task, wanted: StartBilling) -> None:
        made = db.execute(
            f"INSERT INTO billed ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (
                task.node,
                wanted.subscription,
                wanted.number,
                wanted.account,
                wanted.customer,
                json_text(wanted.offerings),
                _charges(wanted.recurring),
                task.task_id,
            ),
        )
        if made.rowcount == 0:
            raise Refused("already-billed")

    def _change(self, db: sqlite3.Connection, task: Task, wanted: ChangeBilling) -> None:
        if not self._keep(db, task, wanted.subscription):
            raise Refused("not-billed")
        db.execute(
            "UPDATE billed SET offerings = ?, recurring = ? WHERE node = ? AND subscription = ?",
            (json_text(wanted.offerings), _charges(wanted.recurring), task.node, wanted.subscription),
        )

    def _end(self, db: sqlite3.Connection, task: Task, wanted: EndBilling) -> None:
        """What was never billed here is not billed afterwards either: nothing to refuse."""
        self._keep(db, task, wanted.subscription)
        db.execute("DELETE FROM billed WHERE node = ? AND subscription = ?", (task.node, wanted.subscription))

    def _keep(self, db: sqlite3.Connection, task: Task, subscription: str) -> bool:
        """Note how a subscription is billed before a change; whether it is at all."""
        kept = db.execute(
            f"INSERT INTO billed_before (task_id, {_COLUMNS}) SELECT ?, {_COLUMNS} FROM billed "
            "WHERE node = ? AND subscription = ?",
            (task.task_id, task.node, subscription),
        )
        return kept.rowcount == 1


_COLUMNS = "node, subscription, number, account, customer, offerings, recurring, started_by"


def _charges(charges: Iterable[Charge]) -> str:
    return json_text([charge.model_dump(mode="json") for charge in charges])
