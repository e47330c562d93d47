"""`python -m deploy.local.clean`: remove all that fleets and engines wrote, unless one is running."""

import fcntl
import shutil
import sys
from contextlib import ExitStack

from deploy.local.places import LOCAL, open_to_postgres
from deploy.local.trouble import Trouble


def clean() -> None:
    """Remove `.local/` and its stand-in. Raises Trouble while a fleet or a test session uses them."""
    with ExitStack() as held:
        for lock in (*LOCAL.glob("*/fleet.lock"), *LOCAL.glob("*/present.lock")):
            try:
                fcntl.flock(held.enter_context(lock.open("a")), fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Trouble(f"`{lock.parent.name}` is in use; stop it first.") from None
        for folder in {LOCAL, open_to_postgres()}:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    try:
        clean()
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        raise SystemExit(1) from None
