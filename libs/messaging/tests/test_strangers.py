"""What does not belong on a topic never stops the consumer: it becomes a dead letter, or is passed over."""

import random
import secrets
from datetime import timedelta
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.record.util import calc_crc32c
from pydantic import field_validator

from libs.messaging import Handles
from libs.messaging.tests.conftest import Headers, Write, ce
from libs.messaging.tests.stage import NumberReserved, Stage, remember, until

TASKS = "gd.resource.tasks"
EVENTS = "gd.customer.events"
TAKES = (
    Handles(lambda node: f"{node}.resource.tasks", NumberReserved, remember),
    Handles(lambda node: f"{node}.customer.events", NumberReserved, remember),
)
GOOD = b'{"number": "13012345678", "attempt": 7}'
TOO_LONG = random.Random(7).randbytes(2_000).hex()
"""PostgreSQL cannot make it small enough for an entry of an index."""


async def consumed(stage: Stage, write: Write, topic: str = TASKS) -> None:
    """Write a good message after the strange one and wait until it had its effect."""
    await write(topic, ce(now=stage.clock.now().isoformat()), GOOD)
    await until(lambda: stage.count("seen", "attempt = 7"))


@pytest.mark.parametrize(
    ("headers", "value", "key", "reason"),
    [
        pytest.param([], GOOD, b"k", "unparsable", id="no envelope"),
        pytest.param([("ce_id", b"\xff\xfe")], GOOD, b"k", "unparsable", id="hardly an envelope"),
        pytest.param(
            [*ce(ce_id=None), ("ce_id", b"\xff\xfe")], GOOD, b"k", "unparsable", id="an id not in UTF-8"
        ),
        pytest.param(ce(), GOOD, b"\xff\x00", "unparsable", id="a key not in UTF-8"),
        pytest.param(ce(ce_source="/gd/\0"), GOOD, b"k", "unparsable", id="a NUL"),
        pytest.param(ce(ce_time="yesterday"), GOOD, b"k", "unparsable", id="no time"),
        pytest.param(ce(ce_time="0001-01-01T00:00:00+14:00"), GOOD, b"k", "unparsable", id="before all time"),
        pytest.param(ce(ce_time="9999-12-31T23:59:59-14:00"), GOOD, b"k", "unparsable", id="after all time"),
        pytest.param(ce(ce_id=TOO_LONG), GOOD, b"k", "unparsable", id="an id that no index takes"),
        pytest.param(ce(ce_source=TOO_LONG), GOOD, b"k", "unparsable", id="a source that no index takes"),
        pytest.param(ce(), GOOD, b"k" * 950_000, "unparsable", id="a key too long to be told of"),
        pytest.param(ce(), GOOD[:17], b"k", "unparsable", id="truncated"),
        pytest.param(ce(), b"\x80\x81\x82", b"k", "unparsable", id="no JSON"),
        pytest.param(ce(), GOOD[:-1] + b', "more": NaN}', b"k", "unparsable", id="a number that is none"),
        pytest.param(ce(), None, b"k", "unparsable", id="no value at all"),
        pytest.param(ce(), b"{}", None, "unparsable", id="another shape"),
        pytest.param(ce(ce_type="test.unheard-of.v1"), GOOD, b"k", "unknown-type", id="an unknown type"),
    ],
)
async def test_what_cannot_be_read_is_a_dead_letter(
    stage: Stage, write: Write, headers: Headers, value: bytes | None, key: bytes | None, reason: str
) -> None:
    at = stage.clock.now().isoformat().encode()
    recent = [
        (name, at if name == "ce_time" and content.startswith(b"2026") else content)
        for name, content in headers
    ]
    await stage.consumer(*TAKES)
    await write(TASKS, recent, value, key=key)
    await consumed(stage, write)

    letter = await stage.db.fetchrow("SELECT * FROM dead_letters")
    assert letter is not None
    assert (letter["reason"], letter["topic"], letter["payload"]) == (reason, TASKS, value or b"")
    assert (letter["kafka_partition"], letter["kafka_offset"]) == (0, 0)
    assert await stage.count("inbox", "state = 'dead'") == 1


async def test_headers_of_others_are_passed_over(stage: Stage, write: Write) -> None:
    await stage.consumer(*TAKES)
    strange: Headers = [
        ("b3", b"\xff\xfe\xfd"),
        ("content-type", b"\x00"),
        ("", b""),
        ("备注", "是".encode()),
    ]
    await write(TASKS, [*strange, *ce(now=stage.clock.now().isoformat())], GOOD)
    await until(lambda: stage.count("seen"))
    assert await stage.count("dead_letters") == 0


async def test_an_event_that_nobody_asked_for_is_none_of_our_business(stage: Stage, write: Write) -> None:
    await stage.consumer(*TAKES)
    await write(EVENTS, ce(ce_type="customer.moved.v3", now=stage.clock.now().isoformat()), b"{}")
    await consumed(stage, write, EVENTS)
    assert await stage.count("dead_letters") == 0
    assert await stage.count("inbox") == 1


async def test_what_is_older_than_the_inbox_remembers_is_a_dead_letter(stage: Stage, write: Write) -> None:
    await stage.consumer(*TAKES)
    await write(
        TASKS, ce(now=(stage.clock.now() - timedelta(days=31)).isoformat()), GOOD.replace(b"7}", b"1}")
    )
    await write(
        TASKS, ce(now=(stage.clock.now() - timedelta(days=29)).isoformat()), GOOD.replace(b"7}", b"2}")
    )
    await consumed(stage, write)
    assert [attempt for _, attempt in await stage.seen()] == [2, 7]
    assert await stage.db.fetchval("SELECT reason FROM dead_letters") == "too-old"


async def test_a_header_whose_name_cannot_be_decoded_costs_only_its_own_record(
    stage: Stage, write: Write
) -> None:
    await stage.topics(TASKS)
    now = stage.clock.now().isoformat()
    for attempt in range(3):
        await write(TASKS, ce(now=now), GOOD.replace(b"7}", b"%d}" % attempt))
    await _write_undecodable(stage)
    await write(TASKS, ce(now=now), GOOD.replace(b"7}", b"3}"))
    await stage.consumer(*TAKES)
    await consumed(stage, write)

    assert [attempt for _, attempt in await stage.seen()] == [0, 1, 2, 3, 7]
    letter = await stage.db.fetchrow("SELECT * FROM dead_letters")
    assert letter is not None
    assert (letter["reason"], letter["kafka_offset"]) == ("unparsable", 3)


async def _write_undecodable(stage: Stage) -> None:
    """A record as no client writes it: the name of a header is not UTF-8."""
    producer = AIOKafkaProducer(bootstrap_servers=stage.settings.kafka, acks="all")
    await producer.start()
    try:
        builder: Any = producer.create_batch()
        name = secrets.token_hex(8)
        builder.append(timestamp=None, key=b"k", value=GOOD, headers=[*ce(), (name, b"x")])
        built = bytearray(builder._build())
        at = built.index(name.encode())
        built[at : at + 2] = b"\xff\xfe"
        built[17:21] = calc_crc32c(bytes(built[21:])).to_bytes(4, "big")
        builder._buffer = built
        await (await producer.send_batch(builder, stage.prefix + TASKS, partition=0))
    finally:
        await producer.stop()


async def test_what_makes_the_contract_itself_stumble_is_a_dead_letter(stage: Stage, write: Write) -> None:
    class Stumbling(NumberReserved):
        @field_validator("number")
        @classmethod
        def stumbles(cls, number: str) -> str:
            if number == "0":
                raise ZeroDivisionError
            return number

    await stage.consumer(Handles(lambda node: f"{node}.resource.tasks", Stumbling, remember))
    await write(TASKS, ce(now=stage.clock.now().isoformat()), b'{"number": "0"}')
    await consumed(stage, write)
    assert await stage.db.fetchval("SELECT detail FROM dead_letters") == "ZeroDivisionError: "


@pytest.mark.parametrize(
    ("values", "state", "letters"),
    [
        pytest.param((GOOD.replace(b"7}", b"1}"), b"noise"), "done", 0, id="good, then bad"),
        pytest.param((b"noise", GOOD.replace(b"7}", b"1}")), "dead", 1, id="bad, then good"),
    ],
)
async def test_of_two_messages_with_one_id_the_inbox_remembers_what_became_of_the_first(
    stage: Stage, write: Write, values: tuple[bytes, bytes], state: str, letters: int
) -> None:
    await stage.topics(TASKS)
    for value in values:
        await write(TASKS, ce(ce_id="the-same", now=stage.clock.now().isoformat()), value)
    await stage.consumer(*TAKES)
    await consumed(stage, write)
    assert await stage.db.fetchval("SELECT state FROM inbox WHERE ce_id = 'the-same'") == state
    assert await stage.count("dead_letters") == letters
    assert await stage.count("seen", "attempt = 1") == 1 - letters


async def test_a_message_larger_than_any_of_ours_is_taken_in_whole(stage: Stage, write: Write) -> None:
    await stage.consumer(*TAKES)
    await write(
        TASKS, ce(now=stage.clock.now().isoformat()), b'{"number": "%s", "attempt": 1}' % (b"9" * 1_000_000)
    )
    await consumed(stage, write)
    assert await stage.db.fetchval("SELECT max(length(number)) FROM seen") == 1_000_000


async def test_good_messages_around_a_strange_one_keep_their_order(stage: Stage, write: Write) -> None:
    await stage.topics(TASKS)
    for attempt in range(20):
        if attempt % 5 == 3:
            await write(TASKS, [], b"noise")
        await write(
            TASKS, ce(now=stage.clock.now().isoformat()), GOOD.replace(b"7}", b"%d}" % (attempt + 100))
        )
    await stage.consumer(*TAKES)
    await consumed(stage, write)
    assert [attempt for _, attempt in await stage.seen()] == [*range(100, 120), 7]
    assert await stage.count("dead_letters") == 4
