"""The product is broken on purpose in six ways, and the checker finds each, and nothing else.

The processes of this fleet run the product's own code, with one piece of it replaced in each (`broken/ways.py`); a
scene for each lets harm be done (`broken/scenes.py`).
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta

import pytest

from libs.clock import ShiftedClock
from tests.faults.broken.fleet import BrokenFleet
from tests.faults.broken.scenes import DEADLINE_HOURS, Stage
from tests.faults.checker.evidence import Evidence, find_lost, gather
from tests.faults.checker.findings import Violation
from tests.faults.checker.verdict import check
from tests.faults.ears import HELD, ears
from tests.faults.rest import quiet
from tests.faults.run import BEHAVIOUR, Size, standing

pytestmark = pytest.mark.timeout(600)
SIZE = Size(seed=3, orders=0, faults=0, seconds=0, subscribers=2, asking=1, place="faults-broken")
CALM = {
    **BEHAVIOUR,
    "UNICRM_SIMULATOR_FAILURE_RATE": "0",
    "UNICRM_SIMULATOR_SILENCE_RATE": "0",
    "UNICRM_FORWARD_DEADLINE_HOURS": DEADLINE_HOURS,
}
FOUND = {
    "outbox-outside": {"events-tell-the-end"},
    "inbox-unread": {"taken-in-once", "tiers-agree", "money-once"},
    "undo-skipped": {"nothing-left-behind"},
    "unknown-is-failure": {"nothing-left-behind", "billing-agrees"},
    "router-judges-sent": {"tiers-agree", "money-once"},
    "answer-unread": {"ends-are-heard"},
}
"""By way: the promises that are broken."""
ALL_THIS_TIME = timedelta(days=1)


@pytest.fixture(scope="module")
async def harm() -> tuple[Evidence, Mapping[str, str]]:
    """What the fleet looks like afterwards, and which order met which way."""
    broken = {"made": BrokenFleet, "split": False, "behaviour": CALM}
    async with (
        ears("hq", "bj", "gd") as heard,
        standing(SIZE, lambda _: None, **broken, heard=heard) as (fleet, town, _),
    ):
        assert isinstance(fleet, BrokenFleet)
        plan = fleet.plan
        stage = Stage(fleet, town, ShiftedClock(plan.clock_file), heard)
        await stage.power_goes_before_the_outbox()
        await stage.order_fails_late()
        await stage.production_never_answers()
        await stage.forward_comes_twice()
        await stage.home_is_late()
        await stage.nobody_listens()
        stage.clock.advance(HELD)
        await quiet(fleet, told=True)
        servers = {"postgres": fleet.engines.postgres_url, "kafka": fleet.engines.kafka}
        evidence = await gather(
            nodes=plan.nodes,
            **servers,  # type: ignore[arg-type]
            journals=plan.folder / "simulators",
            history=plan.folder / "history" / "client.jsonl",
            heard=heard.heard,
            listening=heard.since,
            lost=await find_lost(nodes=plan.nodes, **servers, within=0),  # type: ignore[arg-type]
        )
        return evidence, stage.orders


@pytest.fixture(scope="module")
def violations(harm: tuple[Evidence, Mapping[str, str]]) -> list[Violation]:
    return check(harm[0], ALL_THIS_TIME)


def marks(evidence: Evidence, order: str) -> Iterator[str]:
    """All that an order is known by: its work, and what that had in its hands."""
    yield order
    works = {work["id"]: work for _, work in evidence.all("work_orders") if work["order_id"] == order}
    yield from works
    for work in works.values():
        yield from (work["content"][name] for name in ("iccid", "subscription") if name in work["content"])
        if work["business"] == "open-account":
            yield work["content"]["number"]
    for _, profile in evidence.all("profiles", "resource"):
        if profile["work_order"] in works:
            yield profile["imsi"]


def by_way(
    harm: tuple[Evidence, Mapping[str, str]], violations: list[Violation]
) -> Mapping[str, list[Violation]]:
    """Whose doing each violation is; those of nobody under `unexplained`."""
    evidence, orders = harm
    known = {way: set(marks(evidence, order)) for way, order in orders.items()}
    found: dict[str, list[Violation]] = {}
    for one in violations:
        guilty = [way for way, names in known.items() if any(name in one.what for name in names)]
        if one.rule == "taken-in-once" and one.what.startswith("gd "):
            guilty = ["inbox-unread"]
        found.setdefault(guilty[0] if len(guilty) == 1 else "unexplained", []).append(one)
    return found


@pytest.mark.parametrize("way", FOUND)
def test_the_checker_finds_what_is_broken(
    harm: tuple[Evidence, Mapping[str, str]], violations: list[Violation], way: str
) -> None:
    found = by_way(harm, violations).get(way, [])
    assert {one.rule for one in found} == FOUND[way], "\n".join(map(str, found))


def test_and_nothing_else(harm: tuple[Evidence, Mapping[str, str]], violations: list[Violation]) -> None:
    unexplained = by_way(harm, violations).get("unexplained", [])
    assert unexplained == [], "\n".join(map(str, unexplained))
