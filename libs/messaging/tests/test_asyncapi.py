"""The AsyncAPI document says what a service takes in and what it sends."""

import yaml  # type: ignore[import-untyped]

from libs.messaging import Handles, Publishes
from libs.messaging.asyncapi import asyncapi
from libs.messaging.tests.stage import NumberReleased, NumberReserved, remember
from libs.messaging.topics import downlink, tasks
from libs.node import NODES


def document() -> str:
    return asyncapi(
        title="Resource",
        version="1.0.0",
        handles=[
            Handles(lambda node: tasks(node, "resource"), NumberReserved, remember),
            Handles(lambda node: () if node == "hq" else tasks(node, "resource"), NumberReleased, remember),
        ],
        publishes=[
            Publishes(lambda node: [downlink(code, "work-orders") for code in NODES], (NumberReleased,))
        ],
    )


def test_every_topic_type_and_direction_is_documented_once() -> None:
    read = yaml.safe_load(document())
    assert read["asyncapi"] == "3.0.0"
    assert {name: channel["address"] for name, channel in read["channels"].items()} == {
        "resource.tasks": "{node}.resource.tasks",
        "downlink.work-orders": "{node}.downlink.work-orders",
    }
    assert set(read["channels"]["resource.tasks"]["messages"]) == {
        "test.number-reserved.v1",
        "test.number-released.v1",
    }
    assert {name: op["action"] for name, op in read["operations"].items()} == {
        "receive.resource.tasks": "receive",
        "send.downlink.work-orders": "send",
    }
    assert read["components"]["schemas"]["NumberReserved"]["required"] == ["number"]


def test_every_reference_in_the_document_leads_somewhere() -> None:
    read = yaml.safe_load(document())

    def references(part: object) -> list[str]:
        if isinstance(part, dict):
            own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
            return own + [found for value in part.values() for found in references(value)]
        return [found for value in part for found in references(value)] if isinstance(part, list) else []

    found = references(read)
    assert found
    for reference in found:
        target = read
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]


def test_the_same_declarations_make_the_same_text() -> None:
    assert document() == document()
