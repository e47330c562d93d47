"""One order is one trace: over HTTP, through headquarters, to where the subscriber lives, and back."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.simulators.making import simulator
from deploy.simulators.settings import FleetSettings, SimulatorSettings
from libs.clock import ManualClock
from libs.ids import new_id
from services.hq_router.app import SERVICE as ROUTER
from services.order_acceptance.app import SERVICE as ACCEPTANCE
from tests.collector import Collector, Exported, collecting, tree
from tests.engines import eventually
from tests.faults.fleet import GUANGDONGS, PAYMENTS, Fleet, subscribers
from tests.running import PARTITIONS, Bench, RunningService, random_mark

GIVEN = "4bf92f3577b34da6a3ce929d0e0e4736"
THREAD = f"00-{GIVEN}-00f067aa0ba902b7-01"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as found:
        yield found


@asynccontextmanager
async def accounting(bench: Bench, prefix: str, folder: Path, **traces: Any) -> AsyncIterator[None]:
    """The accounting system of both provinces."""
    fleet = FleetSettings(
        kafka=bench.engines.kafka, topic_prefix=prefix, topic_partitions=PARTITIONS, **traces
    )
    told = SimulatorSettings(nodes=("bj", "gd"), journal=folder / "accounting", delay_ms=1)
    made = simulator("accounting", fleet, told)
    working = asyncio.create_task(made.run())
    await made.ready.wait()
    try:
        yield
    finally:
        made.stop()
        await working
        made.desk.journal.close()


@asynccontextmanager
async def standing(bench: Bench, folder: Path, **traces: Any) -> AsyncIterator[Fleet]:
    """Headquarters, two provinces, and accounting; the first number of Guangdong has a subscriber."""
    prefix, clock = f"{random_mark()}.", ManualClock()
    async with AsyncExitStack() as stack:

        async def start(service: Any, node: str) -> RunningService:
            return await stack.enter_async_context(
                bench.running(service, node, clock=clock, topic_prefix=prefix, **traces)
            )

        fleet = Fleet(
            await start(ROUTER, "hq"), await start(ACCEPTANCE, "bj"), await start(ACCEPTANCE, "gd"), clock
        )
        await subscribers(fleet.gd, GUANGDONGS)
        await stack.enter_async_context(accounting(bench, prefix, folder, **traces))
        for node in ("bj", "gd"):
            await eventually(lambda node=node: fleet.heard(node), 20)  # type: ignore[misc]
        yield fleet
    await bench.remove_topics(prefix)


async def pay(at: RunningService, number: str = GUANGDONGS[0], **headers: str) -> httpx.Response:
    """Fifty yuan, paid in Beijing for a number of Guangdong."""
    return await at.client.post(
        PAYMENTS,
        json={
            "account": {"id": f"tel:+86{number}"},
            "paymentMethod": {"@type": "cash"},
            "totalAmount": {"unit": "CNY", "value": 50.00},
        },
        headers=at.bearer("hall-clerk", key=new_id()) | headers,
    )


async def done(fleet: Fleet, answer: httpx.Response) -> None:
    assert answer.status_code == 201, answer.text

    async def ended() -> bool:
        return bool(await fleet.status(fleet.bj, answer.json()["id"]) == "done")

    await eventually(ended, 20)


def way(spans: list[Exported]) -> list[str]:
    """Where each message of an order was taken in, from its acceptance to what told of its end in Beijing."""
    by_id = {span.id: span for span in spans}
    end = max(
        (span for span in spans if span.where == "bj order-acceptance" and span.name.startswith("take in")),
        key=lambda span: len(list(above(span, by_id))),
    )
    seen = [one for one in above(end, by_id) if one.kind != "producer"]
    return [f"{one.where}: {one.name}" for one in reversed(seen)]


def above(span: Exported | None, by_id: dict[str, Exported]) -> Iterator[Exported]:
    """A span and all that it came of, up to the first."""
    while span is not None:
        yield span
        span = by_id.get(span.parent)


async def test_an_order_for_another_province_is_one_trace_from_its_acceptance_to_its_end(
    bench: Bench, tmp_path: Path, collector: Collector
) -> None:
    async with standing(bench, tmp_path, traces="otlp", traces_endpoint=collector.endpoint) as fleet:
        answer = await pay(fleet.bj, traceparent=THREAD, tracestate="congo=t61rcWkgMzE")
        await done(fleet, answer)
    spans = collector.of(GIVEN)

    assert way(spans) == [
        f"bj order-acceptance: POST {PAYMENTS}",
        "hq hq-router: take in unicrm.work-order.forwarded.v1",
        "gd order-acceptance: take in unicrm.work-order.forwarded.v1",
        "gd accounting: do post-payment",
        "gd order-acceptance: take in unicrm.task.result.v1",
        "hq hq-router: take in unicrm.work-order.outcome.v1",
        "bj order-acceptance: take in unicrm.work-order.outcome.v1",
    ], "\n".join(tree(spans))
    (request,) = [span for span in spans if span.kind == "server"]
    assert request.parent == THREAD[36:52]
    assert request.attributes == {
        "http.request.method": "POST",
        "http.route": PAYMENTS,
        "http.response.status_code": 201,
    }
    known = {span.id for span in spans}
    assert [span.name for span in spans if span.parent not in known] == [request.name], "one tree"
    assert {span.state for span in spans} == {"congo=t61rcWkgMzE"}
    assert {span.where for span in spans if span.name == "transaction"} >= {
        "hq hq-router",
        "gd order-acceptance",
        "bj order-acceptance",
    }
    assert {span.failed for span in spans} == {None}
    said = str([(span.name, span.attributes) for span in collector.spans])
    assert GUANGDONGS[0] not in said
    assert "hall-clerk" not in said


async def test_off_by_default_nothing_is_exported_and_the_trace_is_passed_on(
    bench: Bench, tmp_path: Path, collector: Collector
) -> None:
    async with standing(bench, tmp_path, traces_endpoint=collector.endpoint) as fleet:
        await done(fleet, await pay(fleet.bj, traceparent=THREAD))
        (back,) = await fleet.bj.topics.wait(
            "bj.downlink.work-orders", where=lambda one: one.data["state"] == "completed"
        )
    assert collector.asked == 0
    assert back.headers["traceparent"] == THREAD


async def test_a_malformed_trace_begins_a_new_one(bench: Bench, tmp_path: Path, collector: Collector) -> None:
    async with bench.running(ACCEPTANCE, "bj", traces="otlp", traces_endpoint=collector.endpoint) as bj:
        for given in ("nonsense", "00-0-0-0", f"00-{'0' * 32}-00f067aa0ba902b7-01"):
            answer = await bj.client.get(PAYMENTS, headers=bj.bearer("hall-clerk") | {"traceparent": given})
            assert answer.status_code == 200
        unrecorded = f"{THREAD[:-2]}00"
        await bj.client.get(PAYMENTS, headers=bj.bearer("hall-clerk") | {"traceparent": unrecorded})
        await bj.client.get("/health/live")
        # Written by nobody's request: no trace begins with it.
        await bj.tick("heartbeat")
    requests = [span for span in collector.spans if span.kind == "server"]
    assert len({span.trace for span in requests}) == 3
    assert {span.parent for span in requests} == {""}
    assert {span.trace for span in collector.spans} == {span.trace for span in requests}


async def test_what_was_held_goes_on_in_the_trace_of_its_order(
    bench: Bench, tmp_path: Path, collector: Collector
) -> None:
    async with standing(bench, tmp_path, traces="otlp", traces_endpoint=collector.endpoint) as fleet:
        fleet.lose(fleet.gd)
        await fleet.time_passes(timedelta(seconds=61), [fleet.bj])
        answer = await pay(fleet.bj, traceparent=THREAD)

        async def held() -> bool:
            return bool(await fleet.hq.db.fetchval("SELECT count(*) FROM forwards WHERE state = 'held'"))

        await eventually(held)
        await fleet.time_passes(timedelta(hours=1), [fleet.bj])
        await fleet.find_again(fleet.gd)
        await done(fleet, answer)
    spans = collector.of(GIVEN)
    (released,) = [
        span
        for span in spans
        if span.where == "hq hq-router" and span.name == "send unicrm.work-order.forwarded.v1"
    ]
    assert way(spans)[-1] == "bj order-acceptance: take in unicrm.work-order.outcome.v1"
    assert released.attributes["messaging.destination.name"] == "gd.downlink.work-orders"


async def test_what_the_clock_asks_again_belongs_to_the_trace_of_its_order(
    bench: Bench, tmp_path: Path, collector: Collector
) -> None:
    unanswered = "13000409904"
    async with standing(bench, tmp_path, traces="otlp", traces_endpoint=collector.endpoint) as fleet:
        await subscribers(fleet.gd, (unanswered,))
        answer = await pay(fleet.bj, unanswered, traceparent=THREAD)

        async def asked() -> bool:
            return bool(
                await fleet.gd.db.fetchval("SELECT count(*) FROM work_orders WHERE state = 'running'")
            )

        await eventually(asked)
        fleet.clock.advance(timedelta(seconds=31))
        await fleet.gd.tick("sweep")
        await done(fleet, answer)
    spans = collector.of(GIVEN)
    askings = [span for span in spans if span.name == "send unicrm.task.requested.v1"]
    assert [span.attributes.get("unicrm.timer") for span in askings] == [None, "sweep"], "\n".join(
        tree(spans)
    )
    assert way(spans)[-1] == "bj order-acceptance: take in unicrm.work-order.outcome.v1"
