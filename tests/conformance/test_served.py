"""Every TM Forum API that is served, examined by every check that its document allows."""

import ast
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from deploy import services
from libs.service import routes_of
from tests.conformance.checks import checks_of
from tests.conformance.facts import FOLDER, facts
from tests.conformance.served import SERVED
from tests.conformance.subject import Subject
from tests.running import Bench

Opened = Callable[[Bench], AbstractAsyncContextManager[list[Subject]]]
APIS = sorted(file.stem for file in FOLDER.glob("*.json"))


@pytest.fixture(scope="module", params=SERVED, ids=lambda opened: opened.__name__)
async def subjects(request: pytest.FixtureRequest, bench: Bench) -> AsyncIterator[list[Subject]]:
    async with request.param(bench) as opened:
        yield opened


async def test_it_is_as_the_document_and_tmf630_have_it(subjects: list[Subject]) -> None:
    faults = []
    for subject in subjects:
        for check in checks_of(subject):
            try:
                await check(subject)
            except AssertionError as error:
                faults.append(f"{subject.facts.api} {subject.name}, {check.__name__}: {str(error)[:400]}")
    assert faults == [], "\n" + "\n".join(faults)


@pytest.mark.parametrize("api", APIS)
def test_every_operation_of_the_document_is_served_with_its_status(api: str) -> None:
    known = facts(api)
    served: dict[str, Any] = {
        f"{endpoint.method} {endpoint.path.removeprefix(known.base)}": endpoint
        for package in services.packages()
        for routes in routes_of(services.service(package))
        for endpoint in routes
        if endpoint.path.startswith(f"{known.base}/")
    }
    assert set(served) == set(known.operations)
    for operation, endpoint in served.items():
        assert endpoint.status_code in known.operations[operation], operation


def test_every_resource_is_examined() -> None:
    text = (Path(__file__).parent / "served.py").read_text()
    words = {node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)}
    for api in APIS:
        for name in facts(api).resources:
            assert name in words, f"{api} {name}"
