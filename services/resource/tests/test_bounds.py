"""Stock is the node's: only an area ends anybody's view of it; and what somebody holds is theirs alone."""

from dataclasses import dataclass
from typing import Any

import pytest

from libs.ids import new_id
from services.resource.app import SERVICE
from services.resource.tests.counter import RESERVATIONS, Counter
from tests.engines import RunService

BASE = "/tmf-api/resourceInventoryManagement/v4"
HERE, THERE = "13000410001", "13000410002"


@dataclass(frozen=True)
class Someone:
    role: str
    claims: dict[str, Any]
    sees: tuple[str, ...]


EVERYBODY = (
    Someone("hall-clerk", {"area": "020"}, (HERE, THERE)),
    Someone("hall-clerk", {"area": "020", "area_bound": True}, (HERE,)),
    Someone("dealer-clerk", {"area": "020"}, (HERE, THERE)),
    Someone("dealer-clerk", {"area": "0755", "area_bound": True}, (THERE,)),
    Someone("account-manager", {}, (HERE, THERE)),
    Someone("supervisor", {"area": "0755", "area_bound": True}, (THERE,)),
    Someone("supervisor", {}, (HERE, THERE)),
    Someone("auditor", {"area": "020", "area_bound": True}, (HERE,)),
    Someone("machine", {}, (HERE, THERE)),
)


@pytest.mark.parametrize("resource", ["logicalResource", "resource"])
async def test_list_count_filter_and_retrieval_agree(running: RunService, resource: str) -> None:
    async with running(SERVICE) as service:
        counter = Counter(service)
        (here,), (there,) = await counter.numbers(HERE), await counter.numbers(THERE, area="0755")
        ids = {HERE: here, THERE: there}
        for someone in EVERYBODY:
            expected = {ids[number] for number in someone.sees}
            for query in ("", f"?name={HERE},{THERE}", "?state=free", f"?id={','.join(ids.values())}"):
                answer = await counter.get(f"{BASE}/{resource}{query}", someone.role, **someone.claims)
                assert {one["id"] for one in answer.json()} == expected, (someone, query)
                assert answer.headers["X-Total-Count"] == str(len(expected)), (someone, query)
            for id in ids.values():
                path, seen = f"{BASE}/{resource}/{id}", id in expected
                found = await counter.get(path, someone.role, **someone.claims)
                assert found.status_code == (200 if seen else 404), someone
                if someone.role == "supervisor":
                    headers = service.bearer(someone.role, **someone.claims)
                    changed = await service.client.patch(path, json={"description": "x"}, headers=headers)
                    assert changed.status_code == (200 if seen else 404), (someone, changed.text)
                    if not seen:
                        assert (await counter.delete(path, someone.role, **someone.claims)).status_code == 404


async def test_a_bounded_actor_reserves_and_brings_in_only_what_is_of_the_area(running: RunService) -> None:
    async with running(SERVICE) as service:
        counter = Counter(service)
        (here,), (there,) = await counter.numbers(HERE), await counter.numbers(THERE, area="0755")
        bound: dict[str, Any] = {"area": "020", "area_bound": True}
        answer = await counter.post(RESERVATIONS, {"resource": [{"id": there}]}, **bound)
        assert (answer.status_code, answer.json()["code"]) == (400, "resource-unknown")
        assert (await counter.post(RESERVATIONS, {"resource": [{"id": here}]}, **bound)).status_code == 201
        numbers = {"first": "13000420000", "count": 2, "area": "0755", "network": "lte"}
        cards = {"kind": "blank", "iccid": [], "area": "0755"}
        single = {
            "category": "msisdn",
            "name": "13000420009",
            "value": "13000420009",
            "resourceCharacteristic": [
                {"name": "area", "value": "0755"},
                {"name": "network", "value": "lte"},
            ],
        }
        cards["iccid"] = ["89860100000000000019"]
        for path, body in (
            ("/api/resource/v1/numbers", numbers),
            ("/api/resource/v1/cards", cards),
            (f"{BASE}/logicalResource", single),
        ):
            refused = await counter.post(path, body, "supervisor", **bound)
            assert (refused.status_code, refused.json()["code"]) == (403, "not-yours"), (path, refused.text)
        mine = await counter.post(
            "/api/resource/v1/numbers", numbers | {"area": "020"}, "supervisor", **bound
        )
        assert mine.status_code == 201


async def test_a_reservation_is_seen_and_given_back_by_who_made_it(running: RunService) -> None:
    async with running(SERVICE) as service:
        counter = Counter(service)
        (id,) = await counter.numbers(HERE)
        mine: dict[str, Any] = {"subject": "clerk-1", "dealer": "dealer-a"}
        made = await counter.post(RESERVATIONS, {"resource": [{"id": id}]}, "dealer-clerk", **mine)
        path = f"{RESERVATIONS}/{made.json()['id']}"
        others: tuple[tuple[str, dict[str, Any]], ...] = (
            ("dealer-clerk", {"subject": "clerk-2", "dealer": "dealer-a"}),
            ("dealer-clerk", {"subject": "clerk-3", "dealer": "dealer-b"}),
            ("supervisor", {}),
        )
        for role, claims in others:
            assert (await counter.get(path, role, **claims)).status_code == 404
            assert (await counter.delete(path, role, **claims)).status_code == 404
        assert (await counter.get(path, "dealer-clerk", **mine)).status_code == 200
        assert (await counter.delete(path, "dealer-clerk", **mine)).status_code == 204


async def test_keys_that_were_brought_in_elsewhere_are_not_there_for_a_bounded_supervisor(
    running: RunService,
) -> None:
    async with running(SERVICE) as service:
        counter = Counter(service)
        loads = "/api/resource/v1/profileLoads"
        body = {"network": "nr", "profile": [{"imsi": "460010000000077", "ki": "0" * 32}]}
        made = await counter.post(loads, body, "supervisor", area="020", key=new_id())
        assert made.status_code == 201, made.text
        path = f"{loads}/{made.json()['id']}"
        there: dict[str, Any] = {"area": "0755", "area_bound": True, "subject": "second"}
        here: dict[str, Any] = {"area": "020", "area_bound": True, "subject": "second"}
        assert (await counter.get(path, "supervisor", **there)).status_code == 404
        assert (await counter.post(f"{path}/approve", {}, "supervisor", **there)).status_code == 404
        assert (await counter.get(path, "supervisor", **here)).status_code == 200
        assert (await counter.post(f"{path}/approve", {}, "supervisor", **here)).status_code == 200
