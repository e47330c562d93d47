"""The two steps by which money reaches an account: what is left of a payment, and what no payment covered."""

from contracts.base import Part
from contracts.processes import Money
from contracts.steps import ChargeFees, PostPayment
from services.order_acceptance.engine.process import Progress


def post_remainder(progress: Progress, money: Money, account: str) -> Part | None:
    """What the order's payments leave after its fees becomes prepayment of the account."""
    if money.remainder <= 0:
        return None
    return PostPayment(
        reference=progress.order,
        account=account,
        number=progress.number,
        amount=money.remainder,
        kind="prepayment",
    )


def charge_shortfall(progress: Progress, money: Money, account: str) -> Part | None:
    """Fees that no payment covered are charged to the account."""
    if not money.shortfall:
        return None
    return ChargeFees(
        reference=progress.order, account=account, number=progress.number, charges=money.shortfall
    )
