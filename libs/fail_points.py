"""Named places between two steps at which a test lets a process end, as a power cut would, to see what a restart makes
of it.

Off unless `UNICRM_FAIL_POINTS` names a folder, which only tests do. A point strikes when a file of its name lies in
that folder: the file goes, and the process with it. Whoever is started next in its place finds no file.
"""

import os
import signal
from pathlib import Path

_FOLDER = os.environ.get("UNICRM_FAIL_POINTS")

POINTS = (
    "once.claimed",
    "once.done",
    "once.kept",
    "once.committed",
    "order.judged",
    "order.accepted",
    "payment.taken",
    "relay.selected",
    "relay.sent",
    "relay.deleted",
    "inbox.claimed",
    "inbox.handled",
    "inbox.written",
    "inbox.committed",
    "inbox.offsets-committed",
    "engine.moved",
    "engine.done-here",
    "engine.settled",
    "engine.guards-passed-on",
    "engine.saved",
    "engine.swept",
    "engine.begun",
    "courier.taken",
    "courier.noted",
)
"""Every point there is."""


def reach(point: str) -> None:
    """Go on; or, where a test has armed this point, end here and now."""
    if _FOLDER is not None and _armed(point, Path(_FOLDER)):
        os.kill(os.getpid(), signal.SIGKILL)


def _armed(point: str, folder: Path) -> bool:
    """Whether this process is the one that the file strikes: of several only one can take it away."""
    try:
        (folder / point).unlink()
    except FileNotFoundError:
        return False
    return True
