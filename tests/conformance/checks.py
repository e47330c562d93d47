"""All checks, and which of them a resource has to stand."""

from collections.abc import Awaitable, Callable

from tests.conformance import checks_listening, checks_reading, checks_writing
from tests.conformance.subject import Subject

Check = Callable[[Subject], Awaitable[None]]

_NEED_A_TEXT = frozenset(
    {
        checks_reading.lists_tell_how_many_there_are,
        checks_reading.fields_select,
        checks_reading.filters_filter,
        checks_reading.sort_sorts,
        checks_reading.pages_divide,
        checks_reading.links_lead_to_the_pages,
    }
)


def checks_of(subject: Subject) -> list[Check]:
    """What the document lets a resource be asked to do."""
    found: list[Check] = [
        check for check in checks_reading.CHECKS if subject.text or check not in _NEED_A_TEXT
    ]
    found += checks_writing.OF_POST
    if subject.offers("PATCH"):
        found += checks_writing.OF_PATCH
    if subject.offers("DELETE"):
        found += checks_writing.OF_DELETE
    if subject.told["events"]:
        found += checks_listening.CHECKS
    # The last: about what was answered to all the others.
    return [*found, checks_reading.every_answer_was_as_declared]
