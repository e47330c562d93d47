"""Segments and cards come into stock many at a time."""

from typing import Any

import pytest

from services.resource.tests.counter import Counter, iccid

NUMBERS, CARDS = "/api/resource/v1/numbers", "/api/resource/v1/cards"


def segment(**more: Any) -> dict[str, Any]:
    return {"first": "13000400000", "count": 10_000, "area": "020", "network": "lte"} | more


def cards(*serials: int, **more: Any) -> dict[str, Any]:
    return {"kind": "blank", "iccid": [iccid(one) for one in serials], "area": "020"} | more


async def test_a_whole_segment_comes_in_once(counter: Counter) -> None:
    first = await counter.post(NUMBERS, segment(), "supervisor")
    assert (first.status_code, first.json()) == (201, {"takenIn": 10_000, "alreadyKnown": 0})
    again = await counter.post(NUMBERS, segment(count=5), "supervisor")
    assert again.json() == {"takenIn": 0, "alreadyKnown": 5}
    assert await counter.state("msisdn", "13000409999") == "free"
    classes = await counter.db.fetch("SELECT number_class, count(*) FROM resources GROUP BY 1")
    assert {row["number_class"] for row in classes} == {"ordinary", "fine", "premium"}


async def test_a_segment_kept_back_is_frozen(counter: Counter) -> None:
    await counter.post(NUMBERS, segment(count=1, frozen=True), "supervisor")
    assert await counter.state("msisdn", "13000400000") == "frozen"
    assert (await counter.reserve("*")).status_code == 409


async def test_cards_come_in_by_their_iccids(counter: Counter) -> None:
    answer = await counter.post(CARDS, cards(1, 2, 3), "migration")
    assert (answer.status_code, answer.json()) == (201, {"takenIn": 3, "alreadyKnown": 0})
    assert await counter.state("sim", iccid(3)) == "in-stock"


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        (NUMBERS, {}, "missing"),
        (NUMBERS, segment(first="130x"), "invalid"),
        (NUMBERS, segment(first="99999999999", count=2), "segment-invalid"),
        (NUMBERS, segment(count=10_001), "invalid"),
        (NUMBERS, segment(count=0), "invalid"),
        (NUMBERS, segment(area="010"), "area-not-here"),
        (NUMBERS, segment(state="in-use"), "unknown-field"),
        (CARDS, cards(), "invalid"),
        (CARDS, cards(1, 1), "invalid"),
        (CARDS, cards(1, kind="paper"), "invalid"),
        (CARDS, cards(1, area="010"), "area-not-here"),
        (CARDS, cards(1, iccid=["89860100000000000001"]), "iccid-invalid"),
    ],
)
async def test_a_bad_load_changes_nothing(shared: Counter, path: str, body: Any, code: str) -> None:
    answer = await shared.post(path, body, "supervisor")
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert await shared.db.fetchval("SELECT count(*) FROM resources") == 0


@pytest.mark.parametrize("role", ["hall-clerk", "machine", "auditor"])
async def test_who_keeps_no_stock_brings_none_in(shared: Counter, role: str) -> None:
    for path, body in ((NUMBERS, segment()), (CARDS, cards(1))):
        assert (await shared.post(path, body, role)).status_code == 403
        assert (await shared.service.client.post(path, json=body)).status_code == 401
