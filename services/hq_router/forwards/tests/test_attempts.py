"""The same forward twice, and the same work once more: what a duplicate is, and what a new attempt."""

from contracts.base import Reason
from services.hq_router.tests.nodes import Nodes, fresh_number


async def test_a_duplicate_of_a_success_is_answered_with_the_first_result_marked(nodes: Nodes) -> None:
    forward = nodes.forward(fresh_number())
    await nodes.send(forward, "bj")
    await nodes.forwarded(forward, "gd")
    await nodes.send(nodes.outcome(forward, "gd", "completed", 7, output={"imsi": "1"}), "gd")
    (first,) = await nodes.told(forward)
    await nodes.send(forward, "bj")
    _, again = await nodes.told(forward, 2)
    assert again == {**first, "duplicate": True}
    assert ("down", "bj", "completed, duplicate") in await nodes.trail(forward)


async def test_a_duplicate_of_what_is_under_way_is_answered_with_its_state_and_not_sent_again(
    nodes: Nodes,
) -> None:
    forward = nodes.forward(fresh_number())
    await nodes.send(forward, "bj")
    await nodes.send(forward, "bj")
    (told,) = await nodes.told(forward)
    assert (told["state"], told["duplicate"], told["sequence"]) == ("in-progress", True, 0)
    await nodes.send(nodes.outcome(forward, "gd", "received", 2), "gd")
    await nodes.told(forward, 2)
    await nodes.send(forward, "bj")
    last = (await nodes.told(forward, 3))[-1]
    assert (last["state"], last["duplicate"], last["sequence"]) == ("received", True, 2)
    assert (
        len(
            await nodes.router.topics.wait(
                "gd.downlink.work-orders", where=lambda one: one.key == forward.number
            )
        )
        == 1
    )


async def test_the_same_message_twice_is_one(nodes: Nodes) -> None:
    forward = nodes.forward(fresh_number())
    ce_id = await nodes.send(forward, "bj")
    await nodes.forwarded(forward, "gd")
    await nodes.send(forward, "bj", id=ce_id)
    later = nodes.forward(forward.number)
    await nodes.send(later, "bj")
    await nodes.forwarded(later, "gd")
    assert await nodes.trail(forward) == [("up", "bj", "forward"), ("down", "gd", "forward")]


async def test_the_same_ids_with_another_digest_are_refused_and_the_first_goes_on(nodes: Nodes) -> None:
    forward = nodes.forward(fresh_number())
    await nodes.send(forward, "bj")
    await nodes.forwarded(forward, "gd")
    await nodes.send(forward.model_copy(update={"digest": "0" * 64}), "bj")
    (told,) = await nodes.told(forward)
    assert (told["state"], told["duplicate"], told["reasons"][0]["code"]) == (
        "rejected",
        True,
        "digest-differs",
    )
    await nodes.send(nodes.outcome(forward, "gd", "completed"), "gd")
    assert (await nodes.told(forward, 2))[-1]["state"] == "completed"


async def test_a_failure_is_tried_again_as_a_new_attempt_with_the_original_ids(nodes: Nodes) -> None:
    forward = nodes.forward(fresh_number())
    await nodes.send(forward, "bj")
    await nodes.forwarded(forward, "gd")
    reason = Reason(code="provisioning-failed", node="gd", task="swap-card")
    await nodes.send(nodes.outcome(forward, "gd", "failed", reasons=[reason]), "gd")
    (failed,) = await nodes.told(forward)
    assert failed["reasons"][0]["task"] == "swap-card"
    again = forward.model_copy(update={"attempt": 2})
    await nodes.send(again, "bj")
    assert (await nodes.forwarded(again, "gd", 2)).data["attempt"] == 2
    await nodes.send(nodes.outcome(again, "gd", "completed"), "gd")
    assert (await nodes.told(again, 2))[-1]["attempt"] == 2
    assert (await nodes.ledger(forward))["outcome"] == "failed"
    assert (await nodes.ledger(again))["outcome"] == "completed"


async def test_an_attempt_that_overtakes_the_end_of_the_one_before_waits_for_it(nodes: Nodes) -> None:
    forward = nodes.forward(fresh_number())
    await nodes.send(forward, "bj")
    await nodes.forwarded(forward, "gd")
    again = forward.model_copy(update={"attempt": 2})
    ce_id = await nodes.send(again, "bj")
    await nodes.taken_in(ce_id)
    assert await nodes.ledger(again) is None
    await nodes.send(nodes.outcome(forward, "gd", "failed"), "gd")
    assert (await nodes.forwarded(again, "gd", 2)).data["attempt"] == 2


async def test_a_new_attempt_on_another_day_is_refused(nodes: Nodes) -> None:
    forward = nodes.forward(fresh_number(), accounting_day=nodes.day(1))
    await nodes.send(forward, "bj")
    await nodes.forwarded(forward, "gd")
    await nodes.send(nodes.outcome(forward, "gd", "failed"), "gd")
    await nodes.told(forward)
    await nodes.send(forward.model_copy(update={"attempt": 2}), "bj", time=nodes.now)
    told = (await nodes.told(forward, 2))[-1]
    assert (told["attempt"], told["state"]) == (2, "rejected")
    assert told["reasons"][0]["code"] == "accounting-day-closed"


async def test_what_comes_after_its_day_was_closed_keeps_its_day_and_is_marked_late(nodes: Nodes) -> None:
    forward = nodes.forward(fresh_number(), accounting_day=nodes.day(3))
    await nodes.send(forward, "bj")
    await nodes.forwarded(forward, "gd")
    line = await nodes.ledger(forward)
    assert (line["late"], line["accounting_day"]) == (True, nodes.day(3))
