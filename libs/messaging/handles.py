"""What a service takes in and what it sends, declared: the consumer, the topics and the documents follow from it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic import BaseModel

from libs.messaging.envelope import Message
from libs.messaging.work import Work

Topics: TypeAlias = Callable[[str], str | Sequence[str]]
"""From the code of the node to the names of its topics; an empty sequence where the node has none."""

Handler: TypeAlias = Callable[[Work, list[Message[Any]]], Awaitable[None]]
"""Takes in messages of one type, in the order in which they came, in the transaction of their effect."""

WhenDead: TypeAlias = Callable[[Work, Message[Any], str], Awaitable[None]]
"""Told, in the transaction of the dead letter, that one message was given up, and for what reason."""

Before: TypeAlias = Callable[[Any, list[Message[Any]]], Awaitable[None]]
"""Called with the runtime and the messages of a batch before its transaction: it may ask others, for a bounded time."""


@dataclass(frozen=True)
class Handles:
    """Messages of one type from some topics, and who takes them in.

    The handler is called with every message of a batch that it may see at once: work set-based. What it raises
    rolls the batch back; then each message is tried alone and only what fails by itself becomes a dead letter.
    `before` prepares: what it raises is logged, and the messages are handled as they would be without it.
    Topics of one `lane` are read by one consumer, and waited for together; those of another lane do not hold them up.
    """

    topic: Topics
    model: type[BaseModel]
    handler: Handler
    when_dead: WhenDead | None = None
    before: Before | None = None
    lane: str = "main"


@dataclass(frozen=True)
class Publishes:
    """Messages that a service sends: its topics are made at the start, its AsyncAPI document names them."""

    topic: Topics
    models: tuple[type[BaseModel], ...]


def names(topics: Topics, node: str) -> tuple[str, ...]:
    """The topics at one node, as a tuple."""
    found = topics(node)
    return (found,) if isinstance(found, str) else tuple(found)
