"""What a token endpoint decides (RFC 6749, RFC 8707), without a database or a framework."""

import binascii
import hashlib
from base64 import b64decode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import unquote_plus

from libs.node import HQ, NODES
from libs.security.actor import Actor
from libs.security.roles import HQ_ROLES

FAILURES_ALLOWED = 5
WINDOW = timedelta(minutes=15)

Error = Literal[
    "invalid-request",
    "invalid-client",
    "invalid-grant",
    "unauthorized-client",
    "unsupported-grant-type",
    "invalid-scope",
    "invalid-target",
]


class NotGranted(Exception):
    """No token, and RFC 6749's word for why; `detail` for `invalid-request` only."""

    def __init__(self, error: Error, detail: str = "") -> None:
        super().__init__(error)
        self.error: Error = error
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client says of itself. An empty secret is no secret."""

    id: str
    secret: str = field(repr=False)


def client_credentials(authorization: str | None, id: str | None, secret: str | None) -> Credentials | None:
    """The client's credentials, from the Basic header or the form; None where it gave neither.

    Raises NotGranted: `invalid-request` for both ways at once (RFC 6749, 2.3), `invalid-client` for half of them.
    """
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        if authorization:
            raise NotGranted("invalid-client")
        if id is None and secret is None:
            return None
        if not id or not secret:
            raise NotGranted("invalid-client")
        return Credentials(id, secret)
    if secret is not None:
        raise NotGranted("invalid-request", "the client authenticates in two ways")
    try:
        name, colon, word = b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError) as error:
        raise NotGranted("invalid-client") from error
    # Both halves are form-encoded before they are joined (RFC 6749, 2.3.1).
    found = Credentials(unquote_plus(name), unquote_plus(word))
    if not colon or not found.id or not found.secret or "\0" in found.id:
        raise NotGranted("invalid-client")
    if id is not None and id != found.id:
        raise NotGranted("invalid-request", "client_id is not the client that authenticates")
    return found


def roles_for_scope(held: frozenset[str], scope: str | None) -> frozenset[str]:
    """The roles of a token: all that are held, or the fewer that the scope names, separated by spaces.

    Raises NotGranted `invalid-scope` for one that is not held.
    """
    if scope is None:
        return held
    wanted = frozenset(scope.split(" ")) - {""}
    if not wanted or not wanted <= held:
        raise NotGranted("invalid-scope")
    return wanted


def roles_for_audience(actor: Actor, audience: str) -> frozenset[str]:
    """The roles that the node `audience` would believe from this actor's issuer.

    A province gives tokens for itself only; headquarters also for a province, with the roles of headquarters.
    Raises NotGranted `invalid-target`.
    """
    if audience == actor.node:
        return actor.roles
    roles = actor.roles & HQ_ROLES
    if actor.node != HQ or audience not in NODES or not roles:
        raise NotGranted("invalid-target")
    return roles


@dataclass(frozen=True, slots=True)
class Attempts:
    """Failed attempts on one name: how many since the first of them."""

    failures: int = 0
    since: datetime | None = None

    def wait(self, now: datetime) -> int:
        """Seconds until the next attempt is allowed; 0 where it is now."""
        if self.since is None or self.failures < FAILURES_ALLOWED or self.since + WINDOW <= now:
            return 0
        return max(1, int((self.since + WINDOW - now).total_seconds()) + 1)


def attempts_key(kind: Literal["operator", "client"], name: str) -> str:
    """Under which the failures on a name are counted: of one length, whatever was typed as a name."""
    return hashlib.sha256(f"{kind}\0{name}".encode(errors="surrogatepass")).hexdigest()
