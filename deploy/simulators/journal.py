"""The durable journal of a simulator: what it was asked, what it did, what it answered. SQLite, synced at commit.

The tables are documented in README.md; a checker may open the file beside the running simulator, read-only.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic_core import from_json

from contracts.base import Document
from libs.json_text import json_text

_TABLES = """
CREATE TABLE IF NOT EXISTS tasks (
  task_id TEXT PRIMARY KEY,
  does TEXT NOT NULL,
  direction TEXT NOT NULL CHECK (direction IN ('do', 'undo')),
  name TEXT NOT NULL,
  node TEXT NOT NULL,
  work_order TEXT NOT NULL,
  "order" TEXT NOT NULL,
  business TEXT NOT NULL,
  number TEXT,
  input TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('done', 'refused')),
  effect INTEGER NOT NULL CHECK (effect IN (0, 1)),
  reasons TEXT NOT NULL,
  output TEXT NOT NULL,
  at TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS tasks_does ON tasks (does, direction);
CREATE INDEX IF NOT EXISTS tasks_work_order ON tasks (work_order);
CREATE TABLE IF NOT EXISTS askings (
  ce_id TEXT PRIMARY KEY,
  task_id TEXT NOT NULL REFERENCES tasks,
  n INTEGER NOT NULL,
  reply_to TEXT NOT NULL,
  answer_id TEXT NOT NULL,
  traceparent TEXT,
  received REAL NOT NULL,
  due REAL,
  answered REAL
) STRICT;
CREATE INDEX IF NOT EXISTS askings_due ON askings (due) WHERE answered IS NULL AND due IS NOT NULL;
CREATE INDEX IF NOT EXISTS askings_task ON askings (task_id);
CREATE TABLE IF NOT EXISTS unreadable (
  topic TEXT NOT NULL, partition INTEGER NOT NULL, "offset" INTEGER NOT NULL, why TEXT NOT NULL, at TEXT NOT NULL,
  PRIMARY KEY (topic, partition, "offset")
) STRICT;
CREATE TABLE IF NOT EXISTS system (name TEXT PRIMARY KEY) STRICT;
"""


class WrongJournal(RuntimeError):
    """The file holds the journal of another system."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One task, as it was carried out."""

    task_id: str
    does: str
    direction: str
    name: str
    node: str
    work_order: str
    order: str
    business: str
    number: str | None
    input: Document
    outcome: str
    effect: bool
    """Whether the system's state changed."""
    reasons: list[str]
    output: Document
    at: str


@dataclass(frozen=True, slots=True)
class Due:
    """An answer to be sent."""

    ce_id: str
    answer_id: str
    reply_to: str
    traceparent: str | None
    received: float
    due: float
    entry: Entry


class Journal:
    """The file, opened by the one process that writes it."""

    def __init__(self, file: Path, system: str, tables: str) -> None:
        """`tables` are those of the system's own state. Raises WrongJournal for another system's file."""
        file.parent.mkdir(parents=True, exist_ok=True)
        self.db = sqlite3.connect(file, isolation_level=None)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = FULL")
        self.db.execute("PRAGMA foreign_keys = ON")
        self.db.executescript(_TABLES + tables)
        self.db.execute("INSERT INTO system SELECT ? WHERE NOT EXISTS (SELECT 1 FROM system)", (system,))
        (found,) = self.db.execute("SELECT name FROM system").fetchone()
        if found != system:
            self.db.close()
            raise WrongJournal(f"{file} is the journal of {found}, not of {system}")

    def close(self) -> None:
        self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block or nothing, on the disk at its end."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    @contextmanager
    def one_of_many(self) -> Iterator[None]:
        """Inside a transaction: all of the block or nothing, and what went before stays."""
        self.db.execute("SAVEPOINT one")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK TO one")
            raise
        finally:
            self.db.execute("RELEASE one")

    def find(self, task_id: str) -> Entry | None:
        row = self.db.execute(f"SELECT {_ENTRY} FROM tasks WHERE task_id = ?", (task_id,)).fetchone()
        return _entry(row) if row else None

    def find_undo(self, does: str) -> Entry | None:
        """The undo of a do, whether the do was seen or not."""
        row = self.db.execute(
            f"SELECT {_ENTRY} FROM tasks WHERE does = ? AND direction = 'undo'", (does,)
        ).fetchone()
        return _entry(row) if row else None

    def keep(self, entry: Entry) -> None:
        self.db.execute(
            f"INSERT INTO tasks ({_ENTRY}) VALUES ({', '.join('?' * 15)})",
            (
                entry.task_id,
                entry.does,
                entry.direction,
                entry.name,
                entry.node,
                entry.work_order,
                entry.order,
                entry.business,
                entry.number,
                json_text(entry.input),
                entry.outcome,
                int(entry.effect),
                json_text(entry.reasons),
                json_text(entry.output),
                entry.at,
            ),
        )

    def asked_before(self, ce_id: str) -> bool:
        return self.db.execute("SELECT 1 FROM askings WHERE ce_id = ?", (ce_id,)).fetchone() is not None

    def askings(self, task_id: str) -> int:
        (count,) = self.db.execute("SELECT count(*) FROM askings WHERE task_id = ?", (task_id,)).fetchone()
        return int(count)

    def note_asking(
        self,
        ce_id: str,
        task_id: str,
        n: int,
        reply_to: str,
        answer_id: str,
        traceparent: str | None,
        received: float,
        due: float | None,
    ) -> None:
        self.db.execute(
            "INSERT INTO askings (ce_id, task_id, n, reply_to, answer_id, traceparent, received, due) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (ce_id, task_id, n, reply_to, answer_id, traceparent, received, due),
        )

    def note_unreadable(self, topic: str, partition: int, offset: int, why: str, at: str) -> None:
        self.db.execute(
            "INSERT OR IGNORE INTO unreadable VALUES (?, ?, ?, ?, ?)", (topic, partition, offset, why, at)
        )

    def due(self, now: float, most: int) -> list[Due]:
        """Answers whose time has come, the oldest first."""
        rows = self.db.execute(
            f"SELECT ce_id, answer_id, reply_to, traceparent, received, due, {_ENTRY} "
            "FROM askings JOIN tasks USING (task_id) WHERE answered IS NULL AND due <= ? ORDER BY due LIMIT ?",
            (now, most),
        )
        return [
            Due(ce_id, answer_id, reply_to, traceparent, received, due, _entry(entry))
            for ce_id, answer_id, reply_to, traceparent, received, due, *entry in rows
        ]

    def next_due(self) -> float | None:
        """When the next answer is to be sent."""
        (found,) = self.db.execute(
            "SELECT min(due) FROM askings WHERE answered IS NULL AND due IS NOT NULL"
        ).fetchone()
        return None if found is None else float(found)

    def answered(self, sent: Sequence[Due], now: float) -> None:
        with self.transaction():
            self.db.executemany(
                "UPDATE askings SET answered = ? WHERE ce_id = ?", [(now, one.ce_id) for one in sent]
            )


_ENTRY = (
    'task_id, does, direction, name, node, work_order, "order", business, number, input, outcome, effect, reasons, '
    "output, at"
)


def _entry(row: Sequence[object]) -> Entry:
    values = list(row)
    values[9], values[11], values[12], values[13] = (
        from_json(str(values[9])),
        bool(values[11]),
        from_json(str(values[12])),
        from_json(str(values[13])),
    )
    return Entry(*values)  # type: ignore[arg-type]
