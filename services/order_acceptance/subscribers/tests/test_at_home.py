"""Looking at a subscriber of this node: what is shown, to whom, and how accounting's silence shows."""

from datetime import datetime, timedelta

import pytest

from libs.ids import new_id
from services.order_acceptance.app import SERVICE
from services.order_acceptance.subscribers.tests.stage import look, seen, views_of
from services.order_acceptance.tests.businesses import done, subscribe, suspend
from services.order_acceptance.tests.counter import Counter
from services.order_acceptance.tests.others import Others, played
from services.order_acceptance.tests.owners import OPTION, PLAN
from tests.running import Bench, RunningService


@pytest.fixture
async def number(counter: Counter) -> str:
    return await counter.subscriber()


@pytest.fixture
async def named(counter: Counter) -> str:
    """A customer whose name is known here as others may see it."""
    return await counter.owners.customer(f"c-{new_id()}", maskedName="陈**", level="gold")


async def test_a_clerk_sees_what_there_is_and_what_may_be_done(
    counter: Counter, others: Others, named: str, gd: RunningService
) -> None:
    number = await counter.subscriber(
        relatedParty=[{"id": named, "role": "customer", "@referredType": "Customer"}]
    )
    await done(counter, subscribe(number, OPTION))
    await done(counter, suspend(number, "lost"))
    others.outside.outputs["ask-balance"] = {"balance": "-12.50"}
    found = await seen(counter, number)
    assert (found["number"], found["home"], found["status"]) == (number, "gd", "suspended")
    assert found["owner"] == {"name": "陈**", "kind": "individual", "level": "gold"}
    assert found["plan"] == {"id": PLAN, "name": PLAN}
    assert [one["id"] for one in found["option"]] == [OPTION]
    assert found["suspension"] == [{"reason": "lost", "barring": "all"}]
    account = found["account"]
    assert (account["balance"]["value"], account["arrears"]["value"]) == (-12.5, 12.5)
    assert datetime.fromisoformat(account["at"]) == gd.clock.now()
    assert {"business": "resume", "presenterRequired": True, "reasons": ["lost"]} in found[
        "permittedBusiness"
    ]
    (owes,) = [one for one in found["refusedBusiness"] if one["business"] == "terminate"]
    assert owes["reasons"] == [{"code": "balance-owed", "reason": "12.50 yuan are owed."}]


async def test_whoever_looks_is_known_masked_or_not(
    counter: Counter, others: Others, number: str, gd: RunningService
) -> None:
    await seen(counter, number, claims={"subject": "clerk-7", "area": "020"})
    await seen(counter, number, "call-centre-clerk", claims={"subject": "caller-1", "channel": "call-centre"})
    await seen(counter, number, purpose="counter-service")
    in_full, *masked = await views_of(gd, number)
    assert [one["actor"].rpartition(" ")[2] for one in (in_full, *masked)] == [
        "hall-clerk-1",
        "caller-1",
        "clerk-7",
    ]
    assert (in_full["masked"], in_full["purpose"]) == (False, "counter-service")
    assert [(one["masked"], one["purpose"]) for one in masked] == [(True, None)] * 2
    last = masked[-1]
    assert (last["number"], datetime.fromisoformat(last["at"])) == (number, gd.clock.now())
    assert last["place"] == {
        "node": "gd",
        "channel": "hall",
        "hall": "gd-hall-1",
        "dealer": None,
        "area": "020",
    }


async def test_a_look_that_was_refused_saw_nothing(
    counter: Counter, others: Others, number: str, gd: RunningService
) -> None:
    assert (await look(counter, number, "dealer-clerk", {"dealer": "dealer-2"})).status_code == 404
    assert (await look(counter, number, purpose="curiosity")).status_code == 400
    assert await views_of(gd, number) == []


async def test_reasons_are_in_the_callers_language(counter: Counter, others: Others, number: str) -> None:
    headers = counter.service.bearer("hall-clerk") | {"Accept-Language": "zh-CN"}
    path = f"/api/order-acceptance/v1/subscribers/{number}"
    found = (await counter.service.client.get(path, headers=headers)).json()
    (refused,) = [one for one in found["refusedBusiness"] if one["business"] == "resume"]
    assert refused["reasons"][0]["reason"] == "该用户并未因 voluntary 停机。"


async def test_nothing_of_a_look_is_left_but_the_copy_of_the_balance(
    counter: Counter, others: Others, number: str, gd: RunningService
) -> None:
    await seen(counter, number)
    for table in ("looks", "balance_askings"):
        assert await gd.db.fetchval(f"SELECT count(*) FROM {table}") == 0
    assert await gd.db.fetchval("SELECT count(*) FROM late_results WHERE work_order LIKE 'look-%'") == 0
    account = (await counter.product_of(number))["billingAccount"]["id"]
    kept = await gd.db.fetchrow("SELECT balance::text, at FROM known_balances WHERE account = $1", account)
    assert tuple(kept) == ("12.34", gd.clock.now())


async def test_a_dealer_an_area_and_an_account_manager_see_their_own_and_no_others(
    counter: Counter, others: Others
) -> None:
    customer = await counter.owners.customer(f"c-{new_id()}", account_manager="manager-1")
    number = await counter.subscriber(
        relatedParty=[{"id": customer, "role": "customer", "@referredType": "Customer"}]
    )
    await counter.service.db.execute("UPDATE products SET dealer = 'dealer-1' WHERE number = $1", number)
    for role, claims, status in (
        ("dealer-clerk", {"dealer": "dealer-1"}, 200),
        ("dealer-clerk", {"dealer": "dealer-2"}, 404),
        ("account-manager", {"subject": "manager-1"}, 200),
        ("account-manager", {"subject": "manager-2"}, 404),
        ("hall-clerk", {"area": "020", "area_bound": True}, 200),
        ("hall-clerk", {"area": "0755", "area_bound": True}, 404),
    ):
        assert (await look(counter, number, role, claims)).status_code == status, (role, claims)


async def test_what_is_no_number_and_what_is_no_purpose_is_refused(
    counter: Counter, others: Others, number: str
) -> None:
    for bad in ("12", "abcdefgh", "+8613012345678", "1" * 40):
        answer = await look(counter, bad)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid"), bad
    answer = await look(counter, number, purpose="curiosity")
    assert (answer.status_code, answer.json()["code"]) == (400, "purpose-unknown")
    answer = await look(counter, number, "dealer-clerk", {"dealer": "d"}, purpose="counter-service")
    assert (answer.status_code, answer.json()["code"]) == (403, "purpose-not-permitted")


async def test_while_accounting_is_silent_the_last_copy_is_told_with_its_time(bench: Bench) -> None:
    """Settings of its own: nobody waits for a second."""
    async with bench.running(SERVICE, balance_seconds=0.3) as service, played(service) as accounting:
        counter = Counter(service)
        await counter.owners.catalogue()
        await counter.owners.customer()
        number = await counter.subscriber()
        accounting.silent = lambda task: task.name == "ask-balance"
        assert (await seen(counter, number))["account"] == {"missing": "accounting-not-answering"}
        accounting.silent = lambda _: False
        was = service.clock.now()
        assert (await seen(counter, number))["account"]["balance"]["value"] == 12.34
        service.clock.advance(timedelta(hours=2))
        accounting.silent = lambda task: task.name == "ask-balance"
        account = (await seen(counter, number))["account"]
        assert (account["balance"]["value"], account["missing"]) == (12.34, "accounting-not-answering")
        assert datetime.fromisoformat(account["at"]) == was
        (last,) = [task for task in accounting.seen if task.name == "ask-balance"][-1:]
        accounting.silent = lambda _: False
        service.clock.advance(timedelta(minutes=1))
        await accounting.answer(last)
        assert (await seen(counter, number))["account"].get("missing") is None
        await service.tick("forget-looks")


async def test_who_looks_too_often_has_to_wait_for_the_next_minute(bench: Bench) -> None:
    async with bench.running(SERVICE, looks_a_minute=3) as service, played(service):
        counter = Counter(service)
        await counter.owners.catalogue()
        await counter.owners.customer()
        number = await counter.subscriber()
        assert [(await look(counter, number)).status_code for _ in range(4)] == [200, 200, 200, 429]
        refused = await look(counter, number)
        assert refused.json()["code"] == "too-many-requests"
        assert 0 < int(refused.headers["Retry-After"]) <= 60
        assert (await look(counter, number, claims={"subject": "another"})).status_code == 200
        service.clock.advance(timedelta(minutes=1))
        assert (await look(counter, number)).status_code == 200
        service.clock.advance(timedelta(minutes=5))
        await service.tick("forget-looks")
        assert await service.db.fetchval("SELECT count(*) FROM look_counts") == 0
