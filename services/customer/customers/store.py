"""Who refers to a customer."""

from libs.database import Connection


async def open_accounts(tx: Connection, customer: str) -> int:
    """How many of the customer's accounts are not closed."""
    count: int = await tx.fetchval(
        "SELECT count(*) FROM billing_accounts WHERE customer = $1 AND state <> 'closed'", customer
    )
    return count


async def is_referred_to(tx: Connection, customer: str) -> bool:
    """Whether the customer has an account, is listed, or has a branch in a province."""
    found: bool = await tx.fetchval(
        """SELECT EXISTS (SELECT FROM billing_accounts WHERE customer = $1)
               OR EXISTS (SELECT FROM list_entries WHERE customer = $1)
               OR EXISTS (SELECT FROM branch_holders WHERE customer = $1)""",
        customer,
    )
    return found
