"""Branches of national groups: headquarters' customers, as far as a province needs them. Pure.

The master is headquarters; a branch carries its id and is never newer than what headquarters sent.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

from contracts.steps import OpenBranch

ORGANIZATION = "Organization"


def judge_branch(
    wanted: OpenBranch, is_customer: bool, known_version: int | None
) -> Literal["open", "renew", "nothing", "taken"]:
    """What becomes of a snapshot. `known_version`: of the branch here; `is_customer`: whether the id is taken."""
    if known_version is not None:
        return "renew" if known_version < wanted.version else "nothing"
    return "taken" if is_customer else "open"


class Holding(NamedTuple):
    """A province that holds a branch of a customer, and the version of headquarters' record that this was made of."""

    customer: str
    node: str
    version: int


def to_renew(snapshots: Iterable[OpenBranch], held: Mapping[str, int]) -> list[OpenBranch]:
    """Of snapshots that came unasked, the newest of each customer, where a branch is held that is older."""
    newest = {one.customer: one for one in sorted(snapshots, key=lambda one: one.version)}
    return [one for id, one in newest.items() if id in held and held[id] < one.version]


def beyond(said: Iterable[Holding], versions: Mapping[str, int]) -> dict[str, int]:
    """The customers of whose record some province has a newer one than there is, and the newest that is out there.

    That is so after headquarters' database had to be put back to an earlier day. What is written there next must
    be newer than everything that anybody holds.
    """
    found: dict[str, int] = {}
    for one in said:
        if one.customer in versions and one.version > max(versions[one.customer], found.get(one.customer, 0)):
            found[one.customer] = one.version
    return found


def party_document(wanted: OpenBranch) -> Mapping[str, Any]:
    """The organization of a branch (TMF632)."""
    return {
        "id": wanted.party,
        "@type": ORGANIZATION,
        "name": wanted.name,
        "tradingName": wanted.name,
        "isLegalEntity": True,
        "status": "validated",
    }


def customer_document(wanted: OpenBranch) -> Mapping[str, Any]:
    """The customer of a branch (TMF629)."""
    characteristics = [
        {"name": name, "value": value}
        for name, value in (("area", wanted.area), ("level", wanted.level))
        if value
    ]
    return {
        "id": wanted.customer,
        "@type": "Customer",
        "name": wanted.name,
        "status": wanted.status,
        "engagedParty": {"id": wanted.party, "name": wanted.name, "@referredType": ORGANIZATION},
        **({"characteristic": characteristics} if characteristics else {}),
    }
