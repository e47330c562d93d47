"""Which businesses are permitted: what the judge of each would refuse is not, whatever there is to choose. Pure."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from contracts.subscribers import BalanceSeen, SubscriberView
from libs.node.settings import CROSSING
from libs.security.roles import HALL_CLERK, SUPERVISOR
from services.order_acceptance.orders.businesses.tests.test_rules import NOW, SUBSCRIBER, facts, offering
from services.order_acceptance.orders.facts import Installed, InstalledOption, Suspension
from services.order_acceptance.processes import CURRENT
from services.order_acceptance.subscribers.rules import ON_A_SUBSCRIBER, Looker, only_crossing, view_of

CLERK = Looker(CROSSING, frozenset({HALL_CLERK}))
FROM_AFAR = Looker(CROSSING)


def seen(
    installed: Installed = SUBSCRIBER, looker: Looker = CLERK, balance: str | None = "10.00", **more: Any
) -> SubscriberView:
    known = facts(installed, *more.pop("offerings", ()), **more)
    told = BalanceSeen(balance=Decimal(balance) if balance else None)
    return view_of(known, installed, looker, told, NOW)


def permitted(view: SubscriberView) -> set[str]:
    return {one.business for one in view.permitted}


def refused(view: SubscriberView) -> dict[str, list[str]]:
    return {one.business: [reason.code for reason in one.reasons] for one in view.refused}


def reasons_of(view: SubscriberView, business: str) -> list[str]:
    return list(next(one.reasons for one in view.permitted if one.business == business))


def test_every_business_on_a_subscriber_is_judged() -> None:
    assert set(ON_A_SUBSCRIBER) == {name for name in CURRENT if not name.startswith("open-")}


suspensions = st.lists(
    st.builds(
        Suspension,
        st.sampled_from(["voluntary", "lost", "arrears", "regulatory"]),
        st.sampled_from(["outgoing", "all"]),
    ),
    unique_by=lambda one: one.reason,
    max_size=4,
)
lookers = st.builds(
    Looker,
    st.sampled_from([frozenset(), frozenset({"pay", "suspend"}), CROSSING, frozenset(ON_A_SUBSCRIBER)]),
    st.sampled_from([None, frozenset({HALL_CLERK}), frozenset({HALL_CLERK, SUPERVISOR})]),
)


@given(held=suspensions, looker=lookers, balance=st.none() | st.sampled_from(["-1.00", "0.00", "5.00"]))
def test_each_business_is_either_permitted_or_refused_with_a_reason(
    held: list[Suspension], looker: Looker, balance: str | None
) -> None:
    view = seen(replace(SUBSCRIBER, suspensions=tuple(held)), looker, balance)
    assert sorted([*permitted(view), *refused(view)]) == sorted(ON_A_SUBSCRIBER)
    assert all(refused(view).values())
    if looker.from_afar:
        assert permitted(view) <= looker.crossing


def test_what_an_active_subscriber_may_do() -> None:
    view = seen()
    assert permitted(view) == {"pay", "replace-sim", "suspend", "change-plan", "subscribe", "terminate"}
    assert refused(view) == {"resume": ["not-suspended"], "unsubscribe": ["option-not-there"]}
    stand = {one.business for one in view.permitted if one.presenter}
    assert stand == {"replace-sim", "terminate"}


def test_only_the_reasons_that_the_looker_may_name_are_told() -> None:
    assert reasons_of(seen(), "suspend") == ["voluntary", "lost"]
    over = Looker(CROSSING, frozenset({SUPERVISOR}))
    assert reasons_of(seen(looker=over), "suspend") == ["voluntary", "lost", "arrears", "regulatory"]
    assert reasons_of(seen(looker=over, redlisted=True), "suspend") == ["voluntary", "lost", "regulatory"]
    assert reasons_of(seen(looker=FROM_AFAR), "suspend") == ["voluntary", "lost"]


def test_a_suspended_subscriber_is_resumed_for_what_the_looker_may_lift() -> None:
    lost = replace(SUBSCRIBER, suspensions=(Suspension("lost", "all"), Suspension("arrears", "outgoing")))
    view = seen(lost)
    assert reasons_of(view, "resume") == ["lost"]
    assert next(one.presenter for one in view.permitted if one.business == "resume")
    assert reasons_of(view, "suspend") == ["voluntary"]
    barred = replace(SUBSCRIBER, suspensions=(Suspension("arrears", "outgoing"),))
    assert refused(seen(barred))["resume"] == ["reason-not-yours"]


def test_a_plan_that_no_other_follows_is_kept() -> None:
    alone = replace(SUBSCRIBER, offering="plan-gsm")
    gsm = offering("plan-gsm", networks=["gsm"])
    others = (offering("plan", networks=["lte"]), offering("plan-2", lifecycle_status="Retired"))
    assert refused(seen(alone, offerings=(gsm, *others)))["change-plan"] == ["network-mismatch"]


def test_an_option_that_is_there_can_only_go() -> None:
    has = replace(SUBSCRIBER, options=(InstalledOption("p-1", "option"),))
    view = seen(has)
    assert "unsubscribe" in permitted(view)
    assert refused(view)["subscribe"] == ["option-already-there"]
    assert [one.id for one in view.options] == ["option"]


def test_who_owes_does_not_leave_and_is_told_how_much() -> None:
    (terminate,) = [one for one in seen(balance="-12.50").refused if one.business == "terminate"]
    assert [(one.code, one.parameters) for one in terminate.reasons] == [("balance-owed", {"owed": "12.50"})]
    assert "terminate" in permitted(seen(balance=None)), "accounting will say"


def test_from_afar_only_what_crosses_at_both_ends() -> None:
    view = seen(looker=FROM_AFAR)
    assert permitted(view) == {"pay", "replace-sim", "suspend", "change-plan", "subscribe"}
    assert refused(view)["terminate"] == ["home-only"]
    here = only_crossing(view, frozenset({"pay", "resume"}))
    assert permitted(here) == {"pay"}
    assert refused(here)["suspend"] == ["home-only"]
    assert refused(here)["resume"] == ["not-suspended"], "what home has said stays"
