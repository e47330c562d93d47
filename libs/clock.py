"""The time of business.

Every decision that depends on time takes it from a `Clock`, and SQL gets it as a parameter: so a test, or a
developer, can move the whole fleet to next month without waiting for it.
"""

import fcntl
import os
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
CLOSING = time(6, 0)
"""When an accounting day closes, on the day after it."""


class Clock(Protocol):
    """What can say what time it is."""

    def now(self) -> datetime:
        """This moment, aware, in UTC."""
        ...


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class ShiftedClock:
    """The machine's time plus an offset in seconds, read from a file that every process of a fleet shares.

    For development only. The file is looked at again whenever it changed, so an advance is seen by all at once. Whoever
    saw an offset never falls behind it again, whatever becomes of the file.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen: tuple[int, int] | None = None
        self._offset = timedelta()

    def now(self) -> datetime:
        # No file: nobody advanced it yet, or not any more.
        with suppress(FileNotFoundError):
            stat = os.stat(self._file)
            mark = (stat.st_mtime_ns, stat.st_ino)
            if mark != self._seen:
                self._offset = max(self._offset, timedelta(seconds=float(self._file.read_text() or 0)))
                self._seen = mark
        return datetime.now(UTC) + self._offset

    def advance(self, by: timedelta) -> None:
        """Move the whole fleet forward; time never goes back, also where two advance it at once.

        Raises ValueError for a negative step.
        """
        if by < timedelta():
            raise ValueError("the fleet's clock only goes forward")
        with self._file.with_suffix(".lock").open("a") as alone:
            fcntl.flock(alone, fcntl.LOCK_EX)
            self.now()
            fresh = self._file.with_suffix(".new")
            fresh.write_text(str((self._offset + by).total_seconds()))
            fresh.replace(self._file)


class ManualClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start or datetime.now(UTC)

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> None:
        self._now += by

    def set(self, at: datetime) -> None:
        self._now = at.astimezone(UTC)


def clock_from(file: Path | None) -> Clock:
    """The clock of a process: shared and movable where a file is named, else the machine's."""
    return ShiftedClock(file) if file else SystemClock()


def accounting_day(at: datetime) -> date:
    """The day, in Asia/Shanghai, on which work accepted at this moment is booked."""
    return at.astimezone(SHANGHAI).date()


def closes_at(day: date) -> datetime:
    """06:00 in Shanghai on the day after: from then on the day's figures change only in new versions."""
    return datetime.combine(day + timedelta(days=1), CLOSING, SHANGHAI)


def last_closed(at: datetime) -> date:
    """The newest accounting day that is closed at this moment."""
    yesterday = accounting_day(at) - timedelta(days=1)
    return yesterday if at >= closes_at(yesterday) else yesterday - timedelta(days=1)


def closed_since(last: date | None, at: datetime, most: int = 31) -> list[date]:
    """The closed days behind `last`, the oldest first; without a `last` only the newest of them.

    After a long silence no more than the newest `most`.
    """
    newest = last_closed(at)
    first = newest if last is None else max(last + timedelta(days=1), newest - timedelta(days=most - 1))
    return [first + timedelta(days=n) for n in range((newest - first).days + 1)]


def next_cycle(at: datetime) -> datetime:
    """00:00+08:00 on the first of the following month, in UTC: when dated changes of a plan take effect."""
    local = at.astimezone(SHANGHAI)
    year, month = (local.year + 1, 1) if local.month == 12 else (local.year, local.month + 1)
    return datetime(year, month, 1, tzinfo=SHANGHAI).astimezone(UTC)
