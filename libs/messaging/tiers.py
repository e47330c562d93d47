"""What travels between the tiers: each node on topics of its own, and nobody speaks for another."""

from collections.abc import Callable
from typing import Any

from libs.messaging import Message
from libs.messaging.topics import Interface, downlink, uplink
from libs.node import HQ, NODES


class Spoofed(Exception):
    """A message that says it is from another node than the one whose topic it came on."""


def uplinks(interface: Interface) -> Callable[[str], list[str]]:
    """The uplinks of all nodes, headquarters' own among them."""
    return lambda _: [uplink(node, interface) for node in NODES]


def downlinks(interface: Interface) -> Callable[[str], list[str]]:
    return lambda _: [downlink(node, interface) for node in NODES]


def sender_of(topic: str) -> str:
    """`gd.uplink.work-orders` → `gd`: only that node may write there."""
    return topic.split(".", 1)[0]


def check_source(message: Message[Any], claimed: str | None) -> None:
    """Raises Spoofed unless the sender (`ce_source`) and the node that the message names are its topic's."""
    sender = sender_of(message.topic)
    if not message.source.startswith(f"/{sender}/"):
        raise Spoofed(f"{message.source} speaks on {message.topic}")
    if claimed != sender:
        raise Spoofed(f"a message on {message.topic} is said to be of {claimed}")


def check_headquarters(message: Message[Any]) -> None:
    """Raises Spoofed unless a service of headquarters sent the message."""
    if not message.source.startswith(f"/{HQ}/"):
        raise Spoofed(f"{message.source} speaks on {message.topic}")


def at_headquarters(interface: Interface) -> Callable[[str], list[str]]:
    """For a service of both tiers: headquarters hears every province, a province nobody."""
    return lambda node: [uplink(other, interface) for other in NODES if other != HQ] if node == HQ else []


def to_provinces(interface: Interface) -> Callable[[str], list[str]]:
    """For a service of both tiers: headquarters speaks to every province."""
    return lambda node: [downlink(other, interface) for other in NODES if other != HQ] if node == HQ else []


def in_a_province(interface: Interface) -> Callable[[str], list[str]]:
    """For a service of both tiers: a province hears headquarters."""
    return lambda node: [] if node == HQ else [downlink(node, interface)]


def to_headquarters(interface: Interface) -> Callable[[str], list[str]]:
    """For a service of both tiers: a province speaks to headquarters."""
    return lambda node: [] if node == HQ else [uplink(node, interface)]
