"""What plans and options have in common: the network gives other services, and billing bills other offerings."""

from contracts.base import Part
from contracts.steps import ChangeBilling, ChangeServices
from services.order_acceptance.engine.process import Progress, Step
from services.order_acceptance.processes.subscriber import home


def change_services(progress: Progress) -> Part:
    wanted = progress.content
    return ChangeServices(
        number=wanted.number, services=wanted.offerings_after, before=wanted.offerings_before
    )


def change_billing(progress: Progress) -> Part:
    wanted = progress.content
    return ChangeBilling(
        subscription=home(progress).subscription,
        number=wanted.number,
        offerings=wanted.offerings_after,
        before=wanted.offerings_before,
        recurring=wanted.recurring,
    )


SERVICES = (
    Step("change-billing", at="production", takes=change_billing, undo="change-billing-back"),
    Step("change-services", at="production", takes=change_services, undo="change-services-back"),
)
