"""开户: a customer gets a number, a card and a plan."""

from contracts.base import Part
from contracts.processes import OpenAccount
from contracts.steps import (
    ActivateSubscriber,
    AllocateProfile,
    BindCard,
    BindNumber,
    BindProfile,
    OpenBillingAccount,
    ReserveCard,
    ReserveNumber,
    StartBilling,
)
from services.order_acceptance.engine.process import HERE, PointOfNoReturn, Process, Progress, Step
from services.order_acceptance.processes import money


class InstallProduct(Part):
    """This service's own step: the subscription and its options become installed products."""

    subscription: str
    imsi: str


def reserve_number(progress: Progress) -> Part:
    wanted: OpenAccount = progress.content
    return ReserveNumber(number=wanted.number, reservation=wanted.reservation, networks=wanted.networks)


def reserve_card(progress: Progress) -> Part:
    wanted: OpenAccount = progress.content
    return ReserveCard(
        iccid=wanted.iccid,
        reservation=wanted.reservation,
        kinds=["personalised", "blank", "esim"],
        networks=wanted.networks,
    )


def open_billing_account(progress: Progress) -> Part | None:
    wanted: OpenAccount = progress.content
    if not wanted.opens_account:
        return None
    return OpenBillingAccount(account=wanted.billing_account, customer=wanted.customer, area=wanted.area)


def allocate_profile(progress: Progress) -> Part:
    held = progress.outputs["reserve-card"]
    return AllocateProfile(
        number=progress.content.number, iccid=held["iccid"], kind=held["kind"], seal_for=progress.node
    )


def activate_subscriber(progress: Progress) -> Part:
    wanted: OpenAccount = progress.content
    profile = progress.outputs["allocate-profile"]
    return ActivateSubscriber(
        number=wanted.number,
        imsi=profile["imsi"],
        profile=profile["sealedForProduction"],
        networks=wanted.networks,
        services=[wanted.offering, *(option.offering for option in wanted.options)],
    )


def start_billing(progress: Progress) -> Part:
    wanted: OpenAccount = progress.content
    return StartBilling(
        subscription=wanted.subscription,
        number=wanted.number,
        account=wanted.billing_account,
        customer=wanted.customer,
        offerings=[wanted.offering, *(option.offering for option in wanted.options)],
        recurring=[*wanted.recurring, *(charge for option in wanted.options for charge in option.recurring)],
    )


def post_payment(progress: Progress) -> Part | None:
    return money.post_remainder(progress, progress.content.money, progress.content.billing_account)


def charge_fees(progress: Progress) -> Part | None:
    return money.charge_shortfall(progress, progress.content.money, progress.content.billing_account)


def bind_profile(progress: Progress) -> Part:
    return BindProfile(
        profile=progress.outputs["allocate-profile"]["profile"], number=progress.content.number
    )


def install_product(progress: Progress) -> Part:
    return InstallProduct(
        subscription=progress.content.subscription, imsi=progress.outputs["allocate-profile"]["imsi"]
    )


def bind_number(progress: Progress) -> Part:
    return BindNumber(number=progress.content.number, subscription=progress.content.subscription)


def bind_card(progress: Progress) -> Part:
    return BindCard(
        iccid=progress.content.iccid,
        number=progress.content.number,
        write_data=progress.outputs["allocate-profile"].get("sealedForWriter"),
    )


OPEN_ACCOUNT = Process(
    name="open-account",
    version=1,
    content=OpenAccount,
    steps=(
        Step("reserve-number", at="counter.resource", takes=reserve_number, undo="release-number"),
        Step("reserve-card", at="counter.resource", takes=reserve_card, undo="release-card"),
        Step("open-billing-account", at="customer", takes=open_billing_account, undo="close-billing-account"),
        Step("allocate-profile", at="resource", takes=allocate_profile, undo="release-profile"),
        Step("start-billing", at="production", takes=start_billing, undo="stop-billing"),
        Step("post-payment", at="production", takes=post_payment, undo="reverse-payment"),
        Step("charge-fees", at="production", takes=charge_fees, undo="refund-fees"),
        Step("activate-subscriber", at="production", takes=activate_subscriber, undo="deactivate-subscriber"),
        PointOfNoReturn(),
        Step("bind-profile", at="resource", takes=bind_profile),
        Step("install-product", at=HERE, takes=install_product),
        Step("bind-number", at="counter.resource", takes=bind_number),
        Step("bind-card", at="counter.resource", takes=bind_card),
    ),
)
