"""Whoever looked at a subscriber was shown him, or was told lawfully why not."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from tests.faults.checker.evidence import Evidence, Row
from tests.faults.checker.findings import Violation

BUSINESSES = {
    "pay",
    "replace-sim",
    "suspend",
    "resume",
    "change-plan",
    "subscribe",
    "unsubscribe",
    "terminate",
}
AT_HOME_ONLY = {"terminate"}
CLOCKS = timedelta(seconds=1)


def check_looks(found: Evidence) -> Iterator[Violation]:
    homes: dict[str, list[tuple[str, Row]]] = defaultdict(list)
    for node, product in found.all("products"):
        if product["kind"] == "subscription":
            homes[product["number"]].append((node, product))
    for look in found.history:
        if look["business"] == "look" and look.get("status") is not None:
            for wrong in _wrong(look, homes[look["number"]]):
                yield Violation(
                    "looks-lawful", f"{look['node']} on {look['number']} ({look['key']}): {wrong}"
                )


def _wrong(look: Row, lived: list[tuple[str, Row]]) -> Iterator[str]:
    status, codes, shown = look["status"], look["codes"], look["shown"]
    if status == 200:
        yield from _shown(look, shown, {node for node, _ in lived})
    elif status == 404:
        # Who is found in the end may have moved in after the look, but nobody asks for him before he has.
        if any(product["status"] != "terminated" for _, product in lived):
            yield f"{codes}, and he lives"
    elif (status, codes) != (409, ["home-not-answering"]):
        yield f"{status} {codes}"


def _shown(look: Row, shown: Any, homes: set[str]) -> Iterator[str]:
    if shown["number"] != look["number"] or shown["home"] not in homes:
        yield f"{shown['number']} at {shown['home']}"
    name = shown["owner"].get("name")
    if name is not None and "*" not in name:
        yield "the owner's name in full"
    at = datetime.fromisoformat(shown["at"]).timestamp()
    if not look["asked"] - CLOCKS.total_seconds() <= at <= look["told"] + CLOCKS.total_seconds():
        yield f"as it was at {shown['at']}"
    permitted = {one["business"] for one in shown["permittedBusiness"]}
    refused = {one["business"] for one in shown["refusedBusiness"]}
    if permitted & refused or permitted | refused != BUSINESSES:
        yield f"permitted {sorted(permitted)}, refused {sorted(refused)}"
    if shown["home"] != look["node"] and permitted & AT_HOME_ONLY:
        yield f"permitted from afar: {sorted(permitted & AT_HOME_ONLY)}"
    if any(not one["reasons"] for one in shown["refusedBusiness"]):
        yield "refused without a reason"
