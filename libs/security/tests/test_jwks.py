import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from libs.clock import ManualClock
from libs.security.errors import IssuerUnreachable, Unauthenticated
from libs.security.issue import issue
from libs.security.key_files import rotate
from libs.security.keys import Keys
from libs.security.roles import ALL_ROLES
from libs.security.tests.conftest import GD, clerk
from libs.security.tokens import Verifier
from libs.security.trust import Trust

KeysOf = Callable[[str], Keys]


class Issuer:
    """An issuer's key endpoint that counts who asks and can go away."""

    def __init__(self, keys: KeysOf, clock: ManualClock) -> None:
        self.keys, self.clock = keys, clock
        self.asked = 0
        self.reached = asyncio.Event()
        self.answer: httpx.Response | Exception | None = None
        http = httpx.AsyncClient(transport=httpx.MockTransport(self.serve))
        self.verifier = Verifier(
            "gd", [Trust(GD, "gd", f"{GD}/.well-known/jwks.json", ALL_ROLES)], clock, http
        )

    async def serve(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        self.reached.set()
        await asyncio.sleep(0)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer or httpx.Response(200, json=self.keys("gd").published())

    def token(self) -> str:
        return issue(self.keys("gd").signing, clerk(), audience="gd", now=self.clock.now())


@pytest.fixture
async def issuer(keys: KeysOf, clock: ManualClock) -> Issuer:
    return Issuer(keys, clock)


async def test_keys_are_fetched_once_for_all_who_wait(issuer: Issuer) -> None:
    await asyncio.gather(*(issuer.verifier.verify(issuer.token()) for _ in range(20)))
    assert issuer.asked == 1


async def test_a_new_key_is_fetched_and_the_old_one_still_verifies(issuer: Issuer, folder: Path) -> None:
    old = issuer.token()
    await issuer.verifier.verify(old)
    rotate(folder, "gd", "signing")
    issuer.clock.advance(timedelta(seconds=10))
    await issuer.verifier.verify(issuer.token())
    await issuer.verifier.verify(old)
    assert issuer.asked == 2


async def test_a_strangers_key_ids_do_not_hammer_the_issuer(
    issuer: Issuer, keys: KeysOf, clock: ManualClock
) -> None:
    await issuer.verifier.verify(issuer.token())
    for _ in range(5):
        forged = issue(keys("bj").signing, clerk(), audience="gd", now=clock.now())
        with pytest.raises(Unauthenticated):
            await issuer.verifier.verify(forged)
    assert issuer.asked == 1


@pytest.mark.parametrize(
    "answer",
    [
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.Response(500),
        httpx.Response(302, headers={"location": "https://elsewhere.example"}),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json={"keys": []}),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"keys": [None]}),
    ],
)
async def test_an_issuer_that_does_not_answer_is_not_the_callers_fault(
    issuer: Issuer, answer: httpx.Response | Exception
) -> None:
    issuer.answer = answer
    with pytest.raises(IssuerUnreachable):
        await issuer.verifier.verify(issuer.token())
    issuer.answer = None
    assert await issuer.verifier.verify(issuer.token())


async def test_known_keys_serve_on_while_the_issuer_is_away(issuer: Issuer) -> None:
    await issuer.verifier.verify(issuer.token())
    issuer.answer = httpx.ConnectError("refused")
    issuer.clock.advance(timedelta(hours=5))
    for _ in range(3):
        assert await issuer.verifier.verify(issuer.token())
    assert issuer.asked == 2


async def test_a_withdrawn_key_ends_its_tokens(issuer: Issuer, folder: Path) -> None:
    old = issuer.token()
    await issuer.verifier.verify(old)
    rotate(folder, "gd", "signing")
    only_new = {"keys": issuer.keys("gd").published()["keys"][:1]}
    issuer.answer = httpx.Response(200, json=only_new)
    issuer.clock.advance(timedelta(seconds=10))
    await issuer.verifier.verify(issuer.token())
    with pytest.raises(Unauthenticated):
        await issuer.verifier.verify(old)


async def test_a_caller_who_leaves_does_not_take_the_fetch_along(issuer: Issuer) -> None:
    leaving = asyncio.create_task(issuer.verifier.verify(issuer.token()))
    staying = asyncio.create_task(issuer.verifier.verify(issuer.token()))
    await issuer.reached.wait()
    leaving.cancel()
    assert await staying == clerk()
    assert issuer.asked == 1


async def test_private_and_foreign_keys_in_a_key_set_are_not_used(issuer: Issuer, keys: KeysOf) -> None:
    signing, sealing = keys("gd").signing[0], next(iter(keys("gd").sealing.values()))
    issuer.answer = httpx.Response(
        200,
        json={
            "keys": [
                {"kty": "AKP", "kid": "post-quantum"},
                sealing.as_dict(private=False),
                signing.as_dict(private=True),
            ]
        },
    )
    with pytest.raises(IssuerUnreachable):
        await issuer.verifier.verify(issuer.token())
