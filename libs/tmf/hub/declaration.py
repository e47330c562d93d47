"""What a service declares of its events: which resources of an API are told of, to whom, and by which names.

HUB = Hub(base=BASE, tag="TMF622 Product Ordering", told=(Told(PRODUCT_ORDER, readers=EVERYONE, states=("state",)),))
"""

from collections.abc import Iterator
from dataclasses import dataclass

from libs.security.roles import Roles
from libs.tmf.resource import Resource

CREATE = "CreateEvent"
ATTRIBUTE = "AttributeValueChangeEvent"
STATE = "StateChangeEvent"
DELETE = "DeleteEvent"
ALL = (CREATE, ATTRIBUTE, STATE, DELETE)


@dataclass(frozen=True, kw_only=True, eq=False)
class Told:
    """A resource whose changes are told."""

    resource: Resource
    readers: Roles
    """Who may read it: nobody else hears of it."""
    states: tuple[str, ...] = ()
    """The attributes that are its state."""
    follows: frozenset[str] = frozenset()
    """Attributes that change with the state: alone they make an AttributeValueChangeEvent, with it they do not."""
    events: tuple[str, ...] = ALL
    """The events that the document of the API declares, without the resource's name."""

    def __post_init__(self) -> None:
        if self.resource.table.info.get("ddl") is None:
            raise ValueError(f"{self.resource.name}: nobody notes the changes of {self.resource.table.name}")

    @property
    def types(self) -> Iterator[str]:
        """The names of its events: `ProductOrderStateChangeEvent`."""
        return (self.type_of(event) for event in self.events)

    def type_of(self, event: str) -> str:
        return self.resource.type + event


@dataclass(frozen=True, kw_only=True, eq=False)
class Hub:
    """The `/hub` of one API."""

    base: str
    """As of its resources, without a slash at the end."""
    tag: str
    told: tuple[Told, ...]
    content: tuple[str, ...] = ("event",)
    """Under which names a notification holds the record."""

    @property
    def types(self) -> list[str]:
        return [name for one in self.told for name in one.types]

    @property
    def service(self) -> str:
        """The last name of its path that is none of a version: what tells operations of several hubs apart."""
        return self.base.split("/")[2]
