"""What a province makes of a page."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from contracts.publications import ListedIdentity
from services.customer.publishing.rules import Held, judge_page

AT = datetime(2026, 11, 24, tzinfo=UTC)
IDS = ("a", "b", "c")


def record(id: str, number: int, **more: Any) -> ListedIdentity:
    given = {
        "id": id,
        "number": number,
        "digests": [f"d-{id}-{number}"],
        "identification_type": "resident-id",
        "shown": "440***********1234",
        "reason": "fraud",
        "created": AT,
        "created_by": "hq op-1",
    }
    return ListedIdentity.model_validate(given | more)


records = st.builds(record, st.sampled_from(IDS), st.integers(1, 9), removed=st.booleans())


def test_an_entry_of_the_provinces_own_is_left_alone() -> None:
    held = {"a": Held(national=False, edition=0, digests=["own"])}
    taken = judge_page([record("a", 5), record("b", 6)], held)
    assert [one.id for one in taken.refused] == ["a"]
    assert [one.id for one in taken.listed] == ["b"]
    assert taken.concerned(held) == {"d-b-6"}


def test_who_was_listed_by_other_digests_before_is_concerned_too() -> None:
    held = {"a": Held(national=True, edition=4, digests=["old"])}
    assert judge_page([record("a", 5)], held).concerned(held) == {"old", "d-a-5"}
    assert judge_page([record("a", 5, removed=True)], held).concerned(held) == {"old", "d-a-5"}
    assert judge_page([record("a", 4)], held).concerned(held) == set()


@given(st.lists(records), st.lists(records))
def test_pages_in_any_order_and_any_number_of_times_leave_the_newest_of_each(
    one: list[ListedIdentity], other: list[ListedIdentity]
) -> None:
    held: dict[str, Held] = {}
    for page in (one, other, one):
        taken = judge_page(page, held)
        fresh = [*taken.listed, *taken.removed]
        assert len({record.id for record in fresh}) == len(fresh)
        for record in fresh:
            held[record.id] = Held(national=True, edition=record.number, digests=record.digests)
    newest = {id: max((r.number for r in [*one, *other] if r.id == id), default=None) for id in IDS}
    assert {id: held[id].edition if id in held else None for id in IDS} == newest
