"""When a node is silent, sentence by sentence."""

from datetime import UTC, datetime, timedelta

from libs.node import NODES
from services.hq_router.nodes.rules import ANY, SILENT_AFTER, Doors, NodeState

NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)
LONG_AGO = NOON - timedelta(days=9)


def doors(
    heard: datetime | None, started: datetime = LONG_AGO, off: frozenset[tuple[str, str]] = frozenset()
) -> Doors:
    return Doors({} if heard is None else {"gd": heard}, off, started, NOON)


def test_a_node_is_silent_after_a_minute_without_a_heartbeat() -> None:
    assert doors(NOON - SILENT_AFTER).state_of("gd") is NodeState.UP
    assert doors(NOON - SILENT_AFTER - timedelta(microseconds=1)).state_of("gd") is NodeState.SILENT


def test_a_router_that_has_just_started_calls_nobody_silent() -> None:
    for heard in (None, LONG_AGO):
        assert doors(heard, started=NOON - SILENT_AFTER).state_of("gd") is NodeState.AWAITED
    assert len(doors(None, started=NOON).open_nodes()) == len(NODES)


def test_a_node_that_was_never_heard_is_silent_a_minute_after_the_routers_start() -> None:
    assert doors(None, started=NOON - timedelta(seconds=61)).state_of("gd") is NodeState.SILENT


def test_a_switched_off_node_is_closed_and_a_switched_off_business_closes_no_node() -> None:
    assert "gd" not in doors(NOON, off=frozenset({("gd", ANY)})).open_nodes()
    assert "gd" in doors(NOON, off=frozenset({(ANY, "pay"), ("gd", "resume")})).open_nodes()
