"""Named places between two steps at which a test lets a process end, as a power cut would, to see what a restart makes
of it.

Off unless `UNICRM_FAIL_POINTS` names a folder, which only tests do. A point strikes when a file of its name lies in
that folder: the file goes, and the process with it. Whoever is started next in its place finds no file. A file
`<point>` strikes whoever comes by first; `<point>@<process>` only the process of that name, as `UNICRM_INSTANCE` tells
it: in a split fleet `gd.order-acceptance`, and `gd.order-acceptance.relay` for its relay.
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
    "payment.judged",
    "payment.taken",
    "relay.selected",
    "relay.sent",
    "relay.deleted",
    "inbox.claimed",
    "inbox.handled",
    "inbox.written",
    "inbox.committed",
    "inbox.alone-handled",
    "inbox.alone-committed",
    "inbox.put-aside",
    "inbox.put-aside-committed",
    "inbox.offsets-committed",
    "engine.moved",
    "engine.done-here",
    "engine.settled",
    "engine.guards-passed-on",
    "engine.saved",
    "engine.swept",
    "engine.sweep-committed",
    "engine.guards-taken",
    "engine.begun",
    "group.begun",
    "holding.released",
    "courier.taken",
    "courier.noted",
)
"""Every point there is."""


def reach(point: str) -> None:
    """Go on; or, where a test has armed this point, end here and now."""
    if _FOLDER is not None and _armed(point, Path(_FOLDER)):
        os.kill(os.getpid(), signal.SIGKILL)


def _armed(point: str, folder: Path) -> bool:
    """Whether this process is the one that a file strikes: of several only one can take it away."""
    # Read now: a fleet's processes are forked after this module was read, and get their names then.
    process = os.environ.get("UNICRM_INSTANCE")
    return (process is not None and _taken(folder / f"{point}@{process}")) or _taken(folder / point)


def _taken(file: Path) -> bool:
    try:
        file.unlink()
    except FileNotFoundError:
        return False
    return True
