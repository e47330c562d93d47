"""What listeners are told."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.conformance.checks_reading import _is_error
from tests.conformance.subject import MERGE, Subject
from tests.engines import eventually
from tests.listening import Listener, listening

SUBSCRIBER = "supervisor"
PATIENCE = 10.0
"""Seconds within which a listener has to have heard."""


def _hub(subject: Subject) -> str:
    return f"{subject.facts.base}/hub"


@asynccontextmanager
async def _subscribed(subject: Subject, query: str) -> AsyncIterator[Listener]:
    headers = subject.bearer(SUBSCRIBER)
    async with listening() as listener:
        body = {"callback": listener.url, "query": query}
        answer = await subject.client.post(_hub(subject), json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        subscription = answer.json()
        assert subscription == body | {"id": subscription["id"]}, "the subscription is answered"
        location = answer.headers.get("Location", "")
        assert location.endswith(f"{_hub(subject)}/{subscription['id']}"), "Location of the subscription"
        try:
            yield listener
        finally:
            gone = await subject.client.delete(location, headers=subject.bearer(SUBSCRIBER))
            assert gone.status_code == 204, gone.text


def _of(listener: Listener, subject: Subject, id: str) -> list[dict[str, Any]]:
    name = subject.heard_as or subject.name
    return [body for body in listener.taken if body.get("event", {}).get(name, {}).get("id") == id]


async def a_listener_is_told_what_the_document_declares(subject: Subject) -> None:
    declared = set(subject.told["events"])
    type = subject.told["type"]
    async with _subscribed(subject, "") as listener:
        made = await subject.make(**subject.draft)
        path = f"/{made['id']}"
        expected = [f"{type}CreateEvent"]
        if subject.offers("PATCH") and subject.text:
            answer = await subject.ask("PATCH", path, json={subject.text: "told"}, media_type=MERGE)
            assert answer.status_code == 200, answer.text
            expected.append(f"{type}AttributeValueChangeEvent")
            if subject.state:
                name, value = subject.state
                answer = await subject.ask("PATCH", path, json={name: value}, media_type=MERGE)
                assert answer.status_code == 200, answer.text
                expected.append(f"{type}StateChangeEvent")
        if subject.moved:
            await subject.moved(made)
            expected.append(f"{type}StateChangeEvent")
        if subject.offers("DELETE") and subject.removable:
            assert (await subject.ask("DELETE", path)).status_code == 204
            expected.append(f"{type}DeleteEvent")
        expected = [name for name in expected if name in declared]

        def told() -> bool:
            heard = [body["eventType"] for body in _of(listener, subject, made["id"])]
            # A record that orders move may be told more often than once of its state.
            assert set(heard) == set(expected), f"told {heard}, expected {expected}"
            assert heard[:1] == expected[:1], f"told {heard}: the beginning comes first"
            return True

        await eventually(told, PATIENCE)
        for body in _of(listener, subject, made["id"]):
            _is_notification(subject, body)


def _is_notification(subject: Subject, body: dict[str, Any]) -> None:
    for name in ("eventId", "eventTime", "eventType"):
        assert isinstance(body.get(name), str), f"a notification has an {name}"
    name = subject.heard_as or subject.name
    faults = subject.facts.faults(name, body["event"][name], ours=subject.ours)
    assert faults == [], faults


async def a_listener_is_told_what_it_asked_for_alone(subject: Subject) -> None:
    type = subject.told["type"]
    event = f"{type}CreateEvent"
    if event not in subject.told["events"] or not subject.text:
        return
    query = f"eventType={event}&{subject.text}=wanted&fields={subject.text}"
    async with _subscribed(subject, query) as listener, _subscribed(subject, "") as all_of_it:
        await subject.make(**{subject.text: "unwanted"})
        made = await subject.make(**{subject.text: "wanted"})
        await eventually(lambda: _of(all_of_it, subject, made["id"]), PATIENCE)
        await eventually(lambda: _of(listener, subject, made["id"]), PATIENCE)
        assert {body["eventType"] for body in listener.heard} == {event}
        name = subject.heard_as or subject.name
        shown = [body["event"][name] for body in listener.heard]
        assert {one[subject.text] for one in shown} == {"wanted"}, "the query filters"
        assert set(shown[0]) == {"id", "href", "@type", subject.text}, "fields select"


async def a_subscription_ends(subject: Subject) -> None:
    async with _subscribed(subject, "") as ended:
        pass
    async with _subscribed(subject, "") as going_on:
        made = await subject.make()
        if f"{subject.told['type']}CreateEvent" in subject.told["events"]:
            await eventually(lambda: _of(going_on, subject, made["id"]), PATIENCE)
        assert ended.heard == [], "nothing is sent after the end"
    unknown = await subject.client.delete(f"{_hub(subject)}/nobody", headers=subject.bearer(SUBSCRIBER))
    _is_error(unknown, 404)
    nowhere = await subject.client.post(_hub(subject), json={}, headers=subject.bearer(SUBSCRIBER))
    _is_error(nowhere, 400)


CHECKS = (
    a_listener_is_told_what_the_document_declares,
    a_listener_is_told_what_it_asked_for_alone,
    a_subscription_ends,
)
