"""Spans on their way out of the process: never in the way of the work that they tell of.

What ends goes into a queue of limited length; a thread takes it from there to the collector. A queue that is full, or
a collector that does not answer, costs spans and nothing else: they are counted (`unicrm_spans_dropped`).
"""

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import Protocol

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from libs.telemetry.logs import logger
from libs.telemetry.metrics import PROCESS
from libs.telemetry.recording import RecordingTracer
from libs.telemetry.settings import TraceSettings
from libs.telemetry.spans import Tracer

LONGEST_QUEUE = 8_192
AT_ONCE = 512
PAUSE = 1.0
"""Seconds between two batches that are not full."""
COLLECTOR_SECONDS = 5.0
"""How long a collector may take for a batch, all attempts together."""
GOODBYE_SECONDS = 2.0
"""How long the end of a process waits for what is still in the queue."""
SAID_EVERY = 60.0

_log = logger("libs.telemetry")


class Counting(Protocol):
    """What counts spans that were lost (`unicrm_spans_dropped`)."""

    def inc(self, amount: float = 1) -> None: ...


class Exporting(SpanProcessor):  # type: ignore[misc]
    """The queue of one process, and the thread that empties it."""

    def __init__(
        self, exporter: SpanExporter, dropped: Counting = PROCESS.spans_dropped, longest: int = LONGEST_QUEUE
    ) -> None:
        self._exporter = exporter
        self._dropped = dropped
        self._longest = longest
        self._queue: deque[ReadableSpan] = deque()
        self._wake = threading.Event()
        self._closed = False
        self._said = -SAID_EVERY
        self._thread = threading.Thread(target=self._work, name="spans", daemon=True)
        self._thread.start()

    def on_end(self, span: ReadableSpan) -> None:
        if self._closed or len(self._queue) >= self._longest:
            self._dropped.inc()
            return
        self._queue.append(span)
        if len(self._queue) >= AT_ONCE:
            self._wake.set()

    def close(self, within: float = GOODBYE_SECONDS) -> None:
        """Send what is left, `within` so many seconds; the rest is dropped."""
        self._closed = True
        self._wake.set()
        end = monotonic() + within
        self._thread.join(within)
        # Ends what the exporter still waits for; a thread that hangs in a socket dies with the process.
        self._exporter.shutdown()
        self._thread.join(max(0.0, min(0.2, end - monotonic())))
        self._lose(len(self._queue))
        self._queue.clear()

    def _work(self) -> None:
        while not self._closed:
            self._wake.wait(PAUSE)
            self._wake.clear()
            self._empty()
        self._empty()

    def _empty(self) -> None:
        while self._queue:
            batch = [self._queue.popleft() for _ in range(min(AT_ONCE, len(self._queue)))]
            try:
                sent = self._exporter.export(batch) is SpanExportResult.SUCCESS
            except Exception as error:
                sent = False
                self._say(type(error).__name__)
            if not sent:
                self._lose(len(batch))

    def _lose(self, spans: int) -> None:
        if spans:
            self._dropped.inc(spans)
            self._say("no answer that counts")

    def _say(self, why: str) -> None:
        if monotonic() - self._said >= SAID_EVERY:
            self._said = monotonic()
            _log.warning("spans.dropped", why=why)


class Lines(SpanExporter):  # type: ignore[misc]
    """Spans as lines of the log, for whoever has no collector at hand."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        for span in spans:
            context = span.get_span_context()
            assert context is not None, "a span that ended has its ids"
            _log.info(
                "span",
                service=span.resource.attributes["service.name"],
                name=span.name,
                kind=span.kind.name.lower(),
                trace_id=f"{context.trace_id:032x}",
                span_id=f"{context.span_id:016x}",
                parent_id=f"{span.parent.span_id:016x}" if span.parent else None,
                ms=round(((span.end_time or 0) - (span.start_time or 0)) / 1e6, 2),
                failed=span.status.description,
                attributes=dict(span.attributes or {}),
            )
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """Lines are written when they are exported; nothing is left to do."""


_shared: dict[TraceSettings, tuple[Exporting, int]] = {}
"""The services of one process share its queue; how many do."""
_counting = threading.Lock()


@contextmanager
def recording(told: TraceSettings, node: str, service: str) -> Iterator[Tracer]:
    """Spans of a service, exported as the settings say, until the end of the block; then what is left is sent."""
    with _counting:
        known = _shared.get(told)
        exporting, users = known or (Exporting(_exporter(told)), 0)
        _shared[told] = (exporting, users + 1)
    try:
        yield RecordingTracer(node, service, told.sample, exporting)
    finally:
        with _counting:
            exporting, users = _shared.pop(told)
            if users > 1:
                _shared[told] = (exporting, users - 1)
        if users == 1:
            exporting.close()


def _exporter(told: TraceSettings) -> SpanExporter:
    if told.to == "otlp":
        return OTLPSpanExporter(told.endpoint, timeout=COLLECTOR_SECONDS)
    return Lines()
