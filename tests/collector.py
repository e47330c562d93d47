"""A collector of traces, as OpenTelemetry's listens: OTLP over HTTP, protobuf."""

import gzip
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor


@dataclass(frozen=True)
class Exported:
    """One span as it came over the wire."""

    name: str
    kind: str
    trace: str
    id: str
    parent: str
    state: str
    service: str
    node: str
    attributes: dict[str, Any]
    links: tuple[str, ...]
    """The traces that it is linked to."""
    failed: str | None
    ms: float

    @property
    def where(self) -> str:
        return f"{self.node} {self.service}"


class Kept(SpanProcessor):
    """A processor that keeps what ends, in this process."""

    def __init__(self) -> None:
        self.spans: list[Any] = []

    def on_end(self, span: ReadableSpan) -> None:
        self.spans.append(span)


@dataclass
class Collector:
    """What was exported so far; `status` is what the next exports are answered with."""

    endpoint: str = ""
    status: int = 200
    asked: int = 0
    spans: list[Exported] = field(default_factory=list)

    def of(self, trace: str) -> list[Exported]:
        """The spans of one trace."""
        return [span for span in list(self.spans) if span.trace == trace]


def tree(spans: Sequence[Exported]) -> list[str]:
    """The spans of a trace as indented lines, children behind their parents; for messages of assertions."""
    below: dict[str, list[Exported]] = defaultdict(list)
    known = {span.id for span in spans}
    for span in spans:
        below[span.parent if span.parent in known else ""].append(span)

    def lines(parent: str, depth: int) -> list[str]:
        return [
            line
            for span in below[parent]
            for line in (f"{'  ' * depth}{span.where}: {span.name}", *lines(span.id, depth + 1))
        ]

    return lines("", 0)


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector that listens until the end of the block."""
    found = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.asked += 1
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            if found.status == 200:
                found.spans += _read(body)
            self.send_response(found.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing is said of what was asked."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.endpoint = f"http://127.0.0.1:{server.server_port}/v1/traces"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()


def _read(body: bytes) -> list[Exported]:
    request = ExportTraceServiceRequest.FromString(body)
    return [
        _exported(span, _values(of_resource.resource.attributes))
        for of_resource in request.resource_spans
        for of_scope in of_resource.scope_spans
        for span in of_scope.spans
    ]


def _exported(span: Any, resource: dict[str, Any]) -> Exported:
    attributes = _values(span.attributes)
    return Exported(
        name=span.name,
        kind=type(span).SpanKind.Name(span.kind).removeprefix("SPAN_KIND_").lower(),
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        state=span.trace_state,
        service=resource["service.name"],
        node=attributes.get("unicrm.node") or resource["unicrm.node"],
        attributes=attributes,
        links=tuple(link.trace_id.hex() for link in span.links),
        failed=span.status.message if span.status.code == 2 else None,
        ms=(span.end_time_unix_nano - span.start_time_unix_nano) / 1e6,
    )


def _values(attributes: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in attributes}
