"""销户: the subscription ends, its number rests, its card is never used again."""

from collections.abc import Mapping
from decimal import Decimal

from contracts.base import Part
from contracts.processes import Terminate
from contracts.steps import AskBalance, CoolNumber, EndBilling, RemoveSubscriber, RetireCard
from services.order_acceptance.engine.process import HERE, PointOfNoReturn, Process, Progress, Step
from services.order_acceptance.processes.subscriber import MONEY, here, home


def ask_balance(progress: Progress) -> Part:
    return AskBalance(account=home(progress).billing_account, number=progress.content.number)


def balance_owed(progress: Progress) -> tuple[str, Mapping[str, str]] | None:
    """Who owes pays first, at the latest with this order: what its payments leave counts."""
    wanted: Terminate = progress.content
    left = Decimal(str(progress.outputs["ask-balance"]["balance"])) + wanted.money.remainder
    return ("balance-owed", {"owed": str(-left)}) if left < 0 else None


def remove_subscriber(progress: Progress) -> Part:
    return RemoveSubscriber(number=progress.content.number, imsi=home(progress).imsi)


def end_billing(progress: Progress) -> Part:
    return EndBilling(subscription=home(progress).subscription, number=progress.content.number)


def cool_number(progress: Progress) -> Part:
    wanted: Terminate = progress.content
    if wanted.free_again is None:
        raise ValueError(f"work order {progress.work_order} does not say how long its number rests")
    return CoolNumber(number=wanted.number, subscription=home(progress).subscription, until=wanted.free_again)


def retire_card(progress: Progress) -> Part | None:
    """Nothing, for a subscription that came from a former system without its card."""
    former = home(progress)
    if not former.iccid and not former.imsi:
        return None
    return RetireCard(number=progress.content.number, iccid=former.iccid, imsi=former.imsi)


TERMINATE = Process(
    name="terminate",
    version=1,
    travels=True,
    content=Terminate,
    steps=(
        Step(
            "ask-balance",
            at="production",
            takes=ask_balance,
            needs_no_undo="it asks, and changes nothing",
            objects=balance_owed,
        ),
        *MONEY,
        Step("end-billing", at="production", takes=end_billing, undo="take-up-billing"),
        Step("remove-subscriber", at="production", takes=remove_subscriber, undo="restore-subscriber"),
        PointOfNoReturn(),
        Step("end-product", at=HERE, takes=here),
        Step("cool-number", at="resource", takes=cool_number),
        Step("retire-card", at="resource", takes=retire_card),
    ),
)
