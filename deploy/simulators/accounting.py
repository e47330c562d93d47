"""Accounting: accounts with their balances, and every posting."""

import sqlite3
from dataclasses import dataclass
from decimal import Decimal

from contracts.base import Document
from contracts.steps import AskBalance, BalanceTold, ChargeFees, PaymentPosted, PostPayment
from contracts.tasks import Task
from libs.money import yuan


@dataclass
class Accounting:
    """Accounts with their balances. An account opens with its first posting; a balance may be below nothing."""

    tables: str = """
    CREATE TABLE IF NOT EXISTS accounts (
      node TEXT NOT NULL, account TEXT NOT NULL, balance_fen INTEGER NOT NULL, PRIMARY KEY (node, account)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS postings (
      n INTEGER PRIMARY KEY, task_id TEXT NOT NULL UNIQUE, does TEXT NOT NULL, node TEXT NOT NULL,
      account TEXT NOT NULL, kind TEXT NOT NULL, reference TEXT NOT NULL, amount_fen INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS postings_does ON postings (does);
    """

    def do(self, db: sqlite3.Connection, task: Task) -> Document:
        if task.name == "ask-balance":
            asked = AskBalance.model_validate(task.input)
            told = BalanceTold(balance=self._balance(db, task.node, asked.account))
            return told.model_dump(mode="json", by_alias=True)
        if task.name == "post-payment":
            payment = PostPayment.model_validate(task.input)
            balance = self._post(db, task, payment.account, payment.kind, payment.reference, payment.amount)
        else:
            fees = ChargeFees.model_validate(task.input)
            total = sum((charge.amount for charge in fees.charges), Decimal())
            balance = self._post(db, task, fees.account, "fees", fees.reference, -total)
        return PaymentPosted(balance=balance).model_dump(mode="json", by_alias=True)

    def undo(self, db: sqlite3.Connection, task: Task) -> None:
        row = db.execute(
            "SELECT account, kind, reference, amount_fen FROM postings WHERE task_id = ?", (task.does,)
        ).fetchone()
        account, kind, reference, fen = row
        self._post(db, task, account, f"{kind}-reversed", reference, Decimal(-fen) / 100)

    def _balance(self, db: sqlite3.Connection, node: str, account: str) -> Decimal:
        """Nothing, of an account that no posting has opened."""
        row = db.execute(
            "SELECT balance_fen FROM accounts WHERE node = ? AND account = ?", (node, account)
        ).fetchone()
        return yuan(Decimal(row[0] if row else 0) / 100)

    def _post(
        self, db: sqlite3.Connection, task: Task, account: str, kind: str, reference: str, amount: Decimal
    ) -> Decimal:
        fen = int(amount * 100)
        db.execute(
            "INSERT INTO postings (task_id, does, node, account, kind, reference, amount_fen) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (task.task_id, task.does, task.node, account, kind, reference, fen),
        )
        (balance,) = db.execute(
            "INSERT INTO accounts VALUES (?, ?, ?) ON CONFLICT (node, account) "
            "DO UPDATE SET balance_fen = balance_fen + excluded.balance_fen RETURNING balance_fen",
            (task.node, account, fen),
        ).fetchone()
        return yuan(Decimal(balance) / 100)
