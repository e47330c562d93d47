"""A production system on a journal of its own, without Kafka."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from contracts.tasks import Task, TaskResult
from deploy.simulators.accounting import Accounting
from deploy.simulators.behaviour import Behaviour
from deploy.simulators.billing import Billing
from deploy.simulators.desk import Desk, Record
from deploy.simulators.journal import Journal
from deploy.simulators.provisioning import Provisioning
from deploy.simulators.settings import SimulatorSettings, System
from deploy.simulators.tests.asking import NOW, record
from libs.security.errors import Undecipherable

LATER = 1e9


def unseal(sealed: str) -> bytes:
    """Opens what starts with the word `sealed`; a real seal is tested with the process."""
    if not sealed.startswith("sealed:"):
        raise Undecipherable("not sealed")
    return sealed.removeprefix("sealed:").encode()


def profile(imsi: str) -> str:
    return f'sealed:{{"imsi": "{imsi}", "ki": "00112233445566778899AABBCCDDEEFF"}}'


class Bench:
    """One system on a journal of its own; `ask` is one sending of each task, `answers` what came of it."""

    def __init__(self, file: Path, system: System, **settings: Any) -> None:
        production: Any = {
            "accounting": Accounting(),
            "billing": Billing(),
            "provisioning": Provisioning(unseal),
        }[system]
        told = SimulatorSettings(nodes=("gd",), journal=file, delay_ms=0, **settings)
        self.journal = Journal(file, system, production.tables)
        self.desk = Desk(system, self.journal, production, Behaviour(system, told))
        self.seconds = itertools.count(1.0)

    def ask(self, *tasks: Task) -> list[TaskResult]:
        return self.take_in(*(record(task) for task in tasks))

    def take_in(self, *records: Record) -> list[TaskResult]:
        self.desk.take_in(records, NOW, next(self.seconds))
        due = self.journal.due(LATER, 100)
        self.journal.answered(due, LATER)
        return [self.desk.result(one, NOW) for one in due]

    def rows(self, sql: str) -> list[Any]:
        return self.journal.db.execute(sql).fetchall()


Open = Callable[..., Bench]
