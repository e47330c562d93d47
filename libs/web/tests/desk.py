"""A small app to speak to, with a runtime that needs no engines: its callers are named by their tokens."""

from dataclasses import dataclass, field
from typing import Any

import httpx

from libs.clock import ManualClock
from libs.security.actor import Actor
from libs.security.errors import Unauthenticated
from libs.telemetry.metrics import Metrics, Registry
from libs.telemetry.spans import OFF, Tracer
from libs.web.app import bare_app
from libs.web.routes import Routes

CLERK = Actor("clerk-1", "https://gd.example", "gd", frozenset({"hall-clerk"}))
OTHER_CLERK = Actor("clerk-2", "https://gd.example", "gd", frozenset({"hall-clerk"}))
AUDITOR = Actor("auditor-1", "https://gd.example", "gd", frozenset({"auditor"}))


class NamedCallers:
    """A verifier to whom the token is the name of the caller."""

    async def verify(self, token: str) -> Actor:
        known = {"clerk": CLERK, "other-clerk": OTHER_CLERK, "auditor": AUDITOR}
        if token not in known:
            raise Unauthenticated("token-expired" if token == "old" else "token-invalid")
        return known[token]


class Backwards:
    """A cipher that anybody can break, to see that it was used."""

    def encrypt(self, plain: str) -> str:
        return plain[::-1]

    def decrypt(self, kept: str) -> str:
        return kept[::-1]


@dataclass
class DeskSettings:
    public_url: str = "http://gd.example"
    request_log: bool = False


@dataclass
class DeskService:
    name: str = "desk"


@dataclass
class Desk:
    """The runtime of the small app."""

    db: Any = None
    settings: DeskSettings = field(default_factory=DeskSettings)
    service: DeskService = field(default_factory=DeskService)
    clock: ManualClock = field(default_factory=ManualClock)
    tracer: Tracer = OFF
    verifier: NamedCallers = field(default_factory=NamedCallers)
    cipher: Backwards = field(default_factory=Backwards)
    metrics: Metrics = field(default_factory=lambda: Metrics("gd", "desk", Registry()))
    outbox: Any = None
    keys: Any = None
    http: Any = None
    state: Any = None


def client_of(*routes: Routes, desk: Desk | None = None, time_limit: float = 30.0) -> httpx.AsyncClient:
    """A client of an app made of these routes, signed in as the hall clerk."""
    app = bare_app("Desk", routes, time_limit=time_limit)
    app.state.runtime = desk or Desk()
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)
    return httpx.AsyncClient(
        transport=transport, base_url="http://gd.example", headers={"Authorization": "Bearer clerk"}
    )
