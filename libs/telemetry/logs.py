"""Logs: one JSON object a line on standard output. Nothing personal belongs in them: ids and codes do."""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from typing import Any, TextIO

import structlog
from pydantic_core import to_json
from structlog.tracebacks import ExceptionDictTransformer

from libs.telemetry import trace

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The request that is being served: every line said meanwhile names it."""


def set_up(*, node: str, level: int = logging.INFO, output: TextIO | None = None) -> None:
    """Send structlog and the standard library's logging to `output` as JSON lines, each naming the node.

    May be called again, by the tests for instance; the last call counts.
    """

    def with_node(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event.setdefault("node", node)
        return event

    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        _with_request,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        with_node,
    ]
    rendered: list[Any] = [
        # Never with the frames' variables: those hold identity numbers, tokens and keys.
        structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
        structlog.processors.JSONRenderer(serializer=_json),
    ]
    structlog.configure(
        processors=[*shared, *rendered],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=output or sys.stdout),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(output or sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendered],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # uvicorn's own access log would say everything twice, and with the paths as they were sent.
    logging.getLogger("uvicorn.access").disabled = True


def _with_request(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if (request := request_id.get()) is not None:
        event["request_id"] = request
    if (thread := trace.current.get()) is not None:
        trace_id, span_id = trace.ids(thread)
        event.setdefault("trace_id", trace_id)
        event.setdefault("span_id", span_id)
    return event


def _json(event: Mapping[str, Any], **_: Any) -> str:
    # Several times as fast as the standard library, and a log line is written for each request.
    return to_json(event, fallback=repr).decode()


def logger(name: str) -> Any:
    """A logger whose lines carry `part: name`, the part of the program that speaks."""
    return structlog.get_logger(part=name)
