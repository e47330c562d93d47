import pytest

from libs.node import Settings
from libs.security.actor import Actor
from libs.security.bounds import Bounds, bounds
from libs.security.errors import PurposeRefused, PurposeUnknown
from libs.security.purposes import PURPOSES, may_see_personal, unmasked
from libs.security.roles import ALL_ROLES, HQ_ROLES, Roles
from libs.security.trust import trusted_issuers


def actor(*roles: str, **more: object) -> Actor:
    place = {"dealer": "d-7", "area": "020"} | more
    return Actor("op-1", "https://gd.example", "gd", frozenset(roles), **place)  # type: ignore[arg-type]


def test_an_endpoint_admits_whoever_has_one_of_its_roles() -> None:
    allowed = Roles("hall-clerk", "machine")
    assert allowed.admit(actor("machine", "auditor").roles)
    assert not allowed.admit(actor("auditor").roles)


@pytest.mark.parametrize("names", [(), ("hall-clark",), ("hall-clerk", "*")])
def test_a_role_that_does_not_exist_is_seen_at_the_declaration(names: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="role"):
        Roles(*names)


def test_a_dealers_clerk_without_a_dealer_does_not_exist() -> None:
    with pytest.raises(ValueError, match="dealer"):
        actor("dealer-clerk", dealer=None)


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        (actor("hall-clerk"), Bounds()),
        (actor("dealer-clerk"), Bounds(dealer="d-7")),
        (actor("account-manager"), Bounds(account_manager="op-1")),
        (actor("account-manager", "dealer-clerk"), Bounds(dealer="d-7", account_manager="op-1")),
        (actor("account-manager", "supervisor"), Bounds()),
        (actor("hall-clerk", area_bound=True), Bounds(area="020")),
        (actor("dealer-clerk", area_bound=True), Bounds(dealer="d-7", area="020")),
    ],
)
def test_an_actor_sees_what_its_token_bounds_it_to(who: Actor, expected: Bounds) -> None:
    assert bounds(who) == expected
    assert expected.everything == (expected == Bounds())


def test_a_record_without_an_owner_is_outside_of_a_bound() -> None:
    assert Bounds().cover()
    assert Bounds(dealer="d-7").cover(dealer="d-7", area="0755")
    assert not Bounds(dealer="d-7").cover(dealer="d-8")
    assert not Bounds(dealer="d-7").cover()
    assert not Bounds(dealer="d-7", area="020").cover(dealer="d-7", area="0755")
    assert not Bounds(account_manager="op-1").cover(account_manager="op-2")


def test_personal_data_is_for_a_purpose_and_a_role() -> None:
    assert unmasked(actor("hall-clerk"), "counter-service")
    assert not unmasked(actor("supervisor"), None)
    with pytest.raises(PurposeRefused):
        unmasked(actor("hall-clerk"), "audit")
    with pytest.raises(PurposeUnknown):
        unmasked(actor("supervisor"), "curiosity")


@pytest.mark.parametrize("role", ["dealer-clerk", "machine", "migration"])
def test_dealers_and_partners_never_see_personal_data(role: str) -> None:
    assert not may_see_personal(actor(role))
    for purpose in PURPOSES:
        with pytest.raises(PurposeRefused):
            unmasked(actor(role), purpose)


def settings(**given: str) -> Settings:
    return Settings.model_validate({"postgres_url": "postgresql://u:p@h:1", "kafka": "h:1"} | given)


def test_a_province_believes_itself_and_headquarters() -> None:
    own, hq = trusted_issuers(
        settings(node="gd", public_url="https://gd.example/", hq_url="https://hq.example")
    )
    assert (own.issuer, own.node, own.source) == (
        "https://gd.example",
        "gd",
        "https://gd.example/.well-known/jwks.json",
    )
    assert own.roles == ALL_ROLES - {"hq-operator"}
    assert (hq.issuer, hq.node, hq.roles) == ("https://hq.example", "hq", HQ_ROLES)


def test_headquarters_believes_only_itself() -> None:
    (own,) = trusted_issuers(settings(node="hq", public_url="https://hq.example"))
    assert (own.issuer, own.roles) == ("https://hq.example", ALL_ROLES)


def test_a_province_is_not_headquarters() -> None:
    with pytest.raises(ValueError, match="same issuer"):
        trusted_issuers(settings(node="gd", public_url="https://x.example", hq_url="https://x.example"))
