"""Six ways to break the product, each by putting something else in the place of one piece of its code.

Every way is for the life of a process: `WAYS[name]()` before it begins to serve.
"""

import asyncio
import os
import signal
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from libs.messaging import Outgoing, Work, reception
from libs.messaging.inbox import Claim
from libs.messaging.outbox import INSERT_OUTBOX, OutboxRows
from libs.service import Runtime
from libs.tmf.hub.courier import Turn
from libs.tmf.hub.sending import TAKEN, Line, Outcome
from services.hq_router.forwards import store as ledger
from services.hq_router.forwards.ledger import Batch
from services.hq_router.forwards.rules import LedgerState, refused
from services.hq_router.holding import release
from services.order_acceptance.engine import rules
from services.order_acceptance.engine.patience import Patience
from services.order_acceptance.engine.process import Process
from services.order_acceptance.engine.rules import Moved, Reason, StepState, WorkOrder, WorkState
from services.order_acceptance.forwards import messages as forwards

ORDER_STATE = "unicrm.order-acceptance.order-state"
POWER_CUT = "power-cut"
"""The file, in the folder `BROKEN_FOLDER`, at which a process ends when the end of an order is committed."""


def outbox_outside() -> None:
    """Messages are written after the commit of their change, on another connection."""
    make = Runtime.__init__

    def made(runtime: Runtime, *given: Any) -> None:
        make(runtime, *given)
        if runtime.service.name == "order-acceptance":
            _write_late(runtime)

    Runtime.__init__ = made  # type: ignore[method-assign]


def _write_late(runtime: Runtime) -> None:
    outbox = runtime.outbox
    wake, late = outbox.wake, list[OutboxRows]()
    written: asyncio.Task[None] | None = None

    async def put(_: object, outgoings: Sequence[Outgoing], now: datetime) -> None:
        if outgoings:
            late.append(outbox.rows(outgoings, now))

    async def write(rows: list[OutboxRows], before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await before
        for one in rows:
            await runtime.db.execute(INSERT_OUTBOX, *one)
        wake()

    def woken() -> None:
        nonlocal written
        rows, late[:] = list(late), []
        if rows:
            _perhaps_end(rows)
            written = asyncio.create_task(write(rows, written))
        wake()

    outbox.put, outbox.wake = put, woken  # type: ignore[method-assign,assignment]


def _perhaps_end(rows: Sequence[OutboxRows]) -> None:
    """The power goes between the commit of an order's end and the message that tells of it."""
    told = [pair for one in rows for pair in zip(one.ce_type, one.payload, strict=True)]
    if any(type_.startswith(ORDER_STATE) and b'"completed"' in payload for type_, payload in told):
        try:
            (Path(os.environ["BROKEN_FOLDER"]) / POWER_CUT).unlink()
        except FileNotFoundError:
            return
        os.kill(os.getpid(), signal.SIGKILL)


def inbox_unread() -> None:
    """What comes is new, whatever came before: the inbox is not asked, nor what is known of forwards.

    Behind both there is still a constraint of the database: whoever wants to see harm takes it away as well.
    """

    async def fresh(_: object, claims: Iterable[Claim], *more: object) -> set[tuple[str, str]]:
        return {(claim.id, claim.source) for claim in claims}

    async def nothing(*_: object) -> dict[tuple[str, str, int], str]:
        return {}

    reception.claim = fresh  # type: ignore[assignment]
    forwards.taken_in = nothing


def undo_skipped() -> None:
    """An order that fails does not give back what the stock gave out for it."""
    back = rules._backward

    def forgetful(work: WorkOrder, now: datetime, patience: Patience) -> Moved:
        steps = tuple(
            replace(step, undo=None) if step.executor == "resource" else step for step in work.steps
        )
        return back(replace(work, steps=steps), now, patience)

    rules._backward = forgetful


def unknown_is_failure() -> None:
    """A task that nobody answered in time has failed, and so there is nothing to take back."""
    passed = rules.time_passed

    def hasty(work: WorkOrder, process: Process, now: datetime, patience: Patience) -> Moved | None:
        step = work.current
        unanswered = work.state is WorkState.RUNNING and step is not None and not step.after
        if not unanswered or step is None or work.next_at is None or now < work.next_at:
            return passed(work, process, now, patience)
        if step.askings < patience.askings:
            return passed(work, process, now, patience)
        failed = rules.with_step(work, replace(step, state=StepState.REFUSED))
        why = Reason("task-unanswered", node=work.node, task=step.name)
        return rules.give_up(failed, WorkState.FAILED, (why,), now, patience)

    rules.time_passed = hasty


def router_judges_sent() -> None:
    """The router fails at its deadline also what it has sent, whatever its home is doing."""
    let_go = release.release

    async def judging(work: Work) -> int:
        rows = await work.tx.fetch(
            "SELECT origin, origin_transaction FROM forwards WHERE state = 'sent' AND deadline < $1", work.now
        )
        lines = await ledger.lock(work.tx, [(row["origin"], row["origin_transaction"]) for row in rows])
        batch = Batch(work, lines)
        for line in list(lines.values()):
            if line.entry.state is LedgerState.SENT:
                batch.apply(line, refused(line.entry, "deadline-passed", line.origin))
        await batch.finish()
        return await let_go(work)

    release.release = judging


def answer_unread() -> None:
    """What was sent to a listener counts as taken, whatever he answers."""
    send = Turn._send

    async def hopeful(line: Line, bodies: Sequence[bytes]) -> Outcome:
        await send(line, bodies)
        return TAKEN

    Turn._send = staticmethod(hopeful)  # type: ignore[method-assign,assignment]


WAYS: dict[str, Callable[[], None]] = {
    "outbox-outside": outbox_outside,
    "inbox-unread": inbox_unread,
    "undo-skipped": undo_skipped,
    "unknown-is-failure": unknown_is_failure,
    "router-judges-sent": router_judges_sent,
    "answer-unread": answer_unread,
}
