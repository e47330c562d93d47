"""A service asks another over its public API, with a token that it fetches once; silence is not an answer."""

from datetime import timedelta

import httpx
import pytest

from libs.asking import Asker, NotAnswering
from libs.clock import ManualClock
from libs.telemetry import trace
from tests.running import Bench, address


class Node:
    """The front door of a node, played."""

    def __init__(self) -> None:
        self.tokens = 0
        self.status = 200
        self.headers = httpx.Headers()
        self.keys: list[str] = []
        self.bodies: list[bytes] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth2/token":
            self.tokens += 1
            return httpx.Response(200, json={"access_token": f"token-{self.tokens}", "expires_in": 900})
        self.headers = request.headers
        assert request.headers["Authorization"] == f"Bearer token-{self.tokens}"
        if request.method == "POST":
            self.keys.append(request.headers["Idempotency-Key"])
            self.bodies.append(request.content)
        return httpx.Response(self.status, json={"id": request.url.path.rsplit("/", 1)[1]})


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def node() -> Node:
    return Node()


@pytest.fixture
async def asker(bench: Bench, clock: ManualClock, node: Node) -> Asker:
    http = httpx.AsyncClient(transport=httpx.MockTransport(node))
    return Asker("order-acceptance", address("gd"), bench.keys_of("gd"), clock, http)


async def test_a_token_serves_until_it_ends(asker: Asker, clock: ManualClock, node: Node) -> None:
    assert await asker.get("/api/x/1") == {"id": "1"}
    assert await asker.get("/api/x/2") == {"id": "2"}
    assert node.tokens == 1
    clock.advance(timedelta(minutes=15))
    await asker.get("/api/x/3")
    assert node.tokens == 2


async def test_what_is_not_there_is_none(asker: Asker, node: Node) -> None:
    node.status = 404
    assert await asker.get("/api/x/1") is None


@pytest.mark.parametrize("status", [401, 403, 500, 503])
async def test_an_owner_that_cannot_tell_is_not_an_owner_without_the_record(
    asker: Asker, node: Node, status: int
) -> None:
    node.status = status
    with pytest.raises(NotAnswering):
        await asker.get("/api/x/1")


async def test_the_asked_goes_on_with_the_askers_trace(asker: Asker, node: Node) -> None:
    thread = trace.taken_in(f"00-{'a' * 32}-{'b' * 16}-01", "congo=1")
    token = trace.current.set(thread)
    try:
        await asker.get("/api/x/1")
    finally:
        trace.current.reset(token)
    assert (node.headers["traceparent"], node.headers["tracestate"]) == (
        f"00-{'a' * 32}-{'b' * 16}-01",
        "congo=1",
    )


async def test_what_is_to_be_made_is_asked_for_with_its_key(asker: Asker, node: Node) -> None:
    node.status = 201
    assert await asker.post("/api/x/things", {"kind": "y"}, key="k") == {"id": "things"}
    assert (node.keys, node.bodies) == (["k"], [b'{"kind":"y"}'])
    node.status = 503
    with pytest.raises(NotAnswering):
        await asker.post("/api/x/things", {"kind": "y"}, key="k")
