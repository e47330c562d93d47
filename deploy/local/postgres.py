"""PostgreSQL of a fleet: its data folder made once, the server started on a free port of 127.0.0.1."""

import asyncio
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from signal import Signals
from types import MappingProxyType

import asyncpg

from deploy.local.places import Account, make_folder, unprivileged
from deploy.local.processes import Mark, free_port, last_lines, start
from deploy.local.trouble import Trouble

ROLE = "unicrm"
STOP = Signals.SIGINT  # "fast": ends the sessions, writes a checkpoint; SIGTERM would wait for every client.
KILL = Signals.SIGQUIT  # Without a checkpoint, for data that is thrown away.

# Some twenty services a node with pools of four, several nodes; little memory for each.
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "400",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_line_prefix": "%m %a %d ",
    "file_copy_method": "clone" if sys.platform == "darwin" else "copy",
}
# For data that is thrown away anyway.
_IN_HASTE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum_naptime": "300s",
    "checkpoint_timeout": "60min",
    "max_wal_size": "8GB",
}


@dataclass(frozen=True)
class Server:
    """A server that was started; `ready()` before use."""

    url: str
    mark: Mark
    log: Path

    async def ready(self, *, within: float = 30) -> None:
        """Wait until it answers. Raises Trouble with the end of its log if it does not."""
        end = time.monotonic() + within
        while True:
            try:
                connection = await asyncpg.connect(f"{self.url}/postgres", timeout=5)
            except (OSError, asyncpg.PostgresError):
                if not self.mark.alive or time.monotonic() > end:
                    raise Trouble(f"PostgreSQL did not start:\n{last_lines(self.log)}") from None
                await asyncio.sleep(0.02)
            else:
                await connection.close()
                return


def launch(
    programs: Path,
    folder: Path,
    log: Path,
    *,
    durable: bool,
    outlive: bool,
    port: int | None = None,
    settings: Mapping[str, str] = MappingProxyType({}),
) -> Server:
    """Start a server on the data in `folder`, which is made when it is not there. Raises Trouble.

    `durable`: what is committed survives a power cut; else nothing is ever waited for on the disk.
    `outlive`: it stays when we end. `port`: a free one unless given. `settings`: further ones of the server.
    """
    account = unprivileged()
    data = folder / "data"
    if not data.is_dir():
        _initialise(programs, folder, account)
    _forget_the_dead(data)
    port = port or free_port()
    chosen = _SETTINGS | ({} if durable else _IN_HASTE) | dict(settings) | {"port": str(port)}
    options = [word for name, value in chosen.items() for word in ("-c", f"{name}={value}")]
    process = start(
        [str(programs / "bin" / "postgres"), "-D", str(data), *options],
        log=log,
        environment={"PATH": os.defpath, "LC_ALL": "C"},
        folder=data if account is None else Path("/"),
        account=account,
        with_us=None if outlive else STOP,
    )
    password = (folder / "password").read_text()
    return Server(f"postgresql://{ROLE}:{password}@127.0.0.1:{port}", Mark.of(process.pid), log)


async def settle(url: str) -> None:
    """Have all that was written so far written to its place: a server that is killed is back the sooner.

    What new databases are copied from lies only in the log until then. An outage ends it, and does not matter.
    """
    with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        connection = await asyncpg.connect(f"{url}/postgres", timeout=10)
        try:
            await connection.execute("CHECKPOINT")
        finally:
            await connection.close()


def _initialise(programs: Path, folder: Path, account: Account | None) -> None:
    make_folder(folder.parent)
    scratch = Path(tempfile.mkdtemp(prefix=".new-", dir=folder.parent))
    try:
        (scratch / "password").write_text(secrets.token_urlsafe(18))
        (scratch / "password").chmod(0o600)
        if account is not None:
            os.chown(scratch / "password", account.uid, account.gid)
            os.chown(scratch, account.uid, account.gid)
        command = [
            *(str(programs / "bin" / "initdb"), "-D", str(scratch / "data"), "-U", ROLE),
            *("--auth=password", f"--pwfile={scratch / 'password'}", "--encoding=UTF8", "--no-sync"),
            # The characters' classes come from libc (pg_trgm asks them), the order of text from PostgreSQL.
            f"--locale={'en_US.UTF-8' if sys.platform == 'darwin' else 'C.UTF-8'}",
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"),
        ]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env={"PATH": os.defpath, "TZ": "UTC"},
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
        if done.returncode != 0:
            raise Trouble(f"PostgreSQL could not make its data folder: {done.stderr.strip()}")
        shutil.rmtree(folder, ignore_errors=True)
        scratch.rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _forget_the_dead(data: Path) -> None:
    """Remove a pid file whose number another program has got since: the server would not start beside it."""
    file = data / "postmaster.pid"
    try:
        pid = int(file.read_text().split("\n", 1)[0])
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError, ValueError):
        return
    if str(data).encode() not in command:
        file.unlink(missing_ok=True)
