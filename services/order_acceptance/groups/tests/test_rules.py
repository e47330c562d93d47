"""The one decision of a group, and its end."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.order_acceptance.groups.rules import (
    ENDED,
    ChildState,
    Group,
    decide,
    end_of,
    item_state,
    unheard,
)

NOW = datetime(2026, 11, 26, 4, tzinfo=UTC)
LATER = NOW + timedelta(hours=72)


def group(
    policy: str = "all-or-nothing", *, decision: str | None = None, back: bool = False, **children: int
) -> Group:
    return Group(policy, decision, back, LATER, children)  # type: ignore[arg-type]


def test_all_ready_go_ahead() -> None:
    assert decide(group(ready=3), NOW) == "go"


def test_as_long_as_one_is_not_ready_nothing_is_decided() -> None:
    assert decide(group(ready=2, open=1), NOW) is None


@pytest.mark.parametrize("ended", ["failed", "rejected", "cancelled"])
def test_one_that_cannot_takes_the_others_back(ended: str) -> None:
    assert decide(group(ready=1, open=1, **{ended: 1}), NOW) == "abort"


def test_whoever_is_not_ready_at_the_deadline_takes_the_others_back() -> None:
    assert decide(group(ready=2, open=1), LATER) is None
    assert decide(group(ready=2, open=1), LATER + timedelta(seconds=1)) == "abort"


def test_the_decision_is_taken_once() -> None:
    assert decide(group(ready=3, decision="abort"), NOW) is None
    assert decide(group(ready=2, failed=1, decision="go"), NOW) is None


def test_best_effort_decides_nothing() -> None:
    assert decide(group("best-effort", ready=1, failed=1), LATER + timedelta(days=1)) is None


@pytest.mark.parametrize("ready", [True, False])
def test_before_it_is_decided_nobody_has_missed_anything(ready: bool) -> None:
    for policy in ("all-or-nothing", "best-effort"):
        assert unheard(group(policy, open=1), ready=ready) is None


def test_whoever_is_still_ready_has_not_heard_the_decision() -> None:
    for decision in ("go", "abort"):
        assert unheard(group(decision=decision, ready=1), ready=True) == decision


def test_whoever_is_still_at_work_may_not_have_heard_that_he_is_to_stop() -> None:
    assert unheard(group(decision="abort", open=1), ready=False) == "abort"
    assert unheard(group("best-effort", back=True, open=1), ready=False) == "abort"
    assert unheard(group(decision="go", ready=1), ready=False) is None, "he heard that he may go on"


@pytest.mark.parametrize(
    ("children", "back", "end"),
    [
        ({"completed": 2}, False, "completed"),
        ({"completed": 1, "failed": 1}, False, "partial"),
        ({"completed": 1, "cancelled": 1}, True, "partial"),
        ({"failed": 1, "cancelled": 2}, False, "failed"),
        ({"rejected": 1, "cancelled": 2}, False, "rejected"),
        ({"rejected": 1, "failed": 1}, False, "failed"),
        ({"cancelled": 2}, True, "cancelled"),
        ({"cancelled": 1, "failed": 1}, True, "cancelled"),
        ({"cancelled": 2}, False, "cancelled"),
        ({"completed": 1, "open": 1}, False, None),
        ({"ready": 1, "rejected": 1}, False, None),
    ],
)
def test_how_a_group_ends(children: dict[str, int], back: bool, end: str | None) -> None:
    assert end_of(group(back=back, **children)) == end


@pytest.mark.parametrize(
    ("children", "state"),
    [
        ({"completed": 3}, "completed"),
        ({"completed": 2, "failed": 1}, "partial"),
        ({"failed": 1, "cancelled": 1}, "failed"),
        ({"rejected": 1, "cancelled": 1}, "rejected"),
        ({"cancelled": 2}, "cancelled"),
    ],
)
def test_how_an_item_ends(children: dict[str, int], state: str) -> None:
    assert item_state(children) == state  # type: ignore[arg-type]


STATES: list[ChildState] = ["open", "ready", "completed", "failed", "rejected", "cancelled"]
_children = st.dictionaries(st.sampled_from(STATES), st.integers(0, 4))


@given(children=_children, back=st.booleans(), late=st.booleans())
def test_a_group_never_goes_ahead_while_anyone_may_still_refuse(
    children: dict[ChildState, int], back: bool, late: bool
) -> None:
    now = LATER + timedelta(seconds=1) if late else NOW
    decision = decide(Group("all-or-nothing", None, back, LATER, children), now)
    if decision == "go":
        assert not back
        assert sum(children.values()) == children.get("ready", 0) + children.get("completed", 0) > 0


@given(children=_children, back=st.booleans())
def test_a_group_ends_when_its_last_child_has_and_not_before(
    children: dict[ChildState, int], back: bool
) -> None:
    found = Group("best-effort", None, back, LATER, children)
    over = sum(children.values()) > 0 and sum(n for state, n in children.items() if state not in ENDED) == 0
    assert (end_of(found) is not None) == over
    if end_of(found) == "completed":
        assert sum(children.values()) == children.get("completed", 0)
