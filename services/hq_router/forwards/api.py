"""`/api/hq-router/v1/forwards`: the ledger of all work that went between nodes, with every hop."""

from collections.abc import Mapping
from datetime import date
from typing import Any, get_args

from asyncpg import Record
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic_core import from_json

from contracts.work_orders import WorkOrderState
from libs.node import NODES
from libs.security.bounds import bounds
from libs.security.roles import AUDITOR, HQ_OPERATOR, SUPERVISOR, Roles
from libs.web import codes
from libs.web.call import Answer, Call
from libs.web.errors import Reason, Refusal
from libs.web.routes import Routes
from services.hq_router.forwards import store
from services.hq_router.forwards.rules import HeldBecause, LedgerState
from services.hq_router.listing import PURPOSE, Condition, Filter, Flag, Listing, numbers_shown

PREFIX = "/api/hq-router/v1"
routes = Routes(prefix=PREFIX, tag="Forwards")
_READ = Roles(HQ_OPERATOR, SUPERVISOR, AUDITOR)


class _Shape(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True)


class AcceptedBy(_Shape):
    """Who accepted the work, and where."""

    actor: str
    at: AwareDatetime
    channel: str | None = None
    hall: str | None = None
    dealer: str | None = None
    area: str | None = None


class HopShown(_Shape):
    """One thing that happened to a forward: it came up from a node, went down to one, or was decided here."""

    n: int
    direction: str = Field(description="up, down, or here")
    node: str
    at: AwareDatetime
    what: str
    detail: str | None = None


class ReasonShown(_Shape):
    code: str
    path: str | None = None
    node: str | None = None
    task: str | None = None


class ForwardShown(_Shape):
    """One attempt of one work order to be carried out at another node."""

    id: str
    href: str
    origin: str
    origin_transaction: str
    attempt: int
    home: str | None = None
    home_transaction: str | None = None
    state: LedgerState
    held_because: HeldBecause | None = None
    held_since: AwareDatetime | None = None
    jeopardy: bool = Field(description="sent, and past its deadline: only its home can end it")
    outcome: str | None = Field(None, description="home's last word, or the router's own")
    sequence: int
    reasons: list[ReasonShown]
    order: str
    business: str
    process: str
    version: int
    route_type: str
    number: str | None = None
    accounting_day: date
    late: bool
    deadline: AwareDatetime
    accepted: AcceptedBy
    test: bool
    hop_count: int = Field(description="how often it was sent to another home; three at most")
    created: AwareDatetime
    last_update: AwareDatetime
    ended: AwareDatetime | None = None
    hop: list[HopShown] | None = Field(None, description="in the answer for one forward")
    type: str = Field("Forward", alias="@type")


LISTING = Listing(
    columns=store.SHOWN,
    source="forwards",
    filters=(
        Filter("origin", "origin", "Where it was accepted.", values=tuple(NODES)),
        Filter("home", "home", "Where it is carried out.", values=tuple(NODES)),
        Filter("state", "state", "What the router does with it.", values=tuple(LedgerState)),
        Flag("held", "(state = 'held' AND {}::timestamptz IS NOT NULL)", "Whether it waits here."),
        Filter("heldBecause", "held_because", "What it waits for.", values=tuple(HeldBecause)),
        Flag(
            "jeopardy", "(state = 'sent' AND deadline < {}::timestamptz)", "Whether it is sent and overdue."
        ),
        Filter("outcome", "outcome", "The last word on it.", values=get_args(WorkOrderState)),
        Filter("business", "business", "The business: replace-sim, pay, …"),
        Filter("number", "number", "The number, in national digits."),
        Filter("originTransaction", "origin_transaction", "The work order's id at its origin."),
        Filter("order", "order_id", "The order that it is part of."),
        Filter("accountingDay", "accounting_day", "The day it is booked on, YYYY-MM-DD.", day=True),
    ),
    sorts={
        "id": "id",
        "created": "created",
        "lastUpdate": "updated",
        "deadline": "deadline",
        "accountingDay": "accounting_day",
        "origin": "origin",
        "home": "home",
        "state": "state",
        "heldSince": "held_since",
    },
)


@routes.get("/forwards", allow=_READ, answer=list[ForwardShown], query=LISTING.parameters)
async def list_forwards(call: Call[None]) -> Answer:
    """The forwards, newest first; numbers masked unless a purpose is given. Hops come with a single forward."""
    show = numbers_shown(call, "forwards")
    return await LISTING.answer(
        call, lambda row: forward_shown(call, row, show(row["number"])), _bounded(call)
    )


@routes.get("/forwards/{id}", allow=_READ, answer=ForwardShown, query=(PURPOSE,))
async def retrieve_forward(call: Call[None]) -> Answer:
    """One forward with all its hops, in their order."""
    id = call.path["id"]
    row = await store.one(call.runtime.db, id)
    if row is None or not bounds(call.actor).cover(area=row["area"]):
        raise Refusal(Reason(codes.NOT_FOUND))
    hops = [HopShown(**hop) for hop in await store.hops_of(call.runtime.db, id)]
    number = numbers_shown(call, f"forwards/{id}")(row["number"])
    return Answer(200, forward_shown(call, row, number).model_copy(update={"hop": hops}))


def _bounded(call: Call[Any]) -> list[Condition]:
    """Who is bound to an area sees what was accepted there."""
    area = bounds(call.actor).area
    return [] if area is None else [("area = {}", area)]


def forward_shown(call: Call[Any], row: Record, number: str | None) -> ForwardShown:
    """A row of `store.SHOWN`; `number` as its reader may see it."""
    return ForwardShown(
        id=row["id"],
        href=call.url(f"{PREFIX}/forwards/{row['id']}"),
        origin=row["origin"],
        origin_transaction=row["origin_transaction"],
        attempt=row["attempt"],
        home=row["home"],
        home_transaction=row["home_transaction"],
        state=LedgerState(row["state"]),
        held_because=row["held_because"],
        held_since=row["held_since"],
        jeopardy=row["state"] == LedgerState.SENT and row["deadline"] < call.now,
        outcome=row["outcome"],
        sequence=row["sequence"],
        reasons=[ReasonShown(**_known(reason)) for reason in from_json(row["reasons"])],
        order=row["order_id"],
        business=row["business"],
        process=row["process"],
        version=row["process_version"],
        route_type=row["route_type"],
        number=number,
        accounting_day=row["accounting_day"],
        late=row["late"],
        deadline=row["deadline"],
        accepted=AcceptedBy(
            actor=row["accepted_by"],
            at=row["accepted_at"],
            channel=row["channel"],
            hall=row["hall"],
            dealer=row["dealer"],
            area=row["area"],
        ),
        test=row["test"],
        hop_count=row["hops"],
        created=row["created"],
        last_update=row["updated"],
        ended=row["ended"],
    )


def _known(reason: Mapping[str, Any]) -> dict[str, Any]:
    # The parameters of a reason may name the number: they stay in the ledger.
    return {name: reason.get(name) for name in ReasonShown.model_fields}
