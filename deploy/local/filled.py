"""A data folder of PostgreSQL that is filled already: with the template of every service, made once, then copied.

It is named by a digest of all revisions: another set of them makes another folder.
"""

import asyncio
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local import postgres
from deploy.local.places import ROOT, make_folder

_REVISIONS = ("libs/database/versions/*.py", "services/*/migrations/versions/*.py")


async def begin_filled(programs: Path, folder: Path, *, sync: bool) -> None:
    """Make `folder` for a server, with all templates. `sync`: it is on the disk when this returns.

    `programs` is where PostgreSQL is. Raises Trouble when it does not start.
    """
    with _alone(programs.parent):
        filled = programs.with_name(f"{programs.name}-filled-{_revisions()}")
        if not filled.is_dir():
            await _fill(programs, filled)
        await asyncio.to_thread(_copy, filled, folder)
    if sync:
        await asyncio.to_thread(os.sync)


def _revisions() -> str:
    digest = hashlib.sha256()
    for pattern in _REVISIONS:
        for file in sorted(ROOT.glob(pattern)):
            digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]


async def _fill(programs: Path, filled: Path) -> None:
    # Here and not above: who finds it made does not need what makes it.
    from deploy.local.databases import DatabaseServer, Schema
    from deploy.services import packages

    print("Making the databases' templates (once for these revisions) …", file=sys.stderr, flush=True)
    for old in filled.parent.glob(f"{programs.name}-filled-*"):
        shutil.rmtree(old, ignore_errors=True)
    scratch = _scratch(filled.parent)
    try:
        server = postgres.launch(
            programs, scratch / "postgres", scratch / "log", durable=False, outlive=False, settings=_LEAN
        )
        try:
            await server.ready()
            async with DatabaseServer.open(server.url) as databases:
                for schema in (Schema("ground"), *map(Schema.of, _with_revisions(packages()))):
                    await databases.template(schema)
        finally:
            await asyncio.to_thread(server.mark.stop, postgres.STOP, within=60)
        (scratch / "postgres").rename(filled)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _scratch(beside: Path) -> Path:
    folder = Path(tempfile.mkdtemp(prefix=".fetching-", dir=beside))
    folder.chmod(0o755)
    return folder


_LEAN = {"max_wal_size": "64MB", "min_wal_size": "32MB", "wal_recycle": "off"}
"""Of the log only the last piece is left to copy."""


def _with_revisions(packages: tuple[str, ...]) -> list[str]:
    return [name for name in packages if any((ROOT / "services" / name / "migrations/versions").glob("*.py"))]


def _copy(filled: Path, folder: Path) -> None:
    make_folder(folder.parent)
    scratch = Path(tempfile.mkdtemp(prefix=".new-", dir=folder.parent))
    try:
        subprocess.run(["cp", "-a", str(filled), str(scratch / "copy")], check=True, stdin=subprocess.DEVNULL)
        shutil.rmtree(folder, ignore_errors=True)
        (scratch / "copy").rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def _alone(beside: Path) -> Iterator[None]:
    with (beside / ".filling").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
