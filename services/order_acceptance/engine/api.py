"""What operators see of work orders, and the one thing that they decide: a refused last step is tried again."""

import json
from typing import Any

import asyncpg
from pydantic import BaseModel

from libs.database import Connection, Database
from libs.security.roles import AUDITOR, HQ_OPERATOR, SUPERVISOR, Roles
from libs.service import Runtime
from libs.tmf.condition import Parameters, both
from libs.tmf.write import moment
from libs.web import codes
from libs.web.call import Answer, Call
from libs.web.documentation import QueryParameter
from libs.web.errors import Reason, Refusal
from libs.web.idempotency import once
from libs.web.paging import PAGING, page_headers, page_of
from libs.web.routes import Routes
from services.order_acceptance.engine import rules, store
from services.order_acceptance.engine.carry import Batch, patience_of
from services.order_acceptance.errors import NOTHING_TO_RETRY
from services.order_acceptance.visibility import of_work

READERS = Roles(SUPERVISOR, HQ_OPERATOR, AUDITOR)
routes = Routes(prefix="/api/order-acceptance/v1", tag="Work orders")

_FILTERS = {"order": "order_id", "state": "state", "business": "business", "origin": "origin", "home": "home"}
_PARAMETERS = (
    *(QueryParameter(name, f"Only work orders with this {name}.") for name in _FILTERS),
    QueryParameter("attention", "`true`: only those that wait for an operator.", schema={"type": "boolean"}),
)
_SHOWN = """id, order_id, business, process, process_version, part, origin, origin_transaction, forward_attempt, home,
    state, verdict, sequence, attention, next_at, deadline, accounting_day, steps, reasons, created, updated"""


class StepView(BaseModel):
    """A line of the journal: what was asked of whom, and how it stands. Inputs and outputs stay inside."""

    name: str
    executor: str
    state: str
    attempt: int
    askings: int


class WorkOrderView(BaseModel):
    """A work order as operators see it."""

    id: str
    order: str
    business: str
    process: str
    version: int
    part: str
    origin: str
    originTransaction: str
    attempt: int
    home: str | None
    state: str
    verdict: str | None
    sequence: int
    attention: bool
    nextAt: str | None
    deadline: str
    accountingDay: str
    created: str
    updated: str
    steps: list[StepView]
    reasons: list[dict[str, Any]]


def _view(row: asyncpg.Record) -> dict[str, Any]:
    def shown(name: str) -> str | None:
        return moment(row[name]) if row[name] else None

    return {
        "id": row["id"],
        "order": row["order_id"],
        "business": row["business"],
        "process": row["process"],
        "version": row["process_version"],
        "part": row["part"],
        "origin": row["origin"],
        "originTransaction": row["origin_transaction"],
        "attempt": row["forward_attempt"],
        "home": row["home"],
        "state": row["state"],
        "verdict": row["verdict"],
        "sequence": row["sequence"],
        "attention": row["attention"],
        "nextAt": shown("next_at"),
        "deadline": shown("deadline"),
        "accountingDay": row["accounting_day"].isoformat(),
        "created": shown("created"),
        "updated": shown("updated"),
        "steps": [
            {name: step[name] for name in ("name", "executor", "state", "attempt", "askings")}
            for step in json.loads(row["steps"])
        ],
        "reasons": json.loads(row["reasons"]),
    }


@routes.get("/workOrders", allow=READERS, answer=list[WorkOrderView], query=(*_PARAMETERS, *PAGING))
async def list_work_orders(call: Call[None]) -> Answer:
    """Work orders, the newest first."""
    page = page_of(call)
    parameters = Parameters()
    wheres, values = [_visible(call, parameters)], parameters.values
    for name, column in _FILTERS.items():
        if name in call.query:
            wheres.append(f"{column} = {parameters.add(call.query[name])}")
    if "attention" in call.query:
        if call.query["attention"] not in ("true", "false"):
            raise Refusal(Reason(codes.INVALID, path="attention", detail="true | false"))
        wheres.append("attention" if call.query["attention"] == "true" else "NOT attention")
    where = " AND ".join(wheres)
    db = call.runtime.db
    total = await db.fetchval(f"SELECT count(*) FROM work_orders WHERE {where}", *values)
    rows = await db.fetch(
        f"SELECT {_SHOWN} FROM work_orders WHERE {where} ORDER BY id DESC"
        f" LIMIT ${len(values) + 1} OFFSET ${len(values) + 2}",
        *values,
        page.limit,
        page.offset,
    )
    return Answer(200, [_view(row) for row in rows], page_headers(call, page, total=total, shown=len(rows)))


@routes.get("/workOrders/{id}", allow=READERS, answer=WorkOrderView)
async def show_work_order(call: Call[None]) -> Answer:
    """One work order with its journal."""
    return Answer(200, _view(await _one(call, call.runtime.db)))


async def _one(call: Call[None], source: Connection | Database) -> asyncpg.Record:
    """The work order of the path. Raises Refusal 404 where there is none, or it is not the actor's to see."""
    parameters = Parameters(call.path["id"])
    row = await source.fetchrow(
        f"SELECT {_SHOWN} FROM work_orders WHERE id = $1 AND ({_visible(call, parameters)})",
        *parameters.values,
    )
    if row is None:
        raise Refusal(Reason(codes.NOT_FOUND))
    return row


def _visible(call: Call[None], parameters: Parameters) -> str:
    return parameters.bind(both(of_work(call.runtime.settings.node, call.actor)))


@routes.post(
    "/workOrders/{id}/retry",
    allow=Roles(SUPERVISOR, HQ_OPERATOR),
    answer=WorkOrderView,
    errors=(NOTHING_TO_RETRY,),
)
async def retry_work_order(call: Call[None]) -> Answer:
    """Ask a step that was refused after the point of no return once more, as its next attempt."""
    runtime: Runtime = call.runtime  # type: ignore[assignment]
    async with once(call) as tx, runtime.work(tx) as unit:
        await _one(call, tx)
        known = await store.lock(tx, [call.path["id"]], runtime.settings.node)
        stored = known.get(call.path["id"])
        if stored is None:
            raise Refusal(Reason(codes.NOT_FOUND))
        decided = rules.retried(stored.work, unit.now, patience_of(unit.runtime.settings))
        if decided is None:
            raise Refusal(Reason(NOTHING_TO_RETRY))
        batch = Batch(unit)
        batch.take(stored, decided)
        await batch.finish()
        answer = tx.answer(Answer(200, _view(await _one(call, tx))))
    runtime.outbox.wake()
    return answer
