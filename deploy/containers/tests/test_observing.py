"""What Prometheus reads is there, and every alert leads to a page."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy import services
from deploy.containers.tests.composed import ROOT
from deploy.containers.tests.composed import services as containers
from deploy.gateway.making import TIERS
from libs.node import Tier
from libs.telemetry.metrics import Metrics, Registry

_OBSERVABILITY = ROOT / "deploy" / "observability"
_RUNBOOKS = ROOT / "deploy" / "runbooks"


def _alerts() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((_OBSERVABILITY / "alerts.yml").read_text())["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def _measured() -> set[str]:
    """The names of all series that a service shows."""
    metrics = Metrics("hq", "toy", Registry())
    metrics.request("GET", "/toys", 200, 0.1)
    metrics.consumer_lag("hq.toy.tasks", 0, 1)
    metrics.outbox_depth(1)
    metrics.dead_letters(1)
    metrics.parked(1)
    metrics.work_orders({"running": 1})
    metrics.oldest_work_order(1.0)
    metrics.link("gd", 1.0, 1)
    metrics.publication("catalogue", "gd", 1.0, 0)
    text = metrics.registry.render()[0].decode()
    return {re.split(r"[{ ]", line)[0] for line in text.splitlines() if not line.startswith("#")}


@pytest.mark.parametrize("tier", TIERS)
def test_every_service_is_read(tier: Tier) -> None:
    file = _OBSERVABILITY / f"prometheus.{tier}.yml"
    (job,) = yaml.safe_load(file.read_text())["scrape_configs"]
    read = {one["labels"]["service"]: one["targets"] for one in job["static_configs"]}
    assert read == {service.name: [f"{service.name}:8000"] for service in services.services_at(tier)}
    assert any(file.name in volume for volume in containers(tier)["prometheus"]["volumes"])


def test_every_alert_has_a_page_and_every_page_an_alert() -> None:
    named = [Path(alert["annotations"]["runbook"]) for alert in _alerts()]
    assert sorted(named) == sorted(
        page.relative_to(ROOT) for page in _RUNBOOKS.glob("*.md") if page.name != "README.md"
    )
    index = (_RUNBOOKS / "README.md").read_text()
    for alert, page in zip(_alerts(), named, strict=True):
        assert f"| {alert['alert']} | [{page.stem}]({page.name}) |" in index


def test_alerts_look_at_what_is_measured() -> None:
    measured = _measured()
    for alert in _alerts():
        named = set(re.findall(r"\bunicrm_[a-z_]+", alert["expr"]))
        assert named <= measured, alert["alert"]
        assert named or "up{" in alert["expr"], alert["alert"]


def test_what_the_operator_was_promised_is_alerted() -> None:
    expected = {
        "NodeOffline",
        "ConsumerLag",
        "OldestWorkOrder",
        "OutboxDepth",
        "DeadLetters",
        "PublicationBehind",
        "ErrorBudget",
        "LatencyBudget",
    }
    assert expected <= {alert["alert"] for alert in _alerts()}
    assert {alert["labels"]["severity"] for alert in _alerts()} == {"page", "ticket"}
