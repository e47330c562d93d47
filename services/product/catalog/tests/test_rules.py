from hypothesis import given
from hypothesis import strategies as st

from services.product.catalog.rules import KIND_OF_CATEGORY, above, closes_a_circle, kinds_of
from services.product.identifiers import fixed_id

PLANS = fixed_id("category", "postpaid-plans")
OPTIONS = fixed_id("category", "data-options")
few = st.sampled_from([str(number) for number in range(6)])


def test_a_national_category_says_what_kind_its_offerings_are() -> None:
    for name, kind in KIND_OF_CATEGORY.items():
        category = fixed_id("category", name)
        assert kinds_of([category], {category: None}) == {kind}


def test_a_category_below_a_national_one_is_of_its_kind() -> None:
    parents = {PLANS: None, "campus": PLANS, "campus-north": "campus"}
    assert kinds_of(["campus-north"], parents) == {"plan"}


def test_other_categories_say_nothing_and_two_may_disagree() -> None:
    parents = {PLANS: None, OPTIONS: None, "new-this-year": None}
    assert kinds_of(["new-this-year"], parents) == frozenset()
    assert kinds_of([PLANS, "new-this-year"], parents) == {"plan"}
    assert kinds_of([PLANS, OPTIONS], parents) == {"plan", "option"}


@given(st.lists(st.tuples(few, few), max_size=30))
def test_whatever_is_moved_below_whatever_else_no_circle_ever_closes(moves: list[tuple[str, str]]) -> None:
    parents: dict[str, str | None] = {str(number): None for number in range(6)}
    for category, parent in moves:
        if not closes_a_circle(category, parent, parents):
            parents[category] = parent
    for category in parents:
        assert parents[above(category, parents)[-1]] is None
