"""Parking: a message that came too early waits, by key, for the next change of what it is about."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import structlog

from libs.database import Connection
from libs.messaging.dead_letters import DeadLetter, Reason, bury
from libs.messaging.envelope import Envelope, Message
from libs.messaging.failures import describe, is_infrastructure
from libs.messaging.inbox import mark_dead
from libs.messaging.reading import Unparsable, read
from libs.messaging.spans import taking_in

if TYPE_CHECKING:
    from libs.messaging.dispatch import Dispatch
    from libs.messaging.work import Work

log = structlog.get_logger(__name__)

_COLUMNS = "key, topic, message_key, source, ce_id, ce_type, subject, ce_time, traceparent, payload"
_PARK = f"""
INSERT INTO parked ({_COLUMNS}, created)
SELECT {_COLUMNS}, $11 FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
    $8::timestamptz[], $9::text[], $10::bytea[]) AS row({_COLUMNS})
"""
_TAKE = f"""
WITH taken AS (DELETE FROM parked WHERE key = ANY($1::text[]) RETURNING id, {_COLUMNS})
SELECT * FROM taken ORDER BY id
"""


async def write_parked(tx: Connection, parked: Sequence[tuple[str, Message[Any]]], now: datetime) -> None:
    """Lay messages aside under the keys given with them, in their order."""
    if parked:
        rows = [
            (
                key,
                one.topic,
                one.key,
                one.source,
                one.id,
                one.type,
                one.subject,
                one.time,
                one.traceparent,
                one.payload,
            )
            for key, one in parked
        ]
        await tx.execute(_PARK, *(list(column) for column in zip(*rows, strict=True)), now)


async def give_back(dispatch: "Dispatch", work: "Work", keys: Sequence[str]) -> set[tuple[str, str]]:
    """Hand what is parked for these keys to its handlers, oldest first, in the transaction of `work`.

    One that fails by itself becomes a dead letter; the unit that freed it goes on. Source and id of all that were
    taken from the parking lot.
    """
    rows = await work.tx.fetch(_TAKE, list(keys))
    messages = []
    for row in rows:
        message = _read(dispatch, row)
        if isinstance(message, Message):
            messages.append(message)
        else:
            await _give_up(dispatch, work, _raw(row), *message)
    if messages and await _handed_over(dispatch, work, messages) is not None:
        for message in messages:
            error = await _handed_over(dispatch, work, [message])
            if error is not None:
                await _give_up(dispatch, work, message, "failed", describe(error))
    return {(row["source"], row["ce_id"]) for row in rows}


async def _handed_over(
    dispatch: "Dispatch", work: "Work", messages: Sequence[Message[Any]]
) -> Exception | None:
    """What went wrong, with everything of it undone; None when nothing did."""
    mark = work.mark()
    try:
        with taking_in(work.runtime.tracer, messages):
            async with work.tx.transaction():
                await dispatch.hand_over(work, messages)
                work.check_sent(mark)
    except Exception as error:
        if is_infrastructure(error):
            raise
        work.back_to(mark)
        return error
    return None


def _read(dispatch: "Dispatch", row: Any) -> "Message[Any] | tuple[Reason, str]":
    handles = dispatch.find(row["topic"], row["ce_type"])
    if handles is None:
        return "unknown-type", f"nobody takes {row['ce_type']} from {row['topic']} any more"
    envelope = Envelope(
        row["ce_id"],
        row["ce_type"],
        row["source"],
        row["subject"],
        row["ce_time"],
        row["message_key"],
        row["topic"],
        row["traceparent"],
    )
    try:
        return read(envelope, row["payload"], handles.model)
    except Unparsable as error:
        return "unparsable", str(error)


async def _give_up(
    dispatch: "Dispatch", work: "Work", message: Message[Any], reason: Reason, detail: str
) -> None:
    log.error("parked.dead-letter", reason=reason, topic=message.topic, id=message.id)
    await bury(work.tx, work.outbox, [DeadLetter.of_message(message, reason, detail)], work.now)
    await mark_dead(work.tx, message.id, message.source)
    if message.data is not None:
        mark = work.mark()
        try:
            async with work.tx.transaction():
                await dispatch.told_dead(work, message, reason)
                work.check_sent(mark)
        except Exception as error:
            if is_infrastructure(error):
                raise
            work.back_to(mark)
            log.error("dead-letter.hook-failed", topic=message.topic, id=message.id, error=describe(error))


def _raw(row: Any) -> Message[Any]:
    """A parked row whose data nobody has read."""
    return Message(
        row["ce_id"],
        row["ce_type"],
        row["source"],
        row["subject"],
        row["ce_time"],
        row["message_key"],
        row["topic"],
        None,
        row["payload"],
        row["traceparent"],
    )
