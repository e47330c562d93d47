"""Every endpoint of every service, asked in every role: those it names get in, the others do not."""

import asyncio
import re
from collections.abc import AsyncIterator

import httpx
import pytest

from deploy import services
from libs.node import HQ
from libs.security.roles import ALL_ROLES
from libs.service import routes_of
from libs.web.routes import Endpoint, Public
from tests.running import Bench, RunningService

HQ_ONLY_AT_HQ = "hq-operator"


@pytest.fixture(scope="module", params=services.packages())
async def served(request: pytest.FixtureRequest, bench: Bench) -> AsyncIterator[RunningService]:
    service = services.service(request.param)
    node = HQ if "province" not in service.tiers else "gd"
    async with bench.running(service, node) as running:
        yield running


def _endpoints(served: RunningService) -> list[Endpoint]:
    return [endpoint for routes in routes_of(served.service) for endpoint in routes]


async def _ask(served: RunningService, endpoint: Endpoint, headers: dict[str, str]) -> httpx.Response:
    path = re.sub(r"\{[^}]+\}", "00000000-0000-7000-8000-000000000000", endpoint.path)
    body = {"content": b"{}"} if endpoint.takes_body else {}
    sent = {"Content-Type": "application/json", **headers}
    return await served.client.request(endpoint.method, path, headers=sent, **body)  # type: ignore[arg-type]


async def test_without_a_token_only_public_endpoints_answer(served: RunningService) -> None:
    for endpoint in _endpoints(served):
        answer = await _ask(served, endpoint, {})
        if isinstance(endpoint.allow, Public):
            assert answer.json()["code"] != "unauthenticated" if answer.status_code == 401 else True
        else:
            assert answer.status_code == 401, f"{endpoint.method} {endpoint.path}"
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("role", sorted(ALL_ROLES))
async def test_a_role_gets_in_where_it_is_named_and_nowhere_else(served: RunningService, role: str) -> None:
    issuer = HQ if role == HQ_ONLY_AT_HQ else None
    headers = served.bearer(role, issuer=issuer)
    endpoints = [endpoint for endpoint in _endpoints(served) if not isinstance(endpoint.allow, Public)]
    answers = await asyncio.gather(*(_ask(served, endpoint, headers) for endpoint in endpoints))
    for endpoint, answer in zip(endpoints, answers, strict=True):
        named = role in endpoint.allow  # type: ignore[operator]
        where = f"{endpoint.method} {endpoint.path} as {role}: {answer.status_code} {answer.text[:200]}"
        if named:
            assert answer.status_code != 401, where
            assert answer.status_code < 500, where
            if answer.status_code == 403:
                assert answer.json()["code"] != "forbidden", where
        else:
            assert answer.status_code == 403, where
            assert answer.json()["code"] == "forbidden", where


async def test_a_token_of_another_province_is_worth_nothing(served: RunningService) -> None:
    if served.node == HQ:
        pytest.skip("at headquarters there is no other province's neighbour to try")
    headers = served.bearer("hall-clerk", issuer="bj", subject="clerk-of-beijing")
    for endpoint in _endpoints(served):
        if not isinstance(endpoint.allow, Public):
            answer = await _ask(served, endpoint, headers)
            assert answer.status_code == 401, f"{endpoint.method} {endpoint.path}"
