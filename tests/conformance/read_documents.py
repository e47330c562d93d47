"""Reads TM Forum's documents, and writes down the facts that the suite goes by.

    python -m tests.conformance.read_documents <folder with TMFnnn-….json>

The documents are TM Forum's, and are not part of this project: what is kept here are names, types and statuses.
"""

import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "facts"
SERVED = ("TMF620", "TMF622", "TMF629", "TMF632", "TMF637", "TMF639", "TMF666", "TMF676")
PRINTED_WRONG = {"TMF676": "/tmf-api/paymentManagement/v4"}
"""The document prints `/payment/v4/`."""
_METHODS = ("get", "post", "put", "patch", "delete")
_PATHS_BESIDE = ("/hub", "/listener")


def facts_of(api: str, document: dict[str, Any]) -> dict[str, Any]:
    """One API: its operations with their statuses, its resources, and the parts that these are made of."""
    definitions = document["definitions"]
    names = sorted({path.split("/")[1] for path in document["paths"] if not path.startswith(_PATHS_BESIDE)})
    resources = {name: _resource(name, document) for name in names}
    types = {one["type"] for one in resources.values()}
    parts: dict[str, Any] = {}
    for one in resources.values():
        for shape in (one["read"], one["create"]):
            if shape:
                _collect(shape, definitions, parts)
    return {
        "api": api,
        "base": PRINTED_WRONG.get(api, document["basePath"].rstrip("/")),
        "operations": _operations(document),
        "resources": resources,
        "parts": {name: parts[name] for name in sorted(parts) if name not in types or name in _used(parts)},
    }


def _used(parts: dict[str, Any]) -> set[str]:
    return {kind.strip("[]") for shape in parts.values() for kind in shape["fields"].values()}


def _operations(document: dict[str, Any]) -> dict[str, list[int]]:
    return {
        f"{method.upper()} {path}": sorted(int(status) for status in operations[method]["responses"])
        for path, operations in sorted(document["paths"].items())
        for method in _METHODS
        if method in operations and not path.startswith("/listener")
    }


def _resource(name: str, document: dict[str, Any]) -> dict[str, Any]:
    type = name[0].upper() + name[1:]
    definitions = document["definitions"]
    create = definitions.get(f"{type}_Create")
    listeners = [
        path.removeprefix("/listener/") for path in document["paths"] if path.startswith("/listener/")
    ]
    events = [event[0].upper() + event[1:] for event in listeners]
    return {
        "type": type,
        "read": _shape(definitions[type]),
        "create": _shape(create) if create else None,
        "events": sorted(event for event in events if _of(event, type)),
    }


def _of(event: str, type: str) -> bool:
    return event.startswith(type) and event.removeprefix(type).startswith(
        ("Create", "AttributeValueChange", "StateChange", "Delete", "Batch", "InformationRequired")
    )


def _shape(definition: dict[str, Any]) -> dict[str, Any]:
    fields = definition.get("properties", {})
    return {
        "required": sorted(definition.get("required", [])),
        "fields": {name: _kind(fields[name]) for name in sorted(fields)},
    }


def _kind(schema: dict[str, Any]) -> str:
    """`string`, `date-time`, `integer`, `number`, `boolean`, `any`, the name of a part, or one of these in brackets."""
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[1])
    if schema.get("type") == "array":
        return f"[{_kind(schema['items'])}]"
    if schema.get("format") == "date-time":
        return "date-time"
    return str(schema.get("type", "any")) if schema.get("type") != "object" else "any"


def _collect(shape: dict[str, Any], definitions: dict[str, Any], parts: dict[str, Any]) -> None:
    for kind in shape["fields"].values():
        name = kind.strip("[]")
        definition = definitions.get(name)
        if name in parts or definition is None:
            continue
        if "enum" in definition:
            parts[name] = {"required": [], "fields": {}, "choices": sorted(definition["enum"])}
        elif definition.get("properties"):
            parts[name] = _shape(definition)
            _collect(parts[name], definitions, parts)
        else:
            parts[name] = {"required": [], "fields": {}, "plain": definition.get("type", "any")}


def _table(facts: dict[str, Any]) -> str:
    """As JSON, one fact a line."""
    lines = []
    for name, value in facts.items():
        if isinstance(value, dict):
            inner = ",\n".join(f"  {json.dumps(key)}: {json.dumps(one)}" for key, one in value.items())
            lines.append(f" {json.dumps(name)}: {{\n{inner}\n }}")
        else:
            lines.append(f" {json.dumps(name)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main(folder: Path) -> None:
    """Write the facts of every API that is served."""
    HERE.mkdir(exist_ok=True)
    for api in SERVED:
        (file,) = folder.glob(f"{api}-*.json")
        facts = facts_of(api, json.loads(file.read_text()))
        (HERE / f"{api}.json").write_text(_table(facts))
        print(f"{api}: {len(facts['operations'])} operations, {len(facts['resources'])} resources")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
