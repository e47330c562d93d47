"""One process with the services of a node, or with one of them, behind one front door."""

import asyncio
import logging
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from signal import SIGINT, SIGTERM
from urllib.parse import urlsplit

import uvicorn

from deploy.local.front_door import FrontDoor
from deploy.local.trouble import Trouble
from libs.node import Settings
from libs.service import Service, build_app
from libs.telemetry.logs import set_up as set_up_logs


class _Server(uvicorn.Server):
    """uvicorn raises a caught signal once more when it has stopped, which would cut our own end short."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (SIGINT, SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield
        for number in (SIGINT, SIGTERM):
            loop.remove_signal_handler(number)


def run(
    services: Sequence[Service], settings: Settings, *, host: str | None = None, port: int | None = None
) -> None:
    """Serve until SIGTERM or Ctrl-C. Where nothing is given, at the host and port of the node's public address.

    Raises Trouble when the port is taken, SystemExit (3) when a service does not start: the log says why.
    """
    set_up_logs(node=settings.node)
    for chatty in ("aiokafka", "httpx"):
        logging.getLogger(chatty).setLevel(logging.ERROR)
    public = urlsplit(settings.public_url)
    listening = bind(host or public.hostname or "127.0.0.1", port if port is not None else public.port or 80)
    door = FrontDoor({service.name: build_app(service, settings) for service in services})
    server = _Server(
        uvicorn.Config(
            door,
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


def bind(host: str, port: int) -> socket.socket:
    """A socket at this address, not yet listening. Raises Trouble when somebody else has it."""
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise Trouble(f"Port {port} of {host} cannot be used: {error.strerror}.") from error
    listening.set_inheritable(True)
    return listening
