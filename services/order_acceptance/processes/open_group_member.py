"""集团成员开户: a subscription of a national group, opened in one province; the province chooses number and card."""

from collections.abc import Mapping
from typing import Any

from contracts.base import Part
from contracts.processes import OpenMember
from contracts.steps import (
    ActivateSubscriber,
    AllocateProfile,
    BindCard,
    BindNumber,
    BindProfile,
    OpenBillingAccount,
    PickCard,
    PickNumber,
    StartBilling,
)
from services.order_acceptance.engine.process import HERE, PointOfNoReturn, Process, Progress, Step
from services.order_acceptance.processes import money


class InstallMember(Part):
    """This service's own step: the subscription and its options become installed products."""

    subscription: str
    number: str
    iccid: str
    imsi: str
    area: str


def open_branch(progress: Progress) -> Part:
    wanted: OpenMember = progress.content
    return wanted.group


def pick_number(progress: Progress) -> Part:
    wanted: OpenMember = progress.content
    return PickNumber(number=wanted.number, networks=wanted.networks)


def pick_card(progress: Progress) -> Part:
    wanted: OpenMember = progress.content
    return PickCard(kinds=["personalised", "esim"], networks=wanted.networks)


def open_billing_account(progress: Progress) -> Part:
    wanted: OpenMember = progress.content
    return OpenBillingAccount(account=wanted.billing_account, customer=wanted.group.customer)


def allocate_profile(progress: Progress) -> Part:
    held = progress.outputs["pick-card"]
    return AllocateProfile(
        number=_number(progress), iccid=held["iccid"], kind=held["kind"], seal_for=progress.node
    )


def start_billing(progress: Progress) -> Part:
    wanted: OpenMember = progress.content
    return StartBilling(
        subscription=wanted.subscription,
        number=_number(progress),
        account=wanted.billing_account,
        customer=wanted.group.customer,
        offerings=_offerings(wanted),
        recurring=[*wanted.recurring, *(charge for option in wanted.options for charge in option.recurring)],
    )


def charge_fees(progress: Progress) -> Part | None:
    return money.charge_shortfall(progress, progress.content.money, progress.content.billing_account)


def activate_subscriber(progress: Progress) -> Part:
    wanted: OpenMember = progress.content
    profile = progress.outputs["allocate-profile"]
    return ActivateSubscriber(
        number=_number(progress),
        imsi=profile["imsi"],
        profile=profile["sealedForProduction"],
        networks=wanted.networks,
        services=_offerings(wanted),
    )


def bind_profile(progress: Progress) -> Part:
    return BindProfile(profile=progress.outputs["allocate-profile"]["profile"], number=_number(progress))


def install_member(progress: Progress) -> Part:
    return InstallMember(
        subscription=progress.content.subscription,
        number=_number(progress),
        iccid=progress.outputs["pick-card"]["iccid"],
        imsi=progress.outputs["allocate-profile"]["imsi"],
        area=progress.outputs["pick-number"]["area"],
    )


def bind_number(progress: Progress) -> Part:
    return BindNumber(number=_number(progress), subscription=progress.content.subscription)


def bind_card(progress: Progress) -> Part:
    return BindCard(
        iccid=progress.outputs["pick-card"]["iccid"],
        number=_number(progress),
        write_data=progress.outputs["allocate-profile"].get("sealedForWriter"),
    )


def reports(progress: Progress) -> Mapping[str, Any]:
    """Headquarters hears what it is that its group has got."""
    return {
        "subscription": progress.content.subscription,
        "number": _number(progress),
        "iccid": progress.outputs["pick-card"]["iccid"],
    }


def _number(progress: Progress) -> str:
    return str(progress.outputs["pick-number"]["number"])


def _offerings(wanted: OpenMember) -> list[str]:
    return [wanted.offering, *(option.offering for option in wanted.options)]


OPEN_GROUP_MEMBER = Process(
    name="open-group-member",
    version=1,
    content=OpenMember,
    travels=True,
    # There is no subscription yet that another order could be about.
    guarded=False,
    reports=reports,
    steps=(
        Step(
            "open-branch",
            at="customer",
            takes=open_branch,
            needs_no_undo="a copy of headquarters' record: without subscriptions nobody misses it",
        ),
        Step("pick-number", at="resource", takes=pick_number, undo="release-picked-number"),
        Step("pick-card", at="resource", takes=pick_card, undo="release-picked-card"),
        Step("open-billing-account", at="customer", takes=open_billing_account, undo="close-billing-account"),
        Step("allocate-profile", at="resource", takes=allocate_profile, undo="release-profile"),
        Step("start-billing", at="production", takes=start_billing, undo="stop-billing"),
        Step("charge-fees", at="production", takes=charge_fees, undo="refund-fees"),
        Step("activate-subscriber", at="production", takes=activate_subscriber, undo="deactivate-subscriber"),
        PointOfNoReturn(),
        Step("bind-profile", at="resource", takes=bind_profile),
        Step("install-member", at=HERE, takes=install_member),
        Step("bind-number", at="resource", takes=bind_number),
        Step("bind-card", at="resource", takes=bind_card),
    ),
)
