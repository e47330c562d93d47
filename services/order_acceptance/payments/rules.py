"""Where money goes that is taken at a counter, and whether it may be given back. Pure."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from libs.web.errors import Reason
from services.order_acceptance import errors

COUNTER = "counter"
_TEL = re.compile(r"tel:\+86(?P<number>[0-9]{7,12})")


@dataclass(frozen=True, slots=True)
class Destination:
    """`counter`: the suspense account of this node; `number`: whoever pays for it; `account`: one of this node."""

    kind: Literal["counter", "number", "account"]
    value: str


def destination(account: str) -> Destination | Reason:
    """What the account of a payment means; a `tel:` that is none of ours is refused."""
    if account == COUNTER:
        return Destination("counter", COUNTER)
    if not account.startswith("tel:"):
        return Destination("account", account)
    found = _TEL.fullmatch(account)
    if found is None:
        return Reason(errors.ACCOUNT_INVALID, path="account.id")
    digits = found["number"]
    # Fixed lines are dialled with a zero before the area code, which the international form leaves out.
    mobile = len(digits) == 11 and digits.startswith("1")
    return Destination("number", digits if mobile else f"0{digits}")


@dataclass(frozen=True, slots=True)
class Taken:
    """A payment as a refund finds it."""

    account: str
    status: str
    left: Decimal
    bound: bool


def refund_refused(taken: Taken, amount: Decimal) -> list[Reason]:
    """Why this much may not be given back; empty where it may.

    Only what lies in the counter's suspense account is the counter's to give: what is bound belongs to its order,
    what is on its way or posted belongs to the account.
    """
    if taken.bound:
        return [Reason(errors.PAYMENT_IN_USE, path="payment")]
    if taken.account != COUNTER and taken.status == "authorized":
        return [Reason(errors.PAYMENT_UNDER_WAY, path="payment")]
    if taken.status == "done":
        return [Reason(errors.PAYMENT_POSTED, path="payment")]
    if amount > taken.left:
        return [Reason(errors.REFUND_EXCEEDS, path="totalAmount", left=str(taken.left))]
    return []
