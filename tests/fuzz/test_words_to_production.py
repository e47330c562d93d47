"""What the production systems that we simulate do with messages that nobody should send: note them, and go on."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from contracts.tasks import Task
from deploy.simulators.desk import PRODUCTION
from deploy.simulators.making import simulator
from deploy.simulators.process import Simulator
from deploy.simulators.settings import SYSTEMS, FleetSettings, SimulatorSettings, System
from deploy.simulators.system import own_tasks
from libs.clock import ManualClock
from libs.messaging.envelope import type_of
from libs.messaging.topics import ensure_topics, results, tasks
from tests.engines import eventually
from tests.fuzz.examples import Json
from tests.fuzz.scenes import Executor
from tests.fuzz.spoiling import Spoiler, Word
from tests.fuzz.test_words import MESSAGES, SEED
from tests.running import PARTITIONS, Bench

TOPIC = tasks("gd", PRODUCTION)


@pytest.mark.parametrize("system", SYSTEMS)
async def test_a_bad_task_is_noted_with_a_reason_and_is_in_nobodys_way(
    bench: Bench, topic_prefix: str, tmp_path: Path, system: System
) -> None:
    scene = Asker(system, Random(f"{SEED} {system}"))
    spoiler = Spoiler(scene.random, scene.now, scene.stranger, scene.foreign_data)
    good = [scene.good(TOPIC, Task) for _ in range(40)]
    bad = [one for word in good[:2] for one in spoiler.of_every_kind(word)]
    bad += [spoiler.mutated_anyhow(word) for word in good for _ in range(MESSAGES // 400)]
    bad += [scene.undone_as_another(word) for word in good]
    words = [*bad, *good[2:]]
    scene.random.shuffle(words)
    last = scene.good(TOPIC, Task)
    async with at_work(bench, topic_prefix, tmp_path / "journal", system) as production:
        places = await sent(bench, topic_prefix, [*good[:2], *words, last])
        journal = sqlite3.connect(f"file:{tmp_path / 'journal'}?mode=ro", uri=True)

        def answered() -> bool:
            if production.done():
                raise RuntimeError(f"{system} has ended") from production.exception()
            left = journal.execute(
                "SELECT count(*) FROM askings WHERE answered IS NULL AND due IS NOT NULL"
            ).fetchone()
            last_one = journal.execute("SELECT answered FROM askings WHERE ce_id = ?", (last.id,)).fetchone()
            return left == (0,) and last_one is not None and last_one[0] is not None

        await eventually(answered, 30)
        fates = await eventually(lambda: fates_of(journal, places, system), 30)
    wrong = [f"{word}: should be {word.fate}, is {fate}" for word, fate in fates if fate not in lawful(word)]
    assert wrong == [], f"seed {SEED}\n" + "\n".join(wrong[:40])


class Asker(Executor):
    """Order acceptance, as it asks one production system."""

    def __init__(self, system: System, random: Random) -> None:
        service = SimpleNamespace(name=PRODUCTION)
        running: Any = SimpleNamespace(service=service, node="gd", clock=ManualClock())
        super().__init__(running, random)
        self._own = own_tasks(system)

    def given(self, topic: str, model: Any, about_known: bool) -> Json:
        while (drawn := super().given(topic, model, about_known))["name"] not in self._own:
            continue
        return drawn

    def foreign_data(self, word: Word) -> Json | None:
        return {"node": "bj", "replyTo": results("bj", "order-acceptance")}

    def undone_as_another(self, good: Word) -> Word:
        """An undo of what was done, by the name of another task's undo."""
        data = json.loads(good.value or b"{}")
        undoes = sorted(name for name, of in self._own.items() if name != of)
        changed = {"taskId": f"{data['does']}/undo", "direction": "undo", "name": self.random.choice(undoes)}
        made = self.word(TOPIC, Task, {**data, **changed}, what="an undo of another task")
        # Before its do it is taken for the do's own, and then nothing is done.
        return replace(made, fate="either")


@asynccontextmanager
async def at_work(
    bench: Bench, prefix: str, journal: Path, system: System
) -> AsyncIterator["asyncio.Task[None]"]:
    """A production system for Guangdong, and the topic of its answers."""
    fleet = FleetSettings(
        kafka=bench.engines.kafka,
        topic_prefix=prefix,
        topic_partitions=PARTITIONS,
        keys_dir=bench.keys / "production",
    )
    settings = SimulatorSettings(nodes=("gd",), journal=journal, delay_ms=0, special_numbers=False)
    made: Simulator = simulator(system, fleet, settings)
    await ensure_topics(bench.engines.kafka, [prefix + results("gd", "order-acceptance")], PARTITIONS)
    running = asyncio.create_task(made.run())
    ready = asyncio.create_task(made.ready.wait())
    await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED)
    try:
        yield running
    finally:
        made.stop()
        ready.cancel()
        with suppress(Exception):
            await asyncio.wait_for(running, 10)
        made.desk.journal.close()


async def sent(bench: Bench, prefix: str, words: list[Word]) -> list[tuple[Word, int, int]]:
    """Each message with its partition and its offset."""
    producer = AIOKafkaProducer(bootstrap_servers=bench.engines.kafka, max_request_size=8_000_000)
    await producer.start()
    try:
        futures = [
            await producer.send(
                prefix + TOPIC, one.value, one.key, partition=one.partition, headers=one.headers
            )
            for one in words
        ]
        records = await asyncio.gather(*futures)
    finally:
        await producer.stop()
    return [(word, record.partition, record.offset) for word, record in zip(words, records, strict=True)]


def fates_of(
    journal: sqlite3.Connection, places: list[tuple[Word, int, int]], system: System
) -> list[tuple[Word, str]]:
    """What the journal has of each message."""
    unreadable = {
        (partition, offset): why
        for partition, offset, why in journal.execute('SELECT partition, "offset", why FROM unreadable')
    }
    asked = {id for (id,) in journal.execute("SELECT ce_id FROM askings")}
    found = []
    for word, partition, offset in places:
        fate = "done" if word.id in asked else "passed-over"
        if (partition, offset) in unreadable:
            fate = "dead" if unreadable[partition, offset] else "without a reason"
        found.append((word, fate))
    return found


def lawful(word: Word) -> set[str]:
    """Other systems' tasks are passed over, as is what is no task; how old a message is plays no part here."""
    types = [value for name, value in word.headers if name == "ce_type"]
    if types and types[-1] != type_of(Task).encode() and word.fate == "dead":
        return {"dead", "passed-over"}
    if word.what.startswith("ce_time"):
        return {"dead", "done"}
    return {"dead", "done", "passed-over"} if word.fate == "either" else {word.fate}
