"""Spans recorded by OpenTelemetry. Imported only where traces are switched on: its start costs a tenth of a second."""

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from opentelemetry import trace as api
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags
from opentelemetry.trace.span import TraceState

from libs.telemetry import trace
from libs.telemetry.spans import Attributes, Kind, Span, Tracer

_KINDS = {
    "internal": SpanKind.INTERNAL,
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
}
_LIMITS = SpanLimits(
    max_span_attributes=32, max_events=8, max_links=128, max_span_attribute_length=256, max_link_attributes=4
)
_NOWHERE = api.set_span_in_context(api.INVALID_SPAN)


class RecordedSpan(Span):
    """A span of OpenTelemetry's."""

    __slots__ = ("_span",)

    def __init__(self, span: api.Span, parent: str | None) -> None:
        made = span.get_span_context()
        rest = parent[trace.LENGTH :] if parent else ""
        super().__init__(f"00-{made.trace_id:032x}-{made.span_id:016x}-01{rest}")
        self._span = span

    def note(self, attributes: Attributes) -> None:
        self._span.set_attributes(dict(attributes))

    def failed(self, why: str) -> None:
        self._span.set_attribute("error.type", why)
        self._span.set_status(Status(StatusCode.ERROR, why))

    def end(self) -> None:
        self._span.end()


class RecordingTracer(Tracer):
    """Spans of one service at one node, given to a processor when they end.

    A trace that begins here is recorded with the probability `sample`; one that came, if whoever began it said so.
    """

    on = True

    def __init__(self, node: str, service: str, sample: float, processor: SpanProcessor) -> None:
        resource = Resource.create(
            {"service.name": service, "service.namespace": "unicrm", "unicrm.node": node}
        )
        self._provider = TracerProvider(
            sampler=ALWAYS_ON, resource=resource, span_limits=_LIMITS, shutdown_on_exit=False
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("unicrm")
        self._sample = sample

    def begin(self, name: str, kind: Kind, parent: str | None, attributes: Attributes | None = None) -> Span:
        if parent is not None:
            return self.span(name, kind, parent, attributes)
        if random.random() >= self._sample:
            return Span(trace.begun())
        return self._started(name, kind, None, attributes)

    def span(
        self,
        name: str,
        kind: Kind,
        parent: str,
        attributes: Attributes | None = None,
        *,
        links: Sequence[str] = (),
        started: int | None = None,
    ) -> Span:
        if not trace.recorded(parent):
            return Span(parent)
        return self._started(name, kind, parent, attributes, links, started)

    def gathered(self, name: str, kind: Kind, links: Sequence[str]) -> Span:
        found = [link for link in links if trace.recorded(link)]
        return self._started(name, kind, None, None, found) if found else Span(trace.begun())

    def within(self, name: str, attributes: Attributes | None = None) -> AbstractContextManager[Span | None]:
        return self._within(name, attributes)

    @contextmanager
    def _within(self, name: str, attributes: Attributes | None) -> Iterator[Span | None]:
        parent = trace.recorded(trace.current.get())
        if parent is None:
            yield None
            return
        span = self._started(name, "client", parent, attributes)
        try:
            yield span
        except BaseException as error:
            span.failed(type(error).__name__)
            raise
        finally:
            span.end()

    def _started(
        self,
        name: str,
        kind: Kind,
        parent: str | None,
        attributes: Attributes | None,
        links: Sequence[str] = (),
        started: int | None = None,
    ) -> Span:
        span = self._tracer.start_span(
            name,
            context=_NOWHERE if parent is None else api.set_span_in_context(NonRecordingSpan(_named(parent))),
            kind=_KINDS[kind],
            attributes=attributes,
            links=[Link(_named(link)) for link in links[: _LIMITS.max_links]],
            start_time=started or time.time_ns(),
        )
        if not span.get_span_context().is_valid:
            # Switched off by OpenTelemetry's own settings.
            return Span(parent or trace.begun())
        return RecordedSpan(span, parent)


def _named(thread: str) -> SpanContext:
    trace_id, span_id = trace.ids(thread)
    state = thread[trace.LENGTH + 1 :]
    return SpanContext(
        int(trace_id, 16),
        int(span_id, 16),
        is_remote=True,
        trace_flags=TraceFlags(TraceFlags.SAMPLED),
        trace_state=TraceState.from_header([state]) if state else None,
    )
