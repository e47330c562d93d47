"""A cancel at every step of every business: everything is taken back, or nothing is."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.order_acceptance.cancels.rules import Verdict, judge, task_state
from services.order_acceptance.engine.process import HERE, Part
from services.order_acceptance.engine.rules import StepState, WorkState
from services.order_acceptance.engine.stopping import cancelled, gone_ahead
from services.order_acceptance.processes import PROCESSES
from services.order_acceptance.processes.tests.contents import CONTENTS
from services.order_acceptance.processes.tests.test_every_step_breaks import ALL
from services.order_acceptance.processes.tests.world import PATIENCE, World


def world(name: str, version: int, part: Part) -> World:
    return World.of(PROCESSES[name, version], part, CONTENTS[name])


def steps() -> Iterator[tuple[str, int, Part, str]]:
    for name, version, part in ALL:
        for step, _ in PROCESSES[name, version].plan(part):
            # A step of this service's own is done in the transaction that decides it: nothing comes between.
            if step is not None and step.executor != HERE:
                yield name, version, part, step.name


def until(made: World, step: str) -> None:
    """Answer everything until this step is the one that is asked, and not answered."""
    made.start()
    seen = 0
    for _ in range(200):
        if made.work.ended or (made.work.current and made.work.current.name == step):
            return
        if seen < len(made.asked):
            ask = made.asked[seen]
            seen += 1
            made.answer(ask, *made.outside.carry_out(ask))
        elif not made.home_says("completed"):
            return


def finish(made: World) -> None:
    """Let executors carry out and answer everything, late answers among it, until it ends."""
    for _ in range(400):
        if made.work.ended:
            return
        for ask in list(made.asked):
            made.answer(ask, *made.outside.carry_out(ask))
        if not made.work.ended and not made.home_says("completed"):
            made.pass_time()
    raise AssertionError("it never came to an end")


def cancel(made: World) -> Verdict:
    judged = judge(made.work, made.now, PATIENCE)
    if judged.moved is not None:
        made.take(judged.moved)
    return judged.verdict


@pytest.mark.parametrize(("name", "version", "part", "step"), list(steps()))
@pytest.mark.parametrize("carried_out", [True, False], ids=["done unheard", "still on its way"])
def test_a_cancel_at_any_step_takes_everything_back_or_nothing(
    name: str, version: int, part: Part, step: str, carried_out: bool
) -> None:
    made = world(name, version, part)
    until(made, step)
    asked = made.work.current
    assert asked is not None
    assert asked.name == step
    if carried_out and made.asked:
        made.outside.carry_out(made.asked[-1])
    verdict = cancel(made)
    assert verdict is (Verdict.TOO_LATE if asked.after else Verdict.HERE)
    finish(made)
    if asked.after:
        assert made.ends == ["completed"], "it goes on as if nobody had asked"
    else:
        assert made.ends == ["cancelled"]
        assert made.left_behind() == []
        assert [reason.code for reason in made.work.reasons] == ["cancelled-on-request"]


@pytest.mark.parametrize(
    ("name", "version"), [(name, version) for name, version, part in ALL if part == "acceptance"]
)
def test_what_is_forwarded_is_homes_to_cancel(name: str, version: int) -> None:
    made = world(name, version, "acceptance")
    until(made, "forward")
    before = made.work
    assert cancel(made) is Verdict.ELSEWHERE
    assert made.work == before, "the acceptance node alone moves nothing"
    made.home_says("cancelled")
    finish(made)
    assert made.ends == ["cancelled"]
    assert made.left_behind() == []


@pytest.mark.parametrize("state", [WorkState.DATED, WorkState.WAITING])
def test_what_was_not_begun_ends_at_once(state: WorkState) -> None:
    made = world("change-plan", 1, "home")
    made.work = replace(made.work, state=state, next_at=made.now)
    assert cancel(made) is Verdict.HERE
    assert (made.ends, made.asked) == (["cancelled"], [])


def test_what_is_being_undone_keeps_its_own_end() -> None:
    made = world("suspend", 1, "whole")
    made.outside.refuses = lambda step: step == "set-barring"
    until(made, "set-barring")
    ask = made.asked[-1]
    made.answer(ask, *made.outside.carry_out(ask))
    assert made.work.state is WorkState.UNDOING
    assert cancel(made) is Verdict.TOO_LATE
    finish(made)
    assert made.ends == ["failed"]


def ready(name: str = "suspend") -> World:
    """A child of a group whose steps before the point of no return are all done."""
    made = world(name, 1, "home")
    made.work = replace(made.work, waits=True, group="all-or-nothing")
    made.start()
    for ask in made.asked:  # grows while it is answered
        made.answer(ask, *made.outside.carry_out(ask))
    assert made.work.state is WorkState.READY
    return made


def test_a_ready_child_is_ended_by_its_group_alone() -> None:
    made = ready()
    assert made.ready == 1
    assert made.work.next_at is None, "no deadline ends it"
    assert made.pass_time() is False
    assert cancel(made) is Verdict.TOO_LATE
    decided = cancelled(made.work, [], made.now, PATIENCE, by_group=True)
    assert decided is not None
    made.take(decided)
    finish(made)
    assert made.ends == ["cancelled"]
    assert made.left_behind() == []


def test_a_ready_child_goes_on_when_its_group_does_and_only_once() -> None:
    made = ready()
    moved = gone_ahead(made.work, made.process, made.now, PATIENCE)
    assert moved is not None
    made.take(moved)
    finish(made)
    assert made.ends == ["completed"]
    assert gone_ahead(made.work, made.process, made.now, PATIENCE) is None


def test_a_child_that_is_not_ready_does_not_go_ahead() -> None:
    made = world("suspend", 1, "home")
    made.start()
    assert gone_ahead(made.work, made.process, made.now, PATIENCE) is None


@given(data=st.data())
def test_whatever_comes_in_whatever_order_a_cancelled_order_leaves_nothing(data: st.DataObject) -> None:
    name, version, part = data.draw(st.sampled_from(ALL))
    made = world(name, version, part)
    made.start()
    for _ in range(data.draw(st.integers(0, 60))):
        if made.work.ended:
            break
        act = data.draw(st.sampled_from(["answer", "answer", "answer", "time", "home", "cancel"]))
        if act == "answer" and made.asked:
            ask = data.draw(st.sampled_from(made.asked))
            made.answer(ask, *made.outside.carry_out(ask))
        elif act == "home" and made.forwarded:
            made.home_says(data.draw(st.sampled_from(["completed", "failed", "cancelled"])))
        elif act == "cancel":
            cancel(made)
        else:
            made.pass_time()
    finish(made)
    assert len(made.ends) == 1
    if made.ends != ["completed"]:
        assert made.left_behind() == []
    else:
        done = {step.name for step in made.work.steps if step.state is StepState.DONE}
        assert "cancelled-on-request" not in [reason.code for reason in made.work.reasons], done


def test_a_wish_is_granted_only_where_the_order_is_cancelled() -> None:
    assert task_state("cancelled") == "done"
    assert {task_state(end) for end in ("completed", "failed", "rejected", "partial")} == {
        "terminatedWithError"
    }
