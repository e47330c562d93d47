"""The collections of the catalogue as jobs see them: what is asked of one, and how a record of it is taken in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from pydantic_core import from_json

from libs.database import Connection
from libs.tmf import (
    Condition,
    Document,
    Resource,
    Stored,
    insert_resource,
    merge_patch,
    update_resource,
    validate,
)
from libs.tmf.condition import quoted
from libs.tmf.filters import Filtering, filtering
from libs.tmf.handlers import OnChange, OnCreate
from libs.web.call import Call
from libs.web.errors import Reason, Refusal
from libs.web.runtime import Runtime
from services.product import errors
from services.product.catalog import api as catalog
from services.product.lifecycle.refusals import STATUS
from services.product.offerings import api as offerings
from services.product.prices import api as prices
from services.product.specifications import api as specifications


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection, and what its API does when a record is made or changed."""

    resource: Resource
    begin: OnCreate
    change: OnChange


_IN_ORDER = (
    Collection(catalog.CATEGORY, catalog.begin_category, catalog.change_category),
    Collection(catalog.CATALOG, catalog.begin_catalog, catalog.change_catalog),
    Collection(specifications.SPECIFICATION, specifications.begin, specifications.change),
    Collection(prices.PRICE, prices.begin, prices.change),
    Collection(offerings.OFFERING, offerings.begin, offerings.change),
)

COLLECTIONS: Mapping[str, Collection] = MappingProxyType({one.resource.name: one for one in _IN_ORDER})
"""In the order in which they refer to each other, most of them only backward."""
BY_TYPE: Mapping[str, Collection] = MappingProxyType({one.resource.type: one for one in _IN_ORDER})


def asking(runtime: Runtime, now: datetime, query: str = "", **more: Any) -> Call[Any]:
    """A call of our own, for what is judged as if it came over HTTP."""
    given = {"actor": None, "language": "en", "request_id": "job"} | more
    return Call(
        runtime,
        method="GET",
        route="",
        path={},
        body=None,
        raw=b"",
        now=now,
        request_path="",
        query_string=query.lstrip("?").encode(),
        **given,
    )


def asked_of(collection: str, runtime: Runtime, query: str, now: datetime) -> Filtering:
    """The filters of a query, as a list of this collection takes them. Raises Refusal 400."""
    call = asking(runtime, now, query)
    return filtering(COLLECTIONS[collection].resource, call, call.query.multi_items(), full=True)


async def take(tx: Connection, call: Call[Any], document: Document, only: Collection | None) -> str:
    """Make the catalogue say what a record of a file says: `made`, `changed`, or `unchanged` where it did.

    Raises Refusal with the reasons that its API would give.
    """
    collection = BY_TYPE.get(document.get("@type", ""), None)
    if collection is None:
        raise Refusal(Reason(errors.TYPE_UNKNOWN, path="@type", known=", ".join(BY_TYPE)))
    if only is not None and collection is not only:
        raise Refusal(Reason(errors.TYPE_UNKNOWN, path="@type", known=only.resource.type))
    resource = collection.resource
    set_here = {"href", *([resource.stamped] if resource.stamped else [])}
    document = merge_patch({}, {name: value for name, value in document.items() if name not in set_here})
    validate(resource, document)
    stored = await _there(tx, resource, document["id"])
    if stored is None:
        columns = await collection.begin(tx, call, document)
        await insert_resource(tx, call.runtime, resource, document, now=call.now, columns=columns)
        return "made"
    # What its API fills in where a maker says nothing stays as it is where a file says nothing.
    filled = {"@type", STATUS, "isRoot", *resource.defaults, *set_here}
    after = {name: value for name, value in stored.document.items() if name in filled} | document
    if after == stored.document:
        return "unchanged"
    columns = await collection.change(tx, call, after, stored.document)
    await update_resource(tx, call.runtime, resource, stored, after, now=call.now, columns=columns)
    return "changed"


async def _there(tx: Connection, resource: Resource, id: str) -> Stored | None:
    row = await tx.fetchrow(
        f"SELECT id, version, document::text AS document FROM {quoted(resource.table.name)} WHERE id = $1 FOR UPDATE",
        id,
    )
    return Stored(row["id"], row["version"], from_json(row["document"])) if row else None


def behind(after: str) -> Condition:
    """The records behind one, in the order of their ids."""
    return Condition("id > {}", after)
