"""The AsyncAPI 3 document of a service, from its declarations: what it takes in and what it sends.

FastStream writes it from a broker that exists only for this and never connects. It makes a channel of each pair of
topic and type; here they are gathered again into one channel a topic, whose name carries `{node}` where the code of a
node stands.
"""

from collections.abc import Iterable
from typing import Any, Literal

import yaml  # type: ignore[import-untyped]
from faststream.kafka import KafkaBroker
from faststream.specification import AsyncAPI
from pydantic import BaseModel

from libs.messaging.envelope import type_of
from libs.messaging.handles import Handles, Publishes, Topics, names
from libs.node import HQ, NODES

Action = Literal["receive", "send"]

_ABOUT = "CloudEvents 1.0 in Kafka's binary mode. `{node}` is the code of a node: `hq`, or a province such as `gd`."
_A_PROVINCE = "gd"
_HEADERS = {
    "type": "object",
    "required": ["ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time"],
    "properties": {
        "ce_specversion": {"const": "1.0"},
        "ce_id": {"type": "string", "description": "names one sending; received twice, it takes effect once"},
        "ce_type": {"type": "string"},
        "ce_source": {"type": "string", "examples": ["/gd/order-acceptance"]},
        "ce_subject": {"type": "string"},
        "ce_time": {"type": "string", "format": "date-time"},
        "traceparent": {"type": "string"},
        "tracestate": {"type": "string"},
    },
}


def asyncapi(
    *,
    title: str,
    version: str,
    handles: Iterable[Handles] = (),
    publishes: Iterable[Publishes] = (),
) -> str:
    """The document as YAML: the same text for the same declarations.

    Raises ValueError when two contracts of one service have the same class name: one would hide the other.
    """
    declared: dict[tuple[Action, str, str], type[BaseModel]] = {}
    for taken in handles:
        for topic in _addresses(taken.topic):
            declared["receive", topic, type_of(taken.model)] = taken.model
    for sent in publishes:
        for topic in _addresses(sent.topic):
            for model in sent.models:
                declared["send", topic, type_of(model)] = model
    if len({model.__name__ for model in declared.values()}) != len(set(declared.values())):
        raise ValueError(f"{title}: two messages share one class name")
    broker = KafkaBroker("kafka:9092")
    for (action, topic, ce_type), model in sorted(declared.items(), key=lambda item: item[0]):
        _declare(broker, action, topic, f"{action} {topic} {ce_type}", model)
    generated: dict[str, Any] = (
        AsyncAPI(broker, title=title, version=version, description=_ABOUT).to_specification().to_jsonable()
    )
    document = {
        "asyncapi": generated["asyncapi"],
        "info": generated["info"],
        "defaultContentType": "application/json",
        **_gathered(generated, sorted(declared)),
    }
    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110)
    return text


def _addresses(topics: Topics) -> list[str]:
    """The topics at headquarters and in a province, each with `{node}` for the node that it begins with."""
    found = set()
    for node in (HQ, _A_PROVINCE):
        for topic in names(topics, node):
            first, _, rest = topic.partition(".")
            found.add(f"{{node}}.{rest}" if first in NODES else topic)
    return sorted(found)


def _declare(broker: KafkaBroker, action: Action, topic: str, title: str, model: type[BaseModel]) -> None:
    if action == "send":
        broker.publisher(topic, schema=model, title=title)
        return

    async def takes(message: Any) -> None:
        return None

    takes.__annotations__ = {"message": model, "return": None}
    broker.subscriber(topic, title=title)(takes)


def _gathered(generated: dict[str, Any], declared: list[tuple[Action, str, str]]) -> dict[str, Any]:
    """One channel for each topic, one message for each type, one operation for each topic and direction."""
    payloads = {
        name.rsplit(":", 1)[0]: message["payload"]
        for name, message in generated["components"]["messages"].items()
    }
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    messages: dict[str, Any] = {}
    for action, topic, ce_type in declared:
        name = topic.removeprefix("{node}.")
        messages[ce_type] = {
            "name": ce_type,
            "contentType": "application/json",
            "headers": {"$ref": "#/components/schemas/CloudEventHeaders"},
            "payload": payloads[f"{action} {topic} {ce_type}"],
        }
        channel = channels.setdefault(name, {"address": topic, "messages": {}})
        if "{node}" in topic:
            channel["parameters"] = {"node": {"description": "the code of a node"}}
        channel["messages"][ce_type] = {"$ref": f"#/components/messages/{ce_type}"}
        operation = operations.setdefault(
            f"{action}.{name}", {"action": action, "channel": {"$ref": f"#/channels/{name}"}, "messages": []}
        )
        operation["messages"].append({"$ref": f"#/channels/{name}/messages/{ce_type}"})
    schemas = {"CloudEventHeaders": _HEADERS} | dict(sorted(generated["components"]["schemas"].items()))
    return {
        "channels": channels,
        "operations": operations,
        "components": {"messages": dict(sorted(messages.items())), "schemas": schemas},
    }
