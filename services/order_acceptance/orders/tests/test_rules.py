"""What is accepted, what it costs, and every reason why not: examples and properties."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from contracts.events import CustomerChanged, IdentityChecked, OfferingChanged, Price
from contracts.steps import Charge
from services.order_acceptance.orders import rules
from services.order_acceptance.orders.facts import CheckFacts, Facts, Installed, PaymentFacts
from services.order_acceptance.orders.recognise import OpenAccountWanted, OptionWanted, ReplaceSimWanted

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
CLERK = "http://gd.unicrm.test clerk-1"
IDS = rules.Ids("s", "a", ("p",))


def offering(id_: str, kind: str = "plan", **more: object) -> OfferingChanged:
    given_: dict[str, object] = {
        "id": id_,
        "version": 1,
        "name": id_,
        "kind": kind,
        "lifecycle_status": "Launched",
        "record": {},
        "at": NOW,
    }
    return OfferingChanged.model_validate(given_ | more)


def price(amount: str, price_type: str = "oneTime") -> Price:
    return Price(id="p", name=f"{price_type} {amount}", price_type=price_type, amount=Decimal(amount))


def customer(**more: object) -> CustomerChanged:
    given_: dict[str, object] = {
        "id": "c",
        "version": 1,
        "kind": "individual",
        "status": "active",
        "party": "i",
        "identity_digests": ["d-owner"],
        "at": NOW,
    }
    return CustomerChanged.model_validate(given_ | more)


def check(
    digest: str = "d-owner", actor: str = CLERK, used_by: str | None = None, minutes: int = 30
) -> CheckFacts:
    shown = IdentityChecked(
        id="k",
        actor=actor,
        method="id-reader",
        identity_digest=digest,
        name_digest="n",
        sealed="jwe",
        valid_until=NOW + timedelta(minutes=minutes),
        at=NOW,
    )
    return CheckFacts(shown, used_by)


INSTALLED = Installed("s", "13012345678", "active", "c", "a", "plan", "8986", "46001", "020")
WANTED = OpenAccountWanted(
    index=0,
    item="1",
    offering="plan",
    number="13012345678",
    iccid="89860100000000000001",
    reservation=None,
    customer="c",
    presenter="k",
    agent=None,
    account=None,
    payments=("m",),
    options=(OptionWanted(1, "2", "option"),),
)
NEW_CARD = ReplaceSimWanted(0, "1", "89860100000000000001", "13012345678", None, None, "k", None, ())


def facts(**more: object) -> Facts:
    known: dict[str, object] = {
        "offerings": {
            "plan": offering("plan", prices=[price("30.00"), price("59.00", "recurring")]),
            "option": offering("option", "option", prices=[price("5.00", "recurring")]),
        },
        "fees": (offering("open-account", "business-fee", business="open-account", prices=[price("20.00")]),),
        "customer": customer(),
        "checks": {"k": check()},
        "payments": {"m": PaymentFacts("counter", "authorized", Decimal("100.00"), None)},
    }
    return Facts(**(known | more))  # type: ignore[arg-type]


def opening(known: Facts, wanted: OpenAccountWanted = WANTED) -> list[str]:
    _, reasons = rules.judge_open_account(wanted, known, CLERK, "020", IDS, NOW)
    return [reason.code.name for reason in reasons]


def test_an_account_is_opened_and_its_fees_are_taken_from_the_prepayment() -> None:
    content, reasons = rules.judge_open_account(WANTED, facts(), CLERK, "020", IDS, NOW)
    assert reasons == []
    assert content is not None
    assert content.money.remainder == Decimal("50.00"), "100 less the counter's 20 and the plan's 30"
    assert content.money.shortfall == []
    assert [charge.amount for charge in content.recurring] == [Decimal("59.00")]
    assert content.opens_account


def test_an_order_with_three_faults_is_refused_with_all_three() -> None:
    known = facts(
        customer=customer(blacklisted=True),
        checks={},
        payments={"m": PaymentFacts("counter", "authorized", Decimal("1.00"), "another order")},
    )
    assert opening(known) == ["customer-blacklisted", "identity-check-unknown", "payment-already-used"]


def test_a_clerk_cannot_use_the_identity_check_of_another() -> None:
    assert opening(facts(checks={"k": check(actor="http://gd.unicrm.test clerk-2")})) == [
        "identity-check-unknown"
    ]


def test_an_identity_check_serves_one_order() -> None:
    assert opening(facts(checks={"k": check(used_by="o")})) == ["identity-check-used"]


def test_an_identity_check_is_good_for_thirty_minutes() -> None:
    assert opening(facts(checks={"k": check(minutes=0)})) == ["identity-check-expired"]


def test_nobody_opens_an_account_for_somebody_else() -> None:
    assert opening(facts(checks={"k": check(digest="d-other")})) == ["identity-mismatch"]


def test_an_organization_is_represented_by_its_registered_agent() -> None:
    company = customer(kind="organization", identity_digests=["d-uscc"], agent_digests=["d-owner"])
    assert opening(facts(customer=company)) == []
    assert opening(facts(customer=company, checks={"k": check(digest="d-uscc")})) == ["identity-mismatch"]


def test_an_offering_that_is_not_launched_or_not_yet_valid_cannot_be_ordered() -> None:
    for plan in (
        offering("plan", lifecycle_status="Retired"),
        offering("plan", valid_from=NOW + timedelta(days=1)),
        offering("plan", valid_until=NOW),
    ):
        assert opening(facts(offerings={"plan": plan, "option": offering("option", "option")})) == [
            "offering-not-available"
        ]


def test_an_option_goes_only_with_the_plans_that_it_relies_on() -> None:
    option = offering("option", "option", relies_on=["another plan"])
    assert opening(facts(offerings={"plan": offering("plan"), "option": option})) == ["option-not-for-plan"]


def test_a_number_that_is_installed_here_is_not_opened_again() -> None:
    assert opening(facts(installed=INSTALLED)) == ["number-in-use"]


def test_a_payment_that_is_not_the_counters_cannot_pay_for_an_order() -> None:
    known = facts(payments={"m": PaymentFacts("tel:+8613012345678", "authorized", Decimal("1.00"), None)})
    assert opening(known) == ["payment-not-bindable"]


def test_a_subscriber_of_this_node_may_get_any_card_one_of_another_only_a_blank_one_or_esim() -> None:
    ours, reasons = rules.judge_replace_sim(NEW_CARD, facts(installed=INSTALLED), CLERK, NOW)
    assert reasons == []
    assert ours is not None
    assert "personalised" in ours.kinds
    assert ours.home is not None
    theirs, reasons = rules.judge_replace_sim(NEW_CARD, facts(customer=None), CLERK, NOW)
    assert reasons == []
    assert theirs is not None
    assert theirs.kinds == ["blank", "esim"]


def test_home_refuses_a_card_for_somebody_who_is_not_the_owner_and_a_price_that_rose() -> None:
    fee = offering("replace-sim", "business-fee", business="replace-sim", prices=[price("15.00")])
    known = facts(installed=INSTALLED, fees=(fee,))
    content, _ = rules.judge_replace_sim(NEW_CARD, facts(customer=None), CLERK, NOW)
    assert content is not None
    content = content.model_copy(update={"fee_amount": Decimal("10.00")})
    reasons = rules.judge_at_home(content, "d-other", known, NOW)
    assert [reason.code.name for reason in reasons] == ["identity-mismatch", "price-changed"]


def own_price(ours: str, headquarters: str) -> OfferingChanged:
    """The fee of a new card in a province that asks another one than headquarters."""
    return offering(
        "replace-sim",
        "business-fee",
        business="replace-sim",
        prices=[price(ours)],
        national_prices=[price(headquarters)],
    )


def test_a_provinces_own_fee_is_for_its_own_subscribers() -> None:
    fee = own_price("8.00", "10.00")
    for installed, expected in ((INSTALLED, "8.00"), (None, "10.00")):
        known = rules.priced_for(facts(installed=installed, customer=None, fees=(fee,)))
        content, _ = rules.judge_replace_sim(NEW_CARD, known, CLERK, NOW)
        if installed is None:
            assert content is not None
            assert content.fee_amount == Decimal(expected)
        assert rules.total(rules.one_time_charges(known.fees)) == Decimal(expected)


def test_between_provinces_headquarters_list_counts_whatever_home_asks() -> None:
    elsewhere = rules.priced_for(facts(customer=None, fees=(own_price("8.00", "10.00"),)))
    content, _ = rules.judge_replace_sim(NEW_CARD, elsewhere, CLERK, NOW)
    assert content is not None
    home = facts(installed=INSTALLED, fees=(own_price("12.00", "10.00"),))
    assert rules.judge_at_home(content, "d-owner", home, NOW) == []
    risen = facts(installed=INSTALLED, fees=(own_price("9.00", "10.01"),))
    assert [one.code.name for one in rules.judge_at_home(content, "d-owner", risen, NOW)] == ["price-changed"]


def test_an_offering_is_sold_through_its_channels_and_in_its_areas() -> None:
    anywhere = offering("anywhere")
    halls = offering("halls", channels=["hall", "dealer"])
    canton = offering("canton", areas=["020"])
    for channel, area, refused in (
        ("hall", "020", []),
        ("web", "020", ["halls"]),
        ("hall", "0755", ["canton"]),
        (None, None, ["halls", "canton"]),
    ):
        reasons = rules.not_sold_here(enumerate((anywhere, halls, canton)), channel, area)
        assert [one.params["offering"] for one in reasons] == refused
        assert {one.code.name for one in reasons} <= {"offering-not-sold-here"}


def test_a_fee_that_is_retired_is_not_asked() -> None:
    fee = offering(
        "replace-sim",
        "business-fee",
        business="replace-sim",
        prices=[price("10.00")],
        lifecycle_status="Retired",
    )
    content, _ = rules.judge_replace_sim(NEW_CARD, facts(installed=INSTALLED, fees=(fee,)), CLERK, NOW)
    assert content is not None
    assert content.money.fees == []


amounts = st.decimals(min_value=0, max_value=100_000, places=2)


@given(money=amounts, fees=st.lists(amounts.filter(lambda one: one > 0), max_size=5))
def test_no_fen_is_lost_or_made_when_money_pays_fees(money: Decimal, fees: list[Decimal]) -> None:
    charges = [Charge(name=str(i), amount=fee) for i, fee in enumerate(fees)]
    divided = rules.divide(money, charges)
    assert money + rules.total(divided.shortfall) == rules.total(charges) + divided.remainder
    assert divided.remainder == 0 or divided.shortfall == [], "nobody is charged while money is left"
