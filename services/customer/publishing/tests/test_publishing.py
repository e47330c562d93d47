"""An identity that headquarters lists is listed in every province, as long as headquarters says."""

import asyncio
from datetime import timedelta

import pytest

from libs.ids import new_id
from libs.publishing import declaration
from services.customer.lists.tests.test_api import LIST, RED, identity
from services.customer.publishing.tests.conftest import DOWN, Tiers
from services.customer.tests.hall import created, reasons, resident_id


async def test_who_is_listed_at_headquarters_is_refused_in_a_province(tiers: Tiers) -> None:
    number = resident_id()
    party = await tiers.gd.individual(number)
    known, stranger = await tiers.gd.customer(party), await tiers.gd.customer()
    entry = await tiers.list(number)
    await tiers.arrived()
    later = await tiers.gd.customer(party)
    for id, expected in ((known, True), (later, True), (stranger, False)):
        assert await tiers.blacklisted(id) is expected
    comes_later = resident_id()
    await tiers.list(comes_later)
    await tiers.arrived()
    new = await tiers.gd.customer(await tiers.gd.individual(comes_later))
    assert await tiers.blacklisted(new) is True

    shown, there = (
        (await tiers.entry(entry)).json(),
        (await tiers.hq.get(f"{LIST}/{entry}", "auditor")).json(),
    )
    assert shown["national"] is there["national"] is True
    assert shown | {"href": ""} == there | {"href": ""}
    assert shown["href"].startswith("http://gd.unicrm.test/")
    assert number not in await tiers.gd.everything_stored()
    assert number not in await tiers.hq.everything_stored()


async def test_customers_registered_while_the_list_arrives_are_told_of_it(tiers: Tiers) -> None:
    number = resident_id()
    party = await tiers.gd.individual(number)
    entry = await tiers.list(number)
    arriving = asyncio.create_task(tiers.arrived())
    made = await asyncio.gather(*(tiers.gd.customer(party) for _ in range(8)))
    await arriving
    assert (await tiers.entry(entry)).status_code == 200
    for id in made:
        assert await tiers.blacklisted(id) is True


async def test_what_headquarters_takes_off_the_list_counts_nowhere_any_more(tiers: Tiers) -> None:
    number = resident_id()
    customer = await tiers.gd.customer(await tiers.gd.individual(number))
    entry = await tiers.list(number)
    await tiers.arrived()
    await tiers.unlist(entry)
    await tiers.arrived()
    assert await tiers.blacklisted(customer) is False
    for hall in (tiers.hq, tiers.gd):
        assert (await hall.get(f"{LIST}/{entry}", "supervisor")).status_code == 404
        listed = await hall.get(LIST, "supervisor", params={"limit": "100"})
        assert entry not in {one["id"] for one in listed.json()}
    again = await tiers.list(number)
    await tiers.arrived()
    assert again != entry
    assert await tiers.blacklisted(customer) is True


async def test_what_was_listed_and_removed_meanwhile_arrives_as_removed(tiers: Tiers) -> None:
    number = resident_id()
    customer = await tiers.gd.customer(await tiers.gd.individual(number))
    await tiers.unlist(await tiers.list(number))
    await tiers.arrived()
    assert (await tiers.gd.facts("customers", customer))["blacklisted"] is False


async def test_a_national_entry_begins_and_ends_in_a_province_by_the_clock(tiers: Tiers) -> None:
    number, now = resident_id(), tiers.clock.now()
    customer = await tiers.gd.customer(await tiers.gd.individual(number))
    dates = {
        "startDateTime": (now + timedelta(days=1)).isoformat(),
        "endDateTime": (now + timedelta(days=3)).isoformat(),
    }
    entry = await tiers.list(number, validFor=dates)
    await tiers.arrived()
    assert (await tiers.entry(entry)).json()["validFor"]
    assert await tiers.blacklisted(customer) is False
    for expected in (True, False):
        await tiers.pass_time(days=2)
        assert await tiers.blacklisted(customer) is expected
    assert (await tiers.entry(entry)).status_code == 200


async def test_a_province_does_not_remove_what_is_national(tiers: Tiers) -> None:
    number = resident_id()
    customer = await tiers.gd.customer(await tiers.gd.individual(number))
    entry = await tiers.list(number)
    await tiers.arrived()
    answer = await tiers.gd.delete(f"{LIST}/{entry}", "supervisor")
    assert (answer.status_code, answer.json()["code"]) == (409, "national-record")
    assert await tiers.blacklisted(customer) is True


@pytest.mark.parametrize("first", ["national", "local"])
async def test_an_entry_of_the_province_stands_beside_the_national_one(tiers: Tiers, first: str) -> None:
    number = resident_id()
    customer = await tiers.gd.customer(await tiers.gd.individual(number))
    own = ""
    if first == "local":
        own = created(await tiers.gd.post(LIST, identity(number), "supervisor"))
    entry = await tiers.list(number)
    await tiers.arrived()
    if first == "national":
        own = created(await tiers.gd.post(LIST, identity(number), "supervisor"))
    for hall, role in ((tiers.hq, "hq-operator"), (tiers.gd, "supervisor")):
        twice = await hall.post(LIST, identity(number), role)
        assert (twice.status_code, twice.json()["code"]) == (409, "already-listed")
    assert (await tiers.gd.get(f"{LIST}/{own}", "supervisor")).json()["national"] is False
    await tiers.unlist(entry)
    await tiers.arrived()
    assert await tiers.blacklisted(customer) is True
    assert (await tiers.gd.delete(f"{LIST}/{own}", "supervisor")).status_code == 204
    assert await tiers.blacklisted(customer) is False


async def test_customers_and_the_redlist_stay_at_headquarters(tiers: Tiers) -> None:
    customer = await tiers.hq.customer()
    number = resident_id()
    own = created(await tiers.hq.post(LIST, {"customer": {"id": customer}, "reason": "x"}, "hq-operator"))
    protected = created(await tiers.hq.post(RED, identity(number), "supervisor"))
    published = await tiers.list(resident_id())
    await tiers.arrived()
    assert (await tiers.entry(published)).status_code == 200
    for path, id in ((LIST, own), (RED, protected)):
        assert (await tiers.hq.get(f"{path}/{id}", "supervisor")).json()["national"] is False
        assert (await tiers.gd.get(f"{path}/{id}", "supervisor")).status_code == 404
    said = [one.data for one in await tiers.gd.service.topics.read(DOWN)]
    ids = {record["id"] for page in said for record in page["records"]}
    assert ids.isdisjoint({own, protected})


async def test_what_headquarters_listed_before_there_was_a_publication_is_published(tiers: Tiers) -> None:
    number, id = resident_id(), new_id()
    await tiers.hq.db.execute(
        """INSERT INTO list_entries (id, list, digests, identification_type, shown, reason, created, created_by)
           VALUES ($1, 'blacklist', $2, 'resident-id', '440***', 'fraud', $3, 'hq op-1')""",
        id,
        tiers.hq.service.runtime.cipher.digests("resident-id", number),
        tiers.clock.now(),
    )
    await tiers.arrived()
    customer = await tiers.gd.customer(await tiers.gd.individual(number))
    assert await tiers.blacklisted(customer) is True
    assert (await tiers.hq.get(f"{LIST}/{id}", "auditor")).json()["national"] is True


async def test_more_than_a_page_arrives_page_by_page(tiers: Tiers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(declaration, "PAGE_BYTES", 1)
    numbers = [resident_id() for _ in range(4)]
    entries = [await tiers.list(number) for number in numbers]
    await tiers.unlist(entries[0])
    await tiers.arrived()
    statuses = [(await tiers.entry(entry)).status_code for entry in entries]
    assert statuses == [404, 200, 200, 200]


async def test_who_writes_where(tiers: Tiers) -> None:
    for hall, path, role, claims, expected in (
        (tiers.hq, LIST, "hq-operator", {}, 201),
        (tiers.hq, LIST, "supervisor", {}, 201),
        (tiers.hq, LIST, "hall-clerk", {}, 403),
        (tiers.hq, LIST, "hq-operator", {"area_bound": True}, 403),
        (tiers.hq, RED, "hq-operator", {}, 403),
        (tiers.gd, LIST, "supervisor", {}, 201),
        (tiers.gd, LIST, "supervisor", {"area_bound": True}, 403),
        (tiers.gd, LIST, "hq-operator", {"issuer": "hq"}, 403),
        (tiers.gd, RED, "hq-operator", {"issuer": "hq"}, 403),
    ):
        answer = await hall.post(path, identity(resident_id()), role, **claims)
        assert answer.status_code == expected, (hall.service.node, path, role, answer.text)
        if expected == 403:
            assert [code for code, _ in reasons(answer)] == ["forbidden"]
    own = created(await tiers.gd.post(LIST, identity(resident_id()), "supervisor"))
    refused = await tiers.gd.delete(f"{LIST}/{own}", "hq-operator", issuer="hq")
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert (await tiers.gd.get(f"{LIST}/{own}", "hq-operator", issuer="hq")).status_code == 200
