import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jws
from joserfc.jwk import ECKey, OctKey

from libs.clock import ManualClock
from libs.security.errors import Unauthenticated
from libs.security.issue import issue, sign
from libs.security.keys import Keys
from libs.security.roles import ALL_ROLES
from libs.security.tests.conftest import BJ, GD, HQ, clerk
from libs.security.tokens import Verifier
from libs.security.trust import Trust

Tokens = Callable[..., str]
KeysOf = Callable[[str], Keys]


def claims(clock: ManualClock, **changed: Any) -> dict[str, Any]:
    now = int(clock.now().timestamp())
    usual = {"iss": GD, "aud": "gd", "sub": "op-1", "iat": now, "exp": now + 900, "roles": ["hall-clerk"]}
    return {name: value for name, value in (usual | changed).items() if value is not None}


def part(content: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


async def refused(verifier: Verifier, token: str) -> str:
    with pytest.raises(Unauthenticated) as error:
        await verifier.verify(token)
    return f"{error.value.code}: {error.value}"


async def test_a_token_tells_who_acts_and_where(verifier: Verifier, token: Tokens) -> None:
    actor = await verifier.verify(token())
    assert actor == clerk()
    assert actor.place() == {
        "actor": "op-1",
        "issuer": GD,
        "node": "gd",
        "channel": "hall",
        "hall": "gd-hall-1",
        "dealer": None,
        "area": "020",
    }
    assert not actor.client


@pytest.mark.parametrize("which", [0, 1, 2])
async def test_a_token_changed_in_any_part_is_refused(verifier: Verifier, token: Tokens, which: int) -> None:
    parts = token().split(".")
    if which < 2:
        content = json.loads(urlsafe_b64decode(parts[which] + "=="))
        parts[which] = part(content | {"roles": ["supervisor"]})
    else:
        parts[2] = ("B" if parts[2][0] == "A" else "A") + parts[2][1:]
    assert (await refused(verifier, ".".join(parts))).startswith("token-invalid")


@pytest.mark.parametrize(
    "text", ["", "a", "a.b", "a.b.c", "..", "eyJ9.e30.x", "💥.💥.💥", "\ud800.b.c", "x" * 9000, "W10.W10.W10"]
)
async def test_what_is_no_token_is_refused(verifier: Verifier, text: str) -> None:
    assert (await refused(verifier, text)).startswith("token-invalid")


async def test_the_algorithm_is_ours_and_never_the_tokens(
    verifier: Verifier, keys: KeysOf, clock: ManualClock
) -> None:
    kid = str(keys("gd").signing[0].kid)
    header = {"kid": kid}
    unsigned = f"{part(header | {'alg': 'none'})}.{part(claims(clock))}."
    public = OctKey.import_key(json.dumps(keys("gd").published()))
    hmac = jws.serialize_compact(
        header | {"alg": "HS256"}, json.dumps(claims(clock)), public, algorithms=["HS256"]
    )
    other = ECKey.generate_key("P-384", {"kid": kid})
    stronger = jws.serialize_compact(
        header | {"alg": "ES384"}, json.dumps(claims(clock)), other, algorithms=["ES384"]
    )
    for forged in (unsigned, hmac, stronger):
        assert "not signed with ES256" in await refused(verifier, forged)


async def test_a_key_sent_along_in_the_header_is_not_believed(verifier: Verifier, clock: ManualClock) -> None:
    mine = ECKey.generate_key("P-256", {"kid": "mine"})
    header = {"alg": "ES256", "kid": "mine", "jwk": mine.as_dict(private=False)}
    forged = jws.serialize_compact(header, json.dumps(claims(clock)), mine, algorithms=["ES256"])
    assert "a key that the issuer does not have" in await refused(verifier, forged)


async def test_a_token_ends_with_its_time_also_when_remembered(
    verifier: Verifier, token: Tokens, clock: ManualClock
) -> None:
    mine = token()
    first = await verifier.verify(mine)
    clock.advance(timedelta(minutes=14, seconds=59))
    assert await verifier.verify(mine) is first
    clock.advance(timedelta(seconds=1))
    assert (await refused(verifier, mine)).startswith("token-expired")


async def test_only_so_many_tokens_are_remembered(folder: Path, token: Tokens, clock: ManualClock) -> None:
    trusted = Trust(GD, "gd", str(folder / "public" / "gd.json"), ALL_ROLES)
    small = Verifier("gd", [trusted], clock, httpx.AsyncClient(), remembered=2)
    mine = [token() for _ in range(3)]
    first = await small.verify(mine[0])
    second = await small.verify(mine[1])
    await small.verify(mine[0])
    await small.verify(mine[2])
    assert await small.verify(mine[0]) is first
    assert await small.verify(mine[1]) is not second


async def test_a_token_of_another_province_is_worth_nothing(verifier: Verifier, token: Tokens) -> None:
    assert "not believed here" in await refused(verifier, token(clerk(BJ), audience="gd"))


async def test_another_province_cannot_speak_in_our_name(
    verifier: Verifier, keys: KeysOf, clock: ManualClock
) -> None:
    forged = sign(keys("bj").signing[0], claims(clock))
    assert "a key that the issuer does not have" in await refused(verifier, forged)


async def test_headquarters_speaks_for_its_own_roles_only(verifier: Verifier, token: Tokens) -> None:
    operator = await verifier.verify(token(clerk(HQ, ("hq-operator", "hall-clerk"))))
    assert operator.roles == {"hq-operator"}
    assert operator.node == "hq"
    assert "no role" in await refused(verifier, token(clerk(HQ, ("hall-clerk",))))
    assert "no role" in await refused(verifier, token(clerk(HQ, ("service",))))


async def test_a_province_makes_no_operators_of_headquarters(verifier: Verifier, token: Tokens) -> None:
    assert "no role" in await refused(verifier, token(clerk(GD, ("hq-operator",))))


async def test_headquarters_token_for_another_node_is_refused(verifier: Verifier, token: Tokens) -> None:
    assert "another node" in await refused(verifier, token(clerk(HQ, ("hq-operator",)), audience="hq"))


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"aud": "bj"}, "another node"),
        ({"aud": None}, "another node"),
        ({"aud": ["bj", "sh"]}, "another node"),
        ({"sub": None}, "no subject"),
        ({"sub": ""}, "no subject"),
        ({"sub": 7}, "no subject"),
        ({"roles": None}, "no roles"),
        ({"roles": "hall-clerk"}, "no roles"),
        ({"roles": []}, "no role"),
        ({"roles": ["king", 3]}, "no role"),
        ({"node": "bj"}, "another node"),
        ({"hall": 7}, "hall is not text"),
        ({"exp": None}, "exp is missing"),
        ({"exp": True}, "exp is missing"),
        ({"exp": "soon"}, "exp is missing"),
        ({"exp": 1e300}, "exp is no time"),
        ({"iat": None}, "iat is missing"),
        ({"nbf": "now"}, "nbf is missing"),
        ({"roles": ["dealer-clerk"]}, "acts for a dealer"),
        ({"area_bound": True}, "bound to an area"),
    ],
)
async def test_claims_that_do_not_hold_are_refused(
    verifier: Verifier, keys: KeysOf, clock: ManualClock, changed: dict[str, Any], why: str
) -> None:
    assert why in await refused(verifier, sign(keys("gd").signing[0], claims(clock, **changed)))


@pytest.mark.parametrize(
    ("iat", "exp", "nbf", "why"),
    [
        (0, 901, None, "lives longer"),
        (61, 900, None, "not valid yet"),
        (0, 900, 61, "not valid yet"),
        (-900, 0, None, "token-expired"),
        (-10, -1, None, "token-expired"),
    ],
)
async def test_times_that_do_not_hold_are_refused(
    verifier: Verifier, keys: KeysOf, clock: ManualClock, iat: int, exp: int, nbf: int | None, why: str
) -> None:
    now = int(clock.now().timestamp())
    times = {"iat": now + iat, "exp": now + exp, "nbf": None if nbf is None else now + nbf}
    assert why in await refused(verifier, sign(keys("gd").signing[0], claims(clock, **times)))


async def test_an_issuers_clock_may_be_a_little_ahead(
    verifier: Verifier, keys: KeysOf, clock: ManualClock
) -> None:
    ahead = int(clock.now().timestamp()) + 60
    assert await verifier.verify(sign(keys("gd").signing[0], claims(clock, iat=ahead, exp=ahead + 900)))


async def test_one_of_several_audiences_is_enough(
    verifier: Verifier, keys: KeysOf, clock: ManualClock
) -> None:
    assert await verifier.verify(sign(keys("gd").signing[0], claims(clock, aud=["bj", "gd"])))


async def test_a_program_is_told_from_a_person(verifier: Verifier, keys: KeysOf, clock: ManualClock) -> None:
    key = keys("gd").signing[0]
    program = sign(key, claims(clock, sub="partner", client_id="partner", roles=["machine"]))
    assert (await verifier.verify(program)).client
    assert not (await verifier.verify(sign(key, claims(clock, client_id="console")))).client


def test_no_token_is_issued_that_no_node_would_accept(keys: KeysOf, clock: ManualClock) -> None:
    with pytest.raises(ValueError, match="at most"):
        issue(
            keys("gd").signing,
            clerk(),
            audience="gd",
            now=clock.now(),
            lifetime=timedelta(minutes=16),
        )
