"""What can be said of the stacks without an engine: whole, bounded, and without a secret."""

import re
from typing import Any

import pytest
import yaml

from deploy import services
from deploy.containers.tests.composed import FILES, NODES, PARTS, ROOT, composed, filled, of_ours
from deploy.containers.tests.composed import services as containers
from deploy.gateway.making import TIERS
from libs.node import Settings, Tier
from libs.security.trust import trusted_issuers

tiers = pytest.mark.parametrize("tier", TIERS)
_ONE_SHOT = {"databases", "migrate", "seed", "join", "leave"}


def _names(tier: Tier) -> list[str]:
    return [service.name for service in services.services_at(tier)]


def _settings(tier: Tier, container: str) -> dict[str, str]:
    found: dict[str, str] = containers(tier)[container]["environment"]
    return found


@tiers
def test_every_service_of_the_fleet_is_a_container_of_its_own(tier: Tier) -> None:
    for service in services.services_at(tier):
        container = containers(tier)[service.name]
        assert container["command"][:2] == ["serve", service.name]
        (password,) = [one for one in container["secrets"] if one != "ca.crt"]
        database = f"{NODES[tier]}_{service.package}"
        assert password == {"source": service.package, "target": f"/run/secrets/postgres/{database}"}
        assert composed(tier)["secrets"][service.package]["file"].endswith(f"/postgres/{database}")


@tiers
def test_no_container_serves_what_the_tier_does_not_have(tier: Tier) -> None:
    served = [
        one["command"][1] for one in containers(tier).values() if one.get("command", [""])[0] == "serve"
    ]
    assert sorted(served) == sorted(_names(tier))


@tiers
def test_the_node_s_health_is_that_of_every_service(tier: Tier) -> None:
    command, *rest = containers(tier)["health"]["command"]
    assert command == "health"
    assert sorted(rest[: rest.index("--host")]) == sorted(_names(tier))


@tiers
def test_the_jobs_hold_every_password_and_the_services_only_their_own(tier: Tier) -> None:
    packages = {service.package for service in services.services_at(tier)}
    for job in ("databases", "migrate", "seed"):
        held = {one["source"] for one in containers(tier)[job]["secrets"] if isinstance(one, dict)}
        assert held - {"superuser"} == packages, job
    holders = {
        name
        for name, one in containers(tier).items()
        if any(
            secret in ("superuser", {"source": "superuser"}) or "superuser" in str(secret)
            for secret in one.get("secrets", [])
        )
    }
    assert holders == {"databases", "postgres"}


@tiers
def test_nothing_starts_before_what_it_needs(tier: Tier) -> None:
    wanted = {
        "databases": {"postgres": "service_healthy"},
        "migrate": {"databases": "service_completed_successfully"},
        "seed": {"migrate": "service_completed_successfully"},
    } | {
        name: {"migrate": "service_completed_successfully", "kafka": "service_healthy"}
        for name in _names(tier)
    }
    for name, needs in wanted.items():
        found = {one: how["condition"] for one, how in containers(tier)[name]["depends_on"].items()}
        assert found == needs, name


@tiers
def test_what_is_ours_can_do_little(tier: Tier) -> None:
    for name, one in of_ours(tier).items():
        assert one["read_only"] is True, name
        assert one["init"] is True, name
        assert one["user"].split(":")[0] not in ("0", "root"), name
        assert one["cap_drop"] == ["ALL"], name
        assert one["security_opt"] == ["no-new-privileges:true"], name


@tiers
def test_everything_is_bounded(tier: Tier) -> None:
    for name, one in containers(tier).items():
        assert one["mem_limit"].endswith("m"), name
        assert one["cpus"] > 0, name
        assert one["pids_limit"] > 0, name
        assert one["logging"]["options"]["max-size"], name
        assert one["restart"] == ("no" if name in _ONE_SHOT else "unless-stopped"), name


@tiers
def test_whoever_stays_says_how_he_is(tier: Tier) -> None:
    silent = {
        name for name, one in containers(tier).items() if name not in _ONE_SHOT and "healthcheck" not in one
    }
    # They answer nobody: these live while their process does.
    assert silent <= {"mirror", "provisioning", "accounting", "billing"}
    for name in _names(tier):
        assert containers(tier)[name]["healthcheck"]["test"][-1] == "/health/ready"


@tiers
def test_only_the_front_door_is_published_and_at_headquarters_the_listener_for_provinces(tier: Tier) -> None:
    published = {name: one["ports"] for name, one in containers(tier).items() if "ports" in one}
    wanted = {"gateway": ["127.0.0.1:8443:8443"]}
    if tier == "hq":
        wanted["kafka"] = ["127.0.0.1:9094:9094"]
    assert published == wanted


@tiers
def test_only_who_has_to_reach_beyond_the_node(tier: Tier) -> None:
    assert composed(tier)["networks"]["node"] == {"internal": True}
    outside = {name for name, one in containers(tier).items() if "outside" in one["networks"]}
    assert outside == ({"gateway", "kafka"} if tier == "hq" else {"gateway", "mirror"})


def test_where_everybody_may_do_everything_only_the_node_itself_can_come() -> None:
    kafka = containers("hq")["kafka"]
    told = kafka["environment"]
    assert told["KAFKA_SUPER_USERS"] == "User:ANONYMOUS"
    inside, provinces, controller = told["KAFKA_LISTENERS"].split(",")
    assert (inside, controller) == ("INSIDE://kafka-inside:9092", "CONTROLLER://127.0.0.1:9093")
    assert kafka["networks"] == {"node": {"aliases": ["kafka-inside"]}, "outside": {}}
    assert provinces == "PROVINCES://:9094"
    assert told["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].endswith("PROVINCES:SASL_SSL")
    # At a province nobody from outside meets the broker at all.
    assert containers("province")["kafka"]["networks"] == ["node"]


@tiers
def test_every_image_is_named_by_a_variable_with_a_version(tier: Tier) -> None:
    for file in (FILES[tier], PARTS):
        for image in re.findall(r"^\s*image: (.+)$", file.read_text(), re.MULTILINE):
            assert image.startswith("${"), image
            name, _, version = filled(image).rpartition(":")
            assert name, image
            assert version not in ("", "latest"), image


@tiers
def test_no_secret_stands_in_the_files(tier: Tier) -> None:
    for one in containers(tier).values():
        for name, value in one.get("environment", {}).items():
            assert not re.search(r"PASSWORD$|SECRET$|TOKEN$", name), name
            assert not re.search(r"://[^/@{]+:[^/@]+@", str(value)), name
    for name, secret in composed(tier)["secrets"].items():
        assert set(secret) == {"file"}, name
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert "secrets/" in ignored
    # What is sent to the engine for a build is named one by one, and no secret is among it.
    assert (ROOT / ".dockerignore").read_text().splitlines()[1] == "*"


@tiers
def test_the_settings_make_a_node(tier: Tier, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in _settings(tier, "access").items():
        monkeypatch.setenv(name, str(value).lower() if isinstance(value, bool) else str(value))
    settings = Settings()
    assert settings.node == NODES[tier]
    assert settings.development is False
    assert settings.within == "https://gateway:8443"
    sources = {trust.node: trust.source for trust in trusted_issuers(settings)}
    assert sources.pop(settings.node) == "https://gateway:8443/.well-known/jwks.json"
    assert sources == ({} if tier == "hq" else {"hq": "/run/secrets/public/hq.json"})
    assert settings.topic_prefix == settings.database_prefix == ""


@tiers
def test_the_services_of_a_node_are_told_the_same(tier: Tier) -> None:
    told = [_settings(tier, name) for name in (*_names(tier), "databases", "migrate", "seed")]
    assert all(one == told[0] for one in told)


def test_the_two_files_agree_on_what_is_alike() -> None:
    def alike(tier: Tier) -> dict[str, Any]:
        text = yaml.safe_dump(
            {name: containers(tier)[name] for name in ("access", "gateway", "postgres", "migrate")}
        )
        return dict(
            yaml.safe_load(text.replace(NODES[tier] + "_", "node_").replace(f"/{NODES[tier]}", "/node"))
        )

    hq, province = alike("hq"), alike("province")
    assert hq["postgres"] == province["postgres"]
    for name in ("access", "gateway", "migrate"):
        for key in hq[name].keys() | province[name].keys():
            if key not in ("environment", "networks", "secrets", "command"):
                assert hq[name].get(key) == province[name].get(key), (name, key)
