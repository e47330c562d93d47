"""Which snapshots renew a branch, and when headquarters' record must overtake what is out there."""

from hypothesis import given
from hypothesis import strategies as st

from contracts.steps import OpenBranch
from services.customer.branches.rules import Holding, beyond, to_renew

IDS = st.sampled_from("abc")
VERSIONS = st.integers(1, 6)


def snapshot(customer: str, version: int) -> OpenBranch:
    return OpenBranch(customer=customer, version=version, party="p", name=f"v{version}", status="active")


def test_only_what_is_held_and_older_is_renewed() -> None:
    came = [snapshot("a", 3), snapshot("a", 2), snapshot("b", 2), snapshot("c", 9)]
    assert to_renew(came, {"a": 2, "b": 2}) == [snapshot("a", 3)]


@given(st.lists(st.builds(snapshot, IDS, VERSIONS)), st.dictionaries(IDS, VERSIONS))
def test_a_branch_ends_as_new_as_the_newest_in_whatever_order_they_come(
    came: list[OpenBranch], held: dict[str, int]
) -> None:
    at_once = held | {one.customer: one.version for one in to_renew(came, held)}
    one_by_one = dict(held)
    for each in came:
        one_by_one |= {one.customer: one.version for one in to_renew([each], one_by_one)}
    newest = {
        id: max([version, *(one.version for one in came if one.customer == id)])
        for id, version in held.items()
    }
    assert at_once == one_by_one == newest


def test_a_record_behind_any_province_has_to_overtake_the_newest() -> None:
    said = [Holding("a", "gd", 7), Holding("a", "bj", 9), Holding("b", "gd", 2), Holding("x", "gd", 5)]
    assert beyond(said, {"a": 5, "b": 2}) == {"a": 9}


@given(
    st.lists(st.builds(Holding, IDS, st.sampled_from(["gd", "bj"]), VERSIONS)), st.dictionaries(IDS, VERSIONS)
)
def test_nobody_holds_anything_newer_than_a_record_that_overtook(
    said: list[Holding], versions: dict[str, int]
) -> None:
    least = beyond(said, versions)
    for one in said:
        if one.customer in versions:
            assert one.version <= max(versions[one.customer], least.get(one.customer, 0))
    assert all(least[id] > versions[id] for id in least)
