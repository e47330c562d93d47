"""Every step of every process is broken in turn: refused, silent, late, twice. Nothing may be left behind."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.order_acceptance.engine.process import Part
from services.order_acceptance.engine.rules import StepState, WorkState
from services.order_acceptance.processes import PROCESSES
from services.order_acceptance.processes.tests.contents import CONTENTS
from services.order_acceptance.processes.tests.world import World, undoable

WHOLE: tuple[Part, ...] = ("whole",)
TRAVELLING: tuple[Part, ...] = ("whole", "acceptance", "home")
ALL = [
    (name, version, part)
    for (name, version), process in PROCESSES.items()
    for part in (TRAVELLING if process.travels else WHOLE)
]


def world(name: str, version: int, part: Part) -> World:
    return World.of(PROCESSES[name, version], part, CONTENTS[name])


def run(made: World, *, home: str = "completed", turns: int = 200) -> None:
    """Answer everything as the executors do, until the work order ends."""
    made.start()
    answered = 0
    for _ in range(turns):
        if made.work.ended:
            return
        if answered < len(made.asked):
            ask = made.asked[answered]
            answered += 1
            made.answer(ask, *made.outside.carry_out(ask))
        elif made.forwarded and made.home_says(home):
            continue
        elif not made.pass_time():
            return
    raise AssertionError("it never came to an end")


def broken_steps() -> Iterator[tuple[str, int, Part, str]]:
    for name, version, part in ALL:
        for step in undoable(PROCESSES[name, version], part):
            yield name, version, part, step


@pytest.mark.parametrize(("name", "version", "part"), ALL)
def test_a_business_that_nothing_disturbs_is_completed(name: str, version: int, part: Part) -> None:
    made = world(name, version, part)
    run(made)
    assert made.ends == ["completed"]
    wanted = {step.name for step, _ in PROCESSES[name, version].plan(part) if step}
    taken = {step.name for step in made.work.steps if step.state is StepState.DONE} - {"forward"}
    assert taken == wanted


@pytest.mark.parametrize(("name", "version", "part", "step"), list(broken_steps()))
def test_a_refused_step_takes_back_all_that_was_done(name: str, version: int, part: Part, step: str) -> None:
    made = world(name, version, part)
    made.outside.refuses = lambda asked: asked == step
    run(made)
    assert made.left_behind() == []
    assert made.ends == ["rejected" if PROCESSES[name, version].step(step).counter else "failed"]
    assert [reason.code for reason in made.work.reasons] == ["refused-by-the-test"]


@pytest.mark.parametrize(("name", "version", "part", "step"), list(broken_steps()))
def test_a_step_that_was_done_but_never_answered_is_taken_back(
    name: str, version: int, part: Part, step: str
) -> None:
    made = world(name, version, part)
    made.start()
    silent, seen = 0, 0
    while not made.work.ended:
        if seen == len(made.asked):
            if not (made.forwarded and made.home_says("completed")):
                assert made.pass_time()
            continue
        ask = made.asked[seen]
        seen += 1
        result = made.outside.carry_out(ask)
        if ask.step.name == step and ask.direction == "do":
            silent += 1
        else:
            made.answer(ask, *result)
    assert silent == 5, "it is asked five times, with the same task id, before it is taken back"
    assert len({ask.task_id for ask in made.asked if ask.step.name == step and ask.direction == "do"}) == 1
    assert made.left_behind() == []
    assert made.work.reasons[-1].code == "task-unanswered"


@pytest.mark.parametrize(("name", "version", "part", "step"), list(broken_steps()))
def test_an_undo_overtakes_its_do_and_the_do_is_refused_for_ever(
    name: str, version: int, part: Part, step: str
) -> None:
    made = world(name, version, part)
    made.start()
    lost, seen = [], 0
    while not made.work.ended:
        if seen == len(made.asked):
            if not (made.forwarded and made.home_says("completed")):
                assert made.pass_time()
            continue
        ask = made.asked[seen]
        seen += 1
        if ask.step.name == step and ask.direction == "do":
            lost.append(ask)  # still on its way when the undo arrives
        else:
            made.answer(ask, *made.outside.carry_out(ask))
    for ask in lost:
        outcome, output = made.outside.carry_out(ask)
        assert outcome == "refused" or step in made.asks_only, "what only asks may be answered for ever"
        assert made.answer(ask, outcome, output) is False
    assert made.left_behind() == []


@pytest.mark.parametrize("state", ["failed", "rejected", "cancelled"])
def test_what_home_did_not_do_gives_the_counter_everything_back(state: str) -> None:
    made = world("replace-sim", 1, "acceptance")
    run(made, home=state)
    assert made.left_behind() == []
    assert made.ends == [state]


@pytest.mark.parametrize("part", TRAVELLING[::2])
def test_who_owes_is_turned_away_before_anything_is_done(part: Part) -> None:
    made = world("terminate", 1, part)
    made.outside.outputs["ask-balance"] = {"balance": "-1.01"}
    run(made)
    assert made.ends == ["rejected"]
    assert [(one.code, one.parameters, one.task) for one in made.work.reasons] == [
        ("balance-owed", {"owed": "0.01"}, "ask-balance")
    ], "1.01 less the yuan that the order brings"
    assert {ask.step.name for ask in made.asked} == {"ask-balance"}


def test_what_is_owed_may_be_brought_with_the_order() -> None:
    made = world("terminate", 1, "whole")
    made.outside.outputs["ask-balance"] = {"balance": "-1.00"}
    run(made)
    assert made.ends == ["completed"]


def test_a_dated_order_asks_for_nothing_before_its_turn() -> None:
    made = world("change-plan", 1, "whole")
    made.work = replace(made.work, state=WorkState.DATED, next_at=made.now)
    assert made.pass_time() is False, "its guard is not the engine's to take"
    assert made.asked == []


def test_a_second_word_of_home_changes_nothing() -> None:
    made = world("replace-sim", 1, "acceptance")
    run(made, home="completed")
    assert made.home_says("failed") is False
    assert made.ends == ["completed"]


def test_a_refusal_after_the_point_of_no_return_waits_for_an_operator() -> None:
    made = world("replace-sim", 1, "home")
    made.outside.refuses = lambda asked: asked == "bind-profile"
    run(made)
    assert made.work.state is WorkState.RUNNING
    assert made.work.attention
    assert "swap-card" in made.left_behind(), "what is beyond the point of no return stays done"


@given(data=st.data())
def test_whatever_answers_come_in_whatever_order_it_ends_once_and_whole(data: st.DataObject) -> None:
    name, version, part = data.draw(st.sampled_from(ALL))
    made = world(name, version, part)
    refused = data.draw(
        st.sets(st.sampled_from(undoable(PROCESSES[name, version], part) or ["none"]), max_size=2)
    )
    made.outside.refuses = lambda asked: asked in refused
    made.start()
    for _ in range(400):
        if made.work.ended:
            break
        act = data.draw(st.sampled_from(["answer", "answer", "answer", "again", "time", "home"]))
        if act == "answer" and made.asked:
            ask = data.draw(st.sampled_from(made.asked))
            made.answer(ask, *made.outside.carry_out(ask))
        elif act == "again" and made.asked:
            made.answer(made.asked[0], *made.outside.carry_out(made.asked[0]))
        elif act == "home" and made.forwarded:
            made.home_says(data.draw(st.sampled_from(["completed", "failed", "in-progress"])))
        else:
            made.pass_time()
    late = [(ask, made.outside.carry_out(ask)) for ask in made.asked]
    if not made.work.ended:
        return
    assert len(made.ends) == 1
    assert all(made.answer(ask, *result) is False for ask, result in late), "an ended order waits for nothing"
    if made.ends == ["completed"]:
        executed = {step.name for step in made.work.steps if step.state is StepState.DONE} - {
            "forward",
            *made.here,
            *made.asks_only,
        }
        assert set(made.left_behind()) == executed
        assert len(made.outside.done) == len(set(made.outside.done.values())), "no step was done twice"
    else:
        assert made.left_behind() == []
