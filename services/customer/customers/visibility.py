"""Whose records an actor may see: a dealer's clerk those of the dealer, an account manager those in own care, whoever
is bound to an area those of it; everybody else the node's.

A party is seen by who registered it, and by who sees a customer that it is; an account, and an entry of a list, by who
sees its customer.
"""

from libs.security.actor import Actor
from libs.tmf import Condition, bounded, either

_OWN = bounded(dealer="dealer", area="area", account_manager="account_manager")


def customers_of(actor: Actor) -> Condition | None:
    return _OWN(actor)


def parties_of(actor: Actor) -> Condition | None:
    own = _OWN(actor)
    if own is None:
        return None
    engaged = Condition(f"id IN (SELECT party FROM customers WHERE {own.sql})", *own.values)
    found = either((own, engaged))
    return Condition(f"({found.sql})", *found.values)


def of_their_customers(actor: Actor) -> Condition | None:
    """Records that name a customer; what names none is nobody's who is bounded."""
    own = _OWN(actor)
    if own is None:
        return None
    return Condition(f"customer IN (SELECT id FROM customers WHERE {own.sql})", *own.values)
