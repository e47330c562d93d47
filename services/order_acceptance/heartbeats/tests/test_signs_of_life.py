"""A node shows that it is there; copies of work orders ask after silence, and home answers from its database."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from contracts.base import Acceptance
from contracts.control import Heartbeat, NotReceived, StateAsked
from contracts.work_orders import Forward, Outcome
from libs.clock import accounting_day
from libs.ids import new_id
from services.order_acceptance.app import SERVICE
from services.order_acceptance.processes import PROCESSES
from tests.engines import eventually
from tests.running import Bench, RunningService
from tests.topics import Published

QUIET = timedelta(minutes=5)
NUMBER = "13000400001"
ROUTER = "/hq/hq-router"


@pytest.fixture(scope="module")
async def beijing(bench: Bench) -> AsyncIterator[RunningService]:
    async with bench.running(SERVICE, "bj") as service:
        yield service


@pytest.fixture(scope="module")
async def guangdong(bench: Bench) -> AsyncIterator[RunningService]:
    async with bench.running(SERVICE, "gd") as service:
        await service.db.execute(
            "INSERT INTO products (id, version, document, created, last_update, number, status, kind, customer, "
            "billing_account, offering, opened_by) "
            "VALUES ('s-1', 1, '{}', $1, $1, $2, 'active', 'subscription', 'c-1', 'a-1', 'plan-1', 'o-1')",
            service.clock.now(),
            NUMBER,
        )
        yield service


# -- heartbeats


async def test_a_node_shows_every_ten_seconds_that_it_is_there_and_what_it_can_run(
    beijing: RunningService,
) -> None:
    async def beats(count: int) -> dict[str, Published]:
        """Those on the topic, by id: the relay may have had to send one twice."""
        return {one.id: one for one in await beijing.topics.wait("bj.uplink.control", count)}

    seen = len(await beats(1))
    beijing.clock.advance(timedelta(seconds=9))
    await beijing.tick("heartbeat")
    quiet = await beats(seen)
    assert len(quiet) == seen, [(id, one.offset, one.data["at"]) for id, one in quiet.items()]
    beijing.clock.advance(timedelta(seconds=1))
    for _ in range(2):
        await beijing.tick("heartbeat")
    last = list((await beats(seen + 1)).values())[-1]
    assert (last.key, last.type, last.headers["ce_source"]) == (
        "bj",
        Heartbeat.ce_type,
        "/bj/order-acceptance",
    )
    assert {(one["process"], one["version"]) for one in last.data["processes"]} == set(PROCESSES)
    assert len(await beats(seen + 1)) == seen + 1


async def test_headquarters_is_one_more_node(bench: Bench) -> None:
    async with bench.running(SERVICE, "hq") as service:
        (beat, *_) = await service.topics.wait("hq.uplink.control")
        assert beat.data["node"] == "hq"


# -- the acceptance node asks


async def pay(service: RunningService, number: str) -> Published:
    """Money taken in Beijing for a number of Guangdong; the forward that it makes."""
    answer = await service.client.post(
        "/tmf-api/paymentManagement/v4/payment",
        json={
            "account": {"id": f"tel:+86{number}"},
            "paymentMethod": {"@type": "cash"},
            "totalAmount": {"unit": "CNY", "value": 50.00},
        },
        headers=service.bearer("hall-clerk", key=new_id()),
    )
    assert answer.status_code == 201, answer.text
    (forward,) = await service.topics.wait(
        "bj.uplink.work-orders",
        where=lambda one: one.type == Forward.ce_type and one.data["number"] == number,
    )
    return forward


async def asked(
    service: RunningService, forward: Published, times: int, *, tick: bool = True
) -> list[Published]:
    """The questions after this forward: so many, and no more."""
    if tick:
        await service.tick("ask")
    mine = forward.data["originTransaction"]
    found = await service.topics.wait(
        "bj.uplink.work-orders",
        times,
        where=lambda one: one.type == StateAsked.ce_type and one.data["originTransaction"] == mine,
    )
    assert len(found) == times
    return found


async def say(service: RunningService, forward: Published, state: str, sequence: int) -> None:
    """Home's word reaches the acceptance node."""
    outcome = Outcome(
        origin="bj",
        origin_transaction=forward.data["originTransaction"],
        home="gd",
        home_transaction="w-1",
        number=forward.data["number"],
        state=state,  # type: ignore[arg-type]
        sequence=sequence,
        accounting_day=forward.data["accountingDay"],
        at=service.clock.now(),
    )
    ce_id = await service.topics.put(
        "bj.downlink.work-orders", forward.key, outcome, source=ROUTER, time=service.clock.now()
    )
    await eventually(
        lambda: service.db.fetchval("SELECT true FROM inbox WHERE ce_id = $1 AND state = 'done'", ce_id)
    )


async def test_after_five_minutes_without_a_word_the_acceptance_node_asks_until_it_is_told(
    beijing: RunningService,
) -> None:
    forward = await pay(beijing, "13000400077")
    beijing.clock.advance(QUIET - timedelta(seconds=1))
    await asked(beijing, forward, 0)
    beijing.clock.advance(timedelta(seconds=1))
    await asked(beijing, forward, 1)
    (one,) = await asked(beijing, forward, 1)
    assert one.key == forward.key, "behind the forward, never before it"
    assert (one.data["origin"], one.data["askedBy"], one.data["attempt"]) == ("bj", "bj", 1)
    beijing.clock.advance(QUIET)
    await asked(beijing, forward, 2)

    await say(beijing, forward, "in-progress", 3)
    beijing.clock.advance(QUIET - timedelta(seconds=1))
    await asked(beijing, forward, 2)
    beijing.clock.advance(timedelta(seconds=1))
    await asked(beijing, forward, 3)

    await say(beijing, forward, "completed", 4)
    beijing.clock.advance(timedelta(hours=1))
    await asked(beijing, forward, 3)


async def test_a_restart_forgets_when_it_asked_and_so_asks_once_more(beijing: RunningService) -> None:
    forward = await pay(beijing, "13000400078")
    beijing.clock.advance(QUIET)
    await asked(beijing, forward, 1)
    await beijing.restart()
    await asked(beijing, forward, 2, tick=False)
    await asked(beijing, forward, 2)


async def never_had(service: RunningService, forward: Published, source: str = ROUTER, **given: Any) -> str:
    """The router says that it never had this forward."""
    said: dict[str, Any] = {
        "origin": "bj",
        "origin_transaction": forward.data["originTransaction"],
        "number": forward.data["number"],
        "node": "hq",
        "at": service.clock.now(),
    }
    return await service.topics.put(
        "bj.downlink.work-orders",
        forward.key,
        NotReceived(**{**said, **given}),
        source=source,
        time=service.clock.now(),
    )


async def handed_over(service: RunningService, forward: Published, times: int) -> list[Published]:
    mine = forward.data["originTransaction"]
    found = await service.topics.wait(
        "bj.uplink.work-orders",
        times,
        where=lambda one: one.type == Forward.ce_type and one.data["originTransaction"] == mine,
    )
    assert len(found) == times
    return found


async def taken(service: RunningService, ce_id: str) -> None:
    await eventually(
        lambda: service.db.fetchval("SELECT true FROM inbox WHERE ce_id = $1 AND state = 'done'", ce_id)
    )


async def test_what_never_reached_the_router_is_handed_over_again_as_it_was(beijing: RunningService) -> None:
    forward = await pay(beijing, "13000400079")
    await taken(beijing, await never_had(beijing, forward))
    first, again = await handed_over(beijing, forward, 2)
    assert (first.data, first.key) == (again.data, again.key)
    assert first.id != again.id


async def test_what_is_over_or_another_attempt_is_not_handed_over_again(beijing: RunningService) -> None:
    forward = await pay(beijing, "13000400080")
    await taken(beijing, await never_had(beijing, forward, attempt=2))
    await say(beijing, forward, "completed", 4)
    await taken(beijing, await never_had(beijing, forward))
    await handed_over(beijing, forward, 1)


async def test_only_the_router_says_that_it_never_had_a_forward(beijing: RunningService) -> None:
    forward = await pay(beijing, "13000400081")
    ce_id = await never_had(beijing, forward, source="/gd/order-acceptance")
    detail = await eventually(
        lambda: beijing.db.fetchval("SELECT detail FROM dead_letters WHERE ce_id = $1", ce_id)
    )
    assert str(detail).startswith("Spoofed: ")
    await handed_over(beijing, forward, 1)


# -- home answers


def came(service: RunningService, **given: Any) -> Forward:
    now = service.clock.now()
    usual: dict[str, Any] = {
        "origin": "bj",
        "origin_transaction": new_id(),
        "order": new_id(),
        "business": "pay",
        "process": "pay",
        "version": 1,
        "route_value": NUMBER,
        "number": NUMBER,
        "accounting_day": accounting_day(now),
        "deadline": now + timedelta(hours=72),
        "acceptance": Acceptance(node="bj", issuer="http://bj.unicrm.test", actor="clerk-7", at=now),
        "content": {"payment": new_id(), "amount": "50.00", "number": NUMBER},
        "digest": "d1",
    }
    return Forward(**{**usual, **given})


async def ask(service: RunningService, forward: Forward, source: str = ROUTER) -> str:
    question = StateAsked(
        origin=forward.origin,
        origin_transaction=forward.origin_transaction,
        number=NUMBER,
        home="gd",
        asked_by="hq",
        at=service.clock.now(),
    )
    return await service.topics.put(
        "gd.downlink.work-orders", NUMBER, question, source=source, time=service.clock.now()
    )


async def answers(service: RunningService, forward: Forward, count: int) -> list[dict[str, Any]]:
    found = await service.topics.wait(
        "gd.uplink.work-orders",
        count,
        where=lambda one: (
            one.type == Outcome.ce_type and one.data["originTransaction"] == forward.origin_transaction
        ),
    )
    return [one.data for one in found]


async def take_in(service: RunningService, forward: Forward) -> None:
    await service.topics.put(
        "gd.downlink.work-orders", NUMBER, forward, source=ROUTER, time=service.clock.now()
    )


async def test_home_answers_with_the_state_and_sequence_of_its_database(guangdong: RunningService) -> None:
    forward = came(guangdong)
    await take_in(guangdong, forward)
    await ask(guangdong, forward)
    (told,) = await answers(guangdong, forward, 1)
    row = await guangdong.db.fetchrow(
        "SELECT id, sequence FROM work_orders WHERE origin_transaction = $1", forward.origin_transaction
    )
    assert row is not None
    assert (told["state"], told["duplicate"]) == ("in-progress", True)
    assert (told["homeTransaction"], told["sequence"]) == (row["id"], row["sequence"])


async def test_of_what_has_ended_home_gives_the_first_answer_again(guangdong: RunningService) -> None:
    forward = came(guangdong, deadline=guangdong.clock.now() - timedelta(minutes=2))
    await take_in(guangdong, forward)
    (first,) = await answers(guangdong, forward, 1)
    assert first["reasons"][0]["code"] == "deadline-passed"
    await ask(guangdong, forward)
    assert (await answers(guangdong, forward, 2))[-1] == {**first, "duplicate": True}


async def test_what_never_came_in_home_says_so_and_takes_it_in_once_when_it_comes(
    guangdong: RunningService,
) -> None:
    forward = came(guangdong)
    await ask(guangdong, forward)
    (said,) = await guangdong.topics.wait(
        "gd.uplink.work-orders",
        where=lambda one: (
            one.type == NotReceived.ce_type and one.data["originTransaction"] == forward.origin_transaction
        ),
    )
    assert said.key == NUMBER, "in its turn among all that is said of this number"
    assert (said.data["node"], said.data["origin"], said.data["attempt"]) == ("gd", "bj", 1)
    assert await answers(guangdong, forward, 0) == []
    for _ in range(2):
        await take_in(guangdong, forward)
    await ask(guangdong, forward)
    await answers(guangdong, forward, 2)
    taken = await guangdong.db.fetchval(
        "SELECT count(*) FROM work_orders WHERE origin_transaction = $1", forward.origin_transaction
    )
    assert taken == 1


async def test_only_the_router_asks(guangdong: RunningService) -> None:
    ce_id = await ask(guangdong, came(guangdong), source="/sh/order-acceptance")
    detail = await eventually(
        lambda: guangdong.db.fetchval("SELECT detail FROM dead_letters WHERE ce_id = $1", ce_id)
    )
    assert str(detail).startswith("Spoofed: ")
