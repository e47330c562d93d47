from datetime import timedelta
from typing import Any

import pytest

from services.resource.inventory.api import BASE
from services.resource.tests.counter import Counter, iccid

NUMBERS, CARDS, ALL = f"{BASE}/logicalResource", f"{BASE}/physicalResource", f"{BASE}/resource"


def characteristics(**values: str) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in values.items()]


def number(digits: str = "13000408888", **more: Any) -> dict[str, Any]:
    return {
        "category": "msisdn",
        "name": digits,
        "value": digits,
        "resourceCharacteristic": characteristics(area="020", network="lte"),
    } | more


def card(serial: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "category": "sim",
        "name": iccid(serial),
        "serialNumber": iccid(serial),
        "resourceCharacteristic": characteristics(kind="blank", area="020"),
    } | more


async def patch(counter: Counter, path: str, body: Any, role: str = "supervisor", **headers: str) -> Any:
    sent = counter.service.bearer(role) | headers
    return await counter.service.client.patch(path, json=body, headers=sent)


async def found(counter: Counter, query: str, path: str = NUMBERS, **claims: Any) -> list[str]:
    answer = await counter.get(f"{path}?{query}", **claims)
    assert answer.status_code == 200, answer.text
    names = [one["name"] for one in answer.json()]
    assert answer.headers["x-result-count"] == str(len(names))
    return sorted(names)


async def test_a_number_comes_in_and_is_read_as_tmf639_has_it(counter: Counter) -> None:
    made = await counter.post(NUMBERS, number(description="kept for the opening"), "supervisor")
    assert made.status_code == 201
    body = made.json()
    assert made.headers["location"] == body["href"]
    assert body["href"].endswith(f"{NUMBERS}/{body['id']}")
    assert (body["name"], body["value"], body["category"]) == ("13000408888", "13000408888", "msisdn")
    assert (body["@type"], body["@baseType"]) == ("LogicalResource", "Resource")
    assert (body["resourceStatus"], body["usageState"], body["administrativeState"]) == (
        "available",
        "idle",
        "unlocked",
    )
    own = {one["name"]: one["value"] for one in body["resourceCharacteristic"]}
    assert own == {"state": "free", "area": "020", "network": "lte", "class": "premium"}
    assert body["description"] == "kept for the opening"
    read = await counter.get(f"{NUMBERS}/{body['id']}")
    assert read.json() == body
    both = await counter.get(f"{ALL}/{body['id']}")
    assert both.json() == body | {"href": body["href"].replace("logicalResource", "resource")}
    assert (await counter.get(f"{CARDS}/{body['id']}")).status_code == 404
    row = await counter.db.fetchrow("SELECT * FROM resources")
    assert row is not None
    assert (
        row["category"],
        row["value"],
        row["state"],
        row["area"],
        row["network"],
        row["number_class"],
    ) == (
        "msisdn",
        "13000408888",
        "free",
        "020",
        "lte",
        "premium",
    )


async def test_a_card_comes_in_by_either_path(counter: Counter) -> None:
    first = await counter.post(CARDS, card(1), "supervisor")
    second = await counter.post(ALL, card(2), "supervisor")
    for made in (first, second):
        assert made.status_code == 201
        assert made.json()["@type"] == "PhysicalResource"
        assert made.json()["serialNumber"] == made.json()["name"]
        assert made.json()["resourceStatus"] == "available"
    assert await found(counter, "category=sim&kind=blank&state=in-stock", CARDS) == sorted(
        [iccid(1), iccid(2)]
    )


async def test_what_came_in_can_be_reserved_and_shows_it(counter: Counter) -> None:
    id = (await counter.post(NUMBERS, number(), "supervisor")).json()["id"]
    held = (await counter.reserve("130*")).json()
    assert held["resource"] == [{"id": id, "value": "13000408888"}]
    body = (await counter.get(f"{NUMBERS}/{id}")).json()
    assert body["resourceStatus"] == "reserved"
    assert body["resourceCharacteristic"][0] == {"name": "state", "valueType": "string", "value": "reserved"}


async def test_an_ended_reservation_is_not_seen_by_anybody(counter: Counter) -> None:
    id = (await counter.post(NUMBERS, number(), "supervisor")).json()["id"]
    await counter.reserve("130*", minutes=5)
    counter.clock.advance(timedelta(minutes=5))
    assert (await counter.get(f"{NUMBERS}/{id}")).json()["resourceStatus"] == "available"
    assert await found(counter, "state=reserved") == []


async def test_all_our_characteristics_filter(counter: Counter) -> None:
    await counter.numbers("13000400001", network="lte", area="020")
    await counter.numbers("13000400002", network="nr", area="0755")
    await counter.numbers("13000400003", network="nr", area="020", state="frozen")
    await counter.cards(1, kind="blank", network="nr")
    await counter.cards(2, kind="esim")
    assert await found(counter, "state=free") == ["13000400001", "13000400002"]
    assert await found(counter, "network=nr") == ["13000400002", "13000400003"]
    assert await found(counter, "area=020&network=nr") == ["13000400003"]
    assert await found(counter, "class=ordinary&state=free,frozen") == [
        "13000400001",
        "13000400002",
        "13000400003",
    ]
    assert await found(counter, "value=13000400002") == ["13000400002"]
    assert await found(counter, "resourceStatus=suspended") == ["13000400003"]
    assert await found(counter, "kind=esim", CARDS) == [iccid(2)]
    assert await found(counter, f"serialNumber={iccid(1)}", CARDS) == [iccid(1)]
    assert await found(counter, "network=nr", ALL) == ["13000400002", "13000400003", iccid(1)]
    assert await found(counter, "category=sim", ALL) == sorted([iccid(1), iccid(2)])


async def test_a_list_is_paged_and_counted(counter: Counter) -> None:
    await counter.numbers(*(f"130004000{n:02d}" for n in range(30)))
    answer = await counter.get(f"{NUMBERS}?limit=7&offset=28&sort=name")
    assert (answer.headers["x-total-count"], answer.headers["x-result-count"]) == ("30", "2")
    assert [one["name"] for one in answer.json()] == ["13000400028", "13000400029"]
    fields = await counter.get(f"{NUMBERS}?fields=value&limit=1")
    assert set(fields.json()[0]) == {"id", "href", "@type", "value"}
    assert (await counter.get(f"{NUMBERS}?colour=red")).status_code == 400


async def test_whoever_is_bound_to_an_area_sees_its_stock(counter: Counter) -> None:
    await counter.numbers("13000400001", area="020")
    (other,) = await counter.numbers("13000400002", area="0755")
    bound = {"area": "020", "area_bound": True}
    assert await found(counter, "", **bound) == ["13000400001"]
    assert (await counter.get(f"{NUMBERS}/{other}", **bound)).status_code == 404


async def test_a_number_comes_in_once(counter: Counter) -> None:
    first = await counter.post(NUMBERS, number(), "supervisor", key="k")
    again = await counter.post(NUMBERS, number(), "supervisor", key="k")
    assert again.json() == first.json()
    other = await counter.post(NUMBERS, number(), "supervisor")
    assert (other.status_code, other.json()["code"]) == (409, "resource-known")


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        (NUMBERS, [], 400, "invalid"),
        (NUMBERS, {}, 400, "missing"),
        (NUMBERS, number(category="voucher"), 400, "invalid"),
        (NUMBERS, number(category="sim"), 400, "category-unknown"),
        (NUMBERS, number(id="mine"), 400, "read-only"),
        (NUMBERS, number(colour="red"), 400, "unknown-attribute"),
        (NUMBERS, number(value="130x"), 400, "invalid"),
        (NUMBERS, number(resourceCharacteristic=[]), 400, "characteristic-missing"),
        (NUMBERS, number(resourceCharacteristic=[{"name": "area"}]), 400, "missing"),
        (
            NUMBERS,
            number(resourceCharacteristic=characteristics(area="010", network="lte")),
            400,
            "area-not-here",
        ),
        (NUMBERS, number(resourceStatus="reserved"), 409, "by-order-only"),
        (NUMBERS, number(resourceStatus="lost"), 400, "invalid"),
        (CARDS, card(serialNumber="89860"), 400, "invalid"),
        (CARDS, card(name="89860", serialNumber="89860"), 400, "iccid-invalid"),
        (CARDS, card(resourceCharacteristic=characteristics(area="020")), 400, "characteristic-missing"),
        (CARDS, card(resourceCharacteristic=characteristics(area="020", kind="sim")), 400, "invalid"),
        (ALL, card(category=None), 400, "category-unknown"),
    ],
)
async def test_a_bad_creation_changes_nothing(
    shared: Counter, path: str, body: Any, status: int, code: str
) -> None:
    answer = await shared.post(path, body, "supervisor")
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert await shared.db.fetchval("SELECT count(*) FROM resources") == 0


async def test_what_describes_is_edited(counter: Counter) -> None:
    made = (await counter.post(NUMBERS, number(), "supervisor")).json()
    path = f"{NUMBERS}/{made['id']}"
    wish = {
        "description": "easy to remember",
        "note": [{"text": "asked for twice"}],
        "resourceCharacteristic": characteristics(shelf="A7"),
    }
    answer = await patch(counter, path, wish)
    assert answer.status_code == 200
    body = answer.json()
    assert body["description"] == "easy to remember"
    assert body["resourceCharacteristic"] == [*made["resourceCharacteristic"], *characteristics(shelf="A7")]
    assert (await counter.get(path)).json() == body
    await counter.reserve("130*")
    assert await counter.state("msisdn", "13000408888") == "reserved"
    assert (await counter.get(path)).json()["description"] == "easy to remember"


@pytest.mark.parametrize(
    ("wish", "status", "code"),
    [
        ({"resourceStatus": "standby"}, 409, "by-order-only"),
        ({"usageState": "active"}, 409, "by-order-only"),
        ({"administrativeState": "locked"}, 409, "by-order-only"),
        ({"resourceCharacteristic": characteristics(state="in-use")}, 409, "by-order-only"),
        ({"resourceCharacteristic": characteristics(area="0755")}, 409, "not-changeable"),
        ({"value": "13000409999"}, 409, "not-changeable"),
        ({"id": "other"}, 400, "read-only"),
        ({"colour": "red"}, 400, "unknown-attribute"),
        ({"description": 7}, 400, "invalid"),
    ],
)
async def test_states_and_names_are_not_edited(
    counter: Counter, wish: dict[str, Any], status: int, code: str
) -> None:
    made = (await counter.post(NUMBERS, number(), "supervisor")).json()
    answer = await patch(counter, f"{NUMBERS}/{made['id']}", wish)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (await counter.get(f"{NUMBERS}/{made['id']}")).json() == made


async def test_an_edit_of_what_changed_meanwhile_is_refused(counter: Counter) -> None:
    made = await counter.post(NUMBERS, number(), "supervisor")
    await counter.reserve("130*")
    path = f"{NUMBERS}/{made.json()['id']}"
    answer = await patch(counter, path, {"description": "x"}, **{"If-Match": made.headers["etag"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "edited-meanwhile")


async def test_what_nobody_touched_is_taken_out_and_nothing_else(counter: Counter) -> None:
    made = (await counter.post(NUMBERS, number(), "supervisor")).json()
    held = (await counter.reserve("130*")).json()
    path = f"{NUMBERS}/{made['id']}"
    refused = await counter.delete(path, "supervisor")
    assert (refused.status_code, refused.json()["code"]) == (409, "resource-in-use")
    await counter.delete(f"/api/resource/v1/reservations/{held['id']}")
    assert (await counter.delete(path, "supervisor")).status_code == 204
    assert (await counter.get(path)).status_code == 404


async def test_a_card_with_a_profile_is_not_taken_out(counter: Counter) -> None:
    (value,) = await counter.cards(1, kind="personalised")
    await counter.profiles(1, card=value)
    id = await counter.db.fetchval("SELECT id FROM resources")
    refused = await counter.delete(f"{CARDS}/{id}", "supervisor")
    assert (refused.status_code, refused.json()["code"]) == (409, "resource-in-use")


@pytest.mark.parametrize("role", ["hall-clerk", "dealer-clerk", "auditor", "machine", "call-centre-clerk"])
async def test_who_keeps_no_stock_changes_none(shared: Counter, role: str) -> None:
    for path in (NUMBERS, CARDS, ALL):
        assert (await shared.post(path, number(), role)).status_code == 403
        assert (await patch(shared, f"{path}/x", {}, role)).status_code == 403
        assert (await shared.delete(f"{path}/x", role)).status_code == 403
        assert (await shared.get(path, role)).status_code == 200
        assert (await shared.get(f"{path}/x", role)).status_code == 404


async def test_nobody_without_a_token(shared: Counter) -> None:
    for path in (NUMBERS, CARDS, ALL):
        assert (await shared.service.client.get(path)).status_code == 401


async def put(counter: Counter, path: str, body: Any, **headers: str) -> Any:
    sent = counter.service.bearer("supervisor") | headers
    return await counter.service.client.put(path, json=body, headers=sent)


async def test_a_number_is_described_anew_and_stays_what_it_is(counter: Counter) -> None:
    made = (await counter.post(NUMBERS, number(description="old", resourceVersion="1"), "supervisor")).json()
    path = f"{NUMBERS}/{made['id']}"
    answer = await put(counter, path, {"description": "new"})
    assert answer.status_code == 200, answer.text
    expected = {name: value for name, value in made.items() if name != "resourceVersion"}
    assert answer.json() == expected | {"description": "new"}
    whole = {name: value for name, value in answer.json().items() if name not in ("id", "href")}
    assert (await put(counter, path, whole)).json() == answer.json()
    for wrong, code in (
        ({"resourceStatus": "suspended"}, "by-order-only"),
        ({"value": "13000409999"}, "not-changeable"),
        ({"id": "x"}, "read-only"),
        ({"colour": "red"}, "unknown-attribute"),
    ):
        assert (await put(counter, path, wrong)).json()["code"] == code
    assert (await put(counter, path, {}, **{"If-Match": '"1"'})).status_code == 409
    clerk = await counter.service.client.put(path, json={}, headers=counter.service.bearer("hall-clerk"))
    assert clerk.status_code == 403
