"""`/api/hq-router/v1/forwards/{id}/hold`, `/release`, `/fail`: what an operator may do to a held forward."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints

from libs.security.bounds import bounds
from libs.security.masking import mask_phone
from libs.security.roles import HQ_OPERATOR, Roles
from libs.service import Runtime
from libs.web import codes
from libs.web.call import Answer, Call
from libs.web.errors import Reason, Refusal
from libs.web.idempotency import once
from libs.web.routes import Routes
from services.hq_router import acts, errors
from services.hq_router.forwards import store as ledger
from services.hq_router.forwards.api import ForwardShown, forward_shown
from services.hq_router.forwards.ledger import Batch
from services.hq_router.forwards.rules import Decision, Entry
from services.hq_router.holding import release, rules, store

PREFIX = "/api/hq-router/v1"
routes = Routes(prefix=PREFIX, tag="Forwards")
_WRITE = Roles(HQ_OPERATOR)
Decide = Callable[[Entry, str, datetime], Decision | None]


class Because(BaseModel):
    """Why it is done: kept with the act."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


@routes.post(
    "/forwards/{id}/hold",
    allow=_WRITE,
    body=Because,
    answer=ForwardShown,
    errors=(errors.FORWARD_NOT_HELD,),
    summary="Keep a held forward",
)
async def hold_forward(call: Call[Because]) -> Answer:
    """Keep a held forward until an operator lets it go, whatever changes meanwhile; its deadline stays.

    What was sent cannot be called back: 409.
    """
    return await _act(call, "hold", lambda entry, _, now: rules.held_by_operator(entry, now))


@routes.post(
    "/forwards/{id}/release",
    allow=_WRITE,
    body=Because,
    answer=ForwardShown,
    errors=(errors.FORWARD_NOT_HELD, errors.FORWARD_BEHIND_ANOTHER),
    summary="Send a held forward",
)
async def release_forward(call: Call[Because]) -> Answer:
    """Send a held forward to its home now, also to one that is silent or switched off.

    Never before another of the same number that was here first. Past its deadline it ends instead.
    """
    return await _act(call, "release", rules.released_by_operator)


@routes.post(
    "/forwards/{id}/fail",
    allow=_WRITE,
    body=Because,
    answer=ForwardShown,
    errors=(errors.FORWARD_NOT_HELD,),
    summary="Fail a held forward",
)
async def fail_forward(call: Call[Because]) -> Answer:
    """End a held forward: its origin is told `rejected`, `failed-by-operator`.

    What was sent only its home ends: 409.
    """
    return await _act(call, "fail", rules.failed_by_operator)


async def _act(call: Call[Because], act: acts.Act, decide: Decide) -> Answer:
    id = call.path["id"]
    row = await ledger.one(call.runtime.db, id)
    if row is None or not bounds(call.actor).cover(area=row["area"]):
        raise Refusal(Reason(codes.NOT_FOUND))
    runtime: Runtime = call.runtime  # type: ignore[assignment]
    async with once(call) as tx, runtime.work(tx) as unit:
        line = await store.lock_one(tx, id)
        decision = None if line is None else decide(line.entry, line.origin, unit.now)
        if line is None or decision is None:
            raise Refusal(Reason(errors.FORWARD_NOT_HELD))
        if act == "release" and not (decision.entry and decision.entry.ended):
            before = await store.held_before(tx, line)
            if before is not None:
                raise Refusal(Reason(errors.FORWARD_BEHIND_ANOTHER, forward=before))
        batch = Batch(unit, {line.name: line})
        batch.apply(line, decision)
        await batch.finish()
        await acts.record(tx, call, act, call.body.reason, unit.now, forward=id)
        answer = tx.answer(Answer(200, await _shown(call, tx, id)))
    runtime.outbox.wake()
    if act != "hold":
        await release.release_some(runtime)
    return answer


async def _shown(call: Call[Any], tx: Any, id: str) -> ForwardShown:
    row = await ledger.one(tx, id)
    assert row is not None, "it is locked"
    return forward_shown(call, row, mask_phone(row["number"]) if row["number"] else None)
