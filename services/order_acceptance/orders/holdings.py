"""What a subscription of this node has, in the shapes that the rules read: its options, its suspensions, its owner."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import asyncpg

from contracts.events import CustomerChanged
from libs.database import Connection
from services.order_acceptance.orders.facts import Facts, Installed, InstalledOption, Suspension
from services.order_acceptance.orders.offerings import offering_of

COLUMNS = """
    p.id, p.number, p.status, p.customer, p.billing_account, p.offering, p.iccid, p.imsi, p.area,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('product', o.id, 'offering', o.offering) ORDER BY o.id), '[]')
     FROM products o WHERE o.parent = p.id AND o.kind = 'option' AND o.status <> 'terminated') AS options,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('reason', s.reason, 'barring', s.barring) ORDER BY s.reason), '[]')
     FROM suspensions s WHERE s.product = p.id) AS suspensions
"""
"""Of a product `p`."""

TAKEN = """
    p.id, p.number, p.status, p.customer, p.billing_account, p.offering, p.iccid, p.imsi, p.area,
    '[]'::jsonb AS options, '[]'::jsonb AS suspensions
"""
"""The same where it only matters that it is there."""

OF_NUMBERS = f"""
    SELECT {COLUMNS}, c.record AS owner
    FROM products p LEFT JOIN known_customers c ON c.id = p.customer
    WHERE p.kind = 'subscription' AND p.status <> 'terminated' AND p.number = ANY($1::text[])
"""

_OFFERINGS = "SELECT id, record FROM known_offerings WHERE id = ANY($1::text[])"


def installed_of(row: "Mapping[str, Any] | asyncpg.Record") -> Installed:
    """The subscription of a row with COLUMNS; its lists are JSON, or parsed already."""
    return Installed(
        subscription=row["id"],
        number=row["number"],
        status=row["status"],
        customer=row["customer"],
        billing_account=row["billing_account"],
        offering=row["offering"],
        iccid=row["iccid"] or "",
        imsi=row["imsi"] or "",
        area=row["area"] or "",
        options=tuple(InstalledOption(**one) for one in _listed(row["options"])),
        suspensions=tuple(Suspension(**one) for one in _listed(row["suspensions"])),
    )


def _listed(value: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(value) if isinstance(value, str) else value
    return found


async def subscribers(tx: Connection, numbers: Sequence[str], offerings: Collection[str]) -> dict[str, Facts]:
    """What is known of the subscriptions with these numbers, of their offerings and of `offerings`, by number.

    A number that is not at home here is not in it. Two queries, however many there are.
    """
    rows = await tx.fetch(OF_NUMBERS, list(numbers))
    installed = [(installed_of(row), row["owner"]) for row in rows]
    wanted = set(offerings)
    for one, _ in installed:
        wanted |= {one.offering, *(option.offering for option in one.options)}
    known = {row["id"]: offering_of(row["record"]) for row in await tx.fetch(_OFFERINGS, sorted(wanted))}
    return {
        one.number: Facts(
            offerings=known,
            customer=CustomerChanged.model_validate_json(owner) if owner else None,
            installed=one,
        )
        for one, owner in installed
    }
