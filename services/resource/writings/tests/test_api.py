import json
from collections import Counter as Counted
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey

from libs.security.sealing import seal, unseal
from services.resource.tests.counter import Counter, iccid

PATH = "/api/resource/v1/cardWritings"
FACTS = "/api/resource/v1/facts/cardWritings"
WRITER = ECKey.generate_key("P-256", {"kid": "writer-3"})
NUMBER = "13000400001"


async def bound(counter: Counter, serial: int = 1, order: str = "o-1", actor: str = "op-1") -> dict[str, str]:
    """A card of the order is bound, with data for its writer sealed for this node."""
    (card,) = await counter.cards(serial)
    data = {"imsi": f"46001{serial:010d}", "ki": f"{serial:032x}", "iccid": card}
    sealed = seal(json.dumps(data).encode(), counter.service.runtime.keys.recipient("gd"))
    work_order = f"w-{serial}"
    await counter.ask(counter.task("reserve-card", work_order, {"iccid": card, "kinds": ["blank"]}))
    wanted = {"iccid": card, "number": NUMBER, "writeData": sealed}
    (done,) = await counter.ask(
        counter.task("bind-card", work_order, wanted, actor=actor, order=order, final=True)
    )
    assert done.outcome == "done"
    return data


async def ask(counter: Counter, order: str = "o-1", subject: str = "op-1", **more: Any) -> httpx.Response:
    body = {"order": order, "writerKey": WRITER.as_dict(private=False)}
    return await counter.post(PATH, body, subject=subject, **more)


def read(answer: httpx.Response) -> Any:
    return json.loads(unseal(answer.json()["writeData"], {"writer-3": WRITER}))


async def test_the_orders_actor_gets_the_data_for_the_card_writer_alone(counter: Counter) -> None:
    data = await bound(counter)
    answer = await ask(counter)
    assert answer.status_code == 201
    assert (answer.json()["order"], answer.json()["iccid"]) == ("o-1", iccid(1))
    assert read(answer) == data
    assert data["ki"] not in answer.text
    log = await counter.db.fetchrow("SELECT * FROM card_writing_log")
    assert log is not None
    assert (log["actor"], log["hall"], log["what"], log["writer"]) == (
        "op-1",
        "gd-hall-1",
        "handed-out",
        WRITER.thumbprint(),
    )


async def test_it_may_be_asked_for_again_until_the_card_is_written(counter: Counter) -> None:
    data = await bound(counter)
    first, again = await ask(counter), await ask(counter)
    assert read(first) == read(again) == data
    assert first.json()["id"] == again.json()["id"]
    confirm = f"{PATH}/{first.json()['id']}/confirm"
    assert (await counter.post(confirm, None, subject="op-1")).status_code == 200
    for refused in (await ask(counter), await counter.post(confirm, None, subject="op-1")):
        assert (refused.status_code, refused.json()["code"]) == (409, "card-already-written")
    assert await counter.db.fetchval("SELECT data FROM card_writings") is None
    assert await counter.db.fetchval("SELECT count(*) FROM card_writing_log") == 3


async def test_the_same_request_again_is_answered_alike(counter: Counter) -> None:
    await bound(counter)
    first, again = await ask(counter, key="k"), await ask(counter, key="k")
    assert first.json() == again.json()
    kept = await counter.db.fetchval("SELECT answer FROM idempotency_keys")
    assert first.json()["writeData"] not in kept, "the kept answer is encrypted"


async def test_a_confirmation_is_done_once(counter: Counter) -> None:
    await bound(counter)
    path = f"{PATH}/{(await ask(counter)).json()['id']}/confirm"
    first = await counter.post(path, None, subject="op-1", key="k")
    again = await counter.post(path, None, subject="op-1", key="k")
    assert (again.status_code, again.json()) == (200, first.json())


async def told(counter: Counter, count: int) -> list[Any]:
    """What listeners have heard of card writings, once it is so much."""
    heard = await counter.service.topics.wait("gd.resource.events", count)
    return [message.data for message in heard]


async def test_others_are_told_of_a_card_to_be_written_and_of_the_written_one(counter: Counter) -> None:
    data = await bound(counter)
    id = (await ask(counter)).json()["id"]
    assert (await counter.post(f"{PATH}/{id}/confirm", None, subject="op-1")).status_code == 200
    first, last = await told(counter, 2)
    expected = {"id": id, "version": 1, "order": "o-1", "iccid": iccid(1), "written": False}
    assert {name: first[name] for name in expected} == expected
    assert {name: last[name] for name in expected} == expected | {"version": 2, "written": True}
    assert data["ki"] not in json.dumps([first, last])
    assert data["imsi"] not in json.dumps([first, last])
    for asked in (id, "o-1"):
        facts = await counter.get(f"{FACTS}/{asked}", "service")
        assert facts.json() == last, "by its own id, or by its order's"


async def test_a_task_that_comes_again_tells_nothing_again(counter: Counter) -> None:
    (card,) = await counter.cards(1)
    sealed = seal(json.dumps({"iccid": card}).encode(), counter.service.runtime.keys.recipient("gd"))
    binding = counter.task(
        "bind-card", "w", {"iccid": card, "number": NUMBER, "writeData": sealed}, order="o-1", final=True
    )
    await counter.ask(
        counter.task("reserve-card", "w", {"iccid": card, "kinds": ["blank"]}), binding, binding
    )
    await bound(counter, 2, order="o-2")
    assert sorted(one["order"] for one in await told(counter, 2)) == ["o-1", "o-2"]


async def test_facts_are_for_the_fleets_own_services(shared: Counter) -> None:
    for role in ("hall-clerk", "machine", "supervisor", "auditor"):
        assert (await shared.get(f"{FACTS}/x", role)).status_code == 403
    missing = await shared.get(f"{FACTS}/x", "service")
    assert (missing.status_code, missing.json()["code"]) == (404, "not-found")


async def test_card_writings_are_told_again_for_copies_that_are_rebuilt(counter: Counter) -> None:
    await bound(counter, 1)
    await bound(counter, 2, order="o-2")
    before = await told(counter, 2)
    asked = await counter.post("/api/resource/v1/snapshots", {"kind": "cardWritings"}, "service")
    assert (asked.status_code, asked.json()["records"]) == (201, 2)
    await counter.service.tick("republish")
    heard = await told(counter, 4)
    assert Counted(one["id"] for one in heard) == {one["id"]: 2 for one in before}


async def test_a_card_in_place_of_a_broken_one_is_held_unless_that_was_written(counter: Counter) -> None:
    await bound(counter, 1)
    await counter.cards(2, 3)
    broken = {"order": "o-1", "iccid": iccid(1)}

    def instead(serial: int) -> Any:
        wanted = {"iccid": iccid(serial), "kinds": ["blank"], "broken": broken}
        return counter.task("reserve-card", f"w-{serial}", wanted)

    (held,) = await counter.ask(instead(2))
    assert held.outcome == "done"
    id = (await ask(counter)).json()["id"]
    await counter.post(f"{PATH}/{id}/confirm", None, subject="op-1")
    (refused,) = await counter.ask(instead(3))
    assert (refused.outcome, refused.reasons[0].code) == ("refused", "card-already-written")
    assert await counter.state("sim", iccid(3)) == "in-stock"
    (again,) = await counter.ask(instead(2))
    assert again.outcome == "done", "what was done stays so"


async def test_nobody_else_finds_it(counter: Counter) -> None:
    await bound(counter)
    id = (await ask(counter)).json()["id"]
    for stranger in ("op-2", "hall-clerk-1"):
        assert (await ask(counter, subject=stranger)).status_code == 404
        assert (await counter.post(f"{PATH}/{id}/confirm", None, subject=stranger)).status_code == 404
    assert (await ask(counter, order="o-2")).status_code == 404
    # A supervisor of headquarters with the same name is somebody else.
    body = {"order": "o-1", "writerKey": WRITER.as_dict(private=False)}
    await counter.db.execute("UPDATE card_writings SET actor = $1", f"{counter.service.settings.issuer} op-1")
    stranger = await counter.post(PATH, body, "supervisor", subject="op-1", issuer="hq")
    assert stranger.status_code == 404


async def test_no_get_shows_it(counter: Counter) -> None:
    await bound(counter)
    id = (await ask(counter)).json()["id"]
    for path in (PATH, f"{PATH}/{id}", f"{PATH}/{id}/confirm"):
        assert (await counter.get(path, subject="op-1")).status_code in (404, 405)


async def test_the_cards_of_one_order_are_written_one_after_the_other(counter: Counter) -> None:
    await bound(counter, 1)
    await bound(counter, 2)
    first = await ask(counter)
    await counter.post(f"{PATH}/{first.json()['id']}/confirm", None, subject="op-1")
    second = await ask(counter)
    assert {first.json()["iccid"], second.json()["iccid"]} == {iccid(1), iccid(2)}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "missing"),
        ({"order": "o-1"}, "missing"),
        ({"order": "", "writerKey": WRITER.as_dict(private=False)}, "invalid"),
        ({"order": "o-1", "writerKey": "key"}, "invalid"),
        ({"order": "o-1", "writerKey": {}}, "writer-key-invalid"),
        ({"order": "o-1", "writerKey": WRITER.as_dict(private=True)}, "writer-key-invalid"),
        ({"order": "o-1", "writerKey": WRITER.as_dict(private=False), "ki": True}, "unknown-field"),
    ],
)
async def test_a_bad_request_is_refused(shared: Counter, body: Any, code: str) -> None:
    answer = await shared.post(PATH, body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


@pytest.mark.parametrize("role", ["auditor", "call-centre-clerk", "migration"])
async def test_who_writes_no_cards_may_not_ask(shared: Counter, role: str) -> None:
    assert (await shared.post(PATH, {}, role)).status_code == 403
    assert (await shared.post(f"{PATH}/x/confirm", None, role)).status_code == 403
    assert (await shared.service.client.post(PATH, json={})).status_code == 401
