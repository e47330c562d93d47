"""A copy that is not what it should be is rebuilt from what its owner has, and serves meanwhile."""

from libs.rebuilding.positions import committed, ends, reached
from libs.rebuilding.rebuilds import begin
from libs.rebuilding.snapshots import PAGE
from libs.rebuilding.tests.conftest import COPIES, Pair, ThingChanged
from libs.security.roles import SERVICE
from tests.engines import eventually


async def test_a_damaged_copy_is_whole_after_it(pair: Pair) -> None:
    await pair.change(*(f"thing-{i}" for i in range(30)))
    await pair.change("thing-5", "thing-6", suffix="+")
    await eventually(pair.whole)
    db = pair.copier.db
    await db.execute("DELETE FROM known_things WHERE id IN ('thing-1', 'thing-2')")
    await db.execute("UPDATE known_things SET version = 1, name = 'behind' WHERE id = 'thing-5'")
    await db.execute("UPDATE known_things SET name = 'wrong, at the same version' WHERE id = 'thing-6'")
    await db.execute("UPDATE known_things SET version = 99, name = 'ahead' WHERE id = 'thing-7'")
    await db.execute("UPDATE known_things SET deleted = true WHERE id = 'thing-8'")
    await db.execute(
        "INSERT INTO known_things VALUES ('ghost', 3, false, '{\"id\": \"ghost\"}', false, 'ghost')"
    )
    done = await pair.done((await pair.begin())["id"])
    assert await pair.owned() == await pair.copied()
    assert (done["records"], done["sent"], done["mended"], done["removed"]) == (30, 30, 1, 1)
    assert await db.fetchval("SELECT record ->> 'deleted' FROM known_things WHERE id = 'ghost'") == "true"
    assert not await db.fetchval("SELECT bool_or(doubted) FROM known_things")


async def test_more_than_a_page_is_republished_while_the_owner_goes_on(pair: Pair) -> None:
    names = [f"thing-{i:05d}" for i in range(2 * PAGE + 7)]
    await pair.change(*names)
    await eventually(pair.whole)
    await pair.copier.db.execute("DELETE FROM known_things WHERE id < 'thing-00900'")
    job = await pair.begin()
    for start in range(0, 1000, 100):
        await pair.change(*names[start : start + 100], f"later-{start}", suffix="+")
    await pair.done(job["id"])
    await eventually(pair.whole)


async def test_every_record_stays_to_be_seen_all_the_time(pair: Pair) -> None:
    names = [f"thing-{i:05d}" for i in range(PAGE + 1)]
    await pair.change(*names)
    await eventually(pair.whole)
    job = await pair.begin()
    seen: set[int] = set()

    async def done() -> bool:
        seen.add(len(await pair.copied()))
        return bool((await pair.seen(job["id"]))["state"] == "done")

    await eventually(done, 30, every=0.01)
    assert seen == {len(names)}


async def test_a_restart_of_either_goes_on_where_it_was(pair: Pair) -> None:
    await pair.change(*(f"thing-{i:05d}" for i in range(PAGE + 5)))
    await eventually(pair.whole)
    await pair.copier.db.execute("UPDATE known_things SET version = 0")
    job = await pair.begin()
    await pair.owner.restart()
    await pair.copier.restart()
    await pair.done(job["id"])
    assert await pair.owned() == await pair.copied()


async def test_an_owner_that_is_away_is_waited_for(pair: Pair) -> None:
    await pair.change("a", "b")
    await eventually(pair.whole)
    await pair.copier.db.execute("DELETE FROM known_things")
    pair.owner._bench._present[pair.owner.settings.topic_prefix].remove(pair.owner)
    job = await pair.begin()

    async def waits() -> bool:
        return "no service" in (await pair.seen(job["id"])).get("trouble", "")

    await eventually(waits)
    pair.owner._bench._present[pair.owner.settings.topic_prefix].append(pair.owner)
    assert "trouble" not in await pair.done(job["id"])
    assert await pair.owned() == await pair.copied()


async def test_an_owner_that_has_lost_the_job_is_asked_anew(pair: Pair) -> None:
    await pair.change("a", "b")
    await eventually(pair.whole)
    async with pair.copier.db.transaction() as tx:
        job = await begin(tx, "known_things", "somebody", pair.copier.clock.now())
        await tx.execute("UPDATE rebuilds SET state = 'republishing', snapshot = 'never-was'")
    await pair.done(job["id"])
    assert await pair.owned() == await pair.copied()


async def test_who_asks_while_one_is_under_way_gets_that_one(pair: Pair) -> None:
    # Both in transactions that end before a timer can have finished the first.
    async with pair.copier.db.transaction() as tx:
        first = await begin(tx, "known_things", "somebody", pair.copier.clock.now())
        second = await begin(tx, "known_things", "another", pair.copier.clock.now())
    assert (first["begun"], second["begun"], second["id"]) == (True, False, first["id"])
    await pair.done(first["id"])
    again = await pair.begin()
    assert again["id"] != first["id"]


async def test_asking_again_is_answered_with_what_is_under_way_as_the_document_says(pair: Pair) -> None:
    told = pair.copier.app.openapi()["paths"]["/api/copier/v1/rebuilds"]["post"]["responses"]
    shown = {"$ref": "#/components/schemas/Rebuild"}
    assert [told[status]["content"]["application/json"]["schema"] for status in ("200", "201")] == [shown] * 2


async def test_what_is_not_a_projection_or_a_kind_is_refused(pair: Pair) -> None:
    answer = await pair.copier.client.post(
        "/api/copier/v1/rebuilds", json={"projection": "things"}, headers=pair.copier.bearer("supervisor")
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "projection-unknown")
    answer = await pair.owner.client.post(
        "/api/owner/v1/snapshots", json={"kind": "nothing"}, headers=pair.owner.bearer(SERVICE)
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "kind-unknown")


async def test_of_a_kind_one_snapshot_at_most_waits(pair: Pair) -> None:
    async def ask() -> str:
        answer = await pair.owner.client.post(
            "/api/owner/v1/snapshots", json={"kind": "things"}, headers=pair.owner.bearer(SERVICE)
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    ids = {await ask() for _ in range(20)}

    async def sent() -> bool:
        states = await pair.owner.db.fetch("SELECT state, count(*) FROM snapshots GROUP BY state")
        return [row["state"] for row in states] == ["sent"]

    await eventually(sent)
    assert await pair.owner.db.fetchval("SELECT count(*) FROM snapshots") == len(ids)


async def test_an_event_between_looking_and_asking_has_the_last_word(pair: Pair) -> None:
    """A copy that was doubted, and that its owner changed before the answer about it came."""
    await pair.change("a")
    await eventually(pair.whole)
    async with pair.copier.db.transaction() as tx:
        await COPIES.doubt(tx, "", 10)
    (doubted,) = await COPIES.doubted(pair.copier.db, 10)
    await pair.change("a", suffix="+")
    await eventually(pair.whole)
    async with pair.copier.db.transaction() as tx:
        await COPIES.settle(tx, {doubted: ThingChanged(id="a", version=1, name="a")})
        await COPIES.settle(tx, {doubted: None})
    assert await pair.owned() == await pair.copied()


def test_a_group_has_read_far_enough_when_every_partition_is_there() -> None:
    assert reached({}, {})
    assert reached({0: 5, 1: 3}, {0: 7, 1: 3})
    assert not reached({0: 5, 1: 3}, {0: 7})


async def test_a_topic_is_read_when_the_group_has_committed_its_end(pair: Pair) -> None:
    settings = pair.copier.settings
    topic, group = settings.topic_prefix + "gd.owner.events", settings.topic_prefix + "gd.copier.main"
    assert await ends(settings.kafka, topic) == {}
    await pair.change(*(f"thing-{i}" for i in range(40)))
    await eventually(pair.whole)
    target = await ends(settings.kafka, topic)
    assert sum(target.values()) == 40
    assert not reached(target, await committed(settings.kafka, "nobody", topic))

    async def there() -> bool:
        return reached(target, await committed(settings.kafka, group, topic))

    await eventually(there)


async def test_what_is_not_taken_in_yet_is_waited_for(pair: Pair) -> None:
    """Nothing is asked for one by one that an event on its way will tell."""
    await pair.change(*(f"thing-{i}" for i in range(40)))
    await eventually(pair.whole)
    await pair.copier.db.execute("UPDATE known_things SET version = 0")
    done = await pair.done((await pair.begin())["id"])
    assert (done["sent"], done["mended"]) == (40, 0)
