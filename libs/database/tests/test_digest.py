"""A digest of rows: the same in any order, in SQL and in Python, and another as soon as one row is another."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from libs.database.digest import digest_of, digest_sql
from tests.engines import MakeDatabase

rows = st.lists(st.text(st.characters(blacklist_categories=["Cs"]), max_size=20), max_size=20)


@given(rows, st.randoms(use_true_random=False))
def test_the_order_does_not_count(texts: list[str], random: Random) -> None:
    shuffled = list(texts)
    random.shuffle(shuffled)
    assert digest_of(shuffled) == digest_of(texts)


@given(rows, st.text(max_size=20))
def test_a_row_more_is_seen_also_when_it_is_there_already(texts: list[str], further: str) -> None:
    assert digest_of([*texts, further]) != digest_of(texts)


async def test_postgresql_makes_the_same(database: MakeDatabase) -> None:
    db = await database()
    for texts in ([], [""], ["a", "b"], ["缴费|50.00", "a", "a"], [str(n) for n in range(3000)]):
        made = await db.fetchval(f"SELECT {digest_sql('line')} FROM unnest($1::text[]) AS line", texts)
        assert made == digest_of(texts)
