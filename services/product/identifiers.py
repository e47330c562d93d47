"""Identifiers that are the same in every node: made from names, so that nobody has to hand them around."""

from typing import Literal
from uuid import NAMESPACE_DNS, uuid5

Sort = Literal["catalog", "category", "specification", "price", "offering"]

_NAMESPACE = uuid5(NAMESPACE_DNS, "national-catalogue.unicrm")


def fixed_id(sort: Sort, name: str) -> str:
    """The identifier of a record of the national catalogue: `fixed_id("offering", "replace-sim")`."""
    return str(uuid5(_NAMESPACE, f"{sort}/{name}"))
