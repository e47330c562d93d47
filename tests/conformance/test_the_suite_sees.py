"""The suite is green for a right API, and red for one that is wrong in a single respect, whichever it is."""

from collections.abc import AsyncIterator

import httpx
import pytest

from libs.tmf.tests.gadget import GADGETS
from tests.conformance import checks_listening, checks_reading, checks_writing
from tests.conformance.checks import Check, checks_of
from tests.conformance.spoiled import FAULTS, Fault, Spoiled
from tests.conformance.subject import Subject
from tests.conformance.toy import gadgets
from tests.running import Bench, RunningService


@pytest.fixture(scope="module")
async def store(bench: Bench) -> AsyncIterator[RunningService]:
    async with bench.running(GADGETS, "gd") as running:
        yield running


def _subject(store: RunningService, fault: Fault) -> Subject:
    transport = Spoiled(httpx.ASGITransport(app=store.app), fault)
    client = httpx.AsyncClient(transport=transport, base_url=store.settings.public_url, timeout=30)
    return gadgets(store, client)


async def _red(subject: Subject, check: Check) -> bool:
    try:
        await check(subject)
    except AssertionError:
        return True
    return False


async def test_a_right_api_passes_every_check(store: RunningService) -> None:
    subject = _subject(store, Fault())
    for check in checks_of(subject):
        await check(subject)


@pytest.mark.parametrize("name", FAULTS)
async def test_an_api_that_is_wrong_in_one_respect_fails(
    store: RunningService, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks_listening, "PATIENCE", 2.0)
    subject = _subject(store, FAULTS[name])
    red = [check.__name__ for check in checks_of(subject) if await _red(subject, check)]
    assert red, f"nobody sees that {name}"
    assert len(red) < len(checks_of(subject)) / 2, f"{name} hides everything else: {red}"


async def test_whatever_is_asked_is_held_to_the_document(store: RunningService) -> None:
    subject = _subject(store, FAULTS["a changed record is answered otherwise"])
    assert await _red(subject, checks_writing.merge_patch_replaces_and_removes)
    assert set(subject.outside) == {"PATCH: gadget.size is no integer"}
    assert await _red(subject, checks_reading.every_answer_was_as_declared)
