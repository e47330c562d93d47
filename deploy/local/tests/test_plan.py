"""Where a fleet lies, and what its processes are told."""

from pathlib import Path

import pytest

from deploy.local.engines import Engines
from deploy.local.parts import parts_of
from deploy.local.plan import FleetPlan, environment, outer_environment
from deploy.local.trouble import Trouble
from libs.node import Settings

_ENGINES = Engines("postgresql://unicrm:secret@127.0.0.1:5432", "127.0.0.1:9092")


def test_headquarters_has_port_8000_and_provinces_follow_in_the_order_given() -> None:
    plan = FleetPlan.of("gd, bj,sh")
    assert {node: plan.port(node) for node in plan.nodes} == {"hq": 8000, "gd": 8001, "bj": 8002, "sh": 8003}


@pytest.mark.parametrize(
    ("given", "said"), [("bj,xx", "no province xx"), ("bj,bj", "named twice"), ("hq", "hq")]
)
def test_what_is_no_province_is_told_in_a_sentence(given: str, said: str) -> None:
    with pytest.raises(Trouble, match=said):
        FleetPlan.of(given)


def test_a_node_is_told_what_the_plan_says_and_in_all_else_what_we_were_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("UNICRM_NODE", "sh")
    monkeypatch.setenv("UNICRM_POOL_SIZE", "7")
    monkeypatch.setenv("PATH", "/somewhere")
    told = environment(FleetPlan.of("gd").told("gd", _ENGINES))
    assert told["UNICRM_NODE"] == "gd"
    assert told["UNICRM_HQ_URL"] == "http://127.0.0.1:8000"
    assert told["UNICRM_DEVELOPMENT"] == "true"
    assert told["UNICRM_POOL_SIZE"] == "7"
    assert told["PATH"] == "/somewhere"


def test_simulators_are_told_how_to_behave_and_nothing_of_a_node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNICRM_NODE", "sh")
    monkeypatch.setenv("UNICRM_SIMULATOR_FAILURE_RATE", "0.5")
    told = outer_environment()
    assert told["UNICRM_SIMULATOR_FAILURE_RATE"] == "0.5"
    assert "UNICRM_NODE" not in told


def test_a_demonstration_on_servers_of_others_keeps_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNICRM_POSTGRES_URL", _ENGINES.postgres_url)
    monkeypatch.setenv("UNICRM_KAFKA", _ENGINES.kafka)
    settings = Settings(**FleetPlan.of("gd", place="demo", fresh=True).told("gd", _ENGINES))
    assert settings.database_url("resource").endswith("/demo_gd_resource")
    assert settings.topic_prefix == "demo."
    lasting = Settings(**FleetPlan.of("gd").told("gd", _ENGINES))
    assert lasting.database_name("resource") == "gd_resource"


def test_the_page_of_make_up_lies_where_programs_look_for_it() -> None:
    assert FleetPlan.of("gd").page_file.parts[-2:] == (".local", "fleet.json")
    assert isinstance(FleetPlan.of("gd", place="demo").page_file, Path)
    assert FleetPlan.of("gd", place="demo").page_file != FleetPlan.of("gd").page_file


def test_a_split_node_is_a_door_and_two_processes_for_each_service() -> None:
    plan = FleetPlan.of("gd", place="demo", split=True)
    parts = parts_of(plan, "gd", ["access", "order-acceptance"])
    assert [(part.name, part.kind) for part in parts] == [
        ("gd.access", "service"),
        ("gd.order-acceptance", "service"),
        ("gd.access.relay", "relay"),
        ("gd.order-acceptance.relay", "relay"),
        ("gd", "door"),
    ]
    (whole,) = parts_of(FleetPlan.of("gd", place="demo"), "gd", ["access"])
    assert (whole.name, whole.kind) == ("gd", "node")
