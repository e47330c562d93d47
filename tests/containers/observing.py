"""Whether what an operator looks at tells the truth: `unicrm status`, Prometheus, and its rules."""

import asyncio
import json
import time

from deploy.demo.frame import Stage
from deploy.local.trouble import Trouble
from deploy.services import services_at
from tests.containers.safety import fleet_of

_TARGETS = "http://127.0.0.1:9090"


async def status_tells_of_the_fleet(stage: Stage) -> str:
    hq = fleet_of(stage).hq
    said = await asyncio.to_thread(hq.run, "health", "unicrm", "status")
    assert "hq-router" in said, said
    for node in ("bj", "gd"):
        assert any(line.startswith(node) and " up " in line for line in said.splitlines()), said
    return "six services of headquarters, and both provinces up"


async def prometheus_reads_every_service(stage: Stage) -> str:
    hq = fleet_of(stage).hq
    await asyncio.to_thread(
        hq.compose, "up", "--detach", "--no-build", "prometheus", profiles=("observability",)
    )
    try:
        rules = await asyncio.to_thread(
            hq.run, "prometheus", "promtool", "check", "config", "/etc/prometheus/prometheus.yml"
        )
        wanted, end = {service.name for service in services_at("hq")}, time.monotonic() + 90
        while True:
            up = await _up(stage)
            unread = sorted(wanted - {service for service, value in up.items() if value == "1"})
            if not unread:
                break
            assert time.monotonic() < end, f"not read: {', '.join(unread)}"
            await asyncio.sleep(2)
    finally:
        await asyncio.to_thread(
            hq.compose, "rm", "--stop", "--force", "prometheus", profiles=("observability",)
        )
    assert "SUCCESS" in rules, rules
    return f"{len(up)} services, and the rules of the alerts hold"


async def _up(stage: Stage) -> dict[str, str]:
    try:
        said = await asyncio.to_thread(
            fleet_of(stage).hq.run,
            "prometheus",
            "promtool",
            "query",
            "instant",
            "-o",
            "json",
            _TARGETS,
            'up{job="unicrm"}',
        )
    except Trouble:
        return {}
    return {one["metric"]["service"]: str(one["value"][1]) for one in json.loads(said)}
