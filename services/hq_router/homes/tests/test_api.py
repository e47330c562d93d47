"""Ported numbers: entered, ended, removed; and the routing that follows them."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from libs.ids import new_id
from services.hq_router.tests.nodes import ANOTHER_OPERATORS, Nodes, fresh_number

PORTED = "/api/hq-router/v1/portedNumbers"


def entry(number: str, begins: datetime, **given: Any) -> dict[str, Any]:
    return {
        "number": number,
        "operator": "unicom",
        "node": "gd",
        "validFor": {"startDateTime": begins.isoformat()},
        **given,
    }


async def post(nodes: Nodes, body: Any, key: str | None = None, role: str = "hq-operator") -> httpx.Response:
    headers = nodes.router.bearer(role, key=key or new_id())
    return await nodes.router.client.post(PORTED, json=body, headers=headers)


async def patch(nodes: Nodes, href: str, body: Any, **headers: str) -> httpx.Response:
    return await nodes.router.client.patch(
        href, json=body, headers=nodes.router.bearer("hq-operator") | headers
    )


async def test_a_number_that_came_to_us_is_routed_to_the_province_that_serves_it(nodes: Nodes) -> None:
    number = fresh_number(ANOTHER_OPERATORS)
    made = await post(nodes, entry(number, nodes.now))
    assert made.status_code == 201
    assert made.headers["Location"] == made.json()["href"]
    assert made.json()["@type"] == "PortedNumber"
    forward = nodes.forward(number)
    await nodes.send(forward, "bj")
    assert (await nodes.forwarded(forward, "gd")).data["home"] == "gd"


async def test_a_number_that_left_us_is_not_ours_from_then_on(nodes: Nodes) -> None:
    number = fresh_number()
    hour = timedelta(hours=1)
    body = entry(number, nodes.now + hour, operator="telecom", node=None)
    assert (await post(nodes, body)).status_code == 201
    before = nodes.forward(number)
    await nodes.send(before, "bj")
    await nodes.forwarded(before, "gd")
    nodes.router.clock.advance(hour)
    after = nodes.forward(number)
    await nodes.send(after, "bj")
    (told,) = await nodes.told(after)
    assert told["reasons"][0]["code"] == "number-not-ours"


async def test_the_same_request_again_makes_nothing_new(nodes: Nodes) -> None:
    body, key = entry(fresh_number(), nodes.now), new_id()
    first, again = await post(nodes, body, key), await post(nodes, body, key)
    assert (again.status_code, again.json()) == (201, first.json())
    other = await post(nodes, entry(fresh_number(), nodes.now), key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency-key-reused")


async def test_a_number_has_one_entry_at_a_time(nodes: Nodes) -> None:
    number = fresh_number()
    until = nodes.now + timedelta(days=1)
    period = {"startDateTime": nodes.now.isoformat(), "endDateTime": until.isoformat()}
    assert (await post(nodes, entry(number, nodes.now, validFor=period))).status_code == 201
    inside = await post(nodes, entry(number, until - timedelta(seconds=1)))
    assert (inside.status_code, inside.json()["code"]) == (409, "period-overlaps")
    assert (await post(nodes, entry(number, until))).status_code == 201
    count = await nodes.router.db.fetchval("SELECT count(*) FROM ported_numbers WHERE number = $1", number)
    assert count == 2


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"number": "1300040"}, "number-malformed", "number"),
        ({"number": "02088886666"}, "number-malformed", "number"),
        ({"number": 13000401234}, "invalid", "number"),
        ({"operator": "vodafone"}, "operator-unknown", "operator"),
        ({"node": None}, "node-required", "node"),
        ({"node": "hq"}, "node-unknown", "node"),
        ({"operator": "mobile"}, "node-not-ours", "node"),
        ({"validFor": {"startDateTime": "2026-11-24T00:00:00"}}, "invalid", "validFor.startDateTime"),
        ({"validFor": {}}, "missing", "validFor.startDateTime"),
        (
            {"validFor": {"startDateTime": "2026-11-24T00:00:00Z", "endDateTime": "2026-11-24T00:00:00Z"}},
            "period-empty",
            "validFor.endDateTime",
        ),
        ({"colour": "red"}, "unknown-field", "colour"),
    ],
)
async def test_a_bad_entry_is_refused_and_nothing_is_stored(
    nodes: Nodes, given: dict[str, Any], code: str, path: str
) -> None:
    before = await nodes.router.db.fetchval("SELECT count(*) FROM ported_numbers")
    answer = await post(nodes, {**entry(fresh_number(), nodes.now), **given})
    assert answer.status_code == 400
    assert (code, path) in [(one["code"], one.get("path")) for one in answer.json()["reasons"]]
    assert await nodes.router.db.fetchval("SELECT count(*) FROM ported_numbers") == before


async def test_all_faults_of_an_entry_are_told_at_once_in_the_callers_language(nodes: Nodes) -> None:
    headers = nodes.router.bearer("hq-operator", key=new_id()) | {"Accept-Language": "zh-CN"}
    body = entry("1", nodes.now, operator="vodafone", node="xx")
    answer = await nodes.router.client.post(PORTED, json=body, headers=headers)
    reasons = answer.json()["reasons"]
    assert [one["code"] for one in reasons] == ["number-malformed", "operator-unknown", "node-unknown"]
    assert "vodafone" in reasons[1]["reason"]
    assert not reasons[1]["reason"].isascii()


async def test_an_entry_is_ended_and_its_past_stays(nodes: Nodes) -> None:
    number = fresh_number()
    made = await post(nodes, entry(number, nodes.now))
    href, tag = made.json()["href"], made.headers["ETag"]
    until = nodes.now + timedelta(hours=2)
    body = {"validFor": {"endDateTime": until.isoformat()}}
    stale = await patch(nodes, href, body, **{"If-Match": '"7"'})
    assert (stale.status_code, stale.json()["code"]) == (409, "edited-meanwhile")
    ended = await patch(nodes, href, body, **{"If-Match": tag})
    assert (ended.status_code, ended.headers["ETag"]) == (200, '"2"')
    past = {"validFor": {"endDateTime": (nodes.now - timedelta(hours=1)).isoformat()}}
    assert (await patch(nodes, href, past)).json()["code"] == "period-empty"
    open_again = await patch(nodes, href, {"validFor": {"endDateTime": None}})
    assert "endDateTime" not in open_again.json()["validFor"]
    await patch(nodes, href, body)
    nodes.router.clock.advance(timedelta(hours=3))
    late = await patch(nodes, href, {"validFor": {"endDateTime": None}})
    assert (late.status_code, late.json()["code"]) == (409, "already-ended")


async def test_an_entry_may_not_grow_into_the_next(nodes: Nodes) -> None:
    number = fresh_number()
    hour = timedelta(hours=1)
    period = {"startDateTime": nodes.now.isoformat(), "endDateTime": (nodes.now + hour).isoformat()}
    first = await post(nodes, entry(number, nodes.now, validFor=period))
    await post(nodes, entry(number, nodes.now + hour))
    answer = await patch(nodes, first.json()["href"], {"validFor": {"endDateTime": None}})
    assert (answer.status_code, answer.json()["code"]) == (409, "period-overlaps")


async def test_only_what_is_not_in_force_yet_may_be_removed(nodes: Nodes) -> None:
    headers = nodes.router.bearer("hq-operator")
    now = await post(nodes, entry(fresh_number(), nodes.now))
    refused = await nodes.router.client.delete(now.json()["href"], headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "already-in-force")
    later = await post(nodes, entry(fresh_number(), nodes.now + timedelta(days=1)))
    href = later.json()["href"]
    assert (await nodes.router.client.delete(href, headers=headers)).status_code == 204
    assert (await nodes.router.client.get(href, headers=headers)).status_code == 404
    assert (await nodes.router.client.delete(href, headers=headers)).status_code == 404


async def test_entries_are_listed_masked_and_filtered(nodes: Nodes) -> None:
    number = fresh_number()
    made = await post(nodes, entry(number, nodes.now))
    assert number not in made.text
    headers = nodes.router.bearer("auditor")
    listed = await nodes.router.client.get(
        f"{PORTED}?number={number}&operator=unicom&node=gd", headers=headers
    )
    assert [one["id"] for one in listed.json()] == [made.json()["id"]]
    assert listed.headers["X-Total-Count"] == "1"
    assert number not in listed.text
    one = await nodes.router.client.get(f"{made.json()['href']}?purpose=audit", headers=headers)
    assert one.json()["number"] == number


@pytest.mark.parametrize("role", ["supervisor", "auditor", "hall-clerk", "machine"])
async def test_only_headquarters_operators_write(nodes: Nodes, role: str) -> None:
    assert (await post(nodes, entry(fresh_number(), nodes.now), role=role)).status_code == 403
    headers = nodes.router.bearer(role)
    assert (await nodes.router.client.patch(f"{PORTED}/1", json={}, headers=headers)).status_code == 403
    assert (await nodes.router.client.delete(f"{PORTED}/1", headers=headers)).status_code == 403
