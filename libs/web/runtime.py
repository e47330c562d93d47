"""What an endpoint may count on: the part of a running service that requests reach."""

from typing import Any, Protocol

from libs.clock import Clock
from libs.database import Database
from libs.security.actor import Actor
from libs.telemetry.metrics import Metrics
from libs.telemetry.spans import Tracer


class Verifier(Protocol):
    """Says whom a token speaks for; raises `libs.security.errors.Unauthenticated` otherwise."""

    async def verify(self, token: str, /) -> Actor: ...


class Cipher(Protocol):
    """Encrypts single values for keeping."""

    def encrypt(self, plain: str, /) -> str: ...

    def decrypt(self, kept: str, /) -> str: ...


class Runtime(Protocol):
    """One service at one node, running."""

    @property
    def settings(self) -> Any: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def db(self) -> Database: ...

    @property
    def verifier(self) -> Verifier: ...

    @property
    def cipher(self) -> Cipher: ...

    @property
    def metrics(self) -> Metrics: ...

    @property
    def tracer(self) -> Tracer: ...

    @property
    def outbox(self) -> Any: ...

    @property
    def keys(self) -> Any: ...

    @property
    def http(self) -> Any: ...

    @property
    def service(self) -> Any: ...

    @property
    def state(self) -> Any: ...
