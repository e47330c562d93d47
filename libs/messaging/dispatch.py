"""From messages to their handlers: in large groups, and yet never out of order within a key."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from libs.messaging.envelope import Message, type_of
from libs.messaging.handles import Handles, names
from libs.messaging.parking import give_back
from libs.messaging.work import Work
from libs.telemetry import trace
from libs.telemetry.logs import logger

log = logger(__name__)


class Dispatch:
    """The handlers of one service at one node, by topic and type."""

    def __init__(self, node: str, handles: Iterable[Handles]) -> None:
        """Raises ValueError when two declarations take the same type from the same topic, or a topic in two lanes."""
        self._handles: dict[tuple[str, str], Handles] = {}
        self._lanes: dict[str, str] = {}
        for declared in handles:
            for topic in names(declared.topic, node):
                if self._lanes.setdefault(topic, declared.lane) != declared.lane:
                    raise ValueError(f"{topic} is read in two lanes")
                place = (topic, type_of(declared.model))
                if place in self._handles:
                    raise ValueError(f"{place[1]} from {place[0]} is handled twice")
                self._handles[place] = declared

    @property
    def topics(self) -> list[str]:
        """Every topic that is listened to."""
        return sorted(self._lanes)

    @property
    def lanes(self) -> dict[str, list[str]]:
        """The topics of each lane."""
        return {
            lane: [topic for topic in self.topics if self._lanes[topic] == lane]
            for lane in dict.fromkeys(self._lanes.values())
        }

    def find(self, topic: str, type: str) -> Handles | None:
        """The declaration for a type from a topic."""
        return self._handles.get((topic, type))

    async def prepare(self, runtime: Any, messages: Sequence[Message[Any]]) -> None:
        """Let the handlers' sides ask for what they will need, each once for all of its messages."""
        wanted: dict[tuple[str, str], list[Message[Any]]] = {}
        for message in messages:
            if self._handles[message.topic, message.type].before is not None:
                wanted.setdefault((message.topic, message.type), []).append(message)
        for place, theirs in wanted.items():
            before = self._handles[place].before
            try:
                if before is not None:
                    await before(runtime, theirs)
            except Exception as error:
                log.warning("message.not-prepared", topic=place[0], type=place[1], error=repr(error))

    async def hand_over(self, work: Work, messages: Sequence[Message[Any]]) -> None:
        """Call the handlers, run by run, in the transaction of `work`."""
        for run in runs(messages):
            handles = self._handles[run[0].topic, run[0].type]
            with _thread_of(work, run):
                await handles.handler(work, run)

    async def give_back(self, work: Work, keys: Sequence[str]) -> set[tuple[str, str]]:
        """Hand what is parked for these keys to its handlers, in the transaction of `work`; source and id of each."""
        return await give_back(self, work, keys)

    async def told_dead(self, work: Work, message: Message[Any], reason: str) -> None:
        """Tell the handler's side, if it wants to know, that a message was given up."""
        handles = self.find(message.topic, message.type)
        if handles is not None and handles.when_dead is not None:
            with _thread_of(work, [message]):
                await handles.when_dead(work, message, reason)


def runs(messages: Iterable[Message[Any]]) -> list[list[Message[Any]]]:
    """Messages grouped by topic and type, as few groups as the order within each key allows.

    A message joins the last group of its type unless a later group already holds its key.
    """
    made: list[list[Message[Any]]] = []
    last_of_kind: dict[tuple[str, str], int] = {}
    last_of_key: dict[str, int] = {}
    for message in messages:
        kind = (message.topic, message.type)
        place = last_of_kind.get(kind, -1)
        if place < 0 or place < last_of_key.get(message.key, -1):
            place = last_of_kind[kind] = len(made)
            made.append([])
        made[place].append(message)
        last_of_key[message.key] = place
    return made


@contextmanager
def _thread_of(work: Work, run: Sequence[Message[Any]]) -> Iterator[None]:
    """Let what a handler sends continue the trace of its messages: of all, or of the one it has subject or key from."""
    threads = {message.traceparent for message in run}
    if len(threads) == 1:
        here = threads.pop()
    else:
        here = trace.current.get()
        for name, thread in _unmistakable(run).items():
            work.belongs_to(thread, name)
    token = trace.current.set(here)
    try:
        yield
    finally:
        trace.current.reset(token)


def _unmistakable(run: Sequence[Message[Any]]) -> dict[str, str | None]:
    """The subjects and keys of messages, each with its thread; none where several share one."""
    found: dict[str, str | None] = {}
    for message in run:
        for name in {message.subject, message.key} - {None}:
            if name in found and found[name] != message.traceparent:
                found[name] = None
            else:
                found[str(name)] = message.traceparent
    return found
