"""`/api/hq-router/v1/bills`: what provinces collected for each other, and the sums that they settle."""

from datetime import date

from asyncpg import Record
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from libs.money import Money
from libs.node import NODES
from libs.security.roles import AUDITOR, HQ_OPERATOR, SUPERVISOR, Roles
from libs.web.call import Answer, Call
from libs.web.routes import Routes
from services.hq_router import whole_tier
from services.hq_router.listing import Filter, Listing, numbers_shown

PREFIX = "/api/hq-router/v1"
routes = Routes(prefix=PREFIX, tag="Bills between provinces")
_READ = Roles(HQ_OPERATOR, SUPERVISOR, AUDITOR)


class _Shape(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True)


class Bill(_Shape):
    """One payment (or refund) that a province collected for a subscriber of another."""

    id: str
    collected_by: str
    home: str
    payment: str
    work_order: str
    kind: str
    number: str
    amount: Money
    accounting_day: date
    version: int = Field(description="of the day's figures that counts it first")
    late: bool = Field(description="came after its day was closed, at 06:00 of the next")
    at: AwareDatetime
    received: AwareDatetime
    type: str = Field("CrossProvinceBill", alias="@type")


class BillTotal(_Shape):
    """What one node collected for another on one accounting day, by the day's newest version."""

    collected_by: str
    home: str
    accounting_day: date
    version: int
    late: bool = Field(description="whether some of it came after the day was closed")
    payments: int
    collected: Money
    refunds: int
    refunded: Money
    net: Money
    type: str = Field("CrossProvinceBillTotal", alias="@type")


_PAIR = (
    Filter("collectedBy", "collected_by", "Who took the money.", values=tuple(NODES)),
    Filter("home", "home", "For whose subscriber.", values=tuple(NODES)),
    Filter("accountingDay", "accounting_day", "The day it is booked on, YYYY-MM-DD.", day=True),
)
BILLS = Listing(
    columns="id, collected_by, home, payment, work_order, kind, number, amount, accounting_day, version, late, at, "
    "received",
    source="bills",
    filters=(
        *_PAIR,
        Filter("kind", "kind", "payment or refund.", values=("payment", "refund")),
        Filter("number", "number", "The number, in national digits."),
        Filter("payment", "payment", "The payment's id where it was collected."),
        Filter("late", "late::text", "Whether it came after its day was closed.", values=("true", "false")),
    ),
    sorts={"id": "id", "accountingDay": "accounting_day", "amount": "amount", "received": "received"},
)
_SUM = "coalesce(sum(amount) FILTER (WHERE kind = '{}'), 0)"
TOTALS = Listing(
    columns="collected_by, home, accounting_day, max(version) AS version, bool_or(late) AS late, "
    "count(*) FILTER (WHERE kind = 'payment') AS payments, count(*) FILTER (WHERE kind = 'refund') AS refunds, "
    f"{_SUM.format('payment')} AS collected, {_SUM.format('refund')} AS refunded",
    source="bills",
    filters=_PAIR,
    sorts={"accountingDay": "accounting_day", "collectedBy": "collected_by", "home": "home"},
    default_sort="-accountingDay",
    group="GROUP BY collected_by, home, accounting_day",
    last="(collected_by, home, accounting_day)",
    more=(),
)


@routes.get("/bills", allow=_READ, answer=list[Bill], query=BILLS.parameters)
async def list_bills(call: Call[None]) -> Answer:
    """What was collected, newest first; numbers masked unless a purpose is given."""
    show = numbers_shown(call, "bills")
    return await BILLS.answer(
        call, lambda row: _bill(row, show(row["number"]) or ""), whole_tier.listed(call)
    )


@routes.get("/billTotals", allow=_READ, answer=list[BillTotal], query=TOTALS.parameters)
async def list_bill_totals(call: Call[None]) -> Answer:
    """The sums for each pair of nodes and each accounting day."""
    return await TOTALS.answer(call, _total, whole_tier.listed(call))


def _bill(row: Record, number: str) -> Bill:
    return Bill(**{**row, "number": number, "amount": Money(value=row["amount"])})


def _total(row: Record) -> BillTotal:
    money = {name: Money(value=row[name]) for name in ("collected", "refunded")}
    net = Money(value=row["collected"] - row["refunded"])
    return BillTotal(**{**row, **money, "net": net})
