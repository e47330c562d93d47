"""A branch follows headquarters' customer wherever it is held, and nowhere else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from contracts.customer_data import BranchesHeld, HeldBranch, NationalCustomerChanged, branch_of
from contracts.events import CustomerChanged
from contracts.tasks import Task
from libs.clock import ManualClock
from libs.ids import new_id
from libs.messaging.topics import downlink, results, tasks, uplink
from services.customer.app import SERVICE
from services.customer.branches import following
from services.customer.tasks.tests.test_messages import task
from services.customer.tests.hall import CUSTOMER, ORGANIZATION, Hall, credit_code
from tests.engines import eventually
from tests.running import Bench, random_mark

BRANCHES = "/api/customer/v1/branches"


@dataclass
class Tiers:
    """Headquarters, halls in Guangdong and Beijing, and the clock of all."""

    hq: Hall
    gd: Hall
    bj: Hall
    clock: ManualClock

    async def group(self, *agents: str) -> tuple[str, str]:
        """A national group at headquarters: customer and organization."""
        party = await self.hq.organization(credit_code(), *agents)
        customer = await self.hq.customer(
            party, "Organization", "supervisor", name="云帆集团", status="active"
        )
        return customer, party

    async def open(self, hall: Hall, customer: str) -> dict[str, Any]:
        """A branch in a province, as a child of a group order opens it; headquarters' facts of that moment."""
        known = await self.hq.facts("customers", customer)
        work = new_id()
        opening: Task = task(
            work_order=work,
            name="open-branch",
            task_id=f"{work}/1/open-branch/1/do",
            does=f"{work}/1/open-branch/1/do",
            node=hall.service.node,
            reply_to=results(hall.service.node, "order-acceptance"),
            input=branch_of(CustomerChanged.model_validate(known)).model_dump(mode="json", by_alias=True),
        )
        await hall.service.topics.put(tasks(hall.service.node, "customer"), work, opening)
        await self.current(hall, customer)
        return known

    async def branch(self, hall: Hall, customer: str) -> dict[str, Any] | None:
        """A province's branch, as headquarters' supervisor sees it."""
        asked = {"customer": customer, "node": hall.service.node}
        answer = await self.hq.get(BRANCHES, "supervisor", params=asked, area=None)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        return found[0] if found else None

    async def current(self, hall: Hall, customer: str) -> None:
        """Wait until headquarters knows that a province's branch is as new as its record."""

        async def is_current() -> bool:
            found = await self.branch(hall, customer)
            return found is not None and found["state"] == "current"

        await eventually(is_current)

    async def rename(self, party: str, customer: str, name: str) -> None:
        for path, body in (
            (f"{ORGANIZATION}/{party}", {"tradingName": name, "name": name}),
            (f"{CUSTOMER}/{customer}", {"name": name}),
        ):
            answer = await self.hq.patch(path, body, "supervisor", area=None)
            assert answer.status_code == 200, answer.text

    async def sent_to(self, hall: Hall, customer: str) -> int:
        """How many records of a customer headquarters has sent to a province."""
        there = await self.hq.service.topics.read(downlink(hall.service.node, "customer-data"))
        return sum(one.key == customer for one in there)


@asynccontextmanager
async def three_nodes(bench: Bench) -> AsyncIterator[Tiers]:
    prefix, clock = f"{random_mark()}.", ManualClock()
    given: dict[str, Any] = {"clock": clock, "topic_prefix": prefix}
    async with (
        bench.running(SERVICE, "hq", **given) as hq,
        bench.running(SERVICE, "gd", **given) as gd,
        bench.running(SERVICE, "bj", **given) as bj,
    ):
        yield Tiers(Hall(hq), Hall(gd), Hall(bj), clock)
    await bench.remove_topics(prefix)


@pytest.fixture(scope="module")
async def tiers(bench: Bench) -> AsyncIterator[Tiers]:
    async with three_nodes(bench) as made:
        yield made


async def test_a_group_that_is_renamed_is_renamed_where_it_has_a_branch_and_nowhere_else(
    tiers: Tiers,
) -> None:
    customer, party = await tiers.group()
    await tiers.open(tiers.gd, customer)
    await tiers.rename(party, customer, "云帆控股")
    await tiers.current(tiers.gd, customer)
    assert (await tiers.gd.facts("customers", customer))["name"] == "云帆控股"
    shown = (await tiers.gd.get(f"{CUSTOMER}/{customer}")).json()
    assert (shown["name"], shown["engagedParty"]["name"]) == ("云帆控股", "云帆控股")
    assert await tiers.branch(tiers.bj, customer) is None
    assert await tiers.sent_to(tiers.bj, customer) == 0
    assert (await tiers.bj.get(f"{CUSTOMER}/{customer}")).status_code == 404


async def test_an_agent_who_left_the_group_counts_in_no_province_any_more(tiers: Tiers) -> None:
    first, second = await tiers.hq.individual(), await tiers.hq.individual()
    customer, party = await tiers.group(first)
    before = await tiers.open(tiers.gd, customer)
    await tiers.open(tiers.bj, customer)
    agents = {"relatedParty": [{"id": second, "role": "agent", "@referredType": "Individual"}]}
    answer = await tiers.hq.patch(f"{ORGANIZATION}/{party}", agents, "supervisor", area=None)
    assert answer.status_code == 200, answer.text
    now = await tiers.hq.facts("customers", customer)
    assert now["agentDigests"] != before["agentDigests"]
    for hall in (tiers.gd, tiers.bj):
        await tiers.current(hall, customer)
        facts = await hall.facts("customers", customer)
        assert (facts["agentDigests"], facts["identityDigests"]) == (
            now["agentDigests"],
            now["identityDigests"],
        )


async def test_what_was_lost_on_the_way_comes_when_the_province_says_what_it_holds(tiers: Tiers) -> None:
    customer, party = await tiers.group()
    await tiers.open(tiers.gd, customer)
    # As if the record that is sent now never arrived: headquarters knows of no branch when it changes.
    await tiers.hq.db.execute("DELETE FROM branch_holders WHERE customer = $1", customer)
    await tiers.rename(party, customer, "云帆二号")
    newest = (await tiers.hq.facts("customers", customer))["version"]
    events = "hq.customer.events"
    await tiers.hq.service.topics.wait(
        events, where=lambda one: one.key == customer and one.data["version"] == newest
    )
    assert (await tiers.gd.facts("customers", customer))["name"] == "云帆集团"
    tiers.clock.advance(timedelta(hours=1))
    await tiers.gd.service.tick("tell-branches")
    await tiers.current(tiers.gd, customer)
    assert (await tiers.gd.facts("customers", customer))["name"] == "云帆二号"


async def test_after_an_earlier_day_of_headquarters_its_next_word_is_newer_than_any_branch(
    tiers: Tiers,
) -> None:
    customer, party = await tiers.group()
    await tiers.open(tiers.gd, customer)
    held = await tiers.gd.db.fetchval("SELECT version FROM branches WHERE customer = $1", customer)
    # Headquarters' database was put back: the province has what headquarters has forgotten.
    await tiers.gd.db.execute("UPDATE branches SET version = version + 5 WHERE customer = $1", customer)
    await tiers.gd.service.tick("tell-branches")

    async def overtaken() -> bool:
        return int((await tiers.hq.facts("customers", customer))["version"]) > held + 5

    await eventually(overtaken)
    await tiers.current(tiers.gd, customer)
    await tiers.rename(party, customer, "云帆三号")
    await tiers.current(tiers.gd, customer)
    assert (await tiers.gd.facts("customers", customer))["name"] == "云帆三号"


async def test_an_older_record_that_comes_late_changes_nothing(tiers: Tiers) -> None:
    customer, party = await tiers.group()
    old = await tiers.open(tiers.gd, customer)
    await tiers.rename(party, customer, "云帆四号")
    await tiers.current(tiers.gd, customer)
    version = (await tiers.gd.facts("customers", customer))["version"]
    late = NationalCustomerChanged(
        record=branch_of(CustomerChanged.model_validate(old)), at=tiers.clock.now()
    )
    await tiers.gd.service.topics.put(
        downlink("gd", "customer-data"), customer, late, source="/hq/customer", time=tiers.clock.now()
    )
    answers = uplink("gd", "customer-data")
    said = len(await tiers.gd.service.topics.read(answers))
    await tiers.gd.service.topics.wait(answers, said)
    await taken_in(tiers.gd, "unicrm.customer.national-changed.v1")
    facts = await tiers.gd.facts("customers", customer)
    assert (facts["version"], facts["name"]) == (version, "云帆四号")


async def test_only_headquarters_speaks_of_its_customers_and_a_province_only_of_its_own_branches(
    tiers: Tiers,
) -> None:
    customer, _ = await tiers.group()
    known = await tiers.open(tiers.gd, customer)
    facts = await tiers.gd.facts("customers", customer)
    newer = branch_of(CustomerChanged.model_validate(known | {"version": 99, "name": "false"}))
    await tiers.gd.service.topics.put(
        downlink("gd", "customer-data"),
        customer,
        NationalCustomerChanged(record=newer, at=tiers.clock.now()),
        source="/bj/customer",
        time=tiers.clock.now(),
    )
    await dead(tiers.gd, "unicrm.customer.national-changed.v1")
    assert await tiers.gd.facts("customers", customer) == facts
    said = BranchesHeld(node="gd", branches=[HeldBranch(customer=customer, version=99)], at=tiers.clock.now())
    await tiers.hq.service.topics.put(
        uplink("bj", "customer-data"), "gd", said, source="/bj/customer", time=tiers.clock.now()
    )
    await dead(tiers.hq, "unicrm.branches.held.v1")
    assert (await tiers.hq.facts("customers", customer))["version"] == known["version"]


async def test_a_group_with_a_branch_in_a_province_is_not_deleted(tiers: Tiers) -> None:
    party = await tiers.hq.organization(credit_code())
    customer = await tiers.hq.customer(party, "Organization", "supervisor", name="x", status="initialized")
    await tiers.open(tiers.gd, customer)
    answer = await tiers.hq.delete(f"{CUSTOMER}/{customer}", "supervisor", area=None)
    assert (answer.status_code, answer.json()["code"]) == (409, "not-deletable")


async def test_a_province_says_all_that_it_holds_in_pages(
    tiers: Tiers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "MOST_BRANCHES", 2)
    groups = [(await tiers.group())[0] for _ in range(5)]
    for customer in groups:
        await tiers.open(tiers.bj, customer)
    await tiers.hq.db.execute("DELETE FROM branch_holders WHERE node = 'bj'")
    await tiers.bj.service.tick("tell-branches")
    for customer in groups:
        await tiers.current(tiers.bj, customer)


async def test_operators_see_where_branches_are_and_how_new(tiers: Tiers) -> None:
    customer, _ = await tiers.group()
    known = await tiers.open(tiers.gd, customer)
    (own,) = (await tiers.gd.get(BRANCHES, "supervisor", params={"customer": customer}, area=None)).json()
    assert (own["id"], own["state"], own["version"]) == (f"{customer}.gd", "held", known["version"])
    assert "newest" not in own
    there = await tiers.branch(tiers.gd, customer)
    assert there is not None
    assert (there["version"], there["newest"]) == (known["version"], known["version"])
    for asked, count in (({"state": "behind"}, 0), ({"state": "current"}, 1), ({"node": "bj"}, 0)):
        answer = await tiers.hq.get(BRANCHES, "auditor", params={"customer": customer} | asked, area=None)
        assert (len(answer.json()), answer.headers["X-Total-Count"]) == (count, str(count))
    page = await tiers.hq.get(BRANCHES, "hq-operator", params={"limit": "1"}, area=None)
    assert (len(page.json()), int(page.headers["X-Total-Count"]) > 1) == (1, True)


async def taken_in(hall: Hall, type: str) -> None:
    """Wait until every message of a type that lies on the downlink has been taken in."""
    topic = downlink(hall.service.node, "customer-data")
    ids = [one.id for one in await hall.service.topics.read(topic) if one.type == type]

    async def all_there() -> bool:
        count = await hall.db.fetchval("SELECT count(*) FROM inbox WHERE ce_id = ANY($1::text[])", ids)
        return bool(count == len(ids))

    await eventually(all_there)


async def dead(hall: Hall, type: str) -> None:
    async def is_there() -> bool:
        return bool(
            await hall.db.fetchval("SELECT EXISTS (SELECT FROM dead_letters WHERE ce_type = $1)", type)
        )

    await eventually(is_there)
