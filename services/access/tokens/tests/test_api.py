import asyncio
from base64 import b64encode
from datetime import timedelta
from typing import Any

import httpx
import pytest

from libs.security.key_files import rotate
from libs.security.keys import Keys
from libs.security.roles import ALL_ROLES, HQ_ROLES
from libs.security.tokens import Verifier
from libs.security.trust import Trust
from services.access.operators.seed import development_password
from services.access.tokens.rules import WINDOW
from services.access.tokens.store import sweep_failures
from tests.running import RunningService

PARTNER = ("partner", development_password("gd", "partner"))
CLERK = {
    "grant_type": "password",
    "username": "clerk",
    "password": development_password("gd", "clerk"),
}


async def ask(node: RunningService, auth: Any = None, **form: str) -> httpx.Response:
    response: httpx.Response = await node.client.post("/oauth2/token", data=form, auth=auth)
    return response


def believes(node: RunningService, audience: str = "gd") -> Verifier:
    """Somebody at `audience` who knows no more of this issuer than what it publishes."""
    settings = node.runtime.settings
    roles = ALL_ROLES if audience == settings.node else HQ_ROLES
    trust = Trust(settings.issuer, settings.node, f"{settings.issuer}/.well-known/jwks.json", roles)
    return Verifier(audience, [trust], node.clock, node.client)


async def test_a_password_is_worth_a_token_of_fifteen_minutes(access: RunningService) -> None:
    response = await ask(access, **CLERK)
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["pragma"] == "no-cache"
    answer = response.json()
    assert answer.keys() == {"access_token", "token_type", "expires_in", "scope"}
    assert (answer["token_type"], answer["expires_in"], answer["scope"]) == ("Bearer", 900, "hall-clerk")
    verifier = believes(access)
    actor = await verifier.verify(answer["access_token"])
    assert actor.roles == {"hall-clerk"}
    assert actor.place() == {
        "actor": actor.subject,
        "issuer": access.runtime.settings.issuer,
        "node": "gd",
        "channel": "hall",
        "hall": "gd-hall-1",
        "dealer": None,
        "area": "020",
    }
    assert not actor.client


@pytest.mark.parametrize("name", ["caller", "dealer", "manager", "supervisor", "auditor", " CLERK "])
async def test_every_seeded_user_gets_a_token(access: RunningService, name: str) -> None:
    password = development_password("gd", name.strip().lower())
    response = await ask(access, grant_type="password", username=name, password=password)
    assert response.status_code == 200
    assert await believes(access).verify(response.json()["access_token"])


async def test_a_client_authenticates_by_basic_or_in_the_form(access: RunningService) -> None:
    by_basic = await ask(access, auth=PARTNER, grant_type="client_credentials")
    in_form = await ask(
        access, grant_type="client_credentials", client_id=PARTNER[0], client_secret=PARTNER[1]
    )
    for response in (by_basic, in_form):
        assert response.status_code == 200
        actor = await believes(access).verify(response.json()["access_token"])
        assert (actor.subject, actor.roles, actor.client) == ("partner", frozenset({"machine"}), True)


async def test_a_service_has_a_client_with_the_secret_of_the_nodes_keys(access: RunningService) -> None:
    auth = ("order-acceptance", access.runtime.keys.client_secret("order-acceptance"))
    response = await ask(access, auth=auth, grant_type="client_credentials")
    assert response.json()["scope"] == "service"


GOOD = "Basic " + b64encode(":".join(PARTNER).encode()).decode()


@pytest.mark.parametrize(
    ("form", "authorization", "status", "error"),
    [
        ({}, None, 400, "invalid_request"),
        ({"grant_type": ""}, None, 400, "invalid_request"),
        ({"grant_type": "password"}, None, 400, "invalid_request"),
        (CLERK | {"password": ""}, None, 400, "invalid_request"),
        (CLERK | {"username": ""}, None, 400, "invalid_request"),
        (CLERK | {"username": "x" * 257}, None, 400, "invalid_request"),
        (CLERK | {"username": "cle\0rk"}, None, 400, "invalid_request"),
        (CLERK | {"password": "x" * 1025}, None, 400, "invalid_request"),
        (CLERK | {"client_secret": "x"}, GOOD, 400, "invalid_request"),
        (CLERK | {"client_id": "another"}, GOOD, 400, "invalid_request"),
        (CLERK | {"password": "x" * 9000}, None, 413, "invalid_request"),
        ({"grant_type": "client_credentials"}, None, 401, "invalid_client"),
        ({"grant_type": "client_credentials", "client_id": "partner"}, None, 401, "invalid_client"),
        ({"grant_type": "client_credentials"}, "Basic ###", 401, "invalid_client"),
        ({"grant_type": "client_credentials"}, "Bearer x", 401, "invalid_client"),
        ({"grant_type": "client_credentials"}, GOOD[:-4] + "eHg=", 401, "invalid_client"),
        (CLERK | {"client_id": "nobody", "client_secret": "x"}, None, 401, "invalid_client"),
        (CLERK | {"password": "wrong"}, None, 400, "invalid_grant"),
        (CLERK | {"username": "nobody"}, None, 400, "invalid_grant"),
        (CLERK, GOOD, 400, "unauthorized_client"),
        ({"grant_type": "authorization_code", "code": "x"}, None, 400, "unsupported_grant_type"),
        ({"grant_type": "refresh_token"}, GOOD, 400, "unsupported_grant_type"),
        (CLERK | {"scope": "supervisor"}, None, 400, "invalid_scope"),
        (CLERK | {"scope": "hall-clerk supervisor"}, None, 400, "invalid_scope"),
        (CLERK | {"audience": "bj"}, None, 400, "invalid_target"),
        (CLERK | {"audience": "hq"}, None, 400, "invalid_target"),
    ],
)
async def test_each_refusal_has_the_word_of_the_standard(
    access: RunningService, form: dict[str, str], authorization: str | None, status: int, error: str
) -> None:
    headers = {"authorization": authorization} if authorization else {}
    response = await access.client.post("/oauth2/token", data=form, headers=headers)
    assert (response.status_code, response.json()["error"]) == (status, error)
    assert response.json().keys() == {"error", "error_description"}
    assert response.json()["error_description"].isascii()
    assert response.headers["cache-control"] == "no-store"
    assert ("www-authenticate" in response.headers) == (status == 401)


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b"grant_type=password&grant_type=password", "application/x-www-form-urlencoded"),
        (b"grant_type=%ff", "application/x-www-form-urlencoded"),
        (
            b"grant_type=password&" + b"&".join(b"a%d=1" % n for n in range(60)),
            "application/x-www-form-urlencoded",
        ),
        (b'{"grant_type": "password"}', "application/json"),
        (b"grant_type=password", "text/plain"),
    ],
)
async def test_what_is_no_proper_form_is_an_invalid_request(
    access: RunningService, body: bytes, media_type: str
) -> None:
    response = await access.client.post("/oauth2/token", content=body, headers={"content-type": media_type})
    assert 400 <= response.status_code < 500
    assert response.json()["error"] == "invalid_request"


async def test_what_the_standard_does_not_know_is_ignored(access: RunningService) -> None:
    assert (await ask(access, **CLERK, nonce="7", resource="https://x.example")).status_code == 200


async def test_nobody_and_a_wrong_password_cannot_be_told_apart(access: RunningService) -> None:
    wrong = await ask(access, **CLERK | {"password": "wrong"})
    nobody = await ask(access, **CLERK | {"username": "nobody"})
    assert (wrong.status_code, wrong.json()) == (nobody.status_code, nobody.json())


async def test_who_has_left_gets_no_token(access: RunningService) -> None:
    await access.db.execute("UPDATE operators SET active = false WHERE username = 'clerk'")
    assert (await ask(access, **CLERK)).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("username", ["clerk", "nobody"])
async def test_after_five_failures_a_name_waits_also_with_the_right_password(
    access: RunningService, username: str
) -> None:
    for _ in range(5):
        failed = await ask(access, grant_type="password", username=username, password="wrong")
        assert failed.json()["error"] == "invalid_grant"
    access.clock.advance(timedelta(minutes=5))
    waiting = await ask(access, **CLERK | {"username": username})
    assert (waiting.status_code, waiting.json()["error"]) == (429, "slow_down")
    assert waiting.headers["retry-after"] == "601"
    assert (await ask(access, **CLERK | {"username": "caller", "password": "x"})).status_code == 400
    access.clock.advance(timedelta(seconds=601))
    again = await ask(access, **CLERK | {"username": username})
    assert again.status_code == (200 if username == "clerk" else 400)


async def test_many_guesses_at_once_are_counted_one_by_one(access: RunningService) -> None:
    guesses = await asyncio.gather(*(ask(access, **CLERK | {"password": f"guess {n}"}) for n in range(20)))
    assert sorted(one.status_code for one in guesses) == [400] * 5 + [429] * 15


async def test_many_sign_in_at_once_with_one_good_password(access: RunningService) -> None:
    answers = await asyncio.gather(*(ask(access, **CLERK) for _ in range(20)))
    assert {one.status_code for one in answers} == {200}


async def test_a_success_forgets_the_failures(access: RunningService) -> None:
    for _ in range(3):
        for _ in range(4):
            await ask(access, **CLERK | {"password": "wrong"})
        assert (await ask(access, **CLERK)).status_code == 200
    assert await access.db.fetchval("SELECT count(*) FROM failed_attempts") == 0


async def test_a_clients_secret_cannot_be_guessed_either(access: RunningService) -> None:
    for _ in range(5):
        await ask(access, auth=("partner", "wrong"), grant_type="client_credentials")
    assert (await ask(access, auth=PARTNER, grant_type="client_credentials")).status_code == 429


async def test_old_failures_are_swept_away(access: RunningService) -> None:
    await ask(access, **CLERK | {"password": "wrong"})
    await sweep_failures(access.db, access.clock.now() - WINDOW)
    assert await access.db.fetchval("SELECT count(*) FROM failed_attempts") == 1
    access.clock.advance(WINDOW)
    await sweep_failures(access.db, access.clock.now() - WINDOW)
    assert await access.db.fetchval("SELECT count(*) FROM failed_attempts") == 0


async def test_a_scope_narrows_the_token(access: RunningService) -> None:
    await access.db.execute("UPDATE operators SET roles = '{hall-clerk,supervisor}' WHERE username = 'clerk'")
    response = await ask(access, **CLERK, scope="supervisor")
    actor = await believes(access).verify(response.json()["access_token"])
    assert (response.json()["scope"], actor.roles) == ("supervisor", frozenset({"supervisor"}))


async def test_a_console_with_the_password_grant_names_itself_in_the_token(access: RunningService) -> None:
    await access.db.execute("UPDATE clients SET grants = '{password}' WHERE id = 'partner'")
    response = await ask(access, auth=PARTNER, **CLERK)
    actor = await believes(access).verify(response.json()["access_token"])
    assert (actor.roles, actor.client) == (frozenset({"hall-clerk"}), False)
    alone = await ask(access, auth=PARTNER, grant_type="client_credentials")
    assert alone.json()["error"] == "unauthorized_client"


async def test_the_published_keys_hold_nothing_private(access: RunningService) -> None:
    response = await access.client.get("/.well-known/jwks.json")
    assert response.status_code == 200
    assert [set(key) for key in response.json()["keys"]] == [{"kty", "crv", "x", "y", "kid", "use"}]


async def test_after_a_rotation_both_keys_are_published(access: RunningService) -> None:
    old = (await ask(access, **CLERK)).json()["access_token"]
    folder = access.runtime.settings.keys_dir
    kid = rotate(folder.parent, folder.name, "signing")
    access.runtime.keys = Keys.load(folder)
    new = (await ask(access, **CLERK)).json()["access_token"]
    published = (await access.client.get("/.well-known/jwks.json")).json()["keys"]
    assert published[0]["kid"] == kid
    assert len(published) == 2
    verifier = believes(access)
    assert await verifier.verify(old)
    assert await verifier.verify(new)


async def test_headquarters_gives_tokens_for_a_province(headquarters: RunningService) -> None:
    form = {"grant_type": "password", "username": "hq", "password": development_password("hq", "hq")}
    token = (await ask(headquarters, **form, audience="gd")).json()["access_token"]
    actor = await believes(headquarters, "gd").verify(token)
    assert (actor.node, actor.roles) == ("hq", frozenset({"hq-operator"}))
    refused = await ask(headquarters, **form, audience="atlantis")
    assert refused.json()["error"] == "invalid_target"
