"""A province and headquarters with keys of their own, and a clock that stands still."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from libs.clock import ManualClock
from libs.security.actor import Actor
from libs.security.issue import issue
from libs.security.key_files import generate_keys
from libs.security.keys import Keys
from libs.security.roles import ALL_ROLES, HQ_OPERATOR, HQ_ROLES
from libs.security.tokens import Verifier
from libs.security.trust import Trust

GD, BJ, HQ = "https://gd.example", "https://bj.example", "https://hq.example"
NODE_OF = {GD: "gd", BJ: "bj", HQ: "hq"}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 3, 2, 9, tzinfo=UTC))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    generate_keys(tmp_path, ["hq", "bj", "gd"])
    return tmp_path


@pytest.fixture
def keys(folder: Path) -> Callable[[str], Keys]:
    return lambda node: Keys.load(folder / node)


@pytest.fixture
async def verifier(folder: Path, clock: ManualClock) -> Verifier:
    """What Guangdong believes: itself, and headquarters for its roles; keys from files."""
    return Verifier(
        "gd",
        (
            Trust(GD, "gd", str(folder / "public" / "gd.json"), ALL_ROLES - {HQ_OPERATOR}),
            Trust(HQ, "hq", str(folder / "public" / "hq.json"), HQ_ROLES),
        ),
        clock,
        httpx.AsyncClient(transport=httpx.MockTransport(lambda request: httpx.Response(500))),
    )


def clerk(issuer: str = GD, roles: tuple[str, ...] = ("hall-clerk",), **place: str) -> Actor:
    there = {"channel": "hall", "hall": "gd-hall-1", "area": "020"} | place
    return Actor(
        subject="op-1",
        issuer=issuer,
        node=NODE_OF[issuer],
        roles=frozenset(roles),
        channel=there["channel"],
        hall=there["hall"],
        dealer=there.get("dealer"),
        area=there["area"],
        name="李娜",
    )


@pytest.fixture
def token(keys: Callable[[str], Keys], clock: ManualClock) -> Callable[..., str]:
    def make(actor: Actor | None = None, audience: str = "gd") -> str:
        actor = actor or clerk()
        return issue(keys(NODE_OF[actor.issuer]).signing, actor, audience=audience, now=clock.now())

    return make
