"""What operators do to the tier, and why: every act is recorded in the transaction of its effect."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from asyncpg import Record
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from libs.database import Connection
from libs.ids import new_id
from libs.node import NODES
from libs.security.roles import AUDITOR, HQ_OPERATOR, SUPERVISOR, Roles
from libs.web.call import Answer, Call
from libs.web.routes import Routes
from services.hq_router import whole_tier
from services.hq_router.listing import Filter, Listing

Act = Literal["switch-off", "switch-on", "hold", "release", "fail", "repair"]
ACTS: Sequence[Act] = ("switch-off", "switch-on", "hold", "release", "fail", "repair")
PREFIX = "/api/hq-router/v1"
routes = Routes(prefix=PREFIX, tag="Operators' acts")
_INSERT = """
INSERT INTO operator_acts (id, at, actor, issuer, act, forward, node, business, reconciliation, reason)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""


class OperatorAct(BaseModel):
    """Who did what to the tier, when, and why."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True)

    id: str
    at: AwareDatetime
    actor: str
    issuer: str
    act: Act
    forward: str | None = None
    node: str | None = None
    business: str | None = None
    reconciliation: str | None = None
    reason: str
    type: str = Field("OperatorAct", alias="@type")


async def record(
    tx: Connection,
    call: Call[Any],
    act: Act,
    reason: str,
    now: datetime,
    *,
    forward: str | None = None,
    node: str | None = None,
    business: str | None = None,
    reconciliation: str | None = None,
) -> None:
    """Write down what the caller does."""
    actor = call.actor
    about = (forward, node, business, reconciliation)
    await tx.execute(_INSERT, new_id(), now, actor.subject, actor.issuer, act, *about, reason)


LISTING = Listing(
    columns="id, at, actor, issuer, act, forward, node, business, reconciliation, reason",
    source="operator_acts",
    filters=(
        Filter("act", "act", "What was done.", values=tuple(ACTS)),
        Filter("actor", "actor", "Who did it."),
        Filter("forward", "forward", "The forward that it was done to."),
        Filter("node", "node", "The node that was switched.", values=tuple(NODES)),
        Filter("business", "business", "The business that was switched."),
        Filter("reconciliation", "reconciliation", "The reconciliation that was repaired."),
    ),
    sorts={"id": "id", "at": "at"},
    more=(),
)


@routes.get(
    "/operatorActs",
    allow=Roles(HQ_OPERATOR, SUPERVISOR, AUDITOR),
    answer=list[OperatorAct],
    query=LISTING.parameters,
)
async def list_operator_acts(call: Call[None]) -> Answer:
    """What operators did to the tier, the newest first."""
    return await LISTING.answer(call, _shown, whole_tier.listed(call))


def _shown(row: Record) -> OperatorAct:
    return OperatorAct(**dict(row))
