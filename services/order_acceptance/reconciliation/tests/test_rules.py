"""Which days a node looks at again."""

from datetime import UTC, date, datetime, timedelta

from services.order_acceptance.reconciliation.rules import Reported, days_to_look_at

NOW = datetime(2026, 11, 26, 2, tzinfo=UTC)
DAY = date(2026, 11, 25)
HOUR = timedelta(hours=1)


def due(looked: datetime, changed: datetime | None) -> bool:
    changes = {} if changed is None else {DAY: changed}
    return days_to_look_at({DAY: Reported(1, looked, "[]")}, changes, NOW) == [DAY]


def test_a_day_is_counted_again_when_something_of_it_was_written_since() -> None:
    assert due(NOW - HOUR, NOW - timedelta(minutes=30))
    assert not due(NOW - HOUR, NOW - 2 * HOUR)
    assert not due(NOW - HOUR, None)


def test_what_was_being_written_while_it_was_counted_is_not_forgotten() -> None:
    assert due(NOW - HOUR, NOW - HOUR - timedelta(seconds=59))


def test_a_day_is_counted_again_after_a_day_in_any_case() -> None:
    assert due(NOW - timedelta(hours=24), None)
    assert not due(NOW - timedelta(hours=23), None)


def test_a_day_of_which_much_changes_is_counted_once_a_minute() -> None:
    assert not due(NOW - timedelta(seconds=59), NOW)
    assert due(NOW - timedelta(seconds=60), NOW)
