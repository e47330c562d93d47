"""`/api/<service>/v1/rebuilds`: a projection is rebuilt, as a job with its progress."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import asyncpg
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from libs.rebuilding.copies import Copies
from libs.rebuilding.rebuilds import begin
from libs.security.bounds import bounds
from libs.security.roles import AUDITOR, HQ_OPERATOR, SERVICE, SUPERVISOR, Roles
from libs.web import codes, whole_node
from libs.web.call import Answer, Call
from libs.web.errors import Code, Reason, Refusal
from libs.web.idempotency import once
from libs.web.paging import PAGING, page_headers, page_of
from libs.web.routes import KIB, Routes

PROJECTION_UNKNOWN = Code("projection-unknown", 400)
_ASKING = Roles(SUPERVISOR, HQ_OPERATOR, SERVICE)
_LOOKING = _ASKING | Roles(AUDITOR)


class RebuildCreate(BaseModel):
    """Which projection."""

    model_config = ConfigDict(extra="forbid")
    projection: Annotated[str, StringConstraints(min_length=1, max_length=64)]


class Rebuild(BaseModel):
    """How far the rebuilding of a projection is."""

    id: str
    projection: str
    state: Literal["doubting", "republishing", "catching-up", "settling", "done"]
    records: int = Field(description="of the owner, when it was asked")
    sent: int = Field(description="of them, by the owner")
    mended: int = Field(description="copies that events did not confirm, and that the owner was asked for")
    removed: int = Field(description="copies of what the owner does not have")
    trouble: str | None = Field(None, description="what it waits for, where it cannot go on")
    created: datetime
    ended: datetime | None = None


_UNDER_WAY = {
    "description": "Under way already",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Rebuild"}}},
}


def rebuild_routes(service: str, projections: Sequence[Copies]) -> Routes:
    """The endpoints of a service that keeps these projections."""
    routes = Routes(prefix=f"/api/{service}/v1", tag="Rebuilding of copies")
    known = {one.name for one in projections}

    @routes.post(
        "/rebuilds",
        allow=_ASKING,
        body=RebuildCreate,
        answer=Rebuild,
        status=201,
        errors=(PROJECTION_UNKNOWN,),
        max_body=4 * KIB,
        operation_id="createRebuild",
        openapi={"responses": {"200": _UNDER_WAY}},
    )
    async def create_rebuild(call: Call[RebuildCreate]) -> Answer:
        """Begin to rebuild a projection; where that is under way already (200), the job that does it."""
        whole_node.check_written(call)
        if call.body.projection not in known:
            reason = Reason(PROJECTION_UNKNOWN, path="projection", known=", ".join(sorted(known)))
            raise Refusal(reason)
        who = f"{call.actor.issuer} {call.actor.subject}"
        async with once(call) as tx:
            row = await begin(tx, call.body.projection, who, call.now)
            address = call.url(f"/api/{service}/v1/rebuilds/{row['id']}")
            return tx.answer(Answer(201 if row["begun"] else 200, _shown(row), location=address))

    @routes.get("/rebuilds", allow=_LOOKING, answer=list[Rebuild], query=PAGING, operation_id="listRebuilds")
    async def list_rebuilds(call: Call[None]) -> Answer:
        """Those of the last 30 days, newest first."""
        page = page_of(call)
        if not bounds(call.actor).everything:
            return Answer(200, [], page_headers(call, page, total=0, shown=0))
        total = await call.runtime.db.fetchval("SELECT count(*) FROM rebuilds")
        rows = await call.runtime.db.fetch(
            "SELECT * FROM rebuilds ORDER BY id DESC OFFSET $1 LIMIT $2", page.offset, page.limit
        )
        body = [_shown(row).model_dump(mode="json", exclude_none=True) for row in rows]
        return Answer(200, body, page_headers(call, page, total=total, shown=len(rows)))

    @routes.get("/rebuilds/{id}", allow=_LOOKING, answer=Rebuild, operation_id="retrieveRebuild")
    async def retrieve_rebuild(call: Call[None]) -> Answer:
        """How far it is."""
        row = await call.runtime.db.fetchrow("SELECT * FROM rebuilds WHERE id = $1", call.path["id"])
        if row is None or not bounds(call.actor).everything:
            raise Refusal(Reason(codes.NOT_FOUND))
        return Answer(200, _shown(row))

    return routes


def _shown(row: asyncpg.Record) -> Rebuild:
    found: dict[str, Any] = {name: row[name] for name in Rebuild.model_fields}
    return Rebuild(**found)
