"""What a home knows when forwards come in: of the whole batch, in two queries."""

from collections.abc import Sequence
from dataclasses import replace

from contracts.control import StateAsked
from contracts.events import OfferingChanged
from contracts.work_orders import CancelAsked, Forward, GoAhead
from libs.database import Connection, Database
from services.order_acceptance.orders.facts import Facts
from services.order_acceptance.orders.holdings import subscribers
from services.order_acceptance.orders.offerings import offering_of

_KNOWN = """
    SELECT w.origin, w.origin_transaction, w.forward_attempt, w.id
    FROM work_orders w JOIN unnest($1::text[], $2::text[], $3::int[]) AS f(origin, transaction, attempt)
    ON w.origin = f.origin AND w.origin_transaction = f.transaction AND w.forward_attempt = f.attempt
    -- The arrays keep a plan that was made for a small table at the key of a large one.
    WHERE w.part = 'home' AND w.origin = ANY($4::text[]) AND w.origin_transaction = ANY($2::text[])
"""

_FEES = "SELECT business, record FROM known_offerings WHERE business = ANY($1::text[]) AND NOT deleted ORDER BY id"

_LACKING = """
    WITH at_home AS (
        SELECT customer, offering FROM products
        WHERE kind = 'subscription' AND status <> 'terminated' AND number = ANY($2::text[])
    ), named AS (
        SELECT id FROM unnest($1::text[]) AS n(id) WHERE EXISTS (SELECT FROM at_home)
        UNION SELECT unnest($3::text[]) UNION SELECT offering FROM at_home
    )
    SELECT 'offering' AS sort, id FROM named
    WHERE NOT EXISTS (SELECT FROM known_offerings k WHERE k.id = named.id)
    UNION SELECT 'customer', customer FROM at_home
    WHERE NOT EXISTS (SELECT FROM known_customers k WHERE k.id = at_home.customer)
"""
"""Where no number is at home, nothing needs to be known: the forward is not ours. One without a number is."""


async def lacking(db: Database, forwards: Sequence[Forward]) -> tuple[list[str], list[str]]:
    """The offerings and the customers that these forwards are about and of which there is no copy here."""
    rows = await db.fetch(
        _LACKING,
        sorted({id_ for one in forwards if one.number for id_ in _bought(one)}),
        sorted({one.number for one in forwards if one.number}),
        sorted({id_ for one in forwards if not one.number for id_ in _bought(one)}),
    )
    return (
        [row["id"] for row in rows if row["sort"] == "offering"],
        [row["id"] for row in rows if row["sort"] == "customer"],
    )


async def taken_in(
    tx: Connection, forwards: Sequence[Forward | CancelAsked | GoAhead | StateAsked]
) -> dict[tuple[str, str, int], str]:
    """The work orders here of forwards that came before, by origin, transaction and attempt."""
    rows = await tx.fetch(
        _KNOWN,
        [one.origin for one in forwards],
        [one.origin_transaction for one in forwards],
        [one.attempt for one in forwards],
        sorted({one.origin for one in forwards}),
    )
    return {(row["origin"], row["origin_transaction"], row["forward_attempt"]): row["id"] for row in rows}


async def at_home_here(tx: Connection, numbers: Sequence[str]) -> set[str]:
    """Those of the numbers that have a subscription at this node."""
    rows = await tx.fetch(
        """SELECT number FROM products
           WHERE kind = 'subscription' AND status <> 'terminated' AND number = ANY($1::text[])""",
        list(numbers),
    )
    return {row["number"] for row in rows}


async def guarded(tx: Connection, numbers: Sequence[str]) -> set[str]:
    """Those of the numbers on whose subscription somebody works."""
    if not numbers:
        return set()
    rows = await tx.fetch("SELECT number FROM guards WHERE number = ANY($1::text[])", list(numbers))
    return {row["number"] for row in rows}


async def facts_of(tx: Connection, forwards: Sequence[Forward]) -> dict[str, Facts]:
    """What is known here of each number that is asked for; a number that is not ours is not in it."""
    businesses = sorted({one.business for one in forwards})
    fees: dict[str, list[OfferingChanged]] = {}
    for row in await tx.fetch(_FEES, businesses):
        fees.setdefault(row["business"], []).append(offering_of(row["record"]))
    numbers = sorted({one.number for one in forwards if one.number})
    bought = {id_ for one in forwards for id_ in _bought(one)}
    found = await subscribers(tx, numbers, bought)
    known = {
        f"{business} {number}": replace(facts, fees=tuple(fees.get(business, ())))
        for number, facts in found.items()
        for business in businesses
    }
    if any(one.number is None for one in forwards):
        # What is to be opened here is nobody's subscription yet: only the catalogue is known of it.
        rows = await tx.fetch(
            "SELECT id, record FROM known_offerings WHERE id = ANY($1::text[]) AND NOT deleted",
            sorted(bought),
        )
        offerings = {row["id"]: offering_of(row["record"]) for row in rows}
        known |= {
            f"{business} {None}": Facts(offerings=offerings, fees=tuple(fees.get(business, ())))
            for business in businesses
        }
    return known


def _bought(forward: Forward) -> list[str]:
    """The offerings that a forward's content names; what does not look like one is judged with the content."""
    lists = [forward.content.get(name) for name in ("adds", "options")]
    parts = [part for one in lists if isinstance(one, list) for part in one if isinstance(part, dict)]
    named = (forward.content.get("offering"), *(part.get("offering") for part in parts))
    return [one for one in named if isinstance(one, str)]
