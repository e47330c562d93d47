"""What this node knows when an order is judged: one query."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import count
from typing import Any

import asyncpg
from pydantic_core import from_json

from contracts.events import BillingAccountChanged, CustomerChanged, IdentityChecked
from libs.database import Connection, Database, Held
from libs.tmf.condition import Condition, Parameters, both
from services.order_acceptance.orders.facts import CheckFacts, Facts, FormerOrder, PaymentFacts
from services.order_acceptance.orders.holdings import COLUMNS, TAKEN, installed_of
from services.order_acceptance.orders.offerings import offering_of

_LIVING = "FROM products p WHERE p.kind = 'subscription' AND p.status <> 'terminated'"
_CHECKS = """
            ARRAY(SELECT record::text FROM known_identity_checks WHERE id IN ({one}, {two}) AND NOT deleted) AS checks,
            ARRAY(SELECT ARRAY[identity_check, order_id] FROM identity_check_uses
                  WHERE identity_check IN ({one}, {two})) AS used"""
_PAYMENTS_NAMED = """(SELECT jsonb_agg(jsonb_build_object(
        'id', p.id, 'account', p.account, 'status', p.status, 'amount', (p.amount - p.refunded)::text,
        'boundTo', (SELECT order_id FROM payment_bindings b WHERE b.payment = p.id),
        'actor', p.actor, 'dealer', p.dealer, 'area', p.area))
    FROM payments p WHERE p.id = ANY({}))"""
FEW = 3
"""Payments, as most orders have them."""


@cache
def know_sql(opens: bool, account: bool, checks: bool, payments: int) -> str:
    """What is known of an order, in one query that looks only where the order points: each part that a statement has
    costs something, also where it finds nothing. The parameters are those that `know` gives.

    PostgreSQL takes an array of unknown length for ten, and would then plan this anew for every order, which takes
    longer than to carry it out: so two checks and no array of them, and few payments one by one.
    """
    more = (f"${n}" for n in count(3))
    if opens:
        customer, number = next(more), next(more)
        found = f"""WITH installed AS (
            SELECT {TAKEN} {_LIVING} AND p.number = {number} LIMIT 1)"""
        offerings = "$1::text[]"
    else:
        number, product, option = next(more), next(more), next(more)
        found = f"""WITH installed AS (
            SELECT {COLUMNS} {_LIVING} AND (p.number = {number} OR p.id = {product}
                OR p.id = (SELECT parent FROM products WHERE kind = 'option' AND id = {option})) LIMIT 1)"""
        customer = "(SELECT customer FROM installed)"
        offerings = """$1::text[] || ARRAY(SELECT offering FROM installed)
            || ARRAY(SELECT jsonb_path_query(options, '$[*].offering') #>> '{}' FROM installed)"""
    known_account = f"(SELECT record FROM known_accounts WHERE id = {next(more)})" if account else "NULL"
    known_checks = (
        _CHECKS.format(one=next(more), two=next(more)) if checks else "NULL AS checks, NULL AS used"
    )
    paid = next(more) + "::text[]" if payments else ""
    if 0 < payments <= FEW:
        paid = f"ARRAY[{', '.join(f'({paid})[{n + 1}]' for n in range(FEW))}]"
    return f"""{found}
        SELECT
            ARRAY(SELECT record::text FROM known_offerings WHERE id = ANY({offerings})) AS offerings,
            ARRAY(SELECT record::text FROM known_offerings WHERE business = $2 AND NOT deleted) AS fees,
            (SELECT record FROM known_customers WHERE id = {customer}) AS customer,
            {known_account} AS account,
            {known_checks},
            {_PAYMENTS_NAMED.format(paid) if payments else "NULL"} AS payments,
            (SELECT to_jsonb(installed) FROM installed) AS installed"""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an order refers to."""

    business: str
    offerings: tuple[str, ...] = ()
    customer: str | None = None
    account: str | None = None
    presenter: str | None = None
    agent: str | None = None
    """Their identity checks."""
    payments: tuple[str, ...] = ()
    number: str | None = None
    product: str | None = None
    option: str | None = None
    """An option's product: what names the subscription where nothing else does."""

    @property
    def checks(self) -> tuple[str, ...]:
        """Each identity check once, also where somebody is presenter and agent."""
        return tuple(dict.fromkeys(check for check in (self.presenter, self.agent) if check))


async def know(source: Database | Held | Connection, asked: Asked) -> Facts:
    """All that this node knows of what an order refers to, in one round trip."""
    opens = asked.customer is not None
    values: list[Any] = [list(asked.offerings), asked.business]
    values += (asked.customer, asked.number) if opens else (asked.number, asked.product, asked.option)
    if asked.account is not None:
        values.append(asked.account)
    if asked.checks:
        values += (asked.presenter, asked.agent)
    if asked.payments:
        values.append(list(asked.payments))
    many = min(len(asked.payments), FEW + 1)
    row = await source.fetchrow(know_sql(opens, asked.account is not None, bool(asked.checks), many), *values)
    assert row is not None, "a SELECT without FROM answers one row"
    return facts_of(row)


async def is_seen(db: Held, product: str, visible: Condition) -> bool:
    """Whether a product is one of those that an actor may see."""
    parameters = Parameters(product)
    where = parameters.bind(both(visible))
    found: bool = await db.fetchval(
        f"SELECT EXISTS (SELECT FROM products WHERE id = $1 AND ({where}))", *parameters.values
    )
    return found


async def former_order(db: Database, id: str, visible: Condition | None) -> FormerOrder | None:
    """An order of this node that an actor may see, with the card that it gave to be written."""
    parameters = Parameters(id)
    where = parameters.bind(both(visible)) if visible else "true"
    row = await db.fetchrow(
        f"""SELECT o.id, o.category AS business, o.state, o.number, w.iccid, coalesce(w.written, false) AS written,
                   (SELECT r.id FROM product_orders r
                    WHERE r.replaces_card_of = o.id AND r.state NOT IN ('rejected', 'failed', 'cancelled')
                   ) AS replaced_by
            FROM (SELECT * FROM product_orders WHERE id = $1 AND ({where})) o LEFT JOIN LATERAL (
                SELECT k.record ->> 'iccid' AS iccid, k.written FROM known_card_writings k
                WHERE k.order_id = o.id AND NOT k.deleted ORDER BY k.id DESC LIMIT 1) w ON true""",
        *parameters.values,
    )
    return None if row is None else FormerOrder(**dict(row))


async def names_of(db: Database, offerings: Sequence[str], kinds: Sequence[str]) -> dict[str, str]:
    """Those of the offerings that are known here and of one of these kinds: their names, by id."""
    rows = await db.fetch(
        "SELECT id, record ->> 'name' AS name FROM known_offerings"
        " WHERE id = ANY($1::text[]) AND kind = ANY($2::text[]) AND NOT deleted",
        list(offerings),
        list(kinds),
    )
    return {row["id"]: row["name"] for row in rows}


def facts_of(row: asyncpg.Record) -> Facts:
    """The facts in the columns of `know_sql`."""
    offerings = [offering_of(one) for one in row["offerings"]]
    fees = sorted((offering_of(one) for one in row["fees"]), key=lambda fee: fee.id)
    checks = [IdentityChecked.model_validate_json(one) for one in row["checks"] or ()]
    used: dict[str, str] = dict(row["used"] or ())
    payments = from_json(row["payments"] or "[]")
    installed = from_json(row["installed"]) if row["installed"] else None
    return Facts(
        offerings={one.id: one for one in offerings},
        fees=tuple(fees),
        customer=CustomerChanged.model_validate_json(row["customer"]) if row["customer"] else None,
        account=BillingAccountChanged.model_validate_json(row["account"]) if row["account"] else None,
        checks={one.id: CheckFacts(one, used.get(one.id)) for one in checks},
        payments={
            one["id"]: PaymentFacts(
                account=one["account"],
                status=one["status"],
                amount=Decimal(one["amount"]),
                bound_to=one["boundTo"],
                taken_by=one["actor"],
                dealer=one["dealer"],
                area=one["area"],
            )
            for one in payments
        },
        installed=installed_of(installed) if installed else None,
    )
