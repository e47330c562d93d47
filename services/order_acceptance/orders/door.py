"""What every order meets at the door, a single one or a group's."""

from dataclasses import replace

from contracts.events import OfferingChanged
from libs.security.actor import Actor
from libs.security.sealing import unseal
from libs.service import Runtime
from libs.web.errors import Reason
from services.order_acceptance import errors
from services.order_acceptance.orders.facts import Facts
from services.order_acceptance.orders.model import ProductOrderCreate

OPENAPI = "/api/order-acceptance/v1/openapi.json"
REFUSED_BY_THE_DATABASE = {
    "payment_bindings_pkey": errors.PAYMENT_ALREADY_USED,
    "identity_check_uses_pkey": errors.IDENTITY_CHECK_USED,
    "product_orders_card_replaced_once": errors.CARD_ALREADY_REPLACED,
}


def with_own_checks(facts: Facts, actor: Actor) -> Facts:
    """Another clerk's check is as good as none: not even whom it was about may be told by a refusal."""
    made_by = f"{actor.issuer} {actor.subject}"
    own = {id_: one for id_, one in facts.checks.items() if one.check.actor == made_by}
    return facts if len(own) == len(facts.checks) else replace(facts, checks=own)


def malformed_first(reasons: list[Reason]) -> list[Reason]:
    """What cannot be understood decides the status; what may not be done comes behind it."""
    return sorted(reasons, key=lambda reason: reason.code.status)


def offerings_of(body: ProductOrderCreate, facts: Facts) -> list[OfferingChanged | None]:
    return [
        facts.offerings.get(item.productOffering.id) if item.productOffering else None
        for item in body.productOrderItem
    ]


def presented_by(runtime: Runtime, presenter: str | None, facts: Facts) -> str | None:
    """Who was shown at the counter, in clear, in memory only; None where the business needs nobody."""
    if not presenter:
        return None
    return unseal(facts.checks[presenter].check.sealed, runtime.keys.sealing).decode()
