"""One content of each business, with every step that it may have."""

from datetime import UTC, datetime
from typing import Any

from contracts.processes import (
    ChangeOptions,
    ChangePlan,
    Money,
    OpenAccount,
    OpenMember,
    OptionOrdered,
    Pay,
    Resume,
    SubscriptionFacts,
    Suspend,
    Terminate,
)
from contracts.steps import Charge, OpenBranch
from services.order_acceptance.processes.replace_sim import ReplaceSimAtHome

HOME = SubscriptionFacts(
    subscription="s",
    customer="c",
    billing_account="a",
    iccid="89860100000000000000",
    imsi="460010000000000",
    area="020",
)
FEE = Charge(name="replace-sim", amount="10.00")
MONEY = Money(collected="0.00", remainder="1.00", fees=[FEE], shortfall=[FEE])
OPTIONS = ChangeOptions(
    number="13012345678",
    adds=[OptionOrdered(product="p", item="1", offering="option")],
    money=MONEY,
    home=HOME,
    offerings_before=["plan"],
    offerings_after=["plan", "option"],
).model_dump(mode="json", by_alias=True)

CONTENTS: dict[str, dict[str, Any]] = {
    "open-account": OpenAccount(
        subscription="s",
        item="1",
        number="13012345678",
        iccid="89860100000000000001",
        reservation="r",
        customer="c",
        billing_account="a",
        opens_account=True,
        offering="plan",
        options=[OptionOrdered(product="p", item="2", offering="option")],
        money=Money(collected="100.00", remainder="90.00", fees=[FEE], shortfall=[FEE]),
    ).model_dump(mode="json", by_alias=True),
    "open-group-member": OpenMember(
        subscription="s",
        item="1",
        group=OpenBranch(customer="c", version=1, party="p", name="group", status="active"),
        billing_account="a",
        offering="plan",
        options=[OptionOrdered(product="p", item="2", offering="option")],
        fee_amount="20.00",
        recurring_amount="59.00",
        money=Money(fees=[FEE], shortfall=[FEE]),
    ).model_dump(mode="json", by_alias=True),
    "replace-sim": ReplaceSimAtHome(
        number="13012345678",
        iccid="89860100000000000001",
        kinds=["blank"],
        money=Money(collected="0.00", remainder="1.00", fees=[FEE], shortfall=[FEE]),
        card_kind="blank",
        home=HOME,
        barred_before="all",
    ).model_dump(mode="json", by_alias=True),
    "suspend": Suspend(number="13012345678", reason="lost", money=MONEY, home=HOME).model_dump(
        mode="json", by_alias=True
    ),
    "resume": Resume(number="13012345678", reason="lost", money=MONEY, home=HOME).model_dump(
        mode="json", by_alias=True
    ),
    "change-plan": ChangePlan(
        number="13012345678",
        offering="plan-2",
        money=MONEY,
        home=HOME,
        offerings_before=["plan"],
        offerings_after=["plan-2"],
    ).model_dump(mode="json", by_alias=True),
    "subscribe": OPTIONS,
    "unsubscribe": OPTIONS,
    "terminate": Terminate(
        number="13012345678",
        money=MONEY,
        home=HOME,
        free_again=datetime(2027, 2, 22, 9, 0, tzinfo=UTC),
    ).model_dump(mode="json", by_alias=True),
    "pay": Pay(payment="p", amount="50.00", number="13012345678", account="a").model_dump(
        mode="json", by_alias=True
    ),
}
