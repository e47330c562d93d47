"""What a client may say about stock: what comes in, and what may be edited. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from contracts.steps import CardKind, Network
from services.resource.cards.rules import is_iccid
from services.resource.inventory.areas import holds
from services.resource.inventory.rules import CHARACTERISTICS, LAID_IN, MSISDN, SIM, Category, Stock, shown
from services.resource.numbers.rules import NumberClass, NumberState, class_of

Document = dict[str, Any]

_NUMBER = re.compile(r"[0-9]{5,15}")
_STATES = ("resourceStatus", "usageState", "administrativeState", "operationalState")
_FIXED = ("category", "name", "value", "serialNumber", "@type", "@baseType")
NOT_DESCRIBED = frozenset((*_STATES, *_FIXED))
"""What an edit does not change: whoever leaves it out, means it as it is."""
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "kind": get_args(CardKind),
    "network": get_args(Network),
    "class": get_args(NumberClass),
}
_NEEDED: Mapping[str, tuple[str, ...]] = {MSISDN: ("area", "network"), SIM: ("kind", "area")}
_FOREIGN: Mapping[str, str] = {MSISDN: "kind", SIM: "class"}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong: a code of errors.py (or `missing`, `invalid`), where, and what its text names."""

    code: str
    path: str
    about: tuple[tuple[str, str], ...] = ()


class Faulty(Exception):
    """Everything that is wrong, at once."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        super().__init__()
        self.faults = tuple(faults)


def _fault(code: str, path: str, **about: str) -> Fault:
    return Fault(code, path, tuple(about.items()))


def ours(document: Mapping[str, Any]) -> dict[str, Any]:
    """Our own characteristics of a representation, by name."""
    given = document.get("resourceCharacteristic") or []
    return {one["name"]: one["value"] for one in given if one["name"] in CHARACTERISTICS}


def theirs(document: Mapping[str, Any]) -> list[Any]:
    """The characteristics that clients added."""
    given = document.get("resourceCharacteristic") or []
    return [one for one in given if one["name"] not in CHARACTERISTICS]


def coming_in(node: str, category: Category | None, document: Mapping[str, Any], id: str = "") -> Stock:
    """The number or card that a client brings in. Raises Faulty with all that is wrong."""
    category = category or document.get("category")
    if category not in (MSISDN, SIM) or document.get("category", category) != category:
        raise Faulty([_fault("category-unknown", "category", category=str(document.get("category")))])
    named = "value" if category == MSISDN else "serialNumber"
    value = document.get(named) or document.get("name") or ""
    found = ours(document)
    faults = [*_value_faults(category, named, value, document), *_own_faults(node, category, found)]
    state = found.get("state", LAID_IN[category])
    if state not in (LAID_IN[category], NumberState.FROZEN if category == MSISDN else ""):
        faults.append(_fault("by-order-only", "resourceCharacteristic", value=value))
    elif not faults:
        looks = shown(state) | {"operationalState": "enable"}
        faults += [
            _fault("by-order-only", name) for name in _STATES if document.get(name) not in (None, looks[name])
        ]
    if faults:
        raise Faulty(faults)
    return Stock(
        id,
        category,
        value,
        state,
        found.get("kind"),
        found["area"],
        found.get("network"),
        (found.get("class") or class_of(value)) if category == MSISDN else None,
    )


def _value_faults(category: str, named: str, value: str, document: Mapping[str, Any]) -> Iterable[Fault]:
    if not value:
        yield _fault("missing", named)
    elif document.get("name", value) != value:
        yield _fault("invalid", "name", detail=f"name and {named} are the same")
    elif category == SIM and not is_iccid(value):
        yield _fault("iccid-invalid", named, iccid=value[:40])
    elif category == MSISDN and not _NUMBER.fullmatch(value):
        yield _fault("invalid", named, detail="expected 5 to 15 national digits")


def _own_faults(node: str, category: str, found: Mapping[str, Any]) -> Iterable[Fault]:
    for name in _NEEDED[category]:
        if name not in found:
            yield _fault("characteristic-missing", "resourceCharacteristic", name=name)
    for name, choices in _CHOICES.items():
        if name not in found:
            continue
        if _FOREIGN[category] == name or found[name] not in choices:
            detail = (
                f"{name}: expected {', '.join(choices)}" if _FOREIGN[category] != name else f"no {name} here"
            )
            yield _fault("invalid", "resourceCharacteristic", detail=detail)
    if "area" in found and not (isinstance(found["area"], str) and holds(node, found["area"])):
        yield _fault("area-not-here", "resourceCharacteristic", area=str(found["area"])[:20])


def edited(document: Document, before: Mapping[str, Any]) -> Document:
    """The representation after an edit, ours characteristics first, whatever order the client put them in.

    Raises Faulty for an edit of what does not merely describe.
    """
    faults = [_fault("by-order-only", name) for name in _STATES if document.get(name) != before.get(name)]
    faults += [
        _fault("not-changeable", name, field=name)
        for name in _FIXED
        if document.get(name) != before.get(name)
    ]
    was, wanted = ours(before), ours(document)
    for name, value in wanted.items():
        if value != was.get(name):
            code = "by-order-only" if name == "state" else "not-changeable"
            faults.append(_fault(code, "resourceCharacteristic", field=name))
    if faults:
        raise Faulty(faults)
    own = [one for one in before["resourceCharacteristic"] if one["name"] in CHARACTERISTICS]
    return {**document, "resourceCharacteristic": [*own, *theirs(document)]}


def deletable(document: Mapping[str, Any]) -> bool:
    """Whether it lies in stock as it came."""
    return bool(ours(document)["state"] == LAID_IN[document["category"]])
