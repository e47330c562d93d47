"""Branches of national groups: headquarters' customers, as far as a province needs them. Pure.

The master is headquarters; a branch carries its id and is never newer than what headquarters sent.
"""

from collections.abc import Mapping
from typing import Any, Literal

from contracts.steps import OpenBranch

ORGANIZATION = "Organization"


def judge_branch(
    wanted: OpenBranch, is_customer: bool, known_version: int | None
) -> Literal["open", "renew", "nothing", "taken"]:
    """What becomes of a snapshot. `known_version`: of the branch here; `is_customer`: whether the id is taken."""
    if known_version is not None:
        return "renew" if known_version < wanted.version else "nothing"
    return "taken" if is_customer else "open"


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
