"""What the base of all representations accepts, and how its attributes are found."""

from typing import Any

import pytest
from pydantic import JsonValue, ValidationError

from libs.tmf.attributes import find_attribute
from libs.tmf.model import Many, Price, RelatedParty, TimePeriod, TmfModel
from libs.tmf.resource import Resource
from libs.tmf.tests.gadget import GADGET, Gadget, gadgets
from libs.web.body import reasons_of


def refused(model: type[TmfModel], document: dict[str, Any]) -> set[tuple[str, str]]:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(document)
    return {(reason.code.name, reason.path) for reason in reasons_of(caught.value, document)}


def test_names_that_begin_with_an_at_sign_may_be_added_and_others_not() -> None:
    party = {"id": "1", "role": "user", "@referredType": "Individual", "@ours": {"a": 1}}
    assert RelatedParty.model_validate(party).model_extra == {"@ours": {"a": 1}}
    document = {"relatedParty": [party | {"nickname": 7}], "at_type": "x"}
    assert refused(Gadget, document) == {
        ("unknown-attribute", "relatedParty[0].nickname"),
        ("unknown-attribute", "at_type"),
    }


def test_a_related_party_has_id_role_and_referred_type() -> None:
    assert refused(RelatedParty, {"name": "Li"}) == {
        ("missing", "id"),
        ("missing", "role"),
        ("missing", "@referredType"),
    }


def test_strings_arrays_and_open_values_are_bounded() -> None:
    party = {"id": "1", "role": "user", "@referredType": "Individual"}
    assert refused(Gadget, {"description": "x" * 4001}) == {("invalid", "description")}
    assert refused(Gadget, {"relatedParty": [party] * 201}) == {("too-many", "relatedParty")}
    assert refused(Gadget, {"@note": "x" * 4001}) == {("too-long", "@note")}
    assert refused(Gadget, {"extra": ["x" * 2000] * 3}) == {("too-long", "extra")}


@pytest.mark.parametrize(
    "moment", ["2026-11-24", "2026-11-24T08:00:00", "1700000000", "24.11.2026", "0001-01-01T00:00:00+08:00"]
)
def test_moments_have_a_date_a_time_and_an_offset(moment: str) -> None:
    assert refused(TimePeriod, {"startDateTime": moment}) == {("invalid", "startDateTime")}


def test_a_period_ends_after_it_starts() -> None:
    period = {"startDateTime": "2026-11-24T00:00:00Z", "endDateTime": "2026-11-23T00:00:00Z"}
    assert refused(Gadget, {"validFor": period}) == {("invalid", "validFor")}


def test_what_a_name_leads_to() -> None:
    def kind(name: str) -> tuple[str, bool] | None:
        found = find_attribute(Gadget, name)
        return (found.kind, found.many) if found else None

    assert kind("name") == ("text", False)
    assert kind("@type") == ("text", False)
    assert kind("size") == ("number", False)
    assert kind("isBundle") == ("boolean", False)
    assert kind("releaseDate") == ("date", False)
    assert kind("validFor.endDateTime") == ("instant", False)
    assert kind("price.taxIncludedAmount.value") == ("number", False)
    assert kind("tag") == ("text", True)
    assert kind("extra") == ("any", False)
    assert kind("relatedParty.@referredType") == ("text", True)
    assert kind("part.part.part.weight") == ("number", True)
    for unknown in (
        "relatedParty",
        "relatedParty.id.x",
        "nonsense",
        "name.first",
        "",
        ".",
        "part." * 9 + "name",
    ):
        assert kind(unknown) is None, unknown


def test_types_of_every_sort_are_understood() -> None:
    class Odd(TmfModel):
        json_: JsonValue = None
        either: int | str | None = None
        several: str | list[str] | None = None
        price: Many[Price | RelatedParty] | None = None

    assert find_attribute(Odd, "json_").kind == "any"  # type: ignore[union-attr]
    assert find_attribute(Odd, "either").kind == "any"  # type: ignore[union-attr]
    assert find_attribute(Odd, "several").kind == "any"  # type: ignore[union-attr]
    assert find_attribute(Odd, "price.taxRate").kind == "number"  # type: ignore[union-attr]
    assert find_attribute(Odd, "price.role").kind == "text"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"required": ("nickname",)}, "no nickname"),
        ({"columns": {"size": "length"}}, "no column length"),
        ({"columns": {"relatedParty.id": "state"}}, "several values"),
        ({"characteristics": {"name": None}}, "is an attribute"),
        ({"personal": frozenset({"name"})}, "go together"),
        ({"base": "/tmf-api/"}, "without one"),
    ],
)
def test_a_declaration_that_contradicts_itself_is_refused(wrong: dict[str, Any], told: str) -> None:
    right: dict[str, Any] = {
        "name": "gadget",
        "type": "Gadget",
        "base": GADGET.base,
        "table": gadgets,
        "model": Gadget,
    }
    Resource(**right)
    with pytest.raises(ValueError, match=told):
        Resource(**right | wrong)
