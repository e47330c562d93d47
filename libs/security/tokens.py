"""From a bearer token to an Actor, or to a 401."""

import binascii
import hashlib
import json
from base64 import urlsafe_b64decode
from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import httpx
from joserfc import jws
from joserfc.errors import JoseError

from libs.clock import Clock
from libs.node import Settings
from libs.security.actor import Actor
from libs.security.errors import Unauthenticated
from libs.security.jwks import KeysOfIssuer
from libs.security.trust import Trust, trusted_issuers

LONGEST_LIFE = timedelta(minutes=15)
CLOCK_DIFFERENCE = timedelta(seconds=60)
"""How far an issuer's clock may be ahead of ours; expiry is judged by ours alone."""
_LONGEST_TOKEN = 8192
_REMEMBERED = 10_000


class Verifier:
    """Verifies ES256 tokens of the issuers that this node believes, meant for this node.

    A verified token is remembered by its digest until it expires, or its issuer's keys change.
    """

    def __init__(
        self,
        audience: str,
        trusted: Iterable[Trust],
        clock: Clock,
        http: httpx.AsyncClient,
        *,
        remembered: int = _REMEMBERED,
    ) -> None:
        self._audience = audience
        self._clock = clock
        self._trusted = {trust.issuer: (trust, KeysOfIssuer(trust, clock, http)) for trust in trusted}
        self._remembered: OrderedDict[bytes, tuple[Actor, datetime, int]] = OrderedDict()
        self._room = remembered

    @classmethod
    def of(cls, settings: Settings, clock: Clock, http: httpx.AsyncClient) -> "Verifier":
        """The verifier of a node."""
        return cls(settings.node, trusted_issuers(settings), clock, http)

    async def verify(self, token: str) -> Actor:
        """Who bears this token.

        Raises Unauthenticated, or IssuerUnreachable where the issuer's keys are needed and cannot be had.
        """
        mark = hashlib.sha256(token.encode(errors="surrogatepass")).digest()
        known = self._recall(mark)
        if known is not None:
            return known
        trust, keys, kid = self._believed(token)
        key = await keys.find(kid)
        if key is None:
            raise Unauthenticated("token-invalid", "signed with a key that the issuer does not have")
        try:
            signed = jws.deserialize_compact(token, key, algorithms=["ES256"])
        except (JoseError, ValueError, TypeError) as error:
            raise Unauthenticated("token-invalid", "the signature does not fit") from error
        actor, expires = self._judge(_claims(signed.payload), trust)
        self._remembered[mark] = (actor, expires, keys.generation)
        if len(self._remembered) > self._room:
            self._remembered.popitem(last=False)
        return actor

    def _recall(self, mark: bytes) -> Actor | None:
        found = self._remembered.get(mark)
        if found is None:
            return None
        actor, expires, generation = found
        if self._clock.now() >= expires or generation != self._trusted[actor.issuer][1].generation:
            del self._remembered[mark]
            return None
        self._remembered.move_to_end(mark)
        return actor

    def _believed(self, token: str) -> tuple[Trust, KeysOfIssuer, str]:
        """The issuer that an unverified token names, and its key id; the algorithm is ours, never the
        token's."""
        if len(token) > _LONGEST_TOKEN:
            raise Unauthenticated("token-invalid", "longer than any token of ours")
        parts = token.split(".")
        if len(parts) != 3:
            raise Unauthenticated("token-invalid", "not a signed token")
        header, claims = _object(parts[0]), _object(parts[1])
        if header.get("alg") != "ES256":
            raise Unauthenticated("token-invalid", "not signed with ES256")
        issuer, kid = claims.get("iss"), header.get("kid")
        if not isinstance(issuer, str) or issuer not in self._trusted:
            raise Unauthenticated("token-invalid", "from an issuer that is not believed here")
        if not isinstance(kid, str):
            raise Unauthenticated("token-invalid", "names no key")
        return *self._trusted[issuer], kid

    def _judge(self, claims: dict[str, Any], trust: Trust) -> tuple[Actor, datetime]:
        """The actor of verified claims, and until when they hold."""
        if claims.get("iss") != trust.issuer:
            raise Unauthenticated("token-invalid", "from another issuer")
        audience = claims.get("aud")
        if self._audience not in (audience if isinstance(audience, list) else [audience]):
            raise Unauthenticated("token-invalid", "meant for another node")
        expires = self._in_time(claims)
        subject, roles = claims.get("sub"), claims.get("roles")
        if not isinstance(subject, str) or not subject or not isinstance(roles, list):
            raise Unauthenticated("token-invalid", "names no subject or no roles")
        given = trust.roles.intersection(role for role in roles if isinstance(role, str))
        if not given:
            raise Unauthenticated("token-invalid", "gives no role that its issuer may give here")
        if claims.get("node", trust.node) != trust.node:
            raise Unauthenticated("token-invalid", "names another node than its issuer's")
        try:
            actor = Actor(
                subject=subject,
                issuer=trust.issuer,
                node=trust.node,
                roles=given,
                channel=_text(claims, "channel"),
                hall=_text(claims, "hall"),
                dealer=_text(claims, "dealer"),
                area=_text(claims, "area"),
                name=_text(claims, "name"),
                client=claims.get("client_id") == subject,
                area_bound=claims.get("area_bound") is True,
            )
        except ValueError as error:
            raise Unauthenticated("token-invalid", str(error)) from error
        return actor, expires

    def _in_time(self, claims: dict[str, Any]) -> datetime:
        now = self._clock.now()
        issued, expires = _instant(claims, "iat"), _instant(claims, "exp")
        begins = _instant(claims, "nbf") if "nbf" in claims else issued
        if now >= expires:
            raise Unauthenticated("token-expired", "expired")
        if max(issued, begins) > now + CLOCK_DIFFERENCE:
            raise Unauthenticated("token-invalid", "not valid yet")
        if expires - issued > LONGEST_LIFE:
            raise Unauthenticated("token-invalid", "lives longer than a token may")
        return expires


def _object(part: str) -> dict[str, Any]:
    try:
        return _claims(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError) as error:
        raise Unauthenticated("token-invalid", "not a signed token") from error


def _claims(octets: bytes | None) -> dict[str, Any]:
    try:
        found = json.loads(octets or b"")
    except (ValueError, RecursionError) as error:
        raise Unauthenticated("token-invalid", "not a signed token") from error
    if not isinstance(found, dict):
        raise Unauthenticated("token-invalid", "not a signed token")
    return found


def _text(claims: dict[str, Any], name: str) -> str | None:
    value = claims.get(name)
    if value is not None and not isinstance(value, str):
        raise Unauthenticated("token-invalid", f"{name} is not text")
    return value or None


def _instant(claims: dict[str, Any], name: str) -> datetime:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unauthenticated("token-invalid", f"{name} is missing or no time")
    try:
        return _EPOCH + timedelta(seconds=value)
    except (OverflowError, ValueError) as error:
        raise Unauthenticated("token-invalid", f"{name} is no time") from error


_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
