"""Accounting days: what comes after one has closed."""

from datetime import date, datetime

from libs.clock import closes_at


def is_late(day: date, at: datetime) -> bool:
    """Whether what happens at `at` comes after the day was closed."""
    return at >= closes_at(day)
