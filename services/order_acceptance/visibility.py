"""Which orders, products and payments an actor may see; the others are not there."""

from collections.abc import Callable

from libs.security.actor import Actor
from libs.security.bounds import bounds
from libs.tmf.condition import Condition, Visible, both

_OWN_CUSTOMERS = (
    "customer IN (SELECT id FROM known_customers WHERE record ->> 'accountManager' = {} AND NOT deleted)"
)


def _within(managed: Callable[[str], Condition]) -> Visible:
    def visible(actor: Actor) -> Condition | None:
        within = bounds(actor)
        if within.everything:
            return None
        return both(
            Condition("dealer = {}", within.dealer) if within.dealer is not None else None,
            Condition("area = {}", within.area) if within.area is not None else None,
            managed(within.account_manager) if within.account_manager is not None else None,
        )

    return visible


of_customers = _within(lambda manager: Condition(_OWN_CUSTOMERS, manager))
"""Products name their customer: an account manager sees those of the customers in his care."""

of_orders = _within(lambda manager: Condition(f"actor = {{}} OR {_OWN_CUSTOMERS}", manager, manager))
"""Orders of the customers in his care, and what he accepted himself: a subscriber of another province is no
customer here."""

of_money = _within(lambda manager: Condition("actor = {}", manager))
"""Payments and refunds name no customer: an account manager sees what he took himself."""


def of_work(node: str, actor: Actor) -> Condition | None:
    """Work orders: of an area, what was accepted here in it, and what others accepted for its subscriptions."""
    area = bounds(actor).area
    if area is None:
        return None
    return Condition(
        """CASE WHEN origin = {} THEN acceptance ->> 'area' ELSE (
               SELECT p.area FROM products p
               WHERE p.kind = 'subscription' AND p.status <> 'terminated' AND p.number = work_orders.number
           ) END = {}""",
        node,
        area,
    )
