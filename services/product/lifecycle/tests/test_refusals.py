from libs.web.errors import Reason
from services.product import errors
from services.product.lifecycle.refusals import against_beginning, against_change, against_deletion


def at(state: str) -> dict[str, str]:
    return {"lifecycleStatus": state}


def test_a_change_that_is_not_allowed_says_what_would_be() -> None:
    (reason,) = against_change(at("In test"), at("Launched"))
    assert reason.code is errors.LIFECYCLE_NOT_ALLOWED
    assert dict(reason.params) == {
        "before": "In test",
        "after": "Launched",
        "allowed": "Active, In design, Rejected",
    }


def test_a_state_cannot_be_taken_away() -> None:
    assert [reason.code.name for reason in against_change(at("Active"), {})] == ["missing"]


def test_a_draft_may_lack_what_a_launched_record_may_not() -> None:
    assert against_beginning(at("In design"), ["price"]) == []
    assert against_beginning(at("Launched"), ["price"]) == [
        Reason(errors.INCOMPLETE, path="price", state="Launched")
    ]
    assert against_change(at("In test"), at("Rejected"), ["price"]) == []
    assert against_change(at("In test"), at("Active"), ["price"]) == [
        Reason(errors.INCOMPLETE, path="price", state="Active")
    ]


def test_nothing_begins_at_its_end() -> None:
    assert against_beginning(at("Retired")) == [
        Reason(errors.NOT_INITIAL, path="lifecycleStatus", state="Retired")
    ]


def test_deletion_is_refused_for_its_state_and_for_every_sort_that_refers_to_it() -> None:
    assert against_deletion(at("In test"), []) == []
    both = against_deletion(at("Launched"), ["productOffering", "category"])
    assert [reason.code for reason in both] == [errors.DELETION_NOT_ALLOWED, errors.STILL_REFERENCED]
    assert both[1].params["by"] == "productOffering, category"
