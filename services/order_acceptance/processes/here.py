"""The steps that are this service's own rows, done for a whole batch in the transaction that decided them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from libs.messaging import Work
from services.order_acceptance.engine.store import Stored
from services.order_acceptance.products.store import change_cards, install_products

HereStep = Callable[[Work, Sequence[tuple[Stored, Mapping[str, Any]]]], Awaitable[None]]

HERE_STEPS: Mapping[tuple[str, str], HereStep] = MappingProxyType(
    {("install-product", "do"): install_products, ("change-card", "do"): change_cards}
)
"""By the step's name and direction. Both are after the point of no return: neither is ever undone."""
