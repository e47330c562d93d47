"""`/api/<service>/v1/snapshots`: another service of the fleet asks that records be republished."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import asyncpg
from pydantic import BaseModel, ConfigDict, StringConstraints

from libs.rebuilding.snapshots import Republishes, ask
from libs.security.roles import SERVICE, Roles
from libs.web import codes
from libs.web.call import Answer, Call
from libs.web.errors import Code, Reason, Refusal
from libs.web.idempotency import once
from libs.web.routes import KIB, Routes

KIND_UNKNOWN = Code("kind-unknown", 400)
_OURS = Roles(SERVICE)


class SnapshotCreate(BaseModel):
    """Which records."""

    model_config = ConfigDict(extra="forbid")
    kind: Annotated[str, StringConstraints(min_length=1, max_length=64)]


class Snapshot(BaseModel):
    """How far the republishing of a kind is; `sent` when every event lies on its topic."""

    id: str
    kind: str
    state: Literal["waiting", "writing", "written", "sent"]
    records: int
    written: int
    created: datetime
    ended: datetime | None = None


def snapshot_routes(service: str, republished: Sequence[Republishes]) -> Routes:
    """The endpoints of a service that owns these kinds."""
    routes = Routes(prefix=f"/api/{service}/v1", tag="Snapshots for copies")
    kinds = {one.kind: one for one in republished}

    @routes.post(
        "/snapshots",
        allow=_OURS,
        body=SnapshotCreate,
        answer=Snapshot,
        status=201,
        errors=(KIND_UNKNOWN,),
        max_body=4 * KIB,
        operation_id="createSnapshot",
    )
    async def create_snapshot(call: Call[SnapshotCreate]) -> Answer:
        """Have every record of a kind told again, at its current version, on the topic of events."""
        chosen = kinds.get(call.body.kind)
        if chosen is None:
            raise Refusal(Reason(KIND_UNKNOWN, path="kind", known=", ".join(sorted(kinds))))
        async with once(call) as tx:
            return tx.answer(Answer(201, _shown(await ask(tx, chosen, call.now))))

    @routes.get("/snapshots/{id}", allow=_OURS, answer=Snapshot, operation_id="retrieveSnapshot")
    async def retrieve_snapshot(call: Call[None]) -> Answer:
        """How far it is."""
        row = await call.runtime.db.fetchrow("SELECT * FROM snapshots WHERE id = $1", call.path["id"])
        if row is None:
            raise Refusal(Reason(codes.NOT_FOUND))
        return Answer(200, _shown(row))

    return routes


def _shown(row: asyncpg.Record) -> Snapshot:
    found: dict[str, Any] = {name: row[name] for name in Snapshot.model_fields}
    return Snapshot(**found)
