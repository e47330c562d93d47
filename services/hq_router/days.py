"""Accounting days: when one closes, and what comes after that."""

from datetime import date, datetime, time, timedelta

from libs.clock import SHANGHAI

CLOSING = time(6, 0)


def closes_at(day: date) -> datetime:
    """06:00 in Shanghai on the day after: from then on the day's figures change only in new versions."""
    return datetime.combine(day + timedelta(days=1), CLOSING, SHANGHAI)


def is_late(day: date, at: datetime) -> bool:
    """Whether what happens at `at` comes after the day was closed."""
    return at >= closes_at(day)
