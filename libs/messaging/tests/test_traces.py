"""What is sent, published and taken in is one tree for each trace, however the load was cut into batches."""

import asyncio
import secrets
from datetime import UTC, datetime
from typing import Any

import pytest

from libs.messaging import Handles, Outgoing, Work
from libs.messaging.envelope import headers, open_envelope
from libs.messaging.tests.conftest import Write, ce
from libs.messaging.tests.stage import NumberReleased, NumberReserved, Stage, remember, until
from libs.messaging.tests.test_parking import Till
from libs.telemetry import trace
from libs.telemetry.recording import RecordingTracer
from tests.collector import Kept

TASKS = "gd.resource.tasks"
RESULTS = "gd.resource.results"


class Seen(Kept):
    """The spans that ended, by trace."""

    def of(self, thread: str) -> list[Any]:
        return [span for span in list(self.spans) if f"{span.context.trace_id:032x}" == thread[3:35]]

    def named(self, thread: str, name: str) -> Any:
        return next(span for span in self.of(thread) if span.name.startswith(name))

    def parent(self, span: Any) -> Any:
        return next(one for one in self.spans if one.context.span_id == span.parent.span_id)


@pytest.fixture
def seen(stage: Stage) -> Seen:
    found = Seen()
    stage.tracer = stage.outbox.tracer = stage.db.tracer = RecordingTracer("gd", "resource", 1.0, found)
    return found


def begun(flags: str = "01") -> str:
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-{flags}"


async def answers(work: Work, messages: list[Any]) -> None:
    """An answer for each, keyed as it was."""
    await remember(work, messages)
    work.send(*(Outgoing(RESULTS, one.key, NumberReleased(number=one.data.number)) for one in messages))


def tasks(handler: Any) -> Handles:
    return Handles(lambda node: TASKS, NumberReserved, handler)


def asked(number: str, thread: str | None, attempt: int = 0) -> Outgoing:
    return Outgoing(TASKS, number, NumberReserved(number=number, attempt=attempt), traceparent=thread)


async def ended(stage: Stage, seen: Seen, threads: list[str], name: str) -> None:
    async def all_there() -> bool:
        return all(any(span.name.startswith(name) for span in seen.of(thread)) for thread in threads)

    await until(all_there)


async def test_one_message_is_one_tree_from_its_sending_to_what_it_caused(stage: Stage, seen: Seen) -> None:
    await stage.topics(TASKS, RESULTS)
    await stage.consumer(tasks(answers))
    await stage.relay()
    thread = begun()
    await stage.send(asked("1", thread))
    await ended(stage, seen, [thread], "publish test.number-released")

    sent = seen.named(thread, "send test.number-reserved")
    taken = seen.named(thread, "take in test.number-reserved")
    assert f"{sent.parent.span_id:016x}" == thread[36:52]
    assert seen.parent(taken) is sent
    assert seen.parent(seen.named(thread, "publish test.number-reserved")) is sent
    assert seen.parent(seen.named(thread, "transaction")) is taken
    assert seen.parent(seen.named(thread, "send test.number-released")) is taken


async def test_messages_of_many_traces_in_one_batch_go_on_each_in_its_own(stage: Stage, seen: Seen) -> None:
    await stage.topics(TASKS, RESULTS)
    relay = await stage.relay()
    threads = {f"{n}": begun() for n in range(5)}
    await stage.send(*(asked(number, thread) for number, thread in threads.items()))

    async def all_published() -> bool:
        return await stage.count("outbox") == 0

    await until(all_published)
    await relay.stop()
    await stage.consumer(tasks(answers))
    await ended(stage, seen, list(threads.values()), "send test.number-released")

    rows = await stage.db.fetch("SELECT key, traceparent FROM outbox WHERE topic = $1", RESULTS)
    assert {row["key"]: row["traceparent"][3:35] for row in rows} == {
        number: thread[3:35] for number, thread in threads.items()
    }
    for thread in threads.values():
        taken = seen.named(thread, "take in test.number-reserved")
        assert seen.parent(seen.named(thread, "send test.number-released")) is taken
    batches = [span for span in seen.spans if span.name == "take in a batch"]
    linked = {f"{link.context.trace_id:032x}" for batch in batches for link in batch.links}
    alone = {
        thread[3:35]
        for thread in threads.values()
        if seen.named(thread, "take in").attributes["messaging.batch.message_count"] == 1
    }
    assert linked | alone == {thread[3:35] for thread in threads.values()}
    assert batches, "five messages that lay there were not taken in one by one"


async def test_what_is_parked_goes_on_in_its_own_trace(stage: Stage, seen: Seen) -> None:
    class Teller(Till):
        async def take(self, work: Work, messages: list[Any]) -> None:
            parked = len(work.to_park)
            await super().take(work, messages)
            if len(work.to_park) == parked:
                work.send(*(Outgoing(RESULTS, one.key, NumberReleased(number="1")) for one in messages))

    await stage.topics(TASKS, RESULTS)
    await stage.consumer(Teller().handles)
    await stage.relay()
    early, first = begun(), begun()
    await stage.send(asked("1", early, attempt=1))

    async def parked() -> bool:
        return await stage.count("parked") == 1

    await until(parked)
    await stage.send(asked("1", first, attempt=0))
    await ended(stage, seen, [early, first], "send test.number-released")


async def test_what_a_dead_letter_belonged_to_shows_it(stage: Stage, seen: Seen) -> None:
    async def fails(work: Work, messages: list[Any]) -> None:
        raise ValueError("13012345678 cannot be")

    await stage.consumer(tasks(fails))
    await stage.relay()
    thread = begun()
    await stage.send(asked("13012345678", thread))
    await ended(stage, seen, [thread], "dead letter")

    assert seen.named(thread, "dead letter").status.description == "failed"
    taken = [span for span in seen.of(thread) if span.name.startswith("take in")]
    assert {span.status.description for span in taken} == {"ValueError"}
    assert "13012345678" not in "".join(span.to_json() for span in seen.spans)


async def test_what_nobody_records_has_no_spans_and_is_passed_on(stage: Stage, seen: Seen) -> None:
    await stage.topics(TASKS, RESULTS)
    relay = await stage.relay()
    await stage.consumer(tasks(answers))
    thread = begun("00")
    await stage.send(asked("1", thread), asked("2", None))

    async def all_in() -> bool:
        return await stage.count("inbox") == 2

    await until(all_in)
    await relay.stop()
    assert seen.spans == []


async def test_a_malformed_thread_is_no_reason_to_refuse_a_message(
    stage: Stage, seen: Seen, write: Write
) -> None:
    await stage.consumer(tasks(answers))
    for given in (b"nonsense", b"\xff\xfe", b"", b"00-1\0", b"0" * 100_000):
        told = [*ce(), ("traceparent", given), ("tracestate", b"\xff")]
        await write(TASKS, told, b'{"number": "1", "attempt": 0}')

    async def all_in() -> bool:
        return await stage.count("inbox") == 5

    await until(all_in)
    assert await stage.count("dead_letters") == 0
    assert seen.spans == []


def test_the_state_of_a_trace_travels_in_a_header_of_its_own() -> None:
    thread = trace.taken_in(begun(), "congo=1,rojo=2")
    made = headers(id="i", type="t", source="s", subject=None, time=datetime.now(UTC), traceparent=thread)
    assert dict(made)["tracestate"] == b"congo=1,rojo=2"
    assert open_envelope(made, b"k", TASKS).traceparent == thread


async def test_a_records_own_trace_counts_for_what_another_moves(stage: Stage, seen: Seen) -> None:
    own, mover = begun(), begun()

    async def moves(work: Work, messages: list[Any]) -> None:
        work.belongs_to(own, "waiting")
        for name in ("waiting", "mover"):
            work.send(Outgoing(RESULTS, "k", NumberReleased(number="1"), subject=name))

    await stage.topics(TASKS, RESULTS)
    await stage.consumer(tasks(moves))
    relay = await stage.relay()
    await stage.send(asked("1", mover))
    await ended(stage, seen, [own, mover], "publish test.number-released")
    await relay.stop()
    assert f"{seen.named(own, 'send').parent.span_id:016x}" == own[36:52]


async def test_the_clock_names_itself_in_what_it_sends(stage: Stage, seen: Seen) -> None:
    async def sweep() -> None:
        token = trace.timer.set("sweep")
        await stage.send(asked("1", thread))
        trace.timer.reset(token)

    thread = begun()
    await asyncio.create_task(sweep())
    assert seen.named(thread, "send").attributes["unicrm.timer"] == "sweep"
