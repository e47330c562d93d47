import asyncio
from datetime import timedelta

import pytest

from services.resource.tests.counter import RESERVATIONS, Counter

TWENTY = [f"130004088{n:02d}" for n in range(20)]


async def test_a_number_is_chosen_by_pattern_and_held(counter: Counter) -> None:
    await counter.numbers("13000401234", "13000408812", "13100408812")
    answer = await counter.reserve("130????88*", minutes=30)
    assert answer.status_code == 201
    body = answer.json()
    assert [one["value"] for one in body["resource"]] == ["13000408812"]
    assert set(body) == {"id", "resource", "validUntil"}
    assert body["validUntil"] == (counter.clock.now() + timedelta(minutes=30)).isoformat()
    assert answer.headers["location"].endswith(f"{RESERVATIONS}/{body['id']}")
    assert await counter.state("msisdn", "13000408812") == "reserved"
    assert await counter.state("msisdn", "13000401234") == "free"


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*8888", ["13000408888"]),
        ("*2345*", ["13002345000"]),
        ("186*", ["18600000000"]),
        ("1?0????????", ["13000408888", "13002345000"]),
        ("*", ["13000408888", "13002345000", "18600000000"]),
    ],
)
async def test_every_kind_of_pattern_finds_what_fits(
    counter: Counter, pattern: str, found: list[str]
) -> None:
    await counter.numbers("13000408888", "13002345000", "18600000000")
    body = (await counter.reserve(pattern, len(found))).json()
    assert [one["value"] for one in body["resource"]] == found
    assert (await counter.reserve(pattern, 1)).json()["code"] == "number-not-available"


async def test_filters_narrow_a_pick(counter: Counter) -> None:
    await counter.numbers("13000400001", network="lte")
    await counter.numbers("13000400002", network="nr")
    await counter.numbers("13000400003", network="nr", area="0755")
    body = (await counter.reserve("*", network="nr", area="0755")).json()
    assert [one["value"] for one in body["resource"]] == ["13000400003"]
    assert (await counter.reserve("*", **{"class": "premium"})).status_code == 409
    assert (await counter.reserve("*", **{"class": "ordinary"})).status_code == 201


async def test_cards_are_picked_by_kind(counter: Counter) -> None:
    await counter.cards(1, kind="blank")
    (esim,) = await counter.cards(2, kind="esim")
    answer = await counter.post(RESERVATIONS, {"pick": {"category": "sim", "kind": "esim"}})
    assert [one["value"] for one in answer.json()["resource"]] == [esim]
    again = await counter.post(RESERVATIONS, {"pick": {"category": "sim", "kind": "esim"}})
    assert (again.status_code, again.json()["code"]) == (409, "card-not-available")


async def test_all_that_is_wanted_or_nothing(counter: Counter) -> None:
    await counter.numbers(*TWENTY[:3])
    assert (await counter.reserve("*", 4)).status_code == 409
    assert {await counter.state("msisdn", one) for one in TWENTY[:3]} == {"free"}
    assert await counter.db.fetchval("SELECT count(*) FROM reservations") == 0


async def test_nothing_is_held_by_two_however_many_ask_at_once(counter: Counter) -> None:
    """200 picks at the same moment, of patterns that overlap, for 100 numbers: each number goes to one of them."""
    stock = [f"1300040{n:04d}" for n in range(100)]
    await counter.numbers(*stock)
    wishes = [("1300040*", 1), ("*", 2), ("*5?", 1), ("13000400???", 3), ("*00*", 1)] * 40
    answers = await asyncio.gather(
        *(counter.reserve(pattern, count, subject=f"op-{n}") for n, (pattern, count) in enumerate(wishes))
    )
    assert {answer.status_code for answer in answers} <= {201, 409}
    held = [one["value"] for a in answers if a.status_code == 201 for one in a.json()["resource"]]
    assert len(held) == len(set(held)), "a number was given twice"
    rows = await counter.db.fetch(
        "SELECT value, reservation FROM resources WHERE state = 'reserved' ORDER BY value"
    )
    assert [row["value"] for row in rows] == sorted(held)
    # Whoever wanted one number of any kind got it while there were any: what is left fits nobody who was refused.
    left = set(stock) - set(held)
    refused = {wish for wish, answer in zip(wishes, answers, strict=True) if answer.status_code == 409}
    assert not left or ("*", 2) not in refused or len(left) < 2
    assert not left or ("1300040*", 1) not in refused


async def test_named_resources_are_held_together_numbers_and_cards(counter: Counter) -> None:
    (number,) = await counter.numbers("13000400001")
    (card,) = await counter.cards(7)
    card_id = await counter.db.fetchval("SELECT id FROM resources WHERE value = $1", card)
    body = {"resource": [{"id": number}, {"id": card_id}], "validMinutes": 5}
    answer = await counter.post(RESERVATIONS, body)
    assert answer.status_code == 201
    assert {one["value"] for one in answer.json()["resource"]} == {"13000400001", card}
    assert await counter.state("sim", card) == "reserved"


async def test_the_same_named_number_is_held_by_one_of_many(counter: Counter) -> None:
    (number,) = await counter.numbers("13000400001")
    body = {"resource": [{"id": number}]}
    answers = await asyncio.gather(*(counter.post(RESERVATIONS, body, subject=f"op-{n}") for n in range(20)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19


async def test_everything_that_is_wrong_with_named_resources_is_said(counter: Counter) -> None:
    ids = await counter.numbers("13000400001", "13000400002")
    await counter.post(RESERVATIONS, {"resource": [{"id": ids[0]}]})
    body = {"resource": [{"id": one} for one in (ids[0], "nowhere", ids[1])]}
    answer = await counter.post(RESERVATIONS, body)
    assert answer.status_code == 400
    assert [(one["code"], one["path"]) for one in answer.json()["reasons"]] == [
        ("resource-unknown", "resource[1].id"),
        ("number-not-available", "resource[0].id"),
    ]
    assert await counter.state("msisdn", "13000400002") == "free"


async def test_a_reservation_ends_by_itself(counter: Counter) -> None:
    await counter.numbers("13000400001")
    held = (await counter.reserve(minutes=10)).json()
    counter.clock.advance(timedelta(minutes=9))
    await counter.service.tick("expire")
    assert await counter.state("msisdn", "13000400001") == "reserved"
    counter.clock.advance(timedelta(minutes=1))
    assert (await counter.get(f"{RESERVATIONS}/{held['id']}")).status_code == 404
    await counter.service.tick("expire")
    assert await counter.state("msisdn", "13000400001") == "free"


async def test_an_ended_reservation_stands_in_nobodys_way_before_it_is_swept(counter: Counter) -> None:
    (number,) = await counter.numbers("13000400001")
    await counter.reserve(minutes=1)
    counter.clock.advance(timedelta(minutes=1))
    named = await counter.post(RESERVATIONS, {"resource": [{"id": number}], "validMinutes": 1}, subject="b")
    assert named.status_code == 201
    counter.clock.advance(timedelta(minutes=1))
    assert (await counter.reserve(subject="c")).status_code == 201


async def test_the_sweep_frees_any_number_of_ended_reservations(counter: Counter) -> None:
    digits = [f"1300041{n:04d}" for n in range(2_500)]
    await counter.numbers(*digits)
    await counter.db.execute(
        "UPDATE resources SET state = 'reserved', reservation = 'r', until = $1", counter.clock.now()
    )
    await counter.service.tick("expire")
    assert await counter.db.fetchval("SELECT count(*) FROM resources WHERE state <> 'free'") == 0
    assert await counter.state("msisdn", digits[0]) == "free"


async def test_a_number_that_has_rested_is_free(counter: Counter) -> None:
    await counter.numbers("13000400001", state="cooling")
    until = counter.clock.now() + timedelta(days=90)
    await counter.db.execute("UPDATE resources SET until = $1", until)
    await counter.service.tick("expire")
    assert await counter.state("msisdn", "13000400001") == "cooling"
    counter.clock.advance(timedelta(days=90))
    await counter.service.tick("expire")
    assert await counter.state("msisdn", "13000400001") == "free"


async def test_what_is_given_back_is_free_at_once_and_the_reservation_gone(counter: Counter) -> None:
    await counter.numbers("13000400001")
    held = (await counter.reserve()).json()
    path = f"{RESERVATIONS}/{held['id']}"
    shown = (await counter.get(path)).json()
    assert shown == held
    assert (await counter.delete(path)).status_code == 204
    assert await counter.state("msisdn", "13000400001") == "free"
    assert (await counter.get(path)).status_code == 404
    assert (await counter.delete(path)).status_code == 404


async def test_a_reservation_belongs_to_its_actor(counter: Counter) -> None:
    await counter.numbers("13000400001")
    held = (await counter.reserve()).json()
    path = f"{RESERVATIONS}/{held['id']}"
    assert (await counter.get(path, subject="somebody-else")).status_code == 404
    assert (await counter.delete(path, subject="somebody-else")).status_code == 404
    # The same name in headquarters' books is another person.
    assert (await counter.get(path, "supervisor", subject="hall-clerk-1", issuer="hq")).status_code == 404
    assert await counter.state("msisdn", "13000400001") == "reserved"


async def test_a_reservation_remembers_where_it_was_made(counter: Counter) -> None:
    await counter.numbers("13000400001")
    await counter.post(
        RESERVATIONS, {"pick": {"category": "msisdn"}}, subject="op-7", hall="gd-hall-9", area="020"
    )
    row = await counter.db.fetchrow("SELECT * FROM reservations")
    assert row is not None
    assert (row["actor"], row["node"], row["channel"], row["hall"], row["area_of_act"]) == (
        "op-7",
        "gd",
        "hall",
        "gd-hall-9",
        "020",
    )


async def test_whoever_is_bound_to_an_area_gets_and_sees_only_its_stock(counter: Counter) -> None:
    await counter.numbers("13000400001", area="0755")
    await counter.numbers("13000400002", area="020")
    bound = {"area": "020", "area_bound": True}
    body = (await counter.post(RESERVATIONS, {"pick": {"category": "msisdn"}}, **bound)).json()
    assert [one["value"] for one in body["resource"]] == ["13000400002"]
    elsewhere = {"pick": {"category": "msisdn", "area": "0755"}}
    assert (await counter.post(RESERVATIONS, elsewhere, **bound)).status_code == 409
    other = await counter.db.fetchval("SELECT id FROM resources WHERE area = '0755'")
    unseen = await counter.post(RESERVATIONS, {"resource": [{"id": other}]}, **bound)
    assert (unseen.status_code, unseen.json()["code"]) == (400, "resource-unknown")


async def test_the_same_request_again_reserves_nothing_new(counter: Counter) -> None:
    await counter.numbers("13000400001", "13000400002")
    body = {"pick": {"category": "msisdn"}}
    first = await counter.post(RESERVATIONS, body, key="k-1")
    again = await counter.post(RESERVATIONS, body, key="k-1")
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["location"] == first.headers["location"]
    assert await counter.db.fetchval("SELECT count(*) FROM resources WHERE state = 'reserved'") == 1
    other = await counter.post(RESERVATIONS, {"pick": {"category": "msisdn", "count": 2}}, key="k-1")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency-key-reused")


async def test_a_request_without_a_key_is_done_each_time(counter: Counter) -> None:
    await counter.numbers("13000400001", "13000400002")
    headers = counter.service.bearer("hall-clerk")
    for _ in range(2):
        answer = await counter.service.client.post(
            RESERVATIONS, json={"pick": {"category": "msisdn"}}, headers=headers
        )
        assert answer.status_code == 201
    assert await counter.db.fetchval("SELECT count(*) FROM reservations") == 2


@pytest.mark.parametrize(
    ("body", "code", "path"),
    [
        ({}, "invalid", None),
        ({"resource": [], "validMinutes": 5}, "invalid", "resource"),
        ({"resource": [{"id": "a"}], "pick": {"category": "msisdn"}}, "invalid", None),
        ({"resource": [{"id": "a"}, {"id": "a"}]}, "invalid", "resource"),
        ({"resource": [{"id": "a", "name": "b"}]}, "unknown-field", "resource[0].name"),
        ({"pick": {}}, "missing", "pick.category"),
        ({"pick": {"category": "voucher"}}, "invalid", "pick.category"),
        ({"pick": {"category": "msisdn", "pattern": "130%"}}, "pattern-invalid", "pick.pattern"),
        ({"pick": {"category": "msisdn", "count": 0}}, "invalid", "pick.count"),
        ({"pick": {"category": "msisdn", "count": 51}}, "invalid", "pick.count"),
        ({"pick": {"category": "msisdn", "count": "1"}}, "invalid", "pick.count"),
        ({"pick": {"category": "msisdn", "kind": "blank"}}, "invalid", "pick"),
        ({"pick": {"category": "sim", "class": "fine"}}, "invalid", "pick"),
        ({"pick": {"category": "msisdn", "area": "20"}}, "invalid", "pick.area"),
        ({"pick": {"category": "msisdn", "network": "5g"}}, "invalid", "pick.network"),
        ({"pick": {"category": "msisdn"}, "validMinutes": 0}, "invalid", "validMinutes"),
        ({"pick": {"category": "msisdn"}, "validMinutes": 1441}, "invalid", "validMinutes"),
        ({"pick": {"category": "msisdn"}, "forever": True}, "unknown-field", "forever"),
    ],
)
async def test_a_bad_request_reserves_nothing(
    shared: Counter, body: object, code: str, path: str | None
) -> None:
    answer = await shared.post(RESERVATIONS, body)
    assert answer.status_code == 400
    reason = answer.json()["reasons"][0]
    assert (reason["code"], reason.get("path")) == (code, path)
    assert await shared.db.fetchval("SELECT count(*) FROM reservations") == 0


@pytest.mark.parametrize("role", ["auditor", "migration", "service"])
async def test_who_sells_nothing_reserves_nothing(shared: Counter, role: str) -> None:
    answer = await shared.post(RESERVATIONS, {"pick": {"category": "msisdn"}}, role)
    assert answer.status_code == 403
    assert (await shared.get(f"{RESERVATIONS}/x", role)).status_code == 403
    assert (await shared.delete(f"{RESERVATIONS}/x", role)).status_code == 403


async def test_nobody_without_a_token(shared: Counter) -> None:
    assert (await shared.service.client.post(RESERVATIONS, json={})).status_code == 401
