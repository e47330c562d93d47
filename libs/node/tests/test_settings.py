"""A process that is told something wrong says what, and does not start."""

from pathlib import Path

import pytest

from libs.node import HQ, NODES, PROVINCES, SettingsInvalid, load_settings, province_of_area

ENGINES = {"postgres_url": "postgresql://u:p@h:5432", "kafka": "h:9092"}


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("UNICRM_NODE", "UNICRM_POSTGRES_URL", "UNICRM_KAFKA", "UNICRM_SETTINGS_FILE"):
        monkeypatch.delenv(name, raising=False)


def test_a_province_is_told_by_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNICRM_NODE", "gd")
    monkeypatch.setenv("UNICRM_POSTGRES_URL", "postgresql://u:p@h:5432")
    monkeypatch.setenv("UNICRM_KAFKA", "h:9092")
    monkeypatch.setenv("UNICRM_HQ_URL", "https://hq.example/")
    settings = load_settings()
    assert (settings.tier, settings.register.name_zh) == ("province", "广东")
    assert settings.hq_issuer == "https://hq.example"
    assert settings.database_url("customer") == "postgresql://u:p@h:5432/gd_customer"


def test_the_file_lies_below_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "node.toml"
    file.write_text('node = "hq"\nkafka = "file:9092"\npostgres_url = "postgresql://u:p@h:5432"\n')
    monkeypatch.setenv("UNICRM_SETTINGS_FILE", str(file))
    monkeypatch.setenv("UNICRM_KAFKA", "environment:9092")
    settings = load_settings()
    assert (settings.node, settings.kafka) == ("hq", "environment:9092")


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(SettingsInvalid) as refused:
        load_settings(node="zz", postgres_url="mysql://h", public_url="h")
    lines = str(refused.value).splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "UNICRM_NODE",
        "UNICRM_PUBLIC_URL",
        "UNICRM_POSTGRES_URL",
        "UNICRM_KAFKA",
    ]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"node": "gd"}, "hq_url"),
        ({"node": "hq", "postgres_url": "postgresql://u:p@h/db"}, "names a database"),
        ({"node": "hq", "pool_size": 1}, "UNICRM_POOL_SIZE"),
        ({"node": "hq", "topic_prefix": "Not One"}, "UNICRM_TOPIC_PREFIX"),
        ({"node": "hq", "clock_file": "/tmp/clock"}, "for development alone"),
        ({"node": "hq", "traces": "jaeger"}, "UNICRM_TRACES"),
        ({"node": "hq", "traces_endpoint": "collector:4318"}, "UNICRM_TRACES_ENDPOINT"),
        ({"node": "hq", "traces_sample": 1.5}, "UNICRM_TRACES_SAMPLE"),
    ],
)
def test_a_wrong_setting_is_named(given: dict[str, object], said: str) -> None:
    with pytest.raises(SettingsInvalid, match=said):
        load_settings(**(ENGINES | given))


def test_a_settings_file_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNICRM_SETTINGS_FILE", "/nowhere.toml")
    with pytest.raises(SettingsInvalid, match=r"/nowhere\.toml"):
        load_settings(node="hq", **ENGINES)


def test_headquarters_and_thirty_one_provinces_are_registered() -> None:
    assert len(PROVINCES) == 31
    assert NODES[HQ].tier == "hq"
    assert NODES["gd"].name_en == "Guangdong"


def test_an_area_code_belongs_to_one_province() -> None:
    areas = [area for node in NODES.values() for area in node.area_codes]
    assert len(areas) == len(set(areas))
    assert (province_of_area("020"), province_of_area("010"), province_of_area("0755")) == ("gd", "bj", "gd")
    assert province_of_area("0000") is None


def test_what_crosses_between_provinces_is_a_list_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "terminate" not in load_settings(node="hq", **ENGINES).crossing
    monkeypatch.setenv("UNICRM_CROSSING", "pay, terminate,")
    assert load_settings(node="hq", **ENGINES).crossing == {"pay", "terminate"}
    monkeypatch.setenv("UNICRM_CROSSING", "")
    assert load_settings(node="hq", **ENGINES).crossing == frozenset()


def test_each_service_comes_to_the_server_as_its_own_role(tmp_path: Path) -> None:
    (tmp_path / "gd_access").write_text("p@ss/word\n")
    settings = load_settings(
        node="gd",
        hq_url="http://hq",
        kafka="k:9092",
        postgres_url="postgresql://{database}@server:5432",
        postgres_password_file=str(tmp_path / "{database}"),
    )
    assert settings.database_url("access") == "postgresql://gd_access:p%40ss%2Fword@server:5432/gd_access"
    with pytest.raises(SettingsInvalid, match="gd_product"):
        settings.database_url("product")


@pytest.mark.parametrize("address", ["postgresql://server", "postgresql://user:password@server"])
def test_a_password_file_is_for_an_address_with_a_user_and_no_password(address: str) -> None:
    with pytest.raises(SettingsInvalid, match="postgres_password_file"):
        load_settings(
            node="hq", kafka="k:9092", postgres_url=address, postgres_password_file="/run/secrets/p"
        )


def test_services_of_a_node_reach_each_other_inside_it_where_that_is_said() -> None:
    outside = load_settings(node="hq", public_url="https://hq.example", **ENGINES)
    inside = load_settings(
        node="hq", public_url="https://hq.example", inner_url="https://gateway:8443/", **ENGINES
    )
    assert (outside.within, outside.issuer) == ("https://hq.example", "https://hq.example")
    assert (inside.within, inside.issuer) == ("https://gateway:8443", "https://hq.example")
