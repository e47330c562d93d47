"""What the last steps of work orders change of installed products, a batch at a time."""

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.processes import ChangeOptions, ChangePlan, Resume, Suspend
from libs.json_text import json_text
from libs.messaging import Work
from libs.tmf.write import moment
from services.order_acceptance.engine.store import Stored
from services.order_acceptance.products.rules import option_document
from services.order_acceptance.products.store import TOLD, install_rows, tell

Found = Sequence[tuple[Stored, Mapping[str, Any]]]

_ADD_SUSPENSIONS = """
    INSERT INTO suspensions (product, reason, barring, since, order_id)
    SELECT product, reason, barring, $2, order_id
    FROM jsonb_to_recordset($1::jsonb) AS n(product text, reason text, barring text, order_id text)
    ON CONFLICT (product, reason) DO NOTHING
"""

_LIFT_SUSPENSIONS = """
    DELETE FROM suspensions s USING unnest($1::text[], $2::text[]) AS n(product, reason)
    WHERE s.product = n.product AND s.reason = n.reason RETURNING s.product
"""

_SHOW_STATUS = f"""
    UPDATE products p
    SET status = n.status, version = p.version + 1, last_update = $2,
        document = p.document || jsonb_build_object('status', n.status)
    FROM (SELECT id, CASE WHEN EXISTS (SELECT FROM suspensions s WHERE s.product = id)
                     THEN 'suspended' ELSE 'active' END AS status
          FROM unnest($1::text[]) AS given(id)) n
    WHERE p.id = n.id AND p.status <> 'terminated'
    RETURNING {TOLD}
"""

_CHANGE_PLANS = f"""
    UPDATE products p
    SET offering = n.offering, version = p.version + 1, last_update = $2,
        document = p.document || jsonb_build_object(
            'productOffering', jsonb_build_object('id', n.offering, '@referredType', 'ProductOffering'))
    FROM jsonb_to_recordset($1::jsonb) AS n(subscription text, offering text)
    WHERE p.id = n.subscription
    RETURNING {TOLD}
"""

_END = f"""
    UPDATE products p
    SET status = 'terminated', version = p.version + 1, last_update = $2,
        document = p.document || jsonb_build_object('status', 'terminated', 'terminationDate', $3::text)
    WHERE (p.id = ANY($1::text[]) OR p.parent = ANY($1::text[])) AND p.status <> 'terminated'
    RETURNING {TOLD}
"""

_RELATE = f"""
    UPDATE products p
    SET version = p.version + 1, last_update = $2,
        document = p.document || jsonb_build_object('productRelationship', (
            SELECT coalesce(jsonb_agg(related), '[]')
            FROM jsonb_array_elements(coalesce(p.document -> 'productRelationship', '[]')) related
            WHERE related -> 'product' ->> 'id' <> ALL(n.removes)) || n.adds)
    FROM jsonb_to_recordset($1::jsonb) AS n(subscription text, adds jsonb, removes text[])
    WHERE p.id = n.subscription
    RETURNING {TOLD}
"""


async def suspend_products(unit: Work, found: Found) -> None:
    """Each subscription has one reason more."""
    rows = []
    for stored, input_ in found:
        wanted = Suspend.model_validate(stored.work.content)
        rows.append(
            {
                "product": input_["subscription"],
                "reason": wanted.reason,
                "barring": wanted.barring,
                "order_id": stored.work.order,
            }
        )
    await unit.tx.execute(_ADD_SUSPENSIONS, json_text(rows), unit.now)
    await _show_status(unit, [row["product"] for row in rows])


async def resume_products(unit: Work, found: Found) -> None:
    """Each subscription has one reason less."""
    await _lift(
        unit,
        [
            (input_["subscription"], Resume.model_validate(stored.work.content).reason)
            for stored, input_ in found
        ],
    )


async def lift_losses(unit: Work, found: Found) -> None:
    """With a new card in its owner's hands, a subscription is not lost any more; most never were."""
    await _lift(unit, [(input_["subscription"], "lost") for _, input_ in found])


async def _lift(unit: Work, reasons: Sequence[tuple[str, str]]) -> None:
    gone = await unit.tx.fetch(
        _LIFT_SUSPENSIONS, [product for product, _ in reasons], [reason for _, reason in reasons]
    )
    if gone:
        await _show_status(unit, [row["product"] for row in gone])


async def _show_status(unit: Work, products: Sequence[str]) -> None:
    tell(unit, await unit.tx.fetch(_SHOW_STATUS, list(products), unit.now))


async def change_plans(unit: Work, found: Found) -> None:
    """Each subscription is on its new plan."""
    rows = [
        {
            "subscription": input_["subscription"],
            "offering": ChangePlan.model_validate(stored.work.content).offering,
        }
        for stored, input_ in found
    ]
    tell(unit, await unit.tx.fetch(_CHANGE_PLANS, json_text(rows), unit.now))


async def change_options(unit: Work, found: Found) -> None:
    """Options of each subscription are installed, or end; it names those that it has."""
    stamp = moment(unit.now)
    installed: list[dict[str, Any]] = []
    ended: list[str] = []
    related = []
    for stored, input_ in found:
        wanted = ChangeOptions.model_validate(stored.work.content)
        home = wanted.home
        if home is None:
            raise ValueError(f"work order {stored.work.id} runs at home without its subscription")
        ended += wanted.removes
        installed += [
            {
                "id": option.product,
                "kind": "option",
                "number": None,
                "parent": home.subscription,
                "customer": home.customer,
                "billing_account": home.billing_account,
                "offering": option.offering,
                "iccid": None,
                "imsi": None,
                "area": home.area,
                "dealer": stored.acceptance.get("dealer"),
                "opened_by": stored.work.order,
                "document": option_document(home, option, stored.work.order, stamp),
            }
            for option in wanted.adds
        ]
        related.append(
            {
                "subscription": input_["subscription"],
                "adds": [
                    {
                        "relationshipType": "hasOption",
                        "product": {"id": option.product, "@referredType": "Product"},
                    }
                    for option in wanted.adds
                ],
                "removes": wanted.removes,
            }
        )
    if installed:
        await install_rows(unit, installed)
    if ended:
        await unit.tx.fetch(_END, ended, unit.now, stamp)
    tell(unit, await unit.tx.fetch(_RELATE, json_text(related), unit.now))


async def end_products(unit: Work, found: Found) -> None:
    """Each subscription ends, with its options and with whatever it was suspended for."""
    subscriptions = [input_["subscription"] for _, input_ in found]
    stamp = moment(unit.now)
    await unit.tx.execute("DELETE FROM suspensions WHERE product = ANY($1::text[])", subscriptions)
    tell(unit, await unit.tx.fetch(_END, subscriptions, unit.now, stamp))
