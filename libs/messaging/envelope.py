"""The envelope of a message: CloudEvents 1.0 in Kafka's binary mode.

Attributes travel as headers (`ce_id`, `ce_type`, …, `traceparent`), the value is the JSON of a Pydantic model that
names its own type in the class variable `ce_type`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

from pydantic import BaseModel

from libs.telemetry import trace

M = TypeVar("M", bound=BaseModel)

RawHeaders = Sequence[tuple[str, bytes | None]]


@dataclass(slots=True)
class Outgoing:
    """One message to send; its type is `data.ce_type`, its `ce_id` a new one unless given."""

    topic: str
    key: str
    data: BaseModel
    subject: str | None = None
    id: str | None = None
    traceparent: str | None = None
    """The thread (`libs/telemetry/trace.py`) of what caused this one, where a handler of many knows it; else that of
    the record that it is about, or of the work in hand."""


@dataclass(slots=True)
class Message(Generic[M]):
    """One message received, its data validated."""

    id: str
    type: str
    source: str
    subject: str | None
    time: datetime
    key: str
    topic: str
    data: M
    payload: bytes
    """The bytes that `data` was read from."""
    traceparent: str | None = None


@dataclass(slots=True)
class Envelope:
    """The attributes of a received message before anybody looked at its data."""

    id: str
    type: str
    source: str
    subject: str | None
    time: datetime
    key: str
    topic: str
    traceparent: str | None


class EnvelopeInvalid(ValueError):
    """The headers or the key of a record do not make a CloudEvent; the text says why."""


def type_of(model: type[BaseModel]) -> str:
    """The CloudEvents type that a contract names. Raises TypeError for a model that names none."""
    ce_type = getattr(model, "ce_type", None)
    if not isinstance(ce_type, str) or not ce_type:
        raise TypeError(f"{model.__name__} has no class variable ce_type: it is no message")
    return ce_type


def source_of(node: str, service: str) -> str:
    """`/gd/order-acceptance`."""
    return f"/{node}/{service}"


def to_bytes(data: BaseModel) -> bytes:
    """The JSON of a model as it travels."""
    return data.model_dump_json(by_alias=True).encode()


_ALWAYS = (("ce_specversion", b"1.0"), ("content-type", b"application/json"))


def headers(
    *,
    id: str,
    type: str,
    source: str,
    subject: str | None,
    time: datetime,
    traceparent: str | None,
) -> list[tuple[str, bytes]]:
    """The headers of one record. A list: the Kafka client accepts no other sequence."""
    made = [
        *_ALWAYS,
        ("ce_id", id.encode()),
        ("ce_type", type.encode()),
        ("ce_source", source.encode()),
        ("ce_time", time.astimezone(UTC).isoformat().replace("+00:00", "Z").encode()),
    ]
    if subject is not None:
        made.append(("ce_subject", subject.encode()))
    if traceparent is not None:
        made += [(name, value.encode()) for name, value in trace.headers(traceparent)]
    return made


_REQUIRED = ("ce_id", "ce_type", "ce_source", "ce_time")
LONGEST_ATTRIBUTE = 1_000
"""Bytes of a key or an attribute: id and source lie in indexes together, whose entries PostgreSQL bounds at 2,704."""


def open_envelope(raw: RawHeaders, key: bytes | None, topic: str) -> Envelope:
    """The envelope of a record; headers that are not ours are passed over.

    Raises EnvelopeInvalid where one of ours is missing, cannot be read, or is longer than anything of ours.
    """
    given = dict(raw)
    required = [given.get(name) for name in _REQUIRED]
    if not all(required):
        missing = [name for name, value in zip(_REQUIRED, required, strict=True) if not value]
        raise EnvelopeInvalid(f"without {', '.join(missing)}")
    subject = given.get("ce_subject")
    # Decoded in one go: this runs for every message, and none of these may hold a byte that PostgreSQL refuses.
    parts = [*required, key or b"", subject or b""]
    longest = max(len(part or b"") for part in parts)
    if longest > LONGEST_ATTRIBUTE:
        raise EnvelopeInvalid(f"a header or a key of {longest} bytes")
    together = b"\0".join(part or b"" for part in parts)
    if together.count(b"\0") != len(parts) - 1:
        raise EnvelopeInvalid("a NUL in a header or in the key")
    try:
        id, type, source, at, text, subject_text = together.decode().split("\0")
    except UnicodeDecodeError as error:
        raise EnvelopeInvalid(f"not UTF-8: {error.reason}") from error
    try:
        time = datetime.fromisoformat(at)
    except ValueError as error:
        raise EnvelopeInvalid(f"ce_time: {error}") from error
    if time.tzinfo is None:
        raise EnvelopeInvalid("ce_time without a time zone")
    try:
        # Where the calendar ends, a time zone leads beyond it, and no database would keep the moment.
        time = time.astimezone(UTC)
    except OverflowError as error:
        raise EnvelopeInvalid(f"ce_time: {error}") from error
    return Envelope(
        id,
        type,
        source,
        None if subject is None else subject_text,
        time,
        text,
        topic,
        _thread(given),
    )


def _thread(given: dict[str, bytes | None]) -> str | None:
    """What a message belongs to; a malformed thread is none, and no reason to refuse what it came with."""
    parent, state = given.get("traceparent"), given.get("tracestate")
    if parent is None:
        return None
    return trace.taken_in(parent.decode("latin-1"), state.decode("latin-1") if state else None)
