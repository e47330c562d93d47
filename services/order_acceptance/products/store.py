"""Installed products: written by the steps of work orders, and by nothing else."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from contracts.events import SubscriptionChanged
from contracts.processes import OpenAccount
from libs.messaging import Outgoing, Work
from libs.messaging.topics import events
from services.order_acceptance.engine.store import Stored
from services.order_acceptance.products.rules import option_document, subscription_document

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

_CHANGE_CARDS = """
    UPDATE products p
    SET iccid = n.iccid, imsi = n.imsi, version = p.version + 1, last_update = $2,
        document = p.document || jsonb_build_object('realizingResource', (
            SELECT jsonb_agg(CASE WHEN resource ->> '@referredType' = 'PhysicalResource'
                             THEN resource || jsonb_build_object('id', n.iccid, 'value', n.iccid) ELSE resource END)
            FROM jsonb_array_elements(p.document -> 'realizingResource') resource))
    FROM jsonb_to_recordset($1::jsonb) AS n(subscription text, iccid text, imsi text)
    WHERE p.id = n.subscription
    RETURNING p.id, p.version, p.number, p.status, p.customer, p.billing_account, p.offering, p.kind, p.document
"""


async def install_products(unit: Work, found: Sequence[tuple[Stored, Mapping[str, Any]]]) -> None:
    """The subscription of each work order, and its options, become installed products."""
    rows = []
    for stored, input_ in found:
        wanted = OpenAccount.model_validate(stored.work.content)
        shared = {
            "customer": wanted.customer,
            "billing_account": wanted.billing_account,
            "area": wanted.area,
            "dealer": stored.acceptance.get("dealer"),
            "opened_by": stored.work.order,
        }
        started = unit.now.isoformat().replace("+00:00", "Z")
        rows.append(
            {
                "id": wanted.subscription,
                "kind": "subscription",
                "number": wanted.number,
                "parent": None,
                "offering": wanted.offering,
                "iccid": wanted.iccid,
                "imsi": input_["imsi"],
                "document": subscription_document(wanted, stored.work.order, started),
                **shared,
            }
        )
        rows += [
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
    _tell(unit, await unit.tx.fetch(_INSTALL, json.dumps(rows), unit.now))


async def change_cards(unit: Work, found: Sequence[tuple[Stored, Mapping[str, Any]]]) -> None:
    """The subscription of each work order carries its new card."""
    rows = [dict(input_) for _, input_ in found]
    _tell(unit, await unit.tx.fetch(_CHANGE_CARDS, json.dumps(rows), unit.now))


def _tell(unit: Work, rows: Sequence[asyncpg.Record]) -> None:
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
