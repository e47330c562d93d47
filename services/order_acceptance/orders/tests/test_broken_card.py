"""Which former order has its broken card replaced without fee: examples."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from contracts.processes import ReplaceSim
from contracts.steps import BrokenCard
from services.order_acceptance.orders import rules
from services.order_acceptance.orders.broken_card import claim_refused, not_in_use, of_order
from services.order_acceptance.orders.facts import FormerOrder
from services.order_acceptance.orders.tests.test_rules import (
    CLERK,
    INSTALLED,
    NEW_CARD,
    NOW,
    facts,
    offering,
    price,
)

CARD, NUMBER = "89860100000000000007", "13012345678"
FORMER = FormerOrder("former", "replace-sim", "completed", NUMBER, CARD, written=False, replaced_by=None)
WANTED = replace(NEW_CARD, former="former")
AT_HOME = replace(INSTALLED, iccid=CARD)
FEE = offering("replace-sim", "business-fee", business="replace-sim", prices=[price("10.00")])


def codes(former: FormerOrder | None, number: str | None = NUMBER) -> list[str]:
    return [reason.code.name for reason in claim_refused("former", former, number)]


@pytest.mark.parametrize("business", ["open-account", "replace-sim"])
def test_a_card_that_was_given_and_never_written_is_replaced(business: str) -> None:
    assert codes(replace(FORMER, business=business)) == []


def test_an_order_that_nobody_here_knows_or_may_see_is_unknown() -> None:
    assert codes(None) == ["order-unknown"]


@pytest.mark.parametrize(
    "differs",
    [
        {"business": "suspend"},
        {"number": "13012345679"},
        {"number": None},
        *({"state": state} for state in ("inProgress", "rejected", "failed", "cancelled", "partial")),
        {"iccid": None},
    ],
    ids=str,
)
def test_an_order_that_gave_the_number_no_card_to_write_does_not_fit(differs: dict[str, Any]) -> None:
    assert codes(replace(FORMER, **differs)) == ["former-order-not-fitting"]


def test_a_written_card_and_one_that_is_replaced_already_cost_the_fee() -> None:
    assert codes(replace(FORMER, written=True)) == ["card-already-written"]
    assert codes(replace(FORMER, replaced_by="another")) == ["card-already-replaced"]
    both = replace(FORMER, written=True, replaced_by="another")
    assert codes(both) == ["card-already-written", "card-already-replaced"], "every reason at once"


def test_only_the_card_that_the_number_has_can_have_broken() -> None:
    broken = of_order(FORMER)
    assert broken == BrokenCard(order="former", iccid=CARD)
    assert not_in_use(broken, AT_HOME) == []
    assert not_in_use(None, INSTALLED) == []
    assert [reason.code.name for reason in not_in_use(broken, INSTALLED)] == ["former-order-not-fitting"]
    assert of_order(None) is None
    assert of_order(replace(FORMER, iccid=None)) is None


@pytest.mark.parametrize("installed", [AT_HOME, None], ids=["at home", "elsewhere"])
def test_what_replaces_a_broken_card_costs_nothing(installed: Any) -> None:
    known = facts(fees=(FEE,), installed=installed, former=FORMER)
    content, reasons = rules.judge_replace_sim(WANTED, known, CLERK, NOW)
    assert reasons == []
    assert content is not None
    assert (content.fee_amount, content.money.fees, content.money.shortfall) == (Decimal("0.00"), [], [])
    assert content.broken == BrokenCard(order="former", iccid=CARD)


def test_money_that_comes_with_it_is_prepayment() -> None:
    known = facts(fees=(FEE,), former=FORMER)
    content, _ = rules.judge_replace_sim(replace(WANTED, payments=("m",)), known, CLERK, NOW)
    assert content is not None
    assert content.money.remainder == Decimal("100.00")


def test_without_a_former_order_the_fee_is_due() -> None:
    known = facts(fees=(FEE,), installed=AT_HOME)
    content, _ = rules.judge_replace_sim(NEW_CARD, known, CLERK, NOW)
    assert content is not None
    assert content.broken is None
    assert [fee.amount for fee in content.money.shortfall] == [Decimal("10.00")]


def test_at_home_the_door_knows_which_card_the_number_has() -> None:
    known = facts(fees=(FEE,), installed=INSTALLED, former=FORMER)
    content, reasons = rules.judge_replace_sim(WANTED, known, CLERK, NOW)
    assert content is None
    assert [reason.code.name for reason in reasons] == ["former-order-not-fitting"]


def test_home_compares_the_card_and_no_price() -> None:
    content = ReplaceSim(
        number=NUMBER,
        iccid="89860100000000000008",
        kinds=["blank"],
        fee_amount=Decimal("0.00"),
        broken=BrokenCard(order="former", iccid=CARD),
    )
    here = facts(fees=(FEE,), installed=AT_HOME)
    assert rules.judge_at_home(content, "d-owner", here, NOW) == []
    other = rules.judge_at_home(content, "d-owner", facts(fees=(FEE,), installed=INSTALLED), NOW)
    assert [reason.code.name for reason in other] == ["former-order-not-fitting"]
    stranger = rules.judge_at_home(content, "d-stranger", here, NOW)
    assert [reason.code.name for reason in stranger] == ["identity-mismatch"]
    paid = content.model_copy(update={"broken": None})
    assert [one.code.name for one in rules.judge_at_home(paid, "d-owner", here, NOW)] == ["price-changed"]
