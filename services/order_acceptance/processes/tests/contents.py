"""One content of each business, with every step that it may have."""

from typing import Any

from contracts.processes import Money, OpenAccount, OptionOrdered, Pay, ReplaceSim, SubscriptionFacts
from contracts.steps import Charge

HOME = SubscriptionFacts(
    subscription="s",
    customer="c",
    billing_account="a",
    iccid="89860100000000000000",
    imsi="460010000000000",
    area="020",
)
FEE = Charge(name="replace-sim", amount="10.00")

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
    "replace-sim": ReplaceSim(
        number="13012345678",
        iccid="89860100000000000001",
        kinds=["blank"],
        money=Money(collected="0.00", remainder="1.00", fees=[FEE], shortfall=[FEE]),
        card_kind="blank",
        home=HOME,
    ).model_dump(mode="json", by_alias=True),
    "pay": Pay(payment="p", amount="50.00", number="13012345678", account="a").model_dump(
        mode="json", by_alias=True
    ),
}
