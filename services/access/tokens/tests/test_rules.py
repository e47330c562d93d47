from base64 import b64encode
from datetime import UTC, datetime, timedelta
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.security.actor import Actor
from services.access.tokens.rules import (
    Attempts,
    Credentials,
    NotGranted,
    attempts_key,
    client_credentials,
    roles_for_audience,
    roles_for_scope,
)

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)


def basic(text: str) -> str:
    return "Basic " + b64encode(text.encode()).decode()


@given(st.text(min_size=1), st.text(min_size=1))
def test_a_client_authenticates_by_basic_with_any_letters(id: str, secret: str) -> None:
    if "\0" not in id:
        header = basic(f"{quote_plus(id)}:{quote_plus(secret)}")
        assert client_credentials(header, None, None) == Credentials(id, secret)


def test_a_client_may_authenticate_in_the_form() -> None:
    assert client_credentials(None, "partner", "secret") == Credentials("partner", "secret")
    assert client_credentials(None, None, None) is None


def test_a_client_may_repeat_its_id_beside_basic() -> None:
    assert client_credentials(basic("partner:secret"), "partner", None) == Credentials("partner", "secret")


@pytest.mark.parametrize(
    ("header", "id", "secret", "error"),
    [
        (basic("partner:secret"), None, "secret", "invalid-request"),
        (basic("partner:secret"), "another", None, "invalid-request"),
        (basic("partner"), None, None, "invalid-client"),
        (basic("partner:"), None, None, "invalid-client"),
        (basic(":secret"), None, None, "invalid-client"),
        (basic("a\0b:secret"), None, None, "invalid-client"),
        ("Basic ###", None, None, "invalid-client"),
        ("Basic /w==", None, None, "invalid-client"),
        ("Basic", None, None, "invalid-client"),
        ("Bearer eyJ", None, None, "invalid-client"),
        (None, "partner", None, "invalid-client"),
        (None, None, "secret", "invalid-client"),
    ],
)
def test_half_an_authentication_or_two_of_them_are_refused(
    header: str | None, id: str | None, secret: str | None, error: str
) -> None:
    with pytest.raises(NotGranted) as refused:
        client_credentials(header, id, secret)
    assert refused.value.error == error


def test_a_secret_is_not_shown_in_a_log() -> None:
    assert "hidden" not in repr(Credentials("partner", "hidden"))


def test_a_scope_narrows_and_never_widens() -> None:
    held = frozenset({"supervisor", "hall-clerk"})
    assert roles_for_scope(held, None) == held
    assert roles_for_scope(held, "hall-clerk") == {"hall-clerk"}
    for beyond in ("auditor", "hall-clerk auditor", " "):
        with pytest.raises(NotGranted):
            roles_for_scope(held, beyond)


def actor(node: str, *roles: str) -> Actor:
    return Actor("op", f"https://{node}.example", node, frozenset(roles))


def test_headquarters_people_may_ask_for_a_province() -> None:
    assert roles_for_audience(actor("hq", "hq-operator"), "gd") == {"hq-operator"}
    assert roles_for_audience(actor("hq", "hq-operator", "migration"), "gd") == {"hq-operator"}
    assert roles_for_audience(actor("hq", "migration"), "hq") == {"migration"}


@pytest.mark.parametrize(
    ("who", "audience"),
    [
        (actor("gd", "supervisor"), "bj"),
        (actor("gd", "supervisor"), "hq"),
        (actor("hq", "hq-operator"), "atlantis"),
        (actor("hq", "service"), "gd"),
    ],
)
def test_nobody_else_gets_a_token_for_another_node(who: Actor, audience: str) -> None:
    with pytest.raises(NotGranted) as refused:
        roles_for_audience(who, audience)
    assert refused.value.error == "invalid-target"


@pytest.mark.parametrize(
    ("failures", "minutes", "seconds"),
    [(0, 0, 0), (4, 0, 0), (5, 0, 901), (5, 14, 61), (5, 15, 0), (9, 1, 841)],
)
def test_five_failures_close_a_name_for_the_rest_of_fifteen_minutes(
    failures: int, minutes: int, seconds: int
) -> None:
    assert Attempts(failures, NOON).wait(NOON + timedelta(minutes=minutes)) == seconds


def test_a_name_without_failures_is_open() -> None:
    assert Attempts().wait(NOON) == 0


def test_an_operator_and_a_client_of_one_name_are_counted_apart() -> None:
    assert attempts_key("operator", "partner") != attempts_key("client", "partner")
    assert len(attempts_key("operator", "x" * 256)) == 64
