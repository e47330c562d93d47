"""What a task comes to, from what is known when it arrives. Data in, decision out."""

from dataclasses import dataclass
from typing import Literal

from services.customer import errors
from services.customer.accounts.rules import CLOSED as ACCOUNT_CLOSED
from services.customer.customers.rules import ACTIVE

OPEN = "open-billing-account"
BRANCH = "open-branch"


@dataclass(frozen=True, slots=True)
class Owner:
    """The customer as this service, which is the master, knows it at this moment."""

    status: str
    blacklisted: bool
    name: str
    area: str | None


@dataclass(frozen=True, slots=True)
class Account:
    """An account that has the id that the task names, and the work order that opened it, if one did."""

    customer: str
    state: str
    work_order: str | None


@dataclass(frozen=True, slots=True)
class Opening:
    """What becomes of a do: an account is opened, is there already, or `refused` says why not."""

    act: Literal["open", "nothing", "refuse"]
    refused: str = ""


def judge_opening(customer: str, work_order: str, owner: Owner | None, account: Account | None) -> Opening:
    """Whether an account may be opened for this customer under this id.

    What another attempt of the same work order opened is as good as a new one; any other account is not this order's
    to use, since its undo would close it.
    """
    if account is not None:
        if (account.customer, account.work_order) != (customer, work_order):
            return Opening("refuse", errors.ACCOUNT_TAKEN)
        if account.state == ACCOUNT_CLOSED:
            return Opening("refuse", errors.ACCOUNT_CLOSED)
        return Opening("nothing")
    if owner is None:
        return Opening("refuse", errors.CUSTOMER_UNKNOWN.name)
    if owner.status != ACTIVE:
        return Opening("refuse", errors.CUSTOMER_NOT_ACTIVE)
    if owner.blacklisted:
        return Opening("refuse", errors.CUSTOMER_BLACKLISTED)
    return Opening("open")
