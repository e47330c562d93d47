"""Whoever subscribes is told what happens to the records that he may see: once at least, in order, and nobody else."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from libs.tmf.hub.store import trim
from libs.tmf.tests.conftest import Ask
from libs.tmf.tests.gadget import BASE
from tests.engines import eventually
from tests.listening import Listener

Make = Callable[..., Awaitable[dict[str, Any]]]
MACHINE = {"role": "machine", "claims": {"subject": "partner-1"}}
SUPERVISOR = {"role": "supervisor"}
DEALER = {"role": "dealer-clerk", "claims": {"subject": "d7", "dealer": "dealer-7"}}


def reasons(answer: httpx.Response) -> set[tuple[str, str]]:
    return {(reason["code"], reason.get("path", "")) for reason in answer.json()["reasons"]}


async def subscribed(ask: Ask, callback: str, query: str | None = None, **who: Any) -> httpx.Response:
    body = {"callback": callback} | ({} if query is None else {"query": query})
    answer = await ask("POST", "hub", json=body, **(who or SUPERVISOR))
    assert answer.status_code == 201, answer.text
    return answer


async def patched(ask: Ask, id: str, **change: Any) -> None:
    answer = await ask("PATCH", f"gadget/{id}", json=change)
    assert answer.status_code == 200, answer.text


async def test_a_listener_hears_what_becomes_of_a_record(
    ask: Ask, make: Make, store: Any, listener: Listener
) -> None:
    await subscribed(ask, listener.url)
    gadget = await make(description="new")
    await patched(ask, gadget["id"], description="old", tag=["a"])
    await patched(ask, gadget["id"], lifecycleStatus="retired", releaseDate="2026-01-01")
    await patched_after_retirement(ask, gadget["id"])
    draft = await make(name="draft")
    assert (await ask("DELETE", f"gadget/{draft['id']}")).status_code == 204
    await eventually(lambda: len(listener.taken) == 5)
    mine = [body for body in listener.taken if body["event"]["gadget"]["id"] == gadget["id"]]
    assert [body["eventType"] for body in mine] == [
        "GadgetCreateEvent",
        "GadgetAttributeValueChangeEvent",
        "GadgetStateChangeEvent",
    ]
    assert mine[0]["event"]["gadget"] == gadget
    assert mine[1]["fieldPath"] == "description,tag"
    assert mine[2]["event"]["gadget"]["lifecycleStatus"] == "retired"
    assert "fieldPath" not in mine[2]
    gone = [body for body in listener.taken if body["event"]["gadget"]["id"] == draft["id"]]
    assert [body["eventType"] for body in gone] == ["GadgetCreateEvent", "GadgetDeleteEvent"]
    assert len({body["eventId"] for body in listener.taken}) == 5
    now = store.clock.now().isoformat().replace("+00:00", "Z")
    assert {body["eventTime"] for body in listener.taken} == {now}
    sent = listener.headers[0]
    assert (sent["method"], sent["target"], sent["content-type"]) == ("POST", "/events", "application/json")
    assert await eventually(lambda: _empty(store))


async def patched_after_retirement(ask: Ask, id: str) -> None:
    """A change that is refused is told to nobody."""
    assert (await ask("PATCH", f"gadget/{id}", json={"name": "b"})).status_code == 409


async def _empty(store: Any) -> bool:
    return bool(await store.db.fetchval("SELECT count(*) = 0 FROM hub_deliveries"))


async def test_a_state_and_an_attribute_that_change_together_are_two_events(
    ask: Ask, make: Make, listener: Listener
) -> None:
    gadget = await make()
    await subscribed(ask, listener.url)
    await patched(ask, gadget["id"], lifecycleStatus="active", description="sold", releaseDate="2026-01-01")
    await eventually(lambda: len(listener.taken) == 2)
    assert listener.types() == ["GadgetStateChangeEvent", "GadgetAttributeValueChangeEvent"]
    assert listener.taken[1]["fieldPath"] == "description"
    assert listener.taken[0]["eventId"] != listener.taken[1]["eventId"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        (None, ["a", "b", "c"]),
        ("", ["a", "b", "c"]),
        ("size.gte=2", ["b", "c"]),
        ("?size=1,3", ["a", "c"]),
        ("event.gadget.size=2", ["b"]),
        ("event.keeper.name=a", []),
        ("relatedParty.id=p1&size.gt=1", ["b"]),
        ("colour=red", ["c"]),
        ("name.regex=^[ab]$", ["a", "b"]),
        ("eventType=GadgetStateChangeEvent,GadgetDeleteEvent", []),
        ("eventType=GadgetCreateEvent&name=b", ["b"]),
        ("eventType=KeeperCreateEvent", []),
    ],
)
async def test_a_query_filters_as_a_list_does(
    ask: Ask, make: Make, listener: Listener, other: Listener, query: str | None, names: list[str]
) -> None:
    await subscribed(ask, listener.url, query)
    await subscribed(ask, other.url)
    party = [{"id": "p1", "role": "owner", "@referredType": "X"}]
    await make(name="a", size=1, relatedParty=party)
    await make(name="b", size=2, relatedParty=party)
    await make(name="c", size=3, resourceCharacteristic=[{"name": "colour", "value": "red"}])
    await eventually(lambda: len(other.taken) == 3)
    await eventually(lambda: len(listener.taken) == len(names))
    assert sorted(body["event"]["gadget"]["name"] for body in listener.taken) == names


async def test_fields_select_what_is_sent(ask: Ask, make: Make, listener: Listener, other: Listener) -> None:
    await subscribed(ask, listener.url, "fields=name,size")
    await subscribed(ask, other.url, "fields=none")
    gadget = await make(size=3, description="not asked for")
    await eventually(lambda: listener.taken and other.taken)
    assert set(listener.taken[0]["event"]["gadget"]) == {"id", "href", "@type", "name", "size"}
    assert other.taken[0]["event"]["gadget"] == {name: gadget[name] for name in ("id", "href", "@type")}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("shape=round", {("unknown-filter", "shape")}),
        ("eventType=GadgetBatchEvent", {("invalid-filter", "eventType")}),
        ("eventType=KeeperStateChangeEvent", {("invalid-filter", "eventType")}),
        ("size=big", {("invalid-filter", "size")}),
        ("name.regex=(", {("invalid-filter", "name.regex")}),
        ("fields=shape", {("unknown-attribute", "fields")}),
        ("sort=name", {("unknown-filter", "sort")}),
        ("limit=3", {("unknown-filter", "limit")}),
        ("purpose=complaint", {("unknown-filter", "purpose")}),
        (
            "contactMedium.characteristic.phoneNumber=1",
            {("unknown-filter", "contactMedium.characteristic.phoneNumber")},
        ),
        ("name=" + "x" * 2_000, {("too-long", "query")}),
    ],
)
async def test_a_query_that_means_nothing_is_refused(
    ask: Ask, store: Any, listener: Listener, query: str, expected: set[tuple[str, str]]
) -> None:
    answer = await ask("POST", "hub", json={"callback": listener.url, "query": query}, **SUPERVISOR)
    assert (answer.status_code, expected <= reasons(answer)) == (400, True), answer.text
    assert await store.db.fetchval("SELECT count(*) FROM hub_subscriptions") == 0


@pytest.mark.parametrize(
    ("callback", "code"),
    [
        ("ftp://partner.example.com/", "callback-invalid"),
        ("file:///etc/passwd", "callback-invalid"),
        ("partner.example.com/events", "callback-invalid"),
        ("http://", "callback-invalid"),
        ("http://user:secret@127.0.0.1/", "callback-invalid"),
        ("http://127.0.0.1/#part", "callback-invalid"),
        ("http://127.0.0.1/" + "x" * 2_000, "callback-invalid"),
        ("http://10.1.2.3/events", "callback-not-allowed"),
        ("http://169.254.169.254/latest/meta-data", "callback-not-allowed"),
        ("http://[::ffff:10.1.2.3]/", "callback-not-allowed"),
        ("http://[64:ff9b::a01:203]/", "callback-not-allowed"),
        ("http://[fd00::1]/", "callback-not-allowed"),
        ("http://0.0.0.0/", "callback-not-allowed"),
        ("http://224.0.0.1/", "callback-not-allowed"),
        ("http://167838211/", "callback-not-allowed"),
        ("http://no-such-host.invalid/", "callback-not-allowed"),
    ],
)
async def test_an_address_that_is_not_for_listeners_is_refused(ask: Ask, callback: str, code: str) -> None:
    answer = await ask("POST", "hub", json={"callback": callback}, **SUPERVISOR)
    assert (answer.status_code, reasons(answer)) == (400, {(code, "callback")})


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {("missing", "callback")}),
        ({"callback": 7}, {("invalid", "callback")}),
        ({"callback": "http://127.0.0.1/", "query": {}}, {("invalid", "query")}),
        ({"callback": "http://127.0.0.1/", "secret": "x"}, {("unknown-field", "secret")}),
    ],
)
async def test_a_body_that_is_no_subscription_is_refused(
    ask: Ask, body: Any, expected: set[tuple[str, str]]
) -> None:
    answer = await ask("POST", "hub", json=body, **SUPERVISOR)
    assert (answer.status_code, reasons(answer)) == (400, expected)


async def test_a_subscription_has_an_address_and_is_the_same_when_asked_for_again(
    ask: Ask, store: Any, listener: Listener
) -> None:
    first = await subscribed(ask, listener.url, "size=1")
    body = first.json()
    assert body == {"id": body["id"], "callback": listener.url, "query": "size=1"}
    assert first.headers["Location"] == f"{store.settings.public_url}{BASE}/hub/{body['id']}"
    again = await subscribed(ask, listener.url, "size=1")
    assert again.json() == body
    without = await subscribed(ask, listener.url)
    assert without.json() == {"id": without.json()["id"], "callback": listener.url}
    assert without.json()["id"] != body["id"]


@pytest.mark.parametrize("role", ["hall-clerk", "call-centre-clerk", "auditor", "migration"])
async def test_a_role_that_answers_for_no_system_may_not_listen(
    ask: Ask, listener: Listener, role: str
) -> None:
    answer = await ask("POST", "hub", json={"callback": listener.url}, role=role)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_a_subscription_is_its_subscriber_s_alone(
    ask: Ask, make: Make, listener: Listener, other: Listener
) -> None:
    mine = (await subscribed(ask, listener.url)).json()
    await subscribed(ask, other.url)
    stranger = {"role": "supervisor", "claims": {"subject": "supervisor-2"}}
    for who in (stranger, MACHINE):
        assert (await ask("DELETE", f"hub/{mine['id']}", **who)).status_code == 404
    assert (await ask("DELETE", f"hub/{mine['id']}", **SUPERVISOR)).status_code == 204
    assert (await ask("DELETE", f"hub/{mine['id']}", **SUPERVISOR)).status_code == 404
    await make()
    await eventually(lambda: other.taken)
    assert listener.heard == []


async def test_nobody_has_more_subscriptions_than_can_be_served(ask: Ask, listener: Listener) -> None:
    for place in range(20):
        await subscribed(ask, f"{listener.url}/{place}")
    more = await ask("POST", "hub", json={"callback": f"{listener.url}/more"}, **SUPERVISOR)
    assert (more.status_code, more.json()["code"]) == (409, "too-many-subscriptions")
    await subscribed(ask, f"{listener.url}/3")
    await subscribed(ask, listener.url, **{"role": "supervisor", "claims": {"subject": "supervisor-2"}})


async def test_a_listener_hears_of_nothing_that_its_subscriber_may_not_see(
    ask: Ask, make: Make, listener: Listener, other: Listener
) -> None:
    await subscribed(ask, listener.url, **DEALER)
    await subscribed(ask, other.url)
    theirs = await ask("POST", "gadget", json={"name": "theirs"}, **DEALER)
    assert theirs.status_code == 201, theirs.text
    await make(name="ours")
    await ask("PATCH", f"gadget/{theirs.json()['id']}", json={"size": 1})
    await eventually(lambda: len(other.taken) == 3)
    await eventually(lambda: len(listener.taken) == 2)
    assert {body["event"]["gadget"]["name"] for body in listener.taken} == {"theirs"}


async def test_what_is_personal_is_masked_and_whoever_may_not_read_a_record_hears_nothing_of_it(
    ask: Ask, listener: Listener, other: Listener
) -> None:
    await subscribed(ask, listener.url, "eventType=KeeperCreateEvent,KeeperDeleteEvent")
    await subscribed(ask, other.url, **DEALER)
    refused = await ask(
        "POST", "hub", json={"callback": other.url, "query": "eventType=KeeperCreateEvent"}, **DEALER
    )
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    keeper = {
        "name": "Li",
        "contactMedium": [{"mediumType": "phone", "characteristic": {"phoneNumber": "13012345678"}}],
    }
    made = await ask("POST", "keeper", json=keeper)
    assert made.status_code == 201
    await ask("PATCH", f"keeper/{made.json()['id']}", json={"name": "Li Na"})
    await ask("DELETE", f"keeper/{made.json()['id']}")
    await ask("POST", "gadget", json={"name": "last"}, **DEALER)
    await eventually(lambda: other.taken)
    await eventually(lambda: len(listener.taken) == 2)
    assert listener.types() == ["KeeperCreateEvent", "KeeperDeleteEvent"]
    for body in listener.taken:
        medium = body["event"]["keeper"]["contactMedium"][0]["characteristic"]
        assert medium["phoneNumber"] == "130****5678"
    assert other.types() == ["GadgetCreateEvent"]


async def test_a_change_that_is_undone_is_told_to_nobody(
    ask: Ask, make: Make, store: Any, listener: Listener
) -> None:
    await subscribed(ask, listener.url)
    gadget = await make()
    with pytest.raises(ZeroDivisionError):
        await _undone(store)
    await patched(ask, gadget["id"], size=2)
    await eventually(lambda: len(listener.taken) == 2)
    assert listener.taken[1]["event"]["gadget"]["size"] == 2


async def _undone(store: Any) -> None:
    async with store.db.transaction() as tx:
        await tx.execute("UPDATE gadgets SET version = version + 1, document = document || '{\"size\": 1}'")
        raise ZeroDivisionError


async def test_what_many_rows_of_one_statement_become_is_told_too(
    ask: Ask, make: Make, store: Any, listener: Listener
) -> None:
    gadgets = [await make(name=f"g{place}") for place in range(150)]
    await subscribed(ask, listener.url, "fields=size")
    await store.db.execute(
        "UPDATE gadgets SET version = version + 1, document = document || '{\"size\": 9}' WHERE version = 1"
    )
    await store.db.execute("UPDATE gadgets SET area = '020'")
    await eventually(lambda: len(listener.taken) == len(gadgets))
    assert {body["event"]["gadget"]["id"] for body in listener.taken} == {one["id"] for one in gadgets}
    assert {body["event"]["gadget"]["size"] for body in listener.taken} == {9}
    assert await eventually(lambda: _empty(store))
    async with store.db.connection() as connection:
        assert await trim(connection, store.clock.now()) == len(gadgets)
    assert await store.db.fetchval("SELECT count(*) FROM hub_changes") == 0


async def test_nobody_listens_and_nothing_is_noted(ask: Ask, make: Make, store: Any) -> None:
    gadget = await make()
    await patched(ask, gadget["id"], size=2)
    assert await store.db.fetchval("SELECT count(*) FROM hub_changes") == 0
