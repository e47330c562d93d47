from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.customer.personal.rules import (
    PERSONAL,
    disclosed,
    leaves,
    mask_email,
    masked,
    unusable_contacts,
)
from services.customer.tests.hall import EMAIL, PHONE, STREET, person, resident_id

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "birthDate",
                    "contactMedium",
                    "characteristic",
                    "phoneNumber",
                    "individualIdentification",
                    "identificationId",
                ]
            )
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
documents = st.dictionaries(st.sampled_from(["name", "contactMedium", "birthDate", "contact"]), json_values)


@given(documents)
def test_masking_twice_changes_nothing(document: dict[str, Any]) -> None:
    once = masked(document)
    assert masked(once) == once


@given(documents)
def test_masking_leaves_the_original_alone(document: dict[str, Any]) -> None:
    before = repr(document)
    masked(document)
    assert repr(document) == before


@given(st.text("0123456789", min_size=11, max_size=13), st.text(min_size=4, max_size=30))
def test_no_phone_and_no_street_shows_through(phone: str, street: str) -> None:
    medium = {"characteristic": {"phoneNumber": phone, "street1": street}}
    for document in ({"contactMedium": [medium]}, {"contact": [{"contactMedium": [medium]}]}):
        shown = dict(leaves(masked(document)))
        for path, text in leaves(document):
            assert shown[path] != text


def test_everything_personal_of_a_person_is_masked_or_gone() -> None:
    number = resident_id()
    told = "\n".join(text for _, text in leaves(masked(person(number))))
    for secret in (number, PHONE, STREET, EMAIL, "c2VjcmV0", "1990-03-07"):
        assert secret not in told
    assert "张" in told


def test_an_identity_number_written_elsewhere_is_masked_there_too() -> None:
    number = resident_id()
    shown = masked(
        person(number, location=f"id {number}", partyCharacteristic=[{"name": "n", "value": number}])
    )
    assert number not in repr(shown)
    assert shown["location"].startswith("id 440***")


def test_the_audit_names_the_attributes_that_were_there() -> None:
    assert disclosed(person()) == [
        "birthDate",
        "contactMedium.characteristic.emailAddress",
        "contactMedium.characteristic.phoneNumber",
        "contactMedium.characteristic.street1",
        "individualIdentification.attachment",
        "individualIdentification.identificationId",
    ]
    assert disclosed({"name": "张三"}) == []
    assert set(disclosed(masked(person()))) < set(PERSONAL)


@pytest.mark.parametrize(
    ("phone", "usable"),
    [
        (PHONE, True),
        ("+86 20 1234 5678", True),
        ("tel:+8613012345678", True),
        ("130****5678", False),
        ("me", False),
    ],
)
def test_a_phone_number_has_digits(phone: str, usable: bool) -> None:
    document = {"contactMedium": [{}, {"characteristic": {"phoneNumber": phone}}]}
    paths = [] if usable else ["contactMedium[1].characteristic.phoneNumber"]
    assert unusable_contacts(document) == paths


def test_what_was_masked_is_not_taken_back() -> None:
    sent_back = masked(person())
    assert len(unusable_contacts(sent_back)) == 3


@pytest.mark.parametrize(
    ("address", "shown"),
    [("zhangsan@example.com", "z****@example.com"), ("@x", "****@x"), ("nobody", "****"), ("", "****")],
)
def test_of_an_email_address_the_first_letter_and_the_domain_stay(address: str, shown: str) -> None:
    assert mask_email(address) == shown
