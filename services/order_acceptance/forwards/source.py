"""Who speaks on a node's downlink: the router of headquarters, and nobody else."""

from typing import Any

from libs.messaging import Message
from libs.node import HQ

ROUTER = f"/{HQ}/hq-router"


class Spoofed(Exception):
    """A message on a downlink that does not come from the router."""


def check_router(message: Message[Any]) -> None:
    """Raises Spoofed for a message of anybody but the router."""
    if message.source != ROUTER:
        raise Spoofed(f"{message.source} speaks on {message.topic}")
