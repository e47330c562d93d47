"""What a process says about itself can be read by machines, and ties together what belongs together."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from libs.telemetry import trace
from libs.telemetry.logs import logger, request_id, set_up
from libs.telemetry.metrics import Metrics, Registry


@pytest.fixture
def output() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    set_up(node="gd", output=stream)
    yield stream
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(output: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in output.getvalue().splitlines()]


def test_every_line_is_one_json_object_that_names_the_node(output: io.StringIO) -> None:
    logger("libs.web").info("request", route="/x", status=201, note="补卡")
    logging.getLogger("aiokafka").warning("broker %s is away", "b1")
    first, second = lines(output)
    assert (first["event"], first["node"], first["level"], first["note"]) == ("request", "gd", "info", "补卡")
    assert (second["event"], second["node"], second["logger"]) == ("broker b1 is away", "gd", "aiokafka")
    assert str(first["timestamp"]).endswith("Z")


def test_a_failure_is_told_with_its_trace_on_one_line(output: io.StringIO) -> None:
    try:
        raise ValueError("no such card")
    except ValueError as error:
        logger("libs.web").error("request failed", exc_info=error)
    (line,) = lines(output)
    assert "no such card" in json.dumps(line["exception"])


def test_a_failure_is_told_without_the_values_that_were_at_hand(output: io.StringIO) -> None:
    def fail(identity: str) -> None:
        raise RuntimeError(f"a number of {len(identity)} letters")

    try:
        fail("440104199104231254")
    except RuntimeError:
        logger("test").exception("it failed")
    assert "a number of 18 letters" in output.getvalue()
    assert "440104199104231254" not in output.getvalue()


def test_what_is_bound_to_a_request_stands_in_each_of_its_lines(output: io.StringIO) -> None:
    token = request_id.set("r-1")
    logger("a").info("one")
    logging.getLogger("b").info("two")
    request_id.reset(token)
    logger("a").info("three")
    assert [line.get("request_id") for line in lines(output)] == ["r-1", "r-1", None]


def test_what_belongs_to_a_trace_says_so_in_each_of_its_lines(output: io.StringIO) -> None:
    token = trace.current.set(f"00-{'a' * 32}-{'b' * 16}-00")
    logger("a").info("one")
    logging.getLogger("b").info("two")
    trace.current.reset(token)
    logger("a").info("three")
    found = [(line.get("trace_id"), line.get("span_id")) for line in lines(output)]
    assert found == [("a" * 32, "b" * 16), ("a" * 32, "b" * 16), (None, None)]


def test_less_than_the_level_is_not_said(output: io.StringIO) -> None:
    logger("a").debug("whisper")
    assert lines(output) == []


def test_services_of_one_process_are_told_apart() -> None:
    registry = Registry()
    Metrics("gd", "resource", registry).outbox_depth(3)
    bj = Metrics("bj", "resource", registry)
    bj.outbox_depth(5)
    bj.dead_letters(1)
    bj.parked(2)
    bj.consumer_lag("bj.resource.tasks", 0, 42)
    bj.request("GET", "/x/{id}", 200, 0.004)
    bj.request("GET", "/x/{id}", 200, 0.3)
    text, media_type = registry.render()
    said = text.decode().splitlines()
    assert 'unicrm_outbox_depth{node="gd",service="resource"} 3.0' in said
    assert 'unicrm_outbox_depth{node="bj",service="resource"} 5.0' in said
    assert 'unicrm_dead_letters{node="bj",service="resource"} 1.0' in said
    assert (
        'unicrm_consumer_lag{node="bj",partition="0",service="resource",topic="bj.resource.tasks"} 42.0'
        in said
    )
    assert any(line.startswith("unicrm_requests_total{") and line.endswith(" 2.0") for line in said)
    assert (
        'unicrm_request_seconds_bucket{le="0.005",method="GET",node="bj",route="/x/{id}",service="resource"} 1.0'
        in said
    )
    assert media_type.startswith("text/plain")
