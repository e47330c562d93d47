"""Tasks on a shelf, without a database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.steps import (
    AllocateProfile,
    BindCard,
    BindNumber,
    BindProfile,
    CoolNumber,
    ReserveCard,
    ReserveNumber,
    RetireCard,
)
from services.resource.inventory.rules import MSISDN, SIM
from services.resource.tasks import rules
from services.resource.tasks.rules import Effect, Held, Profile, Refused, Reserved, Shelf

NOW = datetime(2026, 11, 24, tzinfo=UTC)
NUMBER = Held("n", MSISDN, "13000400001", "free", None, "020", "lte", "ordinary")
CARD = Held("c", SIM, "89860100000000000001", "in-stock", "blank", "020")
OWN = Reserved("r-1", "op-1", "https://gd", NOW + timedelta(minutes=5))


def shelf(*things: Held, profiles: tuple[Profile, ...] = (), pool: tuple[Profile, ...] = ()) -> Shelf:
    return Shelf({(one.category, one.value): one for one in things}, {p.id: p for p in profiles}, list(pool))


def by(
    work_order: str = "w-1", *, actor: str = "op-1", issuer: str = "https://gd", does: str | None = None
) -> Effect:
    return Effect(does or f"{work_order}/1/step/1/do", work_order, f"{issuer} {actor}", NOW)


def wish(reservation: str | None = None, networks: tuple[str, ...] = ()) -> ReserveNumber:
    return ReserveNumber.model_validate(
        {"number": NUMBER.value, "reservation": reservation, "networks": list(networks)}
    )


def reserved(held: Held, kept: Reserved = OWN) -> Held:
    return replace(held, state="reserved", reserved=kept)


def test_a_free_number_is_held_without_a_reservation() -> None:
    on = shelf(NUMBER)
    output = rules.reserve_number(on, wish(), by())
    assert (output.number, output.area, output.network, output.number_class) == (
        "13000400001",
        "020",
        "lte",
        "ordinary",
    )
    held = on.find(MSISDN, NUMBER.value)
    assert held is not None
    assert (held.state, held.work_order, held.held_by) == ("reserved", "w-1", by().does)


@pytest.mark.parametrize("named", ["r-1", None])
def test_ones_own_reservation_gives_the_number(named: str | None) -> None:
    on = shelf(reserved(NUMBER))
    rules.reserve_number(on, wish(named), by())
    assert on.changed["n"].reserved is None


def test_the_same_subject_of_another_issuer_is_somebody_else() -> None:
    with pytest.raises(rules.Refused):
        rules.reserve_number(shelf(reserved(NUMBER)), wish("r-1"), by(issuer="https://hq"))


@pytest.mark.parametrize(
    ("number", "named", "actor"),
    [
        (reserved(NUMBER), "r-1", "op-2"),  # another actor's
        (reserved(NUMBER), None, "op-2"),
        (reserved(NUMBER), "r-2", "op-1"),  # not the one it lies in
        (NUMBER, "r-1", "op-1"),  # ended, or of another number
        (reserved(NUMBER, replace(OWN, until=NOW)), "r-1", "op-1"),  # ended this moment
        (replace(NUMBER, state="in-use"), None, "op-1"),
        (replace(NUMBER, state="cooling"), None, "op-1"),
        (replace(NUMBER, state="frozen"), None, "op-1"),
        (replace(NUMBER, state="reserved", held_by="other", work_order="w-2"), None, "op-1"),
    ],
)
def test_what_is_not_free_for_this_order_is_not_available(
    number: Held, named: str | None, actor: str
) -> None:
    on = shelf(number)
    with pytest.raises(Refused) as refused:
        rules.reserve_number(on, wish(named), by(actor=actor))
    assert refused.value.code == "number-not-available"
    assert not on.changed


def test_an_ended_reservation_of_another_holds_nothing() -> None:
    on = shelf(reserved(NUMBER, replace(OWN, actor="op-9", until=NOW)))
    assert rules.reserve_number(on, wish(), by()).id == "n"


def test_a_number_that_nobody_has_is_not_available() -> None:
    with pytest.raises(Refused, match="number-not-available"):
        rules.reserve_number(shelf(), wish(), by())


def test_a_number_of_another_network_than_the_plans_is_refused() -> None:
    with pytest.raises(Refused, match="network-mismatch"):
        rules.reserve_number(shelf(NUMBER), wish(networks=("nr",)), by())
    assert rules.reserve_number(shelf(NUMBER), wish(networks=("nr", "lte")), by()).id == "n"


def want_card(kinds: tuple[str, ...] = ("blank", "esim"), reservation: str | None = None) -> ReserveCard:
    return ReserveCard.model_validate({"iccid": CARD.value, "kinds": kinds, "reservation": reservation})


def test_a_card_of_a_kind_that_the_business_may_not_use_is_refused() -> None:
    with pytest.raises(Refused, match="card-kind-not-allowed"):
        rules.reserve_card(shelf(CARD), want_card(("esim",)), by())


def test_an_orders_reservation_may_be_of_its_number_alone() -> None:
    assert rules.reserve_card(shelf(CARD), want_card(reservation="r-1"), by()).kind == "blank"


def test_a_card_may_lie_in_another_reservation_of_the_same_actor() -> None:
    assert rules.reserve_card(shelf(reserved(CARD)), want_card(reservation="r-2"), by()).id == "c"


def test_a_card_that_another_reserved_is_not_available() -> None:
    with pytest.raises(Refused, match="card-not-available"):
        rules.reserve_card(shelf(reserved(CARD)), want_card(), by(actor="op-2"))
    with pytest.raises(Refused, match="card-not-available"):
        rules.reserve_card(shelf(), want_card(), by())


def profile(id: str = "p", state: str = "free", iccid: str | None = None) -> Profile:
    return Profile(id, f"46001{id:0>10}", "encrypted", state, iccid)


def allocation(kind: str) -> AllocateProfile:
    return AllocateProfile.model_validate({"number": NUMBER.value, "iccid": CARD.value, "kind": kind})


def test_a_blank_card_gets_a_profile_of_the_pool() -> None:
    on = shelf(pool=(profile("1"), profile("2")))
    first = rules.allocate_profile(on, allocation("blank"), by())
    second = rules.allocate_profile(on, allocation("esim"), by("w-2"))
    assert {first.id, second.id} == {"1", "2"}
    with pytest.raises(Refused, match="profile-not-available"):
        rules.allocate_profile(on, allocation("blank"), by("w-3"))


def test_a_personalised_card_brings_its_own_profile() -> None:
    card = replace(CARD, kind="personalised", state="reserved", work_order="w-1", held_by="x")
    on = shelf(card, profiles=(profile("own", iccid=CARD.value),), pool=(profile("1"),))
    assert rules.allocate_profile(on, allocation("personalised"), by()).id == "own"
    with pytest.raises(Refused, match="card-not-available"):
        rules.allocate_profile(on, allocation("personalised"), by(does="again"))


@pytest.mark.parametrize(
    "card",
    [CARD, replace(CARD, state="reserved", work_order="w-2", held_by="x"), replace(CARD, state="bound")],
)
def test_a_personalised_card_that_this_order_does_not_hold_gives_nothing(card: Held) -> None:
    on = shelf(card, profiles=(profile("own", iccid=CARD.value),))
    with pytest.raises(Refused, match="card-not-available"):
        rules.allocate_profile(on, allocation("personalised"), by())


def test_a_personalised_card_without_a_profile_is_no_use() -> None:
    card = replace(CARD, kind="personalised", state="reserved", work_order="w-1", held_by="x")
    for profiles in ((), (profile("own", "waiting", CARD.value),)):
        with pytest.raises(Refused, match="card-not-available"):
            rules.allocate_profile(shelf(card, profiles=profiles), allocation("personalised"), by())


def test_binding_needs_what_the_order_holds_and_may_be_repeated() -> None:
    on = shelf(NUMBER, CARD)
    bind = BindNumber(number=NUMBER.value, subscription="s-1")
    with pytest.raises(Refused, match="not-held-by-order"):
        rules.bind_number(on, bind, by())
    rules.reserve_number(on, wish(), by())
    with pytest.raises(Refused, match="not-held-by-order"):
        rules.bind_number(on, bind, by("w-2"))
    for _ in range(2):
        rules.bind_number(on, bind, by())
        assert on.changed["n"].state == "in-use"
        assert on.changed["n"].bound_to == "s-1"


def test_a_bound_profile_retires_what_the_number_had_before() -> None:
    old_card = replace(CARD, state="bound", bound_to=NUMBER.value)
    old = replace(profile("old", "in-use"), number=NUMBER.value)
    on = shelf(old_card, profiles=(old, replace(profile("new", "reserved"), work_order="w-1", held_by="x")))
    wanted = BindProfile(
        profile="new", number=NUMBER.value, replaces_imsi=old.imsi, replaces_card=old_card.value
    )
    for _ in range(2):
        rules.bind_profile(on, wanted, by())
        assert {id: one.state for id, one in on.profiles.items()} == {"old": "retired", "new": "in-use"}
        assert on.changed["c"].state == "retired"


def test_a_card_of_another_number_is_not_retired() -> None:
    foreign = replace(CARD, state="bound", bound_to="13000409999")
    on = shelf(foreign, profiles=(replace(profile("new", "reserved"), work_order="w-1", held_by="x"),))
    rules.bind_profile(on, BindProfile(profile="new", number=NUMBER.value, replaces_card=foreign.value), by())
    assert not on.changed


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["reserve", "release", "bind", "card", "card-back", "bind-card"]), st.integers(1, 3)
    ),
    max_size=30,
)


@given(STEPS)
def test_whatever_orders_ask_nothing_is_held_by_two_and_what_is_free_by_nobody(
    steps: list[tuple[str, int]],
) -> None:
    on = shelf(NUMBER, CARD)
    bound_by: dict[str, str] = {}
    for what, who in steps:
        work_order = f"w-{who}"
        card = what.endswith("card") or what == "card-back"
        effect = by(work_order, does=f"{work_order}/{'card' if card else 'number'}/do")
        try:
            match what:
                case "reserve":
                    rules.reserve_number(on, wish(), effect)
                case "card":
                    rules.reserve_card(on, want_card(), effect)
                case "release":
                    rules.give_back(on, MSISDN, NUMBER.value, effect)
                case "card-back":
                    rules.give_back(on, SIM, CARD.value, effect)
                case "bind":
                    rules.bind_number(on, BindNumber(number=NUMBER.value, subscription=work_order), effect)
                case _:
                    rules.bind_card(on, BindCard(iccid=CARD.value, number=NUMBER.value), effect)
        except Refused:
            continue
        for thing in on.things.values():
            assert (thing.state == "reserved") == (thing.held_by is not None)
            if thing.state in ("free", "in-stock"):
                assert thing.work_order is None
            if thing.state in ("in-use", "bound"):
                assert bound_by.setdefault(thing.id, str(thing.work_order)) == thing.work_order


RESTS = CoolNumber(number=NUMBER.value, subscription="s-1", until=NOW + timedelta(days=90))
IN_USE = replace(NUMBER, state="in-use", bound_to="s-1")


def test_a_number_that_was_given_up_rests_until_its_time() -> None:
    on = shelf(IN_USE)
    rules.cool_number(on, RESTS, by())
    assert (on.changed["n"].state, on.changed["n"].until) == ("cooling", RESTS.until)
    rules.cool_number(on, RESTS, by())
    assert on.changed["n"].until == RESTS.until, "asked again it rests no longer"


@pytest.mark.parametrize("number", [NUMBER, replace(IN_USE, bound_to="s-2"), reserved(NUMBER)])
def test_only_the_number_of_the_ended_subscription_rests(number: Held) -> None:
    with pytest.raises(Refused):
        rules.cool_number(shelf(number), RESTS, by())


def test_what_is_not_of_our_stock_ends_without_us() -> None:
    on = shelf()
    rules.cool_number(on, RESTS, by())
    rules.retire_card(on, RetireCard(number=NUMBER.value, iccid=CARD.value, imsi="460011"), by())
    assert (on.changed, on.changed_profiles) == ({}, {})


def test_card_and_profile_of_an_ended_subscription_are_retired() -> None:
    card = replace(CARD, state="bound", bound_to=NUMBER.value)
    profile = Profile("p-1", "460011", "ki", "in-use", number=NUMBER.value)
    on = shelf(card, profiles=(profile,))
    wanted = RetireCard(number=NUMBER.value, iccid=CARD.value, imsi="460011")
    for _ in range(2):
        rules.retire_card(on, wanted, by())
    assert on.changed["c"].state == "retired"
    assert on.changed_profiles["p-1"].state == "retired"


def test_the_card_of_another_number_is_not_retired() -> None:
    card = replace(CARD, state="bound", bound_to="13000400002")
    profile = Profile("p-1", "460011", "ki", "in-use", number="13000400002")
    on = shelf(card, profiles=(profile,))
    rules.retire_card(on, RetireCard(number=NUMBER.value, iccid=CARD.value, imsi="460011"), by())
    assert (on.changed, on.changed_profiles) == ({}, {})
