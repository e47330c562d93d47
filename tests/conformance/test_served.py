"""Every TM Forum API that is served, examined by every check that its document allows."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

import contracts
from deploy import services
from libs.service import routes_of
from tests.conformance.checks import checks_of
from tests.conformance.facts import FOLDER, facts
from tests.conformance.served import SERVED
from tests.conformance.subject import Subject
from tests.running import Bench

DEVIATIONS = Path(contracts.__file__).parent / "tmf-conformance.md"
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


def test_every_route_of_tm_forum_belongs_to_a_document() -> None:
    bases = tuple(f"{facts(api).base}/" for api in APIS)
    for package in services.packages():
        for routes in routes_of(services.service(package)):
            for endpoint in routes:
                assert not endpoint.path.startswith("/tmf-api/") or endpoint.path.startswith(bases), (
                    endpoint.path
                )


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


def test_every_api_is_opened() -> None:
    assert sorted(api for opened in SERVED.values() for api in opened) == APIS


async def test_every_resource_is_examined(subjects: list[Subject], request: pytest.FixtureRequest) -> None:
    examined = sorted((subject.facts.api, subject.name) for subject in subjects)
    apis = SERVED[request.node.callspec.params["subjects"]]
    assert examined == sorted((api, name) for api in apis for name in facts(api).resources)


async def test_what_is_made_an_exception_of_is_told_as_a_deviation(subjects: list[Subject]) -> None:
    for subject in subjects:
        told = _told(subject.facts.api)
        for dotted in sorted(subject.lacks | subject.ours | subject.spares):
            name = dotted.rpartition(".")[2]
            assert name in told, f"{subject.facts.api} {subject.name}: {dotted} is not in {DEVIATIONS.name}"
        if subject.offers("DELETE") and not subject.removable:
            assert "DELETE" in told, f"{subject.facts.api} {subject.name}: DELETE is not in {DEVIATIONS.name}"


def _told(api: str) -> set[str]:
    """The names that stand among the deviations of an API, or of all."""
    sections = re.split(r"^## ", DEVIATIONS.read_text(), flags=re.MULTILINE)
    about = [one for one in sections if api in one.partition("\n")[0] or one.startswith("All of them")]
    return {
        name for one in about for name in re.findall(r"[\w@]+", " ".join(re.findall(r"`[^`]+`|DELETE", one)))
    }
