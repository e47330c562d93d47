"""Which events a change amounts to, and how a notification looks. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID, uuid5

from libs.tmf.hub.declaration import ATTRIBUTE, CREATE, DELETE, STATE, Hub, Told
from libs.tmf.resource import Document

Kind = Literal["insert", "update", "delete"]


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a change."""

    type: str
    fields: tuple[str, ...] = ()
    """The attributes that changed, of an AttributeValueChangeEvent."""


def events_of(told: Told, kind: Kind, document: Document, was: Document | None) -> list[Event]:
    """What happened, in the words of the API: nothing, one event, or a change of state and of attributes beside it."""
    return [event for event in _all_of(told, kind, document, was) if event.type in set(told.types)]


def _all_of(told: Told, kind: Kind, document: Document, was: Document | None) -> Iterator[Event]:
    if kind == "insert":
        yield Event(told.type_of(CREATE))
        return
    if kind == "delete":
        yield Event(told.type_of(DELETE))
        return
    changed = _changed(document, was or {})
    unsaid = {told.resource.stamped, *told.states}
    if any(name in changed for name in told.states):
        yield Event(told.type_of(STATE))
        unsaid |= told.follows
    others = tuple(name for name in changed if name not in unsaid)
    # Of what is personal the same mask may have been kept: then no attribute can be named, but something changed.
    hidden = not changed and told.resource.mask is not None
    if others or hidden:
        yield Event(told.type_of(ATTRIBUTE), others)


def _changed(document: Document, was: Document) -> list[str]:
    return [name for name in sorted({*document, *was}) if document.get(name) != was.get(name)]


def notification(
    hub: Hub, told: Told, event: Event, *, change: str, at: str, domain: str, record: Mapping[str, Any]
) -> dict[str, Any]:
    """The body that a listener is sent. `change` is the id of the change: sent again, an event has the same id."""
    body: dict[str, Any] = {
        "eventId": str(uuid5(UUID(change), event.type)),
        "eventTime": at,
        "eventType": event.type,
        "timeOcurred": at,
        "domain": domain,
    }
    if event.fields:
        body["fieldPath"] = ",".join(event.fields)
    return body | {name: {told.resource.name: record} for name in hub.content}
