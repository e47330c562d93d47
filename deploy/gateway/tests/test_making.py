"""The gateway's map says of every path what the services themselves declare."""

import json
import re
from pathlib import Path

import pytest

from deploy import services
from deploy.gateway.making import LARGEST_BODY, TIERS, owners_of, path_map, write_gateway
from deploy.local.front_door import document_path
from deploy.local.owners import OF_ALL
from libs.node import Tier
from libs.service import routes_of

tiers = pytest.mark.parametrize("tier", TIERS)


def _service_of(mapped: str, path: str) -> str:
    """As nginx finds it: what is equal first, then the first expression that fits, else the default."""
    entries = re.findall(r'^    ("[^"]+"|default) ([a-z-]+);$', mapped, re.MULTILINE)
    for given, name in entries:
        if given.strip('"') == path:
            return str(name)
    for given, name in entries:
        if given.startswith('"~') and re.search(given.strip('"')[1:], path):
            return str(name)
    return str(dict(entries)["default"])


@tiers
def test_every_declared_path_leads_to_its_service(tier: Tier) -> None:
    chosen = services.services_at(tier)
    mapped = path_map(chosen)
    looked = 0
    for service in chosen:
        for endpoint in (one for routes in routes_of(service) for one in routes):
            if endpoint.path not in OF_ALL:
                path = re.sub(r"\{[^}]+\}", "7", endpoint.path)
                assert _service_of(mapped, path) == service.name, endpoint.path
                looked += 1
        assert _service_of(mapped, document_path(service.name)) == service.name
    assert looked > 50


@tiers
def test_the_gateway_and_the_local_front_door_agree(tier: Tier) -> None:
    chosen = services.services_at(tier)
    owners, mapped = owners_of(chosen), path_map(chosen)
    for beginning in owners.beginnings:
        for path in (
            beginning,
            f"{beginning}/x",
            f"{beginning}x",
            f"/x{beginning}",
            beginning.rpartition("/")[0],
        ):
            assert _service_of(mapped, path) == owners[path], path


def test_a_province_passes_nothing_to_a_service_that_it_does_not_have() -> None:
    assert "hq-router" in path_map(services.services_at("hq"))
    assert "hq-router" not in path_map(services.services_at("province"))


def test_what_nginx_refuses_it_says_as_the_services_do(tmp_path: Path) -> None:
    write_gateway(tmp_path)
    for tier in TIERS:
        text = (tmp_path / f"{tier}.conf").read_text()
        assert "@" not in re.sub(r"#.*", "", text)
        assert f"paths.{tier}.conf" in text
        for status in set(re.findall(r"/refusals/\$language/([0-9]+)\.json", text)):
            said = {
                language: json.loads((tmp_path / "refusals" / language / f"{status}.json").read_text())
                for language in ("en", "zh-CN")
            }
            assert said["en"]["status"] == said["zh-CN"]["status"] == status
            assert said["en"]["code"] == said["zh-CN"]["code"]
            assert said["en"]["reason"] != said["zh-CN"]["reason"]


def test_the_largest_body_is_said_in_one_way(tmp_path: Path) -> None:
    write_gateway(tmp_path)
    assert LARGEST_BODY == 1024 * 1024
    assert "client_max_body_size    1m;" in (tmp_path / "hq.conf").read_text()
