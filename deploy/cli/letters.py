"""Dead letters as operators handle them: looked at over all services of a node, mended, replayed."""

import json
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from deploy import services
from deploy.cli.operator import Operator
from deploy.local.trouble import Trouble
from libs.node import NODES

COLUMNS = ("service", "id", "created", "reason", "type", "key", "attempts", "detail")
CONTENT = ("payload", "originalPayload", "headers")


async def listed(operator: Operator, service: str | None, state: str, limit: int) -> list[dict[str, Any]]:
    """The newest dead letters of a service, or of every service of the node, each with its service."""
    query = {"limit": str(limit)} | ({} if state == "all" else {"state": state})
    found = []
    for name in _services(operator, service):
        letters = await operator.ask("GET", _path(name), **query)
        found += [{"service": name, **letter} for letter in letters]
    return sorted(found, key=lambda one: str(one["created"]), reverse=True)[:limit]


async def shown(operator: Operator, service: str, id: str, purpose: str | None) -> dict[str, Any]:
    """One of them; with a purpose also its content, which the node records."""
    (name,) = _services(operator, service)
    query = {"purpose": purpose} if purpose else {}
    found: dict[str, Any] = await operator.ask("GET", f"{_path(name)}/{id}", **query)
    return found


async def mended(operator: Operator, service: str, id: str, payload: str) -> dict[str, Any]:
    """Put another payload in place of the one that failed. Raises Trouble for what is no JSON object."""
    (name,) = _services(operator, service)
    try:
        content = json.loads(payload)
    except ValueError as error:
        raise Trouble(f"The payload is no JSON: {error}") from None
    if not isinstance(content, dict):
        raise Trouble("The payload is no JSON object.")
    found: dict[str, Any] = await operator.ask("PATCH", f"{_path(name)}/{id}", body={"payload": content})
    return found


async def replayed(operator: Operator, service: str, ids: Sequence[str]) -> dict[str, str]:
    """Take these in again, in the order given; for each id what became of it. One that fails stops none behind it."""
    (name,) = _services(operator, service)
    ends = {}
    for id in ids:
        try:
            await operator.ask("POST", f"{_path(name)}/{id}/replay")
            ends[id] = "replayed"
        except Trouble as trouble:
            ends[id] = str(trouble)
    return ends


def show_list(letters: Sequence[dict[str, Any]], console: Console) -> None:
    if not letters:
        console.print("No dead letters.")
        return
    table = Table(box=None, pad_edge=False)
    for name in COLUMNS:
        table.add_column(name, overflow="fold", no_wrap=name == "id")
    for one in letters:
        row = {**one, "type": one.get("messageType") or "–"}
        table.add_row(*(str(row.get(name, "")) for name in COLUMNS))
    console.print(table)


def show_one(letter: dict[str, Any], console: Console) -> None:
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, value in letter.items():
        if name not in CONTENT:
            table.add_row(name, str(value))
    console.print(table)
    for name in CONTENT:
        if letter.get(name) is not None:
            console.print(f"\n{name}:", style="bold")
            console.print_json(json.dumps(letter[name], ensure_ascii=False))


def _services(operator: Operator, service: str | None) -> list[str]:
    there = [one.name for one in services.services_at(NODES[operator.node.code].tier)]
    if service is None:
        return there
    name = services.service(service).name
    if name not in there:
        raise Trouble(f"{operator.node.code} has no {name}; it has {', '.join(there)}.")
    return [name]


def _path(service: str) -> str:
    return f"/api/{service}/v1/deadLetters"
