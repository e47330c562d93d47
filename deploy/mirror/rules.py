"""What a province's mirror needs at headquarters' broker: topics of its own, and rights to these and nothing else.

Pure. The names of the mirror's own topics and of its group are MirrorMaker's (`mm2-<what>.<source>.internal`,
`<source>-mm2`), for one that carries from the cluster named by the province's code.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from libs.messaging.topics import INTERFACES, downlink, uplink


class Operation(IntEnum):
    """By their numbers on the wire."""

    READ = 3
    WRITE = 4
    DESCRIBE = 8
    DESCRIBE_CONFIGS = 10


class Kind(IntEnum):
    """What a right is to, by its number on the wire."""

    TOPIC = 2
    GROUP = 3


class Pattern(IntEnum):
    """How a name is meant, by its number on the wire."""

    LITERAL = 3
    PREFIXED = 4


@dataclass(frozen=True, slots=True)
class Right:
    """One operation that a province may do."""

    kind: Kind
    pattern: Pattern
    name: str
    operation: Operation


@dataclass(frozen=True, slots=True)
class OwnTopic:
    """A topic in which the mirror keeps what it must know after a restart; compacted."""

    name: str
    partitions: int


def carried_topics(node: str) -> list[str]:
    """What is carried for a province: up what it writes, down what is for it."""
    return [link(node, interface) for link in (uplink, downlink) for interface in INTERFACES]


def own_topics(node: str) -> list[OwnTopic]:
    """The mirror's own topics at headquarters: its configuration, how far it read, and what it is doing."""
    return [
        OwnTopic(f"mm2-configs.{node}.internal", 1),
        OwnTopic(f"mm2-offsets.{node}.internal", 5),
        OwnTopic(f"mm2-status.{node}.internal", 2),
    ]


def rights_of(node: str) -> list[Right]:
    """All that the user of a province may do at headquarters' broker; what is not named is refused."""
    up, down = f"{node}.uplink.", f"{node}.downlink."
    return [
        *_to_topics(Pattern.PREFIXED, [up], Operation.WRITE, Operation.DESCRIBE),
        # With their settings: a downlink that the province lacks is made there as it is here.
        *_to_topics(Pattern.PREFIXED, [down], Operation.READ, Operation.DESCRIBE, Operation.DESCRIBE_CONFIGS),
        *_to_topics(
            Pattern.LITERAL,
            [topic.name for topic in own_topics(node)],
            Operation.READ,
            Operation.WRITE,
            Operation.DESCRIBE,
            Operation.DESCRIBE_CONFIGS,
        ),
        Right(Kind.GROUP, Pattern.LITERAL, f"{node}-mm2", Operation.READ),
        Right(Kind.GROUP, Pattern.LITERAL, f"{node}-mm2", Operation.DESCRIBE),
    ]


def allows(rights: Sequence[Right], kind: Kind, name: str, operation: Operation) -> bool:
    """Whether one of these rights covers an operation, as a broker would judge it."""
    return any(
        right.kind is kind
        and right.operation is operation
        and (right.name == name if right.pattern is Pattern.LITERAL else name.startswith(right.name))
        for right in rights
    )


def _to_topics(pattern: Pattern, names: Sequence[str], *operations: Operation) -> list[Right]:
    return [Right(Kind.TOPIC, pattern, name, operation) for name in names for operation in operations]
