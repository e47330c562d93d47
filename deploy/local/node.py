"""One process with the services of a node, or with one of them, behind one front door."""

import asyncio
import logging
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from signal import SIGINT, SIGTERM
from urllib.parse import urlsplit

import uvicorn
from starlette.types import ASGIApp

from deploy.local.front_door import FrontDoor
from deploy.local.listening import bind, bind_path
from libs import memory
from libs.node import Settings
from libs.service import Service, build_app
from libs.telemetry.logs import set_up as set_up_logs


class _Server(uvicorn.Server):
    """uvicorn raises a caught signal once more when it has stopped, which would cut our own end short.

    Once started, it settles what is in memory.
    """

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (SIGINT, SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield
        for number in (SIGINT, SIGTERM):
            loop.remove_signal_handler(number)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        memory.settle()


def run(
    services: Sequence[Service],
    settings: Settings,
    *,
    host: str | None = None,
    port: int | None = None,
    path: Path | None = None,
    relay: bool = True,
) -> None:
    """Serve until SIGTERM or Ctrl-C. Where nothing is given, at the host and port of the node's public address.

    `path`: a socket in the file system instead. Without `relay` another process sends what these services write.
    Raises Trouble when the port is taken, SystemExit (3) when a service does not start: the log says why.
    """
    set_up(settings)
    public = urlsplit(settings.public_url)
    listening = (
        bind_path(path)
        if path is not None
        else bind(host or public.hostname or "127.0.0.1", port if port is not None else public.port or 80)
    )
    serve(
        FrontDoor({service.name: build_app(service, settings, relay=relay) for service in services}),
        listening,
    )


def set_up(settings: Settings) -> None:
    """Logs of a process of this node."""
    set_up_logs(node=settings.node)
    for chatty in ("aiokafka", "httpx", "httpcore"):
        logging.getLogger(chatty).setLevel(logging.ERROR)
    # That a collector is away is counted, and said once a minute: by libs/telemetry/exporting.py.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    for handler in logging.getLogger().handlers:
        handler.addFilter(_Sparing())


class _Sparing(logging.Filter):
    """What aiokafka says again and again of a broker that is away, it says once in half a minute.

    Its clients try several times a second, and there is one or two for each service.
    """

    _EVERY = 30.0

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith("aiokafka"):
            return True
        what = str(record.msg)
        if time.monotonic() - self._said.get(what, -self._EVERY) < self._EVERY:
            return False
        self._said[what] = time.monotonic()
        return True


def serve(app: ASGIApp, listening: socket.socket) -> None:
    """Serve an app on a socket until SIGTERM or Ctrl-C. Raises SystemExit (3) when it does not start."""
    server = _Server(
        uvicorn.Config(
            app,
            loop="uvloop",
            http="httptools",
            ws="none",
            lifespan="on",
            access_log=False,
            log_config=None,
            log_level="warning",
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=5,
        )
    )
    with listening:
        server.run(sockets=[listening])
