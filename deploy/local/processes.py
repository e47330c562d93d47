"""Processes of a fleet: started so that none outlives it, and ended only when they are surely ours."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from deploy.local.places import Account
from deploy.local.trouble import Trouble

_SET_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG, <linux/prctl.h>
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Mark:
    """A process for good: numbers are used again, a number with its moment of birth is not."""

    pid: int
    born: str

    @classmethod
    def of(cls, pid: int) -> "Mark":
        return cls(pid, _born(pid) or "")

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> "Mark":
        return cls(int(record["pid"]), str(record["born"]))

    def record(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def alive(self) -> bool:
        return self.born != "" and _born(self.pid) == self.born

    def send(self, number: signal.Signals) -> None:
        """Send it, if the process is still the same one."""
        if self.alive:
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return

    def stop(self, number: signal.Signals = signal.SIGTERM, *, within: float = 15) -> None:
        """Ask it to end, wait, and end it by force when it does not within so many seconds."""
        self.send(number)
        if not self.gone(within):
            self.send(signal.SIGKILL)
            self.gone(5)

    def gone(self, within: float) -> bool:
        """Wait until it has ended; False when it has not in time."""
        end = time.monotonic() + within
        while self.alive:
            if time.monotonic() > end:
                return False
            time.sleep(0.01)
        return True


def _born(pid: int) -> str | None:
    """When the process started, in the words of the system; None when there is none, or only its remains."""
    if sys.platform == "linux":
        try:
            state, *rest = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return None if state in "ZX" else rest[18]
    answer = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return None if not answer or answer.startswith("Z") else answer.split(maxsplit=1)[1]


def die_with(parent: int, number: signal.Signals) -> None:
    """In a child that was just forked: get this signal when the parent ends, however it ends (Linux)."""
    if _LIBC is not None:
        _LIBC.prctl(_SET_DEATH_SIGNAL, number)
        if os.getppid() != parent:
            os._exit(1)


def start(
    command: Sequence[str],
    *,
    log: Path,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    account: Account | None = None,
    with_us: signal.Signals | None = signal.SIGTERM,
    line: socket.socket | None = None,
) -> "subprocess.Popen[bytes]":
    """Start a process that writes to `log`.

    `with_us`: the signal it gets when we end, however we end (Linux); None for one that is to outlive us. Every
    process has a session of its own, so that Ctrl-C reaches only us and the order of stopping is ours. `line`: its
    standard input, where there is to be one.
    Call it from the main thread: the signal comes when the starting *thread* ends.
    Raises Trouble where the program is not there.
    """
    parent = os.getpid()

    def in_child() -> None:
        if with_us is not None:
            die_with(parent, with_us)

    identity: dict[str, Any] = {}
    if account is not None:
        identity = {"user": account.uid, "group": account.gid, "extra_groups": []}
    try:
        with log.open("ab") as output:
            return subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL if line is None else line.fileno(),
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(environment) if environment is not None else None,
                cwd=folder,
                start_new_session=True,
                preexec_fn=in_child,
                **identity,
            )
    except FileNotFoundError as error:
        raise Trouble(f"{command[0]} is not there; `make clean` and begin again.") from error


def last_lines(log: Path, count: int = 15) -> str:
    """The end of a log, for a message about a process that did not start."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-count:])
    except FileNotFoundError:
        return ""


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
