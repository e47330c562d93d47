"""Looking at a subscriber of another province: what Beijing asks and waits for, and what Guangdong answers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest

from contracts.subscribers import OfferingSeen, OwnerSeen, SubscriberTold, SubscriberView
from libs.security.sealing import seal
from services.order_acceptance.app import SERVICE
from services.order_acceptance.subscribers.tests.stage import (
    SubscriberAsked,
    asked_for,
    comes_down,
    dead,
    goes_up,
    look,
    question,
    seen,
    taken_in,
    views_of,
)
from services.order_acceptance.tests.counter import Counter, fresh_number
from services.order_acceptance.tests.others import Others
from tests.engines import eventually
from tests.running import Bench, RunningService

VIEW = SubscriberView(status="active", owner=OwnerSeen(name="陈**"), plan=OfferingSeen(id="plan-1"))


@pytest.fixture
async def number(counter: Counter) -> str:
    return await counter.subscriber()


@pytest.fixture(scope="module")
async def impatient(bench: Bench) -> AsyncIterator[RunningService]:
    """Beijing, where nobody waits for three seconds."""
    async with bench.running(SERVICE, "bj", look_seconds=0.4) as service:
        yield service


def told(asked: SubscriberAsked, **given: Any) -> SubscriberTold:
    usual: dict[str, Any] = {
        "id": asked.id,
        "origin": asked.origin,
        "home": "gd",
        "number": asked.number,
        "found": "told",
        "view": VIEW,
        "deadline": asked.deadline,
        "at": asked.asked_by.at,
    }
    return SubscriberTold(**{**usual, **given})


# -- at home


async def test_home_answers_with_the_balance_and_writes_down_who_looked(
    gd: RunningService, others: Others, counter: Counter
) -> None:
    customer = await counter.owners.customer("c-named", maskedName="陈**")
    number = await counter.subscriber(
        relatedParty=[{"id": customer, "role": "customer", "@referredType": "Customer"}]
    )
    asked = question(gd, number)
    await comes_down(gd, asked)
    answer = SubscriberTold.model_validate(await goes_up(gd, asked.id, SubscriberTold))
    assert (answer.found, answer.home, answer.origin, answer.sealed) == ("told", "gd", "bj", None)
    assert answer.view is not None
    assert (answer.view.owner.name, str(answer.view.balance.balance)) == ("陈**", "12.34")
    assert "terminate" not in {one.business for one in answer.view.permitted}, "it does not cross"
    (audited,) = await views_of(gd, number)
    assert audited["actor"] == "http://bj.unicrm.test clerk-7"
    assert (audited["place"]["node"], audited["place"]["hall"]) == ("bj", "bj-hall-1")
    assert (audited["masked"], audited["purpose"]) == (True, None)
    assert await gd.db.fetchval("SELECT count(*) FROM looks_taken_in") == 0


async def test_home_disowns_what_is_not_its_own_and_writes_nothing_down(gd: RunningService) -> None:
    asked = question(gd, fresh_number())
    await comes_down(gd, asked)
    answer = await goes_up(gd, asked.id, SubscriberTold)
    assert (answer["found"], answer["view"]) == ("not-mine", None)
    assert await views_of(gd, asked.number) == []


async def test_home_answers_without_accounting_when_it_keeps_silent(
    gd: RunningService, others: Others, number: str
) -> None:
    others.silent = lambda task: task.name == "ask-balance"
    asked = question(gd, number)
    await comes_down(gd, asked)
    await eventually(lambda: [task for task in others.seen if task.name == "ask-balance"])
    gd.clock.advance(timedelta(seconds=1.1))
    answer = await goes_up(gd, asked.id, SubscriberTold)
    assert answer["view"]["balance"]["missing"] == "accounting-not-answering"


async def test_home_ignores_what_nobody_waits_for_any_more(gd: RunningService, number: str) -> None:
    asked = question(gd, number, deadline=gd.clock.now() - timedelta(seconds=61))
    await taken_in(gd, await comes_down(gd, asked))
    assert await views_of(gd, number) == []
    assert await gd.db.fetchval("SELECT count(*) FROM looks_taken_in") == 0


async def test_only_the_router_asks_and_answers(gd: RunningService, number: str) -> None:
    asked = question(gd, number)
    assert "/bj/order-acceptance speaks" in await dead(
        gd, await comes_down(gd, asked, source="/bj/order-acceptance")
    )
    assert "speaks of look" in await dead(gd, await comes_down(gd, question(gd, number, home="sh")))
    assert "speaks of look" in await dead(gd, await comes_down(gd, told(asked)))
    forged = told(asked, origin="gd")
    assert "/sh/hq-router speaks" in await dead(gd, await comes_down(gd, forged, source="/sh/hq-router"))
    assert await views_of(gd, number) == []


# -- where it is asked


async def test_beijing_asks_with_who_asks_and_shows_what_comes_back(bj: RunningService, bench: Bench) -> None:
    counter, number = Counter(bj), fresh_number()
    looking = asyncio.create_task(seen(counter, number, purpose="counter-service"))
    asked = await asked_for(bj, number)
    assert (asked.asked_by.actor, asked.asked_by.node, asked.asked_by.channel, asked.purpose) == (
        "hall-clerk-1",
        "bj",
        "hall",
        "counter-service",
    )
    assert asked.deadline == bj.clock.now() + timedelta(seconds=3)
    sealed = seal("陈晓明".encode(), bench.keys_of("bj").recipient("bj"))
    await comes_down(bj, told(asked, sealed=sealed))
    found = await looking
    assert (found["home"], found["owner"]["name"]) == ("gd", "陈晓明")
    assert await bj.db.fetchval("SELECT count(*) FROM looks") == 0, "nothing of others' customers is kept"


async def test_without_a_purpose_the_name_stays_masked(bj: RunningService) -> None:
    counter, number = Counter(bj), fresh_number()
    looking = asyncio.create_task(seen(counter, number, role="dealer-clerk"))
    asked = await asked_for(bj, number)
    assert (asked.purpose, asked.asked_by.dealer) == (None, "bj-dealer-1")
    await comes_down(bj, told(asked))
    assert (await looking)["owner"]["name"] == "陈**"


@pytest.mark.parametrize(
    ("code", "status"), [("number-unknown", 404), ("number-not-ours", 404), ("home-not-answering", 409)]
)
async def test_what_the_router_says_is_the_answer(bj: RunningService, code: str, status: int) -> None:
    counter, number = Counter(bj), fresh_number()
    looking = asyncio.create_task(look(counter, number))
    asked = await asked_for(bj, number)
    await comes_down(bj, told(asked, home=None, found=code, view=None))
    answer = await looking
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_home_that_keeps_silent_is_not_waited_for_longer(impatient: RunningService) -> None:
    counter, number = Counter(impatient), fresh_number()
    answer = await look(counter, number)
    assert (answer.status_code, answer.json()["code"]) == (409, "home-not-answering")
    assert await impatient.db.fetchval("SELECT count(*) FROM looks") == 0
    late = told(await asked_for(impatient, number))
    await taken_in(impatient, await comes_down(impatient, late))
    assert await impatient.db.fetchval("SELECT count(*) FROM looks") == 0, "what comes late is dropped"


async def test_those_that_wait_hold_no_connection_of_the_database(bench: Bench) -> None:
    """Many more wait at once than the pool has connections, and others are served meanwhile."""
    # So long that the first still waits when the last has come, also on a machine that does other things too.
    async with bench.running(SERVICE, "bj", look_seconds=4.0) as patient:
        counter = Counter(patient)
        many = patient.settings.pool_size * 8
        looking = [
            asyncio.create_task(look(counter, fresh_number(), claims={"subject": f"clerk-{n}"}))
            for n in range(many)
        ]
        await eventually(lambda: patient.db.fetchval("SELECT count(*) = $1 FROM looks", many))
        async with AsyncExitStack() as all_of_them:
            for _ in range(patient.settings.pool_size):
                await all_of_them.enter_async_context(patient.db.connection())
            assert not any(task.done() for task in looking), "they wait, and every connection is ours"
        answers = await asyncio.gather(*looking)
        assert {answer.json()["code"] for answer in answers} == {"home-not-answering"}


async def test_an_answer_that_another_process_takes_in_finds_the_one_that_waits(
    bj: RunningService, bench: Bench
) -> None:
    """The row is all that the two share: as if the message had come in elsewhere."""
    counter, number = Counter(bj), fresh_number()
    looking = asyncio.create_task(seen(counter, number))
    asked = await asked_for(bj, number)
    answer = told(asked).model_dump_json(by_alias=True)
    await bj.db.execute("UPDATE looks SET told = $2::jsonb WHERE id = $1", asked.id, answer)
    assert (await looking)["owner"]["name"] == "陈**"


async def test_no_more_wait_than_there_are_places(
    impatient: RunningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.order_acceptance.subscribers.waiting.MOST", 1)
    counter = Counter(impatient)
    answers = await asyncio.gather(
        *(look(counter, fresh_number(), claims={"subject": f"another-{n}"}) for n in range(3))
    )
    assert sorted(answer.status_code for answer in answers) == [409, 503, 503]
