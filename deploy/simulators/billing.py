"""Billing: the subscriptions that are rated and billed."""

import sqlite3
from dataclasses import dataclass

from contracts.base import Document
from contracts.steps import StartBilling
from contracts.tasks import Task
from deploy.simulators.system import Refused, as_json


@dataclass
class Billing:
    """Subscriptions that are rated and billed."""

    tables: str = """
    CREATE TABLE IF NOT EXISTS billed (
      node TEXT NOT NULL, subscription TEXT NOT NULL, number TEXT NOT NULL, account TEXT NOT NULL,
      customer TEXT NOT NULL, offerings TEXT NOT NULL, recurring TEXT NOT NULL, started_by TEXT NOT NULL,
      PRIMARY KEY (node, subscription)
    ) STRICT;
    """

    def do(self, db: sqlite3.Connection, task: Task) -> Document:
        wanted = StartBilling.model_validate(task.input)
        recurring = [charge.model_dump(mode="json") for charge in wanted.recurring]
        made = db.execute(
            "INSERT INTO billed VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (
                task.node,
                wanted.subscription,
                wanted.number,
                wanted.account,
                wanted.customer,
                as_json(wanted.offerings),
                as_json(recurring),
                task.task_id,
            ),
        )
        if made.rowcount == 0:
            raise Refused("already-billed")
        return {}

    def undo(self, db: sqlite3.Connection, task: Task) -> None:
        db.execute("DELETE FROM billed WHERE node = ? AND started_by = ?", (task.node, task.does))
