"""Installed products: written by the steps of work orders, and by nothing else."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import asyncpg

from contracts.events import SubscriptionChanged
from contracts.processes import OpenAccount, OpenMember
from libs.database import Connection
from libs.json_text import json_text
from libs.messaging import Outgoing, Work
from libs.messaging.topics import events
from libs.tmf.write import moment
from services.order_acceptance.engine.store import Stored
from services.order_acceptance.products.rules import option_document, subscription_document

TOLD = "p.id, p.version, p.number, p.status, p.customer, p.billing_account, p.offering, p.kind, p.document"
"""What is told of a changed product `p`."""

_INSTALL = """
    INSERT INTO products (id, version, document, created, last_update, number, status, kind, parent, customer,
                          billing_account, offering, iccid, imsi, area, dealer, opened_by)
    SELECT id, 1, document, $2, $2, number, 'active', kind, parent, customer, billing_account, offering, iccid,
           imsi, area, dealer, opened_by
    FROM jsonb_to_recordset($1::jsonb) AS p(
        id text, document jsonb, number text, kind text, parent text, customer text, billing_account text,
        offering text, iccid text, imsi text, area text, dealer text, opened_by text)
    ON CONFLICT (id) DO NOTHING
    RETURNING id, version, number, status, customer, billing_account, offering, kind, document
"""

_CHANGE_CARDS = f"""
    UPDATE products p
    SET iccid = n.iccid, imsi = n.imsi, version = p.version + 1, last_update = $2,
        document = p.document || jsonb_build_object('realizingResource', (
            SELECT jsonb_agg(CASE WHEN resource ->> '@referredType' = 'PhysicalResource'
                             THEN resource || jsonb_build_object('id', n.iccid, 'value', n.iccid) ELSE resource END)
            FROM jsonb_array_elements(p.document -> 'realizingResource') resource))
    FROM jsonb_to_recordset($1::jsonb) AS n(subscription text, iccid text, imsi text)
    WHERE p.id = n.subscription
    RETURNING {TOLD}
"""


async def number_held(tx: Connection, number: str) -> Literal["in-use", "busy"] | None:
    """Whether a subscription has the number, or an order that would give or change one is under way.

    Two that ask for the same number at the same time do so one after the other.
    """
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('number ' || $1, 0))", number)
    row = await tx.fetchrow(
        """SELECT EXISTS (SELECT FROM products WHERE kind = 'subscription' AND status <> 'terminated'
                          AND number = $1) AS in_use,
                  EXISTS (SELECT FROM guards WHERE number = $1) AS busy""",
        number,
    )
    assert row is not None, "a SELECT without FROM answers one row"
    return "in-use" if row["in_use"] else "busy" if row["busy"] else None


async def was_suspended(tx: Connection, product: str, brought_by: str, now: datetime) -> None:
    """Note that a subscription came suspended from a former system."""
    await tx.execute(
        """INSERT INTO suspensions (product, reason, barring, since, order_id)
           VALUES ($1, 'voluntary', 'all', $2, $3)""",
        product,
        now,
        brought_by,
    )


async def install_products(unit: Work, found: Sequence[tuple[Stored, Mapping[str, Any]]]) -> None:
    """The subscription of each work order, and its options, become installed products."""
    rows = []
    for stored, input_ in found:
        wanted = OpenAccount.model_validate(stored.work.content)
        rows += _opened(wanted, input_["imsi"], stored, moment(unit.now))
    tell(unit, await install_rows(unit, rows))


async def install_members(unit: Work, found: Sequence[tuple[Stored, Mapping[str, Any]]]) -> None:
    """The same for subscriptions of national groups, with the number and the card that were chosen here."""
    rows = []
    for stored, input_ in found:
        member = OpenMember.model_validate(stored.work.content)
        opened = OpenAccount(
            subscription=member.subscription,
            item=member.item,
            number=input_["number"],
            iccid=input_["iccid"],
            customer=member.group.customer,
            billing_account=member.billing_account,
            opens_account=True,
            offering=member.offering,
            options=member.options,
            area=input_["area"],
        )
        rows += _opened(opened, input_["imsi"], stored, moment(unit.now))
    tell(unit, await install_rows(unit, rows))


def _opened(wanted: OpenAccount, imsi: str, stored: Stored, started: str) -> list[dict[str, Any]]:
    """The rows of a new subscription and its options."""
    shared = {
        "customer": wanted.customer,
        "billing_account": wanted.billing_account,
        "area": wanted.area,
        "dealer": stored.acceptance.get("dealer"),
        "opened_by": stored.work.order,
    }
    subscription = {
        "id": wanted.subscription,
        "kind": "subscription",
        "number": wanted.number,
        "parent": None,
        "offering": wanted.offering,
        "iccid": wanted.iccid,
        "imsi": imsi,
        "document": subscription_document(wanted, stored.work.order, started),
        **shared,
    }
    options = [
        {
            "id": option.product,
            "kind": "option",
            "number": None,
            "parent": wanted.subscription,
            "offering": option.offering,
            "iccid": None,
            "imsi": None,
            "document": option_document(wanted, option, stored.work.order, started),
            **shared,
        }
        for option in wanted.options
    ]
    return [subscription, *options]


async def install_rows(unit: Work, rows: Sequence[Mapping[str, Any]]) -> list[asyncpg.Record]:
    """Write new products, active from now on; the rows of those that were not there already."""
    return list(await unit.tx.fetch(_INSTALL, json_text(rows), unit.now))


async def change_cards(unit: Work, found: Sequence[tuple[Stored, Mapping[str, Any]]]) -> None:
    """The subscription of each work order carries its new card."""
    rows = [dict(input_) for _, input_ in found]
    tell(unit, await unit.tx.fetch(_CHANGE_CARDS, json_text(rows), unit.now))


def tell(unit: Work, rows: Sequence[asyncpg.Record]) -> None:
    """The events of changed subscriptions; `rows` have the columns TOLD. Their options are told with them."""
    topic = events(str(unit.runtime.settings.node), "order-acceptance")
    for row in rows:
        if row["kind"] != "subscription":
            continue
        changed = SubscriptionChanged(
            id=row["id"],
            version=row["version"],
            number=row["number"],
            status=row["status"],
            customer=row["customer"],
            billing_account=row["billing_account"],
            offering=row["offering"],
            record=json.loads(row["document"]),
            at=unit.now,
        )
        unit.send(Outgoing(topic=topic, key=row["id"], data=changed))
