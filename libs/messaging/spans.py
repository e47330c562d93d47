"""What messaging tells a trace: what was sent, what was published, what was taken in.

A message is taken in by a span whose parent is the one that sent it, also where a batch holds messages of many traces:
so an order is one tree from its acceptance to its end, however the load was cut into batches. What a batch does for
all of them at once (its transaction) is a trace of its own then, with a link to each.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from libs.messaging.envelope import Envelope, Message
from libs.telemetry import trace
from libs.telemetry.spans import Entered, Span, Tracer

if TYPE_CHECKING:
    from libs.messaging.outbox import OutboxRows
    from libs.messaging.publisher import Batch

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def sent(tracer: Tracer, rows: "OutboxRows") -> list[str]:
    """A span for each message that is written, and the threads that go on from them."""
    because = trace.timer.get()
    made = []
    for topic, id, type, subject, thread in zip(
        rows.topic, rows.ce_id, rows.ce_type, rows.subject, rows.traceparent, strict=True
    ):
        if not trace.recorded(thread):
            made.append(thread)
            continue
        told = _attributes(topic, id, subject)
        span = tracer.span(
            f"send {type}", "producer", thread, told | {"unicrm.timer": because} if because else told
        )
        span.end()
        made.append(span.thread)
    return made


def published(tracer: Tracer, batch: "Batch", failure: str | None = None) -> None:
    """A span for each row of a batch that came to its end, from when it was handed to the broker."""
    for row in batch.rows:
        if not trace.recorded(row["traceparent"]):
            continue
        told = _attributes(row["topic"], row["ce_id"], row["subject"])
        told |= {
            "messaging.destination.partition.id": str(batch.partition),
            "messaging.batch.message_count": len(batch.rows),
        }
        span = tracer.span(
            f"publish {row['ce_type']}", "producer", row["traceparent"], told, started=batch.begun
        )
        if failure is not None:
            span.failed(failure)
        span.end()


@contextmanager
def taking_in(tracer: Tracer, messages: Sequence[Message[Any]]) -> Iterator[None]:
    """A span for each message while the block takes them in; what is sent meanwhile goes on from these."""
    if not tracer.on or not any(trace.recorded(message.traceparent) for message in messages):
        yield
        return
    before = [message.traceparent for message in messages]
    spans = [_taken(tracer, message, len(messages)) for message in messages]
    threads = [span.thread for span in spans if span is not None]
    try:
        with ExitStack() as stack:
            if len(messages) > 1:
                stack.enter_context(Entered(tracer.gathered("take in a batch", "consumer", threads)))
            else:
                stack.enter_context(_current(threads[0]))
            yield
    except BaseException as error:
        for span in spans:
            if span is not None:
                span.failed(type(error).__name__)
        raise
    finally:
        for message, thread, span in zip(messages, before, spans, strict=True):
            message.traceparent = thread
            if span is not None:
                span.end()


def given_up(tracer: Tracer, envelope: Envelope, reason: str) -> None:
    """A message became a dead letter: its trace shows it."""
    if envelope.traceparent is not None and trace.recorded(envelope.traceparent):
        told = _attributes(envelope.topic, envelope.id, envelope.subject)
        span = tracer.span("dead letter", "consumer", envelope.traceparent, told)
        span.failed(reason)
        span.end()


def _taken(tracer: Tracer, message: Message[Any], count: int) -> Span | None:
    if message.traceparent is None or not trace.recorded(message.traceparent):
        return None
    told = _attributes(message.topic, message.id, message.subject) | {"messaging.batch.message_count": count}
    span = tracer.span(f"take in {message.type}", "consumer", message.traceparent, told)
    message.traceparent = span.thread
    return span


@contextmanager
def _current(thread: str) -> Iterator[None]:
    token = trace.current.set(thread)
    try:
        yield
    finally:
        trace.current.reset(token)


def _attributes(topic: str, id: str, subject: str | None) -> dict[str, str | int | bool]:
    """Without the key, which may be a number; the subject where it is an id."""
    told: dict[str, str | int | bool] = {
        "messaging.system": "kafka",
        "messaging.destination.name": topic,
        "messaging.message.id": id,
    }
    if subject is not None and _ID.fullmatch(subject):
        told["unicrm.subject"] = subject
    return told
