from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.customer.parties.rules import (
    INDIVIDUAL,
    ORGANIZATION,
    PartyKind,
    agents_of,
    judge_identities,
    may_become,
    with_normal_numbers,
)
from services.customer.tests.hall import resident_id

TODAY = date(2026, 11, 24)
ENDS = {INDIVIDUAL: "deceaded", ORGANIZATION: "closed"}
kinds: st.SearchStrategy[PartyKind] = st.sampled_from([INDIVIDUAL, ORGANIZATION])
statuses = st.sampled_from(["initialized", "validated", "deceaded", "closed"])


@given(kinds, st.lists(statuses, max_size=12))
def test_whatever_is_asked_a_party_never_leaves_its_end_nor_goes_back(
    kind: PartyKind, asked: list[str]
) -> None:
    order = ["initialized", "validated", ENDS[kind]]
    now = "initialized"
    for wanted in asked:
        if may_become(kind, now, wanted):
            assert order.index(wanted) >= order.index(now)
            now = wanted


@given(kinds, statuses)
def test_staying_is_always_allowed(kind: PartyKind, status: str) -> None:
    assert may_become(kind, status, status)


def entry(kind: str, number: str) -> dict[str, Any]:
    return {"identificationType": kind, "identificationId": number}


@given(st.integers(0, 999), st.dates(date(1985, 1, 1), date(2015, 1, 1)), st.booleans())
def test_the_birth_date_must_be_that_of_the_resident_id(serial: int, born: date, same: bool) -> None:
    said = born if same else date(born.year - 1, born.month, 1)
    document = {
        "birthDate": f"{said}T00:00:00Z",
        "individualIdentification": [entry("resident-id", resident_id(born, serial))],
    }
    _, faults = judge_identities(INDIVIDUAL, document, TODAY)
    assert [fault.what for fault in faults] == ([] if same else ["birth-date-differs"])


def test_a_passport_names_no_birthday() -> None:
    document = {"birthDate": "1990-01-01", "individualIdentification": [entry("passport", "E12345678")]}
    identities, faults = judge_identities(INDIVIDUAL, document, TODAY)
    assert (len(identities), faults) == (1, [])


def test_numbers_are_kept_in_normal_form() -> None:
    number = resident_id()
    document: dict[str, Any] = {
        "familyName": "张",
        "individualIdentification": [entry("resident-id", f" {number.lower()}")],
    }
    identities, _ = judge_identities(INDIVIDUAL, document, TODAY)
    kept = with_normal_numbers(INDIVIDUAL, document, identities)
    assert kept["individualIdentification"][0]["identificationId"] == number
    assert document["individualIdentification"][0]["identificationId"] != number


@pytest.mark.parametrize("kind", ["resident-id", "passport", "library-card"])
def test_an_organization_shows_no_persons_document(kind: str) -> None:
    document = {"organizationIdentification": [entry(kind, resident_id())]}
    _, faults = judge_identities(ORGANIZATION, document, TODAY)
    assert [(fault.what, fault.path) for fault in faults] == [
        ("type-not-allowed", "organizationIdentification[0].identificationType")
    ]


def test_only_the_role_agent_makes_an_agent() -> None:
    parties = [{"id": "a", "role": "agent"}, {"id": "b", "role": "owner"}, {"id": "c", "role": "agent"}]
    assert agents_of({"relatedParty": parties}) == {
        "a": "relatedParty[0].id",
        "c": "relatedParty[2].id",
    }
    assert agents_of({}) == {}
