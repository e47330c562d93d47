"""What each business on a subscription says no to; and that a set of suspensions has no order. Pure."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.events import CustomerChanged, OfferingChanged
from contracts.processes import ChangeOptions, ChangePlan, OptionOrdered, Resume, Suspend, Terminate
from contracts.steps import Barring
from services.order_acceptance.orders.businesses import BUSINESSES, judging
from services.order_acceptance.orders.businesses.judging import judge_again, judge_at_home
from services.order_acceptance.orders.businesses.suspension import SEVERITY, severest, without
from services.order_acceptance.orders.facts import Facts, Installed, InstalledOption, Suspension
from services.order_acceptance.orders.rules import home_facts
from services.order_acceptance.processes import CURRENT
from services.order_acceptance.processes.replace_sim import ReplaceSimAtHome

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
NUMBER = "13012345678"
SUBSCRIBER = Installed("s", NUMBER, "active", "c", "a", "plan", "8986", "46001", "020")
reasons = st.sampled_from(["voluntary", "lost", "arrears", "regulatory"])
barrings = st.sampled_from(["outgoing", "all"])
acts = st.lists(st.tuples(st.booleans(), reasons, barrings), max_size=30)


def offering(id_: str, kind: str = "plan", **more: Any) -> OfferingChanged:
    given_: dict[str, Any] = {
        "id": id_,
        "version": 1,
        "name": id_,
        "kind": kind,
        "lifecycle_status": "Launched",
        "record": {},
        "at": NOW,
    }
    return OfferingChanged.model_validate(given_ | more)


def facts(installed: Installed | None = SUBSCRIBER, *offerings: OfferingChanged, **owner: Any) -> Facts:
    customer = {
        "id": "c",
        "version": 1,
        "kind": "individual",
        "status": "active",
        "party": "i",
        "identity_digests": ["d-owner"],
        "at": NOW,
    }
    known = (offering("plan"), offering("plan-2"), offering("option", "option"), *offerings)
    return Facts(
        offerings={one.id: one for one in known},
        customer=CustomerChanged.model_validate(customer | owner),
        installed=installed,
    )


def codes(content: Any, known: Facts, digest: str | None = None, name: str | None = None) -> list[str]:
    names = {Suspend: "suspend", Resume: "resume", ChangePlan: "change-plan", Terminate: "terminate"}
    business = name or names[type(content)]
    _, against = judge_at_home(business, content, digest, known, NOW, frozenset(BUSINESSES))
    return [reason.code.name for reason in against]


def test_every_business_has_a_process_that_may_travel() -> None:
    assert all(CURRENT[name].travels for name in BUSINESSES)


# -- suspensions


@given(acts=acts)
def test_whatever_order_reasons_come_and_go_the_set_is_what_was_set_and_not_lifted(
    acts: list[tuple[bool, Any, Any]],
) -> None:
    """A model by a plain dictionary; the judge refuses exactly what would not change it."""
    subscriber, model = SUBSCRIBER, dict[str, Barring]()
    for suspends, reason, barring in acts:
        content = (
            Suspend(number=NUMBER, reason=reason, barring=barring)
            if suspends
            else Resume(number=NUMBER, reason=reason)
        )
        known = facts(subscriber)
        filled, against = BUSINESSES["suspend" if suspends else "resume"].judge(
            content, subscriber, known, NOW
        )
        assert bool(against) == (suspends == (reason in model))
        if against:
            continue
        assert filled["barred_before"] == severest(subscriber.suspensions)
        if suspends:
            model[reason] = barring
            subscriber = replace(
                subscriber, suspensions=(*subscriber.suspensions, Suspension(reason, barring))
            )
        else:
            del model[reason]
            subscriber = replace(subscriber, suspensions=without(subscriber.suspensions, reason))
        assert filled["barred_after"] == severest(subscriber.suspensions)
        assert {one.reason: one.barring for one in subscriber.suspensions} == model


@given(held=st.lists(st.builds(Suspension, reasons, barrings), max_size=4))
def test_the_severest_of_all_reasons_counts_whatever_their_order(held: list[Suspension]) -> None:
    found = severest(held)
    assert found == severest(reversed(held))
    assert all(SEVERITY.index(one.barring) <= SEVERITY.index(found) for one in held)
    assert (found == "none") == (not held)


@given(held=st.lists(st.builds(Suspension, reasons, barrings), max_size=4, unique_by=lambda one: one.reason))
def test_a_new_card_lifts_the_loss_alone(held: list[Suspension]) -> None:
    subscriber = replace(SUBSCRIBER, suspensions=tuple(held))
    content = ReplaceSimAtHome(number=NUMBER, iccid="8" * 19, kinds=["blank"], home=home_facts(subscriber))
    judged, against = judge_again("replace-sim", content, facts(subscriber), NOW)
    assert against == []
    assert isinstance(judged, ReplaceSimAtHome)
    assert judged.barred_after == severest([one for one in held if one.reason != "lost"])


def test_the_red_list_protects_from_arrears_and_so_does_an_owner_whom_nobody_knows() -> None:
    arrears = Suspend(number=NUMBER, reason="arrears")
    business = BUSINESSES["suspend"]
    for known, code in (
        (facts(redlisted=True), "customer-redlisted"),
        (replace(facts(), customer=None), "customer-unknown"),
    ):
        _, against = business.judge(arrears, SUBSCRIBER, known, NOW)
        assert [reason.code.name for reason in against] == [code]


@pytest.mark.parametrize("reason", ["arrears", "regulatory"])
@pytest.mark.parametrize("role", ["hall-clerk", "hq-operator", "account-manager", "auditor"])
def test_the_operators_reasons_are_supervisors_and_systems(reason: Any, role: str) -> None:
    for name, content in (
        ("suspend", Suspend(number=NUMBER, reason=reason)),
        ("resume", Resume(number=NUMBER, reason=reason)),
    ):
        assert BUSINESSES[name].not_yours(content, frozenset({role}))
        assert not BUSINESSES[name].not_yours(content, frozenset({role, "supervisor"}))


# -- who stands at the counter


def test_only_the_owner_ends_a_loss_or_a_subscription() -> None:
    lost = replace(SUBSCRIBER, suspensions=(Suspension("lost", "all"), Suspension("voluntary", "all")))
    known = facts(lost)
    for content in (Resume(number=NUMBER, reason="lost"), Terminate(number=NUMBER)):
        assert codes(content, known) == ["presenter-required"]
        assert codes(content, known, "d-other") == ["identity-mismatch"]
        assert codes(content, known, "d-owner") == []
    assert codes(Resume(number=NUMBER, reason="voluntary"), known) == []


def test_what_was_judged_before_is_not_done_for_another_owner() -> None:
    content = Suspend(number=NUMBER, reason="lost", home=home_facts(SUBSCRIBER))
    sold = replace(SUBSCRIBER, customer="another")
    _, against = judge_again("suspend", content, facts(sold), NOW)
    assert [reason.code.name for reason in against] == ["identity-mismatch"]
    _, against = judge_again("suspend", content, Facts(), NOW)
    assert [reason.code.name for reason in against] == ["subscription-terminated"]


# -- plans and options

networks = st.lists(st.sampled_from(["gsm", "cdma", "lte", "nr"]), unique=True, max_size=4)


@given(former=networks, wanted=networks)
def test_a_plan_fits_a_subscription_with_which_it_shares_a_network(
    former: list[str], wanted: list[str]
) -> None:
    known = facts(SUBSCRIBER, offering("plan", networks=former), offering("plan-2", networks=wanted))
    mismatch = bool(former and wanted and not set(former) & set(wanted))
    assert codes(ChangePlan(number=NUMBER, offering="plan-2"), known) == (
        ["network-mismatch"] if mismatch else []
    )


def test_every_reason_against_a_plan_is_said_at_once() -> None:
    subscriber = replace(SUBSCRIBER, options=(InstalledOption("p", "only-old"),))
    known = facts(
        subscriber,
        offering("plan", networks=["gsm"]),
        offering("plan-2", networks=["nr"], valid_until=NOW),
        offering("only-old", "option", relies_on=["plan"]),
    )
    assert codes(ChangePlan(number=NUMBER, offering="plan-2"), known) == [
        "offering-not-available",
        "network-mismatch",
        "option-not-for-plan",
    ]


@given(
    has=st.lists(st.sampled_from("abcd"), unique=True),
    adds=st.lists(st.sampled_from("abcd"), max_size=4),
    removes=st.lists(st.sampled_from("abcd"), max_size=4),
)
def test_options_after_an_order_are_those_before_and_what_came_less_what_went(
    has: list[str], adds: list[str], removes: list[str]
) -> None:
    subscriber = replace(SUBSCRIBER, options=tuple(InstalledOption(f"p-{one}", one) for one in has))
    known = facts(subscriber, *(offering(one, "option") for one in "abcd"))
    content = ChangeOptions(
        number=NUMBER,
        adds=[OptionOrdered(product=f"new-{i}", item=str(i), offering=one) for i, one in enumerate(adds)],
        removes=removes,
    )
    judged, against = judge_at_home("subscribe", content, None, known, NOW)
    left = set(has) - set(removes)
    lawful = (
        set(removes) <= set(has)
        and len(set(removes)) == len(removes)
        and not set(adds) & left
        and len(set(adds)) == len(adds)
    )
    assert (against == []) == lawful
    if lawful and isinstance(judged, ChangeOptions):
        assert sorted(judged.offerings_after) == sorted(["plan", *left, *adds])
        assert sorted(judged.removes) == sorted(f"p-{one}" for one in removes)
        again, _ = judge_again("subscribe", judged, known, NOW)
        assert again == judged, "by products as by offerings: judged again it is the same"


@pytest.mark.parametrize(
    ("accepted", "due"),
    [
        (datetime(2026, 11, 30, 15, 59, 59, tzinfo=UTC), datetime(2026, 11, 30, 16, 0, tzinfo=UTC)),
        (datetime(2026, 11, 30, 16, 0, tzinfo=UTC), datetime(2026, 12, 31, 16, 0, tzinfo=UTC)),
        (datetime(2026, 12, 31, 12, 0, tzinfo=UTC), datetime(2026, 12, 31, 16, 0, tzinfo=UTC)),
    ],
)
def test_the_next_cycle_begins_on_the_first_in_shanghai(accepted: datetime, due: datetime) -> None:
    business = BUSINESSES["change-plan"]
    assert business.due(ChangePlan(number=NUMBER, offering="p", effective="next-cycle"), accepted) == due
    assert business.due(ChangePlan(number=NUMBER, offering="p"), accepted) is None


def test_a_number_rests_for_ninety_days() -> None:
    judged, _ = judge_at_home(
        "terminate", Terminate(number=NUMBER), "d-owner", facts(), NOW, frozenset({"terminate"})
    )
    assert isinstance(judged, Terminate)
    assert judged.free_again == NOW + timedelta(days=90)


def test_what_is_not_switched_on_home_does_for_its_own_alone() -> None:
    _, against = judge_at_home("terminate", Terminate(number=NUMBER), "d-owner", facts(), NOW)
    assert [reason.code.name for reason in against] == ["home-only"]
    assert {"suspend", "resume", "subscribe", "unsubscribe", "change-plan"} <= judging.CROSSING
