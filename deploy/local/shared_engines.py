"""Engines for tests: one pair for all test sessions of a checkout that run at the same time.

The first to come starts them, on fresh data and without waiting for the disk; the last to leave ends them. Who is
there is told by locks, which a killed session drops too.
"""

import asyncio
import fcntl
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from deploy.local.engines import Engines, external, remove_data, start_engines
from deploy.local.places import LOCAL, make_folder

_PLACE = "tests"


@asynccontextmanager
async def shared_engines() -> AsyncIterator[Engines]:
    """The engines of the tests, or the servers that the environment names. Raises Trouble."""
    if len(external()) == 2:
        yield await start_engines(_PLACE)
        return
    home = make_folder(LOCAL / _PLACE)
    with (home / "present.lock").open("w") as present:
        with _alone(home):
            fcntl.flock(present, fcntl.LOCK_SH)
            engines = await _running_or_started(home / "engines.json")
        try:
            yield engines
        finally:
            with _alone(home):
                if _nobody_else(present):
                    await asyncio.to_thread(engines.stop, keep_data=False)
                    (home / "engines.json").unlink(missing_ok=True)


async def _running_or_started(file: Path) -> Engines:
    former = _recorded(file)
    if former is not None:
        named = external()
        if former.alive and all(getattr(former, name) == value for name, value in named.items()):
            return former
        former.stop(keep_data=False)
    remove_data(_PLACE)
    engines = await start_engines(_PLACE, durable=False, outlive=True)
    _record(file, engines)
    return engines


def _recorded(file: Path) -> Engines | None:
    try:
        return Engines.read(json.loads(file.read_text()))
    except FileNotFoundError:
        return None


def _record(file: Path, engines: Engines) -> None:
    written = file.with_suffix(".new")
    written.touch(mode=0o600)
    written.write_text(json.dumps(engines.record()))
    written.replace(file)


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    with (home / "change.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _nobody_else(present: object) -> bool:
    try:
        fcntl.flock(present, fcntl.LOCK_EX | fcntl.LOCK_NB)  # type: ignore[arg-type]
    except BlockingIOError:
        return False
    return True
