"""What the processes on an existing subscription share: where it stands, and the two steps of their money."""

from contracts.base import Part
from contracts.processes import SubscriptionFacts
from services.order_acceptance.engine.process import Progress, Step
from services.order_acceptance.processes import money


class OfSubscription(Part):
    """Input of this service's own steps, which find the rest in the work order's content."""

    subscription: str


def home(progress: Progress) -> SubscriptionFacts:
    """The subscription as home knows it. Raises ValueError where it was not filled in."""
    facts: SubscriptionFacts | None = progress.content.home
    if facts is None:
        raise ValueError(f"work order {progress.work_order} runs at home without its subscription")
    return facts


def here(progress: Progress) -> Part:
    return OfSubscription(subscription=home(progress).subscription)


def post_payment(progress: Progress) -> Part | None:
    return money.post_remainder(progress, progress.content.money, home(progress).billing_account)


def charge_fees(progress: Progress) -> Part | None:
    return money.charge_shortfall(progress, progress.content.money, home(progress).billing_account)


MONEY = (
    Step("post-payment", at="production", takes=post_payment, undo="reverse-payment"),
    Step("charge-fees", at="production", takes=charge_fees, undo="refund-fees"),
)
