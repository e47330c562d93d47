"""A province's branch of a national group: opened by a task, told, never older than headquarters' record."""

from typing import Any

import pytest

from contracts.customer_data import BranchesHeld
from contracts.tasks import Task
from libs.ids import new_id
from services.customer.tasks.messages import on_tasks
from services.customer.tasks.tests.test_messages import carry_out, message, outcome, task
from services.customer.tests.hall import CUSTOMER, ORGANIZATION, Hall

GROUP, PARTY = "group-1", "party-1"


def opening(version: int = 1, *, work_order: str | None = None, **given: Any) -> Task:
    snapshot = {
        "customer": GROUP,
        "version": version,
        "party": PARTY,
        "name": "云帆集团",
        "status": "active",
        "identityDigests": ["d-company"],
        "agentDigests": ["d-agent"],
        "level": "gold",
        "area": "020",
    }
    work = work_order or new_id()
    return task(
        work_order=work,
        name="open-branch",
        task_id=f"{work}/1/open-branch/1/do",
        does=f"{work}/1/open-branch/1/do",
        input=snapshot | given,
    )


async def test_a_branch_is_headquarters_customer_with_its_identities_and_agents(hall: Hall) -> None:
    (done,) = await carry_out(hall, opening())
    assert (outcome(done), done.output) == (("done", []), {"customer": GROUP})
    told = await hall.facts("customers", GROUP)
    assert (told["kind"], told["name"], told["party"]) == ("organization", "云帆集团", PARTY)
    assert (told["identityDigests"], told["agentDigests"]) == (["d-company"], ["d-agent"])
    shown = (await hall.get(f"{CUSTOMER}/{GROUP}")).json()
    assert (shown["name"], shown["engagedParty"]["id"], shown["status"]) == ("云帆集团", PARTY, "active")
    assert (await hall.get(f"{ORGANIZATION}/{PARTY}")).json()["name"] == "云帆集团"


async def test_headquarters_is_told_of_the_branch_and_how_new_it_is(hall: Hall) -> None:
    async with hall.service.runtime.unit() as work:
        await on_tasks(work, [message(one) for one in (opening(2), opening(3), opening(2))])
        told = [one for one in work.outgoing if isinstance(one.data, BranchesHeld)]
    (one,) = told
    assert (one.topic, one.key, one.data.node) == ("gd.uplink.customer-data", "gd", "gd")
    assert [(held.customer, held.version) for held in one.data.branches] == [(GROUP, 3)]


async def test_many_children_of_one_group_open_it_once(hall: Hall) -> None:
    done = await carry_out(hall, *(opening() for _ in range(5)))
    assert [outcome(one) for one in done] == [("done", [])] * 5
    assert await hall.db.fetchval("SELECT count(*) FROM branches") == 1
    assert (await hall.facts("customers", GROUP))["version"] == 1


async def test_a_newer_snapshot_renews_it_and_an_older_one_changes_nothing(hall: Hall) -> None:
    await carry_out(hall, opening(2))
    await carry_out(hall, opening(3, name="云帆控股", agentDigests=["d-other"]))
    await carry_out(hall, opening(1, name="old"))
    told = await hall.facts("customers", GROUP)
    assert (told["name"], told["agentDigests"]) == ("云帆控股", ["d-other"])
    assert await hall.db.fetchval("SELECT version FROM branches") == 3


async def test_a_customer_of_the_provinces_own_is_not_taken_over(hall: Hall) -> None:
    own = await hall.customer()
    (refused,) = await carry_out(hall, opening(customer=own))
    assert outcome(refused) == ("refused", ["customer-taken"])
    assert await hall.db.fetchval("SELECT count(*) FROM branches") == 0


@pytest.mark.parametrize("path", [f"{CUSTOMER}/{GROUP}", f"{ORGANIZATION}/{PARTY}"])
async def test_a_province_does_not_write_what_is_headquarters(hall: Hall, path: str) -> None:
    await carry_out(hall, opening())
    before = (await hall.get(path)).json()
    answer = await hall.ask("PATCH", path, {"name": "ours"}, role="supervisor")
    assert (answer.status_code, answer.json()["code"]) == (409, "national-record"), answer.text
    assert (await hall.get(path)).json() == before


async def test_what_is_no_snapshot_is_refused(hall: Hall) -> None:
    (refused,) = await carry_out(hall, opening(version=0))
    assert outcome(refused) == ("refused", ["task-invalid"])
