"""Entries begin and end by the clock: what is told of customers follows, and so does the check of the owner."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from libs.ids import new_id
from services.customer.app import SERVICE
from services.customer.branches.tests.test_branches import GROUP, opening
from services.customer.lists import following
from services.customer.lists.tests.test_api import LIST, RED, identity
from services.customer.tasks.tests.test_messages import carry_out, outcome, task
from services.customer.tests.hall import Hall, created, credit_code, reasons, resident_id
from tests.engines import eventually

if TYPE_CHECKING:
    from tests.running import Bench

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
async def own_time(bench: "Bench") -> AsyncIterator[Hall]:
    """A service whose clock a test may move."""
    async with bench.running(SERVICE, "gd") as started:
        yield Hall(started)


def valid(hall: Hall, start: timedelta | None = None, end: timedelta | None = None) -> dict[str, Any]:
    now: datetime = hall.clock.now()
    dates = {"startDateTime": start, "endDateTime": end}
    return {"validFor": {name: (now + by).isoformat() for name, by in dates.items() if by is not None}}


async def followed(hall: Hall, id: str, name: str, expected: bool) -> None:
    """The facts say so, and an event has told it."""

    async def so() -> bool:
        facts = await hall.facts("customers", id)
        return bool(facts[name] is expected and (await hall.told(id, facts["version"]))[-1].data == facts)

    await eventually(so)


@pytest.mark.parametrize(("path", "name"), [(LIST, "blacklisted"), (RED, "redlisted")])
async def test_an_entry_begins_and_ends_though_nobody_touches_anything(
    own_time: Hall, path: str, name: str
) -> None:
    hall, number = own_time, resident_id()
    id, stranger = await hall.customer(await hall.individual(number)), await hall.customer()
    entry = created(await hall.post(path, identity(number) | valid(hall, DAY, 3 * DAY), "supervisor"))
    assert (await hall.facts("customers", id))[name] is False
    for passes, counts in ((2 * DAY, True), (2 * DAY, False)):
        hall.clock.advance(passes)
        await hall.service.tick("lists-in-force")
        await followed(hall, id, name, counts)
    assert (await hall.facts("customers", stranger))["version"] == 1
    assert (await hall.get(f"{path}/{entry}", "supervisor")).status_code == 200
    version = (await hall.facts("customers", id))["version"]
    await hall.service.tick("lists-in-force")
    assert (await hall.facts("customers", id))["version"] == version


async def test_an_entry_of_a_customer_ends(own_time: Hall) -> None:
    hall, id = own_time, await own_time.customer()
    body = {"customer": {"id": id}, "reason": "arrears"} | valid(hall, end=DAY)
    created(await hall.post(LIST, body, "supervisor"))
    await followed(hall, id, "blacklisted", True)
    hall.clock.advance(DAY)
    await hall.service.tick("lists-in-force")
    await followed(hall, id, "blacklisted", False)


async def test_more_than_a_batch_begins_at_one_moment(
    own_time: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "BATCH", 2)
    hall, ids = own_time, [await own_time.customer() for _ in range(5)]
    for id in ids:
        created(
            await hall.post(LIST, {"customer": {"id": id}, "reason": "x"} | valid(hall, DAY), "supervisor")
        )
    hall.clock.advance(DAY)
    await hall.service.tick("lists-in-force")
    for id in ids:
        await followed(hall, id, "blacklisted", True)


async def test_the_owners_check_goes_by_the_clock_and_waits_for_no_timer(own_time: Hall) -> None:
    hall, number = own_time, resident_id()
    customer = await hall.customer(await hall.individual(number))
    created(await hall.post(LIST, identity(number) | valid(hall, DAY, 2 * DAY), "supervisor"))
    for expected in ("done", "refused", "done"):
        (answer,) = await carry_out(
            hall, task(work_order=new_id(), account=new_id(), customer=customer, task_id=new_id())
        )
        found = outcome(answer)
        assert found == (expected, ["customer-blacklisted"] if expected == "refused" else [])
        hall.clock.advance(DAY)


async def test_a_customer_registered_after_the_start_is_told_of_it_in_the_end(own_time: Hall) -> None:
    hall, number = own_time, resident_id()
    party = await hall.individual(number)
    created(await hall.post(LIST, identity(number) | valid(hall, DAY), "supervisor"))
    hall.clock.advance(DAY)
    id = await hall.customer(party)
    await hall.service.tick("lists-in-force")
    await followed(hall, id, "blacklisted", True)
    later = await hall.customer(party)
    assert (await hall.facts("customers", later))["blacklisted"] is True


async def test_the_dates_are_shown_as_they_were_given(hall: Hall) -> None:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    dates = {"startDateTime": "2026-11-24T08:00:00+08:00", "endDateTime": "2027-11-24T08:00:00+08:00"}
    made = await hall.post(LIST, identity(resident_id()) | {"validFor": dates}, "supervisor")
    shown = (await hall.get(f"{LIST}/{created(made)}", "supervisor")).json()
    assert made.json() == shown
    assert datetime.fromisoformat(shown["validFor"]["startDateTime"]) == now
    assert shown["national"] is False
    open_ended = await hall.post(LIST, identity(resident_id()) | {"validFor": {}}, "supervisor")
    assert "validFor" not in open_ended.json()


@pytest.mark.parametrize("end", ["2026-11-24T08:00:00+08:00", "2026-11-23T08:00:00+08:00", "2026-11-25"])
async def test_an_entry_that_ends_before_it_begins_is_refused(hall: Hall, end: str) -> None:
    dates = {"startDateTime": "2026-11-24T08:00:00+08:00", "endDateTime": end}
    answer = await hall.post(LIST, identity(resident_id()) | {"validFor": dates}, "supervisor")
    assert (answer.status_code, reasons(answer)[0][0]) == (400, "invalid")
    assert await hall.db.fetchval("SELECT count(*) FROM list_entries") == 0


async def test_whose_entry_has_ended_may_be_listed_anew_and_nobody_twice_for_one_day(hall: Hall) -> None:
    number, customer = resident_id(), await hall.customer()
    for body in (identity(number), {"customer": {"id": customer}, "reason": "x"}):
        for dates, expected in (
            (valid(hall, -3 * DAY, -DAY), 201),
            (valid(hall, -DAY, DAY), 201),
            (valid(hall, timedelta(), 2 * DAY), 409),
            ({}, 409),
            (valid(hall, DAY), 201),
            (valid(hall, 2 * DAY, 3 * DAY), 409),
        ):
            assert (await hall.post(LIST, body | dates, "supervisor")).status_code == expected, dates


async def test_a_branch_is_listed_by_the_identity_of_headquarters_customer(hall: Hall) -> None:
    code = credit_code()
    digest = hall.service.runtime.cipher.digest("uscc", code)
    await carry_out(hall, opening(identityDigests=[digest]))
    body = {"identificationType": "uscc", "identificationId": code, "reason": "fraud"}
    entry = created(await hall.post(LIST, body, "supervisor"))
    assert (await hall.facts("customers", GROUP))["blacklisted"] is True
    asked = task(work_order=new_id(), account=new_id(), customer=GROUP)
    assert outcome((await carry_out(hall, asked))[0]) == ("refused", ["customer-blacklisted"])
    assert (await hall.delete(f"{LIST}/{entry}", "supervisor")).status_code == 204
    assert (await hall.facts("customers", GROUP))["blacklisted"] is False
