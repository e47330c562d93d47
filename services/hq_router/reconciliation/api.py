"""`/api/hq-router/v1/reconciliations`: whether both ends of every interface agree on a day, and what mends it."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from asyncpg import Record
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel
from pydantic_core import from_json

from libs.money import Money
from libs.node import NODES
from libs.security.roles import AUDITOR, HQ_OPERATOR, SUPERVISOR, Roles
from libs.service import Runtime
from libs.web import codes, whole_node
from libs.web.call import Answer, Call
from libs.web.errors import Reason, Refusal, refuse
from libs.web.idempotency import once
from libs.web.routes import Routes
from services.hq_router import acts, errors, whole_tier
from services.hq_router.listing import Filter, Flag, Listing
from services.hq_router.reconciliation import repair, store
from services.hq_router.reconciliation.rules import ACCOUNTS, Kind, State, sent_again_by

PREFIX = "/api/hq-router/v1"
routes = Routes(prefix=PREFIX, tag="Reconciliation")
_READ = Roles(HQ_OPERATOR, SUPERVISOR, AUDITOR)
_WRITE = Roles(HQ_OPERATOR)
MOST_SHOWN = 1000


class _Shape(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True)


class End(_Shape):
    """What one end has."""

    count: int
    amount: Money


class FigureShown(_Shape):
    """One kind of record of one business at both ends."""

    record: str = Field(description="forward, outcome or bill")
    business: str = Field(description="of a bill: payment or refund")
    counterpart: str | None = Field(None, description="a bill's home, or the origin of what home did")
    matches: bool
    router: End
    node: End | None = None


class RecordShown(_Shape):
    """A record as one end has it."""

    business: str
    counterpart: str | None = None
    state: str | None = Field(None, description="of an outcome: how the work ended")
    amount: Money


class DifferenceShown(_Shape):
    """A record that is not the same at both ends."""

    record: str
    kind: Kind
    repairable: bool = Field(description="whether its sender can be asked to send it again")
    router: RecordShown | None = None
    node: RecordShown | None = None
    found: AwareDatetime
    repair_asked: AwareDatetime | None = None
    settled: AwareDatetime | None = Field(None, description="when it was found no more")
    type: str = Field("ReconciliationDifference", alias="@type")


class ReconciliationShown(_Shape):
    """One interface with one node in one direction, of one accounting day."""

    id: str
    href: str
    accounting_day: date
    node: str
    interface: str
    direction: str = Field(description="up to the router or down from it")
    state: State
    version: int = Field(description="one more whenever the figures of an end changed")
    report_version: int | None = Field(None, description="of the figures that the node reported")
    router: End
    node_end: End | None = Field(None, alias="atNode")
    differences: int = Field(description="records that are known to differ")
    explained: AwareDatetime | None = Field(None, description="when all records had been compared")
    last_update: AwareDatetime
    figure: list[FigureShown] | None = Field(None, description="in the answer for one reconciliation")
    difference: list[DifferenceShown] | None = Field(
        None, description=f"in the answer for one: the first {MOST_SHOWN} that are not settled"
    )
    type: str = Field("Reconciliation", alias="@type")


class Repair(_Shape):
    """Why it is done, and of which records; none named: all that can be sent again."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
    record: Annotated[list[Annotated[str, Field(max_length=256)]], Field(max_length=500)] = []


_INTERFACES = tuple(dict.fromkeys(interface for interface, _ in ACCOUNTS))
LISTING = Listing(
    columns=store.STORED,
    source="reconciliations",
    filters=(
        Filter("accountingDay", "day", "The accounting day, YYYY-MM-DD.", day=True),
        Filter("node", "node", "The node.", values=tuple(NODES)),
        Filter("interface", "interface", "The interface.", values=_INTERFACES),
        Filter("direction", "direction", "As the node sees it.", values=("up", "down")),
        Filter("state", "state", "Whether both ends agree.", values=tuple(State)),
    ),
    sorts={"id": "id", "accountingDay": "day", "node": "node", "lastUpdate": "updated"},
    default_sort="-accountingDay",
    last="(node, interface, direction)",
    more=(),
)
DIFFERENCES = Listing(
    columns=store.DIFFERENCE,
    source="reconciliation_differences",
    filters=(
        Filter("kind", "kind", "In what it differs.", values=tuple(Kind)),
        Flag("settled", "(coalesce(settled <= {}::timestamptz, false))", "Whether it is found no more."),
    ),
    sorts={"record": "record", "found": "found"},
    default_sort="record",
    last="record",
    more=(),
)


@routes.get("/reconciliations", allow=_READ, answer=list[ReconciliationShown], query=LISTING.parameters)
async def list_reconciliations(call: Call[None]) -> Answer:
    """How each day compares with each node, the newest day first."""
    return await LISTING.answer(call, lambda row: _shown(call, row), whole_tier.listed(call))


@routes.get("/reconciliations/{id}", allow=_READ, answer=ReconciliationShown)
async def retrieve_reconciliation(call: Call[None]) -> Answer:
    """One reconciliation with its figures at both ends, and the records that differ."""
    whole_node.check_seen(call)
    async with call.runtime.db.connection() as connection:
        return Answer(200, await _whole(call, connection))


@routes.get(
    "/reconciliations/{id}/differences",
    allow=_READ,
    answer=list[DifferenceShown],
    query=DIFFERENCES.parameters,
)
async def list_reconciliation_differences(call: Call[None]) -> Answer:
    """The records that differ, or did, in the order of their ids."""
    whole_node.check_seen(call)
    id = call.path["id"]
    row = await call.runtime.db.fetchrow("SELECT direction FROM reconciliations WHERE id = $1", id)
    if row is None:
        raise Refusal(Reason(codes.NOT_FOUND))
    return await DIFFERENCES.answer(
        call, lambda one: _difference(row["direction"], one), [("reconciliation = {}", id)]
    )


@routes.post(
    "/reconciliations/{id}/repair",
    allow=_WRITE,
    body=Repair,
    answer=ReconciliationShown,
    errors=(errors.NOTHING_TO_REPAIR, errors.DIFFERENCE_UNKNOWN),
    summary="Have lost records sent again",
)
async def repair_reconciliation(call: Call[Repair]) -> Answer:
    """Have what is missing at one end sent again by the other: with its ids, its accounting day, and marked as late.

    Whoever has it already takes it once. When it has arrived, the day's figures get a new version. What no replay
    mends is 409: a record that only its receiver has, or that both have and that differs.
    """
    whole_node.check_seen(call)
    runtime: Runtime = call.runtime  # type: ignore[assignment]
    async with once(call) as tx, runtime.work(tx) as unit:
        row = await store.lock(tx, call.path["id"])
        if row is None:
            raise Refusal(Reason(codes.NOT_FOUND))
        known = await store.unsettled(tx, row["id"], call.body.record)
        unknown = set(call.body.record) - {one["record"] for one in known}
        refuse([Reason(errors.DIFFERENCE_UNKNOWN, path="record", record=one) for one in sorted(unknown)])
        asked = await repair.send_again(unit, row, known)
        if not asked:
            raise Refusal(Reason(errors.NOTHING_TO_REPAIR))
        await store.repair_asked(tx, row["id"], asked, unit.now)
        await acts.record(
            tx, call, "repair", call.body.reason, unit.now, node=row["node"], reconciliation=row["id"]
        )
        answer = tx.answer(Answer(200, await _whole(call, tx)))
    runtime.outbox.wake()
    return answer


async def _whole(call: Call[Any], tx: Any) -> ReconciliationShown:
    row = await store.one(tx, call.path["id"])
    if row is None:
        raise Refusal(Reason(codes.NOT_FOUND))
    open_ones = await store.differences(tx, row["id"], MOST_SHOWN)
    more = {
        "figure": [_figure(one) for one in from_json(row["figures"])],
        "difference": [_difference(row["direction"], one) for one in open_ones],
    }
    return _shown(call, row).model_copy(update=more)


def _shown(call: Call[Any], row: Record) -> ReconciliationShown:
    return ReconciliationShown(
        id=row["id"],
        href=call.url(f"{PREFIX}/reconciliations/{row['id']}"),
        accounting_day=row["day"],
        node=row["node"],
        interface=row["interface"],
        direction=row["direction"],
        state=State(row["state"]),
        version=row["version"],
        report_version=row["report_version"],
        router=End(count=row["router_count"], amount=Money(value=row["router_amount"])),
        node_end=None
        if row["node_count"] is None
        else End(count=row["node_count"], amount=Money(value=row["node_amount"])),
        differences=row["differences"],
        explained=row["explained"],
        last_update=row["updated"],
    )


def _figure(one: Mapping[str, Any]) -> FigureShown:
    return FigureShown(
        record=one["record"],
        business=one["business"],
        counterpart=one["counterpart"],
        matches=one["router"] == one["node"],
        router=_end(one["router"]),
        node=_end(one["node"]) if one["node"] is not None else None,
    )


def _end(one: Mapping[str, Any]) -> End:
    return End(count=one["count"], amount=Money(value=one["amount"]))


def _difference(direction: str, row: Record) -> DifferenceShown:
    return DifferenceShown(
        record=row["record"],
        kind=Kind(row["kind"]),
        repairable=row["settled"] is None and sent_again_by(direction, row["kind"]) is not None,
        router=_record(row["router"]),
        node=_record(row["node"]),
        found=row["found"],
        repair_asked=row["repair_asked"],
        settled=row["settled"],
    )


def _record(document: str | None) -> RecordShown | None:
    if document is None:
        return None
    line = from_json(document)
    return RecordShown(
        business=line["business"],
        counterpart=line["counterpart"],
        state=line["state"] or None,
        amount=Money(value=line["amount"]),
    )
