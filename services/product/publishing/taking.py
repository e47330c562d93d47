"""A province's side: what headquarters published becomes this node's copy, under what the province says otherwise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import asyncpg
from pydantic_core import from_json

from contracts.base import Document
from contracts.publications import CatalogueRecord
from libs.messaging import Work
from libs.publishing import RECORD_OF_ANOTHER, Conflict
from libs.tmf import Resource, Stored, insert_resource, update_resource
from libs.tmf.condition import quoted
from services.product.catalog.api import CATALOG, CATEGORY
from services.product.facts.store import Made, tell_again
from services.product.identifiers import Sort
from services.product.lifecycle.refusals import STATUS
from services.product.lifecycle.rules import SOLD
from services.product.offerings.api import OFFERING
from services.product.overlay.rules import OFFERINGS, OUTSIDE, PRICES, Overlaid, in_force
from services.product.overlay.store import columns_of
from services.product.prices.api import PRICE
from services.product.specifications.api import SPECIFICATION


@dataclass(frozen=True, slots=True)
class Copied:
    """A sort of record: where it is kept, in what a province may differ, and which offerings are made of it."""

    resource: Resource
    overlaid: Overlaid | None = None
    part_of: str | None = None
    """The attribute of an offering that names it, as a list or not."""
    many: bool = False

    def offerings_of(self, id: str) -> Document:
        assert self.part_of is not None, "nothing is made of this sort"
        return {self.part_of: [{"id": id}] if self.many else {"id": id}}


SORTS: Mapping[Sort, Copied] = MappingProxyType(
    {
        "category": Copied(CATEGORY),
        "catalog": Copied(CATALOG),
        "specification": Copied(SPECIFICATION, part_of="productSpecification"),
        "price": Copied(PRICE, PRICES, "productOfferingPrice", many=True),
        "offering": Copied(OFFERING, OFFERINGS),
    }
)


async def take_in(work: Work, records: Sequence[CatalogueRecord]) -> list[Conflict]:
    """Take in the records that are newer than the copy; what of them is not in force here as it came."""
    newest = {(one.sort, one.id): one for one in sorted(records, key=lambda one: one.number)}
    conflicts = []
    for sort, copied in SORTS.items():
        wanted = [one for one in records if one.sort == sort and newest[sort, one.id] is one]
        # What makes room goes before what takes it: a fee that is retired before the one that is sold instead.
        wanted.sort(key=lambda one: one.document.get(STATUS) == SOLD)
        if wanted:
            conflicts += await _take_sort(work, copied, wanted)
    return conflicts


async def _take_sort(work: Work, copied: Copied, records: Sequence[CatalogueRecord]) -> list[Conflict]:
    there = await _there(work, copied, [one.id for one in records])
    conflicts, unchanged = [], []
    for record in records:
        row = there.get(record.id)
        if row is not None and not row["national"]:
            conflicts.append(Conflict(record.id, record.number, RECORD_OF_ANOTHER))
        elif row is None or (row["edition"] or 0) < record.number:
            copy = _copy_of(copied, record, row)
            if copy.outside:
                conflicts.append(Conflict(record.id, record.number, OUTSIDE))
            if row is not None and copy.says_nothing_new(copied.resource, row):
                unchanged.append(record)
            else:
                await _write(work, copied, record, row, copy)
    await _note_editions(work, copied, unchanged)
    return conflicts


async def _there(work: Work, copied: Copied, ids: list[str]) -> dict[str, asyncpg.Record]:
    laid = "overlay::text, original::text" if copied.overlaid else "NULL AS overlay, NULL AS original"
    kind = "kind" if copied.resource is OFFERING else "NULL AS kind"
    rows = await work.tx.fetch(
        f"SELECT id, version, national, edition, {kind}, document::text AS document, {laid} "
        f"FROM {quoted(copied.resource.table.name)} WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE",
        ids,
    )
    return {row["id"]: row for row in rows}


async def _note_editions(work: Work, copied: Copied, records: Sequence[CatalogueRecord]) -> None:
    """What was published is what is here already, as after seeding."""
    if records:
        await work.tx.execute(
            f"UPDATE {quoted(copied.resource.table.name)} AS t SET edition = n.number "
            "FROM unnest($1::text[], $2::bigint[]) AS n (id, number) WHERE t.id = n.id",
            [one.id for one in records],
            [one.number for one in records],
        )


@dataclass(frozen=True, slots=True)
class Copy:
    """What a record is to be here: what is in force, what headquarters says, and what the province says otherwise."""

    document: Document
    original: Document
    overlay: Document
    outside: list[str]
    """The attributes of the overlay that are out of bounds now."""
    kind: str | None

    def says_nothing_new(self, resource: Resource, row: asyncpg.Record) -> bool:
        former = from_json(row["original"]) if row["original"] else from_json(row["document"])
        return self.kind == row["kind"] and _without_stamp(resource, former) == self.original


def _copy_of(copied: Copied, record: CatalogueRecord, row: asyncpg.Record | None) -> Copy:
    original = _without_stamp(copied.resource, record.document) | {"id": record.id}
    overlay = from_json(row["overlay"]) if row is not None and row["overlay"] else {}
    document, outside = original, []
    if overlay and copied.overlaid:
        document = in_force(copied.overlaid, original, overlay)
        outside = copied.overlaid.outside(original, overlay)
    return Copy(document, original, overlay, outside, record.kind)


async def _write(
    work: Work, copied: Copied, record: CatalogueRecord, row: asyncpg.Record | None, copy: Copy
) -> None:
    """Make or change the copy, as its API would; what is made of it is told again."""
    resource, tx = copied.resource, work.tx
    columns: dict[str, Any] = {"national": True, "edition": record.number}
    if copied.overlaid:
        columns |= columns_of(copy.original, copy.overlay)
    if record.sort == "offering":
        business = copy.original["name"] if record.kind == "business-fee" else None
        columns |= {"kind": record.kind, "business": business}
        if business and copy.original[STATUS] == SOLD:
            await _retire_other_fees(work, business, record.id)
    if copied.part_of:
        made = {record.id: Made(copy.document, copy.original)}
        await tell_again(tx, work.runtime, copied.offerings_of(record.id), work.now, changed=made)
    document = dict(copy.document)
    if row is None:
        await insert_resource(tx, work.runtime, resource, document, now=work.now, columns=columns)
    else:
        stored = Stored(row["id"], row["version"], from_json(row["document"]))
        await update_resource(tx, work.runtime, resource, stored, document, now=work.now, columns=columns)


async def _retire_other_fees(work: Work, business: str, but: str) -> None:
    """At headquarters one fee of a business is sold; what else is sold as such here has had its day."""
    rows = await work.tx.fetch(
        "SELECT id, version, document::text AS document FROM offerings "
        "WHERE business = $1 AND lifecycle_status = $2 AND id <> $3 FOR UPDATE",
        business,
        SOLD,
        but,
    )
    for row in rows:
        stored = Stored(row["id"], row["version"], from_json(row["document"]))
        document = stored.document | {STATUS: "Retired"}
        await update_resource(work.tx, work.runtime, OFFERING, stored, document, now=work.now)


def _without_stamp(resource: Resource, document: Document) -> Document:
    """A document without what each node says for itself: its address, and when it changed there."""
    return {name: value for name, value in document.items() if name not in ("href", resource.stamped)}
