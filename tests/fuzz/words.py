"""Bad messages to every consumer of every service, and the reckoning: none is lost, none is in the way."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition
from pydantic import BaseModel
from sqlalchemy import MetaData
from structlog.testing import capture_logs

from deploy import services
from libs.database.digest import digest_sql
from libs.database.ground import ground_tables
from libs.messaging.dead_letter_store import DeadLetters, ReplayFailed
from libs.messaging.handles import names
from libs.messaging.topics import broadcast
from libs.node import HQ
from tests.engines import eventually
from tests.fuzz.scenes import PROVINCES, SCENES, Scene
from tests.fuzz.spoiling import Spoiler, Word
from tests.running import PARTITIONS, Bench

Place = tuple[str, int, int]
"""Topic, partition, offset."""
PATIENCE = 60.0
REPLAYED = 50
AFTERWARDS = (timedelta(0), timedelta(minutes=10), timedelta(hours=80))
"""When the clock looks at what was taken in: at once, when others are asked, and after every deadline."""
_GROUND = MetaData()
ground_tables(_GROUND)
_TROUBLE = frozenset(
    {"consumer.waits", "consumer.offsets-not-committed", "consumer.undecodable", "timer.failed"}
)


def listeners() -> list[tuple[str, str]]:
    """Every service that takes messages in, by its package, at a node of each tier where it runs."""
    found = []
    for package in services.packages():
        service = services.service(package)
        if service.handles:
            found += [(package, HQ if tier == "hq" else "gd") for tier in sorted(service.tiers)]
    return found


@dataclass
class Judged:
    """What became of the messages that one service was sent; `wrong` says in words what should not have."""

    service: str
    node: str
    seed: int
    fates: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @property
    def messages(self) -> int:
        return self.fates.total()

    def __str__(self) -> str:
        fates = ", ".join(f"{count} {fate}" for fate, count in sorted(self.fates.items()))
        return f"{self.service} at {self.node}: {self.messages} messages ({fates}), seed {self.seed}"


async def send_words(bench: Bench, count: int, seed: int) -> list[Judged]:
    """Send every service that listens its part of about so many bad messages, one service after the other."""
    places = listeners()
    return [await send_to(bench, package, node, count // len(places), seed) for package, node in places]


async def send_to(bench: Bench, package: str, node: str, count: int, seed: int) -> Judged:
    """Start one service at a node, send it about so many bad messages among good ones, and judge."""
    random = Random(f"{seed} {package} {node}")
    for province in PROVINCES:
        bench.keys_of(province)
    async with bench.running(services.service(package), node) as running:
        assert running.runtime.consumer is not None
        await running.runtime.consumer.until_joined()
        async with _producer(bench) as producer:
            scene = SCENES[package](running, random)
            return await Trial(scene, producer, Judged(running.service.name, node, seed)).held(count)


class Trial:
    """One service, what it was sent, and what it made of that."""

    def __init__(self, scene: Scene, producer: AIOKafkaProducer, judged: Judged) -> None:
        self.scene = scene
        self.running = scene.running
        self.judged = judged
        self._producer = producer
        self._sent: dict[Place, Word] = {}
        self._ends: dict[tuple[str, int], int] = {}

    async def held(self, count: int) -> Judged:
        with capture_logs() as said, _errors() as errors:
            await self.scene.prepare(self._sent_and_taken_in)
            pairs = list(self._pairs())
            good = [self.scene.good(topic, model) for topic, model in pairs for _ in range(2)]
            await self._sent_and_taken_in(good)

            each = max(1, count // len(pairs))
            harmless, others = [], []
            for topic, model in pairs:
                made = self._spoiled(topic, model, each)
                harmless += [one for one in made if one.harmless]
                others += [one for one in made if not one.harmless]
            for one in good:
                spoiler = self._spoiler(one.topic)
                harmless += spoiler.again(one)
                if (older := spoiler.older(one)) is not None:
                    harmless.append(older)
                others.append(spoiler.copied(one))
            before = await self._rows()
            await self._sent_and_taken_in(self._shuffled(harmless))
            await self._unchanged(before)
            among = [self.scene.good(*self.scene.random.choice(pairs)) for _ in range(len(others) // 4)]
            await self._sent_and_taken_in(self._shuffled([*others, *among]))
            await self._sent_and_taken_in([self.scene.good(topic, model) for topic, model in pairs])
            await self._told()
            await self._judge()
            await self._replays()
            for later in AFTERWARDS:
                self.running.clock.advance(later)
                await self._clocks()
        self._wrong(*(f"logged: {one}" for one in errors))
        self._wrong(*(f"logged: {one}" for one in said if one["event"] in _TROUBLE))
        return self.judged

    def _pairs(self) -> Iterable[tuple[str, type[BaseModel]]]:
        """Every declaration, at one topic of those that it names: uplinks are alike."""
        for handles in self.running.service.handles:
            topics = names(handles.topic, self.running.node)
            mine = [one for one in topics if one.split(".", 1)[0] in (*PROVINCES, self.running.node)]
            if mine:
                yield (
                    self.scene.random.choice([one for one in mine if one[:3] != "hq."] or mine),
                    handles.model,
                )

    def _spoiled(self, topic: str, model: type[BaseModel], count: int) -> list[Word]:
        """Of one message every kind of bad one, and of others what comes to mind, until they are so many."""
        spoiler = self._spoiler(topic)
        made = list(spoiler.of_every_kind(self.scene.good(topic, model, about_known=True)))
        while len(made) < count:
            made.append(spoiler.mutated_anyhow(self.scene.good(topic, model, about_known=True)))
        return made

    def _spoiler(self, topic: str) -> Spoiler:
        scene = self.scene
        return Spoiler(scene.random, scene.now, scene.stranger, scene.foreign_data, broadcast(topic))

    def _shuffled(self, words: Sequence[Word]) -> list[Word]:
        """In any order and in any partition: good ones come to lie between bad ones."""
        mixed = [
            one if one.what == "again" else replace(one, partition=self.scene.random.randrange(PARTITIONS))
            for one in words
        ]
        self.scene.random.shuffle(mixed)
        return mixed

    # -- sending

    async def _sent_and_taken_in(self, words: Sequence[Word]) -> None:
        """Send, and wait until the offsets behind all of it are committed: nothing is stuck, and the lag is 0."""
        prefix = self.running.topics.prefix
        futures = [
            await self._producer.send(
                prefix + one.topic, one.value, one.key, partition=one.partition, headers=one.headers
            )
            for one in words
        ]
        for one, record in zip(words, await asyncio.gather(*futures), strict=True):
            self._sent[one.topic, record.partition, record.offset] = one
            end = self._ends.get((one.topic, record.partition), 0)
            self._ends[one.topic, record.partition] = max(end, record.offset + 1)
        await eventually(self._nothing_is_left, PATIENCE, every=0.05)

    async def _nothing_is_left(self) -> bool:
        consumer = self.running.runtime.consumer
        assert consumer is not None
        reads = {part: client for client in consumer.kafka_consumers for part in client.assignment()}
        for (topic, partition), end in self._ends.items():
            part = TopicPartition(self.running.topics.prefix + topic, partition)
            if part not in reads or (await reads[part].committed(part) or 0) < end:
                return False
        return True

    # -- judging

    async def _rows(self) -> dict[str, tuple[int, str]]:
        """How many rows each table of the service's own has, and their digest."""
        found = {}
        for name in sorted(set(self.running.service.tables.tables) - set(_GROUND.tables)):
            row = await self.running.db.fetchrow(f"SELECT count(*), {digest_sql('t::text')} FROM {name} AS t")
            assert row is not None
            found[name] = (row[0], row[1])
        return found

    async def _unchanged(self, before: dict[str, tuple[int, str]]) -> None:
        after = await self._rows()
        for name in before:
            if before[name] != after[name]:
                self._wrong(f"bad messages changed {name}: {before[name]} is {after[name]} now")

    async def _clocks(self) -> None:
        """What the clock does with whatever was taken in works, or fails, for everybody."""
        for timer in self.running.service.timers:
            try:
                await self.running.tick(timer.name)
            except Exception as error:
                self._wrong(f"the timer {timer.name} fails: {error!r}")

    async def _told(self) -> None:
        """Every dead letter was announced."""
        wanted = await self.running.db.fetchval("SELECT count(*) FROM dead_letters")
        topic = f"{self.running.node}.{self.running.service.name}.dead-letters"
        try:
            await self.running.topics.wait(topic, wanted, within=30)
        except AssertionError:
            self._wrong(f"not all of {wanted} dead letters were announced")

    async def _replays(self) -> None:
        """An operator may replay any dead letter: it has its effect, or says why it has not."""
        letters = DeadLetters(self.running.runtime)
        rows = await self.running.db.fetch(
            "SELECT id, reason, left(detail, 100) AS detail FROM dead_letters WHERE direction = 'in' ORDER BY id"
        )
        for row in self.scene.random.sample(rows, min(REPLAYED, len(rows))):
            try:
                await letters.replay(row["id"], "fuzz")
            except ReplayFailed:
                continue
            except Exception as error:
                self._wrong(f"the replay of {row['reason']} ({row['detail']}) fails with {error!r}")

    async def _judge(self) -> None:
        db = self.running.db
        letters = {
            (row["topic"], row["kafka_partition"], row["kafka_offset"]): row
            for row in await db.fetch("SELECT * FROM dead_letters WHERE kafka_offset IS NOT NULL")
        }
        dead = {
            (row["ce_id"], row["source"]) for row in await db.fetch("SELECT ce_id, source FROM dead_letters")
        }
        inbox = {
            (row["ce_id"], row["source"]): row["state"]
            for row in await db.fetch("SELECT ce_id, source, state FROM inbox")
        }
        for place, word in self._sent.items():
            name = (word.id, word.source)
            letter = letters.get(place)
            if letter is not None:
                fate = "dead"
                self._well_kept(word, letter, inbox.get((letter["ce_id"], letter["source"])))
            elif inbox.get(name) == "done":
                fate = "again" if word.fate == "again" else "done"
            elif name in dead and inbox.get(name) == "dead":
                # Parked, and given up later; or another had its id.
                fate = "dead"
            elif word.fate == "passed-over" and name not in inbox:
                fate = "passed-over"
            else:
                fate = "lost"
            self.judged.fates[fate] += 1
            if fate != word.fate and not (word.fate == "either" and fate in ("done", "dead")):
                why = f": {letter['reason']}, {letter['detail'][:200]}" if letter is not None else ""
                self._wrong(f"{word}: should be {word.fate}, is {fate}{why}")
        strangers = letters.keys() - self._sent.keys()
        self._wrong(*(f"a dead letter of what nobody sent: {one}" for one in strangers))

    def _well_kept(self, word: Word, letter: Any, state: str | None) -> None:
        if not letter["reason"] or not letter["detail"]:
            self._wrong(f"{word}: its dead letter does not say why")
        if bytes(letter["payload"]) != (word.value or b""):
            self._wrong(f"{word}: its dead letter does not hold what came")
        if state != "dead":
            self._wrong(f"{word}: the inbox says {state} of a dead letter")

    def _wrong(self, *what: str) -> None:
        self.judged.wrong += what


@asynccontextmanager
async def _producer(bench: Bench) -> AsyncIterator[AIOKafkaProducer]:
    """A sender that refuses nothing by itself."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bench.engines.kafka, max_request_size=8_000_000, max_batch_size=500_000
    )
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


class _errors(logging.Handler):
    """What was raised and caught by nobody of ours meanwhile: the libraries that run our code log it."""

    RUN_US = ("libs.messaging.faststream", "asyncio")

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith(self.RUN_US):
            self.seen.append(f"{record.name}: {record.getMessage()[:500]}")

    def __enter__(self) -> list[str]:
        logging.getLogger().addHandler(self)
        return self.seen

    def __exit__(self, *_: object) -> None:
        logging.getLogger().removeHandler(self)
