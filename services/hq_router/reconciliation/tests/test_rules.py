"""Two ends compared: whatever single record is lost, changed or doubled on the way is found, and named."""

from collections.abc import Sequence
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from contracts.reconciliation import Line
from libs.database.digest import digest_of
from services.hq_router.reconciliation.rules import (
    Kind,
    State,
    Sum,
    compared,
    differences,
    sent_again_by,
    state_of,
)

BUSINESSES = ("pay", "suspend")
STATES = ("completed", "failed", "rejected", "cancelled")


@st.composite
def lines(draw: st.DrawFn) -> list[Line]:
    """What one end has of a day: outcomes of some businesses from two provinces, each once."""
    ids = draw(st.lists(st.integers(1, 500), min_size=1, max_size=20, unique=True))
    return [
        Line(
            id=f"outcome/bj/w-{id}/1",
            business=draw(st.sampled_from(BUSINESSES)),
            counterpart=draw(st.sampled_from(("bj", "sh"))),
            state=draw(st.sampled_from(STATES)),
            amount=draw(st.decimals(0, 1000, places=2)),
        )
        for id in ids
    ]


def sums(listed: Sequence[Line]) -> dict[tuple[str, str, str | None], Sum]:
    """The figures of these lines, as an end makes them."""
    groups: dict[tuple[str, str, str | None], list[Line]] = {}
    for line in listed:
        groups.setdefault(("outcome", line.business, line.counterpart), []).append(line)
    return {
        key: Sum(
            len(group), sum((one.amount for one in group), Decimal()), digest_of(one.text for one in group)
        )
        for key, group in groups.items()
    }


def state(router: Sequence[Line], node: Sequence[Line]) -> State:
    return state_of(compared(sums(router), sums(node)), reported=True)


@given(lines(), st.randoms(use_true_random=False))
def test_two_ends_that_have_the_same_match_in_whatever_order(ours: list[Line], random: object) -> None:
    theirs = list(ours)
    random.shuffle(theirs)  # type: ignore[attr-defined]
    assert state(ours, theirs) is State.MATCHED
    assert differences(ours, theirs) == []


@given(lines(), st.data())
def test_a_record_that_is_missing_at_one_end_is_found_and_named(
    ours: list[Line], data: st.DataObject
) -> None:
    lost = data.draw(st.sampled_from(ours))
    rest = [line for line in ours if line is not lost]
    for router, node, kind in ((rest, ours, Kind.MISSING_AT_ROUTER), (ours, rest, Kind.MISSING_AT_NODE)):
        assert state(router, node) is State.DIFFERENT
        (found,) = differences(router, node)
        assert (found.kind, found.record) == (kind, lost.id)
        assert (found.router or found.node) == lost


@given(lines(), st.data())
def test_a_record_that_was_changed_is_found_and_named(ours: list[Line], data: st.DataObject) -> None:
    was = data.draw(st.sampled_from(ours))
    change = data.draw(
        st.sampled_from(
            (
                {"amount": was.amount + Decimal("0.01")},
                {"state": next(one for one in STATES if one != was.state)},
                {"business": next(one for one in BUSINESSES if one != was.business)},
                {"counterpart": "bj" if was.counterpart == "sh" else "sh"},
            )
        )
    )
    theirs = [line.model_copy(update=change) if line is was else line for line in ours]
    assert state(ours, theirs) is State.DIFFERENT
    (found,) = differences(ours, theirs)
    assert (found.kind, found.record, found.router) == (Kind.DIFFERS, was.id, was)
    assert found.node == was.model_copy(update=change)


@given(lines(), st.data())
def test_a_record_that_is_there_twice_is_found_and_named(ours: list[Line], data: st.DataObject) -> None:
    twice = data.draw(st.sampled_from(ours))
    for router, node in (([*ours, twice], ours), (ours, [*ours, twice])):
        assert state(router, node) is State.DIFFERENT
        (found,) = differences(router, node)
        assert (found.kind, found.record) == (Kind.DOUBLED, twice.id)


@given(lines(), lines())
def test_the_figures_match_exactly_where_no_record_differs(ours: list[Line], theirs: list[Line]) -> None:
    assert (state(ours, theirs) is State.MATCHED) == (differences(ours, theirs) == [])


def test_a_node_that_has_not_reported_is_missing_whatever_the_router_has() -> None:
    assert state_of(compared({}, {}), reported=False) is State.MISSING
    assert state_of(compared({}, {}), reported=True) is State.MATCHED


def test_only_its_sender_can_send_a_record_again() -> None:
    mended = {
        (direction, kind): sent_again_by(direction, kind) for direction in ("up", "down") for kind in Kind
    }
    assert {key: sender for key, sender in mended.items() if sender} == {
        ("up", Kind.MISSING_AT_ROUTER): "node",
        ("down", Kind.MISSING_AT_NODE): "router",
    }
