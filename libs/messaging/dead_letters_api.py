"""Dead letters over HTTP, for every service alike: list, show, mend, replay."""

import base64
import json
from datetime import datetime
from typing import Any

import structlog
from pydantic import BaseModel, Field
from pydantic.alias_generators import to_camel
from pydantic_core import from_json

from libs.json_text import json_bytes, only_finite
from libs.messaging.dead_letter_store import (
    AlreadyReplayed,
    DeadLetters,
    Letter,
    NoSuchDeadLetter,
    ReplayFailed,
)
from libs.security.bounds import bounds
from libs.security.purposes import unmasked
from libs.security.roles import AUDITOR, HQ_OPERATOR, SUPERVISOR, Roles
from libs.web import codes, whole_node
from libs.web.call import Answer, Call
from libs.web.documentation import QueryParameter
from libs.web.errors import Code, Reason, Refusal
from libs.web.idempotency import once
from libs.web.paging import PAGING, page_headers, page_of
from libs.web.routes import Routes

log = structlog.get_logger(__name__)

DEAD_LETTER_REPLAYED = Code("dead-letter-replayed", 409)
REPLAY_FAILED = Code("replay-failed", 409)

READERS = Roles(SUPERVISOR, HQ_OPERATOR, AUDITOR)
MENDERS = Roles(SUPERVISOR, HQ_OPERATOR)
PURPOSE = QueryParameter(
    "purpose", "Why the content is looked at; without it only what surrounds it is shown."
)

# The name of each filter and its column.
FILTERS = {
    "state": ("state", "`dead` or `replayed`"),
    "direction": ("direction", "`in`: came and failed; `out`: could not be sent"),
    "topic": ("topic", "The topic of the message."),
    "type": ("ce_type", "The CloudEvents type of the message."),
    "reason": ("reason", "`failed`, `unknown-type`, `unparsable`, `too-old`, `unsendable`, `never-due`"),
    "key": ("key", "The key of the message."),
}


class DeadLetterView(BaseModel, alias_generator=to_camel, populate_by_name=True):
    """A message that was given up. Its content only shows with a purpose: it may be personal."""

    id: str
    state: str
    direction: str
    reason: str
    detail: str
    topic: str
    partition: int | None = None
    offset: int | None = None
    key: str
    message_id: str
    message_type: str | None = None
    message_source: str
    subject: str | None = None
    time: datetime | None = None
    created: datetime
    attempts: int = Field(description="replays that failed")
    mended: bool
    replayed: datetime | None = None
    replayed_by: str | None = None
    headers: list[tuple[str, str | None]] | None = None
    payload: Any = Field(
        default=None, description="JSON; `{base64: …}` where it is none, or has a number that JSON has not"
    )
    original_payload: Any = Field(default=None, description="what came, where the payload was mended")


class Mending(BaseModel):
    """Another payload in place of the one that failed."""

    payload: dict[str, Any]


def dead_letter_routes(service: str) -> Routes:
    """`/api/<service>/v1/deadLetters`: list, show, PATCH (mend), POST …/replay."""
    routes = Routes(prefix=f"/api/{service}/v1", tag="Dead letters")
    _reading(routes)
    _mending(routes)
    return routes


def _reading(routes: Routes) -> None:
    filters = [QueryParameter(name, text) for name, (_, text) in FILTERS.items()]

    @routes.get(
        "/deadLetters",
        allow=READERS,
        answer=list[DeadLetterView],
        query=(*filters, *PAGING),
        operation_id="listDeadLetters",
    )
    async def list_dead_letters(call: Call[None]) -> Answer:
        """The messages that this service gave up, newest first."""
        page = page_of(call)
        if not bounds(call.actor).everything:
            return Answer(200, [], page_headers(call, page, total=0, shown=0))
        wanted = {column: call.query[name] for name, (column, _) in FILTERS.items() if name in call.query}
        total, rows = await _letters(call).list(wanted, page.offset, page.limit)
        body = [_surroundings(row).model_dump(mode="json", by_alias=True, exclude_none=True) for row in rows]
        return Answer(200, body, page_headers(call, page, total=total, shown=len(rows)))

    @routes.get(
        "/deadLetters/{id}",
        allow=READERS,
        answer=DeadLetterView,
        query=(PURPOSE,),
        operation_id="showDeadLetter",
    )
    async def show_dead_letter(call: Call[None]) -> Answer:
        """One of them; with a purpose also its headers and its content, which is recorded."""
        full = unmasked(call.actor, call.query.get("purpose"))
        row = await _found(call)
        view = _surroundings(row)
        if full:
            log.info(
                "personal-data.viewed",
                what="dead letter",
                id=row["id"],
                purpose=call.query["purpose"],
                actor=call.actor.subject,
                request_id=call.request_id,
            )
            view.headers = [(name, value) for name, value in json.loads(row["headers"])]
            view.payload = _content(row["payload"])
            view.original_payload = _content(row["original_payload"])
        return Answer(200, view)


def _mending(routes: Routes) -> None:
    @routes.patch(
        "/deadLetters/{id}",
        allow=MENDERS,
        body=Mending,
        answer=DeadLetterView,
        errors=(DEAD_LETTER_REPLAYED,),
        operation_id="mendDeadLetter",
    )
    async def mend_dead_letter(call: Call[Mending]) -> Answer:
        """Put another payload in place; the original stays beside it. It takes effect with the replay."""
        letters = _letters(call)
        try:
            await letters.mend(call.path["id"], json_bytes(call.body.payload))
        except NoSuchDeadLetter:
            raise Refusal(Reason(codes.NOT_FOUND)) from None
        except AlreadyReplayed:
            raise Refusal(Reason(DEAD_LETTER_REPLAYED)) from None
        log.info(
            "dead-letter.mended", id=call.path["id"], actor=call.actor.subject, request_id=call.request_id
        )
        return Answer(200, _surroundings(await _found(call)))

    @routes.post(
        "/deadLetters/{id}/replay",
        allow=MENDERS,
        answer=DeadLetterView,
        errors=(DEAD_LETTER_REPLAYED, REPLAY_FAILED),
        operation_id="replayDeadLetter",
    )
    async def replay_dead_letter(call: Call[None]) -> Answer:
        """Take the message in now, by the same handler and whatever its age; or send it again."""
        letters, id = _letters(call), call.path["id"]
        try:
            async with once(call) as tx:
                await letters.replay_in(tx, id, call.actor.subject)
                answer = tx.answer(Answer(200, _surroundings(await letters.show(id, tx))))
        except NoSuchDeadLetter:
            raise Refusal(Reason(codes.NOT_FOUND)) from None
        except AlreadyReplayed:
            raise Refusal(Reason(DEAD_LETTER_REPLAYED)) from None
        except ReplayFailed as error:
            await letters.count_attempt(id)
            raise Refusal(Reason(REPLAY_FAILED, detail=str(error))) from None
        log.info("dead-letter.replayed", id=id, actor=call.actor.subject, request_id=call.request_id)
        call.runtime.outbox.wake()
        return answer


def _letters(call: Call[Any]) -> DeadLetters:
    """Those of the node. Raises Refusal 404 for whoever is bounded: a letter belongs to no area and no dealer."""
    whole_node.check_seen(call)
    runtime: Any = call.runtime
    return DeadLetters(runtime)


async def _found(call: Call[Any]) -> Letter:
    try:
        return await _letters(call).show(call.path["id"])
    except NoSuchDeadLetter:
        raise Refusal(Reason(codes.NOT_FOUND)) from None


def _surroundings(row: Letter) -> DeadLetterView:
    return DeadLetterView(
        id=row["id"],
        state=row["state"],
        direction=row["direction"],
        reason=row["reason"],
        detail=row["detail"],
        topic=row["topic"],
        partition=row["kafka_partition"],
        offset=row["kafka_offset"],
        key=row["key"],
        message_id=row["ce_id"],
        message_type=row["ce_type"],
        message_source=row["source"],
        subject=row["subject"],
        time=row["ce_time"],
        created=row["created"],
        attempts=row["attempts"],
        mended=row["mended"],
        replayed=row["replayed"],
        replayed_by=row["replayed_by"],
    )


def _content(payload: bytes | None) -> Any:
    if payload is None:
        return None
    try:
        only_finite(payload)
        return from_json(payload)
    except ValueError:
        return {"base64": base64.b64encode(payload).decode()}
