"""By the clock: a closed day is reported to the router, and again when something of it has changed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from asyncpg import Record

from contracts.reconciliation import Account, DayReported, Figure
from libs.clock import closed_since, last_closed
from libs.json_text import json_text
from libs.messaging import Outgoing, Work
from libs.messaging.topics import uplink
from libs.service import Runtime
from services.order_acceptance.reconciliation import rules, store
from services.order_acceptance.reconciliation.rules import Reported


async def report_days(runtime: Runtime) -> None:
    """Report the days that have closed since, also those of a long night, and those whose figures have changed.

    Each day is a transaction of its own.
    """
    async with runtime.unit() as work:
        to_open = closed_since(await store.last_reported(work.tx), work.now)
    for day in to_open:
        async with runtime.unit() as work:
            await _report(work, day, await store.lock(work.tx, day))
    async with runtime.unit() as work:
        known = await store.reported(work.tx, last_closed(work.now) - rules.KEPT)
        due = rules.days_to_look_at(known, await store.changed(work.tx, known), work.now)
    for day in due:
        async with runtime.unit() as work:
            await _report(work, day, await store.lock(work.tx, day))


async def _report(work: Work, day: date, before: Reported | None) -> None:
    """Send the day's figures where they are not those that were sent last."""
    accounts = _accounts(await store.figures(work.tx, day))
    made = Reported(
        version=1 if before is None else before.version + 1,
        looked=work.now,
        figures=json_text([one.model_dump(mode="json") for one in accounts]),
    )
    if before is not None and before.figures == made.figures:
        await store.save(work.tx, day, replace(before, looked=work.now))
        return
    await store.save(work.tx, day, made)
    node = work.runtime.settings.node
    report = DayReported(node=node, day=day, version=made.version, accounts=accounts, at=work.now)
    work.send(Outgoing(topic=uplink(node, "reports"), key=f"{node}/{day}", data=report))


def _accounts(rows: Sequence[Record]) -> list[Account]:
    """Rows of `store.figures`, which come in the order of their interface and direction."""
    found: dict[tuple[str, str], list[Figure]] = {}
    for row in rows:
        figure = Figure.model_validate(dict(row))
        found.setdefault((row["interface"], row["direction"]), []).append(figure)
    return [
        Account.model_validate({"interface": interface, "direction": direction, "figures": figures})
        for (interface, direction), figures in found.items()
    ]
