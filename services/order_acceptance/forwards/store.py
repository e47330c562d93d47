"""What a home knows when forwards come in: of the whole batch, in two queries."""

import json
from collections.abc import Sequence

from contracts.events import CustomerChanged, OfferingChanged
from contracts.work_orders import Forward
from libs.database import Connection
from services.order_acceptance.orders.facts import Facts, Installed

_KNOWN = """
    SELECT w.origin, w.origin_transaction, w.forward_attempt, w.id
    FROM work_orders w JOIN unnest($1::text[], $2::text[], $3::int[]) AS f(origin, transaction, attempt)
    ON w.origin = f.origin AND w.origin_transaction = f.transaction AND w.forward_attempt = f.attempt
    WHERE w.part = 'home'
"""

_FACTS = """
    SELECT p.id, p.number, p.status, p.customer, p.billing_account, p.offering, p.iccid, p.imsi, p.area,
           c.record AS owner
    FROM products p LEFT JOIN known_customers c ON c.id = p.customer
    WHERE p.kind = 'subscription' AND p.status <> 'terminated' AND p.number = ANY($1::text[])
"""

_FEES = "SELECT business, record FROM known_offerings WHERE business = ANY($1::text[]) AND NOT deleted ORDER BY id"


async def taken_in(tx: Connection, forwards: Sequence[Forward]) -> dict[tuple[str, str, int], str]:
    """The work orders of forwards that came before, by origin, transaction and attempt."""
    rows = await tx.fetch(
        _KNOWN,
        [one.origin for one in forwards],
        [one.origin_transaction for one in forwards],
        [one.attempt for one in forwards],
    )
    return {(row["origin"], row["origin_transaction"], row["forward_attempt"]): row["id"] for row in rows}


async def facts_of(tx: Connection, forwards: Sequence[Forward]) -> dict[str, Facts]:
    """What is known here of each number that is asked for; a number that is not ours is not in it."""
    businesses = sorted({one.business for one in forwards})
    fees: dict[str, list[OfferingChanged]] = {}
    for row in await tx.fetch(_FEES, businesses):
        fees.setdefault(row["business"], []).append(OfferingChanged.model_validate_json(row["record"]))
    numbers = sorted({one.number for one in forwards if one.number})
    known: dict[str, Facts] = {}
    for row in await tx.fetch(_FACTS, numbers):
        installed = Installed(
            subscription=row["id"],
            number=row["number"],
            status=row["status"],
            customer=row["customer"],
            billing_account=row["billing_account"],
            offering=row["offering"],
            iccid=row["iccid"],
            imsi=row["imsi"],
            area=row["area"] or "",
        )
        owner = CustomerChanged.model_validate(json.loads(row["owner"])) if row["owner"] else None
        for business in businesses:
            known[f"{business} {row['number']}"] = Facts(
                customer=owner, installed=installed, fees=tuple(fees.get(business, ()))
            )
    return known
