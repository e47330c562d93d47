"""A request is a span: by its route and status, with nothing of what was asked in it."""

import pytest

from libs.security.roles import HALL_CLERK, Roles
from libs.telemetry import trace
from libs.telemetry.recording import RecordingTracer
from libs.web import codes
from libs.web.call import Answer, Call
from libs.web.documentation import QueryParameter
from libs.web.errors import Reason, Refusal
from libs.web.health import health_routes
from libs.web.routes import Routes
from libs.web.tests.desk import Desk, client_of
from tests.collector import Kept

THREAD = f"00-{'a' * 32}-{'b' * 16}-01"
NUMBER = "13012345678"


def routes() -> Routes:
    made = Routes(prefix="/api/desk/v1", tag="Desk")

    @made.get("/numbers/{number}", allow=Roles(HALL_CLERK), query=(QueryParameter("owner", "whose it is"),))
    async def number(call: Call[None]) -> Answer:
        """One number."""
        match call.path["number"]:
            case "unknown":
                raise Refusal(Reason(codes.NOT_FOUND))
            case "broken":
                raise RuntimeError(NUMBER)
        return Answer(200, {"thread": trace.current.get()})

    return made


@pytest.mark.parametrize(
    ("number", "status", "code", "failed"),
    [
        (NUMBER, 200, None, None),
        ("unknown", 404, "not-found", None),
        ("broken", 500, "internal-error", "internal-error"),
    ],
)
async def test_a_request_is_a_span_of_the_trace_that_it_brought(
    number: str, status: int, code: str | None, failed: str | None
) -> None:
    kept = Kept()
    desk = Desk(tracer=RecordingTracer("gd", "desk", 1.0, kept))
    async with client_of(routes(), desk=desk) as client:
        answer = await client.get(
            f"/api/desk/v1/numbers/{number}?owner=440101199803072134", headers={"traceparent": THREAD}
        )
    assert answer.status_code == status
    (span,) = kept.spans
    assert span.name == "GET /api/desk/v1/numbers/{number}"
    assert f"{span.parent.span_id:016x}" == "b" * 16
    assert span.attributes["http.response.status_code"] == status
    assert span.attributes.get("unicrm.code") == code
    assert span.status.description == failed
    assert not {NUMBER, "440101199803072134", "clerk-1"} & set(map(str, span.attributes.values()))
    assert NUMBER not in span.to_json()
    if status == 200:
        assert answer.json()["thread"] == f"00-{'a' * 32}-{span.context.span_id:016x}-01"


async def test_what_machines_ask_all_the_time_is_no_span() -> None:
    kept = Kept()
    desk = Desk(tracer=RecordingTracer("gd", "desk", 1.0, kept))
    async with client_of(health_routes({}), desk=desk) as client:
        for path in ("/health/live", "/health/ready", "/metrics", "/nowhere"):
            await client.get(path)
    assert kept.spans == []


async def test_where_nobody_records_the_thread_is_what_came() -> None:
    async with client_of(routes()) as client:
        answer = await client.get(f"/api/desk/v1/numbers/{NUMBER}", headers={"traceparent": THREAD})
        assert answer.json()["thread"] == THREAD
        begun = await client.get(f"/api/desk/v1/numbers/{NUMBER}", headers={"traceparent": "nonsense"})
        assert trace.taken_in(begun.json()["thread"])
        assert trace.recorded(begun.json()["thread"]) is None
