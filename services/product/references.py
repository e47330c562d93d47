"""What refers to what in the catalogue: a record that something refers to stays.

Whoever writes a reference locks the record that it names (`FOR SHARE`); whoever deletes a record has locked it first.
So a reference never comes to point at what was deleted meanwhile.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from contracts.base import Document
from libs.database import Connection
from libs.json_text import json_text
from services.product.identifiers import Sort


class Referrer(NamedTuple):
    """A sort of record that may refer to another: how it is called, where it is kept, how the reference looks."""

    name: str
    table: str
    containing: Callable[[str], Document]


REFERRERS: Mapping[Sort, tuple[Referrer, ...]] = MappingProxyType(
    {
        "catalog": (),
        "category": (
            Referrer("productOffering", "offerings", lambda id: {"category": [{"id": id}]}),
            Referrer("category", "categories", lambda id: {"parentId": id}),
            Referrer("catalog", "catalogs", lambda id: {"category": [{"id": id}]}),
        ),
        "specification": (
            Referrer("productOffering", "offerings", lambda id: {"productSpecification": {"id": id}}),
        ),
        "price": (
            Referrer("productOffering", "offerings", lambda id: {"productOfferingPrice": [{"id": id}]}),
        ),
        "offering": (
            Referrer(
                "productOffering", "offerings", lambda id: {"productOfferingRelationship": [{"id": id}]}
            ),
            Referrer("productOffering", "offerings", lambda id: {"bundledProductOffering": [{"id": id}]}),
        ),
    }
)


async def referred_by(tx: Connection, sort: Sort, id: str) -> list[str]:
    """The sorts of records that refer to this one."""
    found = {}
    for referrer in REFERRERS[sort]:
        if referrer.name not in found and await tx.fetchval(
            f"SELECT true FROM {referrer.table} WHERE document @> $1::jsonb LIMIT 1",
            json_text(referrer.containing(id)),
        ):
            found[referrer.name] = True
    return list(found)
