"""What a party may be and become, and which of its references count."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Literal

from services.customer.identity.rules import (
    OF_INDIVIDUALS,
    OF_ORGANIZATIONS,
    RESIDENT_ID,
    birth_date,
    born_on,
    normal_number,
)

PartyKind = Literal["Individual", "Organization"]
INDIVIDUAL: PartyKind = "Individual"
ORGANIZATION: PartyKind = "Organization"
AGENT = "agent"

IDENTIFICATION: Mapping[PartyKind, str] = MappingProxyType(
    {INDIVIDUAL: "individualIdentification", ORGANIZATION: "organizationIdentification"}
)
TYPES: Mapping[PartyKind, frozenset[str]] = MappingProxyType(
    {INDIVIDUAL: OF_INDIVIDUALS, ORGANIZATION: OF_ORGANIZATIONS}
)

FIRST = "initialized"
# The names are TMF632's own, `deceaded` included.
_NEXT: Mapping[PartyKind, Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        INDIVIDUAL: MappingProxyType(
            {
                FIRST: frozenset({"validated", "deceaded"}),
                "validated": frozenset({"deceaded"}),
                "deceaded": frozenset(),
            }
        ),
        ORGANIZATION: MappingProxyType(
            {
                FIRST: frozenset({"validated", "closed"}),
                "validated": frozenset({"closed"}),
                "closed": frozenset(),
            }
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Identity:
    """An identity document of a party: its type and its number in normal form."""

    kind: str
    number: str


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a party's documents: a word for it, where, and the type in question."""

    what: Literal["number-invalid", "type-not-allowed", "repeated", "birth-date-differs"]
    path: str
    kind: str


def may_become(kind: PartyKind, now: str, wanted: str) -> bool:
    """Whether a party may go from one status to another; staying is always allowed."""
    return wanted == now or wanted in _NEXT[kind].get(now, frozenset())


def judge_identities(
    kind: PartyKind, document: Mapping[str, Any], today: date
) -> tuple[list[Identity], list[Fault]]:
    """The identities that a party's representation names, in normal form, and everything wrong with them."""
    attribute = IDENTIFICATION[kind]
    identities: list[Identity] = []
    faults: list[Fault] = []
    for place, entry in enumerate(document.get(attribute) or ()):
        path = f"{attribute}[{place}]"
        given, number = entry["identificationType"], entry["identificationId"]
        if given not in TYPES[kind]:
            faults.append(Fault("type-not-allowed", f"{path}.identificationType", given))
            continue
        normal = normal_number(given, number, today)
        if normal is None:
            faults.append(Fault("number-invalid", f"{path}.identificationId", given))
            continue
        identity = Identity(given, normal)
        if identity in identities:
            faults.append(Fault("repeated", f"{path}.identificationId", given))
            continue
        identities.append(identity)
    born = document.get("birthDate")
    if born is not None and any(
        one.kind == RESIDENT_ID and birth_date(one.number) != born_on(born) for one in identities
    ):
        faults.append(Fault("birth-date-differs", "birthDate", RESIDENT_ID))
    return identities, faults


def with_normal_numbers(
    kind: PartyKind, document: Mapping[str, Any], identities: Sequence[Identity]
) -> dict[str, Any]:
    """The representation with its identity numbers in normal form. `identities`: those of `judge_identities`."""
    attribute = IDENTIFICATION[kind]
    if not document.get(attribute):
        return dict(document)
    entries = [
        {**entry, "identificationId": identity.number}
        for entry, identity in zip(document[attribute], identities, strict=True)
    ]
    return {**document, attribute: entries}


def agents_of(document: Mapping[str, Any]) -> dict[str, str]:
    """The registered agents (经办人) of an organization: ids of individuals, each with the path that names it."""
    return {
        party["id"]: f"relatedParty[{place}].id"
        for place, party in reversed(list(enumerate(document.get("relatedParty") or ())))
        if party.get("role") == AGENT
    }
