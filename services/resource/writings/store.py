"""Card writings as rows: what a card writer needs, encrypted, until the card is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from libs.database import Connection


@dataclass(frozen=True, slots=True)
class Writing:
    """What is to be written on one card of an order; `data` is encrypted, None once it was written."""

    id: str
    order: str
    actor: str
    iccid: str
    data: str | None
    confirmed: datetime | None


_COLUMNS = 'id, order_id AS "order", actor, iccid, data, confirmed'


async def of_order(tx: Connection, order: str, actor: str) -> Writing | None:
    """The order's next card that is not written yet, else its last one, locked; None where it is not this actor's."""
    row = await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM card_writings WHERE order_id = $1 AND actor = $2"
        " ORDER BY confirmed NULLS FIRST, id LIMIT 1 FOR UPDATE",
        order,
        actor,
    )
    return None if row is None else Writing(**dict(row))


async def by_id(tx: Connection, id: str, actor: str) -> Writing | None:
    row = await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM card_writings WHERE id = $1 AND actor = $2 FOR UPDATE", id, actor
    )
    return None if row is None else Writing(**dict(row))


async def written(tx: Connection, orders: Sequence[str]) -> set[tuple[str, str]]:
    """The cards of these orders that are written: order and ICCID. Locked, so that none is confirmed meanwhile."""
    rows = await tx.fetch(
        "SELECT order_id, iccid, confirmed FROM card_writings WHERE order_id = ANY($1::text[])"
        " ORDER BY id FOR UPDATE",
        orders,
    )
    return {(row["order_id"], row["iccid"]) for row in rows if row["confirmed"]}


async def confirm(tx: Connection, id: str, now: datetime) -> None:
    """The card is written; nobody needs the data any more."""
    await tx.execute("UPDATE card_writings SET confirmed = $2, data = NULL WHERE id = $1", id, now)


async def log(
    tx: Connection,
    id: str,
    writing: str,
    place: dict[str, str | None],
    what: str,
    writer: str | None,
    now: datetime,
) -> None:
    """Who got what for which card writer, and who confirmed."""
    await tx.execute(
        "INSERT INTO card_writing_log"
        " (id, writing, actor, issuer, node, channel, hall, dealer, area_of_act, what, writer, at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        id,
        writing,
        *place.values(),
        what,
        writer,
        now,
    )
