"""Spans that somebody records: whose child each is, what is recorded at all, and how they leave the process."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from opentelemetry.sdk.trace.export import SpanExportResult

from libs.telemetry import trace
from libs.telemetry.exporting import AT_ONCE, Exporting, Lines
from libs.telemetry.recording import RecordingTracer
from libs.telemetry.settings import COLLECTOR, TraceSettings, tracing
from libs.telemetry.spans import OFF, Entered, Span
from tests.collector import Collector, Kept, collecting
from tests.engines import eventually

GIVEN = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
UNRECORDED = f"{GIVEN[:-2]}00"


class Counted:
    """A counter of lost spans."""

    def __init__(self) -> None:
        self.lost = 0.0

    def inc(self, amount: float = 1) -> None:
        self.lost += amount


class Exporter:
    """An exporter that answers as it is told, when it is told."""

    def __init__(self, answer: SpanExportResult | Exception = SpanExportResult.SUCCESS) -> None:
        self.answer = answer
        self.open = threading.Event()
        self.open.set()
        self.took: list[int] = []

    def export(self, spans: Sequence[Any]) -> SpanExportResult:
        self.took.append(len(spans))
        self.open.wait(30)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def shutdown(self) -> None:
        self.open.set()


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as found:
        yield found


def tracer(kept: Any, sample: float = 1.0) -> RecordingTracer:
    return RecordingTracer("gd", "resource", sample, kept)


def test_a_request_goes_on_with_the_trace_that_it_brought(kept: Kept) -> None:
    made = tracer(kept)
    with Entered(made.begin("GET /x", "server", f"{GIVEN} congo=1")) as outer, made.within("transaction"):
        assert trace.current.get() == outer.thread
        assert outer.thread[3:35] == GIVEN[3:35]
        assert outer.thread[55:] == " congo=1"
        assert outer.thread[36:52] != GIVEN[36:52]
    inner, request = kept.spans
    assert (request.name, inner.name) == ("GET /x", "transaction")
    assert f"{request.parent.span_id:016x}" == GIVEN[36:52]
    assert inner.parent.span_id == request.context.span_id
    assert request.context.trace_state.to_header() == "congo=1"
    assert trace.current.get() is None


def test_what_its_beginner_does_not_record_nobody_records(kept: Kept) -> None:
    made = tracer(kept)
    with Entered(made.begin("GET /x", "server", UNRECORDED)) as span, made.within("transaction"):
        assert span.thread == UNRECORDED
        assert made.span("send", "producer", span.thread).thread == UNRECORDED
    assert kept.spans == []


def test_of_the_traces_that_begin_here_a_share_is_recorded(kept: Kept) -> None:
    assert trace.recorded(tracer(kept, 1.0).begin("GET /x", "server", None).thread)
    begun = tracer(kept, 0.0).begin("GET /x", "server", None)
    assert trace.recorded(begun.thread) is None
    half = tracer(kept, 0.5)
    recorded = sum(
        trace.recorded(half.begin("GET /x", "server", None).thread) is not None for _ in range(400)
    )
    assert 120 < recorded < 280


def test_a_step_of_many_traces_is_linked_to_each(kept: Kept) -> None:
    other = f"00-{'c' * 32}-{'d' * 16}-01"
    tracer(kept).gathered("take in a batch", "consumer", [GIVEN, UNRECORDED, other]).end()
    (span,) = kept.spans
    assert [f"{link.context.trace_id:032x}" for link in span.links] == [GIVEN[3:35], "c" * 32]
    assert span.parent is None


def test_what_fails_says_with_which_kind_of_failure_and_not_its_text(kept: Kept) -> None:
    made = tracer(kept)
    with pytest.raises(ValueError, match="13012345678"), Entered(made.begin("GET /x", "server", None)):
        raise ValueError("13012345678 is no number")
    (span,) = kept.spans
    assert span.status.description == "ValueError"
    assert "13012345678" not in span.to_json()


def test_where_traces_are_off_nothing_of_opentelemetry_is_even_loaded() -> None:
    code = (
        "import sys, libs.service; loaded = [m for m in sys.modules if m.startswith('opentelemetry.sdk')]; "
        "sys.exit(str(loaded) if loaded else 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_off_is_the_default_and_passes_on_what_came() -> None:
    async with tracing(TraceSettings(), "gd", "resource") as made:
        assert made is OFF
        assert made.begin("GET /x", "server", GIVEN).thread == GIVEN
        with made.within("transaction") as span:
            assert span is None
        assert isinstance(made.gathered("take in a batch", "consumer", [GIVEN]), Span)


async def test_a_collector_gets_the_spans_of_all_services_of_a_process(collector: Collector) -> None:
    told = TraceSettings("otlp", collector.endpoint)
    async with tracing(told, "gd", "resource") as one:
        async with tracing(told, "gd", "customer") as another:
            another.begin("GET /a", "server", GIVEN, {"http.route": "/a"}).end()
        one.begin("GET /b", "server", GIVEN).end()
    spans = collector.of(GIVEN[3:35])
    assert {(span.where, span.name) for span in spans} == {
        ("gd customer", "GET /a"),
        ("gd resource", "GET /b"),
    }
    assert {span.parent for span in spans} == {GIVEN[36:52]}
    assert next(span for span in spans if span.name == "GET /a").attributes == {"http.route": "/a"}


@pytest.mark.parametrize("answer", [SpanExportResult.FAILURE, RuntimeError("away")])
async def test_a_collector_that_is_away_costs_the_spans_and_their_count(answer: Any) -> None:
    counted, exporter = Counted(), Exporter(answer)
    exporting = Exporting(exporter, counted)
    made = tracer(exporting)
    for _ in range(AT_ONCE):
        made.begin("GET /x", "server", None).end()
    await eventually(lambda: counted.lost == AT_ONCE)
    exporter.answer = SpanExportResult.SUCCESS
    made.begin("GET /x", "server", None).end()
    exporting.close()
    assert (counted.lost, exporter.took[-1]) == (AT_ONCE, 1), "the next ones arrive again"


async def test_a_queue_that_is_full_drops_and_never_waits() -> None:
    counted, exporter = Counted(), Exporter()
    exporter.open.clear()
    exporting = Exporting(exporter, counted, longest=AT_ONCE)
    made = tracer(exporting)
    for _ in range(AT_ONCE):
        made.begin("GET /x", "server", None).end()
    await eventually(lambda: exporter.took == [AT_ONCE])
    began = time.monotonic()
    for _ in range(AT_ONCE + 100):
        made.begin("GET /x", "server", None).end()
    assert time.monotonic() - began < 2
    assert counted.lost == 100
    exporter.open.set()
    exporting.close()
    assert exporter.took == [AT_ONCE, AT_ONCE]


async def test_the_end_of_a_process_does_not_wait_for_a_collector_that_hangs() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        told = TraceSettings("otlp", f"http://127.0.0.1:{silent.getsockname()[1]}/v1/traces")
        began = time.monotonic()
        async with tracing(told, "gd", "resource") as made:
            made.begin("GET /x", "server", None).end()
        assert time.monotonic() - began < 4


def test_without_a_collector_spans_are_lines_of_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    exporting = Exporting(Lines())
    tracer(exporting).begin("GET /x", "server", GIVEN, {"http.route": "/x"}).end()
    exporting.close()
    said = capsys.readouterr().out
    assert GIVEN[3:35] in said
    assert "GET /x" in said


def test_the_default_is_where_opentelemetrys_collector_listens() -> None:
    assert TraceSettings().endpoint == COLLECTOR == "http://127.0.0.1:4318/v1/traces"
