"""What may come on the topics between the tiers, and must do no harm."""

from typing import Any

from contracts.publications import ListedIdentity, ListsPublished, PublicationHeld
from libs.ids import new_id
from services.customer.lists.tests.test_api import LIST, identity
from services.customer.publishing.tests.conftest import DOWN, PUBLICATIONS, Tiers
from services.customer.tests.hall import Hall, created, resident_id
from tests.engines import eventually


async def test_an_older_page_changes_nothing(tiers: Tiers) -> None:
    number = resident_id()
    customer = await tiers.gd.customer(await tiers.gd.individual(number))
    entry = await tiers.list(number)
    await tiers.arrived()
    listed = next(
        one
        for one in await tiers.gd.service.topics.read(DOWN)
        if any(record["id"] == entry for record in one.data["records"])
    )
    page = ListsPublished.model_validate(listed.data)
    await put(tiers, page)
    assert (await tiers.gd.facts("customers", customer))["version"] == 2
    await tiers.unlist(entry)
    await tiers.arrived()
    await put(tiers, page)
    assert (await tiers.entry(entry)).status_code == 404
    assert await tiers.blacklisted(customer) is False
    assert (await tiers.copy(tiers.gd))["state"] == "current"


async def test_an_entry_of_the_province_itself_is_left_alone_and_the_conflict_is_shown(tiers: Tiers) -> None:
    own = created(await tiers.gd.post(LIST, identity(resident_id()), "supervisor"))
    before = (await tiers.entry(own)).json()
    position = (await tiers.copy(tiers.gd))["position"]
    strange = ListedIdentity(
        id=own,
        number=position + 1,
        digests=["k:d"],
        identification_type="passport",
        shown="E1***",
        reason="theirs",
        created=tiers.clock.now(),
        created_by="hq op-1",
    )
    at = tiers.clock.now()
    await put(
        tiers,
        ListsPublished(after=position, upto=position + 1, newest=position + 1, records=[strange], at=at),
    )
    conflict = {"record": own, "number": position + 1, "reason": "record-of-another"}

    async def told() -> bool:
        return (await tiers.copy(tiers.hq))["conflict"] == [conflict]

    await eventually(told)
    assert (await tiers.entry(own)).json() == before
    await tiers.pass_time(seconds=1)
    await tiers.list(resident_id())
    await tiers.arrived()


async def test_nobody_speaks_for_another_node(tiers: Tiers) -> None:
    await tiers.arrived()
    at, number = tiers.clock.now(), resident_id()
    customer = await tiers.gd.customer(await tiers.gd.individual(number))
    strange = ListedIdentity(
        id=new_id(),
        number=2**59,
        digests=tiers.gd.service.runtime.cipher.digests("resident-id", number),
        identification_type="resident-id",
        shown="440***",
        reason="fraud",
        created=at,
        created_by="bj op-1",
    )
    for hall, topic, data, source in (
        (tiers.hq, "bj.uplink.control", held("gd", at), "/gd/customer"),
        (tiers.hq, "bj.uplink.control", held("gd", at), "/bj/customer"),
        (tiers.gd, DOWN, ListsPublished(after=0, upto=1, newest=1, records=[strange], at=at), "/bj/customer"),
    ):
        before, copy = await letters(hall), await tiers.copy(tiers.gd)
        await hall.service.topics.put(topic, "x", data, source=source)
        await eventually(lambda hall=hall, before=before: more_letters(hall, before))
        reason = await hall.db.fetchval("SELECT detail FROM dead_letters ORDER BY id DESC LIMIT 1")
        assert reason.startswith("Spoofed")
        assert await tiers.copy(tiers.gd) == copy
    assert await tiers.blacklisted(customer) is False


async def test_what_a_province_says_of_another_publication_is_passed_over(tiers: Tiers) -> None:
    other = held("gd", tiers.clock.now(), publication="catalogue")
    topic, before = "gd.uplink.control", await tiers.copy(tiers.hq)
    id = await tiers.hq.service.topics.put(topic, "gd", other, source="/gd/product")
    await eventually(lambda: in_inbox(tiers.hq, id))
    after = await tiers.copy(tiers.hq)
    assert (after["position"], after["state"]) == (before["position"], before["state"])


async def test_a_province_that_never_spoke_is_awaited(tiers: Tiers) -> None:
    answer = await tiers.hq.get(PUBLICATIONS, "hq-operator", params={"limit": "100"})
    states = {one["node"]: (one["publication"], one["state"]) for one in answer.json()}
    assert len(states) == 31
    assert states["bj"] == ("lists", "awaited")


def held(node: str, at: Any, publication: Any = "lists") -> PublicationHeld:
    return PublicationHeld(node=node, publication=publication, position=1, at=at)


async def put(tiers: Tiers, page: ListsPublished) -> None:
    """A page comes, as from headquarters, and is taken in."""
    id = await tiers.gd.service.topics.put(DOWN, "lists", page, source="/hq/customer")
    await eventually(lambda: in_inbox(tiers.gd, id))


async def in_inbox(hall: Hall, id: str) -> bool:
    return bool(await hall.db.fetchval("SELECT EXISTS (SELECT FROM inbox WHERE ce_id = $1)", id))


async def letters(hall: Hall) -> int:
    return int(await hall.db.fetchval("SELECT count(*) FROM dead_letters"))


async def more_letters(hall: Hall, before: int) -> bool:
    return await letters(hall) > before
