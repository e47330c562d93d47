"""`/api/hq-router/v1/portedNumbers`: numbers that left the operator or province of their segment, with dates."""

from datetime import datetime
from typing import Any

import asyncpg
from asyncpg import Record
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from libs.ids import new_id
from libs.node import PROVINCES
from libs.security.roles import AUDITOR, HQ_OPERATOR, SUPERVISOR, Roles
from libs.web import codes, whole_node
from libs.web.call import Answer, Call
from libs.web.editing import check_if_match, etag
from libs.web.errors import Reason, Refusal, refuse
from libs.web.idempotency import once
from libs.web.routes import Routes
from services.hq_router import errors
from services.hq_router.homes import store
from services.hq_router.homes.rules import OPERATORS, UNICOM, is_mobile
from services.hq_router.listing import PURPOSE, Filter, Listing, numbers_shown

PREFIX = "/api/hq-router/v1"
routes = Routes(prefix=PREFIX, tag="Ported numbers")
_WRITE = Roles(HQ_OPERATOR)
_READ = Roles(HQ_OPERATOR, SUPERVISOR, AUDITOR)
_KNOWN_OPERATORS = frozenset(OPERATORS.values())


class _Shape(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, extra="forbid")


class Period(_Shape):
    """From `startDateTime` until `endDateTime`, which is not included; left out: open."""

    start_date_time: AwareDatetime
    end_date_time: AwareDatetime | None = None


class PortedNumberCreate(_Shape):
    """A number served, in this period, by another operator or province than its segment says."""

    number: str = Field(max_length=20)
    operator: str = Field(max_length=20, description="unicom, mobile, telecom or broadnet")
    node: str | None = Field(None, max_length=8, description="the province that serves it, where it is ours")
    valid_for: Period


class PeriodEnd(_Shape):
    end_date_time: AwareDatetime | None


class PortedNumberUpdate(_Shape):
    """When the entry ends; null leaves it open."""

    valid_for: PeriodEnd


class PortedNumber(_Shape):
    """An entry of the ported numbers."""

    id: str
    href: str
    number: str
    operator: str
    node: str | None = None
    valid_for: Period
    last_update: AwareDatetime
    type: str = Field("PortedNumber", alias="@type")


LISTING = Listing(
    columns=store.PORTED,
    source="ported_numbers",
    filters=(
        Filter("number", "number", "The number, in national digits."),
        Filter("operator", "operator", "Who serves it.", values=tuple(sorted(_KNOWN_OPERATORS))),
        Filter("node", "node", "The province that serves it.", values=PROVINCES),
    ),
    sorts={"id": "id", "validFor.startDateTime": "valid_from", "lastUpdate": "last_update"},
)


@routes.post(
    "/portedNumbers",
    allow=_WRITE,
    body=PortedNumberCreate,
    answer=PortedNumber,
    status=201,
    personal=True,
    errors=(
        errors.OPERATOR_UNKNOWN,
        errors.NODE_UNKNOWN,
        errors.NODE_REQUIRED,
        errors.NODE_NOT_OURS,
        errors.NUMBER_MALFORMED,
        errors.PERIOD_EMPTY,
        errors.PERIOD_OVERLAPS,
    ),
    summary="Enter a ported number",
)
async def create_ported_number(call: Call[PortedNumberCreate]) -> Answer:
    """Enter a number that was ported, to us or away; routing follows it from the beginning of its period."""
    whole_node.check_written(call)
    wanted = call.body
    refuse(_faults(wanted))
    row = {
        "id": new_id(),
        "number": wanted.number,
        "operator": wanted.operator,
        "node": wanted.node,
        "valid_from": wanted.valid_for.start_date_time,
        "valid_until": wanted.valid_for.end_date_time,
    }
    try:
        async with once(call) as tx:
            made = await store.insert_ported(tx, row, call.actor.subject, call.now)
            return tx.answer(_answer(call, made, 201))
    except asyncpg.ExclusionViolationError:
        raise Refusal(Reason(errors.PERIOD_OVERLAPS, path="validFor")) from None


@routes.get("/portedNumbers", allow=_READ, answer=list[PortedNumber], query=LISTING.parameters)
async def list_ported_numbers(call: Call[None]) -> Answer:
    """The ported numbers, past, present and to come; numbers masked unless a purpose is given."""
    show = numbers_shown(call, "portedNumbers")
    return await LISTING.answer(call, lambda row: _shown(call, row, show(row["number"])))


@routes.get("/portedNumbers/{id}", allow=_READ, answer=PortedNumber, query=(PURPOSE,))
async def retrieve_ported_number(call: Call[None]) -> Answer:
    """One entry."""
    row = await store.one_ported(call.runtime.db, call.path["id"])
    if row is None:
        raise Refusal(Reason(codes.NOT_FOUND))
    return _answer(call, row, 200)


@routes.patch(
    "/portedNumbers/{id}",
    allow=_WRITE,
    body=PortedNumberUpdate,
    answer=PortedNumber,
    errors=(errors.PERIOD_EMPTY, errors.PERIOD_OVERLAPS, errors.ALREADY_ENDED, codes.EDITED_MEANWHILE),
    summary="End a ported number's entry",
)
async def end_ported_number(call: Call[PortedNumberUpdate]) -> Answer:
    """Say when the entry ends. What is past stays: neither end may lie before now."""
    whole_node.check_written(call)
    until = call.body.valid_for.end_date_time
    try:
        async with call.runtime.db.transaction() as tx:
            row = await _locked(tx, call)
            if row["valid_until"] is not None and row["valid_until"] <= call.now:
                raise Refusal(Reason(errors.ALREADY_ENDED))
            if until is not None and (until <= row["valid_from"] or until < call.now):
                raise Refusal(Reason(errors.PERIOD_EMPTY, path="validFor.endDateTime"))
            made = await store.end_ported(tx, row["id"], until, call.actor.subject, call.now)
    except asyncpg.ExclusionViolationError:
        raise Refusal(Reason(errors.PERIOD_OVERLAPS, path="validFor.endDateTime")) from None
    return _answer(call, made, 200)


@routes.delete(
    "/portedNumbers/{id}", allow=_WRITE, errors=(errors.ALREADY_IN_FORCE,), summary="Remove an entry to come"
)
async def delete_ported_number(call: Call[None]) -> Answer:
    """Remove an entry that is not in force yet; one that is, or was, can only be ended."""
    whole_node.check_written(call)
    async with call.runtime.db.transaction() as tx:
        row = await _locked(tx, call)
        if row["valid_from"] <= call.now:
            raise Refusal(Reason(errors.ALREADY_IN_FORCE))
        await store.delete_ported(tx, row["id"])
    return Answer(204)


async def _locked(tx: Any, call: Call[Any]) -> Record:
    row = await store.lock_ported(tx, call.path["id"])
    if row is None:
        raise Refusal(Reason(codes.NOT_FOUND))
    check_if_match(call, row["version"])
    return row


def _faults(wanted: PortedNumberCreate) -> list[Reason]:
    found = []
    if not is_mobile(wanted.number):
        found.append(Reason(errors.NUMBER_MALFORMED, path="number"))
    if wanted.operator not in _KNOWN_OPERATORS:
        found.append(Reason(errors.OPERATOR_UNKNOWN, path="operator", operator=wanted.operator))
    elif wanted.operator == UNICOM and wanted.node is None:
        found.append(Reason(errors.NODE_REQUIRED, path="node"))
    elif wanted.operator != UNICOM and wanted.node is not None:
        found.append(Reason(errors.NODE_NOT_OURS, path="node"))
    if wanted.node is not None and wanted.node not in PROVINCES:
        found.append(Reason(errors.NODE_UNKNOWN, path="node", node=wanted.node))
    end = wanted.valid_for.end_date_time
    if end is not None and end <= wanted.valid_for.start_date_time:
        found.append(Reason(errors.PERIOD_EMPTY, path="validFor.endDateTime"))
    return found


def _answer(call: Call[Any], row: Record, status: int) -> Answer:
    shown = _shown(call, row, numbers_shown(call, f"portedNumbers/{row['id']}")(row["number"]))
    return Answer(
        status,
        shown,
        headers={"ETag": etag(row["version"])},
        location=shown.href if status == 201 else None,
    )


def _shown(call: Call[Any], row: Record, number: str | None) -> PortedNumber:
    begins: datetime = row["valid_from"]
    return PortedNumber(
        id=row["id"],
        href=call.url(f"{PREFIX}/portedNumbers/{row['id']}"),
        number=number or "",
        operator=row["operator"],
        node=row["node"],
        valid_for=Period(start_date_time=begins, end_date_time=row["valid_until"]),
        last_update=row["last_update"],
    )
