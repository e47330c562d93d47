"""Where a fleet's Python processes are born: one process reads all the code once, and forks for each that is wanted.

Reading the code costs two seconds of a processor for each process, and a hundred megabytes. A process that is born
here becomes what `python -m <module> <arguments>` with its environment would be: a session, a log, and an event loop
of its own, begun after the fork. The nursery itself runs no loop and no second thread, and opens nothing.

    python -m deploy.local.nursery      (its standard input is the socket on which it is asked)
"""

import gc
import importlib
import json
import os
import runpy
import signal
import socket
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deploy.local.places import ROOT
from deploy.local.processes import Mark, die_with, start
from deploy.services import services_at

_READY = b"ready\n"


class Nursery:
    """From the side of who asks. Where it cannot serve (not Linux, not ready again), Python is started as usual."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._mark: Mark | None = None
        self._line: socket.socket | None = None
        self._awake = False

    def open(self) -> None:
        """Begin reading the code; returns at once. From the main thread: the nursery ends with the thread."""
        self.close()
        if sys.platform != "linux":
            return
        ours, theirs = socket.socketpair()
        with theirs:
            command = (sys.executable, "-m", "deploy.local.nursery")
            process = start(command, log=self._log, folder=ROOT, with_us=signal.SIGKILL, line=theirs)
        self._mark, self._line, self._awake = Mark.of(process.pid), ours, False

    def close(self) -> None:
        """End it, and with it at once all that was born there and still lives."""
        if self._line is not None:
            self._line.close()
        if self._mark is not None:
            self._mark.stop(signal.SIGKILL)
        self._mark = self._line = None

    def wait(self) -> None:
        """Until it has read the code; returns also when it could not."""
        if self._line is not None and not self._awake:
            self._awake = _read_line(self._line) == _READY

    def bear(
        self, module: str, arguments: Sequence[str], *, log: Path, environment: Mapping[str, str]
    ) -> Mark:
        """A process that runs `module` as `python -m` would; it dies at once when we do."""
        if self._answers():
            assert self._line is not None
            wanted = {
                "module": module,
                "arguments": list(arguments),
                "log": str(log),
                "environment": dict(environment),
            }
            try:
                self._line.sendall(json.dumps(wanted).encode() + b"\n")
                pid = int(_read_line(self._line) or 0)
            except OSError:
                pid = 0
            if pid:
                return Mark.of(pid)
        elif self._mark is not None and not self._mark.alive:
            self.open()
        command = (sys.executable, "-m", module, *arguments)
        process = start(command, log=log, environment=environment, folder=ROOT, with_us=signal.SIGKILL)
        return Mark.of(process.pid)

    def _answers(self) -> bool:
        if self._line is None or self._mark is None or not self._mark.alive:
            return False
        if not self._awake:
            self._line.setblocking(False)
            try:
                self._awake = self._line.recv(len(_READY)) == _READY
            except BlockingIOError:
                return False
            finally:
                self._line.setblocking(True)
        return self._awake


def _read_line(line: socket.socket) -> bytes:
    read = b""
    while not read.endswith(b"\n"):
        piece = line.recv(1 << 16)
        if not piece:
            return b""
        read += piece
    return read


_CODE = (
    "typer",
    "uvicorn.loops.uvloop",
    "uvicorn.protocols.http.httptools_impl",
    "uvicorn.lifespan.on",
    "deploy.local.door",
    "deploy.local.node",
    "deploy.local.preparation",
    "deploy.local.relay",
    "deploy.simulators.making",
)
"""What nodes, simulators and errands import, but for the modules that `python -m` runs."""


def _read_the_code() -> None:
    for module in _CODE:
        importlib.import_module(module)
    services_at("hq"), services_at("province")


def _serve(line: socket.socket) -> dict[str, Any] | None:
    """Fork for each request. Answers a request in the process born for it, None when nobody asks any more."""
    # The system clears away who has ended: nobody here waits for them.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    line.sendall(_READY)
    while asked := _read_line(line):
        parent = os.getpid()
        # A fork takes one thread along and leaves the locks of the others locked.
        pid = 0 if threading.active_count() > 1 or len(os.listdir("/proc/self/task")) > 1 else os.fork()
        if pid == 0 and os.getpid() != parent:
            die_with(parent, signal.SIGKILL)
            line.close()
            return dict(json.loads(asked))
        line.sendall(f"{pid}\n".encode())
    return None


def _become(wanted: Mapping[str, Any]) -> None:
    """All that a process started in the usual way would not have from us."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    output = os.open(wanted["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.close(output)
    os.close(nothing)
    os.environ.clear()
    os.environ.update(wanted["environment"])
    sys.argv = [wanted["module"], *wanted["arguments"]]
    runpy.run_module(wanted["module"], run_name="__main__", alter_sys=True)


def main() -> None:
    line = socket.socket(fileno=os.dup(0))
    _read_the_code()
    gc.collect()
    # What is there now stays where it is: a collection would touch, and so copy, all of it in every process.
    gc.freeze()
    wanted = _serve(line)
    if wanted is not None:
        _become(wanted)


if __name__ == "__main__":
    main()
