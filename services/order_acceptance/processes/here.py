"""The steps that are this service's own rows, done for a whole batch in the transaction that decided them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from libs.messaging import Work
from services.order_acceptance.engine.store import Stored
from services.order_acceptance.products.changes import (
    change_options,
    change_plans,
    end_products,
    lift_losses,
    resume_products,
    suspend_products,
)
from services.order_acceptance.products.store import change_cards, install_members, install_products

HereStep = Callable[[Work, Sequence[tuple[Stored, Mapping[str, Any]]]], Awaitable[None]]

HERE_STEPS: Mapping[tuple[str, str], HereStep] = MappingProxyType(
    {
        ("install-product", "do"): install_products,
        ("install-member", "do"): install_members,
        ("change-card", "do"): change_cards,
        ("lift-loss", "do"): lift_losses,
        ("suspend-product", "do"): suspend_products,
        ("resume-product", "do"): resume_products,
        ("change-plan-of-product", "do"): change_plans,
        ("install-options", "do"): change_options,
        ("end-options", "do"): change_options,
        ("end-product", "do"): end_products,
    }
)
"""By the step's name and direction. All are after the point of no return: none is ever undone."""
