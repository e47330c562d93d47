"""The declaration of a resource, from which its endpoints, filters and storage follow.

PRODUCT_OFFERING = Resource(
    name="productOffering", type="ProductOffering", base="/tmf-api/productCatalogManagement/v4",
    table=tables.product_offerings, model=ProductOffering, required=("name",),
    columns={"lifecycleStatus": "lifecycle_status"}, defaults={"lifecycleStatus": "In study"},
)
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

from pydantic import BaseModel
from sqlalchemy import BigInteger, Column, DateTime, Index, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from libs.database import Connection
from libs.tmf.attributes import Attribute, fields_of, find_attribute
from libs.tmf.condition import Condition, Visible
from libs.web.call import Call

ModelClass: TypeAlias = type[BaseModel]
Document: TypeAlias = dict[str, Any]
"""A representation as JSON, without its href."""

CHARACTERISTIC_ARRAYS = (
    "resourceCharacteristic",
    "productCharacteristic",
    "partyCharacteristic",
    "characteristic",
)
STAMPS = ("lastUpdate", "lastModified")
RESERVED = frozenset({"fields", "sort", "offset", "limit", "purpose"})


class Changed(NamedTuple):
    """A record after a change, for its event; one that was deleted as it was last, its version one higher."""

    document: Document
    version: int
    at: datetime
    deleted: bool = False


Event: TypeAlias = Callable[[Connection, Changed], Awaitable[BaseModel | None]]
"""The contract model that tells of a change, or None; it may read in the transaction of the change."""


def resource_columns() -> tuple[Column[Any], ...]:
    """The columns that every TM Forum resource has; a table adds those that it decides on, joins on or filters by."""
    return (
        Column("id", Text, primary_key=True),
        Column("version", BigInteger, nullable=False, comment="1, 2, …: shown as ETag"),
        Column("document", JSONB, nullable=False, comment="the representation, without href"),
        Column("created", DateTime(timezone=True), nullable=False),
        Column("last_update", DateTime(timezone=True), nullable=False),
    )


def document_index(table: str) -> Index:
    """An index that serves every filter by equality, for tables where those are asked often and written seldom."""
    return Index(
        f"{table}_document", "document", postgresql_using="gin", postgresql_ops={"document": "jsonb_path_ops"}
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Resource:
    """A kind of record that is served in TM Forum's way.

    Raises ValueError for a declaration that contradicts itself or its model.
    """

    name: str
    """As in its path: `productOffering`."""
    type: str
    """Its `@type` where a record does not name one: `ProductOffering`."""
    base: str
    """The path of its API, without a slash at the end."""
    table: Table
    """Has `resource_columns()`."""
    model: ModelClass
    """The whole representation; optional but for what is mandatory wherever it appears."""
    required: tuple[str, ...] = ()
    """What a record must have, where the model leaves it open."""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """What a new record gets where its maker says nothing."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Attributes (dotted) that are kept as columns too, and are filtered and sorted by these."""
    characteristics: Mapping[str, str | None] = field(default_factory=dict)
    """Names of characteristics that filter by `name=value`: by a column, or (None) in the characteristic array."""
    characteristic_array: str | None = None
    """The attribute that holds them; unless given, the first of CHARACTERISTIC_ARRAYS that the model has."""
    searches: Mapping[str, Callable[[Call[Any], str], Condition]] = field(default_factory=dict)
    """Filters of one's own, by their name in the query: an identity number by its digest."""
    read_only: frozenset[str] | None = None
    """What a PATCH may not name; unless given, id, href and the stamp."""
    server_set: frozenset[str] = frozenset({"id", "href"})
    """What a POST may not name."""
    kept: frozenset[str] = frozenset()
    """What stays in a PUT that does not name it, beside what a PATCH may not name."""
    stamp: str | None = None
    """The attribute that tells of the last change; unless given, lastUpdate or lastModified where the model has it."""
    sort_default: str = "-id"
    scope: Condition | None = None
    """Which rows of the table are of this kind, where it holds several."""
    visible: Visible | None = None
    mask: Callable[[Document, Call[Any]], Document] | None = None
    """Hides personal data in a representation that is its own to change. `?purpose=` lifts it for whom may."""
    personal: frozenset[str] = frozenset()
    """What `mask` hides, by dotted names (with all that is below): such values are searched whole, or not at all."""
    event: Event | None = None
    topic: Callable[[str, str], str] | None = None
    """From node and service to the topic of its events; unless given, the service's own."""

    def __post_init__(self) -> None:
        faults = [f"no column {column}" for column in self._named_columns() if column not in self.table.c]
        known = fields_of(self.model)
        for name in (*self.required, *self.defaults):
            if name not in known:
                faults.append(f"the model has no {name}")
        for name in self.columns:
            attribute = find_attribute(self.model, name)
            if attribute is not None and attribute.many:
                faults.append(f"{name} may have several values: no column holds them")
        faults += [
            f"{name} is an attribute, not a characteristic" for name in self.characteristics if name in known
        ]
        faults += [f"{name} has another meaning in a query" for name in self.searches if name in RESERVED]
        if (self.mask is None) != (not self.personal):
            faults.append("mask and personal go together: what is hidden cannot be searched by its parts")
        if self.characteristics and self.characteristic_path is None:
            faults.append("the model has no array of characteristics")
        if self.base.endswith("/") or not self.base.startswith("/"):
            faults.append(f"a base starts with a slash and ends without one: {self.base}")
        if faults:
            raise ValueError(f"{self.name}: {'; '.join(faults)}")

    def _named_columns(self) -> list[str]:
        given = [*self.columns.values(), *(column for column in self.characteristics.values() if column)]
        return [*(column.name for column in resource_columns()), *given]

    @property
    def path(self) -> str:
        """Of the list, without the node's address."""
        return f"{self.base}/{self.name}"

    @cached_property
    def characteristic_path(self) -> str | None:
        known = fields_of(self.model)
        names = (self.characteristic_array,) if self.characteristic_array else CHARACTERISTIC_ARRAYS
        return next((name for name in names if name in known), None)

    @cached_property
    def stamped(self) -> str | None:
        """The attribute of the last change, if there is one."""
        if self.stamp is not None:
            return self.stamp
        return next((name for name in STAMPS if name in fields_of(self.model)), None)

    @cached_property
    def unpatchable(self) -> frozenset[str]:
        """What a PATCH may not name."""
        if self.read_only is not None:
            return self.read_only | {"id", "href"}
        return frozenset({"id", "href", *([self.stamped] if self.stamped else [])})

    def attribute(self, name: str) -> Attribute | None:
        """The value that a dotted name leads to, if the model declares one."""
        return find_attribute(self.model, name)

    def is_personal(self, name: str) -> bool:
        """Whether `mask` hides what this dotted name leads to, or a part that it lies in."""
        steps = name.split(".")
        return any(".".join(steps[: end + 1]) in self.personal for end in range(len(steps)))
