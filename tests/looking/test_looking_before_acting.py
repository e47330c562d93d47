"""A clerk in Beijing looks at a subscriber of Guangdong before acting: by way of headquarters, and written down."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest

from libs.clock import ManualClock
from services.access.app import SERVICE as ACCESS
from services.customer.app import SERVICE as CUSTOMER
from services.customer.seed import seeded_id
from services.hq_router.app import SERVICE as ROUTER
from services.order_acceptance.app import SERVICE as ACCEPTANCE
from services.order_acceptance.subscribers.tests.stage import look, seen, views_of
from services.order_acceptance.tests.counter import Counter
from services.order_acceptance.tests.others import Others, played
from tests.engines import eventually
from tests.running import Bench, RunningService, random_mark

NUMBER, NOBODYS, ANOTHERS = "13000400001", "13000400399", "13800138000"
OWNER = seeded_id("gd", "customer", "chen")


@dataclass
class Fleet:
    hq: RunningService
    bj: RunningService
    gd: RunningService
    accounting: Others
    clock: ManualClock

    @property
    def beijing(self) -> Counter:
        return Counter(self.bj)

    @property
    def guangdong(self) -> Counter:
        return Counter(self.gd)


async def seeded(service: RunningService) -> None:
    assert service.service.seed is not None
    await service.service.seed(service.runtime)


@pytest.fixture(scope="module")
async def fleet(bench: Bench) -> AsyncIterator[Fleet]:
    """Headquarters, Beijing, and Guangdong with the services that know who its customers are."""
    prefix, clock = f"{random_mark()}.", ManualClock()
    async with AsyncExitStack() as stack:

        async def start(service: Any, node: str, **settings: Any) -> RunningService:
            return await stack.enter_async_context(
                bench.running(service, node, clock=clock, topic_prefix=prefix, **settings)
            )

        for service in (ACCESS, CUSTOMER):
            await seeded(await start(service, "gd"))
        hq = await start(ROUTER, "hq")
        bj, gd = await start(ACCEPTANCE, "bj"), await start(ACCEPTANCE, "gd")
        made = Fleet(hq, bj, gd, await stack.enter_async_context(played(gd)), clock)
        await made.guangdong.owners.catalogue()
        await made.guangdong.owners.until_known("known_customers", OWNER)
        party = [{"id": OWNER, "role": "customer", "@referredType": "Customer"}]
        await made.guangdong.subscriber(NUMBER, relatedParty=party)
        yield made
    await bench.remove_topics(prefix)


def businesses(found: dict[str, Any]) -> set[str]:
    return {one["business"] for one in found["permittedBusiness"]}


async def test_beijing_sees_what_guangdong_sees_but_for_what_is_done_at_home_only(fleet: Fleet) -> None:
    at_home = await seen(fleet.guangdong, NUMBER)
    from_afar = await seen(fleet.beijing, NUMBER)
    assert at_home["owner"]["name"] == from_afar["owner"]["name"] == "陈**"
    same = ("number", "home", "status", "plan", "option", "suspension", "account")
    assert {name: at_home[name] for name in same} == {name: from_afar[name] for name in same}
    assert from_afar["account"]["balance"]["value"] == 12.34
    assert businesses(at_home) - businesses(from_afar) == {"terminate"}


async def test_every_look_from_afar_is_written_down_at_home_with_who_looked(fleet: Fleet) -> None:
    before = len(await views_of(fleet.gd, NUMBER))
    await seen(fleet.beijing, NUMBER, claims={"subject": "clerk-9", "hall": "bj-hall-9"})
    last, *others = await views_of(fleet.gd, NUMBER)
    assert len(others) == before
    assert last["actor"] == "http://bj.unicrm.test clerk-9"
    assert (last["place"]["node"], last["place"]["channel"], last["place"]["hall"]) == (
        "bj",
        "hall",
        "bj-hall-9",
    )
    assert (last["masked"], last["purpose"]) == (True, None)


async def test_with_a_purpose_the_name_is_shown_in_full_and_travels_sealed(fleet: Fleet) -> None:
    for counter in (fleet.guangdong, fleet.beijing):
        found = await seen(counter, NUMBER, purpose="counter-service")
        assert found["owner"]["name"] == "陈晓明"
        last = (await views_of(fleet.gd, NUMBER))[0]
        assert (last["place"]["node"], last["purpose"]) == (counter.service.node, "counter-service")
    lying = await fleet.gd.topics.read(
        *(f"{node}.{way}.customer-data" for node in ("bj", "gd") for way in ("uplink", "downlink"))
    )
    assert any(one.data.get("sealed") for one in lying)
    assert "晓明" not in str([one.data for one in lying])


async def test_a_dealer_from_afar_sees_a_masked_view_of_whoever_stands_at_his_counter(fleet: Fleet) -> None:
    """He may serve who names a number, whose dealer is none of Beijing's; never in full, and written down."""
    found = await seen(fleet.beijing, NUMBER, role="dealer-clerk")
    assert found["owner"]["name"] == "陈**"
    refused = await look(fleet.beijing, NUMBER, "dealer-clerk", purpose="counter-service")
    assert refused.status_code == 403
    assert (await views_of(fleet.gd, NUMBER))[0]["place"]["dealer"] == "bj-dealer-1"


async def test_nobodys_number_and_another_operators_are_told_apart(fleet: Fleet) -> None:
    for number, code in ((NOBODYS, "number-unknown"), (ANOTHERS, "number-not-ours")):
        for counter in (fleet.beijing, fleet.guangdong):
            answer = await look(counter, number)
            assert (answer.status_code, answer.json()["code"]) == (404, code)


async def test_a_business_that_headquarters_switched_off_is_permitted_at_home_only(fleet: Fleet) -> None:
    switch = {"node": "gd", "business": "suspend", "state": "off", "reason": "a new release"}
    for state in ("off", "on"):
        answer = await fleet.hq.client.post(
            "/api/hq-router/v1/switches",
            json=switch | {"state": state},
            headers=fleet.hq.bearer("hq-operator", key=f"switch-{state}"),
        )
        assert answer.status_code in (200, 201), answer.text
        found = await seen(fleet.beijing, NUMBER)
        refused = {one["business"]: one["reasons"][0]["code"] for one in found["refusedBusiness"]}
        assert (refused.get("suspend") == "switched-off") == (state == "off")
        assert "suspend" in businesses(await seen(fleet.guangdong, NUMBER))


async def test_many_look_at_once_and_each_gets_his_own_answer(fleet: Fleet) -> None:
    numbers = [f"1300040{n:04d}" for n in range(100, 130)]
    answers: list[httpx.Response] = await asyncio.gather(
        *(look(fleet.beijing, one, claims={"subject": f"clerk-{one}"}) for one in (*numbers, NUMBER))
    )
    assert {answer.json()["code"] for answer in answers[:-1]} == {"number-unknown"}
    assert answers[-1].json()["number"] == NUMBER


async def test_while_guangdong_is_down_beijing_hears_so_and_nothing_stale_is_answered(fleet: Fleet) -> None:
    await fleet.gd.stop()
    fleet.bj.runtime.settings = fleet.bj.settings.model_copy(update={"look_seconds": 0.3})
    answer = await look(fleet.beijing, NUMBER, claims={"subject": "clerk-in-vain"})
    fleet.bj.runtime.settings = fleet.bj.settings
    assert (answer.status_code, answer.json()["code"]) == (409, "home-not-answering")
    fleet.clock.advance(timedelta(minutes=2))
    await fleet.gd.start()

    async def answered() -> bool:
        return (await look(fleet.beijing, NUMBER, claims={"subject": "clerk-again"})).status_code == 200

    await eventually(answered, 20)
    actors = [one["actor"].rpartition(" ")[2] for one in await views_of(fleet.gd, NUMBER)]
    assert "clerk-again" in actors
    assert "clerk-in-vain" not in actors, "nobody was shown anything"
