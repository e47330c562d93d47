"""A work order comes out of the database as it went in, whatever it holds."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.database import Database
from libs.ids import new_id
from services.order_acceptance.engine.rules import Reason, StepRecord, StepState, WorkOrder, WorkState
from services.order_acceptance.engine.store import Stored, insert, lock, save
from tests.running import Bench

NODE = "gd"
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)

words = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=12)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
documents = st.dictionaries(words, values, max_size=4)
steps = st.builds(
    StepRecord,
    name=words,
    executor=words,
    undo=st.none() | words,
    counter=st.booleans(),
    after=st.booleans(),
    state=st.sampled_from(StepState),
    attempt=st.integers(1, 9),
    askings=st.integers(0, 99),
    input=st.none() | documents,
    output=documents,
)
reasons = st.builds(
    Reason,
    code=words,
    path=st.none() | words,
    parameters=st.dictionaries(words, words, max_size=2),
    node=st.none() | words,
    task=st.none() | words,
)
works = st.builds(
    WorkOrder,
    id=st.builds(new_id),
    order=words,
    process=words,
    version=st.integers(1, 99),
    part=st.sampled_from(["whole", "acceptance", "home"]),
    node=st.just(NODE),
    origin=words,
    number=st.none() | words,
    content=documents,
    deadline=moments,
    steps=st.lists(steps, max_size=4).map(tuple),
    forward_attempt=st.integers(1, 99),
    state=st.sampled_from(WorkState),
    verdict=st.none() | st.sampled_from(WorkState),
    position=st.integers(0, 20),
    next_at=st.none() | moments,
    attention=st.booleans(),
    reasons=st.lists(reasons, max_size=2).map(tuple),
)
stored = st.builds(
    Stored,
    work=works,
    business=words,
    origin_transaction=st.builds(new_id),
    home=st.none() | words,
    guarded=st.booleans(),
    sequence=st.integers(1, 2**40),
    accounting_day=st.dates(date(2020, 1, 1), date(2100, 1, 1)),
    acceptance=documents,
    sealed=st.none() | words,
    digest=words,
    test=st.booleans(),
    created=moments,
    output=documents,
)


@pytest.fixture(scope="module")
async def db(bench: Bench) -> AsyncIterator[Database]:
    async with bench.database("order_acceptance") as database:
        yield database


@settings(max_examples=40, deadline=None)
@given(before=stored, other=works)
async def test_a_work_order_is_read_as_it_was_written(db: Database, before: Stored, other: WorkOrder) -> None:
    async with db.transaction() as tx:
        assert await insert(tx, [before], NODE, NOW) == {before.work.id}
        assert await lock(tx, [before.work.id], NODE) == {before.work.id: before}
        assert await insert(tx, [before], NODE, NOW) == set(), "it is taken in once"

        moves = {name: getattr(other, name) for name in MOVES}
        after = replace(before.moved(replace(before.work, **moves)), home="sh", output={"told": "x"})
        await save(tx, [after], NODE, NOW)
        assert await lock(tx, [before.work.id], NODE) == {before.work.id: after}


MOVES = ("state", "verdict", "position", "next_at", "attention", "steps", "reasons", "content")
"""What a move may change of a work order."""
