"""补卡: the subscriber keeps the number and gets a new card.

Whoever was suspended because the card was lost is not any more: in the network before the point of no return, where
that changes what is barred, and in our own rows after it.
"""

from collections.abc import Mapping
from typing import Any

from contracts.base import Part
from contracts.processes import ReplaceSim, SubscriptionFacts
from contracts.steps import (
    AllocateProfile,
    Barring,
    BindCard,
    BindProfile,
    ReserveCard,
    SetBarring,
    SwapCard,
)
from services.order_acceptance.engine.process import FORWARD, HERE, PointOfNoReturn, Process, Progress, Step
from services.order_acceptance.processes import money
from services.order_acceptance.processes.subscriber import OfSubscription


class ReplaceSimAtHome(ReplaceSim):
    """With what home fills in beside the subscription: what is barred now, and once nothing is lost any more."""

    barred_before: Barring = "none"
    barred_after: Barring = "none"


class ChangeCard(Part):
    """This service's own step: the installed product carries the new card."""

    subscription: str
    iccid: str
    imsi: str


def _home(progress: Progress) -> SubscriptionFacts:
    facts: SubscriptionFacts | None = progress.content.home
    if facts is None:
        raise ValueError(f"work order {progress.work_order} runs at home without its subscription")
    return facts


def reserve_card(progress: Progress) -> Part:
    wanted: ReplaceSim = progress.content
    return ReserveCard(
        iccid=wanted.iccid, reservation=wanted.reservation, kinds=wanted.kinds, broken=wanted.broken
    )


def allocate_profile(progress: Progress) -> Part:
    wanted: ReplaceSim = progress.content
    kind = wanted.card_kind or progress.outputs["reserve-card"]["kind"]
    # Who writes the card in another province is reached through headquarters, which seals again for it.
    reader = progress.node if progress.origin == progress.node else "hq"
    return AllocateProfile(number=wanted.number, iccid=wanted.iccid, kind=kind, seal_for=reader)


def swap_card(progress: Progress) -> Part:
    profile = progress.outputs["allocate-profile"]
    return SwapCard(
        number=progress.content.number,
        imsi=profile["imsi"],
        profile=profile["sealedForProduction"],
        replaces_imsi=_home(progress).imsi,
    )


def set_barring(progress: Progress) -> Part | None:
    wanted: ReplaceSimAtHome = progress.content
    if wanted.barred_before == wanted.barred_after:
        return None
    return SetBarring(number=wanted.number, barring=wanted.barred_after, before=wanted.barred_before)


def post_payment(progress: Progress) -> Part | None:
    return money.post_remainder(progress, progress.content.money, _home(progress).billing_account)


def charge_fees(progress: Progress) -> Part | None:
    return money.charge_shortfall(progress, progress.content.money, _home(progress).billing_account)


def bind_profile(progress: Progress) -> Part:
    former = _home(progress)
    return BindProfile(
        profile=progress.outputs["allocate-profile"]["profile"],
        number=progress.content.number,
        replaces_imsi=former.imsi or None,
        replaces_card=former.iccid or None,
    )


def change_card(progress: Progress) -> Part:
    return ChangeCard(
        subscription=_home(progress).subscription,
        iccid=progress.content.iccid,
        imsi=progress.outputs["allocate-profile"]["imsi"],
    )


def lift_loss(progress: Progress) -> Part:
    return OfSubscription(subscription=_home(progress).subscription)


def bind_card(progress: Progress) -> Part:
    """At the counter: here the profile came from our own step, or sealed with home's outcome."""
    from_home = progress.outputs.get(FORWARD, {})
    allocated = progress.outputs.get("allocate-profile", {})
    return BindCard(
        iccid=progress.content.iccid,
        number=progress.content.number,
        write_data=from_home.get("sealed") or allocated.get("sealedForWriter"),
    )


def hands_over(progress: Progress) -> Mapping[str, Any]:
    return {"cardKind": progress.outputs["reserve-card"]["kind"]}


def reports(progress: Progress) -> Mapping[str, Any]:
    allocated = progress.outputs["allocate-profile"]
    return {"imsi": allocated["imsi"], "sealed": allocated.get("sealedForWriter")}


REPLACE_SIM = Process(
    name="replace-sim",
    version=1,
    travels=True,
    content=ReplaceSimAtHome,
    steps=(
        Step("reserve-card", at="counter.resource", takes=reserve_card, undo="release-card"),
        Step("allocate-profile", at="resource", takes=allocate_profile, undo="release-profile"),
        Step("post-payment", at="production", takes=post_payment, undo="reverse-payment"),
        Step("charge-fees", at="production", takes=charge_fees, undo="refund-fees"),
        Step("swap-card", at="production", takes=swap_card, undo="swap-card-back"),
        Step("set-barring", at="production", takes=set_barring, undo="set-barring-back"),
        PointOfNoReturn(),
        Step("bind-profile", at="resource", takes=bind_profile),
        Step("change-card", at=HERE, takes=change_card),
        Step("lift-loss", at=HERE, takes=lift_loss),
        Step("bind-card", at="counter.resource", takes=bind_card),
    ),
    hands_over=hands_over,
    reports=reports,
)
