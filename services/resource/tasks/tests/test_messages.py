"""Tasks over Kafka, against the real service."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from contracts.steps import STEPS
from contracts.tasks import Task
from libs.messaging.topics import results, tasks
from libs.security.keys import Keys
from libs.security.sealing import unseal
from services.resource.tasks.messages import _DOES
from services.resource.tests.counter import RESERVATIONS, Counter, iccid
from tests.engines import eventually

NUMBER = "13000400001"
SEAL_FOR = "sealFor"


def number_wanted(**more: Any) -> dict[str, Any]:
    return {"number": NUMBER, **more}


def card_wanted(serial: int = 1, *kinds: str) -> dict[str, Any]:
    return {"iccid": iccid(serial), "kinds": list(kinds) or ["blank", "esim", "personalised"]}


def opened(counter: Counter, node: str, sealed: str) -> dict[str, str]:
    keys = Keys.load(counter.service.settings.keys_dir.parent / node)
    found: dict[str, str] = json.loads(unseal(sealed, keys.sealing))
    return found


def test_every_task_that_the_contract_gives_us_is_done_here() -> None:
    assert set(_DOES) == {name for name, one in STEPS.items() if one.executor == "resource"}


async def test_an_account_is_opened(counter: Counter) -> None:
    """All tasks of an opening, in their order: number, card and profile are in use, and the card can be written."""
    await counter.numbers(NUMBER)
    (card,) = await counter.cards(1)
    (imsi,) = await counter.profiles(7)
    number, held = await counter.ask(
        counter.task("reserve-number", "w", number_wanted(networks=["lte"])),
        counter.task("reserve-card", "w", card_wanted()),
    )
    assert number.outcome == held.outcome == "done"
    assert number.output == {
        "id": number.output["id"],
        "number": NUMBER,
        "area": "020",
        "network": "lte",
        "numberClass": "ordinary",
    }
    assert held.output["kind"] == "blank"
    wanted = {"number": NUMBER, "iccid": card, "kind": "blank", SEAL_FOR: "gd"}
    (allocated,) = await counter.ask(counter.task("allocate-profile", "w", wanted))
    assert allocated.output["imsi"] == imsi
    assert opened(counter, "production", allocated.output["sealedForProduction"]) == {
        "imsi": imsi,
        "ki": f"{7:032x}",
    }
    assert opened(counter, "gd", allocated.output["sealedForWriter"]) == {
        "imsi": imsi,
        "ki": f"{7:032x}",
        "iccid": card,
    }
    data = allocated.output["sealedForWriter"]
    bound = await counter.ask(
        counter.task(
            "bind-profile", "w", {"profile": allocated.output["profile"], "number": NUMBER}, final=True
        ),
        counter.task("bind-number", "w", {"number": NUMBER, "subscription": "s-1"}, final=True),
        counter.task("bind-card", "w", {"iccid": card, "number": NUMBER, "writeData": data}, final=True),
    )
    assert [one.outcome for one in bound] == ["done"] * 3
    assert await counter.state("msisdn", NUMBER) == "in-use"
    assert await counter.state("sim", card) == "bound"
    assert await counter.profile_state(imsi) == "in-use"
    writing = await counter.db.fetchrow("SELECT * FROM card_writings")
    assert writing is not None
    assert (writing["order_id"], writing["actor"]) == (
        "order-of-w",
        f"{counter.service.settings.issuer} hall-clerk-1",
    )


async def test_no_ki_is_in_clear_in_any_table_or_topic(counter: Counter) -> None:
    await test_an_account_is_opened(counter)
    ki = f"{7:032x}"
    for table in ("profiles", "task_results", "card_writings", "outbox", "resources", "inbox"):
        rows = await counter.db.fetch(f"SELECT t::text AS line FROM {table} t")
        assert not [row for row in rows if ki in row["line"]], table
    for record in await counter.service.topics.read(
        tasks("gd", "resource"), results("gd", "order-acceptance")
    ):
        assert ki not in json.dumps(record.data)


async def test_every_reservation_is_undone(counter: Counter) -> None:
    await counter.numbers(NUMBER)
    await counter.cards(1)
    (imsi,) = await counter.profiles(7)
    allocation = {"number": NUMBER, "iccid": iccid(1), "kind": "blank"}
    await counter.ask(
        counter.task("reserve-number", "w", number_wanted()),
        counter.task("reserve-card", "w", card_wanted()),
        counter.task("allocate-profile", "w", allocation),
    )
    undone = await counter.ask(
        counter.task("release-profile", "w", allocation, undoes="allocate-profile"),
        counter.task("release-card", "w", card_wanted(), undoes="reserve-card"),
        counter.task("release-number", "w", number_wanted(), undoes="reserve-number"),
    )
    assert [(one.outcome, one.output) for one in undone] == [("done", {})] * 3
    assert await counter.state("msisdn", NUMBER) == "free"
    assert await counter.state("sim", iccid(1)) == "in-stock"
    assert await counter.profile_state(imsi) == "free"


async def test_a_task_that_is_asked_again_gets_the_same_result_and_no_second_effect(counter: Counter) -> None:
    await counter.numbers(NUMBER)
    await counter.profiles(7, 8)
    task = counter.task("allocate-profile", "w", {"number": NUMBER, "iccid": iccid(1), "kind": "blank"})
    (first,) = await counter.ask(task)
    again, once_more = await counter.ask(task, task)
    assert first.output == again.output == once_more.output
    assert await counter.db.fetchval("SELECT count(*) FROM profiles WHERE state = 'reserved'") == 1


async def test_the_same_sending_twice_is_answered_once(counter: Counter) -> None:
    await counter.numbers(NUMBER)
    task = counter.task("reserve-number", "w", number_wanted())
    for _ in range(2):
        await counter.service.topics.put(
            tasks("gd", "resource"), "w", task, source="/gd/order-acceptance", id="one-sending"
        )
    await counter.ask(counter.task("reserve-number", "w-2", {"number": "13000409999"}))
    found = await counter.service.topics.read(results("gd", "order-acceptance"))
    assert [one.data["taskId"] for one in found].count(task.task_id) == 1


async def test_an_undo_before_its_do_does_nothing_and_the_do_is_refused_for_ever(counter: Counter) -> None:
    await counter.numbers(NUMBER)
    undo = counter.task("release-number", "w", number_wanted(), undoes="reserve-number")
    do = counter.task("reserve-number", "w", number_wanted())
    (undone,) = await counter.ask(undo)
    assert undone.outcome == "done"
    for _ in range(2):
        (late,) = await counter.ask(do)
        assert (late.outcome, late.reasons[0].code) == ("refused", "undone-before")
    assert await counter.state("msisdn", NUMBER) == "free"
    (again,) = await counter.ask(undo)
    assert again.outcome == "done"
    # Another attempt of the same step is another effect.
    (next_attempt,) = await counter.ask(counter.task("reserve-number", "w", number_wanted(), attempt=2))
    assert next_attempt.outcome == "done"


async def test_do_undo_and_do_in_one_batch_are_taken_in_their_order(counter: Counter) -> None:
    await counter.numbers(NUMBER)
    do = counter.task("reserve-number", "w", number_wanted())
    undo = counter.task("release-number", "w", number_wanted(), undoes="reserve-number")
    done = await counter.ask(do, undo, counter.task("reserve-number", "w", number_wanted(), attempt=2), undo)
    assert [one.outcome for one in done] == ["done"] * 4
    held = await counter.db.fetchval("SELECT held_by FROM resources")
    assert held == "w/1/reserve-number/2/do", "the undo of one attempt took back another's"


async def test_the_undo_of_what_was_refused_is_done_and_takes_nothing_from_others(counter: Counter) -> None:
    await counter.numbers(NUMBER)
    await counter.ask(counter.task("reserve-number", "w-1", number_wanted()))
    (refused,) = await counter.ask(counter.task("reserve-number", "w-2", number_wanted()))
    assert (refused.outcome, refused.reasons[0].code) == ("refused", "number-not-available")
    assert refused.reasons[0].node == "gd"
    assert refused.reasons[0].task == "reserve-number"
    assert refused.reasons[0].parameters == {"number": NUMBER}
    (undone,) = await counter.ask(
        counter.task("release-number", "w-2", number_wanted(), undoes="reserve-number")
    )
    assert undone.outcome == "done"
    assert await counter.db.fetchval("SELECT work_order FROM resources") == "w-1"


async def test_of_many_orders_for_one_number_one_gets_it(counter: Counter) -> None:
    await counter.numbers(NUMBER)
    answers = await counter.ask(
        *(counter.task("reserve-number", f"w-{n}", number_wanted()) for n in range(30))
    )
    assert [one.outcome for one in answers].count("done") == 1


async def test_orders_and_picks_at_the_same_moment_share_nothing(counter: Counter) -> None:
    digits = [f"1300040{n:04d}" for n in range(40)]
    await counter.numbers(*digits)
    asked = [counter.task("reserve-number", f"w-{one}", {"number": one}) for one in digits]
    picks = asyncio.gather(*(counter.reserve("*", subject=f"op-{n}") for n in range(40)))
    answers, picked = await asyncio.gather(counter.ask(*asked), picks)
    ordered = {
        task.input["number"] for task, one in zip(asked, answers, strict=True) if one.outcome == "done"
    }
    taken = {one["value"] for answer in picked if answer.is_success for one in answer.json()["resource"]}
    assert not ordered & taken
    assert len(ordered) + len(taken) == await counter.db.fetchval(
        "SELECT count(*) FROM resources WHERE state = 'reserved'"
    )


async def test_a_reservation_gives_its_number_to_the_order_of_its_actor(counter: Counter) -> None:
    await counter.numbers(NUMBER)
    held = (await counter.reserve(subject="op-1", minutes=10)).json()
    wanted = number_wanted(reservation=held["id"])
    (stolen,) = await counter.ask(counter.task("reserve-number", "w-2", wanted, actor="op-2"))
    assert (stolen.outcome, stolen.reasons[0].code) == ("refused", "number-not-available")
    (own,) = await counter.ask(counter.task("reserve-number", "w-1", wanted, actor="op-1"))
    assert own.outcome == "done"
    # What an order took out of a reservation neither runs out with it nor is given back with it.
    left = await counter.get(f"{RESERVATIONS}/{held['id']}", subject="op-1")
    assert left.json()["resource"] == []
    assert (await counter.delete(f"{RESERVATIONS}/{held['id']}", subject="op-1")).status_code == 204
    counter.clock.advance(timedelta(days=30))
    await counter.service.tick("expire")
    assert await counter.state("msisdn", NUMBER) == "reserved"
    (bound,) = await counter.ask(
        counter.task("bind-number", "w-1", {"number": NUMBER, "subscription": "s"}, final=True)
    )
    assert bound.outcome == "done"


async def test_a_reservation_that_ran_out_gives_nothing(counter: Counter) -> None:
    await counter.numbers(NUMBER)
    held = (await counter.reserve(subject="op-1", minutes=1)).json()
    counter.clock.advance(timedelta(minutes=1))
    named = counter.task("reserve-number", "w-1", number_wanted(reservation=held["id"]), actor="op-1")
    (late,) = await counter.ask(named)
    assert (late.outcome, late.reasons[0].code) == ("refused", "number-not-available")
    (free,) = await counter.ask(counter.task("reserve-number", "w-2", number_wanted(), actor="op-2"))
    assert free.outcome == "done"


async def test_a_personalised_card_carries_its_profile_and_is_not_written(counter: Counter) -> None:
    await counter.cards(1, kind="personalised")
    (imsi,) = await counter.profiles(9, card=iccid(1))
    held, allocated = await counter.ask(
        counter.task("reserve-card", "w", card_wanted()),
        counter.task(
            "allocate-profile",
            "w",
            {"number": NUMBER, "iccid": iccid(1), "kind": "personalised", SEAL_FOR: "gd"},
        ),
    )
    assert held.output["kind"] == "personalised"
    assert allocated.output["imsi"] == imsi
    assert "sealedForWriter" not in allocated.output
    (bound,) = await counter.ask(
        counter.task("bind-card", "w", {"iccid": iccid(1), "number": NUMBER}, final=True)
    )
    assert bound.outcome == "done"
    assert await counter.db.fetchval("SELECT count(*) FROM card_writings") == 0


@pytest.mark.parametrize(
    ("name", "wanted", "code"),
    [
        ("reserve-card", {"iccid": iccid(404), "kinds": ["blank"]}, "card-not-available"),
        ("reserve-card", card_wanted(1, "esim"), "card-kind-not-allowed"),
        ("reserve-number", {"number": "13000400404"}, "number-not-available"),
        ("reserve-number", {"number": NUMBER, "networks": ["nr"]}, "network-mismatch"),
        ("allocate-profile", {"number": NUMBER, "iccid": iccid(1), "kind": "blank"}, "profile-not-available"),
        (
            "allocate-profile",
            {"number": NUMBER, "iccid": iccid(1), "kind": "personalised"},
            "card-not-available",
        ),
        ("bind-number", {"number": NUMBER, "subscription": "s"}, "not-held-by-order"),
        ("bind-card", {"iccid": iccid(1), "number": NUMBER}, "not-held-by-order"),
        ("bind-profile", {"profile": "p", "number": NUMBER}, "not-held-by-order"),
    ],
)
async def test_every_refusal_says_why(counter: Counter, name: str, wanted: dict[str, Any], code: str) -> None:
    await counter.numbers(NUMBER)
    await counter.cards(1)
    (refused,) = await counter.ask(counter.task(name, "w", wanted))
    assert (refused.outcome, refused.reasons[0].code, refused.output) == ("refused", code, {})


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("reserve-voucher", {}), ("reserve-number", {"number": "abc"}), ("swap-card", {"number": NUMBER})],
)
async def test_a_task_that_cannot_be_understood_is_refused_and_kept_as_a_dead_letter(
    counter: Counter, name: str, wanted: dict[str, Any]
) -> None:
    await counter.numbers(NUMBER)
    bad = counter.task(name, "w-bad", wanted)
    good = counter.task("reserve-number", "w-good", number_wanted())
    refused, done = await counter.ask(bad, good)
    assert (refused.outcome, refused.reasons[0].code) == ("refused", "task-failed")
    assert done.outcome == "done"
    assert await counter.db.fetchval("SELECT count(*) FROM dead_letters") == 1


@pytest.mark.parametrize(
    "task",
    [
        ("bind-card", {"iccid": iccid(1), "number": NUMBER, "writeData": "no JWE"}, None),
        ("release-number", {"number": "abc"}, "reserve-number"),
    ],
)
async def test_undos_and_later_steps_that_fail_stay_without_an_answer(
    counter: Counter, task: tuple[str, dict[str, Any], str | None]
) -> None:
    name, wanted, undoes = task
    await counter.cards(1)
    await counter.ask(counter.task("reserve-card", "w", card_wanted()))
    bad: Task = counter.task(name, "w", wanted, undoes=undoes, final=undoes is None)
    await counter.service.topics.put(tasks("gd", "resource"), "w", bad, source="/gd/order-acceptance")
    await eventually(lambda: counter.db.fetchval("SELECT count(*) = 1 FROM dead_letters"))
    await counter.ask(counter.task("reserve-number", "w-2", number_wanted()))
    found = await counter.service.topics.read(results("gd", "order-acceptance"))
    assert bad.task_id not in [one.data["taskId"] for one in found]
    assert await counter.state("sim", iccid(1)) == "reserved"


async def test_results_outlive_a_restart(counter: Counter) -> None:
    await counter.numbers(NUMBER)
    task = counter.task("reserve-number", "w", number_wanted())
    (first,) = await counter.ask(task)
    await counter.service.restart()
    counter.db = counter.service.db
    (again,) = await counter.ask(task)
    assert again.output == first.output


async def test_the_number_of_an_ended_subscription_is_free_again_after_its_rest(counter: Counter) -> None:
    """All tasks of an end, behind those of an opening: nobody gets the number before its time, nobody the card."""
    number = "13000400077"
    await counter.numbers(number)
    (card,) = await counter.cards(77)
    await counter.profiles(77)
    await counter.ask(
        counter.task("reserve-number", "w-77", {"number": number}),
        counter.task("reserve-card", "w-77", {"iccid": card, "kinds": ["blank"]}),
    )
    wanted = {"number": number, "iccid": card, "kind": "blank", SEAL_FOR: "gd"}
    (allocated,) = await counter.ask(counter.task("allocate-profile", "w-77", wanted))
    profile = {"profile": allocated.output["profile"], "number": number}
    await counter.ask(
        counter.task("bind-profile", "w-77", profile, final=True),
        counter.task("bind-number", "w-77", {"number": number, "subscription": "s-77"}, final=True),
        counter.task("bind-card", "w-77", {"iccid": card, "number": number}, final=True),
    )
    until = counter.clock.now() + timedelta(days=90)
    rest = {"number": number, "subscription": "s-77", "until": until.isoformat()}
    retired = {"number": number, "iccid": card, "imsi": allocated.output["imsi"]}
    ended = await counter.ask(
        counter.task("cool-number", "w-78", rest, final=True),
        counter.task("retire-card", "w-78", retired, final=True),
    )
    assert [one.outcome for one in ended] == ["done", "done"]
    assert await counter.state("msisdn", number) == "cooling"
    assert await counter.state("sim", card) == "retired"
    assert await counter.profile_state(allocated.output["imsi"]) == "retired"
    (refused,) = await counter.ask(counter.task("reserve-number", "w-79", {"number": number}))
    assert refused.reasons[0].code == "number-not-available"
    counter.clock.advance(timedelta(days=89, hours=23))
    await counter.service.tick("expire")
    assert await counter.state("msisdn", number) == "cooling"
    counter.clock.advance(timedelta(hours=1))
    await counter.service.tick("expire")
    assert await counter.state("msisdn", number) == "free"
    assert (await counter.reserve(number)).status_code == 201
