"""Tasks as order acceptance asks them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from contracts.base import Acceptance, Part
from contracts.steps import (
    STEPS,
    ActivateSubscriber,
    AskBalance,
    Barring,
    ChangeBilling,
    ChangeServices,
    Charge,
    ChargeFees,
    EndBilling,
    PostPayment,
    RemoveSubscriber,
    SetBarring,
    StartBilling,
    SwapCard,
)
from contracts.tasks import Task
from deploy.simulators.desk import Record
from libs.ids import new_id
from libs.messaging.envelope import headers, to_bytes, type_of

NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)
REPLY_TO = "gd.order-acceptance.results"
NUMBER = "13112345678"


def do(name: str, needs: Part, *, number: str | None = NUMBER, **given: Any) -> Task:
    """A do of a work order of its own."""
    work_order = new_id()
    task_id = f"{work_order}/1/{name}/1/do"
    usual: dict[str, Any] = {
        "task_id": task_id,
        "does": task_id,
        "direction": "do",
        "name": name,
        "work_order": work_order,
        "order": new_id(),
        "business": "open-account",
        "node": "gd",
        "reply_to": REPLY_TO,
        "number": number,
        "acceptance": Acceptance(node="gd", issuer="http://gd.unicrm.test", actor="clerk-7", at=NOW),
        "input": needs.model_dump(mode="json", by_alias=True),
    }
    return Task(**{**usual, **given})


def undo(of: Task) -> Task:
    return of.model_copy(
        update={
            "task_id": of.task_id.removesuffix("do") + "undo",
            "direction": "undo",
            "name": str(STEPS[of.name].undo),
        }
    )


def record(
    task: Task, *, ce_id: str | None = None, offset: int = 0, topic: str = "gd.production.tasks"
) -> Record:
    """One sending of a task."""
    made = headers(
        id=ce_id or new_id(),
        type=type_of(Task),
        source="/gd/order-acceptance",
        subject=task.order,
        time=NOW,
        traceparent=None,
    )
    return Record(topic, 0, offset, task.work_order.encode(), to_bytes(task), made)


def post(amount: str = "50.00", account: str = "a-1", number: str | None = NUMBER, **given: Any) -> Task:
    return do(
        "post-payment",
        PostPayment(reference=new_id(), account=account, number=number, amount=Decimal(amount)),
        number=number,
        **given,
    )


def fees(amounts: Mapping[str, str], account: str = "a-1") -> Task:
    charges = [Charge(name=name, amount=Decimal(amount)) for name, amount in amounts.items()]
    return do("charge-fees", ChargeFees(reference=new_id(), account=account, charges=charges))


def start_billing(subscription: str | None = None, number: str = NUMBER) -> Task:
    wanted = StartBilling(
        subscription=subscription or new_id(),
        number=number,
        account="a-1",
        customer="c-1",
        offerings=["plan-1"],
        recurring=[Charge(name="monthly", amount=Decimal("39.00"))],
    )
    return do("start-billing", wanted, number=number)


def activate(profile: str, imsi: str, number: str = NUMBER) -> Task:
    return do(
        "activate-subscriber", ActivateSubscriber(number=number, imsi=imsi, profile=profile), number=number
    )


def swap(profile: str, imsi: str, replaces: str, number: str = NUMBER) -> Task:
    return do(
        "swap-card",
        SwapCard(number=number, imsi=imsi, profile=profile, replaces_imsi=replaces),
        number=number,
    )


def ask_balance(account: str = "a-1") -> Task:
    return do("ask-balance", AskBalance(account=account))


def change_billing(subscription: str, *offerings: str, monthly: str = "59.00") -> Task:
    wanted = ChangeBilling(
        subscription=subscription,
        number=NUMBER,
        offerings=list(offerings),
        before=["plan-1"],
        recurring=[Charge(name="monthly", amount=Decimal(monthly))],
    )
    return do("change-billing", wanted)


def end_billing(subscription: str) -> Task:
    return do("end-billing", EndBilling(subscription=subscription, number=NUMBER))


def set_barring(barring: Barring, before: Barring = "none") -> Task:
    return do("set-barring", SetBarring(number=NUMBER, barring=barring, before=before))


def change_services(*services: str) -> Task:
    return do("change-services", ChangeServices(number=NUMBER, services=list(services), before=[]))


def remove(imsi: str) -> Task:
    return do("remove-subscriber", RemoveSubscriber(number=NUMBER, imsi=imsi))
