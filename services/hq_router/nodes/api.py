"""`/api/hq-router/v1/nodes` and `/switches`: who is there, and what operators have stopped."""

from typing import Annotated, Any, Literal

from asyncpg import Record
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel
from pydantic_core import from_json

from libs.node import NODES
from libs.security.roles import AUDITOR, HQ_OPERATOR, SUPERVISOR, Roles
from libs.service import Runtime
from libs.web import whole_node
from libs.web.call import Answer, Call
from libs.web.errors import Reason, Refusal, refuse
from libs.web.idempotency import once
from libs.web.paging import PAGING, page_headers, page_of
from libs.web.routes import Routes
from services.hq_router import acts, errors
from services.hq_router.holding import release
from services.hq_router.listing import Filter, Listing
from services.hq_router.nodes import store
from services.hq_router.nodes.rules import ANY, Doors, NodeState

PREFIX = "/api/hq-router/v1"
routes = Routes(prefix=PREFIX, tag="Nodes")
_READ = Roles(HQ_OPERATOR, SUPERVISOR, AUDITOR)
_WRITE = Roles(HQ_OPERATOR)
Why = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class _Shape(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True)


class ProcessShown(_Shape):
    process: str
    version: int


class NodeShown(_Shape):
    """A node as the router sees it."""

    id: str
    name: str
    tier: str
    state: NodeState = Field(
        description="up; silent for more than 60 s; awaited, where the router just started"
    )
    switched_off: bool = Field(description="the node as a whole")
    switched_off_business: list[str]
    last_heard: AwareDatetime | None = None
    process: list[ProcessShown] = Field(description="what it said it can run")
    held: int = Field(description="forwards that wait for it")
    oldest_held: AwareDatetime | None = Field(None, description="since when the oldest of them is held")
    sent: int = Field(description="forwards that it has and has not ended")
    jeopardy: int = Field(description="those of them that are past their deadline: only it can end them")
    oldest_deadline: AwareDatetime | None = Field(None, description="that the longest overdue of them missed")
    not_reconciled: int = Field(
        description="accounts of closed days that differ, or that it has not reported"
    )
    type: str = Field("Node", alias="@type")


class SwitchTurn(_Shape):
    """Stop new forwards, or let them go again: to a node, of a business, or of a business to a node."""

    model_config = ConfigDict(extra="forbid")

    node: str | None = Field(None, max_length=8)
    business: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,63}$")] | None = None
    state: Literal["on", "off"]
    reason: Why


class SwitchShown(_Shape):
    """How a switch stands, and who turned it last."""

    node: str | None = None
    business: str | None = None
    state: Literal["on", "off"]
    reason: str
    actor: str
    since: AwareDatetime
    type: str = Field("Switch", alias="@type")


@routes.get("/nodes", allow=_READ, answer=list[NodeShown], query=PAGING)
async def list_nodes(call: Call[None]) -> Answer:
    """All nodes: whether each is heard, what it can run, what waits for it or is overdue there, and what differs."""
    page = page_of(call, default=len(NODES))
    runtime: Runtime = call.runtime  # type: ignore[assignment]
    heard = {row["code"]: row for row in await store.heard_nodes(runtime.db)}
    open_ones = {row["home"]: row for row in await store.open_for(runtime.db, call.now)}
    disagreeing = await store.disagreeing(runtime.db)
    off = frozenset((row["node"], row["business"]) for row in await store.switched_off(runtime.db))
    doors = Doors(
        {code: row["last_heard"] for code, row in heard.items()}, off, runtime.state.started, call.now
    )
    shown = [
        _node(call, code, doors, heard.get(code), open_ones.get(code), disagreeing.get(code, 0))
        for code in [*NODES][page.offset : page.offset + page.limit]
    ]
    return Answer(200, shown, headers=page_headers(call, page, total=len(NODES), shown=len(shown)))


def _node(
    call: Call[Any],
    code: str,
    doors: Doors,
    heard: Record | None,
    open_ones: Record | None,
    disagreeing: int,
) -> NodeShown:
    node = NODES[code]
    known = from_json(heard["processes"]) if heard else []
    return NodeShown(
        id=code,
        name=node.name_zh if call.language == "zh-CN" else node.name_en,
        tier=node.tier,
        state=doors.state_of(code),
        switched_off=doors.is_off(code),
        switched_off_business=sorted(
            {business for place, business in doors.off if place in (code, ANY) and business != ANY}
        ),
        last_heard=heard["last_heard"] if heard else None,
        process=[ProcessShown(process=process, version=version) for process, version in known],
        held=open_ones["held"] if open_ones else 0,
        oldest_held=open_ones["oldest"] if open_ones else None,
        sent=open_ones["sent"] if open_ones else 0,
        jeopardy=open_ones["jeopardy"] if open_ones else 0,
        oldest_deadline=open_ones["overdue"] if open_ones else None,
        not_reconciled=disagreeing,
    )


SWITCHES = Listing(
    columns=store.SWITCH,
    source="switches",
    filters=(
        Filter("node", "node", "The node.", values=tuple(NODES)),
        Filter("business", "business", "The business."),
        Filter("state", "state", "How it stands.", values=("on", "off")),
    ),
    sorts={"since": "since", "node": "node", "business": "business"},
    default_sort="-since",
    last="node, business",
    more=(),
)


@routes.get("/switches", allow=_READ, answer=list[SwitchShown], query=SWITCHES.parameters)
async def list_switches(call: Call[None]) -> Answer:
    """Every switch that was ever turned, as it stands; what is not listed is on."""
    return await SWITCHES.answer(call, _switch)


@routes.post(
    "/switches",
    allow=_WRITE,
    body=SwitchTurn,
    answer=SwitchShown,
    status=201,
    errors=(errors.SWITCH_NAMES_NOTHING, errors.NODE_UNKNOWN, errors.NOT_SWITCHED_OFF),
    summary="Switch off or on",
)
async def turn_switch(call: Call[SwitchTurn]) -> Answer:
    """Switch a node, a business, or a business at a node, off or on.

    Off holds what is new; outcomes, and what was sent, go on. On lets go what was held for it, in its order.
    """
    whole_node.check_written(call)
    wanted = call.body
    refuse(_faults(wanted))
    runtime: Runtime = call.runtime  # type: ignore[assignment]
    node, business = wanted.node or ANY, wanted.business or ANY
    async with once(call) as tx:
        before = await store.lock_switch(tx, node, business)
        if wanted.state == "on" and (before is None or before["state"] == "on"):
            raise Refusal(Reason(errors.NOT_SWITCHED_OFF))
        made = await store.turn(tx, node, business, wanted.state, wanted.reason, call.actor.subject, call.now)
        act: acts.Act = "switch-off" if wanted.state == "off" else "switch-on"
        await acts.record(tx, call, act, wanted.reason, call.now, node=wanted.node, business=wanted.business)
        answer = tx.answer(Answer(201, _switch(made)))
    if wanted.state == "on":
        await release.release_some(runtime)
    return answer


def _faults(wanted: SwitchTurn) -> list[Reason]:
    if wanted.node is None and wanted.business is None:
        return [Reason(errors.SWITCH_NAMES_NOTHING)]
    if wanted.node is not None and wanted.node not in NODES:
        return [Reason(errors.NODE_UNKNOWN, path="node", node=wanted.node)]
    return []


def _switch(row: Record) -> SwitchShown:
    named = {name: None if row[name] == ANY else row[name] for name in ("node", "business")}
    return SwitchShown(
        **named, state=row["state"], reason=row["reason"], actor=row["actor"], since=row["since"]
    )
