"""The steps of a trace. Here nobody records them; `libs/telemetry/recording.py` does, where it is switched on.

Only what belongs to a trace that somebody records has spans, and only a request begins one: what the clock does by
itself, a heartbeat for instance, belongs to the trace of the record that it is about, or to none.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from contextvars import Token
from types import TracebackType
from typing import Any, Literal

from libs.telemetry import trace

Kind = Literal["internal", "server", "client", "producer", "consumer"]
Attributes = Mapping[str, str | int | bool]
"""Never anything personal: ids, codes, names of topics and routes; no numbers, no query, no message keys."""


class Span:
    """One step, and the thread that goes on from it; this one is recorded by nobody."""

    __slots__ = ("thread",)

    def __init__(self, thread: str) -> None:
        self.thread = thread

    def note(self, attributes: Attributes) -> None:
        """Say more about it."""

    def failed(self, why: str) -> None:
        """It went wrong; `why` is a code or the name of an exception, never its text."""

    def end(self) -> None:
        """It is over now."""


class Entered:
    """Makes a span the one that runs now, for a block; at its end the span has ended, and failed if the block did."""

    __slots__ = ("_before", "_span")
    _before: Token[str | None]

    def __init__(self, span: Span) -> None:
        self._span = span

    def __enter__(self) -> Span:
        self._before = trace.current.set(self._span.thread)
        return self._span

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        trace.current.reset(self._before)
        if kind is not None:
            self._span.failed(kind.__name__)
        self._span.end()


_NOTHING: AbstractContextManager[Any] = nullcontext()


class Tracer:
    """Makes the spans of one service at one node; this one makes none."""

    on = False

    def begin(
        self,
        name: str,
        kind: Kind,
        parent: str | None,
        attributes: Attributes | None = None,
    ) -> Span:
        """The first step of something that came from outside, by the thread that it brought, or of a new trace."""
        return Span(parent or trace.begun())

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
        """One more step of a trace. `started`: nanoseconds since 1970 of the machine, where that was before now."""
        return Span(parent)

    def gathered(self, name: str, kind: Kind, links: Sequence[str]) -> Span:
        """A step that many traces share: a trace of its own, with a link to a span of each."""
        return Span(trace.begun())

    def within(self, name: str, attributes: Attributes | None = None) -> AbstractContextManager[Any]:
        """Part of the step that runs now, for a block; nothing where no step runs."""
        return _NOTHING


OFF = Tracer()
