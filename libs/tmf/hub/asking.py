"""The query of a subscription: which events, of which records, and how much of them.

`eventType=ProductOrderStateChangeEvent&state=completed,failed&fields=id,state`: filters are those of the lists, on the
record as it was after the change; with `event.productOrder.` before it a filter asks for events of that resource only.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from libs.tmf import codes
from libs.tmf.attributes import fields_of
from libs.tmf.filters import OPERATORS, Filtering, filtering
from libs.tmf.hub.declaration import Hub, Told
from libs.tmf.query import ALWAYS
from libs.tmf.resource import RESERVED, Resource
from libs.tmf.values import split
from libs.web import codes as web_codes
from libs.web.call import Call
from libs.web.errors import Reason, Refusal, refuse
from libs.web.runtime import Runtime

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a subscription wants to hear of one resource."""

    told: Told
    types: frozenset[str]
    filtering: Filtering
    fields: frozenset[str] | None
    call: Call[Any]
    """As if the subscriber asked for it: bounds and masks take him from here."""


def call_of(runtime: Runtime, actor: Any, resource: Resource, pairs: Pairs = ()) -> Call[Any]:
    """A question of the subscriber's, asked by nobody but the hub."""
    return Call(
        runtime,
        method="GET",
        route=resource.path,
        path={},
        body=None,
        raw=b"",
        actor=actor,
        language="en",
        now=runtime.clock.now(),
        request_id="hub",
        request_path=resource.path,
        query_string=urlencode(pairs).encode(),
    )


def read_query(hub: Hub, runtime: Runtime, actor: Any, text: str | None) -> list[Wanted]:
    """What is wanted of each resource; of those that the query cannot mean, and that he may not read, nothing.

    Raises Refusal 400 with what is not known or cannot be read, 403 for events that are not the subscriber's to hear.
    """
    pairs = parse_qsl((text or "").removeprefix("?"), keep_blank_values=True, max_num_fields=200)
    types = _types(hub, pairs)
    heard = [told for told in hub.told if not types.isdisjoint(told.types)]
    readable = [told for told in heard if told.readers.admit(actor.roles)]
    if not readable or (len(readable) < len(heard) and _named(pairs)):
        raise Refusal(Reason(web_codes.FORBIDDEN))
    fields = _fields(readable, pairs)
    found = []
    faults: list[Reason] = []
    for told in readable:
        filters = list(_filters_for(told, hub, pairs))
        if None in filters:
            continue
        given = [pair for pair in filters if pair is not None]
        call = call_of(runtime, actor, told.resource, given)
        try:
            condition = _filtering(told, call, given)
        except Refusal as refusal:
            if any(reason.code is not codes.UNKNOWN_FILTER for reason in refusal.reasons):
                raise
            faults += refusal.reasons
            continue
        found.append(Wanted(told, types.intersection(told.types), condition, fields, call))
    if not found:
        refuse(faults or [Reason(codes.UNKNOWN_FILTER, path="query", name=(text or "")[:200])])
    return found


def _types(hub: Hub, pairs: Pairs) -> frozenset[str]:
    given = [value for name, text in pairs if name == "eventType" for value in split(text)]
    known = hub.types
    refuse(
        Reason(codes.INVALID_FILTER, path="eventType", name="eventType", detail=f"one of {', '.join(known)}")
        for value in given
        if value not in known
    )
    return frozenset(given or known)


def _named(pairs: Pairs) -> bool:
    return any(name == "eventType" for name, _ in pairs)


def _fields(heard: Sequence[Told], pairs: Pairs) -> frozenset[str] | None:
    given = [value.strip() for name, text in pairs if name == "fields" for value in text.split(",")]
    names = [name for name in given if name]
    if not names:
        return None
    if names == ["none"]:
        return ALWAYS
    known = {name for told in heard for name in fields_of(told.resource.model)}
    refuse(
        Reason(codes.UNKNOWN_ATTRIBUTE, path="fields", name=name[:100])
        for name in names
        if name not in known and name not in ALWAYS and not name.startswith("@")
    )
    return ALWAYS.union(names)


def _filters_for(told: Told, hub: Hub, pairs: Pairs) -> Iterator[tuple[str, str] | None]:
    """The filters on a record of this resource; None for one that is on another's."""
    for name, value in pairs:
        if name in ("eventType", "fields"):
            continue
        if name in RESERVED:
            raise Refusal(Reason(codes.UNKNOWN_FILTER, path=name, name=name))
        inside = next((start for start in _prefixes(hub) if name.startswith(start)), None)
        if inside is None:
            yield name, value
        elif inside.rstrip(".").endswith(f".{told.resource.name}"):
            yield name.removeprefix(inside), value
        else:
            yield None


def _prefixes(hub: Hub) -> Iterator[str]:
    return (f"{content}.{told.resource.name}." for content in hub.content for told in hub.told)


def _filtering(told: Told, call: Call[Any], pairs: Pairs) -> Filtering:
    """As in a list; what is personal is no filter here, since nobody says for which purpose."""
    for name, _ in pairs:
        stem, _, last = name.rpartition(".")
        if told.resource.is_personal(stem if last in OPERATORS else name):
            raise Refusal(Reason(codes.UNKNOWN_FILTER, path=name[:200], name=name[:200]))
    return filtering(told.resource, call, pairs)
