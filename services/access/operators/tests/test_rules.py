import uuid
from dataclasses import replace

import pytest

from libs.node import NODES
from services.access.operators.rules import (
    SERVICES,
    Client,
    Operator,
    development_operators,
    development_partner,
    faults,
    fixed_id,
    normal_username,
    service_clients,
)

CLERK = Operator("1", "lina", frozenset({"hall-clerk"}), "李娜", "hall", hall="gd-hall-1", area="020")
PARTNER = Client("shop", frozenset({"machine"}), "Shop")


@pytest.mark.parametrize("node", NODES)
def test_every_node_can_keep_its_development_users(node: str) -> None:
    everybody = development_operators(node)
    assert [faults(one, node) for one in everybody] == [[]] * len(everybody)
    assert len({one.username for one in everybody}) == len(everybody)
    assert not faults(development_partner(), node)


def test_a_province_has_one_user_of_each_kind_and_a_clerk_of_one_area() -> None:
    users = {one.username: one for one in development_operators("gd")}
    assert {name: set(one.roles) for name, one in users.items()} == {
        "clerk": {"hall-clerk"},
        "caller": {"call-centre-clerk"},
        "dealer": {"dealer-clerk"},
        "manager": {"account-manager"},
        "supervisor": {"supervisor"},
        "auditor": {"auditor"},
        "local-clerk": {"hall-clerk"},
    }
    assert (users["clerk"].hall, users["clerk"].channel, users["clerk"].area) == ("gd-hall-1", "hall", "020")
    assert users["dealer"].dealer == "gd-dealer-1"
    assert [one.username for one in users.values() if one.area_bound] == ["local-clerk"]
    assert (users["local-clerk"].hall, users["local-clerk"].area) == ("gd-hall-2", "0769")


def test_headquarters_has_its_own_users() -> None:
    assert {one.username for one in development_operators("hq")} == {"hq", "supervisor", "auditor", "manager"}


def test_every_service_is_a_client() -> None:
    assert {one.id for one in service_clients()} == set(SERVICES)
    assert all(one.roles == {"service"} and not faults(one, "gd") for one in service_clients())


@pytest.mark.parametrize(
    ("who", "node", "why"),
    [
        (replace(CLERK, roles=frozenset({"king"})), "gd", "no role king"),
        (replace(CLERK, roles=frozenset()), "gd", "has a role"),
        (replace(CLERK, roles=frozenset({"machine"})), "gd", "role of programs"),
        (replace(CLERK, roles=frozenset({"hq-operator"})), "gd", "only headquarters"),
        (replace(CLERK, roles=frozenset({"dealer-clerk"})), "gd", "acts for a dealer"),
        (replace(CLERK, hall=None), "gd", "works in a hall"),
        (replace(CLERK, area="010"), "gd", "not one of gd"),
        (replace(CLERK, area=None, area_bound=True), "gd", "has one"),
        (replace(CLERK, username="LiNa"), "gd", "normal form"),
        (replace(CLERK, username=""), "gd", "normal form"),
        (replace(PARTNER, roles=frozenset({"supervisor"})), "gd", "role of people"),
        (replace(PARTNER, grants=frozenset({"implicit"})), "gd", "no grant implicit"),
    ],
)
def test_who_does_not_fit_is_not_kept(who: Operator | Client, node: str, why: str) -> None:
    assert any(why in fault for fault in faults(who, node))


def test_a_name_has_one_spelling() -> None:
    assert normal_username(" ＬｉＮａ ") == "lina"
    assert normal_username("李娜") == "李娜"


def test_seeded_ids_are_fixed_and_differ_between_nodes() -> None:
    ids = {fixed_id(node, name) for node in NODES for name in ("clerk", "auditor")}
    assert len(ids) == 2 * len(NODES)
    assert fixed_id("gd", "clerk") in ids
    assert all(uuid.UUID(one).version == 7 and uuid.UUID(one).variant == uuid.RFC_4122 for one in ids)
