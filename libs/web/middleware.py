"""The one layer between the server and the endpoints.

It names the request, finds the endpoint, bounds the time, renders refusals, and says afterwards what happened.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from libs.database import is_infrastructure
from libs.ids import new_id
from libs.telemetry import trace
from libs.telemetry.logs import logger, request_id
from libs.telemetry.spans import Entered, Span
from libs.web import codes
from libs.web.body import ClientGone
from libs.web.call import JSON, Answer
from libs.web.errors import Code, Reason, Refusal, error_body
from libs.web.letting_in import serve
from libs.web.paths import Paths
from libs.web.routes import Endpoint
from libs.web.runtime import Runtime
from libs.web.texts import Language, language_of

TIME_LIMIT = 30.0
"""Seconds that a request may take."""

NO_ROUTE = "unknown"
CLIENT_GONE = 499
JSON_TYPE = b"application/json"
UNWATCHED = frozenset({"/health/live", "/health/ready", "/metrics"})
"""What machines ask all the time: no part of anybody's trace."""
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}")

_log = logger("libs.web")


@dataclass(slots=True)
class Request:
    """What is known of a request before anybody looks into it."""

    method: str
    headers: Mapping[bytes, bytes]
    id: str
    language: Language
    endpoint: Endpoint | None
    places: Mapping[str, str]
    other_methods: frozenset[str]
    problem: str | None = None


class Gate:
    """Serves every request of one app. `runtime` is asked for at each request: there is none before the start."""

    def __init__(self, app: Any, inner: ASGIApp, paths: Paths, *, time_limit: float = TIME_LIMIT) -> None:
        self._app = app
        self._inner = inner
        self._paths = paths
        self._time_limit = time_limit
        self._log: Any = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._inner(scope, receive, send)
            return
        if scope["type"] != "http":
            raise RuntimeError(f"{scope['type']} is not served")
        started = perf_counter()
        runtime: Runtime = self._app.state.runtime
        headers: dict[bytes, bytes] = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"")
        endpoint, places, others = self._paths.find(scope["method"], scope["path"])
        request = Request(
            scope["method"],
            headers,
            given.decode("ascii") if _REQUEST_ID.fullmatch(given) else new_id(),
            language_of(headers.get(b"accept-language", b"").decode("latin-1")),
            endpoint,
            places,
            others,
        )
        named = request_id.set(request.id)
        try:
            with Entered(_span(request, runtime)) as span:
                status = await self._served(request, runtime, scope, receive, send)
                self._tell(request, runtime, status, started)
                if runtime.tracer.on:
                    _note(span, request, status)
        finally:
            request_id.reset(named)

    async def _served(
        self, request: Request, runtime: Runtime, scope: Scope, receive: Receive, send: Send
    ) -> int:
        try:
            answer = await self._answer(request, runtime, scope, receive)
            await _send(answer, request, send)
            return answer.status
        except ClientGone:
            return CLIENT_GONE

    async def _answer(self, request: Request, runtime: Runtime, scope: Scope, receive: Receive) -> Answer:
        endpoint = request.endpoint
        try:
            if endpoint is None:
                raise _nowhere(request)
            async with asyncio.timeout(self._time_limit) as limit:
                return await serve(
                    endpoint,
                    runtime,
                    scope,
                    receive,
                    places=request.places,
                    headers=request.headers,
                    language=request.language,
                    request_id=request.id,
                )
        except Refusal as refusal:
            request.problem = refusal.reasons[0].code.name
            return _refused(refusal, request)
        except TimeoutError as error:
            if not limit.expired():
                return _failed(error, request, codes.TEMPORARILY_UNAVAILABLE)
            return _failed(error, request, codes.TOOK_TOO_LONG)
        except ClientGone:
            raise
        except Exception as error:
            if is_infrastructure(error):
                return _failed(error, request, codes.TEMPORARILY_UNAVAILABLE)
            return _failed(error, request)

    def _tell(self, request: Request, runtime: Runtime, status: int, started: float) -> None:
        seconds = perf_counter() - started
        # The path as it was sent may hold a number or a name, so only the declared one is told.
        route = request.endpoint.path if request.endpoint else NO_ROUTE
        runtime.metrics.request(request.method if request.endpoint else "-", route, status, seconds)
        if runtime.settings.request_log:
            if self._log is None:
                # Bound once: finding out how to log costs more than a line does.
                self._log = _log.bind(service=runtime.service.name)
            self._log.info(
                "request",
                method=request.method,
                route=route,
                status=status,
                ms=round(seconds * 1000, 2),
                **({"code": request.problem} if request.problem else {}),
            )


def _span(request: Request, runtime: Runtime) -> Span:
    """The span of a request: of the thread that it brought, or the first of a new trace. None watches the watchers."""
    given = _header(request, b"traceparent")
    thread = trace.taken_in(given, _header(request, b"tracestate")) if given else None
    endpoint = request.endpoint
    if not runtime.tracer.on or endpoint is None or endpoint.path in UNWATCHED:
        return Span(thread or trace.begun())
    told = {"http.request.method": endpoint.method, "http.route": endpoint.path}
    return runtime.tracer.begin(f"{endpoint.method} {endpoint.path}", "server", thread, told)


def _header(request: Request, name: bytes) -> str:
    return request.headers.get(name, b"").decode("latin-1")


def _note(span: Span, request: Request, status: int) -> None:
    span.note({"http.response.status_code": status})
    if request.problem is not None:
        span.note({"unicrm.code": request.problem})
    if status >= 500:
        span.failed(request.problem or str(status))


def _nowhere(request: Request) -> Refusal:
    if request.other_methods:
        allowed = ", ".join(sorted(request.other_methods))
        return Refusal(Reason(codes.METHOD_NOT_ALLOWED, allowed=allowed), headers={"Allow": allowed})
    return Refusal(Reason(codes.NO_SUCH_PATH))


def _refused(refusal: Refusal, request: Request) -> Answer:
    shown_as = request.endpoint.shown_as if request.endpoint else None
    if shown_as is not None:
        return shown_as(refusal, request.language)
    headers = {**refusal.headers, "Content-Language": request.language}
    return Answer(refusal.status, error_body(refusal, request.language), headers)


def _failed(error: BaseException, request: Request, code: Code = codes.INTERNAL_ERROR) -> Answer:
    route = request.endpoint.path if request.endpoint else NO_ROUTE
    _log.error("request failed", route=route, code=code.name, exc_info=error)
    request.problem = code.name
    headers = {"Retry-After": "2"} if code.status == 503 else None
    return _refused(Refusal(Reason(code, request=request.id), headers=headers), request)


async def _send(answer: Answer, request: Request, send: Send) -> None:
    content = answer.content
    headers = [(b"x-request-id", request.id.encode("ascii"))]
    if answer.status not in (204, 304):
        headers.append((b"content-length", str(len(content)).encode("ascii")))
        if content:
            headers.append(
                (b"content-type", JSON_TYPE if answer.media_type == JSON else answer.media_type.encode())
            )
    for name, value in answer.all_headers().items():
        headers.append((name.lower().encode("latin-1"), value.encode("latin-1")))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": content if answer.status not in (204, 304) else b""})
