"""How long a listener is waited for. Pure."""

from datetime import datetime, timedelta

FIRST = timedelta(seconds=1)
LONGEST = timedelta(minutes=10)
MOST_REFUSALS = 12
"""So often one notification is offered to a listener that is there and will not have it: for half an hour or so."""
PATIENCE = timedelta(hours=72)
"""A listener that took nothing for so long is not listening any more: its subscription ends."""


def pause(failures: int) -> timedelta:
    """Before the next attempt after so many failures in a row: twice as long each time."""
    return min(FIRST * (1 << min(failures - 1, 20)), LONGEST)


def again_after_refusal(refusals: int, now: datetime) -> datetime | None:
    """When a notification is offered again that was refused so often; None: it is given up."""
    return None if refusals >= MOST_REFUSALS else now + pause(refusals)


def again_after_silence(failures: int, since: datetime | None, now: datetime) -> datetime | None:
    """When a listener is tried again that was not there so often, and not since then; None: it is given up."""
    if since is not None and now - since >= PATIENCE:
        return None
    return now + pause(failures)
